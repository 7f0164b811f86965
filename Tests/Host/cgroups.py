"""Control groups for a private host: a group in every hierarchy, shown to the host as the hierarchy's root."""
import contextlib
import os
import time
from pathlib import Path

TOP = Path("/sys/fs/cgroup")
# Where the host's own processes are: in the unified hierarchy, a group whose children have controllers
# must have no process of its own (cgroups(7), "no internal processes").
OWN = "main"


def hierarchies():
    """(mount point, file system type, options that name the hierarchy) of every mounted hierarchy."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, after = line.split(" - ")
        kind, _, options = after.split(" ", 2)
        if kind in ("cgroup", "cgroup2"):
            general = {"rw", "ro", "xattr", "clone_children", "cpuset_v2_mode", "nsdelegate", "memory_recursiveprot"}
            named = [o for o in options.split(",") if o not in general and not o.startswith("release_agent=")]
            found.append((Path(before.split(" ")[4]), kind, ",".join(named)))
    return found


@contextlib.contextmanager
def private_groups(name):
    """Makes a group of this name in every hierarchy, and removes them with all that is below at the end."""
    groups = []
    for top, kind, _ in hierarchies():
        if top == TOP:
            _enable_controllers(top)
        group = top / name
        group.mkdir()
        _copy_cpuset(top, group)
        groups.append(group)
    try:
        yield groups
    finally:
        end = time.monotonic() + 10
        while groups and time.monotonic() < end:
            groups = [group for group in groups if not _remove(group)]
            if groups:
                time.sleep(0.05)
        for group in groups:
            print(f"host: {group} cannot be removed")


def join(groups):
    """Moves this process into the groups."""
    for group in groups:
        (group / "cgroup.procs").write_text(str(os.getpid()))


def remount(unified=False):
    """Mounts the hierarchies anew, as this control group namespace sees them, and leaves their roots. unified: as on a host
    that has the unified hierarchy (version 2) alone; controllers that another hierarchy has are not in it."""
    found = [(TOP, "cgroup2", "")] if unified else hierarchies()
    links = [] if unified else [(path, os.readlink(path)) for path in TOP.iterdir() if path.is_symlink()]
    _mount("umount", "--lazy", "--recursive", str(TOP))
    if any(top != TOP for top, _, _ in found):
        _mount("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(TOP))
    for top, kind, options in found:
        top.mkdir(exist_ok=True)
        _mount("mount", "-t", kind, *(["-o", options] if options and kind == "cgroup" else []), "cgroup", str(top))
    for path, target in links:
        if not path.is_symlink() and not path.exists():
            path.symlink_to(target)
    for top, _, _ in found:
        (top / OWN).mkdir()
        _copy_cpuset(top, top / OWN)
        join([top / OWN])


def limits_processes():
    """Whether the pids controller is in a hierarchy that is mounted."""
    return any("pids" in options.split(",") or top == TOP and "pids" in (top / "cgroup.controllers").read_text().split()
               for top, _, options in hierarchies())


def _mount(*command):
    status = os.spawnvp(os.P_WAIT, command[0], command)
    if status:
        raise RuntimeError(f"{' '.join(command)}: exit status {status}")


def _enable_controllers(top):
    """As a service manager does, where there is only the unified hierarchy; what is busy or not there is left out."""
    for controller in (top / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (top / "cgroup.subtree_control").write_text(f"+{controller}")


def _copy_cpuset(parent, group):
    """A new group of the cpuset controller (version 1) takes no process before these are set."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (parent / name).exists() and (group / name).exists() and not (group / "cgroup.controllers").exists():
            (group / name).write_text((parent / name).read_text())


def thaw(group):
    """Lets go on what a test left frozen in a group and below it: in version 1 it could not even be killed."""
    for path, word in (*((p, "THAWED") for p in group.rglob("freezer.state")), *((p, "0") for p in group.rglob("cgroup.freeze"))):
        with contextlib.suppress(OSError):
            path.write_text(word)


def _remove(group):
    """Removes a group and all below it; False while processes are left."""
    thaw(group)
    try:
        for directory, _, _ in os.walk(group, topdown=False):
            os.rmdir(directory)
    except OSError:
        return not group.exists()
    return True
