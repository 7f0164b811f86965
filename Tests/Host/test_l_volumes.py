"""--volume: directories of the host, named and nameless volumes."""
from check import equal, holds, matches, test
from host import shell
from program import IMAGE


@test
def a_directory_of_the_host_is_mounted(host):
    directory = host.scratch / "bind"
    directory.mkdir()
    (directory / "file").write_text("of the host\n")
    equal(host.inside("cat", "/mnt/d/file", arguments=("-v", f"{directory}:/mnt/d")), "of the host", "what is read")
    host.inside("sh", "-c", "echo inside > /mnt/d/new", arguments=("-v", f"{directory}:/mnt/d"))
    equal((directory / "new").read_text(), "inside\n", "what was written")
    done = host.swiftlet.run("run", "--rm", "-v", f"{directory}:/mnt/d:ro", IMAGE, "touch", "/mnt/d/x")
    holds(done.status == 1 and "Read-only file system" in done.err, f":ro: {done}")
    shell(f"rm -r {directory}")


@test
def a_directory_that_is_not_there_is_refused(host):
    matches(host.swiftlet.fails(125, "run", "--rm", "-v", "/nosuch:/mnt", IMAGE, "true"), "^Error: .*/nosuch.*[Nn]o such file or directory", "stderr")


@test
def a_relative_path_is_refused(host):
    matches(host.swiftlet.fails(125, "run", "--rm", "-v", "relative/x:/mnt", IMAGE, "true"), "^Error: .*relative/x", "stderr")
    matches(host.swiftlet.fails(125, "run", "--rm", "-v", "/etc:relative", IMAGE, "true"), "^Error: .*relative", "stderr")


@test
def a_named_volume_keeps_its_files(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        run = ("run", "--rm", "--network=none", "-v", "data:/data")
        swiftlet.ok(*run, IMAGE, "sh", "-c", "echo kept > /data/file")
        equal(swiftlet.ok(*run, IMAGE, "cat", "/data/file"), "kept", "the file, in the next container")


@test
def a_new_volume_begins_with_what_the_image_has_there(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        listed = swiftlet.ok("run", "--rm", "--network=none", "-v", "data:/etc", IMAGE, "ls", "/etc")
        holds("passwd" in listed, f"/etc has {listed.split()}")
        holds("passwd" not in swiftlet.ok("run", "--rm", "--network=none", "-v", "other:/etc:nocopy", IMAGE, "ls", "/etc"), "nocopy copies")


@test
def a_nameless_volume_goes_with_its_container(host):
    before = host.census()
    host.swiftlet.ok("run", "--rm", "-v", "/data", IMAGE, "touch", "/data/file")
    equal(host.settled(before), [], "after --rm")
    host.swiftlet.ok("run", "-d", "--name", "c", "-v", "/data", IMAGE, "sleep", "1000")
    host.swiftlet.ok("rm", "-f", "-v", "-t", "0", "c")
    equal(host.settled(before), [], "after rm -v")


@test
def a_tmpfs_is_mounted(host):
    mounts = host.inside("cat", "/proc/mounts", arguments=("--tmpfs", "/data:size=1m,mode=0700"))
    matches(mounts, r"^tmpfs /data tmpfs .*size=1024k.*mode=700", "mounts")


@test
def a_link_in_the_image_does_not_lead_a_mount_out(host):
    # /var/run -> / … would be the way: the destination is looked up inside the root.
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        swiftlet.ok("create", "--name", "c", "--network=none", "-v", "data:/link/x", IMAGE, "true")
        root = shell(f"find {host.scratch}/elsewhere -maxdepth 4 -name upper -o -maxdepth 4 -name diff").stdout.split()
        if root:
            shell(f"mkdir -p {root[0]} && ln -s /../../../../../../../../../run {root[0]}/link")
            swiftlet.run("start", "-a", "c")
            equal(shell("ls -d /run/x 2>/dev/null").stdout, "", "what was made on the host")
