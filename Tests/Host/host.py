"""A host of its own for tests: enter() moves this program into one, and returns there.

The private host has its own network, mounts, host name, IPC, processes and control groups:

- /run is an empty tmpfs; /var/lib/swiftlet, /var/lib/containers and /etc/containers/networks are empty
  directories of the scratch directory;
- lo, and eth0 192.168.121.67/24 with a default route to 192.168.121.1 in the network namespace 'remote';
- process 1 reaps orphans, as an init does, and everything ends with it;
- the control group hierarchies begin at a group made for this host. The groups of another host, or of
  a shard beside this one, are not seen here.

Nothing of the machine's own network, /run, containers or control groups is used. What lies outside (the
scratch directory, the control groups, mount points that were missing) is removed at the end, by the
process that stays outside, however the inner one ended.
"""
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cgroups

STAGE = "SWIFTLET_HOST_STAGE"
SCRATCH = "SWIFTLET_HOST_SCRATCH"
CONFIGURATION = "/etc/containers/networks"
PRIVATE = ("/var/lib/swiftlet", "/var/lib/containers", CONFIGURATION)
ADDRESS, REMOTE_ADDRESS = "192.168.121.67", "192.168.121.1"
NETNS = "/run/netns"


def enter(unified=False):
    """Returns the scratch directory, in the private host. The process that called it stays outside, waits,
    cleans up and exits with the inner one's status. unified: with the unified hierarchy of control groups alone."""
    stage = os.environ.pop(STAGE, None)
    if stage is None:
        sys.exit(_outside())
    if stage == "groups":
        _enter_groups(unified)
    _become_init()
    scratch = Path(os.environ[SCRATCH])
    _set_up(scratch)
    return scratch


# --- outside ------------------------------------------------------------------------------------

@contextlib.contextmanager
def mount_points():
    """Makes the directories to be mounted over, and removes those that it made.

    To remove a directory unmounts what lies on it in every namespace. So who runs several hosts at once
    holds this around all of them.
    """
    made = []
    for path in map(Path, PRIVATE):
        missing = [p for p in (path, *path.parents) if not p.exists()]
        path.mkdir(parents=True, exist_ok=True)
        made += missing
    try:
        yield
    finally:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()


def _outside():
    if os.geteuid() != 0:
        sys.exit(f"{Path(sys.argv[0]).name}: needs root: namespaces, mounts and control groups are made")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(128 + number))
    # Digits only: Podman makes an image's name of a directory's path, and mkdtemp's underscores may stand where none may.
    scratch = f"/var/tmp/swiftlet-host.{secrets.token_hex(8)}"
    os.mkdir(scratch)
    # A test looks at what another user can reach.
    os.chmod(scratch, 0o755)
    with mount_points(), cgroups.private_groups(f"swiftlet-host-{os.getpid()}") as groups:
        inner = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--cgroup", "--mount", sys.executable, *sys.argv],
            env={**os.environ, STAGE: "groups", SCRATCH: scratch}, preexec_fn=lambda: cgroups.join(groups))
        try:
            status = inner.wait()
        except KeyboardInterrupt:
            status = 130
        finally:
            # The processes of the host end with its first one, which ends with this one.
            inner.kill()
            inner.wait()
            _remove(scratch)
    return status if status >= 0 else 128 - status


def _remove(scratch):
    """The last process may still be leaving its mounts."""
    for _ in range(50):
        shutil.rmtree(scratch, ignore_errors=True)
        if not os.path.exists(scratch):
            return
        time.sleep(0.1)
    print(f"host: {scratch} cannot be removed", file=sys.stderr)


# --- on the way in ------------------------------------------------------------------------------

def _enter_groups(unified):
    """In the new control group namespace: shows it alone, then goes on to the other namespaces."""
    do("mount --make-rprivate /")
    cgroups.remount(unified)
    os.environ[STAGE] = "init"
    os.execvp("unshare", ["unshare", "--net", "--uts", "--ipc", "--mount", "--pid", "--fork", "--kill-child",
                          sys.executable, *sys.argv])


def _become_init():
    """Forks: the child goes on, the parent is the host's process 1 until the child ends."""
    do("mount --make-rprivate / && mount -t proc proc /proc")
    child = os.fork()
    if child == 0:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def _set_up(scratch):
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.umask(0o022)
    socket.sethostname("node1")
    do("mount -t tmpfs -o mode=0755 tmpfs /run && mkdir -p /run/lock /run/netns")
    for number, path in enumerate(PRIVATE):
        own = scratch / f"private{number}"
        own.mkdir(mode=0o700 if path != CONFIGURATION else 0o755)
        do(f"mount --bind {own} {path}")
    do("ip link set lo up && ip netns add remote && ip -n remote link set lo up")
    do("ip link add eth0 type veth peer name eth0 netns remote")
    for where, address in (("", ADDRESS), ("-n remote", REMOTE_ADDRESS)):
        do(f"ip {where} addr add {address}/24 dev eth0 && ip {where} link set eth0 up")
    do(f"ip route add default via {REMOTE_ADDRESS}")
    # Addresses are tentative until duplicate address detection (RFC 4862) is through; then routes stay.
    until(lambda: not output("ip -6 addr show tentative") and "fe80" in output("ip -6 addr show dev eth0"))


# --- commands -----------------------------------------------------------------------------------

def do(command):
    """Runs a shell command that must succeed."""
    done = shell(command)
    if done.returncode:
        raise RuntimeError(f"{command}: exit status {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def shell(command, timeout=60):
    return subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=timeout)


def output(command):
    """What a shell command prints; nothing if it fails."""
    done = shell(command)
    return done.stdout if done.returncode == 0 else ""


def until(condition, seconds=10, pause=0.05):
    """Waits until condition() holds; returns its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(pause)
