"""Ends what runs on the private host and removes what engines made in the kernel, as a reboot does."""
import contextlib
import os
import re
import signal
from pathlib import Path

import cgroups
from host import NETNS, do, shell, until


def wipe(root):
    """root: the data directory, below which everything is unmounted."""
    end_processes()
    for point in reversed(re.findall(rf" ({root}/\S+) ", Path("/proc/self/mountinfo").read_text())):
        do(f"umount --lazy {point}")
    for name in os.listdir(NETNS):
        if name != "remote":
            do(f"ip netns del {name}")
    shell("for kind in bridge veth; do ip -o link show type $kind | cut -d: -f2 | cut -d@ -f1 | grep -vw eth0 | xargs -rn1 ip link del; done")
    for program in ("iptables", "ip6tables"):
        do("; ".join(f"{program} -t {table} -F; {program} -t {table} -X" for table in ("nat", "filter")))
    # What just ended may still be leaving its group.
    until(lambda: shell(r"find /sys/fs/cgroup -depth -type d -regextype posix-extended "
                        r"-regex '.*[0-9a-f]{64}.*' -exec rmdir '{}' +").returncode == 0, 5)


def end_processes():
    """The monitors first: they would clean up after their containers."""
    cgroups.thaw(cgroups.TOP)
    for name in ("conmon", ""):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if int(pid) not in (1, os.getpid()) and name in Path("/proc", pid, "comm").read_text():
                    os.kill(int(pid), signal.SIGKILL)
    until(lambda: len([p for p in os.listdir("/proc") if p.isdigit()]) == 2)
