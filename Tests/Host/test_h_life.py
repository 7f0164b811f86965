"""wait, kill, stop, start: a container's life."""
import time

from check import equal, holds, matches, test
from host import until
from program import IMAGE, WAITING, finish

SLEEP = ("sleep", "1000")


@test
def a_created_container_starts(host):
    identifier = host.swiftlet.ok("create", "--name", "c", "-p", "8080:80", IMAGE)
    equal(host.state("c"), "created", "state")
    equal(host.swiftlet.ok("start", "c"), "c", "what start prints")
    holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
    equal(host.swiftlet.ok("ps", "-q", "--no-trunc"), identifier, "ps")
    host.swiftlet.ok("start", "c")
    host.remove("c")


@test
def start_attached_gives_output_and_status(host):
    host.swiftlet.ok("create", "--name", "c", "-i", IMAGE, "sh", "-c", "cat; exit 6")
    done = host.swiftlet.run("start", "-a", "-i", "c", input="hello")
    equal((done.status, done.out), (6, "hello"), "start -ai")
    host.remove("c")


@test
def stop_asks_first(host):
    with host.container("--name", "c", command=("sh", "-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done")):
        until(lambda: host.swiftlet.ok("logs", "c"))
        began = time.monotonic()
        equal(host.swiftlet.ok("stop", "c"), "c", "what stop prints")
        holds(time.monotonic() - began < 5, "stop waited for the time-out")
        equal(host.swiftlet.ok("wait", "c"), "5", "exit code")


@test
def stop_kills_after_the_time_out(host):
    with host.container("--name", "c", command=SLEEP):
        began = time.monotonic()
        host.swiftlet.ok("stop", "-t", "1", "c")
        took = time.monotonic() - began
        holds(1 <= took < 4, f"stop -t 1 took {took:.1f} seconds")
        equal(host.swiftlet.ok("wait", "c"), "137", "exit code")
        equal(host.swiftlet.ok("stop", "c"), "c", "stop of one that is stopped")


@test
def stop_sends_the_signal_that_was_chosen(host):
    command = ("sh", "-c", "trap 'exit 12' USR1; echo up; while :; do sleep 0.05; done")
    with host.container("--name", "c", "--stop-signal", "SIGUSR1", command=command):
        until(lambda: host.swiftlet.ok("logs", "c"))
        host.swiftlet.ok("stop", "c")
        equal(host.swiftlet.ok("wait", "c"), "12", "exit code")


@test
def kill_sends_a_signal_by_name_and_number(host):
    for signal in ("USR1", "SIGUSR1", "10"):
        with host.container("--name", "c", command=("sh", "-c", "trap 'exit 12' USR1; echo up; while :; do sleep 0.05; done")):
            until(lambda: host.swiftlet.ok("logs", "c"))
            equal(host.swiftlet.ok("kill", "-s", signal, "c"), "c", "what kill prints")
            equal(host.swiftlet.ok("wait", "c"), "12", f"exit code after {signal}")
    with host.container("--name", "c", command=SLEEP):
        matches(host.swiftlet.fails(125, "kill", "-s", "NOSUCH", "c"), "(?i)invalid signal.*NOSUCH|signal.*NOSUCH", "stderr")


@test
def wait_waits(host):
    with host.container("--name", "c", command=("sh", "-c", "sleep 0.7; exit 8")):
        waiting = [host.swiftlet.start("wait", "c") for _ in range(3)]
        equal([finish(w).out for w in waiting], ["8\n"] * 3, "wait")


@test
def a_stopped_container_starts_again(host):
    command = ("sh", "-c", "echo run >> /count; cat /count | wc -l; trap 'exit 0' TERM; while :; do sleep 0.05; done")
    with host.container("--name", "c", command=command):
        for runs in (1, 2, 3):
            holds(until(lambda: host.swiftlet.ok("logs", "--tail", "1", "c").strip() == str(runs)), f"run {runs} lost its files")
            host.swiftlet.ok("stop", "c")
            if runs < 3:
                host.swiftlet.ok("start", "c")


@test
def addresses_are_given_in_turn_and_come_back(host):
    with host.container("--name", "a", command=SLEEP), host.container("--name", "b", command=SLEEP):
        first, second = host.address("a"), host.address("b")
        holds(first != second, "two containers have one address")
        host.swiftlet.ok("kill", "a")
        host.swiftlet.ok("wait", "a")
        # Podman says the container has ended before its address is given back.
        holds(until(lambda: host.state("a") == "exited"), "a has not ended")
        equal(host.address("a"), "", "address of one that has ended")
        host.swiftlet.ok("start", "a")
        holds(host.address("a") not in ("", second), "a came back with no address, or with b's")
        equal(host.swiftlet.ok("exec", "a", "sh", "-c", "ip -4 -o addr show eth0 | cut -d' ' -f7"), f"{host.address('a')}/16", "inside")


@test
def containers_that_end_at_once_are_cleaned_up_alone(host):
    before = host.census()
    for done in host.at_once([("run", "-d", "--rm", "-p", f"{8000 + n}:80", IMAGE, "true") for n in range(10)]):
        equal(done.status, 0, str(done))
    equal(host.settled(before, 10), [], "what is left without another command")


@test
def rm_force_of_a_running_container_leaves_nothing(host):
    before = host.census()
    host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", "-v", "/data", IMAGE)
    equal(host.swiftlet.ok("rm", "-f", "-t", "0", "-v", "c"), "c", "what rm prints")
    equal(before.difference(host.census()), [], "right after rm -f")


@test
def cleanup_of_a_running_container_is_refused_or_does_nothing(host):
    with host.container("--name", "c", "-p", "8080:80"):
        host.swiftlet.run("container", "cleanup", "c")
        equal(host.state("c"), "running", "state")
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer afterwards")
