"""The census: everything that commands make outside their own process, in text. Two are compared.

What is listed is reliability.md's Appendix B. Nothing in it changes by itself, so before and after equal
commands it is equal.
"""
import os
import re
import sqlite3
from pathlib import Path

from host import NETNS, output, until

# What the state keeps on purpose: the next address to give, the exit codes of the past, the boot's stamp.
KEPT_TABLES = {"last_addresses", "exit_codes", "boot", "sqlite_sequence"}
CGROUPS = Path("/sys/fs/cgroup")


class Census:
    """One look at the host. sections: name -> sorted lines."""

    def __init__(self, root="/var/lib/swiftlet", run_root="/run/swiftlet"):
        self.sections = {
            "mount": _mounts((root, run_root, NETNS, "/var/lib/containers", "/run/containers")),
            "network namespace": _names(NETNS),
            "link": _links(),
            "rule": _rules(),
            "route": output("ip route show table all").splitlines() + output("ip -6 route show table all").splitlines(),
            "cgroup": _cgroups(),
            "process": processes(),
            "file": _files(Path(root), Path(run_root)),
            "row": _rows(Path(root, "state.sqlite")) + _rows(Path(run_root, "run.sqlite")),
            "socket": _sockets(),
            "sysctl": [f"ip_forward = {Path('/proc/sys/net/ipv4/ip_forward').read_text().strip()}"],
        }
        for lines in self.sections.values():
            lines.sort()

    def __eq__(self, other):
        return self.sections == other.sections

    def difference(self, later):
        """What is more ('+') or less ('-') in a later census, a line each."""
        lines = []
        for name, before in self.sections.items():
            after = list(later.sections[name])
            gone = []
            for line in before:
                if line in after:
                    after.remove(line)
                else:
                    gone.append(line)
            lines += [f"- {name}: {line}" for line in gone] + [f"+ {name}: {line}" for line in after]
        return lines


def settled(before, take, seconds=5):
    """Takes a census again and again until it equals the one before, or the time is up; the difference.

    conmon and the clean-up that it calls end after the command that they belong to.
    """
    latest = []

    def same():
        latest[:] = [take()]
        return latest[0] == before

    until(same, seconds, pause=0.1)
    return before.difference(latest[0])


def _mounts(trees):
    """A directory that a test's host itself mounted is one of the trees; what counts lies below."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split(" ")
        point, kind = fields[4], fields[fields.index("-") + 1]
        # Podman mounts its storage over itself, once and for good.
        if any(point.startswith(f"{tree}/") for tree in trees) and not point.endswith("/storage/overlay"):
            found.append(f"{point} ({kind})")
    return found


def _names(directory):
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []


def _links():
    """Not the indices: they only ever grow."""
    return [f"{kind} {name}" for kind in ("veth", "bridge")
            for name in re.findall(r"^\d+: ([^:@]+)", output(f"ip -o link show type {kind}"), re.M)]


def _rules():
    found = []
    for program in ("iptables", "ip6tables"):
        for table in ("nat", "filter", "raw"):
            for line in output(f"{program}-save -t {table}").splitlines():
                if not line.startswith("#"):
                    found.append(f"{program} {table} " + re.sub(r" ?\[\d+:\d+\]", "", line))
    return found


def _cgroups():
    """Every group but the one that the host's own processes are in; paths begin with the controller."""
    found = []
    for directory, names, _ in os.walk(CGROUPS):
        if "cgroup.procs" in os.listdir(directory):
            names[:] = [n for n in names if n != "main"]
            found.append(os.path.relpath(directory, CGROUPS))
    return found


def processes():
    """Everything but process 1, this process and its threads, and the dead that nobody waited for yet."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if int(pid) in (1, os.getpid()):
            continue
        try:
            stat = Path("/proc", pid, "stat").read_text()
            arguments = Path("/proc", pid, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended since
        name, state = re.match(r"\d+ \((.*)\) (.)", stat, re.S).groups()
        if state not in "ZX":
            found.append(f"{name}: {arguments.strip()[:200]}")
    return found


def _files(root, run_root):
    """Names, as deep as the engine's own: what is inside layers, volumes and containers is theirs."""
    found = []
    for tree, depth in ((root, 2), (run_root, 4)):
        for directory, names, files in os.walk(tree):
            parts = Path(directory).relative_to(tree).parts
            below = {("blobs",): 3, ("containers",): 2}.get(parts[:1], depth)
            # SQLite's own companions come and go with whoever has the database open.
            shown = [f for f in files if not f.endswith(("-wal", "-shm", "-journal"))]
            if directory == str(run_root):
                # The directories themselves come with their first use; seccomp is a cache, one file a filter.
                names[:] = [name for name in names if name != "seccomp"]
            else:
                shown += names
            found += [os.path.join(directory, name) for name in shown]
            if len(parts) + 1 >= below:
                names.clear()
    return found


def _rows(database):
    """How many rows each table has, and how many of them are owned: being changed by somebody."""
    if not database.exists():
        return []
    found = []
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        tables = [name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(set(tables) - KEPT_TABLES):
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            owned = ", sum(owner IS NOT NULL)" if "owner" in columns else ""
            count, *rest = connection.execute(f'SELECT count(*){owned} FROM "{table}"').fetchone()
            found.append(f"{database.name} {table}: {count}" + (f", {rest[0]} owned" if rest and rest[0] else ""))
    finally:
        connection.close()
    return found


def _sockets():
    """Listening TCP sockets and bound UDP sockets (proc_net_tcp.txt: state 0A is LISTEN, 07 is an unconnected UDP)."""
    found = []
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path("/proc/net", protocol).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == ("0A" if protocol.startswith("tcp") else "07"):
                address, port = fields[1].split(":")
                found.append(f"{protocol} {address}:{int(port, 16)}")
    return found
