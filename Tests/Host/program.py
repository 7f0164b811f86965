"""The program under test, and how it is called."""
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import cgroups
from check import Failure

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("SCRATCH", ".build")
IMAGE = "ghcr.io/larsks/whoami:latest"
# Ends at once on SIGTERM: process 1 of a container ignores signals without a handler, and would cost 10 seconds.
WAITING = ("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done")

PODMAN_CONFIGURATION = """[containers]
default_ulimits=["nofile=1024:4096","nproc=4096:4096"]
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
[network]
network_backend="netavark"
"""


@dataclass
class Done:
    """A command that has ended: its arguments, exit status, and output."""
    arguments: tuple
    status: int
    out: str
    err: str

    def __str__(self):
        text = f"{' '.join(self.arguments)[:300]}: exit status {self.status}"
        for name, stream in (("stdout", self.out), ("stderr", self.err)):
            if stream.strip():
                text += f"\n{name}: {stream.strip()[:1500]}"
        return text


# Where the controllers are in hierarchies that are not shown; crun must lift RLIMIT_MEMLOCK there, which not every root may.
WITHOUT_CONTROLLERS = """[containers]
pids_limit = 0
[engine]
runtime = "runc"
"""


@dataclass
class Program:
    """swiftlet (or podman, as the oracle) with its global options."""
    path: str
    options: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)

    @property
    def is_podman(self):
        return Path(self.path).name == "podman"

    def command(self, *arguments):
        return [self.path, *self.options, *map(str, arguments)]

    def environ(self, extra=None):
        return {**os.environ, **self.environment, **(extra or {})}

    def start(self, *arguments, **options):
        """Starts a command and returns its Popen; output goes to pipes unless options say otherwise."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(self.command(*arguments), env=self.environ(options.pop("env", None)), **options)

    def run(self, *arguments, input=None, timeout=90, env=None, cwd=None):
        """Runs a command to its end."""
        process = self.start(*arguments, env=env, cwd=cwd,
                             stdin=subprocess.DEVNULL if input is None else subprocess.PIPE)
        return finish(process, input=input, timeout=timeout)

    def ok(self, *arguments, **options):
        """Runs a command that must succeed; returns what it prints, without the last newline."""
        done = self.run(*arguments, **options)
        if done.status != 0:
            raise Failure(f"it was to succeed: {done}")
        return done.out.removesuffix("\n")

    def fails(self, status, *arguments, **options):
        """Runs a command that must exit with this status; returns its standard error."""
        done = self.run(*arguments, **options)
        if done.status != status:
            raise Failure(f"it was to exit with {status}: {done}")
        return done.err

    def field(self, container, template):
        return self.ok("inspect", "--format", "{{" + template + "}}", container)


def finish(process, input=None, timeout=90):
    """Waits for a started command and returns what it did. One that does not end is killed, and has failed."""
    if isinstance(input, str):
        input = input.encode()
    arguments = tuple(process.args)
    try:
        out, err = process.communicate(input, timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        try:
            out, err = process.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            # Somebody else still holds the pipes.
            out, err = b"", b""
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        text = (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace")
        raise Failure(f"it did not end in {timeout} seconds: {Done(arguments, -9, *text)}") from None
    return Done(arguments, process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace"))


def find(path=None, released=False):
    """The program to test: what was asked for, else the newest build, so that no test meets yesterday's program.
    released: only an optimized build will do, as for measuring."""
    builds = [BUILD / name for name in ("swiftlet", "release/swiftlet", *(() if released else ("debug/swiftlet",)))]
    found = [p for p in ([Path(path)] if path else builds) if p.is_file() and os.access(p, os.X_OK)]
    if not found:
        raise SystemExit(f"there is no program at {path or ', '.join(map(str, builds))}: make {'release' if released else 'build'} makes it")
    # The stripped one comes first, and is as new as the one that it was made from.
    return max(found, key=lambda p: (p.stat().st_mtime, -len(str(p)))).absolute()


def prepare(path, scratch):
    """A Program for the private host."""
    program = Program(str(path))
    if program.is_podman:
        configuration = scratch / "containers.conf"
        configuration.write_text(PODMAN_CONFIGURATION)
        program.environment["CONTAINERS_CONF"] = str(configuration)
    elif not cgroups.limits_processes():
        configuration = scratch / "containers.conf"
        configuration.write_text(WITHOUT_CONTROLLERS)
        program.environment["CONTAINERS_CONF"] = str(configuration)
    return program


def image_archive():
    """The image's archive, made once: the exam's if that is there, else the example's."""
    archive = BUILD / "host-tests-image.tar"
    if not archive.exists():
        maker = TOP.parent / "shared/exam/make-whoami-image"
        if not maker.exists():
            maker = TOP / "Examples/whoami/make-image"
        BUILD.mkdir(exist_ok=True)
        part = archive.with_suffix(f".{os.getpid()}")
        done = subprocess.run([str(maker), str(part)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{maker}: {done.stderr}")
        shutil.move(part, archive)
    return archive


def debian_root():
    """A tar of the root that debootstrap makes, made once and by root; nothing, after saying why, where there is no network for it."""
    archive, mirror, suite = BUILD / "host-tests-debian.tar", "http://deb.debian.org/debian", "bookworm"
    if archive.exists():
        return archive
    if subprocess.run(["curl", "-sf", "-m", "10", "-o", "/dev/null", f"{mirror}/dists/{suite}/Release"]).returncode:
        print(f"host tests: {mirror} cannot be reached: no root is made with debootstrap")
        return None
    with tempfile.TemporaryDirectory(prefix="debian.", dir=BUILD) as top:
        done = subprocess.run(
            f"debootstrap --variant=minbase {suite} {top}/root {mirror} && rm -rf {top}/root/var/cache/apt/archives/*.deb && "
            f"tar -C {top}/root --xattrs --xattrs-include='*' --numeric-owner -cf {top}/root.tar . && mv {top}/root.tar {archive}",
            shell=True, capture_output=True, text=True, timeout=1200)
    if done.returncode:
        raise SystemExit(f"debootstrap: {done.stdout[-1500:]}{done.stderr[-1500:]}")
    return archive
