#!/usr/bin/env python3
"""Kills commands at their system calls that change something, and looks at what stays.

    sudo Tests/Host/crash.py [--sample 60 | --all] [--command NAME]... [--shards 2] [--point N [--after]]

Each command is killed before or after its N-th changing call (crashat: ptrace; the engine's threads are
followed, conmon and the runtime run on). Then: ps works, a command that changes something works, the name can
be used again, and the census (census.py) equals the one before. --all takes every point, both ways. The
shards run side by side, each on a private host of its own. The last line printed is 'N passed, N failed'.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import host  # noqa: E402
import program  # noqa: E402
from check import Failure  # noqa: E402
from fixture import Host  # noqa: E402
from host import output  # noqa: E402
from hostile import layer  # noqa: E402
from program import IMAGE, finish  # noqa: E402
from registry import Image, Server, configuration, docker_archive  # noqa: E402

NAME = "c"
RUN = ("run", "-d", "-p", "8080:80", "--name", NAME, IMAGE)
PULLED, LOADED = "test.example/test/image:latest", "test.example/a:b"
NET = "net"
DEFINE = ("network", "create", NET)
RUN_ON_NET = ("run", "-d", "--network", NET, "--name", NAME, IMAGE)
STOP, PAUSE, OTHER, COMMITTED = ("stop", "-t", "0", NAME), ("pause", NAME), "other", "localhost/committed:latest"
CONNECT, DISCONNECT = ("network", "connect", NET, NAME), ("network", "disconnect", NET, NAME)
# What is killed; before each, what must be there.
COMMANDS = {
    "run": ((), RUN),
    "rm": ((RUN,), ("rm", "-f", "-t", "0", NAME)),
    "stop": ((RUN,), STOP),
    "start": ((RUN, STOP), ("start", NAME)),
    "init": ((RUN, STOP), ("init", NAME)),
    "start initialized": ((RUN, STOP, ("init", NAME)), ("start", NAME)),
    "restart": ((RUN,), ("restart", "-t", "0", NAME)),
    "pause": ((RUN,), PAUSE),
    "unpause": ((RUN, PAUSE), ("unpause", NAME)),
    "rename": ((DEFINE, RUN_ON_NET), ("rename", NAME, OTHER)),
    "commit": ((RUN,), ("commit", "-q", NAME, COMMITTED)),
    "export": ((RUN, STOP), ("export", "-o", "EXPORTED", NAME)),
    "load": ((("rmi", "-f", LOADED),), ("load", "-i", "ARCHIVE")),
    "pull": ((("rmi", "-f", PULLED),), ("pull", "-q", PULLED)),
    "network create": ((), DEFINE),
    "network rm": ((DEFINE,), ("network", "rm", NET)),
    "network connect": ((DEFINE, RUN), CONNECT),
    "network disconnect": ((DEFINE, RUN, CONNECT), DISCONNECT),
}


# What puts a container in order after the command was killed; then it is there and can be removed.
TIDY = {"start": "tidy_running", "init": "tidy_running", "start initialized": "tidy_running", "restart": "tidy_running", "pause": "tidy_running", "unpause": "tidy_running",
        "rename": "tidy_rename", "commit": "tidy_commit", "export": "tidy_export"}


class Crasher:
    """The private host of one shard, and what crashat does on it."""

    def __init__(self, machine, crashat):
        self.host, self.swiftlet, self.crashat = machine, machine.swiftlet, str(crashat)
        # What is pulled and loaded: two small layers, so that there are not too many points.
        self.image = Image([layer(), layer("other")])
        self.archive = machine.scratch / "small.tar"
        self.exported = machine.scratch / "exported.tar"
        with tarfile.open(self.archive, "w") as archive:
            docker_archive(archive, [layer(), layer("other")])
        self.baseline = None

    def command(self, name):
        before, killed = COMMANDS[name]
        files = {"ARCHIVE": str(self.archive), "EXPORTED": str(self.exported)}
        return before, tuple(files.get(word, word) for word in killed)

    def kill(self, name, point, after):
        """Prepares, then runs the command and kills it at the point (0: runs it to its end); crashat's own result."""
        before, killed = self.command(name)
        for command in before:
            self.swiftlet.ok(*command)
        words = [self.crashat, *(["-x"] if after else []), str(point), *self.swiftlet.command(*killed)]
        # What the killed command started holds its standard streams: they are no pipes.
        with open(self.host.scratch / "crashed", "w+b") as log:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.swiftlet.environ())
            finish(process, timeout=120)
            log.seek(0)
            text = log.read().decode(errors="replace")
        return re.search(r"crashat: points=(\d+) rc=(-?\d+)", text), text

    def count(self, name):
        """How many points a command has when nothing happens to it."""
        found, text = self.kill(name, 0, after=False)
        if not found or found.group(2) != "0":
            raise SystemExit(f"crash: {name} does not work under crashat: {text}")
        self.tidy(name)
        return int(found.group(1))

    def tidy(self, name):
        """The commands after a kill: each must work, and together they bring the host back to its baseline."""
        self.swiftlet.ok("ps", "-a")
        if name in ("pull", "load"):
            self.tidy_image(self.command(name)[1], PULLED if name == "pull" else LOADED)
            return
        self.swiftlet.ok("run", "--rm", IMAGE, "true")
        if name.startswith("network"):
            self.tidy_network(name)
            return
        if name == "run":
            # The name may be the killed command's own, which came to its end as far as the state is concerned.
            done = self.swiftlet.run(*RUN)
            if done.status != 0:
                if "already in use" not in done.err:
                    raise Failure(f"the name cannot be used again: {done}")
                self.swiftlet.ok("rm", "-f", "-t", "0", NAME)
                self.swiftlet.ok(*RUN)
        elif name == "stop":
            self.swiftlet.ok("stop", "-t", "0", NAME)
            self.swiftlet.ok("start", NAME)
        elif name in TIDY:
            getattr(self, TIDY[name])(name)
        else:
            self.swiftlet.ok("rm", "-f", "-t", "0", "--ignore", NAME)
            self.swiftlet.ok(*RUN)
        self.swiftlet.ok("rm", "-f", "-t", "0", NAME)

    def tidy_running(self, _):
        """However far it came, it can be started; then it runs as it should."""
        if self.swiftlet.field(NAME, ".State.Paused") == "true":
            self.swiftlet.ok("unpause", NAME)
        self.swiftlet.ok("start", NAME)
        self.swiftlet.ok("exec", NAME, "true")

    def tidy_rename(self, _):
        """It has one name, by which alone the others find it."""
        names = self.swiftlet.ok("ps", "-a", "--format", "{{.Names}}").split()
        if names not in ([NAME], [OTHER]):
            raise Failure(f"there are containers {names}")
        gone = {NAME: OTHER, OTHER: NAME}[names[0]]
        answers = [output(f"dig +short +tries=1 +time=2 @10.89.0.1 {name}.dns.podman").strip() for name in (names[0], gone)]
        if answers != ["10.89.0.2", ""]:
            raise Failure(f"{names[0]} and {gone} have the addresses {answers}")
        self.swiftlet.ok("rm", "-f", "-t", "0", names[0])
        self.swiftlet.ok("network", "rm", NET)
        self.swiftlet.ok(*RUN)

    def tidy_commit(self, name):
        if self.swiftlet.run("image", "exists", COMMITTED).status == 0:
            self.swiftlet.ok("rmi", COMMITTED)
        self.swiftlet.ok(*self.command(name)[1])
        self.swiftlet.ok("system", "check", "-q")
        self.swiftlet.ok("rmi", COMMITTED)

    def tidy_export(self, name):
        self.swiftlet.ok(*self.command(name)[1])
        self.exported.unlink()

    def tidy_image(self, command, image):
        """The image is there whole, or not at all; either way it can be got."""
        self.swiftlet.ok("container", "cleanup", "--all")
        if self.swiftlet.run("image", "exists", image).status == 0:
            # Every layer is read, and its digest compared.
            archive = self.host.scratch / "whole.tar"
            self.swiftlet.ok("save", "-q", "-o", archive, image)
            archive.unlink()
        self.swiftlet.ok(*command)
        self.swiftlet.ok("system", "check", "-q")
        self.swiftlet.ok("rmi", image)

    def tidy_network(self, name):
        """The network exists or not, the container is on it or not: either way both can be made to be."""
        if name in ("network create", "network rm"):
            self.swiftlet.ok("network", "rm", "-f", NET)
            self.swiftlet.ok(*DEFINE)
        else:
            done = self.swiftlet.run(*CONNECT)
            if done.status != 0 and "already connected" not in done.err:
                raise Failure(f"the container cannot be connected: {done}")
            inside = self.swiftlet.ok("exec", NAME, "ip", "-o", "-4", "addr")
            if len(re.findall(r"^\d+: eth", inside, re.M)) != 2:
                raise Failure(f"the container is not on both networks: {inside}")
            self.swiftlet.ok(*DISCONNECT)
            self.swiftlet.ok("rm", "-f", "-t", "0", NAME)
        self.swiftlet.ok("network", "rm", NET)

    def attempt(self, name, point, after):
        """Kills once; what is wrong afterwards, as text (nothing if all is well), and whether it was killed."""
        problems, killed = [], False
        try:
            found, text = self.kill(name, point, after)
            # crashat says 137 of what it killed; a command that had fewer points this time has ended by itself.
            killed = bool(found) and found.group(2) == "137"
            if not found or (not killed and found.group(2) != "0"):
                problems.append(f"the command under crashat: {text.strip()[:500]}")
            self.settle()
            self.tidy(name)
        except Failure as failure:
            problems.append(str(failure))
        left = self.host.settled(self.baseline, 5)
        problems += left
        if problems:
            self.host.restore()
            self.baseline = self.host.census()
        return problems, killed

    def settle(self):
        """Waits until what the killed command started has come to rest: the same processes, a while long."""
        def processes():
            return sorted(p for p in os.listdir("/proc") if p.isdigit())
        last, since, end = processes(), time.monotonic(), time.monotonic() + 5
        while time.monotonic() < end and time.monotonic() - since < 0.12:
            time.sleep(0.02)
            now = processes()
            if now != last:
                last, since = now, time.monotonic()


def sample(points, count):
    """(point, after) spread evenly over both kinds; the first and the last are among them."""
    every = [(n, after) for n in range(1, points + 1) for after in (False, True)]
    if count is None or count >= len(every):
        return every
    # An odd step would miss one kind: the halves are drawn apart.
    half = {False: count - count // 2, True: count // 2}
    chosen = []
    for after, share in half.items():
        chosen += [(1 + round(i * (points - 1) / max(1, share - 1)), after) for i in range(share)]
    return sorted(set(chosen))


# --- a shard ------------------------------------------------------------------------------------

def run_shard(options, crashat):
    """On a private host: every shard-th point of every command. Its results are lines of JSON."""
    scratch = host.enter()
    machine = Host(program.prepare(program.find(options.swiftlet), scratch), scratch, program.image_archive())
    machine.warm_up()
    crasher = Crasher(machine, crashat)
    with Server(crasher.image.answer) as server:
        machine.swiftlet.environment.update(configuration(
            scratch, f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\ninsecure=true\n'))
        run_commands(options, crasher)


def run_commands(options, crasher):
    """Prints a line of JSON for each command, and for each kill."""
    crasher.baseline = crasher.host.census()
    for name in options.command or COMMANDS:
        points = crasher.count(name)
        print(json.dumps({"command": name, "points": points}), flush=True)
        chosen = [(options.point, options.after)] if options.point else sample(points, None if options.all else options.sample)
        number, shards = map(int, options.shard.split("/"))
        for point, after in chosen[number::shards]:
            problems, killed = crasher.attempt(name, point, after)
            print(json.dumps({"command": name, "point": point, "after": after, "killed": killed, "problems": problems}), flush=True)


# --- all of them --------------------------------------------------------------------------------

def build(directory):
    """crashat, from the exam's source."""
    source = program.TOP.parent / "shared/exam/crashat.c"
    if not source.exists():
        print(f"crash: {source} is not there: without crashat nothing can be killed at a point\n0 passed, 1 failed")
        sys.exit(1)
    target = Path(directory) / "crashat"
    done = subprocess.run(["gcc", "-O1", "-w", "-o", str(target), str(source)], capture_output=True, text=True)
    if done.returncode:
        print(f"crash: gcc: {done.stderr}\n0 passed, 1 failed")
        sys.exit(1)
    return target


def tell(result, totals):
    """Adds a shard's line to the totals, and prints it if there is something to say."""
    entry = totals.setdefault(result["command"], {"points": 0, "kills": 0, "tried": 0, "leaks": 0})
    if "points" in result:
        entry["points"] = max(entry["points"], result["points"])
        return
    entry["tried"] += 1
    entry["kills"] += result["killed"]
    if result["problems"]:
        entry["leaks"] += 1
        print(f"not ok {result['command']}, killed {'after' if result['after'] else 'before'} point {result['point']}")
        for line in "\n".join(result["problems"]).splitlines()[:40]:
            print(f"    {line}")
        sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", metavar="PROGRAM")
    parser.add_argument("--sample", type=int, default=60, metavar="N", help="points a command (default: 60)")
    parser.add_argument("--all", action="store_true", help="every point, before and after")
    parser.add_argument("--command", action="append", choices=COMMANDS)
    parser.add_argument("--count", action="store_true", help="print the number of points, and kill nothing")
    parser.add_argument("--point", type=int, default=0, metavar="N", help="this point alone")
    parser.add_argument("--after", action="store_true", help="with --point: after the call")
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--shard", help=argparse.SUPPRESS)
    parser.add_argument("--crashat", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.shard:
        run_shard(options, options.crashat)
        return
    program.find(options.swiftlet)
    program.image_archive()
    if options.count:
        options.sample = 0
    directory = tempfile.mkdtemp(prefix="swiftlet-crash.", dir="/var/tmp")
    try:
        with host.mount_points():
            failed = run_shards(options, build(directory))
    finally:
        shutil.rmtree(directory)
    sys.exit(1 if failed else 0)


def run_shards(options, crashat):
    began, totals = time.monotonic(), {}
    shards = 1 if options.point or options.count else options.shards
    base = [a for a in sys.argv[1:] if a != "--count"] + (["--sample", "0"] if options.count else [])
    started = [subprocess.Popen([sys.executable, sys.argv[0], *base, "--shard", f"{n}/{shards}", "--crashat", str(crashat)],
                                stdout=subprocess.PIPE, text=True) for n in range(shards)]
    failed = collect(started, totals)
    for name, entry in totals.items():
        print(f"{name}: {entry['points']} points, {entry['tried']} tried, {entry['kills']} kills, {entry['leaks']} leaks")
    passed = sum(e["tried"] - e["leaks"] for e in totals.values())
    failed += sum(e["leaks"] for e in totals.values())
    print(f"{time.monotonic() - began:.0f} seconds")
    print(f"{passed} passed, {failed} failed")
    return failed


def collect(started, totals):
    """Reads the shards' lines as they come; how many shards did not end well."""
    import selectors
    waiting = selectors.DefaultSelector()
    for process in started:
        waiting.register(process.stdout, selectors.EVENT_READ)
    while waiting.get_map():
        for key, _ in waiting.select():
            line = key.fileobj.readline()
            if not line:
                waiting.unregister(key.fileobj)
            elif line.startswith("{"):
                tell(json.loads(line), totals)
            else:
                print(line, end="")
    return sum(process.wait() != 0 for process in started)


if __name__ == "__main__":
    main()
