"""Power loss, simulated: the data directory lies on ext4 in a file, and a copy of that file, made without a sync, is
what a disk would have had. Nothing is left of /run then."""
import contextlib
import hashlib
import io
import signal
import tarfile
import time
from dataclasses import replace
from pathlib import Path

from check import equal, holds, test
from host import do
from registry import Image, Server, configuration, docker_archive

PULLED, LOADED = "test.example/test/image:latest", "test.example/a:b"
# Shares of the time that the command takes. At those marked, the journal is written before the power goes: then names
# are on the disk whose content is not.
POINTS = ((0.1, False), (0.3, True), (0.5, False), (0.6, True), (0.7, False), (0.8, True), (0.9, False), (0.95, True))
# ext4's mount option: seconds between two writes of the journal.
COMMIT = 1


def _layer(number):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name in range(150):
            content = hashlib.sha512(f"{number} {name}".encode()).digest() * (1 + name * name // 16)
            entry = tarfile.TarInfo(f"layer{number}/d{name % 7}/f{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


def _contents(root):
    """Name -> digest of every file."""
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in Path(root).rglob("*") if path.is_file()}


class Disk:
    """A file system in a file, mounted; a program whose data is on it."""

    def __init__(self, host, environment):
        self.host, self.top = host, host.scratch / "power"
        self.file, self.mount = self.top / "disk", self.top / "mount"
        self.environment = {**host.swiftlet.environment, **environment}
        self.program = self._program(self.mount, "run")

    def _program(self, mount, run):
        return replace(self.host.swiftlet, environment=self.environment, options=[
            *self.host.swiftlet.options, "--root", str(mount / "root"), "--runroot", str(self.top / run)])

    @contextlib.contextmanager
    def mounted(self):
        self.mount.mkdir(parents=True)
        do(f"truncate -s 96M {self.file} && mkfs.ext4 -q {self.file} && mount -o loop,commit={COMMIT} {self.file} {self.mount}")
        try:
            yield self
        finally:
            do(f"umount {self.mount} && rm -rf {self.top}")

    def copy(self, name):
        """What the disk has now."""
        do(f"cp --sparse=always {self.file} {self.top}/{name}")
        return self.top / name

    @contextlib.contextmanager
    def after_power_came_back(self, copy):
        """The program on a copy."""
        mount = self.top / "again"
        mount.mkdir()
        do(f"mount -o loop {copy} {mount}")
        try:
            yield self._program(mount, "run2")
        finally:
            do(f"umount {mount} && rmdir {mount} && rm -rf {self.top}/run2 {copy}")


def _whole(disk, copy, command, image, wanted, acknowledged, what):
    """After power loss: the image is there whole, or not at all; it is there if the command had said so."""
    with disk.after_power_came_back(copy) as program:
        program.ok("container", "cleanup", "--all")
        equal(program.ok("system", "check", "-q"), "", f"{what}: system check")
        empty = do(f"find {program.options[-3]}/blobs {program.options[-3]}/layers -type f -size 0").split()
        equal(empty, [], f"{what}: files without content")
        if program.run("image", "exists", image).status != 0:
            holds(not acknowledged, f"{what}: an image is gone that was said to be there")
            equal(do(f"find {program.options[-3]}/blobs {program.options[-3]}/layers -type f").split(), [], f"{what}: what is left")
            program.ok(*command)
        root = program.ok("image", "mount", image)
        try:
            equal(_contents(root), wanted, f"{what}: the files")
        finally:
            program.ok("image", "unmount", image)
        program.ok("rmi", image)
        equal(program.ok("system", "check", "-q"), "", f"{what}: system check at the end")


def _loses_power(disk, command, image):
    program = disk.program
    program.ok("images")
    began = time.monotonic()
    program.ok(*command)
    took = time.monotonic() - began
    root = program.ok("image", "mount", image)
    wanted = _contents(root)
    program.ok("image", "unmount", image)
    holds(len(wanted) == 450, f"{len(wanted)} files in the image")
    for number, (share, journal) in enumerate(POINTS):
        program.ok("rmi", image)
        do("sync")
        process = program.start(*command)
        time.sleep(took * share)
        # The disk does not change while it is copied.
        process.send_signal(signal.SIGSTOP)
        if journal:
            time.sleep(1.5 * COMMIT)
        ended = process.poll() is not None
        during = disk.copy("during")
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        equal(process.returncode, 0, "the command's exit status")
        if number % 2:
            time.sleep(1.5 * COMMIT)
        afterwards = disk.copy("afterwards")
        _whole(disk, during, command, image, wanted, ended, f"{command[0]}, at {share} of its time")
        _whole(disk, afterwards, command, image, wanted, True, f"{command[0]}, acknowledged")
    program.ok("rmi", image)


@test
def a_pull_survives_power_loss_whole_or_not_at_all(host):
    image = Image([_layer(number) for number in range(3)])
    with Server(image.answer) as server:
        (host.scratch / "power").mkdir()
        environment = configuration(
            host.scratch / "power", f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\ninsecure=true\n')
        with Disk(host, environment).mounted() as disk:
            _loses_power(disk, ("pull", "-q", PULLED), PULLED)


@test
def a_load_survives_power_loss_whole_or_not_at_all(host):
    with Disk(host, {}).mounted() as disk:
        with tarfile.open(disk.top / "image.tar", "w") as archive:
            docker_archive(archive, [_layer(number) for number in range(3)])
        _loses_power(disk, ("load", "-q", "-i", disk.top / "image.tar"), LOADED)
