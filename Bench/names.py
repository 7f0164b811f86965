#!/usr/bin/env python3
"""Measures names against Debian's aardvark-dns: the same questions from a container of either engine, in turn.

    sudo Bench/names.py [--swiftlet PROGRAM] [--seconds 5] [--rounds 3]

dnsperf asks from inside a container: for a container's name, and for names that a dnsmasq on the host's loopback
answers at once. Rates are without a limit; latencies are those at a rate that both can serve. The exit status is 0
whatever the numbers are.
"""
import argparse
import contextlib
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
from host import do, until  # noqa: E402
from measure import prepared  # noqa: E402
from program import IMAGE  # noqa: E402
from table import verdict  # noqa: E402

SERVERS = {"swiftlet": "swiftlet-dns", "podman": "aardvark-dns"}
# Local names: times aardvark-dns' rate. Forwarded ones: a second, none lost. Bytes resident.
RATE_TARGET, FORWARDED_TARGET, MEMORY_TARGET = 2.0, 10_000, 15 << 20
STEADY = 4000


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", metavar="PROGRAM", help="what is measured (default: the release build)")
    parser.add_argument("--seconds", type=int, default=5, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    swiftlet = program.find(options.swiftlet, released=True)
    if host.STAGE not in os.environ:
        program.image_archive()
        missing = [name for name in ("dnsperf", "dnsmasq") if not shutil.which(name)]
        if missing:
            raise SystemExit(f"names: install {' and '.join(missing)}: apt-get install dnsperf dnsmasq-base")
    scratch = host.enter()
    engines = prepared(scratch, swiftlet, shutil.which("podman"))
    with upstream(scratch):
        results = {name: {} for name in engines}
        for name, engine in engines.items():
            engine.ok("load", "-q", "-i", program.image_archive())
            engine.ok("network", "create", f"names-{name}")
        for _ in range(options.rounds):
            # One at a time: each is measured with the machine to itself.
            for name, engine in engines.items():
                for key, value in measure(engine, name, scratch, options.seconds).items():
                    results[name].setdefault(key, []).append(value)
    show(results, options)


@contextlib.contextmanager
def upstream(scratch):
    """A name server on the host's loopback, which the host's resolv.conf names."""
    process = subprocess.Popen(["dnsmasq", "--no-daemon", "--no-resolv", "--no-hosts", "--no-dhcp-interface=lo", "--listen-address=127.0.0.1",
                                "--bind-interfaces", "--address=/bench.example/192.0.2.1", "--cache-size=10000", "--dns-forward-max=10000",
                                "--pid-file=", "--user=root"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    resolv = scratch / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    do(f"mount --bind {resolv} /etc/resolv.conf")
    try:
        yield
    finally:
        do("umount /etc/resolv.conf")
        process.terminate()
        process.wait()


def measure(engine, name, scratch, seconds):
    """{what: number} of one engine's server, which runs only while containers are on its network."""
    network = f"names-{name}"
    engine.ok("run", "-d", "--name", f"target-{name}", "--network", network, IMAGE)
    engine.ok("run", "-d", "--name", f"asker-{name}", "--network", network, IMAGE)
    try:
        pid = engine.field(f"asker-{name}", ".State.Pid")
        gateway = engine.ok("network", "inspect", "--format", "{{range .Subnets}}{{.Gateway}}{{end}}", network)
        until(lambda: subprocess.run(["nsenter", "-t", pid, "-n", "dig", "+short", "+time=1", "+tries=1", f"@{gateway}", f"target-{name}"],
                                     capture_output=True).stdout, 5)
        local, forwarded = scratch / f"local-{name}", scratch / "forwarded"
        local.write_text(f"target-{name} A\n")
        forwarded.write_text("".join(f"n{number}.bench.example A\n" for number in range(2000)))
        found = {}
        for kind, questions in (("local", local), ("forwarded", forwarded)):
            found[f"{kind} rate"], found[f"{kind} lost"] = rate(pid, gateway, questions, seconds)
            found[f"{kind} p99"] = latency(pid, gateway, questions, seconds)
        found["memory"] = memory(SERVERS[name])
        return found
    finally:
        engine.ok("rm", "-f", "-t", "0", f"target-{name}", f"asker-{name}")


def dnsperf(pid, gateway, questions, *arguments):
    done = subprocess.run(["nsenter", "-t", pid, "-n", "dnsperf", "-s", gateway, "-d", str(questions), "-T", "1", *arguments],
                          capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"dnsperf: {done.stdout}{done.stderr}")
    return done.stdout


def rate(pid, gateway, questions, seconds):
    """Answers a second, and how many questions had none."""
    text = dnsperf(pid, gateway, questions, "-l", str(seconds), "-c", "10", "-q", "100")
    answered = re.search(r"Response codes: +NOERROR \d+ \(([\d.]+)%\)", text)
    if not answered or float(answered.group(1)) < 99.9:
        raise Failure(f"not every answer is NOERROR: {text}")
    return float(re.search(r"Queries per second: +([\d.]+)", text).group(1)), int(re.search(r"Queries lost: +(\d+)", text).group(1))


def latency(pid, gateway, questions, seconds):
    """The 99th percentile in seconds at a steady rate."""
    text = dnsperf(pid, gateway, questions, "-l", str(seconds), "-Q", str(STEADY), "-v")
    times = sorted(float(value) for value in re.findall(r"^> NOERROR .* ([\d.]+)$", text, re.M))
    if not times:
        raise Failure(f"dnsperf told no latencies: {text[:500]}")
    return times[int(len(times) * 0.99)]


def memory(server):
    """Bytes resident of the process of that name that has most, and of all of them."""
    found = []
    for pid in subprocess.run(["pgrep", "-x", server], capture_output=True, text=True).stdout.split():
        with contextlib.suppress(OSError):
            found.append(int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) * 1024)
    if not found:
        raise Failure(f"{server} does not run")
    return sum(found)


def show(results, options):
    ours, theirs = results["swiftlet"], results.get("podman", {})
    print(f"{options.rounds} rounds of {options.seconds} seconds, medians; latency at {STEADY} a second\n")
    print(f"{'':26}{'swiftlet-dns':>14}{'aardvark-dns':>14}{'ratio':>8}")
    for key, values in ours.items():
        mine, other = statistics.median(values), statistics.median(theirs[key]) if key in theirs else None
        scale, unit = {"rate": (1, "/s"), "lost": (1, ""), "p99": (1000, " ms"), "memory": (2**-20, " MiB")}[key.split()[-1]]
        told = ""
        if key == "local rate" and other:
            told = f"  target {RATE_TARGET:.0f} times{verdict(-mine / other, -RATE_TARGET)}"
        elif key == "forwarded rate":
            told = f"  target {FORWARDED_TARGET}/s{verdict(-mine, -FORWARDED_TARGET)}"
        elif key.endswith("lost"):
            mine = max(values)
            told = f"  target 0{verdict(mine, 0)}"
        elif key == "memory":
            told = f"  target {MEMORY_TARGET >> 20} MiB{verdict(mine, MEMORY_TARGET)}"
        def number(value):
            return "–" if value is None else f"{value * scale:.{0 if scale == 1 else 2}f}{unit}"
        print(f"{key:26}{number(mine):>14}{number(other):>14}{f'{mine / other:.2f}' if other else '':>8}{told}")


if __name__ == "__main__":
    main()
