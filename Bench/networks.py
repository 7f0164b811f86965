#!/usr/bin/env python3
"""Measures networks against Debian's Podman and its netavark: same host, same image, turn by turn.

    sudo Bench/networks.py [--swiftlet PROGRAM] [--rounds 10] [--many 100]

- run -d of the 1st, the middle and the last of --many containers on one network.
- network create + rm; run -d + rm -f on a user-defined network, with a published port: whole commands.
- The network of one container that publishes a port, set up and torn down, bridge and firewall included: the steps
  of `run --timing` that do it, from the first's begin to the last's end, against netavark's whole processes.

The exit status is 0 whatever the times are.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "Tests/Host"), str(TOP / "Bench")]

import host  # noqa: E402
import program  # noqa: E402
from check import Failure  # noqa: E402
from host import do  # noqa: E402
from measure import Case, prepared, quiesce, rounds, timed  # noqa: E402
from program import IMAGE  # noqa: E402
from table import cell, head, row, verdict  # noqa: E402

NETAVARK = "/usr/lib/podman/netavark"
SET_UP_TARGET, GROWTH_TARGET = 0.15, 1.2
# Both engines read the same definitions: each has a network of its own.
NETWORK = "bench-{engine}"
CASES = (
    Case("network create + rm", None, (), ("network", "create", "gone"), ("network", "rm", "gone")),
    Case("run -d + rm -f, user-defined", None, (), ("run", "-d", "--name", "c", "--network", NETWORK, "-p", "8080:80", IMAGE),
         ("rm", "-f", "-t", "0", "c")),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", metavar="PROGRAM", help="what is measured (default: the release build)")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--many", type=int, default=100, metavar="N")
    options = parser.parse_args()
    swiftlet = program.find(options.swiftlet, released=True)
    if host.STAGE not in os.environ:
        program.image_archive()
    scratch = host.enter()
    engines = prepared(scratch, swiftlet, shutil.which("podman"))
    for name, engine in engines.items():
        engine.ok("load", "-q", "-i", program.image_archive())
        engine.ok("network", "create", NETWORK.format(engine=name))
    # First: ext4 looks at each inode that was deleted within the last minutes before it takes one that is free, so all
    # that makes files is the slower the more there were.
    many(engines["swiftlet"], options.many)
    print(f"\n{options.rounds} rounds; milliseconds, median (least)\n")
    head()
    for case in CASES:
        times = rounds(case, engines, options.rounds)
        row(case.name, times["swiftlet"], times.get("podman"), case.target)
    one(engines["swiftlet"], options.rounds)


# --- one container's network --------------------------------------------------------------------

def one(engine, count):
    """Alone on its network, the container makes and takes bridge and chains; beside another, its own part only."""
    # Names are no part of what is compared: netavark would call another program for them.
    network = "bench-one"
    engine.ok("rm", "-f", "-t", "0", "-a")
    engine.ok("network", "create", "--disable-dns", network)
    configuration = netavark_input(json.loads(engine.ok("network", "inspect", network))[0]) if Path(NETAVARK).exists() else None
    for title in ("network of one, alone", "network of one, beside one"):
        ours = []
        if title.endswith("beside one"):
            engine.ok("run", "-d", "--name", "beside", "--network", network, IMAGE)
        for _ in range(count + 1):
            quiesce()
            ours.append(steps(engine.run("run", "--timing", "--rm", "--network", network, "-p", "8080:80", IMAGE, "true").err))
        engine.ok("rm", "-f", "-t", "0", "-a")
        theirs = netavark(configuration, count, title.endswith("beside one")) if configuration else None
        row(title, [a + b for a, b in ours[1:]], theirs and [a + b for a, b in theirs[1:]], SET_UP_TARGET)
        for label, times in (("ours", ours), ("netavark", theirs)):
            if times:
                print(f"{'':4}{label + ': set-up, teardown':40}{cell([a for a, _ in times[1:]])}, {cell([b for _, b in times[1:]])}")


def steps(text):
    """Seconds from the first network step's begin to the last one's end, set up and taken down."""
    spans = {(True): [], (False): []}
    for start, took, step in re.findall(r"^ +([\d.]+) +([\d.]+)  (.*)$", text, re.M):
        kind = next((up for up, names in ((True, ("attach to", "load firewall", "publish names")), (False, ("detach from", "unload firewall")))
                     if step.startswith(names)), None)
        if kind is not None:
            spans[kind].append((float(start), float(start) + float(took)))
    if not spans[True] or not spans[False]:
        raise Failure(f"run --timing tells nothing of the network: {text}")
    return tuple((max(end for _, end in found) - min(start for start, _ in found)) / 1000 for found in (spans[True], spans[False]))


def netavark_input(definition):
    definition = {key: value for key, value in definition.items() if key != "containers"}
    assert not definition["dns_enabled"]
    return lambda number: json.dumps({
        "container_id": f"{number:064x}", "container_name": f"c{number}",
        "networks": {definition["name"]: {"interface_name": "eth0", "static_ips": [definition["subnets"][0]["gateway"].rsplit(".", 1)[0] + f".{number + 9}"]}},
        "network_info": {definition["name"]: definition},
        "port_mappings": [{"host_ip": "", "container_port": 80, "host_port": 8080 + number, "range": 1, "protocol": "tcp"}]})


def netavark(configuration, count, beside):
    def call(verb, number):
        began = time.perf_counter()
        done = subprocess.run([NETAVARK, verb, f"/run/netns/bench{number}"], input=configuration(number), capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"netavark {verb}: {done.stdout}{done.stderr}")
        return time.perf_counter() - began
    do("ip netns add bench0; ip netns add bench1")
    if beside:
        call("setup", 1)
    times = [(call("setup", 0), call("teardown", 0)) for _ in range(count + 1)]
    if beside:
        call("teardown", 1)
    do("ip netns del bench0; ip netns del bench1")
    return times


# --- many containers ----------------------------------------------------------------------------

def many(engine, count):
    network, took = NETWORK.format(engine="swiftlet"), []
    for number in range(count):
        words = engine.command("run", "-d", "--name", f"many{number}", "--network", network, "-p", f"{20000 + number}:80", IMAGE)
        took.append(timed(words, engine.environ())[0])
    def around(number):
        return statistics.median(took[max(0, number - 3):number + 4])
    first, middle, last = around(0), around(count // 2), around(count)
    print(f"run -d of the 1st, {count // 2}th and {count}th container (median of its neighbourhood): "
          f"{first * 1000:.1f}, {middle * 1000:.1f}, {last * 1000:.1f} ms; last to first {last / first:.2f}, "
          f"target {GROWTH_TARGET}{verdict(last / first, GROWTH_TARGET)}")
    engine.ok("rm", "-f", "-t", "0", "-a", timeout=300)


if __name__ == "__main__":
    main()
