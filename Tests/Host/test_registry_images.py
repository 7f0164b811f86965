"""Images made here, images looked at, and what registries have, against Debian's Podman."""
import json
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

from check import equal, holds, matches, one_line, test
from host import do, shell
from hostile import layer, mock
from oracle import debian
from program import IMAGE
from registry import DOCKER_MANIFEST, INDEX, MANIFEST, Image, Server, configuration, digest, registry

HERE = Path(__file__).parent
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
CHANGES = "echo x > /new; mkdir /d; echo y > /d/f; ln /d/f /d/g; rm /etc/passwd; ln -s a /l; chmod 700 /tmp; mknod /d/p p"
INSTRUCTIONS = ["CMD=/bin/sh", "ENV A=b", "EXPOSE 80", "LABEL x=y", "WORKDIR /d", 'ENTRYPOINT ["/bin/echo", "a b"]',
                "USER 1:2", "VOLUME /v", "STOPSIGNAL 9"]


def _configuration(text):
    found = json.loads(text)[0]
    # Podman writes its own variables into the image.
    found["Config"]["Env"] = [x for x in found["Config"]["Env"] if x not in ("TERM=xterm", "container=podman")]
    return {key: found["Config"].get(key) for key in (
        "Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "WorkingDir", "User", "Volumes", "StopSignal")}


def _progress(error):
    """Lines of progress without the digests, which hold a time."""
    return re.sub("sha256:[0-9a-f]{64}", "DIGEST", error)


@test
def commit_makes_the_image_that_podman_makes(host):
    with debian(host) as podman, host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        swiftlet.ok("run", "--name", "c", "--network", "none", IMAGE, "sh", "-c", CHANGES)
        do(f"{podman} run --name c --network none {IMAGE} sh -c '{CHANGES}'")
        flags = [x for change in INSTRUCTIONS for x in ("-c", change)]
        quoted = " ".join(f"'{x}'" for x in flags)
        identifier = swiftlet.ok("commit", "-q", *flags, "-a", "me", "c", "new:1")
        do(f"{podman} commit -q {quoted} -a me c new:1")
        equal(_configuration(swiftlet.ok("inspect", "new:1")), _configuration(do(f"{podman} inspect new:1")), "the configuration")
        equal(swiftlet.field("new:1", ".Author"), "me", "the author")
        equal(_progress(swiftlet.run("commit", "c").err), _progress(do(f"{podman} commit c 2>&1 >/dev/null")), "progress of commit")
        equal(swiftlet.ok("images", "-q", "--no-trunc", "new:1"), f"sha256:{identifier}", "the id")
        listing = "cd / && find d l new tmp | sort; cat d/g; stat -c %a tmp; stat -c %h d/f; test -p d/p && echo pipe"
        equal(swiftlet.ok("run", "--rm", "--network", "none", "--entrypoint", "", "--user", "0", "new:1", "sh", "-c", listing),
              do(f"{podman} run --rm --network none --entrypoint '' --user 0 new:1 sh -c '{listing}'").strip(), "what is in it")
        holds("D /etc/passwd" in swiftlet.ok("diff", "new:1").splitlines(), "a file that was removed is there")
        # One that was never started has no changes.
        swiftlet.ok("commit", "-q", swiftlet.ok("create", IMAGE), "never:1")
        equal(swiftlet.ok("diff", "never:1"), "", "the changes of a container that never ran")
        # Podman takes it, too.
        archive = host.scratch / "committed.tar"
        swiftlet.ok("save", "-q", "-o", archive, "new:1")
        do(f"{podman} rmi -f new:1 && {podman} load -qi {archive} && rm {archive}")
        equal(do(f"{podman} images -q --no-trunc new:1").strip(), f"sha256:{identifier}", "the id in Podman")
        matches(one_line(swiftlet.fails(125, "commit", "-q", "nope"), "stderr"), "no such container", "a container that is not there")
        one_line(swiftlet.fails(125, "commit", "-q", "-c", "FOO bar", "c"), "stderr of an unknown instruction")
        equal(swiftlet.ok("system", "check", "-q"), "", "system check")


@test
def import_makes_an_image_of_a_tar_compressed_or_not(host):
    with debian(host) as podman, host.elsewhere() as swiftlet:
        tar = host.scratch / "root.tar"
        do(f"{podman} create --name c {IMAGE} && {podman} export -o {tar} c && gzip -k {tar} && zstd -q {tar}")
        flags = [x for change in INSTRUCTIONS for x in ("-c", change)]
        quoted = " ".join(f"'{x}'" for x in flags)
        do(f"{podman} import -q {quoted} -m remark {tar} imp:1")
        equal(_progress(swiftlet.run("import", tar, "progress").err), _progress(do(f"{podman} import {tar} progress 2>&1 >/dev/null")),
              "progress of import")
        swiftlet.ok("rmi", "progress")
        ids = set()
        for name in (tar, f"{tar}.gz", f"{tar}.zst"):
            printed = swiftlet.ok("import", "-q", *flags, "-m", "remark", name, "imp:1")
            matches(printed, "^sha256:[0-9a-f]{64}$", "what import prints")
            ids.add(swiftlet.field("imp:1", ".RootFS.Layers"))
        equal(len(ids), 1, "the layer, however it was compressed")
        equal(ids, {do(podman + " inspect --format '{{.RootFS.Layers}}' imp:1").strip()}, "the layer's digest")
        equal(_configuration(swiftlet.ok("inspect", "imp:1")), _configuration(do(f"{podman} inspect imp:1")), "the configuration")
        equal(swiftlet.field("imp:1", ".Comment"), "remark", "the remark")
        equal(swiftlet.ok("run", "--rm", "--network", "none", "--entrypoint", "", "--user", "0", "imp:1", "echo", "runs"), "runs", "run")
        piped = shell(f"cat {tar}.gz | {swiftlet.path} {' '.join(swiftlet.options)} import -q - piped")
        holds(piped.returncode == 0, f"import of standard input: {piped}")
        swiftlet.ok("rmi", "-a", "-f")
        one_line(swiftlet.fails(125, "import", "-q", host.scratch / "nope.tar"), "stderr of a missing file")
        (host.scratch / "bad.tar").write_bytes(b"x" * 5000)
        one_line(swiftlet.fails(125, "import", "-q", host.scratch / "bad.tar"), "stderr of a file that is no archive")
        equal(swiftlet.ok("images", "-q"), "", "images")
        do(f"rm {tar}* {host.scratch}/bad.tar")
        equal(swiftlet.ok("system", "check", "-q"), "", "system check")


@test
def diff_shows_what_podman_shows(host):
    with debian(host) as podman, host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        swiftlet.ok("run", "--name", "c", "--network", "none", IMAGE, "sh", "-c", CHANGES)
        do(f"{podman} run --name c --network none {IMAGE} sh -c '{CHANGES}'")
        equal(swiftlet.ok("diff", "c").splitlines(), sorted(do(f"{podman} diff c").splitlines(), key=lambda x: x[2:]), "diff")
        ours, theirs = json.loads(swiftlet.ok("diff", "--format", "json", "c")), json.loads(do(f"{podman} diff --format json c"))
        equal({k: sorted(v) for k, v in ours.items()}, {k: sorted(v) for k, v in theirs.items()}, "diff --format json")
        swiftlet.ok("commit", "-q", "c", "new")
        do(f"{podman} commit -q c new")
        for name in (IMAGE, "new"):
            ours, theirs = swiftlet.ok("diff", name).splitlines(), do(f"{podman} diff {name}").splitlines()
            equal([x for x in ours if x not in theirs], [], f"what is too much in diff of {name}")
            equal([x for x in theirs if x not in ours], [], f"what is missing in diff of {name}")
        one_line(swiftlet.fails(125, "diff", "nope"), "stderr of diff of nothing")


@test
def an_image_is_mounted_to_be_looked_at_and_unmounted(host):
    with debian(host) as podman, host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        path, theirs = swiftlet.ok("image", "mount", IMAGE), do(f"{podman} image mount {IMAGE}").strip()
        try:
            # Podman's vfs has the very directory of the layer, whose own mode it sets.
            listing = "cd {} && find . -mindepth 1 -printf '%p %y %m %U %G %s %l\\n' | sort"
            equal(do(listing.format(path)), do(listing.format(theirs)), "the files")
            holds(shell(f"touch {path}/x").returncode != 0, "an image can be changed")
            equal(swiftlet.ok("image", "mount", IMAGE), path, "a second mount")
            equal(swiftlet.ok("image", "mount"), f"{IMAGE}  {path}", "what is mounted")
            equal(json.loads(swiftlet.ok("image", "mount", "--format", "json"))[0]["mountpoint"], path, "the same as JSON")
            matches(one_line(swiftlet.fails(2, "rmi", IMAGE), "stderr"), "is mounted", "rmi of a mounted image")
        finally:
            done = swiftlet.run("image", "unmount", IMAGE)
        equal(done.out, do(f"{podman} image unmount {IMAGE}"), f"unmount: {done}")
        equal(swiftlet.ok("image", "unmount", IMAGE), "", "a second unmount")
        equal(swiftlet.ok("image", "mount"), "", "what is mounted then")
        one_line(swiftlet.fails(125, "image", "mount", "nope"), "stderr of mount of nothing")
        one_line(swiftlet.fails(125, "image", "unmount", "nope"), "stderr of unmount of nothing")
        swiftlet.ok("image", "mount", IMAGE)
        swiftlet.ok("rmi", "-f", IMAGE)
        equal(swiftlet.ok("image", "mount"), "", "what is mounted after rmi -f")


def _bring_to_version_2(path):
    """Makes a database the one that version 2 would have left: its tables, as they were kept, with the rows of now."""
    old = path.with_name("old.sqlite")
    database = sqlite3.connect(old, isolation_level=None)
    database.executescript((HERE / "state_version_2.sql").read_text())
    database.execute("ATTACH ? AS now", (str(path),))
    for (table,) in database.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
        columns = ", ".join(row[1] for row in database.execute(f"PRAGMA main.table_info({table})"))
        database.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}")
    database.close()
    for file in path.parent.glob("state.sqlite*"):
        file.unlink()
    old.rename(path)


@test
def a_store_of_an_earlier_version_shows_the_same_images(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        swiftlet.ok("commit", "-q", "-c", "LABEL a=b", "-c", "LABEL ü='c d'", swiftlet.ok("create", IMAGE), "x.example/a/new:1")
        swiftlet.ok("tag", IMAGE, "short", "x.example:5000/b/c")
        forms = [("images", "--digests", "--no-trunc", "--format", "{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}} {{.CreatedAt}} {{.Labels}}"),
                 ("images", "--format", "json"), ("images", "-q", "new"), ("images", "-q", "b/c"), ("image", "exists", "c"),
                 ("inspect", "--format", "{{.Id}} {{.Created}} {{.Labels}}", "x.example/a/new:1")]

        def show():
            # In what order an image got its names was not kept.
            return [re.sub(r'(?s)"History": \[.*?\]', "", swiftlet.ok(*form)) for form in forms]
        shown = show()
        holds("map[a:b ü:c d]" in shown[0], f"labels: {shown[0]}")
        _bring_to_version_2(Path(swiftlet.options[1], "state.sqlite"))
        equal(show(), shown, "what is shown after the way up")


@test
def a_newer_image_is_looked_for_in_silence_and_an_id_in_no_registry(host):
    image, newer = Image([layer()]), Image([layer("newer")])
    name = "test.example/test/image"
    with mock(host, image.answer) as (server, program), debian(host, loaded=False) as podman:
        identifier = program.ok("pull", "-q", name)
        do(f"CONTAINERS_REGISTRIES_CONF={program.environment['CONTAINERS_REGISTRIES_CONF']} {podman} pull -q {name}")
        for words in (("create", "--network", "none", "--pull", "newer", name, "x"), ("pull", "--policy", "newer", name)):
            equal(program.run(*words).err, "", f"stderr of {words[0]} where nothing is newer")
        del server.requests[:]
        for known in (identifier, identifier[:12]):
            wanted = shell(f"{podman} pull {known}")
            done = program.run("pull", known)
            equal((done.status, done.err), (wanted.returncode, wanted.stderr), f"pull of {known}")
            done = program.run("create", "--network", "none", "--pull", "newer", known, "x")
            equal((done.status, done.err), (0, ""), f"create --pull=newer of {known}")
        equal(server.requests, [], "what a registry was asked for an id")
        before = dict(image.paths)
        image.paths.clear()
        equal(program.run("create", "--network", "none", "--pull", "newer", name, "x").err, "", "stderr where the registry has none")
        image.paths.update({**before, **newer.paths})
        done = program.run("pull", "--policy", "newer", name)
        equal(done.out.strip(), digest(newer.configuration)[7:], "the id of a newer one")
        matches(done.err, f"^Trying to pull {name}:latest...\nGetting image source signatures\n", "progress then")
        program.ok("rm", "-a")
        program.ok("rmi", "-a")
    with mock(host, lambda request: request.reply(404)) as (server, program):
        server.server.server_close()
        matches(one_line(program.fails(125, "create", "--pull", "newer", "--network", "none", name).replace("Trying", "Copying"), "stderr"),
                "refused|404|unknown", "an image that is nowhere")


@test
def the_variant_of_an_index_is_chosen_as_podman_chooses(host):
    image = Image([layer()])
    machines = [("arm", "v5"), ("arm", "v6"), ("arm", ""), ("arm", "v7"), ("arm", "v8"), ("amd64", "v2"), ("arm64", "v8"), ("arm64", "")]
    for chosen in (machines, machines[:2], machines[4:6] + machines[6:7]):
        entries = []
        for machine, variant in chosen:
            other = Image([layer(machine + variant)])
            image.paths = {**other.paths, **image.paths}
            platform = {"os": "linux", "architecture": machine, **({"variant": variant} if variant else {})}
            entries.append(image.descriptor(MANIFEST, other.manifest, platform=platform))
        image.add_manifest("many", json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode(), INDEX)
        with mock(host, image.answer) as (_, program), debian(host, loaded=False) as podman:
            conf = program.environment["CONTAINERS_REGISTRIES_CONF"]
            for platform in ("linux/arm", "linux/arm/v6", "linux/arm/v7", "linux/arm/v8", "linux/arm/v9", "linux/arm64", "linux/arm64/v8",
                             "linux/arm64/v9", "linux/amd64", "linux/amd64/v2", "linux/amd64/v3", "linux/s390x"):
                words = f"pull -q --platform {platform} test.example/test/image:many"
                wanted, done = shell(f"CONTAINERS_REGISTRIES_CONF={conf} {podman} {words}"), program.run(*words.split())
                equal((done.status, done.out), (wanted.returncode, wanted.stdout), f"{platform} of {chosen}: {done}")
            program.ok("rmi", "-a", "-f")


@test
def search_shows_what_podman_shows(host):
    with registry(host) as there:
        for name in ("a/one:v1", "a/one:v2", "a/two:v1", "b/other:v1"):
            there.copy(f"docker-archive:{host.archive}", name)
        swiftlet = replace(host.swiftlet, environment={**host.swiftlet.environment, **there.environment})
        for words in ("{}/a", "{}/other", "{}/", "{}/zzz", "--limit 1 {}/a", "--format json {}/a", "--list-tags {}/a/one",
                      "--list-tags --limit 1 {}/a/one", "--list-tags --format json {}/a/one", "--format {{{{.Name}}}},{{{{.Index}}}} {}/a"):
            words = ["search", "--tls-verify=false", *words.format(there.host).split()]
            wanted = do(f"podman {' '.join(words)}")
            # Podman ends each line with blanks.
            equal([x.rstrip() for x in swiftlet.ok(*words).splitlines()], [x.rstrip() for x in wanted.splitlines()], " ".join(words))
        matches(swiftlet.ok("search", "--cert-dir", there.certs, "ghcr.io/other"), "^ghcr.io/b/other", "search by the configured name")
        one_line(swiftlet.fails(125, "search", "--tls-verify=false", "--list-tags", f"{there.host}/nope"), "stderr of tags of nothing")
        one_line(swiftlet.fails(125, "search", "127.0.0.1:1/nope"), "stderr of a registry that is not there")


@test
def manifest_inspect_shows_what_podman_shows(host):
    image = Image([b""])
    index = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": [
        {"mediaType": DOCKER_MANIFEST, "size": 7, "digest": "sha256:" + letter * 64, "platform": {"architecture": machine, "os": "linux"}}
        for letter, machine in (("a", "amd64"), ("b", "arm64"))]}).encode()
    image.add_manifest("list", index, LIST)
    top = host.scratch / "manifests"
    top.mkdir()
    with Server(image.answer) as server:
        environment = configuration(top, f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\ninsecure=true\n')
        swiftlet = replace(host.swiftlet, environment={**host.swiftlet.environment, **environment})
        conf = environment["CONTAINERS_REGISTRIES_CONF"]
        wanted = do(f"CONTAINERS_REGISTRIES_CONF={conf} podman manifest inspect test.example/test/image:list")
        equal(swiftlet.ok("manifest", "inspect", "test.example/test/image:list"), wanted.strip("\n"), "an index")
        equal(json.loads(swiftlet.ok("manifest", "inspect", "test.example/test/image")), json.loads(image.manifest), "a manifest")
        one_line(swiftlet.fails(125, "manifest", "inspect", "test.example/test/image:nope"), "stderr of a tag that is not there")
    do(f"rm -r {top}")
