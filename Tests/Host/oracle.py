"""Debian's Podman, to be asked how it would do it."""
from contextlib import contextmanager

from host import do, shell

PODMAN = "podman --root {0}/podman --runroot {0}/podman.run --storage-driver {1} --cgroup-manager cgroupfs --runtime runc"


@contextmanager
def debian(host, loaded=True, driver="vfs"):
    """Its command line, with a store of its own; with the tests' image if wanted."""
    command = PODMAN.format(host.scratch, driver)
    if loaded:
        do(f"{command} load -qi {host.archive}")
    try:
        yield command
    finally:
        shell(f"{command} system reset -f; rm -rf {host.scratch}/podman {host.scratch}/podman.run; "
              "find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} +")
