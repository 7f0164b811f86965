"""Standard streams without a terminal, and what logs keeps of them."""
import hashlib
import os
import subprocess
import time

from check import equal, holds, matches, test
from host import until
from program import IMAGE, WAITING, finish

MEGABYTE = bytes(range(256)) * 4096


@test
def standard_input_goes_through_whole(host):
    digest = hashlib.sha256(MEGABYTE).hexdigest()
    done = host.swiftlet.run("run", "--rm", "-i", "--network=none", IMAGE, "sha256sum", input=MEGABYTE)
    equal((done.status, done.out.split(" ")[0]), (0, digest), "sha256sum inside")
    process = host.swiftlet.start("run", "--rm", "-i", "--network=none", IMAGE, "cat", stdin=subprocess.PIPE)
    out, _ = process.communicate(MEGABYTE, timeout=30)
    equal(hashlib.sha256(out).hexdigest(), digest, f"what cat gave back ({len(out)} bytes)")


@test
def standard_input_is_empty_without_i(host):
    done = host.swiftlet.run("run", "--rm", IMAGE, "cat", input="lost")
    equal((done.status, done.out), (0, ""), "cat without -i")


@test
def standard_output_and_error_are_kept_apart(host):
    done = host.swiftlet.run("run", "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2; printf unended")
    equal((done.status, done.out, done.err), (0, "out\nunended", "err\n"), "streams")


@test
def ten_megabytes_come_out_whole(host):
    process = host.swiftlet.start("run", "--rm", "--network=none", IMAGE, "sh", "-c", "dd if=/dev/zero bs=1M count=10 2>/dev/null")
    out, err = process.communicate(timeout=60)
    equal((process.returncode, len(out), out.count(0), err), (0, 10 << 20, 10 << 20, b""), "status, length, zeros, stderr")


@test
def a_reader_that_goes_away_does_not_hang_the_client(host):
    process = host.swiftlet.start("run", "--name", "c", IMAGE, "sh", "-c", "while :; do echo line; sleep 0.01; done")
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    ended = until(lambda: process.poll() is not None, 5)
    if not ended:
        process.kill()
    process.communicate()
    host.remove("c")
    holds(ended, "the client goes on though nobody reads")


@test
def a_signal_to_the_client_reaches_the_process(host):
    process = host.swiftlet.start("run", "--rm", "--name", "c", IMAGE, "sh", "-c", "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done")
    equal(process.stdout.readline(), b"up\n", "the first line")
    process.terminate()
    equal(finish(process, timeout=15).status, 9, "exit status")


@test
def logs_show_what_was_written(host):
    host.swiftlet.ok("run", "--name", "c", IMAGE, "sh", "-c", "for n in 1 2 3 4 5; do echo out$n; done; echo err >&2; printf partial")
    done = host.swiftlet.run("logs", "c")
    equal((done.out.removesuffix("\n"), done.err), ("out1\nout2\nout3\nout4\nout5\npartial", "err\n"), "logs")
    equal(host.swiftlet.ok("logs", "--tail", "2", "c").splitlines()[-1], "partial", "the last line of --tail 2")
    equal(host.swiftlet.ok("logs", "--tail", "0", "c"), "", "--tail 0")
    matches(host.swiftlet.ok("logs", "-t", "c"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* out1$", "-t")
    host.remove("c")


@test
def logs_of_several_containers_are_in_the_order_of_time(host):
    for name in ("c1", "c2"):
        host.swiftlet.ok("create", "--name", name, "--network", "none", IMAGE, "sh", "-c", "echo one; sleep 0.3; echo two; echo err >&2")
    for name in ("c1", "c2"):
        host.swiftlet.ok("start", name)
    first, second = (host.swiftlet.field(name, ".Id")[:12] for name in ("c1", "c2"))
    followed = host.swiftlet.run("logs", "-f", "c1", "c2", timeout=20)
    done = host.swiftlet.run("logs", "c1", "c2")
    lines = [f"{identifier} {word}" for identifier in (first, second) for word in ("one", "two")]
    equal(sorted(done.out.splitlines()), sorted(lines), "lines begin with ids")
    equal(sorted(followed.out.splitlines()), sorted(lines), "-f ends with the containers")
    equal(sorted(done.err.splitlines()), sorted([f"{first} err", f"{second} err"]), "standard error")
    times = [line.split()[1] for line in host.swiftlet.run("logs", "-t", "c1", "c2").out.splitlines()]
    equal(times, sorted(times), "times")
    matches(host.swiftlet.run("logs", "--names", "c1", "c2").out, r"\Ac1 one\nc\d ", "--names")
    matches(host.swiftlet.run("logs", "--color", "c1", "c2").out, rf"\A\x1b\[37m{first} one\x1b\[0m\n\x1b\[3\dm", "--color")
    equal(host.swiftlet.run("logs", "--names", "c1").out, "one\ntwo\n", "one container needs no name")
    done = host.swiftlet.run("logs", "c1", "nosuch")
    equal((done.status, done.out), (125, ""), "a container that is not there is noticed first")
    host.remove("c1", "c2")


@test
def logs_tail_leaves_out_an_unfinished_line_of_the_other_stream(host):
    host.swiftlet.ok("run", "--name", "c1", "--network", "none", IMAGE, "sh", "-c", "printf part; sleep 0.2; echo err >&2")
    done = host.swiftlet.run("logs", "--tail", "1", "c1")
    equal((done.out, done.err), ("", "err\n"), "--tail 1")
    host.remove("c1")


@test
def logs_follow_until_the_end(host):
    with host.container("--name", "c", command=("sh", "-c", "echo one; sleep 0.7; echo two; sleep 0.3; exit 0")):
        done = host.swiftlet.run("logs", "-f", "c", timeout=20)
        equal((done.status, done.out), (0, "one\ntwo\n"), "logs -f")
        holds(host.state("c") in ("exited", "stopped"), "the container has not ended")
        equal(host.swiftlet.ok("logs", "-f", "c", timeout=10), "one\ntwo", "logs -f of one that has ended")


@test
def logs_since_leaves_out_what_is_older(host):
    with host.container("--name", "c", command=("sh", "-c", "echo old; sleep 2; echo new; sleep 1000")):
        until(lambda: "new" in host.swiftlet.ok("logs", "c"), 10)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
        equal(host.swiftlet.ok("logs", "--since", "1s", "c").replace("\n", ""), "new", "--since 1s")
        holds("old" not in host.swiftlet.ok("logs", "--since", stamp, "c"), "an old line since a time")
        equal(host.swiftlet.ok("logs", "--since", "10m", "c").split(), ["old", "new"], "--since 10m")


@test
def a_detached_container_does_not_keep_the_pipes_of_its_caller(host):
    # `id=$(run -d …)` ends only when nobody has the write end any more.
    read, write = os.pipe()
    process = host.swiftlet.start("run", "-d", "--name", "c", IMAGE, *WAITING, stdout=write, stderr=write)
    os.close(write)
    process.wait(30)
    os.set_blocking(read, False)

    def ended():
        try:
            return os.read(read, 1000) == b""
        except BlockingIOError:
            return False
    kept = not until(ended, 3)
    os.close(read)
    host.remove("c")
    holds(not kept, "somebody still has the pipe")


@test
def more_descriptors_are_passed_on_where_told(host):
    files = [host.scratch / f"passed{number}" for number in (3, 4)]
    for number, file in zip((3, 4), files):
        file.write_text(f"{number}\n")

    def with_files(*arguments):
        script = f'exec "$@" 3<{files[0]} 4<{files[1]}'
        return finish(subprocess.Popen(["bash", "-c", script, "bash", *host.swiftlet.command(*arguments)], env=host.swiftlet.environ(),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    show = ("sh", "-c", "cat <&3; cat <&4; ls /proc/self/fd | tr '\\n' ' '")
    done = with_files("run", "--rm", "--network=none", "--preserve-fds", "2", IMAGE, *show)
    # The last is that of ls itself.
    equal((done.status, done.out), (0, "3\n4\n0 1 2 3 4 5 "), "run")
    done = with_files("run", "--rm", "--network=none", "-p", "8080:80", "--preserve-fds", "1", IMAGE, "sh", "-c", "cat <&3; cat <&4")
    equal(done.out, "3\n", "one of two")
    with host.container("--name", "c", "--network=none", command=WAITING):
        equal(with_files("exec", "--preserve-fds", "2", "c", *show).out, "3\n4\n0 1 2 3 4 5 ", "exec")
        equal(with_files("exec", "c", "sh", "-c", "cat <&3").out, "", "unless told")
    equal(with_files("run", "-d", "--name", "c", "--network=none", "--preserve-fds", "1", IMAGE, "sh", "-c", "cat <&3; sleep 100").status, 0, "run -d")
    holds(until(lambda: host.swiftlet.ok("logs", "c") == "3"), "a detached container did not get it")
    for command in (("run", "--network=none", "--preserve-fds", "3", IMAGE, "true"), ("exec", "--preserve-fds", "3", "c", "true")):
        done = with_files(*command)
        equal(done.status, 125, f"{command}")
        matches(done.err, "^Error: file descriptor 5 is not available - the preserve-fds option requires that file descriptors must be passed$", "stderr")
    host.remove("c")
    for file in files:
        file.unlink()
