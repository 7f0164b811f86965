#!/usr/bin/env python3
"""Measures swiftlet against Debian's Podman: the same host, image and runc, the two in turn, in one run.

    bench.py [--swiftlet PATH] [--podman PATH] [--rounds N] [--json FILE]

Wall time is that of the whole process. Bare 'runc run' of the same root file system is the floor below both.
Timings depend on the machine and never fail anything: the exit status is 0.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests/Host"))
import host
import program
from fixture import Host
from program import IMAGE

# What the project promises: the greatest share of Podman's time.
TARGETS = {"--version": 0.25, "ps": 0.25, "run --rm true": 0.40, "run --rm --network none true": 0.40,
           "exec true": 0.40}
MEMORY_TARGET_MIB = 30
NULL = subprocess.DEVNULL


class Contender:
    """One engine, warmed up, with a container to look at."""

    def __init__(self, path, scratch, archive):
        self.engine = program.prepare(path, scratch)
        self.host = Host(self.engine, scratch, archive)
        self.host.warm_up()
        self.engine.ok("run", "-d", "--name", "bench", IMAGE, "sleep", "100000")

    def measure(self, name):
        """Milliseconds of one command, with what it needs made before the clock starts."""
        commands = {
            "--version": ("--version",), "ps": ("ps",), "run --rm true": ("run", "--rm", IMAGE, "true"),
            "run --rm --network none true": ("run", "--rm", "--network", "none", IMAGE, "true"),
            "exec true": ("exec", "bench", "true"), "rm -f": ("rm", "-f", "-t", "0", "gone"),
        }
        if name == "rm -f":
            self.engine.ok("run", "-d", "--name", "gone", IMAGE, "sleep", "100000")
        return milliseconds(self.engine.command(*commands[name]), self.engine.environ())

    def memory(self):
        """The greatest resident memory of 'run', in MiB, of the engine's own process."""
        process = self.engine.start("run", "--rm", IMAGE, "true", stdout=NULL, stderr=NULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss / 1024


def milliseconds(command, environment=None):
    start = time.monotonic()
    subprocess.run(command, stdin=NULL, stdout=NULL, stderr=NULL, env=environment, check=True)
    return (time.monotonic() - start) * 1000


class Floor:
    """runc alone on the same root file system."""

    def __init__(self, contender, scratch):
        self.bundle = scratch / "runc"
        rootfs = self.bundle / "rootfs"
        rootfs.mkdir(parents=True)
        pid = contender.host.pid("bench")
        host.do(f"cp -a /proc/{pid}/root/bin {rootfs}/ && mkdir -p {rootfs}/proc {rootfs}/dev {rootfs}/sys")
        host.do(f"cd {self.bundle} && runc spec")
        document = json.loads((self.bundle / "config.json").read_text())
        document["process"].update(terminal=False, args=["true"])
        (self.bundle / "config.json").write_text(json.dumps(document))

    def measure(self):
        return milliseconds(["runc", "--root", str(self.bundle / "state"), "run", "-b", str(self.bundle), "floor"])


def report(rows, memory, floor, size):
    print(f"{'command':32}{'swiftlet ms':>22}{'podman ms':>22}{'ratio':>8}{'target':>8}")
    for name, (ours, theirs) in rows.items():
        ratio = statistics.median(ours) / statistics.median(theirs)
        target = TARGETS.get(name)
        verdict = "" if target is None else f"{target:8.2f}  {'met' if ratio <= target else 'NOT MET'}"
        columns = "".join(f"{statistics.median(t):12.1f} (min {min(t):5.1f})"[:22].rjust(22) for t in (ours, theirs))
        print(f"{name:32}{columns}{ratio:8.2f}{verdict}")
    print(f"{'runc run (the floor)':32}{statistics.median(floor):12.1f} (min {min(floor):5.1f})")
    print(f"peak memory of run --rm: swiftlet {memory[0]:.1f} MiB (target {MEMORY_TARGET_MIB}: "
          f"{'met' if memory[0] <= MEMORY_TARGET_MIB else 'NOT MET'}), podman {memory[1]:.1f} MiB")
    print(f"binary: {size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet")
    parser.add_argument("--podman", default="/usr/bin/podman")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json")
    options = parser.parse_args()
    if not os.access(options.podman, os.X_OK):
        sys.exit(f"bench: {options.podman} is not there: apt-get install podman netavark aardvark-dns runc conmon")
    path, archive = program.find(options.swiftlet), program.image_archive()
    result = Path(options.json).absolute() if options.json else None
    scratch = host.enter()
    # Both have a bridge podman0 in one network: each is set up while the other's is not there.
    ours = Contender(path, scratch, archive)
    floor = Floor(ours, scratch)
    rows, floors = {}, [floor.measure() for _ in range(options.rounds)]
    waterfall = ours.engine.run("run", "--rm", "--timing", IMAGE, "true").err
    ours.engine.ok("rm", "-f", "-t", "0", "bench")
    theirs = Contender(options.podman, scratch, archive)
    theirs.engine.ok("rm", "-f", "-t", "0", "bench")
    for name in [*TARGETS, "rm -f"]:
        rows[name] = ([], [])
        for _ in range(options.rounds):
            for contender, times in zip((ours, theirs), rows[name]):
                needs_container = name in ("exec true", "ps")
                if needs_container:
                    contender.engine.ok("run", "-d", "--name", "bench", IMAGE, "sleep", "100000")
                times.append(contender.measure(name))
                if needs_container:
                    contender.engine.ok("rm", "-f", "-t", "0", "bench")
    memory = (ours.memory(), theirs.memory())
    report(rows, memory, floors, os.path.getsize(path))
    print(f"\nwhere the time of one swiftlet run --rm goes:\n{waterfall}")
    if result:
        result.write_text(json.dumps({"rows": rows, "floor": floors, "memory": memory}))


if __name__ == "__main__":
    main()
