"""Layers that two readers could understand differently: rows U5 and U6 of reliability.md's 2A, against Debian's Podman,
which reads with Go's archive/tar."""
import os
import tarfile
from pathlib import Path

from check import equal, holds, test
from host import do, shell
from hostile import mock, refused
from layers import NAME, archive, layers_refused, member, paths, pulled
from oracle import debian
from registry import Image, docker_archive


def _pax(*records, kind=b"x", size=None):
    """An extended header with these records, whole or not."""
    data = b"".join(records)
    outer = tarfile.TarInfo("pax")
    outer.type, outer.size = kind, len(data) if size is None else size
    return outer.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % 512)


def _record(text):
    """`LENGTH KEY=VALUE`, and a line's end."""
    rest = b" " + text + b"\n"
    length = next(n for n in range(len(rest), len(rest) + 9) if n == len(rest) + len(str(n)))
    return str(length).encode() + rest


def _field(entry, start, data):
    """An entry with something else in its header, and the right sum."""
    header = bytearray(entry[:512])
    header[start:start + len(data)] = data
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + entry[512:]


@test
def u5_the_pax_size_counts_and_hides_no_entry(host):
    inner = member("smuggled", "file", b"x")
    hidden = member("outer", announced=0, **{"size": str(len(inner))}) + inner
    with pulled(host, hidden, ("last",)) as program:
        equal(paths(program), ["last", "outer"], "the entries")


@test
def u5_a_pax_record_that_is_malformed_is_refused(host):
    # libarchive 3.6.2 alone reads the digits that "size=" begins with, and 0 where there are none.
    records = (b"-1 path=x\n", b"9999 path=x\n", b"nonsense\n", b"0 path=x\n", b"11 size=-5\n", b"29 size=99999999999999999999\n",
               b"8 size=\n", b"9 size=x\n", b"10 size=5x\n", b"11 size= 5 \n", b"10 size=+5\n", b"11 path=a\0b\n",
               b"9 path=x", b"10 path=xy\n\n", b"6 =xy\n", b"07 a=b\n ", b" 8 a=bc\n", b"1000000000000000000000 a=b\n", b"7 a-bc\n",
               _record(b"size=5") + b"junk", _record(b"size=9223372036854775808"), _record(b"size=9223372036854775807"))
    layers_refused(host, [[_pax(record), ("a", "file", b"12345")] for record in records])


@test
def u5_the_files_of_a_layer_are_those_that_go_sees_or_it_is_refused(host):
    inner = member("smuggled", "file", b"x" * 300)
    size, last = str(len(inner)).encode(), member("last")
    outer, empty = member("outer", announced=len(inner)), member("outer", announced=0)

    def long(kind, name, announced=None):
        return _pax(name, kind=kind, size=announced)
    layers = {
        "a pax size of 0 where the header has one": _pax(_record(b"size=0")) + outer + inner,
        "a size twice": _pax(_record(b"size=0"), _record(b"size=" + size)) + empty + inner,
        "a size twice, the other way": _pax(_record(b"size=" + size), _record(b"size=0")) + outer + inner,
        "two pax headers": _pax(_record(b"size=0")) + _pax(_record(b"size=" + size)) + empty + inner,
        "two pax headers, the other way": _pax(_record(b"size=" + size)) + _pax(_record(b"size=0")) + outer + inner,
        "a second pax header without a size": _pax(_record(b"size=" + size)) + _pax(_record(b"mtime=1")) + empty + inner,
        "a size with zeros before": _pax(_record(b"size=00" + size)) + empty + inner,
        "a size for all": _pax(_record(b"size=" + size), kind=b"g") + empty + inner,
        "a name for all": _pax(_record(b"path=all"), kind=b"g") + outer + inner,
        "Solaris' own pax header": _pax(_record(b"size=" + size), kind=b"X") + empty + inner,
        "a pax header at the end": outer + inner + last + _pax(_record(b"path=x")),
        "a pax size of a link": _pax(_record(b"size=" + size)) + member("l", "link", link="x") + inner,
        "a size of a link": member("l", "link", link="x", announced=len(inner)) + inner,
        "a size of a hard link": outer + inner + member("l", "hard", link="outer", announced=len(inner)) + inner,
        "a size of a device": member("f", "fifo", announced=len(inner)) + inner,
        "a size of a directory": member("d", "dir", announced=len(inner)) + inner,
        "a file whose name ends with a slash": member("d/", announced=len(inner)) + inner,
        "a long name": long(b"L", b"n" * 200 + b"\0") + outer + inner,
        "a long name without its end": long(b"L", b"n" * 200) + outer + inner,
        "a long name with a NUL": long(b"L", b"n\0m\0") + outer + inner,
        "an empty long name": long(b"L", b"") + outer + inner,
        "two long names": long(b"L", b"one\0") + long(b"L", b"two\0") + outer + inner,
        "a long name and a pax name": long(b"L", b"one\0") + _pax(_record(b"path=two")) + outer + inner,
        "a pax name and a long name": _pax(_record(b"path=two")) + long(b"L", b"one\0") + outer + inner,
        "a long name without an entry": outer + inner + long(b"L", b"one\0"),
        "a long name that is longer than the stream": long(b"L", b"one\0", 1 << 30) + outer + inner,
        "a long link": long(b"K", b"t" * 200 + b"\0") + member("l", "link", link="x") + last,
        "a binary size": _field(outer, 124, b"\x80" + len(inner).to_bytes(11, "big")) + inner,
        "a negative binary size": _field(outer, 124, b"\xff" * 12) + inner,
        "a huge binary size": _field(outer, 124, b"\x80" + b"\xff" * 11) + inner,
        "a size with blanks before": _field(outer, 124, b"%12o" % len(inner)) + inner,
        "a size with a sign": _field(outer, 124, b"-0000001000\0") + inner,
        "a size with a letter behind": _field(outer, 124, b"1000x\0      ") + inner,
        "an unknown type": _field(outer, 156, b"Z") + inner,
        "a contiguous file": _field(outer, 156, b"7") + inner,
        "a type of NUL": _field(outer, 156, b"\0") + inner,
        "a volume's header": _field(outer, 156, b"V") + inner,
        "a part of a file": _field(outer, 156, b"M") + inner,
        "a list of a directory": _field(outer, 156, b"D") + inner,
        "one block of zeros": outer + inner + bytes(512) + last,
        "something behind the end": outer + inner + bytes(1024) + last,
        "a name in two parts": _field(outer, 345, b"dir/of\0") + inner,
        "another magic word": _field(_field(outer, 257, b"\0" * 8), 345, b"dir/of\0") + inner,
        "GNU's sparse name": _pax(_record(b"GNU.sparse.major=1"), _record(b"GNU.sparse.minor=0"), _record(b"GNU.sparse.name=other"),
                                  _record(b"GNU.sparse.realsize=700")) + member("outer", content=b"1\n0\n512\n".ljust(512, b"\0") + b"y" * 512),
        "a sparse file that says more than it has": _pax(_record(b"GNU.sparse.major=1"), _record(b"GNU.sparse.minor=0"), _record(
            b"GNU.sparse.name=other"), _record(b"GNU.sparse.realsize=700")) + member("outer", content=b"1\n0\n9999\n".ljust(512, b"\0") + b"y" * 512),
    }
    with debian(host, loaded=False) as podman:
        accepted = [what for what, data in layers.items() if _seen_alike(host, podman, what, data + last + bytes(1024))]
    holds(len(accepted) >= len(layers) // 2, f"too few are looked at by both: {accepted}")


def _seen_alike(host, podman, what, data):
    """Whether both take a layer, with the same files then. One that we refuse is refused with one line."""
    file = host.scratch / "layer.tar"
    file.write_bytes(data)
    theirs = None
    done = shell(f"{podman} import -q {file} theirs:1")
    file.unlink()
    if done.returncode == 0:
        theirs = sorted(do(f"cd $({podman} image mount theirs:1) && find . -mindepth 1 -printf '%P %y %s\\n'").splitlines())
        do(f"{podman} image unmount -a && {podman} rmi -f theirs:1")
    with mock(host, Image([data]).answer) as (_, program):
        if program.run("pull", "-q", NAME).status != 0:
            refused(program, "layer")
            return False
        root = program.ok("image", "mount", NAME)
        ours = sorted(do(f"cd {root} && find . -mindepth 1 -printf '%P %y %s\\n'").splitlines())
        program.ok("image", "unmount", NAME)
        program.ok("rmi", "-f", NAME)
    # Readers of Go's that refuse it see nothing else than we do, either.
    equal(ours, ours if theirs is None else theirs, f"the files of a layer with {what}")
    return theirs is not None


@test
def u6_whiteouts_that_are_none_are_refused_and_overlay_attributes_dropped(host):
    layers_refused(host, [[(".wh.",)], [("d/.wh.",)], [("d/.wh..",)], [("d/.wh...",)], [(".wh..",)], [(".wh...",)], [(".wh.a/b",)],
                        [(".wh../x",)], [("x", "char")], [("h", "hard", b"", ".wh.x")]])
    attributes = {f"SCHILY.xattr.{name}": value for name, value in (
        ("trusted.overlay.opaque", "y"), ("trusted.overlay.redirect", "/etc"), ("user.overlay.whiteout", "y"),
        ("security.selinux", "x"), ("user.kept", "yes"))}
    with pulled(host, member("d/", "dir", **attributes)) as program:
        layer = next(Path(program.options[1], "layers").glob("*/diff/d"), None) or next(Path(program.options[1], "layers").rglob("d"))
        equal(sorted(x for x in os.listxattr(layer)), ["user.kept"], "the attributes on the disk")


BELOW = archive(("d", "dir", b"", "", 0o755), ("d/a", "file", b"a"), ("d/b", "file", b"b"), ("d/sub", "dir", b"", "", 0o755),
             ("d/sub/c", "file", b"c"), ("e", "dir", b"", "", 0o700), ("e/f", "file", b"f"), ("file", "file", b"x"), ("l", "link", b"", "d"),
             ("h", "hard", b"", "file"))


@test
def u6_the_files_of_two_layers_are_those_that_podman_shows(host):
    opaque = {"SCHILY.xattr.trusted.overlay.opaque": "y"}
    layers = {
        "a file deleted": [("d/.wh.a",)],
        "a directory deleted": [(".wh.d",)],
        "a directory deleted, with a slash": [(".wh.d", "dir")],
        "a link deleted": [(".wh.l",)],
        "one of two hard links deleted": [(".wh.h",)],
        "a file deleted through a link": [("l/.wh.a",)],
        "what is not there deleted": [(".wh.absent",), ("d/.wh.absent",), ("absent/.wh.x",)],
        "an opaque directory": [("d/.wh..wh..opq",), ("d/new", "file", b"n")],
        "an opaque directory, said last": [("d/new", "file", b"n"), ("d/.wh..wh..opq",)],
        "an opaque directory that is new": [("n/.wh..wh..opq",), ("n/x", "file", b"x")],
        "an opaque root": [(".wh..wh..opq",), ("only", "file", b"o")],
        "a directory deleted and made again": [(".wh.d",), ("d", "dir", b"", "", 0o711), ("d/new", "file", b"n")],
        "a directory that becomes a link": [(".wh.d",), ("d", "link", b"", "e")],
        "a directory that becomes a file": [("d", "file", b"now a file")],
        "a file that becomes a directory": [("file", "dir", b"", "", 0o755), ("file/x", "file", b"x")],
        "a link that becomes a directory": [("l", "dir", b"", "", 0o755), ("l/x", "file", b"x")],
        "AUFS' own marks": [(".wh..wh.aufs",), ("d/.wh..wh.orph",)],
        "a name that looks like two marks": [(".wh...wh..opq",), ("..wh..opq", "file", b"x")],
        "an opaque directory by an attribute": [member("d/", "dir", mode=0o755, **opaque), ("d/new", "file", b"n")],
        "a deeper file below what is deleted": [("d/.wh.sub",), ("d/sub", "dir", b"", "", 0o755), ("d/sub/new", "file", b"n")],
    }
    # The driver that keeps layers apart, as we do, applies each to an empty directory, where the links of others are not.
    # Where that driver does not what the layer says, layers that are copied upon each other show it: an opaque root, which
    # the kernel does not know, AUFS' files, overlayfs' own attributes, and directories that are deleted and made again.
    copied = {"an opaque root", "AUFS' own marks", "an opaque directory by an attribute", "a deeper file below what is deleted",
              "a directory deleted and made again"}
    for driver, chosen in (("overlay", layers.keys() - copied), ("vfs", copied)):
        with debian(host, loaded=False, driver=driver) as podman:
            for what in sorted(chosen):
                _same_files(host, podman, what, [BELOW, archive(*layers[what])])


def _same_files(host, podman, what, layers):
    file = host.scratch / "layers.tar"
    with tarfile.open(file, "w") as out:
        docker_archive(out, layers)
    do(f"{podman} load -qi {file}")
    with host.elsewhere() as program:
        program.ok("load", "-q", "-i", file)
        theirs = do(f"cd $({podman} image mount test.example/a:b) && {LISTING}")
        ours = do(f"cd {program.ok('image', 'mount', 'test.example/a:b')} && {LISTING}")
        do(f"{podman} image unmount -a && {podman} rmi -f test.example/a:b")
        program.ok("image", "unmount", "-a")
        program.ok("rmi", "test.example/a:b")
        equal(program.ok("system", "check", "-q"), "", f"system check after {what}")
    file.unlink()
    equal(ours, theirs, f"the files of an image with {what}")


LISTING = "find . -mindepth 1 -printf '%P %y %m %U:%G %l\\n' | sort; grep -r . . 2>/dev/null | sort"
