"""What a test is given: the host, the program on it, and what tests have in common."""
import contextlib
import subprocess
from dataclasses import replace
from pathlib import Path

import census
from check import holds
from host import do, shell, until
from program import IMAGE, WAITING, Program, finish
from wipe import wipe


class Host:
    """The private host with the image loaded."""

    def __init__(self, swiftlet: Program, scratch: Path, archive: Path):
        self.swiftlet, self.scratch, self.archive = swiftlet, scratch, archive
        if swiftlet.is_podman:
            self.root, self.run_root = "/var/lib/containers/storage", "/run/containers/storage"
        else:
            self.root, self.run_root = "/var/lib/swiftlet", "/run/swiftlet"

    def warm_up(self):
        """Loads the image and lets the first container make what stays (netavark's static chains, sysctls, and the
        directories that hold others)."""
        self.swiftlet.ok("load", "-i", self.archive)
        with self.container("-p", "1:1", command=WAITING) as identifier:
            self.swiftlet.ok("exec", identifier, "true")
        # A first network makes the lock of definitions.
        self.swiftlet.ok("network", "create", "warm")
        self.swiftlet.ok("network", "rm", "warm")
        # conmon and the clean-up that it calls are no part of what is compared with later.
        until(lambda: not census.processes(), 10)

    def census(self):
        return census.Census(self.root, self.run_root)

    def settled(self, before, seconds=5):
        """The difference between a census and now, once things have settled."""
        return census.settled(before, self.census, seconds)

    def restore(self):
        """After a failure: ends and removes everything, and begins anew, so that the next test tells of itself only."""
        wipe(self.root)
        for path in (self.root, self.run_root):
            shell(f"find {path} -mindepth 1 -delete")
        shell("find /etc/containers/networks -mindepth 1 -delete")
        self.warm_up()

    # --- containers -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def container(self, *arguments, command=(), image=IMAGE):
        """A detached container; its id. It is removed at the end."""
        identifier = self.swiftlet.ok("run", "-d", *arguments, image, *command)
        try:
            yield identifier
        finally:
            self.remove(identifier)

    def remove(self, *containers):
        """Removes containers, however they are; those that are gone are no matter."""
        self.swiftlet.ok("rm", "-f", "-t", "0", "-v", "--ignore", *containers)

    def inside(self, *command, arguments=()):
        """What a command prints in a container of its own."""
        return self.swiftlet.ok("run", "--rm", "--network", "none", *arguments, IMAGE, *command)

    @contextlib.contextmanager
    def made_image(self, *changes):
        """An image that differs from the usual one by instructions, as commit takes them; its name. It is gone at the end."""
        name = "localhost/made:1"
        self.swiftlet.ok("create", "--name", "maker", "--network", "none", IMAGE)
        self.swiftlet.ok("commit", "-q", *(word for change in changes for word in ("-c", change)), "maker", name)
        self.remove("maker")
        try:
            yield name
        finally:
            self.swiftlet.ok("rmi", "-f", "-i", name)

    def pid(self, container):
        return int(self.swiftlet.field(container, ".State.Pid"))

    def address(self, container):
        return self.swiftlet.field(container, ".NetworkSettings.Networks.podman.IPAddress")

    def state(self, container):
        return self.swiftlet.field(container, ".State.Status")

    def wait_for_state(self, container, state, seconds=10):
        holds(until(lambda: self.state(container) == state, seconds),
              f"container {container} was to become {state}, is {self.state(container)}")

    # --- many at once ---------------------------------------------------------------------------

    def at_once(self, commands, timeout=120):
        """Starts all the commands, then waits for all; what each did."""
        started = [self.swiftlet.start(*command) for command in commands]
        return [finish(process, timeout=timeout) for process in started]

    # --- the network ----------------------------------------------------------------------------

    def curl(self, url, seconds=5, remote=False):
        """The reply, once a server answers; nothing if none does in time."""
        prefix = "ip netns exec remote " if remote else ""
        done = [None]

        def answered():
            done[0] = shell(f"{prefix}curl --silent --show-error --globoff --max-time 3 '{url}'")
            return done[0].returncode == 0
        until(answered, seconds)
        return done[0].stdout

    # --- another data directory -----------------------------------------------------------------

    @contextlib.contextmanager
    def elsewhere(self, name="elsewhere", size=None):
        """The program on data directories of its own, which are removed at the end. size: MiB of a file system of
        their own. Give its containers no network: addresses are counted a data directory."""
        top = self.scratch / name
        top.mkdir(mode=0o700)
        if size:
            do(f"mount -t tmpfs -o size={size}m,mode=0700 tmpfs {top}")
        options = ["--root", str(top / "root"), "--runroot", str(self.scratch / f"{name}.run")]
        program = replace(self.swiftlet, options=[*self.swiftlet.options, *options])
        try:
            yield program
        finally:
            program.run("rm", "-f", "-t", "0", "-a")
            if size:
                do(f"umount --lazy {top}")
            subprocess.run(["rm", "-rf", str(top), str(self.scratch / f"{name}.run")], check=True)
