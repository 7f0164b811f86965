#!/usr/bin/env python3
"""Kills commands at system calls that change something, and looks what stays.

Each command is killed before and after its N-th changing call (../shared/exam/crashat.c). After each kill the
next commands must work, the same name and port must be free to use, and the census must equal the one before.

    crash.py [--swiftlet PATH] [--sample POINTS | --all] [--only NAME]

--sample (default 60) is how many kills a command gets, spread evenly; --all takes every point, both ways.
The last line is 'N passed, N failed'; the exit status is 0 only if none failed.
"""
import argparse
import re
import subprocess
import sys
from dataclasses import dataclass

import host
import program
from fixture import Host
from program import IMAGE, TOP

CRASHAT = TOP.parent / "shared/exam/crashat.c"
RUN = ("run", "-d", "-p", "8080:80", "--name", "c", IMAGE)


@dataclass
class Sweep:
    """One command to kill: what must be there before it, and whether the image is what it changes."""
    name: str
    command: tuple
    before: tuple = ()
    changes_image: bool = False


def sweeps(archive):
    load = ("load", "-q", "-i", str(archive))
    return [
        Sweep("run", RUN),
        Sweep("rm", ("rm", "-f", "-t", "0", "c"), before=RUN),
        Sweep("stop", ("stop", "-t", "0", "c"), before=RUN),
        Sweep("load", load, before=("rmi", "-f", IMAGE), changes_image=True),
    ]


class Crasher:
    def __init__(self, subject: Host, crashat):
        self.host, self.swiftlet, self.crashat = subject, subject.swiftlet, crashat
        self.passed = self.failed = 0

    def crash(self, sweep, point, after):
        """Kills the command at a point; 0 lets it run to its end. Returns how many points it came to."""
        way = ["-x"] if after else []
        done = subprocess.run([self.crashat, *way, str(point), *self.swiftlet.command(*sweep.command)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        return int(re.search(r"points=(\d+)", done.stderr).group(1))

    def sweep(self, sweep, sample):
        self.prepare(sweep)
        total = self.crash(sweep, 0, after=False)
        self.follow_up(sweep)
        kills = [(point, after) for point in range(1, total + 1) for after in (False, True)]
        if sample and sample < len(kills):
            # Before and after in turn, from the first point to the last.
            kills = [kills[i * (len(kills) - 1) // (sample - 1) // 2 * 2 + i % 2] for i in range(sample)]
        baseline = self.host.census()
        leaks = 0
        for point, after in kills:
            problem = self.kill(sweep, point, after, baseline)
            if problem:
                leaks += 1
                print(f"not ok  {sweep.name} killed {'after' if after else 'before'} call {point}: {problem}")
                self.host.restore()
                self.follow_up(sweep)
                baseline = self.host.census()
        self.passed += len(kills) - leaks
        self.failed += leaks
        print(f"{'ok' if leaks == 0 else 'not ok'}  {sweep.name}: {total} points, {len(kills)} kills, {leaks} left something")
        sys.stdout.flush()

    def prepare(self, sweep):
        if sweep.before:
            self.swiftlet.ok(*sweep.before)

    def kill(self, sweep, point, after, baseline):
        """What is wrong after one kill; nothing if all is well."""
        try:
            self.prepare(sweep)
            self.crash(sweep, point, after)
            self.swiftlet.ok("ps", "-a")
            self.follow_up(sweep)
        except Exception as error:  # whatever went wrong is this kill's result, and the next kill is to go on
            return str(error)
        difference = self.host.settled(baseline)
        return "\n        ".join(difference[:20])

    def follow_up(self, sweep):
        """The next commands: they repair, and the name, the port and the image can be used again."""
        if sweep.changes_image:
            self.swiftlet.ok(*sweep.command)
        self.swiftlet.ok("rm", "-f", "-t", "0", "c")
        self.swiftlet.ok(*RUN)
        self.swiftlet.ok("rm", "-f", "-t", "0", "c")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet")
    parser.add_argument("--sample", type=int, default=60)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if not CRASHAT.exists():
        print(f"crash: {CRASHAT} is not there, and nothing can be killed without it\n0 passed, 1 failed")
        sys.exit(1)
    path, archive = program.find(options.swiftlet), program.image_archive()
    scratch = host.enter()
    crashat = scratch / "crashat"
    subprocess.run(["cc", "-O2", "-o", str(crashat), str(CRASHAT)], check=True)
    subject = Host(program.prepare(path, scratch), scratch, archive)
    subject.warm_up()
    crasher = Crasher(subject, str(crashat))
    for sweep in sweeps(archive):
        if options.only in sweep.name:
            crasher.sweep(sweep, None if options.all else options.sample)
    print(f"{crasher.passed} passed, {crasher.failed} failed")
    sys.exit(1 if crasher.failed else 0)


if __name__ == "__main__":
    main()
