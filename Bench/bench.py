#!/usr/bin/env python3
"""Measures swiftlet against Debian's Podman: same host, same runc, same image, turn by turn.

    sudo Bench/bench.py [--swiftlet PROGRAM] [--rounds 15] [--json FILE]

Everything runs on a private host (Tests/Host/host.py), each engine on its own storage. Beside both stands the
floor: bare `runc run` of the same root file system. What is measured is the wall time of the command as its
caller sees it; a round takes each engine once, in turn, so that the machine's moods meet both. The exit status
is 0 whatever the times are.
"""
import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "Tests/Host"), str(TOP / "Bench")]

import host  # noqa: E402
import program  # noqa: E402
from floor import Floor  # noqa: E402
from measure import Case, peak, prepared, rounds  # noqa: E402
from program import IMAGE  # noqa: E402
from table import cell, head, row, verdict  # noqa: E402

# name, target for ours/Podman, what runs before the clock starts, what is measured
CASES = (
    Case("--version", 0.25, (), ("--version",)),
    Case("ps", 0.25, (), ("ps",)),
    Case("run --rm true", 0.40, (), ("run", "--rm", IMAGE, "true")),
    Case("run --rm true, no network", 0.40, (), ("run", "--rm", "--network=none", IMAGE, "true")),
    Case("exec true", 0.40, (), ("exec", "up", "true")),
    Case("rm -f", None, ("run", "-d", "--name", "gone", IMAGE), ("rm", "-f", "-t", "0", "gone")),
)
MEMORY_TARGET = 30 << 20
SIZE_TARGET = 60 * 1000 * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", metavar="PROGRAM", help="what is measured (default: the release build)")
    parser.add_argument("--podman", metavar="PROGRAM", default=shutil.which("podman"), help="what it is measured against")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", metavar="FILE", help="write the numbers there, too")
    options = parser.parse_args()
    swiftlet = program.find(options.swiftlet, released=True)
    if host.STAGE not in os.environ:
        program.image_archive()
    report = Path(options.json).resolve() if options.json else None
    scratch = host.enter()
    result = measure(scratch, swiftlet, options)
    show(result)
    if report:
        report.write_text(json.dumps(result, indent=2) + "\n")


def measure(scratch, swiftlet, options):
    engines = prepared(scratch, swiftlet, options.podman)
    for engine in engines.values():
        engine.ok("load", "-i", program.image_archive())
        # What runs when ps lists and exec enters.
        engine.ok("run", "-d", "--name", "up", IMAGE, "sleep", "100000")
    floor = Floor(scratch, program.image_archive()) if shutil.which("runc") else None
    result = {"host": description(swiftlet, engines), "rounds": options.rounds, "cases": {}}
    for case in CASES:
        result["cases"][case.name] = {"target": case.target, "times": rounds(case, engines, options.rounds)}
        print(f"# {case.name}: done", file=sys.stderr)
    if floor:
        result["floor"] = floor.times(options.rounds)
    result["memory"] = {name: peak(engine, "run", "--rm", IMAGE, "true") for name, engine in engines.items()}
    result["size"] = swiftlet.stat().st_size
    result["timing"] = engines["swiftlet"].run("run", "--timing", "--rm", IMAGE, "true").err
    for engine in engines.values():
        engine.ok("rm", "-f", "-t", "0", "up")
    return result


def description(swiftlet, engines):
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    lines = {name: engine.ok("--version") for name, engine in engines.items()}
    if shutil.which("runc"):
        lines["runc"] = subprocess.run(["runc", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return {"kernel": platform.release(), "processor": model.group(1) if model else platform.machine(), "processors": os.cpu_count(),
            "program": str(swiftlet), **lines}


# --- the table ----------------------------------------------------------------------------------

def show(result):
    for key, value in result["host"].items():
        print(f"{key}: {value}")
    print(f"\n{result['rounds']} rounds; milliseconds, median (least)\n")
    head()
    for name, case in result["cases"].items():
        row(name, case["times"]["swiftlet"], case["times"].get("podman"), case["target"])
    if "floor" in result:
        print(f"{'runc run (the floor)':28}{cell(result['floor']):>18}")
    memory = result["memory"]
    print(f"\npeak memory of run --rm: {memory['swiftlet'] / 2**20:.1f} MiB"
          + (f" (podman {memory['podman'] / 2**20:.1f} MiB)" if "podman" in memory else "")
          + f", target {MEMORY_TARGET >> 20} MiB{verdict(memory['swiftlet'], MEMORY_TARGET)}")
    print(f"size of the program: {result['size'] / 1e6:.1f} MB, target {SIZE_TARGET / 1e6:.0f} MB{verdict(result['size'], SIZE_TARGET)}")
    print(f"\nwhere the time of run --rm goes (run --timing):\n\n{result['timing'].rstrip()}")


if __name__ == "__main__":
    main()
