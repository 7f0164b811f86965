"""A full disk: a command succeeds, or fails with one line and leaves the store as it was."""
import re

from census import Census
from check import equal, holds, one_line, test
from host import do
from program import IMAGE


def _store(host):
    """What the store holds; the directories that hold it come with their first use."""
    census = Census(f"{host.scratch}/elsewhere/root", f"{host.scratch}/elsewhere.run")
    held = re.compile(r"/(containers|layers|blobs/sha256|tmp|trash|volumes)/.")
    files = [line for line in census.sections["file"] if held.search(line.split("/elsewhere", 1)[1])]
    return files + census.sections["row"] + census.sections["mount"]


def _difference(before, after):
    return [f"- {x}" for x in before if x not in after] + [f"+ {x}" for x in after if x not in before]


def _check(swiftlet, what):
    if not swiftlet.is_podman:
        equal(swiftlet.ok("system", "check", "-q"), "", what)


def _load_into(host, size):
    with host.elsewhere(size=size) as swiftlet:
        swiftlet.ok("images")
        before = _store(host)
        done = swiftlet.run("load", "-i", host.archive)
        equal(done.status, 125, f"exit status of load into {size} MiB: {done}")
        holds("no space left on device" in one_line(done.err, f"stderr with {size} MiB").lower(), f"the reason is missing: {done}")
        equal(swiftlet.ok("images", "-q"), "", f"images after a load into {size} MiB failed")
        equal(_difference(before, _store(host)), [], f"the store after a load into {size} MiB failed")
        _check(swiftlet, "system check")
        do(f"mount -o remount,size=200m {host.scratch}/elsewhere")
        swiftlet.ok("load", "-i", host.archive)
        equal(swiftlet.ok("run", "--rm", "--network=none", IMAGE, "echo", "works"), "works", "what the image prints")


@test
def an_image_that_does_not_fit_is_not_loaded_at_all(host):
    for size in (2, 5, 12, 20):
        _load_into(host, size)


@test
def a_store_that_is_full_still_lists_and_removes(host):
    with host.elsewhere(size=60) as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        before = _store(host)
        do(f"dd if=/dev/zero of={host.scratch}/elsewhere/filler bs=4k 2>/dev/null; true")
        equal(swiftlet.ok("ps", "-aq"), "", "ps")
        done = swiftlet.run("run", "--name", "c", "--network=none", IMAGE, "true")
        if done.status != 0:
            one_line(done.err, "stderr of run")
            do(f"rm {host.scratch}/elsewhere/filler")
            equal(swiftlet.ok("ps", "-aq"), "", "containers after a run that failed")
            equal(_difference(before, _store(host)), [], "the store after a run that failed")
        else:
            do(f"rm {host.scratch}/elsewhere/filler")
        swiftlet.ok("run", "--rm", "--replace", "--name", "c", "--network=none", IMAGE, "true")
        _check(swiftlet, "system check")


@test
def what_a_container_writes_to_a_full_disk_is_its_own_matter(host):
    with host.elsewhere(size=60) as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        done = swiftlet.run("run", "--name", "c", "--network=none", IMAGE, "sh", "-c", "dd if=/dev/zero of=/big bs=1M 2>/dev/null; exit 9")
        # The disk is full when the exit code is to be recorded: it is in conmon's file, and must not be lost.
        equal(done.status, 9, f"exit status: {done}")
        equal(swiftlet.ok("ps", "-a", "--format", "{{.Names}} {{.ExitCode}}"), "c 9", "what is recorded")
        swiftlet.ok("rm", "c")
        _check(swiftlet, "system check")


@test
def a_load_that_is_cut_short_leaves_nothing(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("images")
        before = _store(host)
        data = host.archive.read_bytes()
        for length in (100, 5000, len(data) // 2, len(data) - 70_000):
            done = swiftlet.run("load", input=data[:length])
            equal(done.status, 125, f"exit status for {length} bytes: {done}")
            one_line(done.err.replace("\n *", " *"), f"stderr for {length} bytes")
        equal(_difference(before, _store(host)), [], "the store afterwards")
        swiftlet.ok("load", input=data)
        equal(swiftlet.ok("run", "--rm", "--network=none", IMAGE, "echo", "works"), "works", "what the image prints")


@test
def the_same_image_twice_is_one(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        before = _store(host)
        for done in [swiftlet.run("load", "-i", host.archive) for _ in range(2)]:
            equal(done.status, 0, str(done))
        equal(_difference(before, _store(host)), [], "the store afterwards")
        swiftlet.ok("rmi", IMAGE)
        left = [x for x in _store(host) if "/layers/" in x or "/blobs/sha256/" in x or x.endswith(": 1")]
        equal(left, [], "what rmi leaves")
