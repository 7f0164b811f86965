"""A host whose control groups are the unified hierarchy (version 2) alone: what differs from others there.

That all else is the same, the other modules say, run with --unified as well.
"""
import json
import os

from check import equal, holds, matches, one_line, test
from host import do, output, shell, until
from program import IMAGE, WAITING
import cgroups

# What is in this module is run with --unified.
UNIFIED = True
# Without, crun loads a filter of devices, for which it lifts RLIMIT_MEMLOCK: not every root may.
CRUN = ("--privileged",)
GROUPS = "/sys/fs/cgroup/swiftlet"


@test
def crun_runs_a_container_from_its_start_to_its_end(host):
    swiftlet = host.swiftlet
    for status, command in ((0, ("true",)), (1, ("false",)), (127, ("nosuch",)), (126, ("/etc",))):
        equal(swiftlet.run("--runtime", "crun", "run", "--rm", *CRUN, IMAGE, *command).status, status, f"the status of {command}")
    identifier = swiftlet.ok("--runtime", "crun", "run", "-d", "--name", "c", "-p", "8080:80", *CRUN, IMAGE)
    try:
        equal(swiftlet.field("c", ".OCIRuntime"), "crun", "its runtime")
        matches(host.curl("http://localhost:8080"), "^Hostname: ", "its answer")
        # Whoever comes later need not know the runtime.
        matches(swiftlet.ok("exec", "c", "cat", "/proc/self/cgroup"), "^0::/$", "its group, seen from inside")
        equal(swiftlet.run("exec", "c", "nosuch").status, 127, "the status of exec")
        swiftlet.ok("pause", "c")
        equal(host.state("c"), "paused", "its state")
        swiftlet.ok("unpause", "c")
        swiftlet.ok("restart", "-t", "0", "c")
        holds("Hostname" in host.curl("http://localhost:8080"), "no answer after restart")
        do(f"kill -9 $(cat {swiftlet.field('c', '.ConmonPidFile')})")
        swiftlet.ok("kill", "c")
        equal(host.state("c"), "exited", "its state without conmon")
    finally:
        host.remove("c")


@test
def one_write_ends_whatever_a_container_forks(host):
    """With the host's processes, the end of the first one is not the end of all."""
    forking = "for i in $(seq 30); do (while :; do (sleep 300 &) ; sleep 0.01; done) & done; wait"
    with host.container("--name", "c", "--pid", "host", command=("sh", "-c", forking)) as identifier:
        holds(until(lambda: int(output(f"wc -l < {GROUPS}/{identifier}/cgroup.procs")) > 200), "it does not fork")
        host.swiftlet.ok("rm", "-f", "-t", "0", "c")
        equal(shell("pgrep -f 'sleep 300'").stdout, "", "processes that are left")


@test
def groups_below_a_paused_container_go_with_it(host):
    with host.container("--name", "c", command=WAITING) as identifier:
        below = f"{GROUPS}/{identifier}/own"
        do(f"mkdir {below} && echo {host.pid('c')} > {below}/cgroup.procs")
        host.swiftlet.ok("pause", "c")
        matches(output(f"cat {below}/cgroup.events"), "^frozen 1$", "what the kernel says of the group below")
        host.swiftlet.ok("rm", "-f", "-t", "0", "c")
        equal(shell(f"ls -d {GROUPS}/{identifier}").stdout, "", "its group")


@test
def stats_counts_what_the_kernel_counts(host):
    busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; " + WAITING[-1]
    with host.container("--name", "c", command=("sh", "-c", busy)) as identifier:
        file = f"{GROUPS}/{identifier}/cpu.stat"
        counted = lambda: int(output(f"sed -n 's/^usage_usec //p' {file}"))
        before = counted()
        row, = json.loads(host.swiftlet.ok("stats", "--no-stream", "--format", "json", "c"))
        matches(row["cpu_time"], r"^\d+(\.\d+)?m?s$", "its time")
        time = float(row["cpu_time"].rstrip("ms")) * (1000 if row["cpu_time"].endswith("ms") else 1_000_000)
        # It is shown to the millisecond or finer, and goes on meanwhile.
        holds(before - 1000 <= time <= counted() + 1000, f"{row['cpu_time']}, but {before} to {counted()} microseconds")


@test
def a_limit_without_its_controller_is_refused_by_name(host):
    if cgroups.limits_processes():
        host.swiftlet.ok("run", "--rm", "--pids-limit", "9", IMAGE, "true")
        return
    before = host.census()
    for limit, controller in ((("--pids-limit", "9"), "pids"), (("-m", "64m"), "memory"), (("--blkio-weight", "500"), "io")):
        line = one_line(host.swiftlet.fails(126, "run", "--rm", *limit, IMAGE, "true"), "stderr")
        matches(line, rf'the host has no "{controller}" controller here: leave its limit out, or enable it \(cgroups\(7\)\)', "stderr")
    equal(host.settled(before), [], "what was left")


@test
def a_program_takes_the_machine_for_one_of_32_bits(host):
    machine = lambda *options: host.swiftlet.ok("--runtime", "crun", "run", "--rm", *CRUN, *options, IMAGE, "uname", "-m")
    equal(machine("--personality", "LINUX"), os.uname().machine, "LINUX")
    holds(machine("--personality", "linux32") != os.uname().machine, "LINUX32")
    matches(host.swiftlet.fails(125, "create", "--personality", "x", IMAGE), "^Error: invalid personality x: it is LINUX or LINUX32$", "stderr")
