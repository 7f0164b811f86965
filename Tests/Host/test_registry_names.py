"""Names of images and what they lead to: removing one of several, several registries to look in, policy.json."""
import contextlib
import json
import os
import re
from dataclasses import replace

from check import equal, holds, matches, one_line, test
from host import do
from program import IMAGE
from registry import Image, Server, configuration
from hostile import layer


@test
def rmi_with_force_takes_the_name_that_was_given_and_no_other(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        identifier = elsewhere.field(IMAGE, ".Id")
        elsewhere.ok("tag", IMAGE, "x:1", "other/x:1", "x")
        equal(elsewhere.ok("rmi", "-f", "localhost/x:1"), "Untagged: localhost/x:1", "rmi -f of a whole name")
        equal(elsewhere.ok("rmi", "--force", "x"), "Untagged: localhost/x:latest", "rmi -f of a short name")
        equal(elsewhere.ok("rmi", "-f", "other/x:1"), "Untagged: localhost/other/x:1", "rmi -f of a name with a slash")
        equal(elsewhere.ok("images", "-q", "--no-trunc"), f"sha256:{identifier}", "the image")
        elsewhere.ok("tag", IMAGE, "x:2")
        matches(elsewhere.fails(2, "rmi", identifier), "force", "rmi of an id with several names")
        matches(elsewhere.ok("rmi", "-f", identifier), f"Deleted: {identifier}$", "rmi -f of an id")
        equal(elsewhere.ok("images", "-q"), "", "what is left")


@test
def a_container_that_was_never_started_can_be_committed(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        elsewhere.ok("create", "--name", "c", "--network", "none", IMAGE, "echo", "committed")
        equal(elsewhere.ok("diff", "c"), "", "what it has changed")
        elsewhere.ok("commit", "-q", "c", "made:1")
        equal(elsewhere.ok("run", "--rm", "--network", "none", "made:1"), "committed", "what the image does")
        equal(elsewhere.ok("diff", "made:1"), "", "what the image changes")
        elsewhere.ok("rm", "c")
        elsewhere.ok("rmi", "-f", "made:1", IMAGE)


@contextlib.contextmanager
def _searching(host, registries, blocked=()):
    """The program with several registries to look in for names without one."""
    top = host.scratch / "searched"
    top.mkdir()
    entries = "".join(f'[[registry]]\nlocation="{x}"\ninsecure=true\nblocked={"true" if x in blocked else "false"}\n' for x in registries)
    names = ", ".join(f'"{x}"' for x in registries)
    try:
        with host.elsewhere() as elsewhere:
            environment = configuration(top, f"unqualified-search-registries=[{names}]\nshort-name-mode=\"disabled\"\n{entries}")
            yield replace(elsewhere, environment={**elsewhere.environment, **environment})
    finally:
        do(f"rm -rf {top}")


@test
def a_registry_that_is_blocked_or_broken_does_not_end_the_search(host):
    image = Image([layer()], name="short")

    def broken(request):
        request.reply(400, b"no")

    with Server(image.answer) as good, Server(broken) as bad:
        with _searching(host, ["blocked.test", bad.host, good.host], blocked=["blocked.test"]) as program:
            program.ok("pull", "-q", "short")
            equal(program.ok("images", "--format", "{{.Repository}}:{{.Tag}}"), f"{good.host}/short:latest", "what was pulled")
            matches(program.fails(125, "pull", "-q", "absent"), "blocked.*400.*manifest unknown", "all reasons are told")
            program.ok("rmi", "short")


@test
def search_shows_what_the_other_registries_have(host):
    def catalog(request):
        if request.path.startswith("/v2/_catalog"):
            return request.reply(200, {"repositories": ["tool/one", "tool/two"]})
        request.reply(200 if request.path == "/v2/" else 404)

    def nothing(request):
        request.reply(404)

    with Server(catalog) as good, Server(nothing) as bad:
        with _searching(host, ["blocked.test", bad.host, good.host], blocked=["blocked.test"]) as program:
            done = program.run("search", "--format", "{{.Name}}", "tool")
            equal((done.status, done.out), (0, f"{good.host}/tool/one\n{good.host}/tool/two\n"), f"rows: {done}")
            matches(done.err, f"WARNING: couldn't search registry .blocked.test.*\n.*{bad.host}", "the others")
            equal(program.ok("search", "--limit", "1", "--format", "{{.Name}}", "tool"), f"{good.host}/tool/one", "--limit 1")
            equal(len(program.ok("search", "--limit", "0", "--format", "{{.Name}}", "tool").splitlines()), 2, "--limit 0")
        with _searching(host, [bad.host]) as program:
            one_line(program.fails(125, "search", "tool"), "stderr of search")


@contextlib.contextmanager
def _policy(host, **document):
    """policy.json of this private host, while the block lasts."""
    folder = host.scratch / "containers"
    do(f"cp -a /etc/containers {folder} && mount --bind {folder} /etc/containers")
    try:
        (folder / "policy.json").write_text(json.dumps(document))
        yield
    finally:
        do(f"umount /etc/containers && rm -rf {folder}")


REJECT, ACCEPT = [{"type": "reject"}], [{"type": "insecureAcceptAnything"}]


@test
def policy_json_decides_about_archives_and_pushes_too(host):
    with host.elsewhere() as elsewhere:
        root = host.scratch / "root.tar"
        do(f"tar -C {host.scratch} -cf {root} --files-from /dev/null")
        with _policy(host, default=REJECT):
            error = elsewhere.fails(125, "load", "-q", "-i", host.archive)
            matches(one_line(error, "stderr"), f"Source image rejected: Running image docker-archive:{host.archive} is rejected by policy", "load")
            matches(elsewhere.fails(125, "import", root), f"Running image tarball:{root} is rejected", "import")
            equal(elsewhere.ok("images", "-q"), "", "images")
            equal(elsewhere.ok("system", "check", "-q"), "", "system check")
        with _policy(host, default=REJECT, transports={"docker-archive": {"": ACCEPT}}):
            elsewhere.ok("load", "-q", "-i", host.archive)
            out = host.scratch / "out.tar"
            matches(elsewhere.fails(125, "save", "-q", "-o", out, IMAGE), "Running image containers-storage:.* is rejected", "save")
            matches(elsewhere.fails(125, "push", "-q", IMAGE, "127.0.0.1:1/x"), "Running image containers-storage:.* is rejected", "push")
            holds(not os.path.exists(out), "a file of a save that was refused")
        with _policy(host, default=ACCEPT, more=1):
            error = elsewhere.fails(125, "load", "-q", "-i", host.archive)
            matches(error, 'invalid policy in "/etc/containers/policy.json": Unknown key "more"', "a key that nobody knows")
        elsewhere.ok("rmi", IMAGE)
        root.unlink()


@test
def save_writes_to_pipes_and_devices_and_says_nothing_on_a_pipe(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        done = elsewhere.run("save", IMAGE, "--format", "oci-archive", "-o", "/dev/null")
        equal(done.status, 0, f"save to a device: {done}")
        fifo, full, empty = (host.scratch / x for x in ("fifo", "full", "empty"))
        os.mkfifo(fifo)
        full.write_text("mine")
        empty.touch()
        command = " ".join(elsewhere.command("save", IMAGE))
        sums = {do(f"{command} 2>{host.scratch}/err | sha256sum"), do(f"{command} -o /dev/stdout 2>/dev/null | sha256sum"),
                do(f"{command} -q -o {fifo} & sha256sum < {fifo}; wait"), do(f"{command} -q -o {empty}; sha256sum < {empty}")}
        equal(len(sums), 1, f"what was written: {sums}")
        equal((host.scratch / "err").read_text(), "", "progress of a save to a pipe")
        one_line(elsewhere.fails(125, "save", "-q", "-o", full, IMAGE), "stderr of save to a file with content")
        equal(full.read_text(), "mine", "the file")
        for path in (fifo, full, empty, host.scratch / "err"):
            path.unlink()
        elsewhere.ok("rmi", IMAGE)


@test
def load_prints_the_archive_s_own_names_each_on_a_line(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        elsewhere.ok("tag", IMAGE, "second:1", "third:1")
        archive = host.scratch / "names.tar"
        elsewhere.ok("save", "-q", "-o", archive, "-m", IMAGE, "second:1")
        done = elsewhere.run("load", "-i", archive)
        equal(sorted(done.out.splitlines()), [f"Loaded image: {IMAGE}", "Loaded image: localhost/second:1"], f"load: {done}")
        matches(done.err, "^Getting image source signatures\n(Copying blob sha256:.*\n)+Copying config sha256:.*\nWriting manifest to image destination\nStoring signatures\n", "progress")
        terminal = do(f"script -qec '{' '.join(elsewhere.command('load', '-i', archive))}' /dev/null")
        holds("destination  0 B" not in terminal, f"progress on a terminal: {terminal!r}")
        archive.unlink()
        elsewhere.ok("rmi", "-f", elsewhere.field(IMAGE, ".Id"))


@test
def history_as_json_has_podman_s_fields(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        image = json.loads(elsewhere.ok("inspect", IMAGE))[0]
        steps = json.loads(elsewhere.ok("history", "--format", "json", IMAGE))
        first = image["History"][-1]
        equal((steps[0]["id"], steps[0]["created"], steps[0]["Created"], steps[0]["CreatedBy"]),
              (image["Id"], first["created"], re.sub(r"\.\d+Z", "Z", first["created"]), first["created_by"]), "the newest step")
        holds(isinstance(steps[0]["size"], int), f"its size: {steps[0]['size']!r}")
        matches(elsewhere.ok("history", "--format", "{{.CreatedAt}}|{{.Tags}}", IMAGE), r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC\|\[\]$", "a template")
        elsewhere.ok("rmi", IMAGE)


@test
def archives_are_pulled_run_and_pushed_to_by_their_transport(host):
    with host.elsewhere() as elsewhere:
        identifier = elsewhere.ok("pull", "-q", f"docker-archive:{host.archive}")
        equal(elsewhere.field(IMAGE, ".Id"), identifier, "the image of a docker-archive")
        archive, other = host.scratch / "a.tar", host.scratch / "b.tar"
        elsewhere.ok("push", "-q", IMAGE, f"oci-archive:{archive}:renamed:1")
        elsewhere.ok("push", "-q", IMAGE, f"docker-archive:{other}")
        do(f"mkdir {host.scratch}/layout && tar -C {host.scratch}/layout -xf {archive}")
        elsewhere.ok("rmi", IMAGE)
        for place in (f"oci-archive:{archive}", f"oci-archive:{archive}:renamed:1", f"oci:{host.scratch}/layout"):
            equal(elsewhere.ok("run", "--rm", "--network", "none", "-q", place, "echo", "ran"), "ran", place)
            equal(elsewhere.ok("images", "--format", "{{.Repository}}:{{.Tag}}"), "localhost/renamed:1", f"names after {place}")
            elsewhere.ok("rmi", "renamed:1")
        equal(elsewhere.ok("pull", "-q", f"docker-archive:{other}"), identifier, "an archive without a name")
        elsewhere.ok("rmi", identifier)
        matches(one_line(elsewhere.fails(125, "pull", "-q", f"oci-archive:{archive}:other"), "stderr"), "no image localhost/other:latest", "another name")
        matches(one_line(elsewhere.fails(125, "pull", "-q", "ostree:/x"), "stderr"), "transport ostree is not supported", "ostree:")
        do(f"rm -rf {archive} {other} {host.scratch}/layout")
        elsewhere.ok("rmi", "-a")


@test
def image_inspect_shows_what_it_found_and_tells_what_not(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        done = elsewhere.run("image", "inspect", "--format", "{{.Id}}", IMAGE, "absent")
        equal((done.status, done.out), (125, elsewhere.field(IMAGE, ".Id") + "\n"), f"one of two: {done}")
        done = elsewhere.run("image", "inspect", "absent")
        equal((done.status, done.out), (125, "[]\n"), f"none: {done}")
        elsewhere.ok("rmi", IMAGE)
