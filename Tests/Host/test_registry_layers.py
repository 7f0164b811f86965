"""Hostile layers and configurations: rows U1 to U13 of reliability.md's 2A (U5 and U6 in test_registry_readers.py,
U11 in test_p_secrets.py), and R15 to R18, each with one clear error or no harm, and a store that is as it was."""
import contextlib
import gzip
import hashlib
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

from check import equal, holds, matches, one_line, test
from host import do, output
from hostile import mock, refused
from layers import NAME, archive, contents, layers_refused, measured, member, paths, pulled, shell_entries
from registry import Image, digest

# --- layers -------------------------------------------------------------------------------------

@test
def u1_a_name_that_leads_out_is_refused_and_an_absolute_one_stays_inside(host):
    layers_refused(host, [[("../../tmp/pwn",)], [("a/../../x",)], [("..",)], [("d/..", "dir")]], r'layer.*"?\.\.')
    with pulled(host, ("/tmp/pwn", "file", b"x")) as program:
        equal(paths(program), ["tmp", "tmp/pwn"], "where the absolute name lies")
    holds(not os.path.exists("/tmp/pwn"), "a file outside")


@test
def u2_nothing_goes_through_a_link_of_the_layer(host):
    layers_refused(host, [[("l", "link", b"", "/etc"), ("l/cron.d/x", "file", b"x")],
                        [("l", "link", b"", "/etc"), ("l/x", "dir")]])
    with pulled(host, ("l", "link", b"", "../../.."), ("l/x", "file", b"x")) as program:
        equal(paths(program), ["l", "x"], "where a link upwards leads: to the image's own root")
    holds(not os.path.exists("/etc/cron.d/x") and not os.path.exists("/etc/x"), "a file outside")


@test
def u3_a_directory_entry_does_not_act_on_the_link_of_its_name(host):
    victim = host.scratch / "victim"
    victim.mkdir(mode=0o700)
    with pulled(host, ("l", "link", b"", str(victim)), ("l/", "dir", b"", "", 0o777), ("l/x", "file", b"x")) as program:
        equal(paths(program), ["l", "l/x"], "what is in the image")
    equal((oct(victim.stat().st_mode & 0o777), list(victim.iterdir())), ("0o700", []), "the host's directory")
    victim.rmdir()


@test
def u4_a_hard_link_leads_to_a_file_of_its_layer_only(host):
    layers_refused(host, [[("h", "hard", b"", target)] for target in
                        ("../../etc/passwd", "/etc/passwd", "../diffEVIL/x", "etc/passwd")])
    layers_refused(host, [[("l", "link", b"", "/etc"), ("h", "hard", b"", "l/passwd")],
                        [("d", "dir"), ("h", "hard", b"", "d")]])
    with pulled(host, ("a", "link", b"", "/etc/passwd"), ("h", "hard", b"", "a"), ("h", "file", b"mine")) as program:
        equal(paths(program), ["a", "h"], "a hard link to a link, and a file in its place")
        equal(contents(program), {"h": "mine"}, "what is in them")
    # The name that a hard link had is replaced: by a link to the host, then through that one by a file.
    with pulled(host, ("a", "file", b"first"), ("h", "hard", b"", "a"), ("a", "link", b"", "/etc/passwd"), ("a", "file", b"second"),
                 ("i", "hard", b"", "a"), ("i", "file", b"third")) as program:
        equal(contents(program), {"a": "second", "h": "first", "i": "third"}, "hard links to a name that is replaced later")


@test
def u7_a_decompression_bomb_is_stopped_in_bounded_memory(host):
    # 100 GB of zeros in some megabytes: many frames, one after the other, as one file of the layer and as no file at all.
    head = member("zeros", announced=100 << 30)
    for tool, megabytes, frames, pattern in (("zstd -q -19", 1024, 100, "decompression bomb"), ("xz -0", 100, 1024, "decompression bomb"),
                                             ("gzip -9", 100, 1024, "decompression bomb|layer")):
        frame = subprocess.run(f"head -c {megabytes}M /dev/zero | {tool}", shell=True, capture_output=True, check=True).stdout
        for start in (head, b""):
            _bomb_refused(host, _packed(tool, start) + frame * frames, pattern, 128)
    # A window of 2 GiB is refused before there is one.
    _bomb_refused(host, _packed("zstd -q --long=31 --ultra -1", bytes(200 << 20)), "window|memory|decompression bomb", 128)
    # Frames in frames in frames.
    nested = archive(("file", "file", bytes(1 << 20)))
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
        done, peak = measured(program, "pull", "-q", NAME)
        equal(done.returncode, 125, f"exit status: {done}")
        matches(one_line(done.stderr, "stderr"), pattern, "the error")
        holds(peak <= megabytes * 1024, f"peak memory: {peak} KiB")


@test
def u8_a_stream_that_is_cut_anywhere_ends_with_an_error_at_once(host):
    data = archive(("file", "file", os.urandom(3000)), ("other", "file", b"y" * 3000))
    with host.elsewhere() as program:
        program.ok("images")
        for tool in ("gzip", "zstd -q", "xz"):
            packed = subprocess.run(tool.split(), input=data, capture_output=True, check=True).stdout
            for length in range(8, len(packed), max(1, len(packed) // 12)):
                began = time.monotonic()
                one_line(program.fails(125, "import", "-q", "-", input=packed[:length]), f"stderr, {tool}, {length} bytes")
                holds(time.monotonic() - began < 5, f"{tool}, {length} bytes: it took too long")
        equal(program.ok("images", "-q"), "", "images")
        equal(program.ok("system", "check", "-q"), "", "system check")


@test
def u9_names_without_end_are_refused_and_deep_directories_are_no_trouble(host):
    layers_refused(host, [[member("a", **{"path": "a/" * 2000 + "b" * 65536})], [("x" * 256,)],
                        [member("a", **{"path": "d/" * 2048})], [member("a", **{"path": "d/" * 4000})],
                        [member("a", **{f"SCHILY.xattr.user.{number}": "v" for number in range(100_000)})], [member("a", **{"SCHILY.xattr.user.x": "v" * 70_000})]])
    with pulled(host, member("a", "dir", mode=0o755, **{"path": "d/" * 1900})) as program:
        equal(program.ok("system", "check", "-q"), "", "system check")
    many = [member(f"e{number:05}") for number in range(20_000)]
    with pulled(host, *many) as program:
        equal(len(paths(program)), 20_000, "how many names there are")


@test
def u9_a_layer_of_more_than_ten_million_entries_is_refused(host):
    # The root directory, again and again: nothing is made, but each counts. Frame by frame, as gzip lets one do.
    million = _packed("gzip -1", member("./", "dir") * 1_000_000)
    began = time.monotonic()
    _bomb_refused(host, million * 11, "more than 10000000 entries", 128)
    holds(time.monotonic() - began < 300, "it took too long")


@test
def u9_a_directory_that_comes_a_million_times_takes_no_memory(host):
    tar = host.scratch / "again.tar.gz"
    tar.write_bytes(_packed("gzip -1", member("d/", "dir") * 1_000_000 + member("d/f")))
    with host.elsewhere() as program:
        done, peak = measured(program, "import", "-q", tar, NAME)
        equal((done.returncode, paths(program)), (0, ["d", "d/f"]), f"{done}")
        holds(peak <= 128 * 1024, f"peak memory: {peak} KiB")
    tar.unlink()


@test
def u9_an_archive_of_long_names_takes_no_memory(host):
    # Of 64 KiB each; zeros and letters compress to next to nothing.
    names = b"".join(tarfile.TarInfo(f"{number}{'/a' * 32_000}").tobuf(tarfile.GNU_FORMAT) for number in range(4000))
    with host.elsewhere() as program:
        tar = host.scratch / "names.tar.gz"
        tar.write_bytes(_packed("gzip -1", names))
        done, peak = measured(program, "load", "-q", "-i", tar)
        equal(done.returncode, 125, f"exit status: {done}")
        matches(one_line(done.stderr, "stderr"), "bytes of names", "the error")
        holds(peak <= 128 * 1024, f"peak memory: {peak} KiB")
        tar.unlink()


@test
def u10_devices_of_an_image_do_not_work_and_setuid_stays(host):
    with pulled(host, ("disk", "block", b"", "", 0o666), ("su", "file", b"x", "", 0o4755)) as program:
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
    # Neither where a container's root is mounted.
    with pulled(host, ("disk", "block", b"", "", 0o666), shell=True) as program:
        identifier = program.ok("run", "-d", "--network", "none", NAME, "/bin/sh", "-c", "busybox sleep 60")
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines() if identifier in line]
        roots = [x for x in mounts if Path(x[4], "disk").exists()]
        holds(roots, f"where is its root: {mounts}")
        equal([x[4] for x in roots if "nodev" not in x[5].split(",")], [], "roots that devices work on")


def _sparse(host, name, gigabytes):
    """An entry for a file of nothing but a hole."""
    top = host.scratch / "sparse"
    (top / name).parent.mkdir(parents=True)
    (top / name).touch()
    os.truncate(top / name, gigabytes << 30)
    data = subprocess.run(["tar", "-C", top, "--format=gnu", "-b1", "-cS", name], capture_output=True, check=True).stdout
    do(f"rm -r {top}")
    return data[:-1024]


@test
def u12_a_passwd_or_group_that_is_no_small_file_stops_nobody(host):
    fifo, large = host.scratch / "fifo", host.scratch / "large"
    os.mkfifo(fifo)
    large.touch()
    os.truncate(large, 10 << 30)
    passwd = ("etc/passwd", "file", b"daemon:x:1:1::/:/bin/sh\n")
    for file, before in (("etc/passwd", ()), ("etc/group", (passwd,))):
        for entry in ((file, "fifo"), (file, "link", b"", str(fifo)), (file, "link", b"", "/proc/kmsg"), (file, "link", b"", str(large)),
                      (file, "dir"), _sparse(host, file, 10)):
            with pulled(host, ("etc", "dir", b"", "", 0o755), *before, entry, shell=True) as program:
                _user_unknown(program, "daemon:staff" if before else "daemon", f"{file}: {str(entry)[:60]}")
    fifo.unlink()
    large.unlink()


def _user_unknown(program, user, what):
    """A user that cannot be known is one clear error, at once and in bounded memory; nothing of the container stays."""
    began = time.monotonic()
    done, peak = measured(program, "run", "--rm", "--network", "none", "--user", user, NAME, "/bin/sh", "-c", "echo ran")
    # Podman's status for what the runtime would have to refuse.
    equal((done.returncode, done.stdout), (126, ""), f"{what}: {done}")
    matches(one_line(done.stderr, "stderr"), "passwd|group|user", what)
    holds(time.monotonic() - began < 10, f"{what}: it took too long")
    holds(peak < 128 * 1024, f"{what}: peak memory: {peak} KiB")
    equal(program.ok("ps", "-aq"), "", f"{what}: containers")


@test
def u13_a_group_file_without_end_is_not_read_into_memory(host):
    # 500 MB, of which 100 MB are one line.
    start = shell_entries(host) + member("etc", "dir", mode=0o755) + member("etc/passwd", "file", b"daemon:x:1:1::/:/bin/sh\n")
    line, lines = b"daemon:x:1:".ljust(100_000_000, b"a"), b"\ngroup:x:7:me,you,them,and,others".ljust(40, b"s") * 2_500_000
    parts = [start + member("etc/group", announced=500_000_000), line, *[lines] * 4, bytes(-500_000_000 % 512 + 1024)]
    image = Image([b""])
    with mock(host, image.answer) as (_, program):
        _packed_layer(image, parts)
        program.ok("pull", "-q", NAME)
        _user_unknown(program, "daemon:staff", "a group file of 500 MB")
        program.ok("rmi", NAME)


def _packed_layer(image, parts):
    """Makes an image's layer of parts, each of which is a member of the gzip file."""
    data = b"".join(gzip.compress(part, 1, mtime=0) for part in parts)
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part)
    image.configuration = json.dumps({**json.loads(image.configuration), "rootfs": {
        "type": "layers", "diff_ids": [f"sha256:{whole.hexdigest()}"]}}).encode()
    manifest = json.loads(image.manifest)
    manifest["config"] |= {"digest": digest(image.configuration), "size": len(image.configuration)}
    manifest["layers"] = [image.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", data)]
    image.add_blob(image.configuration)
    image.add_blob(data)
    image.add_manifest("latest", json.dumps(manifest).encode(), manifest["mediaType"])


# --- names and configurations -------------------------------------------------------------------

@test
def r15_what_is_no_image_name_is_refused_before_anybody_is_asked(host):
    image = Image([archive(("x",))])
    with mock(host, image.answer) as (server, program):
        for name in ("test.example/" + "a" * 300, "test.example:99999/x", f"test.example/a@{digest(b'x')}@{digest(b'y')}",
                     "test.example/ä", "test.example/%2e%2e/x", "test.example/../x", "test.example/UPPER", "test.example/a:" + "t" * 129,
                     "test.example/a@sha256:abc", "test.example//a", "", "test.example/a b", "-"):
            error = one_line(program.fails(125, "pull", "-q", "--", name), f"stderr for {name[:40]}")
            holds(len(error) < 700, f"the error for {name[:40]} is too long: {error}")
        equal(server.requests, [], "what was asked")


@test
def r16_a_user_that_is_no_user_never_becomes_root(host):
    refused_users = ("4294967296", "4294967295", "2147483648", "-1", "0x0", "00", " 0", "0 ", "+0", "1:", "0:", ":", "1:4294967296",
                     "1:-1", "1:00", "0:0x0", "1:1:1", "0" * 5000, "0" * 5000 + "x", "\t0", "0\n", "٠")
    # With nothing before the colon nobody is named but root, as in Podman; the group is what is asked for.
    taken = {":0": "0:0", ":5": "0:5", "7": "7:0", "7:8": "7:8", "": "0:0"}
    images = [(user, Image([archive(shell_entries(host))], name=f"test/image{number}", User=user))
              for number, user in enumerate((*refused_users, *taken))]

    def answer(request):
        next((x for _, x in images if f"/v2/{x.name}/" in request.path), images[0][1]).answer(request)
    with mock(host, answer) as (_, program):
        for user, image in images:
            done = program.run("run", "--rm", "-q", "--network", "none", f"test.example/{image.name}", "/bin/sh", "-c",
                               "echo $(busybox id -u):$(busybox id -g)")
            if user in taken:
                equal((done.status, done.out), (0, taken[user] + "\n"), f"USER {user!r}: {done}")
            else:
                equal((done.status, done.out), (126, ""), f"USER {user[:20]!r}: {done}")
                holds(len(one_line(done.err, f"stderr for USER {user[:20]!r}")) < 700, f"USER {user[:20]!r}: too long an error")
            equal(program.ok("ps", "-aq"), "", f"containers after USER {user[:20]!r}")
        program.ok("rmi", "-a")


@test
def r16_a_user_of_ten_megabytes_gets_no_image_in(host):
    with mock(host, Image([archive(("x",))], User="0" * (10 << 20)).answer) as (_, program):
        refused(program, "configuration.*(larger than 4194304|1048[0-9]* bytes)")
    with pulled(host, ("x",), shell=True) as program:
        done = program.run("run", "--rm", "--network", "none", "--user", "0" * 100_000, NAME, "/bin/sh", "-c", "echo ran")
        equal((done.status, done.out), (126, ""), "--user of 100 KB")
        holds(len(one_line(done.err, "stderr")) < 700, f"too long an error: {done}")


@test
def r17_labels_of_an_image_steer_nothing(host):
    labels = {name: "evil" for name in (
        "run.oci.keep_original_groups", "run.oci.handler", "io.podman.annotations.privileged", "io.podman.annotations.init",
        "org.criu.config", "org.systemd.property.MemoryMax", "io.kubernetes.cri-o.TrySkipVolumeSELinuxLabel")}
    image = Image([archive(shell_entries(host))], Labels=labels, Env=[f"{name}=evil" for name in (
        "LISTEN_FDS", "NOTIFY_SOCKET", "_OCI_STARTPIPE", "_LIBCONTAINER_INITPIPE", "LD_PRELOAD_", "CONTAINERS_CONF", "TMPDIR")])
    manifest = {**json.loads(image.manifest), "annotations": labels}
    manifest["layers"][0]["annotations"] = manifest["config"]["annotations"] = labels
    image.add_manifest("latest", json.dumps(manifest).encode(), manifest["mediaType"])
    with mock(host, image.answer) as (_, program):
        program.ok("pull", "-q", NAME)
        identifier = program.ok("run", "-d", "--network", "none", NAME, "/bin/sh", "-c", "busybox sleep 60")
        equal(json.loads(program.ok("inspect", identifier))[0]["Config"]["Labels"], labels, "the labels of the container")
        bundle = json.loads(Path(program.options[3], "containers", identifier, "config.json").read_text())
        equal([x for x in bundle.get("annotations", {}) if x in labels], [], "annotations that the runtime reads")
        holds("evil" not in json.dumps({**bundle, "process": {}}), "a label or variable is in the runtime's configuration")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            process = Path("/proc", pid)
            with contextlib.suppress(OSError):
                if process.joinpath("comm").read_text().strip() in ("conmon", "runc", "crun"):
                    holds(b"=evil" not in process.joinpath("environ").read_bytes(), f"a variable of the image steers process {pid}")
        program.ok("rm", "-f", "-t", "0", identifier)
        program.ok("rmi", NAME)


@test
def r18_a_working_directory_or_volume_behind_a_link_makes_nothing_on_the_host(host):
    victim = host.scratch / "victim"
    victim.mkdir()
    above = "../../../../../../.." + str(victim)
    inside, itself = {"WorkingDir": "/w/x"}, {"WorkingDir": "/w"}
    volume, below = {"Volumes": {"/w": {}}}, {"Volumes": {"/w/x": {}}}
    for target, settings in ((str(victim), inside), (str(victim), itself), (str(victim), volume), (str(victim), below), (above, inside),
                             (above, volume), ("/proc/1/root" + str(victim), inside), ("/proc/self/cwd", volume)):
        with pulled(host, ("w", "link", b"", target), shell=True, **settings) as program:
            done = program.run("run", "--rm", "--network", "none", NAME, "/bin/sh", "-c", "echo x > y; echo x > /w/y")
            if done.status in (125, 126, 127):
                one_line(done.err, f"stderr with a link to {target} and {settings}")
            equal(list(victim.iterdir()), [], f"what is in the host's directory after a link to {target} and {settings}")
            program.ok("rm", "-a")
            program.ok("volume", "prune", "-f")
    equal(list(victim.iterdir()), [], "what is in the host's directory")
    victim.rmdir()
