"""What run, create, start and the like understand, and what they say: as Podman."""
import os

from check import equal, holds, matches, test
from host import do
from program import IMAGE, WAITING
from terminal import Terminal

NONE = ("--network", "none")


@test
def every_name_is_looked_up_before_anything_is_done(host):
    with host.container("--name", "a", *NONE, command=WAITING), host.container("--name", "b", *NONE, command=WAITING):
        for command in (("stop", "-t", "0"), ("kill",), ("restart", "-t", "0"), ("start",)):
            before = host.pid("a")
            matches(host.swiftlet.fails(125, *command, "a", "nosuch", "b"), 'no container with name or ID "nosuch"', command[0])
            equal(host.pid("a"), before, f"the process after {command[0]}")
        matches(host.swiftlet.fails(1, "rm", "a", "nosuch"), "nosuch", "rm")
        equal(host.state("b"), "running", "state")


@test
def wait_waits_for_a_condition(host):
    with host.container("--name", "c", *NONE, command=("sh", "-c", "sleep 0.3; exit 3")):
        equal(host.swiftlet.ok("wait", "--condition", "running", "c"), "-1", "wait for running")
        equal(host.swiftlet.ok("wait", "-i", "10ms", "c"), "3", "wait -i")
        equal(host.swiftlet.ok("wait", "--condition", "running", "--condition", "stopped", "-i", "5", "-l"), "3", "wait for either")
        matches(host.swiftlet.fails(125, "wait", "--condition", "bogus", "c"), "unknown container state: bogus: invalid argument", "stderr")
        matches(host.swiftlet.fails(125, "wait", "--interval", "bogus", "c"), 'invalid duration "bogus"', "stderr")


@test
def restart_gives_a_new_process(host):
    with host.container("--name", "c", "-p", "8080:80") as identifier:
        first = host.pid("c")
        equal(host.swiftlet.ok("restart", "-t", "0", "c"), "c", "what restart prints")
        holds(host.pid("c") != first, "the process is the same")
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
        host.swiftlet.ok("stop", "-t", "0", "c")
        equal(host.swiftlet.ok("restart", "-t", "0", identifier[:12]), identifier[:12], "restart of one that has ended")
        equal(host.state("c"), "running", "state")


@test
def attach_comes_back_to_a_container(host):
    with host.container("--name", "c", "-i", *NONE, command=("sh", "-c", "read a; echo got $a; exit 4")):
        done = host.swiftlet.run("attach", "c", input="word\n")
        equal((done.status, done.out), (4, "got word\n"), "attach")
        matches(host.swiftlet.fails(125, "attach", "c"), "you can only attach to running containers", "of one that has ended")
    matches(host.swiftlet.fails(125, "attach", "nosuch"), "nosuch", "of none")
    with host.container("--name", "c", "-i", *NONE, command=("sh", "-c", "read a; echo got $a; exit 5")):
        done = host.swiftlet.run("start", "-a", "-i", "c", input="word\n")
        equal((done.status, done.out), (5, "got word\n"), "start -ai of one that runs")


@test
def variables_are_podmans(host):
    got = host.swiftlet.ok("run", "--rm", *NONE, "-e", "ZZ*", IMAGE, "env", env={"ZZA": "1", "ZZB": "2 3"})
    holds("ZZA=1" in got and "ZZB=2 3" in got, got)
    holds("TERM=xterm" in got.splitlines(), "TERM without a terminal")
    matches(host.swiftlet.fails(125, "run", "--rm", *NONE, "-e", "=x", IMAGE, "env"), '^Error: invalid environment variable: "=x"$', "-e =x")
    path = host.scratch / "variables"
    path.write_text("# none\n  A=1 2\n\nZZ*\nB\n=bad\n")
    matches(host.swiftlet.fails(125, "run", "--rm", *NONE, "--env-file", path, IMAGE, "env"),
            f'^Error: parsing env file "{path}": invalid environment variable: "=bad"$', "a bad file")
    path.write_text("# none\n  A=1 2\n\nZZ*\nB\nC=\n")
    with host.container("--name", "c", *NONE, command=WAITING):
        got = host.swiftlet.ok("exec", "--env-file", path, "c", "env", env={"ZZA": "1"}).splitlines()
    holds({"A=1 2", "ZZA=1", "C="} <= set(got) and not any(v.startswith("B") for v in got), str(got))
    path.unlink()
    for command in (("run", "--rm", *NONE, "--env-file", path, IMAGE, "env"), ("exec", "--env-file", path, "c", "env")):
        matches(host.swiftlet.fails(125, *command), f'^Error: parsing env file "{path}": open {path}: no such file or directory$', command[0])


@test
def a_number_is_a_user_with_a_name(host):
    equal(host.inside("sh", "-c", "id -u; id -g; id -un; tail -n 1 /etc/passwd", arguments=("-u", "1234", "-w", "/tmp")).split("\n"),
          ["1234", "0", "1234", "1234:*:1234:0:container user:/tmp:/bin/sh"], "-u 1234")
    equal(host.inside("sh", "-c", "tail -n 1 /etc/group", arguments=("-u", "1234:77")), "77:x:77:1234", "-u 1234:77")
    equal(host.inside("sh", "-c", "id -u; id -g", arguments=("-u", ":5")), "0\n5", "-u :5")
    host.swiftlet.ok("create", "--name", "c", *NONE, "-u", "1234", IMAGE, "sh", "-c", "grep -c container /etc/passwd")
    for _ in range(2):
        equal(host.swiftlet.ok("start", "-a", "c"), "1", "entries")
    host.remove("c")


@test
def replace_says_what_it_replaced(host):
    first = host.swiftlet.ok("create", "--name", "c", "--replace", IMAGE)
    equal(len(first), 64, "what the first prints")
    lines = host.swiftlet.ok("create", "--name", "c", "--replace", IMAGE).split()
    equal((len(lines), lines[0], len(lines[1])), (2, "c", 64), "what the second prints")
    matches(host.swiftlet.fails(125, "create", "--replace", IMAGE), "^Error: cannot replace container without --name being set$", "stderr")
    host.remove("c")


@test
def mistakes_are_told_in_podmans_words(host):
    for status, words, error in (
            (125, ("-v", "/tmp:"), "^Error: container directory cannot be empty$"),
            (125, ("-v", ":/x"), "^Error: host directory cannot be empty$"),
            (125, ("-v", "x:/x:nosuch"), 'invalid option type "nosuch"'),
            (125, ("-v", "/tmp:/x:O"), '"O".* is not there yet'),
            (125, ("-v", "x:/m", "-v", "y:/m"), "/m: duplicate mount destination"),
            (125, ("--tmpfs", "/t:bogus"), '^Error: unknown mount option "bogus": invalid mount option$'),
            (125, ("--expose", "bogus"), '^Error: invalid range format for --expose: bogus: strconv.ParseUint: parsing "bogus": invalid syntax$'),
            (125, ("--expose", "80/xx"), 'unrecognized protocol "xx" in port mapping'),
            (125, ("--expose", "90-80"), "Invalid range specified for the Port: 90-80"),
            (125, ("--network", "bridge,bridge"), "unable to find network with name or ID bridge: network not found"),
            (126, ("-w", "relative"), 'workdir "relative" does not exist')):
        matches(host.swiftlet.fails(status, "run", "--rm", *words, IMAGE, "true"), error, " ".join(words))
    host.swiftlet.fails(127, "run", "--rm", *NONE, "--entrypoint", '["echo', IMAGE)
    equal(host.swiftlet.ok("ps", "-a", "-q"), "", "what is left")


@test
def one_mount_twice_is_one(host):
    equal(host.inside("sh", "-c", "grep -c ' /m ' /proc/mounts", arguments=("-v", "/tmp:/m", "-v", "/tmp:/m")), "1", "mounts")


@test
def a_mount_can_be_given_to_the_user(host):
    top = host.scratch / "given"
    (top / "sub").mkdir(parents=True)
    (top / "sub/file").write_text("x")
    (top / "link").symlink_to("/etc/passwd")
    owner = os.stat("/etc/passwd").st_uid
    host.inside("touch", "/x/sub/new", arguments=("-u", "55:66", "-v", f"{top}:/x:U"))
    for path in (top, top / "sub", top / "sub/file", top / "link"):
        equal((os.lstat(path).st_uid, os.lstat(path).st_gid), (55, 66), str(path))
    equal(os.stat("/etc/passwd").st_uid, owner, "the owner of what a link leads to")
    matches(host.swiftlet.fails(125, "run", "--rm", *NONE, "-u", "55", "-v", "/etc:/x:U", IMAGE, "true"), "is not allowed", "of /etc")
    do(f"rm -rf {top}")


@test
def free_ports_are_chosen_when_a_container_is_made(host):
    for name in ("a", "b"):
        host.swiftlet.ok("create", "--name", name, "-p", "80", "-p", "90-92", IMAGE)
    def ports(name):
        return host.swiftlet.ok("ps", "-a", "--filter", f"name={name}", "--format", "{{.Ports}}")
    chosen = ports("a")
    matches(chosen, r"0\.0\.0\.0:\d+->80/tcp, 0\.0\.0\.0:\d+-\d+->90-92/tcp", "ps")
    holds(":0->" not in chosen, chosen)
    equal(host.swiftlet.ok("port", "a"), "", "port of one that does not run")
    host.swiftlet.ok("start", "a", "b")
    equal(ports("a"), chosen, "ps when it runs")
    outside = host.swiftlet.ok("port", "a", "80").split(":")[1]
    holds("Hostname" in host.curl(f"http://127.0.0.1:{outside}"), "it does not answer")
    host.remove("a", "b")


@test
def exec_says_255_for_what_cannot_be(host):
    with host.container("--name", "c", *NONE, command=WAITING):
        matches(host.swiftlet.fails(255, "exec", "-u", "nosuch", "c", "true"), "unable to find user nosuch", "-u nosuch")
        matches(host.swiftlet.fails(255, "exec", "-u", "0:nosuch", "c", "true"), "unable to find group nosuch", "-u 0:nosuch")
        matches(host.swiftlet.fails(255, "exec", "c"), "must provide a non-empty command", "no command")
        matches(host.swiftlet.fails(125, "exec", "-d", "c", "nosuch"), "executable file not found", "-d nosuch")
        equal(host.swiftlet.ok("exec", "-l", "echo", "hi"), "hi", "-l")


@test
def start_says_what_it_started(host):
    identifier = host.swiftlet.ok("create", "--name", "a", *NONE, IMAGE, *WAITING)
    equal(host.swiftlet.ok("start", "a"), "a", "the first time")
    equal(host.swiftlet.ok("start", "a"), "", "of one that runs")
    host.swiftlet.ok("stop", "-t", "0", "a")
    equal(host.swiftlet.ok("start", "--all"), identifier, "--all")
    host.swiftlet.ok("stop", "-t", "0", "--filter", "name=a")
    equal(host.swiftlet.ok("start", "--filter", "status=exited"), identifier, "--filter")
    equal(host.swiftlet.ok("rm", "-f", "-t", "0", "--filter", "name=a"), identifier, "rm --filter")
    identifier = host.swiftlet.ok("create", "--name", "bad", *NONE, IMAGE, "nosuch")
    matches(host.swiftlet.fails(125, "start", "bad"), f'^Error: unable to start container "{identifier}": ', "of one that cannot run")
    host.remove("bad")


@test
def a_container_knows_its_mounts_and_whether_it_may_ask(host):
    equal(host.inside("readlink", "/etc/mtab"), "/proc/mounts", "/etc/mtab")
    equal(host.inside("cat", "/run/.containerenv"), "", "/run/.containerenv")
    text = host.inside("cat", "/run/.containerenv", arguments=("--privileged", "--name", "asked"))
    matches(text, '^name="asked"$', "of a privileged one")
    matches(text, f'^image="{IMAGE}"$', "of a privileged one")


@test
def a_terminal_that_nobody_reads_shows_lines_as_they_are(host):
    with Terminal(host.swiftlet, "run", "-t", "--rm", *NONE, IMAGE, "sh", "-c", "sleep 0.3; echo hi; echo there") as terminal:
        equal(terminal.wait(), 0, "exit status")
        equal(terminal.seen, "hi\r\nthere\r\n", "on the terminal")
        equal(terminal.modes_now(), terminal.modes, "terminal modes")
