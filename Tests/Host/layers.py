"""Layers as tests want them, member by member, and images of such layers in the program's store."""
import io
import json
import subprocess
import tarfile
from contextlib import contextmanager
from pathlib import Path

from host import do
from hostile import all_refused, mock
from registry import Image

NAME = "test.example/test/image:latest"
KINDS = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
         "block": tarfile.BLKTYPE, "char": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}


def member(name, kind="file", content=b"", link="", mode=0o644, announced=None, **pax):
    """One entry as bytes."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = KINDS[kind], link, mode
    entry.size = len(content) if announced is None else announced
    entry.devmajor, entry.devminor = (8, 0) if kind in ("block",) else (0, 0)
    entry.pax_headers = pax
    return entry.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % 512)


def archive(*entries):
    return b"".join(x if isinstance(x, bytes) else member(*x) for x in entries) + bytes(1024)


def layers_refused(host, layers, pattern="layer"):
    """Pulls an image with each layer; none gets in."""
    all_refused(host, (Image([archive(*entries)]) for entries in layers), pattern)


@contextmanager
def pulled(host, *entries, shell=False, **configuration):
    """The program with an image of one layer; with a shell in another one if wanted."""
    layers = [archive(*entries)]
    if shell:
        layers.insert(0, archive(shell_entries(host)))
    with mock(host, Image(layers, **configuration).answer) as (_, program):
        program.ok("pull", "-q", NAME)
        yield program
        program.ok("rm", "-f", "-t", "0", "-a")
        program.ok("rmi", "-f", NAME)


def shell_entries(host):
    """The whoami image's busybox alone."""
    with tarfile.open(host.archive) as outer:
        names = json.load(outer.extractfile("manifest.json"))[0]["Layers"]
        with tarfile.open(fileobj=io.BytesIO(outer.extractfile(names[0]).read())) as inner:
            busybox = next(x for x in inner.getmembers() if x.name.lstrip("./") == "bin/busybox")
            content = inner.extractfile(busybox).read()
    return b"".join(member(*x) for x in (
        ("bin", "dir", b"", "", 0o755), ("bin/busybox", "file", content, "", 0o755), ("bin/sh", "link", b"", "busybox")))


def paths(program):
    """Everything in the image, from its mount."""
    root = program.ok("image", "mount", NAME)
    try:
        return sorted(do(f"cd {root} && find . -mindepth 1 -printf '%P\\n'").splitlines())
    finally:
        program.ok("image", "unmount", NAME)


def contents(program):
    """Every regular file of the image: its text."""
    root = Path(program.ok("image", "mount", NAME))
    try:
        return {str(x.relative_to(root)): x.read_text() for x in root.rglob("*") if x.is_file() and not x.is_symlink()}
    finally:
        program.ok("image", "unmount", NAME)


def measured(program, *arguments):
    """What came of a command, and the memory that it had at most, in KiB."""
    done = subprocess.run(["python3", "-c", (
        "import json,resource,subprocess,sys; d=subprocess.run(sys.argv[1:],stdin=subprocess.DEVNULL,capture_output=True,text=True);"
        "print(json.dumps([d.returncode, d.stdout, d.stderr, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))"),
        *program.command(*arguments)], env=program.environ(), capture_output=True, text=True, timeout=400)
    status, out, err, peak = json.loads(done.stdout)
    return subprocess.CompletedProcess(arguments, status, out, err), peak
