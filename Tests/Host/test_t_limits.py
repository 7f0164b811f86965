"""Limits of run and create that only some hosts have: block devices, devices' rules, real-time, swapping."""
import json
import os
from pathlib import Path

from check import equal, matches, test
from program import IMAGE

NONE = ("--network", "none")
GROUPS = Path("/sys/fs/cgroup")


def _is_disk(name):
    """Whether there is something on it."""
    return Path(f"/dev/{name}").is_block_device() and Path(f"/sys/block/{name}/size").read_text().strip() != "0"


# Whatever disk there is: nothing is written to it.
DISK = next((f"/dev/{name}" for name in sorted(os.listdir("/sys/block")) if _is_disk(name)), None)

HAS_WEIGHT = (GROUPS / "blkio/blkio.weight").exists() or not (GROUPS / "blkio").exists()


def _numbers(path):
    device = os.stat(path).st_rdev
    return f"{os.major(device)}:{os.minor(device)}"


@test
def block_devices_are_throttled(host):
    if not (GROUPS / "blkio").is_dir() or not DISK:
        return
    for flag, file, value, wanted in (
            ("--device-read-bps", "read_bps", "1mb", 1 << 20), ("--device-write-bps", "write_bps", "2m", 2 << 20),
            ("--device-read-iops", "read_iops", "100", 100), ("--device-write-iops", "write_iops", "200", 200)):
        got = host.inside("cat", f"/sys/fs/cgroup/blkio/blkio.throttle.{file}_device", arguments=(flag, f"{DISK}:{value}"))
        equal(got, f"{_numbers(DISK)} {wanted}", flag)
    done = host.swiftlet.run("run", "--rm", *NONE, "--blkio-weight", "500", IMAGE, "sh", "-c", "cat /sys/fs/cgroup/blkio/blkio.weight || true")
    if HAS_WEIGHT:
        equal((done.status, done.out), (0, "500\n"), "--blkio-weight")
    else:
        matches(done.err, "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.", "stderr")
        equal(done.status, 0, "--blkio-weight")


@test
def memory_is_swapped_and_waited_for_as_told(host):
    if not (GROUPS / "memory").is_dir():
        return
    def group(file, *options):
        return host.inside("cat", f"/sys/fs/cgroup/memory/memory.{file}", arguments=("-m", "64m", *options)).splitlines()
    equal(group("swappiness", "--memory-swappiness", "10"), ["10"], "--memory-swappiness")
    equal(group("swappiness", "--memory-swappiness", "-1"), group("swappiness"), "--memory-swappiness -1")
    equal(group("oom_control", "--oom-kill-disable")[0], "oom_kill_disable 1", "--oom-kill-disable")
    equal(group("oom_control")[0], "oom_kill_disable 0", "unless told")


@test
def real_time_is_limited_where_the_host_can(host):
    done = host.swiftlet.run("run", "--rm", *NONE, "--cpu-rt-period", "500000", IMAGE, "sh", "-c", "cat /sys/fs/cgroup/cpu/cpu.rt_period_us || true")
    if not (GROUPS / "cpu").is_dir():
        equal((done.status, done.out), (0, ""), "--cpu-rt-period")
        matches(done.err, "Realtime period not supported on cgroups V2 systems", "stderr")
    elif (GROUPS / "cpu/cpu.rt_period_us").exists():
        equal(done.out, "500000\n", "--cpu-rt-period")


@test
def a_rule_opens_devices(host):
    # To open one of these has no effect.
    device = next((path for path in ("/dev/fuse", "/dev/loop-control") if os.access(path, os.R_OK)), None)
    if not device:
        return
    numbers = _numbers(device)
    script = f"mknod /dev/mine c {numbers.replace(':', ' ')} && : < /dev/mine && echo open"
    def opened(*options):
        return host.swiftlet.run("run", "--rm", *NONE, "--cap-add", "MKNOD", *options, IMAGE, "sh", "-c", script)
    matches(opened().err, "Operation not permitted", "without a rule")
    for rule in (f"c {numbers} r", "c *:* r"):
        equal(opened("--device-cgroup-rule", rule).out, "open\n", rule)
    matches(opened("--device-cgroup-rule", f"c {numbers} w").err, "Operation not permitted", "a rule for something else")


@test
def limits_that_make_no_sense_are_refused_in_podmans_words(host):
    for words, error in (
            (("--blkio-weight", "x"), '^Error: invalid value for blkio-weight: strconv.ParseUint: parsing "x": invalid syntax$'),
            (("--blkio-weight", "5"), "^Error: range of blkio weight is from 10 to 1000$"),
            (("--blkio-weight-device", "x"), "^Error: bad format: x$"),
            (("--blkio-weight-device", "/dev/null:5"), "^Error: invalid weight for device: /dev/null:5$"),
            (("--blkio-weight-device", "null:500"), "^Error: bad format for device path: null:500$"),
            (("--blkio-weight-device", "/dev/nosuch:500"), "^Error: failed to inspect '/dev/nosuch' in --blkio-weight-device: no such file or directory$"),
            (("--device-read-bps", "/dev/nosuch:1mb"), "^Error: could not parse throttle device at /dev/nosuch: no such file or directory$"),
            (("--device-write-bps", "/dev/null:-1"), r"^Error: invalid rate for device: /dev/null:-1. The correct format is <device-path>:<number>\[<unit>\]. "
             "Number must be a positive integer. Unit is optional and can be kb, mb, or gb$"),
            (("--device-read-iops", "/dev/null:1k"), "^Error: invalid rate for device: /dev/null:1k. The correct format is <device-path>:<number>. "
             "Number must be a positive integer$"),
            (("--memory-swappiness", "101"), "^Error: invalid value: 101, valid memory swappiness range is 0-100$"),
            (("--device-cgroup-rule", "c 1:2"), '^Error: invalid device cgroup rule requires type, major:Minor, and access rules: "c 1:2"$'),
            (("--device-cgroup-rule", "x 1:2 r"), "^Error: invalid device type in device-access-add: x$"),
            (("--device-cgroup-rule", "c x:2 r"), '^Error: strconv.ParseUint: parsing "x": invalid syntax$'),
            (("--device-cgroup-rule", "c 1:2 q"), "^Error: invalid device access in device-access-add: q$")):
        matches(host.swiftlet.fails(125, "create", *NONE, *words, IMAGE), error, " ".join(words))
    equal(host.swiftlet.ok("ps", "-aq"), "", "containers that are left")


@test
def inspect_shows_limits_of_devices(host):
    if not DISK:
        return
    host.swiftlet.ok("create", "--name", "c", *NONE, "--blkio-weight", "500", "--blkio-weight-device", f"{DISK}:300", "--device-read-bps", f"{DISK}:1mb",
                     "--device-write-iops", f"{DISK}:200", "--memory-swappiness", "10", "--oom-kill-disable", IMAGE)
    got = json.loads(host.swiftlet.ok("inspect", "c"))[0]["HostConfig"]
    host.remove("c")
    for field, wanted in (("BlkioWeight", 500 if HAS_WEIGHT else 0), ("BlkioWeightDevice", [{"Path": DISK, "Weight": 300}]), ("BlkioDeviceReadBps", [{"Path": DISK, "Rate": 1 << 20}]),
                          ("BlkioDeviceWriteBps", []), ("BlkioDeviceReadIOps", []), ("BlkioDeviceWriteIOps", [{"Path": DISK, "Rate": 200}]),
                          ("MemorySwappiness", 10), ("OomKillDisable", True)):
        equal(got[field], wanted, field)
    host.swiftlet.ok("create", "--name", "c", *NONE, "-m", "64m", IMAGE)
    equal(host.swiftlet.field("c", ".HostConfig.MemorySwappiness"), "-1", "MemorySwappiness")
    host.remove("c")
