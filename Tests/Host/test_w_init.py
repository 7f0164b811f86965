"""init: a container that is set up, and whose process waits to be started."""
import os
import signal

from check import equal, holds, matches, test
from host import do, output, until
from program import IMAGE, WAITING

IMPROPER = "container state improper"


def _state(host, name="c"):
    return host.swiftlet.ok("inspect", "--format", "{{.State.Status}} {{.State.Running}}", name)


@test
def an_initialized_container_has_everything_but_its_program(host):
    host.swiftlet.ok("create", "--name", "c", "-p", "8080:80", IMAGE)
    equal(host.swiftlet.ok("init", "c"), "c", "what init prints")
    equal(_state(host), "initialized false", "its state")
    equal(host.swiftlet.ok("ps", "-a", "--filter", "status=initialized", "--format", "{{.Names}} {{.Status}}"), "c Initialized", "ps -a")
    equal(host.swiftlet.ok("ps", "-q"), "", "ps")
    pid = host.pid("c")
    matches(output(f"nsenter -n -t {pid} ip -o -4 addr"), "eth0 +inet 10.88.0", "its address")
    equal(output(f"cat /proc/{pid}/comm").strip() in ("runc:[2:INIT]", "crun"), True, "its process is the runtime's")
    host.swiftlet.ok("start", "c")
    equal((_state(host), host.pid("c")), ("running true", pid), "its state after start")
    holds("Hostname" in host.curl("http://192.168.121.67:8080", remote=True), "it does not answer")
    host.remove("c")


@test
def what_an_initialized_container_cannot_do_is_refused(host):
    identifier = host.swiftlet.ok("create", "--name", "c", IMAGE)
    with host.container("--name", "runs", command=WAITING) as runs:
        host.swiftlet.ok("init", "c")
        for status, text, *command in (
            (125, f"container {identifier} has already been created in runtime: {IMPROPER}", "init", "c"),
            (125, f"container {runs} has already been created in runtime: {IMPROPER}", "init", "runs"),
            (125, "you must provide at least one name or id", "init"),
            (125, 'no container with name or ID "nope" found: no such container', "init", "nope"),
            (255, f"can only create exec sessions on running containers: {IMPROPER}", "exec", "c", "true"),
            (125, f"can only kill running containers. {identifier} is in state initialized: {IMPROPER}", "kill", "c"),
            (125, f'"initialized" is not running, can\'t pause: {IMPROPER}', "pause", "c"),
            (125, "top can only be used on running containers", "top", "c")):
            equal(host.swiftlet.fails(status, *command), f"Error: {text}\n", f"what {' '.join(command)} says")
        equal(set(host.swiftlet.ok("init", "--all").split()), {identifier, runs}, "init --all")
        equal(_state(host), "initialized false", "its state after all that")
    host.swiftlet.ok("rm", "c")


@test
def an_initialized_container_is_taken_down_by_what_ends_it(host):
    for command in (("stop", "c"), ("rm", "c"), ("rm", "-f", "c")):
        before = host.census()
        host.swiftlet.ok("create", "--name", "c", IMAGE, *WAITING)
        host.swiftlet.ok("init", "c")
        host.swiftlet.ok(*command)
        if command[0] == "stop":
            equal(_state(host), "created false", "its state after stop")
            host.swiftlet.ok("rm", "c")
        equal(host.settled(before), [], f"what is left after {command}")


@test
def an_initialized_container_whose_process_dies_is_as_before(host):
    """Its monitor tells of that, or the next command finds out."""
    host.swiftlet.ok("create", "--name", "c", IMAGE, *WAITING)
    host.swiftlet.ok("start", "c")
    host.swiftlet.ok("stop", "-t", "0", "c")
    before = host.census()
    for also_monitor in (False, True):
        host.swiftlet.ok("init", "c")
        if also_monitor:
            os.kill(int(host.swiftlet.field("c", ".State.ConmonPid")), signal.SIGKILL)
        os.kill(host.pid("c"), signal.SIGKILL)
        holds(until(lambda: _state(host) == "exited false"), f"its state is {_state(host)}")
        host.swiftlet.ok("volume", "prune", "-f")
        equal(host.settled(before), [], "what is left of its run")
    host.swiftlet.ok("start", "c")
    host.swiftlet.ok("exec", "c", "true")
    host.remove("c")


@test
def networks_change_while_a_container_waits(host):
    for name in ("one", "two"):
        host.swiftlet.ok("network", "create", name)
    host.swiftlet.ok("create", "--name", "c", "--network", "one", IMAGE, *WAITING)
    host.swiftlet.ok("init", "c")
    host.swiftlet.ok("rename", "c", "d")
    equal([output(f"dig +short +tries=1 +time=2 @10.89.0.1 {name}.dns.podman").strip() for name in "cd"], ["", "10.89.0.2"], "its names while it waits")
    host.swiftlet.ok("network", "connect", "two", "d")
    host.swiftlet.ok("network", "disconnect", "one", "d")
    host.swiftlet.ok("start", "d")
    inside = host.swiftlet.ok("exec", "d", "sh", "-c", "ip -o -4 addr; cat /etc/hosts")
    matches(inside, r"eth1 +inet 10\.89\.1\.2/24", "its addresses")
    holds("10.89.0.2" not in inside, f"it is still on the first network: {inside}")
    equal(output("dig +short +tries=1 +time=2 @10.89.1.1 d").strip(), "10.89.1.2", "its name")
    host.remove("d")
    host.swiftlet.ok("network", "rm", "one", "two")
