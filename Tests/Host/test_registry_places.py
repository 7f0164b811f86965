"""Images given to directories and archives, and taken from there, with Podman on the other side."""
import json
import re

from check import equal, holds, matches, one_line, test
from host import do, output
from program import IMAGE
from oracle import debian as _podman


def _digest(raw):
    return json.loads(output(f"skopeo inspect {raw}"))["Digest"]


@test
def directories_are_pushed_to_saved_to_loaded_and_pulled(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        identifier, digest = swiftlet.field(IMAGE, ".Id"), swiftlet.field(IMAGE, ".Digest")
        top = host.scratch / "places"
        top.mkdir()
        swiftlet.ok("push", "-q", "--digestfile", top / "digest", IMAGE, f"dir:{top}/plain")
        do(f"{podman} push -q {IMAGE} dir:{top}/podmans")
        equal(sorted(x.name for x in (top / "plain").iterdir()), sorted(x.name for x in (top / "podmans").iterdir()), "the files")
        equal((top / "plain/manifest.json").read_text(), (top / "podmans/manifest.json").read_text(), "the manifest")
        equal((top / "digest").read_text(), digest, "the digest that was told")
        swiftlet.ok("push", "-q", "--compress", IMAGE, f"dir:{top}/small")
        swiftlet.ok("push", "-q", "-f", "oci", IMAGE, f"dir:{top}/asoci")
        swiftlet.ok("save", "-q", "--format", "docker-dir", "-o", top / "saved", IMAGE)
        swiftlet.ok("save", "-q", "--format", "docker-dir", "--compress", "-o", top / "savedsmall", IMAGE)
        layer = lambda x: json.loads((top / x / "manifest.json").read_text())["layers"][0]  # noqa: E731
        holds(layer("small")["size"] < layer("plain")["size"] / 2, f"a layer that was to be compressed: {layer('small')}")
        matches(layer("asoci")["mediaType"], "^application/vnd.oci.image.layer", "a layer of OCI's manifest")
        # A second image takes the place of the first one, and nothing else is touched.
        swiftlet.ok("push", "-q", "-f", "oci", IMAGE, f"dir:{top}/small")
        equal(layer("small"), layer("asoci"), "what is there then")
        equal(len(list((top / "small").iterdir())), 4, "how many files are there then")
        (top / "mine").mkdir()
        (top / "mine/letter").write_text("dear")
        matches(one_line(swiftlet.fails(125, "push", "-q", IMAGE, f"dir:{top}/mine"), "stderr"), "don't want to overwrite important data", "a directory of somebody")
        equal([x.name for x in (top / "mine").iterdir()], ["letter"], "what is in it")
        for place in ("plain", "podmans", "small", "asoci", "saved", "savedsmall"):
            do(f"{podman} load -qi {top}/{place} && skopeo inspect dir:{top}/{place}")
            swiftlet.ok("rmi", "-a", "-f")
            equal(swiftlet.ok("load", "-q", "-i", top / place), f"Loaded image: sha256:{identifier}", f"load -i {place}")
            swiftlet.ok("rmi", "-a", "-f")
            equal(swiftlet.ok("pull", "-q", f"dir:{top}/{place}"), identifier, f"pull dir:{place}")
        do(f"rm {top}/plain/{layer('plain')['digest'][7:]}")
        swiftlet.ok("rmi", "-a", "-f")
        matches(one_line(swiftlet.fails(125, "pull", "-q", f"dir:{top}/plain"), "stderr"), "is missing", "a directory without its layer")
        equal(swiftlet.ok("images", "-q"), "", "images")
        do(f"rm -r {top}")


@test
def layouts_are_pushed_to_and_keep_the_images_that_they_have(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        identifier = swiftlet.field(IMAGE, ".Id")
        swiftlet.ok("commit", "-q", swiftlet.ok("create", IMAGE), "other:1")
        top = host.scratch / "layout"
        names = lambda: [x.get("annotations", {}).get("org.opencontainers.image.ref.name") for x in json.loads((top / "index.json").read_text())["manifests"]]  # noqa: E731
        swiftlet.ok("save", "-q", "--format", "oci-archive", "--uncompressed", "-o", f"{top}.tar", IMAGE)
        holds(f"blobs/sha256/{swiftlet.field(IMAGE, '(index .RootFS.Layers 0)')[7:]}" in do(f"tar -tf {top}.tar"), "a layer that is not compressed")
        swiftlet.ok("push", "-q", IMAGE, f"oci:{top}")
        equal(names(), [None], "names")
        swiftlet.ok("push", "-q", IMAGE, f"oci:{top}:one")
        equal(names(), ["one"], "names after it got one")
        done = swiftlet.run("push", "other:1", f"oci:{top}:two:2")
        equal(done.status, 0, f"{done}")
        matches(done.err, "already exists", "progress of what is there")
        equal(names(), ["one", "two:2"], "names of two")
        equal(_digest(f"oci:{top}:one") != _digest(f"oci:{top}:two:2"), True, "two images")
        swiftlet.ok("push", "-q", "other:1", f"oci:{top}:one")
        equal(_digest(f"oci:{top}:one"), _digest(f"oci:{top}:two:2"), "a name that was given to another image")
        swiftlet.ok("save", "-q", "--format", "oci-dir", "-o", top, IMAGE)
        equal(names()[-1], IMAGE, "the name that save gave")
        equal(do(f"{podman} pull -q oci:{top}:{IMAGE}").strip(), identifier, "what Podman pulled")
        swiftlet.ok("rmi", "-a", "-f")
        equal(swiftlet.ok("pull", "-q", f"oci:{top}:{IMAGE}"), identifier, "what was pulled")
        swiftlet.ok("rmi", "-a", "-f")
        equal(swiftlet.ok("load", "-q", "-i", top), "Loaded image: localhost/two:2\nLoaded image: localhost/one:latest\nLoaded image: " + IMAGE, "load")
        do(f"rm -r {top} {top}.tar")
        for words, message in ((("save", "--format", "oci-dir", IMAGE), "name it with --output"), (("save", "--compress", "-o", top, IMAGE), "--compress can only be set when --format is 'docker-dir'"),
                               (("save", "--format", "nope", "-o", top, IMAGE), "format value must be one of"), (("save", "--format", "docker-dir", "-m", "-o", top, IMAGE, "two:2"), "has one image"),
                               (("push", IMAGE, "oci:"), "a path must follow"), (("pull", f"oci:{top}"), "is no directory"), (("push", "-f", "v2s1", IMAGE, f"dir:{top}"), 'unknown format "v2s1"')):
            matches(one_line(swiftlet.fails(125, *words), "stderr"), re.escape(message), " ".join(map(str, words)))


@test
def save_takes_more_arguments_for_names_or_with_m_for_images(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        swiftlet.ok("commit", "-q", swiftlet.ok("create", IMAGE), "other:1")
        do(f"{podman} create --name c {IMAGE} && {podman} commit -q c other:1")
        archive = host.scratch / "named.tar"

        def tags():
            found = [sorted(x["RepoTags"]) for x in json.loads(do(f"tar -xOf {archive} manifest.json"))]
            archive.unlink()
            return found
        for words in ((IMAGE, "other:1", "new/tag"), ("-m", IMAGE, "other:1"), (IMAGE,), (swiftlet.field(IMAGE, ".Id"),)):
            swiftlet.ok("save", "-q", "-o", archive, *words)
            ours = tags()
            do(f"{podman} save -q -o {archive} {' '.join(words)}")
            equal(ours, tags(), f"the names after save {words}")
        for place in (f"docker-archive:{archive}", f"docker-archive:{archive}:x.example/n:1"):
            swiftlet.ok("push", "-q", IMAGE, place)
            ours = tags()
            do(f"{podman} push -q {IMAGE} {place}")
            equal(ours, tags(), f"the names after push to {place}")


@test
def push_compresses_layers_as_it_is_told(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        identifier = swiftlet.field(IMAGE, ".Id")
        top = host.scratch / "compressed"
        for word, mark in (("gzip", b"\x1f\x8b"), ("zstd", b"\x28\xb5\x2f\xfd")):
            swiftlet.ok("push", "-q", "-f", "oci", "--compression-format", word, IMAGE, f"dir:{top}")
            layer = json.loads((top / "manifest.json").read_text())["layers"][0]
            matches(layer["mediaType"], rf"tar\+{word}$", "the layer's type")
            equal((top / layer["digest"][7:]).read_bytes()[:len(mark)], mark, f"how a layer begins with {word}")
            swiftlet.ok("rmi", "-a")
            equal(swiftlet.ok("pull", "-q", f"dir:{top}"), identifier, f"what comes back from {word}")
            swiftlet.ok("tag", identifier, IMAGE)
        for words, message in ((("--compression-format", "lzma"), "compression format lzma is not supported"), (("--compression-format", "zstd", "-f", "v2s2"), "use --format oci")):
            matches(one_line(swiftlet.fails(125, "push", *words, IMAGE, f"dir:{top}"), "stderr"), message, " ".join(words))
        matches(one_line(swiftlet.fails(125, "rmi", "-a", IMAGE), "stderr"), "when using the --all switch", "rmi -a with a name")
        equal(swiftlet.field(IMAGE, ".Id"), identifier, "the image after that")
        swiftlet.ok("tag", IMAGE, "second")
        matches(swiftlet.ok("rmi", "-a"), f"Untagged: .*\nUntagged: .*\nDeleted: {identifier}$", "rmi -a of an image with two names")
        root = host.scratch / "root.tar"
        do(f"tar -C {host.scratch} -cf {root} --files-from /dev/null")
        swiftlet.ok("import", "-q", "--arch", "arm64", "--variant", "v8", root, "foreign")
        equal(swiftlet.field("foreign", ".Architecture"), "arm64", "the processor of an image that was imported for another")
        do(f"rm -r {top} {root}")
