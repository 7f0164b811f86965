"""Hostile layers and configurations: rows U1 to U13 of reliability.md's 2A, and R15 to R18, each with one clear error
or no harm, and a store that is as it was."""
import contextlib
import gzip
import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

from check import equal, holds, matches, one_line, test
from host import do, output
from hostile import mock, refused
from registry import Image, digest

NAME = "test.example/test/image:latest"
KINDS = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE,
         "block": tarfile.BLKTYPE, "char": tarfile.CHRTYPE, "fifo": tarfile.FIFOTYPE}


def _entry(name, kind="file", content=b"", link="", mode=0o644, announced=None, **pax):
    """One entry as bytes."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = KINDS[kind], link, mode
    entry.size = len(content) if announced is None else announced
    entry.devmajor, entry.devminor = (8, 0) if kind in ("block",) else (0, 0)
    entry.pax_headers = pax
    return entry.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % 512)


def _tar(*entries):
    return b"".join(x if isinstance(x, bytes) else _entry(*x) for x in entries) + bytes(1024)


def _all_refused(host, layers, pattern="layer"):
    """Pulls an image with each layer; none gets in."""
    for entries in layers:
        with mock(host, Image([_tar(*entries)]).answer) as (_, program):
            refused(program, pattern)


@contextlib.contextmanager
def _pulled(host, *entries, shell=False, **configuration):
    """The program with an image of one layer; with a shell in another one if wanted."""
    layers = [_tar(*entries)]
    if shell:
        layers.insert(0, _shell(host))
    with mock(host, Image(layers, **configuration).answer) as (_, program):
        program.ok("pull", "-q", NAME)
        yield program
        program.ok("rm", "-f", "-t", "0", "-a")
        program.ok("rmi", "-f", NAME)


def _shell(host):
    """A layer with the whoami image's busybox alone."""
    with tarfile.open(host.archive) as archive:
        names = json.load(archive.extractfile("manifest.json"))[0]["Layers"]
        with tarfile.open(fileobj=io.BytesIO(archive.extractfile(names[0]).read())) as inner:
            busybox = next(x for x in inner.getmembers() if x.name.lstrip("./") == "bin/busybox")
            content = inner.extractfile(busybox).read()
    return _tar(("bin", "dir", b"", "", 0o755), ("bin/busybox", "file", content, "", 0o755), ("bin/sh", "link", b"", "busybox"))


def _paths(program):
    """Everything in the image, from its mount."""
    root = program.ok("image", "mount", NAME)
    try:
        return sorted(do(f"cd {root} && find . -mindepth 1 -printf '%P\\n'").splitlines())
    finally:
        program.ok("image", "unmount", NAME)


# --- layers -------------------------------------------------------------------------------------

@test
def u1_a_name_that_leads_out_is_refused_and_an_absolute_one_stays_inside(host):
    _all_refused(host, [[("../../tmp/pwn",)], [("a/../../x",)], [("..",)], [("d/..", "dir")]], r'layer.*"?\.\.')
    with _pulled(host, ("/tmp/pwn", "file", b"x")) as program:
        equal(_paths(program), ["tmp", "tmp/pwn"], "where the absolute name lies")
    holds(not os.path.exists("/tmp/pwn"), "a file outside")


@test
def u2_nothing_goes_through_a_link_of_the_layer(host):
    _all_refused(host, [[("l", "link", b"", "/etc"), ("l/cron.d/x", "file", b"x")],
                        [("l", "link", b"", "/etc"), ("l/x", "dir")]])
    with _pulled(host, ("l", "link", b"", "../../.."), ("l/x", "file", b"x")) as program:
        equal(_paths(program), ["l", "x"], "where a link upwards leads: to the image's own root")
    holds(not os.path.exists("/etc/cron.d/x") and not os.path.exists("/etc/x"), "a file outside")


@test
def u3_a_directory_entry_does_not_act_on_the_link_of_its_name(host):
    victim = host.scratch / "victim"
    victim.mkdir(mode=0o700)
    with _pulled(host, ("l", "link", b"", str(victim)), ("l/", "dir", b"", "", 0o777), ("l/x", "file", b"x")) as program:
        equal(_paths(program), ["l", "l/x"], "what is in the image")
    equal((oct(victim.stat().st_mode & 0o777), list(victim.iterdir())), ("0o700", []), "the host's directory")
    victim.rmdir()


@test
def u4_a_hard_link_leads_to_a_file_of_its_layer_only(host):
    _all_refused(host, [[("h", "hard", b"", target)] for target in
                        ("../../etc/passwd", "/etc/passwd", "../diffEVIL/x", "etc/passwd")])
    _all_refused(host, [[("l", "link", b"", "/etc"), ("h", "hard", b"", "l/passwd")],
                        [("d", "dir"), ("h", "hard", b"", "d")]])
    with _pulled(host, ("a", "link", b"", "/etc/passwd"), ("h", "hard", b"", "a"), ("h", "file", b"mine")) as program:
        equal(_paths(program), ["a", "h"], "a hard link to a link, and a file in its place")


@test
def u5_the_pax_size_counts_and_hides_no_entry(host):
    inner = _entry("smuggled", "file", b"x")
    hidden = _entry("outer", announced=0, **{"size": str(len(inner))}) + inner
    with _pulled(host, hidden, ("last",)) as program:
        equal(_paths(program), ["last", "outer"], "the entries")
    # libarchive 3.6.2 alone reads the digits that "size=" begins with, and 0 where there are none.
    outer = tarfile.TarInfo("pax")
    records = (b"-1 path=x\n", b"9999 path=x\n", b"nonsense\n", b"0 path=x\n", b"11 size=-5\n", b"29 size=99999999999999999999\n",
               b"8 size=\n", b"9 size=x\n", b"10 size=5x\n", b"11 size= 5 \n", b"10 size=+5\n", b"11 path=a\0b\n")
    for record in records:
        outer.type, outer.size = b"x", len(record)
        _all_refused(host, [[outer.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-len(record) % 512), ("a", "file", b"12345")]])


@test
def u6_whiteouts_that_are_none_are_refused_and_overlay_attributes_dropped(host):
    _all_refused(host, [[(".wh.",)], [("d/.wh..",)], [("d/.wh...",)], [(".wh.a/b",)], [("x", "char")]])
    attributes = {f"SCHILY.xattr.{name}": value for name, value in (
        ("trusted.overlay.opaque", "y"), ("trusted.overlay.redirect", "/etc"), ("user.overlay.whiteout", "y"),
        ("security.selinux", "x"), ("user.kept", "yes"))}
    with _pulled(host, _entry("d/", "dir", **attributes)) as program:
        layer = next(Path(program.options[1], "layers").glob("*/diff/d"), None) or next(Path(program.options[1], "layers").rglob("d"))
        equal(sorted(x for x in os.listxattr(layer)), ["user.kept"], "the attributes on the disk")


@test
def u7_a_decompression_bomb_is_stopped_in_bounded_memory(host):
    # 100 GB of zeros in some megabytes: many frames, one after the other, as one file of the layer and as no file at all.
    head = _entry("zeros", announced=100 << 30)
    for tool, megabytes, frames, pattern in (("zstd -q -19", 1024, 100, "decompression bomb"), ("xz -0", 100, 1024, "decompression bomb"),
                                             ("gzip -9", 100, 1024, "decompression bomb|layer")):
        frame = subprocess.run(f"head -c {megabytes}M /dev/zero | {tool}", shell=True, capture_output=True, check=True).stdout
        for start in (head, b""):
            _bomb_refused(host, _packed(tool, start) + frame * frames, pattern, 128)
    # A window of 2 GiB is refused before there is one.
    _bomb_refused(host, _packed("zstd -q --long=31 --ultra -1", bytes(200 << 20)), "window|memory|decompression bomb", 128)
    # Frames in frames in frames.
    nested = _tar(("file", "file", bytes(1 << 20)))
    for _ in range(42):
        nested = _packed("zstd -q", nested)
    _bomb_refused(host, nested, "layer", 128)


def _packed(tool, data):
    return subprocess.run(tool.split(), input=data, capture_output=True, check=True).stdout


def _bomb_refused(host, data, pattern, megabytes):
    image = Image([b""])
    image.layers[0] = data
    manifest = json.loads(image.manifest)
    manifest["layers"][0] = {"digest": digest(data), "size": len(data)}
    image.add_blob(data)
    image.add_manifest("latest", json.dumps(manifest).encode(), manifest["mediaType"])
    with mock(host, image.answer) as (_, program):
        done = subprocess.run(["/usr/bin/env", "python3", "-c", (
            "import resource,subprocess,sys; d=subprocess.run(sys.argv[1:],stdin=subprocess.DEVNULL,capture_output=True,text=True);"
            "print(d.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); print(d.stderr)"),
            *program.command("pull", "-q", NAME)], env=program.environ(), capture_output=True, text=True, timeout=400)
        head, _, error = done.stdout.partition("\n")
        status, peak = map(int, head.split())
        equal(status, 125, f"exit status: {done.stdout}{done.stderr}")
        matches(one_line(error, "stderr"), pattern, "the error")
        holds(peak <= megabytes * 1024, f"peak memory: {peak} KiB")


@test
def u8_a_stream_that_is_cut_anywhere_ends_with_an_error_at_once(host):
    tar = _tar(("file", "file", os.urandom(3000)), ("other", "file", b"y" * 3000))
    with host.elsewhere() as program:
        program.ok("images")
        for tool in ("gzip", "zstd -q", "xz"):
            packed = subprocess.run(tool.split(), input=tar, capture_output=True, check=True).stdout
            for length in range(8, len(packed), max(1, len(packed) // 12)):
                began = time.monotonic()
                one_line(program.fails(125, "import", "-q", "-", input=packed[:length]), f"stderr, {tool}, {length} bytes")
                holds(time.monotonic() - began < 5, f"{tool}, {length} bytes: it took too long")
        equal(program.ok("images", "-q"), "", "images")
        equal(program.ok("system", "check", "-q"), "", "system check")


@test
def u9_names_without_end_are_refused_and_deep_directories_are_no_trouble(host):
    _all_refused(host, [[_entry("a", **{"path": "a/" * 2000 + "b" * 65536})], [("x" * 256,)],
                        [_entry("a", **{"path": "d/" * 2048})], [_entry("a", **{"path": "d/" * 4000})],
                        [_entry("a", **{f"SCHILY.xattr.user.{number}": "v" for number in range(100_000)})], [_entry("a", **{"SCHILY.xattr.user.x": "v" * 70_000})]])
    with _pulled(host, _entry("a", "dir", mode=0o755, **{"path": "d/" * 1900})) as program:
        equal(program.ok("system", "check", "-q"), "", "system check")
    many = [_entry(f"e{number:05}") for number in range(20_000)]
    with _pulled(host, *many) as program:
        equal(len(_paths(program)), 20_000, "how many names there are")


@test
def u9_a_layer_of_more_than_ten_million_entries_is_refused(host):
    # The root directory, again and again: nothing is made, but each counts. Frame by frame, as gzip lets one do.
    million = _packed("gzip -1", _entry("./", "dir") * 1_000_000)
    began = time.monotonic()
    _bomb_refused(host, million * 11, "more than 10000000 entries", 128)
    holds(time.monotonic() - began < 300, "it took too long")


@test
def u10_devices_of_an_image_do_not_work_and_setuid_stays(host):
    with _pulled(host, ("disk", "block", b"", "", 0o666), ("su", "file", b"x", "", 0o4755)) as program:
        root = program.ok("image", "mount", NAME)
        try:
            equal(output(f"stat -c '%F %t %T' {root}/disk").strip(), "block special file 8 0", "the device")
            equal(output(f"stat -c %a {root}/su").strip(), "4755", "the mode")
            try:
                os.close(os.open(f"{root}/disk", os.O_RDONLY))
                holds(False, "a device of an image can be opened")
            except PermissionError:
                pass
        finally:
            program.ok("image", "unmount", NAME)


@test
def u12_a_passwd_that_is_no_file_stops_nobody(host):
    fifo = host.scratch / "fifo"
    os.mkfifo(fifo)
    for entry in (("etc/passwd", "fifo"), ("etc/passwd", "link", b"", str(fifo)), ("etc/passwd", "link", b"", "/proc/kmsg"),
                  ("etc/passwd", "dir")):
        with _pulled(host, ("etc", "dir", b"", "", 0o755), entry, shell=True) as program:
            began = time.monotonic()
            done = program.run("run", "--rm", "--network", "none", "--user", "daemon", NAME, "/bin/sh", "-c", "echo ran", timeout=20)
            holds(done.status != 0 and "ran" not in done.out, f"a user that cannot be known: {done}")
            one_line(done.err, "stderr")
            holds(time.monotonic() - began < 10, "it took too long")
    fifo.unlink()


@test
def u13_a_group_file_without_end_is_not_read_into_memory(host):
    huge = b"daemon:x:1:" + b"a" * (3 << 20) + b"\n"
    with _pulled(host, ("etc", "dir", b"", "", 0o755), ("etc/passwd", "file", b"daemon:x:1:1::/:/bin/sh\n"),
                 ("etc/group", "file", huge), shell=True) as program:
        done = program.run("run", "--rm", "--network", "none", "--user", "daemon:staff", NAME, "/bin/sh", "-c", "echo ran")
        holds(done.status != 0 and "ran" not in done.out, f"a group that cannot be known: {done}")
        one_line(done.err, "stderr")


# --- names and configurations -------------------------------------------------------------------

@test
def r15_what_is_no_image_name_is_refused_before_anybody_is_asked(host):
    image = Image([_tar(("x",))])
    with mock(host, image.answer) as (server, program):
        for name in ("test.example/" + "a" * 300, "test.example:99999/x", f"test.example/a@{digest(b'x')}@{digest(b'y')}",
                     "test.example/ä", "test.example/%2e%2e/x", "test.example/../x", "test.example/UPPER", "test.example/a:" + "t" * 129,
                     "test.example/a@sha256:abc", "test.example//a", "", "test.example/a b", "-"):
            error = one_line(program.fails(125, "pull", "-q", "--", name), f"stderr for {name[:40]}")
            holds(len(error) < 700, f"the error for {name[:40]} is too long: {error}")
        equal(server.requests, [], "what was asked")


@test
def r16_a_user_that_is_no_user_never_becomes_root(host):
    for user in ("4294967296", "4294967295", "2147483648", "-1", "0x0", " 0", "+0", "1:", "1:4294967296", "1:-1", "0" * 5000 + "x"):
        with _pulled(host, ("x",), shell=True, User=user) as program:
            done = program.run("run", "--rm", "--network", "none", NAME, "/bin/sh", "-c", "busybox id -u")
            holds(done.out.strip() != "0", f"USER {user[:20]!r} is root: {done}")
            if done.status != 0:
                one_line(done.err, f"stderr for USER {user[:20]!r}")


@test
def r17_labels_of_an_image_steer_nothing(host):
    labels = {name: "evil" for name in (
        "run.oci.keep_original_groups", "run.oci.handler", "io.podman.annotations.privileged", "io.podman.annotations.init",
        "org.criu.config", "org.systemd.property.MemoryMax", "io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel")}
    with _pulled(host, ("x",), shell=True, Labels=labels) as program:
        identifier = program.ok("run", "-d", "--network", "none", NAME, "/bin/sh", "-c", "busybox sleep 60")
        equal(json.loads(program.ok("inspect", identifier))[0]["Config"]["Labels"], labels, "the labels of the container")
        bundle = json.loads(Path(program.options[1], "containers", identifier, "config.json").read_text())
        equal([x for x in bundle.get("annotations", {}) if x in labels], [], "annotations that the runtime reads")
        holds("evil" not in json.dumps({**bundle, "process": {}}), "a label is in the runtime's configuration")


@test
def r18_a_working_directory_or_volume_behind_a_link_makes_nothing_on_the_host(host):
    victim = host.scratch / "victim"
    victim.mkdir()
    with _pulled(host, ("w", "link", b"", str(victim)), shell=True, WorkingDir="/w/x") as program:
        program.run("run", "--rm", "--network", "none", NAME, "/bin/sh", "-c", "echo x > y")
    with _pulled(host, ("v", "link", b"", str(victim)), shell=True, Volumes={"/v": {}}) as program:
        program.run("run", "--rm", "--network", "none", NAME, "/bin/sh", "-c", "echo x > /v/y")
    with _pulled(host, ("w", "link", b"", "../../../../../../.." + str(victim)), shell=True, WorkingDir="/w/x") as program:
        program.run("run", "--rm", "--network", "none", NAME, "/bin/sh", "-c", "echo x > y")
    equal(list(victim.iterdir()), [], "what is in the host's directory")
    victim.rmdir()
