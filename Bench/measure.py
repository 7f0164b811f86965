"""How long a command takes, and how much memory its process has at most."""
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from check import Failure
from program import prepare


@dataclass
class Case:
    """What to measure: its name, the target for ours/Podman, what is run before, and the command, or two of them, one
    after the other. `{engine}` in a word becomes the engine's name."""
    name: str
    target: float | None
    before: tuple
    command: tuple
    then: tuple = ()


def prepared(scratch, swiftlet, podman):
    """What is measured, by name, each ready for the private host; without Podman, after saying so, swiftlet alone."""
    if not podman:
        print("there is no podman to compare with (apt-get install podman)")
    paths = {"swiftlet": swiftlet, "podman": podman}
    return {name: prepare(path, scratch) for name, path in paths.items() if path}


def timed(words, environment):
    """Runs a command to its end; the seconds it took. The clock is outside of this process's own work."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        began = time.perf_counter()
        # posix_spawn: the cost of the caller's fork is no part of the engine's.
        pid = os.posix_spawnp(words[0], words, environment, file_actions=[(os.POSIX_SPAWN_DUP2, null, n) for n in (0, 1)])
        _, status, usage = os.wait4(pid, 0)
        took = time.perf_counter() - began
    finally:
        os.close(null)
    if status:
        raise Failure(f"{' '.join(words)}: exit status {os.waitstatus_to_exitcode(status)}")
    return took, usage


def rounds(case, engines, count):
    """The times of each engine. The first round is not counted: it fills caches."""
    times = {name: [] for name in engines}
    for number in range(count + 1):
        # Who goes first changes, so that neither always finds the other's leavings.
        order = list(engines) if number % 2 else list(reversed(engines))
        for name in order:
            engine = engines[name]
            if case.before:
                engine.ok(*case.before)
            took = 0
            for command in filter(None, (case.command, case.then)):
                quiesce()
                words = (word.format(engine=name) for word in command)
                took += timed(engine.command(*words), engine.environ())[0]
            if number:
                times[name].append(took)
    return times


def quiesce():
    """Waits a moment for what the last command left running: conmon and the clean-up it calls."""
    end = time.monotonic() + 2
    while time.monotonic() < end:
        busy = subprocess.run(["pgrep", "-f", "container cleanup"], capture_output=True).returncode == 0
        if not busy:
            return
        time.sleep(0.01)


# The kernel counts to a process what it had before it executed its program: its parent's memory, if that is
# more. So the parent is a Python with next to nothing in it (some 9 MiB).
SMALL_PARENT = """
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
_, status, usage = os.wait4(pid, 0)
print(status, usage.ru_maxrss)
"""


def peak(engine, *arguments, runs=3):
    """The peak resident memory, in bytes, of the engine's own process (wait4: ru_maxrss is in KiB); the most of some runs."""
    found = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-S", "-E", "-c", SMALL_PARENT, *engine.command(*arguments)], env=engine.environ(),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode or not done.stdout.startswith("0 "):
            raise Failure(f"{' '.join(engine.command(*arguments))}: {done.stdout}{done.stderr}")
        found.append(int(done.stdout.split()[1]) * 1024)
    return max(found)
