"""Images of different make: the tree that Debian's Podman unpacks and ours, name by name."""
import contextlib
import hashlib
import io
import os
import stat
import tarfile

from check import equal, holds, test
from host import do, shell
from program import BUILD, IMAGE
from registry import docker_archive

PODMAN = "podman --root {0}/podman --runroot {0}/podman.run --storage-driver vfs --cgroup-manager cgroupfs --runtime runc"
TOOLS = "/etc/skel /etc/alternatives /etc/default"
PACKAGES = "base-files base-passwd bash coreutils libc6 libc-bin login passwd sudo iputils-ping tzdata perl-base"


def _tree(root):
    """Everything about every name but times of access and change. Directories' link counts and sizes are the file
    system's own."""
    found, links = {}, {}
    top = os.fsencode(str(root))
    for directory, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(directory, name)
            status = os.lstat(path)
            kind = stat.S_IFMT(status.st_mode)
            entry = {"type": oct(kind), "mode": oct(status.st_mode & 0o7777), "owner": status.st_uid, "group": status.st_gid,
                     "time": status.st_mtime_ns}
            entry["attributes"] = {x: os.getxattr(path, x, follow_symlinks=False)
                                   for x in sorted(os.listxattr(path, follow_symlinks=False)) if not x.startswith("trusted.overlay.")}
            if kind == stat.S_IFLNK:
                entry["target"] = os.readlink(path)
            if kind in (stat.S_IFBLK, stat.S_IFCHR):
                entry["device"] = status.st_rdev
            if kind == stat.S_IFREG:
                entry["size"] = status.st_size
                with open(path, "rb") as file:
                    entry["content"] = hashlib.sha256(file.read()).hexdigest()
            if kind != stat.S_IFDIR:
                links.setdefault(status.st_ino, []).append(path[len(top):])
            found[path[len(top):]] = entry
    # Which names are one file. overlayfs counts names, too, that another layer hides.
    groups = sorted(sorted(names) for names in links.values() if len(names) > 1)
    return found, groups


def _same_as_podman(host, *archives):
    """Loads archives into both, and compares what they make of them."""
    podman = PODMAN.format(host.scratch)
    with host.elsewhere() as swiftlet, contextlib.ExitStack() as stack:
        stack.callback(shell, f"{podman} system reset -f; rm -rf {host.scratch}/podman {host.scratch}/podman.run")
        for archive in archives:
            theirs = do(f"{podman} load -qi {archive}").strip().splitlines()[-1].split()[-1]
            ours = swiftlet.ok("load", "-qi", archive).splitlines()[-1].split()[-1].split(",")[0]
            left, right = do(f"{podman} image mount {theirs}").strip(), swiftlet.ok("image", "mount", ours)
            try:
                (theirs_found, theirs_links), (ours_found, ours_links) = _tree(left), _tree(right)
            finally:
                do(f"{podman} image unmount {theirs}")
                swiftlet.ok("image", "unmount", ours)
            holds(len(theirs_found) > 0, f"{archive}: Podman unpacked nothing")
            equal(sorted(set(ours_found) ^ set(theirs_found))[:20], [], f"{archive}: names that only one of them has")
            differences = [f"{name}: {key}: Podman {theirs_found[name].get(key)}, ours {value}"
                           for name, entry in ours_found.items() for key, value in entry.items()
                           if theirs_found[name].get(key) != value]
            equal(differences[:20], [], f"{archive}: {len(differences)} differences in {len(ours_found)} names")
            equal(ours_links, theirs_links, f"{archive}: which names are one file")


@contextlib.contextmanager
def _workshop(host):
    """A directory that is removed at the end."""
    top = host.scratch / "trees"
    top.mkdir()
    try:
        yield top
    finally:
        do(f"rm -rf {top}")


@test
def copies_by_skopeo_unpack_as_podmans_do(host):
    with _workshop(host) as top:
        source = f"docker-archive:{host.archive}"
        do(f"skopeo copy -q {source} oci-archive:{top}/oci.tar:a")
        do(f"skopeo copy -q {source} docker-archive:{top}/docker.tar:a/b:c")
        do(f"skopeo copy -q --dest-compress-format zstd --dest-compress {source} oci:{top}/zstd:a && cd {top}/zstd && tar -cf ../zstd.tar .")
        holds("tar+zstd" in do(f"skopeo inspect --raw oci:{top}/zstd:a"), "the layers are not zstd's")
        _same_as_podman(host, host.archive, top / "oci.tar", top / "docker.tar", top / "zstd.tar")


@test
def an_image_of_umoci_with_whiteouts_unpacks_as_podmans_does(host):
    with _workshop(host) as top:
        do(f"skopeo copy -q docker-archive:{host.archive} oci:{top}/u:a && umoci unpack --image {top}/u:a {top}/b")
        root = f"{top}/b/rootfs"
        do(f"cd {root} && rm etc/passwd && rm -r srv opt; mkdir -p srv/new && echo x > srv/new/f && ln srv/new/f srv/new/g && "
           f"setfattr -n user.mine -v yes srv/new/f && ln -s /etc/x srv/l && mkfifo srv/p && chown 12:34 srv/new && chmod 4711 srv/new/f")
        do(f"umoci repack --image {top}/u:b {top}/b && umoci config --image {top}/u:b --config.cmd /bin/sh && umoci rm --image {top}/u:a")
        do(f"cd {top}/u && umoci gc --layout . && tar -cf ../u.tar .")
        _same_as_podman(host, top / "u.tar")


@test
def an_image_of_buildah_unpacks_as_podmans_does(host):
    with _workshop(host) as top:
        buildah = f"buildah --root {top}/s --runroot {top}/r --storage-driver vfs"
        do(f"c=$({buildah} from --pull-never scratch) && m=$({buildah} mount $c) && cp -a {TOOLS} $m/ && echo x > $m/f && "
           f"chown 5:6 $m/f && setcap cap_net_raw+ep $m/f && {buildah} unmount $c && {buildah} config --cmd /f $c && "
           f"{buildah} commit -q $c oci-archive:{top}/b.tar:x && {buildah} commit -q --format docker $c docker-archive:{top}/d.tar:x/y:z && "
           f"{buildah} rm $c")
        _same_as_podman(host, top / "b.tar", top / "d.tar")


@test
def many_layers_with_whiteouts_unpack_as_podmans_do(host):
    with _workshop(host) as top:
        with tarfile.open(top / "many.tar", "w") as archive:
            layers = [_layer(number) for number in range(24)]
            docker_archive(archive, layers)
        _same_as_podman(host, top / "many.tar")


def _layer(number):
    """Adds, replaces and removes names, turns directories into files and back, and hides whole directories."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT if number % 2 else tarfile.GNU_FORMAT) as layer:
        def add(name, kind=tarfile.REGTYPE, content=b"", link="", mode=0o644, owner=0):
            entry = tarfile.TarInfo(name)
            entry.type, entry.size, entry.linkname, entry.mode = kind, len(content), link, mode
            entry.uid = entry.gid = owner
            entry.mtime = 1_600_000_000 + number + (0.25 if number % 2 else 0)
            layer.addfile(entry, io.BytesIO(content))
        add("./", tarfile.DIRTYPE, mode=0o755)
        add("d", tarfile.DIRTYPE, mode=0o755 if number % 3 else 0o1777, owner=number)
        if number % 5 == 4:
            add("d/.wh..wh..opq")
        add(f"d/f{number}", content=b"x" * number, owner=number)
        add(f"d/h{number}", tarfile.LNKTYPE, link=f"d/f{number}", owner=number)
        add(f"d/{'n' * 120}{number}", content=b"long")
        add(f"d/ü{number}", tarfile.SYMTYPE, link=f"ziel-ä-{number}")
        if number > 2:
            add(f"d/.wh.f{number - 2}")
        if number % 4 == 1:
            add("turns", tarfile.DIRTYPE, mode=0o700)
            add("turns/inside", content=b"1")
        if number % 4 == 3:
            add(".wh.turns")
            add("turned", content=b"2")
        if number % 4 == 0 and number:
            add("turned", tarfile.DIRTYPE, mode=0o750)
        if number % 4 == 2 and number > 4:
            add("turned", tarfile.SYMTYPE, link="d")
    return data.getvalue()


@test
def files_of_this_machine_unpack_as_podmans_do(host):
    with _workshop(host) as top:
        # The files of its own packages, as dpkg lists them.
        do(f"dpkg -L {PACKAGES} | sed -E 's#^/(bin|sbin|lib|lib64)(/|$)#/usr/\\1\\2#' | grep -v '/\\.$' | sort -u | while read -r f; do if [ -e \"$f\" ] || [ -L \"$f\" ]; then echo \".$f\"; fi; done > {top}/list; "
           f"cd / && tar --no-recursion --xattrs --xattrs-include='*' --numeric-owner -cf {top}/root.tar -T {top}/list 2>/dev/null; "
           f"test -s {top}/root.tar")
        layer = (top / "root.tar").read_bytes()
        with tarfile.open(top / "debian.tar", "w") as archive:
            docker_archive(archive, [layer])
        _same_as_podman(host, top / "debian.tar")


@test
def a_root_of_debootstrap_unpacks_as_podmans_does(host):
    root = BUILD / "host-tests-debian.tar"
    if not root.exists():
        print("# there is no root of debootstrap: run.py has said why")
        return
    with _workshop(host) as top:
        with tarfile.open(top / "debian.tar", "w") as archive:
            docker_archive(archive, [root.read_bytes()])
        _same_as_podman(host, top / "debian.tar")


@test
def tars_of_gnu_tar_and_bsdtar_unpack_as_podmans_do(host):
    with _workshop(host) as top:
        root = top / "root"
        do(f"mkdir -p {root}/a/b {root}/dev && cd {root} && echo x > a/f && ln a/f a/g && ln -s ../x a/l && mkfifo a/p && "
           f"mknod dev/null c 1 3 && mknod dev/sda b 8 0 && chown 70000:80000 a/f && chmod 6755 a/f && setcap cap_net_raw+ep a/g && "
           f"setfattr -n user.text -v 'x y' a/b && truncate -s 1M a/hole && printf y >> a/hole && touch a/$'\\xff\\xfe' && "
           f"mkdir -p {'d' * 90}/{'e' * 90}/{'f' * 90} && touch {'d' * 90}/{'e' * 90}/{'f' * 90}/{'g' * 200} && "
           f"ln -s {'t' * 180} a/longlink && touch -d '1970-01-02 03:04:05.678901234' a/old && touch 'a/ leading' 'a/back\\slash'")
        archives = []
        for number, command in enumerate((
                "tar --format=gnu", "tar --format=posix --xattrs --xattrs-include='*'", "tar --format=pax --sparse --xattrs --xattrs-include='*'",
                "bsdtar --format=pax", "bsdtar --format=gnutar")):
            do(f"cd {root} && {command} --numeric-owner -cf {top}/{number}.layer .")
            with tarfile.open(top / f"{number}.tar", "w") as archive:
                docker_archive(archive, [(top / f"{number}.layer").read_bytes()])
            archives.append(top / f"{number}.tar")
        _same_as_podman(host, *archives)


@test
def what_we_save_unpacks_as_podmans_does(host):
    with _workshop(host) as top, host.elsewhere("maker") as maker:
        maker.ok("load", "-qi", host.archive)
        maker.ok("run", "--name", "c", "--network", "none", IMAGE, "sh", "-c",
                 "rm -r /etc/passwd /opt; mkdir -p /opt/x; echo x > /opt/x/f; ln /opt/x/f /opt/x/g; ln -s a /l; chown 3:4 /l; mknod /n c 1 3; rm /bin/sh")
        maker.ok("commit", "-q", "c", "test.example/made:1")
        maker.ok("save", "-qo", top / "docker.tar", "test.example/made:1")
        maker.ok("save", "-q", "--format", "oci-archive", "-o", top / "oci.tar", "test.example/made:1")
        _same_as_podman(host, top / "docker.tar", top / "oci.tar")
