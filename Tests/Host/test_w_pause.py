"""pause and unpause: the kernel's freezer says who stands still."""
import contextlib

from check import equal, holds, matches, test
from host import do, output, until
from program import IMAGE, WAITING

PAUSED, IMPROPER = "is paused", "container state improper"


@contextlib.contextmanager
def _container(host, name, *arguments, command=WAITING):
    """Its processes must not stay frozen: those of cgroup v1 could not be killed."""
    with host.container("--name", name, *arguments, command=command) as identifier:
        try:
            yield identifier
        finally:
            host.swiftlet.run("unpause", name)


def _counting(host):
    """A command that counts in a file, and how far it is."""
    return ("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /n; sleep 0.02; done")


@test
def a_paused_container_stands_still_and_goes_on(host):
    with _container(host, "c", command=_counting(host)):
        root = host.swiftlet.field("c", ".GraphDriver.Data.MergedDir")
        count = lambda: output(f"cat {root}/n")
        holds(until(lambda: count()), "it does not count")
        equal(host.swiftlet.ok("pause", "c"), "c", "what pause prints")
        before = count()
        # Longer than any of its steps.
        do("sleep 0.3")
        equal(count(), before, "what it counted while it was paused")
        equal(host.swiftlet.ok("unpause", "c"), "c", "what unpause prints")
        holds(until(lambda: count() != before), "it does not go on")


@test
def a_paused_container_is_shown_as_such(host):
    with _container(host, "c") as identifier, _container(host, "other"):
        host.swiftlet.ok("pause", "c")
        equal(host.swiftlet.ok("ps", "--format", "{{.Names}}"), "other", "ps")
        equal(host.swiftlet.ok("ps", "-a", "--filter", "status=paused", "--format", "{{.Names}} {{.Status}}"), "c Paused", "ps of those that are paused")
        equal(host.swiftlet.ok("inspect", "c", "--format", "{{.State.Status}} {{.State.Paused}} {{.State.Running}}"), "paused true false", "inspect")
        equal(host.swiftlet.ok("wait", "--condition", "paused", "c"), "-1", "wait")
        # Somebody else may let it go on, and the state is told by the kernel alone.
        do(f"for f in $(find /sys/fs/cgroup -path '*{identifier}/freezer.state'); do echo THAWED > $f; done; "
           f"for f in $(find /sys/fs/cgroup -path '*{identifier}/cgroup.freeze'); do echo 0 > $f; done")
        equal(host.state("c"), "running", "its state when somebody else let it go on")


@test
def what_a_paused_container_cannot_do_is_refused(host):
    with _container(host, "c") as identifier, _container(host, "runs") as runs:
        host.swiftlet.ok("create", "--name", "new", IMAGE)
        host.swiftlet.ok("pause", "c")
        refusals = (
            (125, f"Error: \"{identifier}\" is already paused: {IMPROPER}", "pause", "c"),
            (125, f"Error: \"created\" is not running, can't pause: {IMPROPER}", "pause", "new"),
            (125, f"Error: \"{runs}\" is not paused, can't unpause: {IMPROPER}", "unpause", "runs"),
            (125, "Error: no container with name or ID \"nope\" found: no such container", "pause", "nope"),
            (125, "Error: you must provide at least one name or id", "unpause"),
            (255, f"Error: can only create exec sessions on running containers: {IMPROPER}", "exec", "c", "true"),
            (125, f"Error: container {identifier} is running or paused, refusing to clean up: {IMPROPER}", "stop", "c"),
            (125, f"Error: unable to restart a container in a paused or unknown state: {IMPROPER}", "restart", "c"),
            (125, f"Error: unable to start container \"{identifier}\": container {identifier} must be in Created or Stopped state to be "
                  f"started: {IMPROPER}", "start", "c"),
            (125, "Error: you can only attach to running containers", "attach", "c"),
            (125, "Error: top can only be used on running containers", "top", "c"),
            (2, f"Error: cannot remove container {identifier} as it {PAUSED} - running or paused containers cannot be removed without force: "
                f"{IMPROPER}", "rm", "c"))
        for status, text, *command in refusals:
            equal(host.swiftlet.fails(status, *command).strip(), text, f"what {' '.join(command)} says")
        equal(host.state("c"), "paused", "its state after all that")
        host.remove("new")


@test
def a_paused_container_can_be_killed_and_removed_at_once(host):
    for command, state in ((("kill", "c"), "exited"), (("rm", "-f", "c"), None)):
        host.swiftlet.ok("run", "-d", "--name", "c", IMAGE, *WAITING)
        host.swiftlet.ok("exec", "-d", "c", "sleep", "1000")
        host.swiftlet.ok("pause", "c")
        host.swiftlet.ok(*command, timeout=5)
        if state:
            host.wait_for_state("c", state)
            equal(host.swiftlet.field("c", ".State.ExitCode"), "137", "its exit code")
            host.remove("c")


@test
def a_signal_to_a_paused_container_waits(host):
    with _container(host, "c", "--stop-signal", "TERM"):
        host.swiftlet.ok("pause", "c")
        host.swiftlet.ok("kill", "-s", "TERM", "c")
        equal(host.state("c"), "paused", "its state after SIGTERM")
        host.swiftlet.ok("unpause", "c")
        host.wait_for_state("c", "exited")
        host.swiftlet.ok("start", "c")


@test
def all_and_filtered_containers_are_paused_together(host):
    with _container(host, "one", "--label", "k=1") as one, _container(host, "two") as two:
        equal(host.swiftlet.ok("pause", "-f", "label=k=1"), one, "what is paused by a filter")
        equal(host.swiftlet.ok("pause", "--all"), two, "what --all pauses besides")
        equal(host.swiftlet.ok("pause", "--all"), "", "what is left to pause")
        equal(set(host.swiftlet.ok("container", "unpause", "-a").split()), {one, two}, "what is let go on")
        host.swiftlet.ok("pause", "one")
        matches(host.swiftlet.fails(125, "stop", "-t", "0", "-a"), "refusing to clean up", "stop --all")
        equal((host.state("one"), host.state("two")), ("paused", "exited"), "the states after stop --all")


@test
def a_reader_of_logs_waits_for_a_paused_container(host):
    with _container(host, "c", command=("sh", "-c", "echo first; while [ ! -e /go ]; do sleep 0.05; done; echo last")):
        host.swiftlet.ok("pause", "c")
        reader = host.swiftlet.start("logs", "-f", "c")
        do("sleep 0.3")
        equal(reader.poll(), None, "whether logs -f has ended")
        host.swiftlet.ok("unpause", "c")
        host.swiftlet.ok("exec", "c", "touch", "/go")
        equal(reader.communicate(timeout=10)[0].decode(), "first\nlast\n", "what it shows")
