"""exec: another process in a running container."""
import hashlib

from check import equal, holds, matches, one_line, test
from host import shell, until
from program import IMAGE

SLEEP = ("sleep", "1000")


@test
def exec_gives_output_and_exit_status(host):
    with host.container("--name", "c", command=SLEEP):
        done = host.swiftlet.run("exec", "c", "sh", "-c", "echo out; echo err >&2; exit 5")
        equal((done.status, done.out, done.err), (5, "out\n", "err\n"), "exec")
        equal(host.swiftlet.run("exec", "c", "sh", "-c", "kill -9 $$").status, 137, "exit status of one that is killed")


@test
def exec_of_what_cannot_be_run_gives_126_and_127(host):
    with host.container("--name", "c", command=SLEEP):
        error = host.swiftlet.fails(127, "exec", "c", "nosuch")
        matches(one_line(error, "stderr"), r'exec: "nosuch": executable file not found in \$PATH: OCI runtime attempted to invoke '
                "a command that was not found$", "stderr")
        error = host.swiftlet.fails(126, "exec", "c", "/etc")
        matches(one_line(error, "stderr"), "OCI permission denied$", "stderr")
        equal(host.state("c"), "running", "state of the container")


@test
def exec_i_passes_standard_input(host):
    data = bytes(range(256)) * 2048
    with host.container("--name", "c", command=SLEEP):
        done = host.swiftlet.run("exec", "-i", "c", "sha256sum", input=data)
        equal(done.out.split(" ")[0], hashlib.sha256(data).hexdigest(), "sha256sum inside")
        equal(host.swiftlet.run("exec", "c", "cat", input="lost").out, "", "cat without -i")


@test
def exec_d_returns_at_once_and_goes_on(host):
    with host.container("--name", "c", command=SLEEP):
        session = host.swiftlet.ok("exec", "-d", "c", "sh", "-c", "sleep 0.5; echo done > /tmp/done; sleep 0.2")
        matches(session, "^[0-9a-f]{64}$", "what is printed")
        holds(until(lambda: host.swiftlet.run("exec", "c", "cat", "/tmp/done").out == "done\n", 5), "the process did not go on")


@test
def exec_sets_environment_user_and_directory(host):
    with host.container("--name", "c", "--env", "OWN=1", "--user", "65534", command=SLEEP):
        equal(host.swiftlet.ok("exec", "--env", "A=B c", "-e", "HOME", "c", "sh", "-c", 'echo "$A $OWN"'), "B c 1", "environment")
        equal(host.swiftlet.ok("exec", "c", "id", "-u"), "65534", "the container's user")
        equal(host.swiftlet.ok("exec", "--user", "0", "c", "id", "-u"), "0", "--user 0")
        equal(host.swiftlet.ok("exec", "-u", "nobody", "c", "id", "-un"), "nobody", "-u nobody")
        equal(host.swiftlet.ok("exec", "--workdir", "/etc", "c", "pwd"), "/etc", "--workdir")
        matches(host.swiftlet.run("exec", "-u", "nosuch", "c", "true").err, "^Error: .*nosuch", "a user that is not there")
        equal(host.swiftlet.run("exec", "-w", "/nosuch", "c", "true").status in (126, 127), True, "a directory that is not there")


@test
def exec_has_the_limits_of_the_container(host):
    with host.container("--name", "c", "--cap-drop", "ALL", command=SLEEP):
        status = host.swiftlet.ok("exec", "c", "cat", "/proc/self/status")
        matches(status, r"^CapEff:\t0{16}$", "capabilities")
        matches(status, r"^Seccomp:\t2$", "seccomp")
        status = host.swiftlet.ok("exec", "--privileged", "c", "cat", "/proc/self/status")
        holds(not matches(status, r"^CapEff:\t(\S+)$", "capabilities").group(1).strip("0") == "", "--privileged gives no capability")


@test
def an_exec_ends_with_its_container(host):
    with host.container("--name", "c", command=SLEEP):
        process = host.swiftlet.start("exec", "c", *SLEEP)
        until(lambda: shell("pgrep -x sleep").stdout.count("\n") == 2)
        host.swiftlet.ok("kill", "c")
        process.communicate(timeout=15)
        equal(process.returncode, 137, "exit status of the exec")


@test
def thirty_execs_at_once_all_succeed(host):
    with host.container("--name", "c", command=SLEEP):
        done = host.at_once([("exec", "c", "echo", str(n)) for n in range(30)])
        equal([d.out.strip() for d in done], [str(n) for n in range(30)], "what they print")
