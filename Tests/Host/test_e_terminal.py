"""-it: a real terminal, and one that is left as it was found."""
import signal

from check import equal, holds, matches, test
from host import until
from program import IMAGE
from terminal import Terminal

SHELL = ("run", "-it", "--name", "c", IMAGE, "sh")
PROMPT = r"/ # (\x1b\[6n)?"


def _shell(host, *arguments, **options):
    return Terminal(host.swiftlet, *(arguments or SHELL), **options)


@test
def a_shell_prompts_echoes_and_gives_its_exit_code(host):
    with _shell(host, "run", "-it", "--rm", IMAGE, "sh") as terminal:
        terminal.expect(PROMPT)
        terminal.type("echo a''b; tty\r")
        terminal.expect(r"echo a''b; tty\r\n")
        terminal.expect(r"ab\r\n/dev/pts/0\r\n")
        terminal.type("exit 7\r")
        equal(terminal.wait(), 7, "exit status")
        equal(terminal.modes_now(), terminal.modes, "terminal modes")


@test
def what_comes_before_the_end_is_not_lost(host):
    for number in range(5):
        with _shell(host, "run", "-it", "--rm", "--network=none", IMAGE, "sh", "-c", f"seq 200; echo last{number}") as terminal:
            equal(terminal.wait(), 0, "exit status")
            holds(terminal.seen.endswith(f"200\r\nlast{number}\r\n"), f"the end is missing: {terminal.seen[-100:]!r}")
            holds("\r\n1\r\n" in "\r\n" + terminal.seen, "the beginning is missing")


@test
def the_size_of_the_terminal_is_the_same_inside(host):
    with _shell(host, "run", "-it", "--rm", IMAGE, "sh", rows=33, columns=99) as terminal:
        terminal.expect(PROMPT)

        def size():
            terminal.type("stty size\r")
            return terminal.expect(r"\r\n(\d+ \d+)\r\n").group(1)
        equal(until(lambda: size() == "33 99", seconds=3), True, "the size at the start")
        terminal.resize(44, 111)
        equal(until(lambda: size() == "44 111", seconds=3), True, "the size after a change")
        terminal.type("exit\r")
        equal(terminal.wait(), 0, "exit status")


@test
def detach_keys_leave_the_container_running(host):
    with _shell(host) as terminal:
        terminal.expect(PROMPT)
        terminal.type("\x10\x11")
        equal(terminal.wait(), 0, "exit status")
        equal(terminal.modes_now(), terminal.modes, "terminal modes")
    equal(host.state("c"), "running", "state")
    host.remove("c")


@test
def a_detach_key_that_is_not_followed_by_the_other_reaches_the_shell(host):
    with _shell(host, "run", "-it", "--rm", IMAGE, "sh", "-c", "stty raw -echo; echo ready; dd bs=1 count=2 2>/dev/null | od -c") as terminal:
        terminal.expect("ready")
        terminal.type("\x10x")
        terminal.expect(r"020 +x")
        equal(terminal.wait(), 0, "exit status")


@test
def other_detach_keys_can_be_chosen(host):
    with _shell(host, "run", "-it", "--name", "c", "--detach-keys", "ctrl-a,d", IMAGE, "sh") as terminal:
        terminal.expect(PROMPT)
        terminal.type("\x01d")
        equal(terminal.wait(), 0, "exit status")
    equal(host.state("c"), "running", "state")
    host.remove("c")


@test
def ctrl_c_interrupts_the_program_inside(host):
    with _shell(host, "run", "-it", "--rm", IMAGE, "sh") as terminal:
        terminal.expect(PROMPT)
        terminal.type("sleep 100\r")
        terminal.expect("sleep 100\r\n")
        until(lambda: False, 0.3)
        terminal.type("\x03")
        terminal.expect(PROMPT)
        terminal.type("exit 3\r")
        equal(terminal.wait(), 3, "exit status")


@test
def the_terminal_is_restored_when_the_client_is_ended(host):
    for number in (signal.SIGTERM, signal.SIGHUP):
        with _shell(host) as terminal:
            terminal.expect(PROMPT)
            holds(terminal.modes_now() != terminal.modes, "the terminal is not in raw mode")
            terminal.process.send_signal(number)
            # The signal is passed on to the shell, which may ignore it: then the client goes on.
            if not until(lambda: terminal.process.poll() is not None, 2):
                terminal.type("exit\r")
            terminal.wait()
            equal(terminal.modes_now(), terminal.modes, f"terminal modes after {number.name}")
        host.remove("c")


@test
def the_terminal_is_restored_when_the_container_is_killed(host):
    with _shell(host) as terminal:
        terminal.expect(PROMPT)
        host.swiftlet.ok("kill", "c")
        equal(terminal.wait(), 137, "exit status")
        equal(terminal.modes_now(), terminal.modes, "terminal modes")
    host.remove("c")


@test
def the_terminal_is_restored_when_the_container_is_removed(host):
    with _shell(host) as terminal:
        terminal.expect(PROMPT)
        host.remove("c")
        terminal.wait()
        equal(terminal.modes_now(), terminal.modes, "terminal modes")


@test
def the_terminal_is_restored_when_the_start_fails(host):
    with _shell(host, "run", "-it", "--rm", IMAGE, "nosuch") as terminal:
        equal(terminal.wait(), 127, "exit status")
        matches(terminal.seen, "executable file not found", "what it says")
        equal(terminal.modes_now(), terminal.modes, "terminal modes")


@test
def exec_has_a_terminal_too(host):
    with host.container("--name", "c", command=("sleep", "1000")):
        with _shell(host, "exec", "-it", "c", "sh", rows=33, columns=99) as terminal:
            terminal.expect(PROMPT)
            terminal.type("stty size\r")
            terminal.expect(r"\r\n33 99\r\n")
            terminal.type("exit 4\r")
            equal(terminal.wait(), 4, "exit status")
            equal(terminal.modes_now(), terminal.modes, "terminal modes")


@test
def tty_without_a_terminal_still_runs(host):
    done = host.swiftlet.run("run", "--rm", "-t", IMAGE, "tty")
    equal((done.status, done.out), (0, "/dev/pts/0\r\n"), "run -t")


@test
def term_is_set_with_a_terminal(host):
    with _shell(host, "run", "-it", "--rm", IMAGE, "sh", "-c", "echo $TERM") as terminal:
        terminal.expect("xterm\r\n")
        terminal.wait()
