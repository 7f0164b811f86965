"""Images given away: to a registry, to archives; and back again with the same digests."""
import json
import os
from dataclasses import replace

from check import equal, holds, matches, one_line, test
from host import do, output, shell
from program import IMAGE
from registry import PASSWORD, USER, registry

PODMAN = "podman --root {0}/podman --runroot {0}/podman.run --storage-driver vfs"


def _digest(raw):
    return json.loads(output(f"skopeo inspect {raw}"))["Digest"]


@test
def what_is_pushed_is_pulled_by_podman_and_comes_back_the_same(host):
    with registry(host, "token") as there, host.elsewhere() as elsewhere:
        swiftlet = replace(elsewhere, environment={**elsewhere.environment, **there.environment})
        certs = ("--cert-dir", there.certs)
        swiftlet.ok("load", "-i", host.archive)
        identifier = swiftlet.ok("images", "-q", "--no-trunc").removeprefix("sha256:")
        file = host.scratch / "digest"
        swiftlet.fails(125, "push", "-q", *certs, IMAGE)
        swiftlet.ok("push", "-q", *certs, "--creds", f"{USER}:{PASSWORD}", "--digestfile", file, IMAGE)
        access = f"--creds {USER}:{PASSWORD} --cert-dir {there.certs}"
        remote = f"docker://{there.host}/larsks/whoami:latest"
        equal(_digest(f"{access} {remote}"), file.read_text(), "the digest in the registry")
        podman = PODMAN.format(host.scratch)
        pulled = do(f"{podman} pull -q {access} {remote}").strip()
        equal(pulled, identifier, "the id that Podman pulled")
        flags = "--cgroup-manager cgroupfs --runtime runc"
        equal(do(f"{podman} {flags} run --rm --network none {pulled} echo runs"), "runs\n", "what it prints in Podman")
        shell("find /sys/fs/cgroup -depth -type d -path '*/libpod_parent*' -exec rmdir {} +")
        do(f"{podman} system reset -f; rm -rf {host.scratch}/podman {host.scratch}/podman.run")
        done = swiftlet.run("push", *certs, "--creds", f"{USER}:{PASSWORD}", IMAGE)
        matches(done.err, "already exists", f"a second push: {done}")
        swiftlet.ok("rmi", IMAGE)
        equal(swiftlet.ok("pull", "-q", *certs, "--creds", f"{USER}:{PASSWORD}", IMAGE), identifier, "the id pulled back")
        equal(swiftlet.field(IMAGE, ".Digest"), file.read_text(), "the digest pulled back")
        file.unlink()


@test
def archives_keep_ids_and_digests_on_every_way_round(host):
    with registry(host) as there, host.elsewhere() as elsewhere:
        swiftlet = replace(elsewhere, environment={**elsewhere.environment, **there.environment})
        there.copy(f"docker-archive:{host.archive}", "larsks/whoami:latest", "--format oci")
        identifier = swiftlet.ok("pull", "-q", "--cert-dir", there.certs, IMAGE)
        digest = swiftlet.field(IMAGE, ".Digest")
        oci, docker = host.scratch / "oci.tar", host.scratch / "docker.tar"
        swiftlet.ok("save", "-q", "--format", "oci-archive", "-o", oci, IMAGE)
        swiftlet.ok("save", "-q", "-o", docker, IMAGE)
        equal(_digest(f"oci-archive:{oci}"), digest, "the digest in the oci-archive")
        do(f"skopeo copy -q oci-archive:{oci} oci-archive:{oci}.2 && skopeo copy -q docker-archive:{docker} docker-archive:{docker}.2:{IMAGE}")
        # From our archive to the registry, back to us, and from there to an archive again.
        there.copy(f"oci-archive:{oci}", "larsks/copy:1", "--preserve-digests")
        swiftlet.ok("rmi", "-a")
        equal(swiftlet.ok("pull", "-q", "--cert-dir", there.certs, "ghcr.io/larsks/copy:1"), identifier, "the id of the copy")
        equal(swiftlet.field("ghcr.io/larsks/copy:1", ".Digest"), digest, "the digest of the copy")
        do(f"skopeo copy -q --src-cert-dir {there.certs} docker://{there.host}/larsks/copy:1 oci-archive:{oci}.3")
        equal(_digest(f"oci-archive:{oci}.3"), digest, "the digest of the copy's copy")
        swiftlet.ok("rmi", "-a")
        swiftlet.ok("load", "-qi", f"{oci}.3")
        equal(swiftlet.ok("images", "-q", "--no-trunc"), f"sha256:{identifier}", "the id of the copy's copy")
        os.remove(f"{oci}.3")
        for archive in (oci, f"{oci}.2", docker, f"{docker}.2"):
            swiftlet.ok("rmi", "-a")
            # skopeo's oci-archive has no name.
            matches(swiftlet.ok("load", "-i", archive), "Loaded image: ", f"load of {archive}")
            equal(swiftlet.ok("images", "-q", "--no-trunc"), f"sha256:{identifier}", f"the id of {archive}")
        equal(swiftlet.run("save", "-o", oci, IMAGE).status, 125, "exit status of save to a file that is there")
        for path in (oci, docker):
            os.remove(path), os.remove(f"{path}.2")
        piped = shell(f"{swiftlet.path} {' '.join(swiftlet.options)} save {IMAGE} | tar -tf - | sort")
        holds("manifest.json" in piped.stdout, f"save to a pipe: {piped.stdout}{piped.stderr}")


@test
def names_are_added_and_taken_away(host):
    with host.elsewhere() as swiftlet:
        swiftlet.ok("load", "-i", host.archive)
        swiftlet.ok("tag", IMAGE, "mine", "example.com/other:2")
        equal(sorted(swiftlet.ok("images", "--format", "{{.Repository}}:{{.Tag}}").split()),
              ["example.com/other:2", IMAGE, "localhost/mine:latest"], "images")
        equal(swiftlet.run("image", "exists", "mine").status, 0, "image exists")
        equal(swiftlet.run("image", "exists", "theirs").status, 1, "image exists of none")
        swiftlet.ok("untag", IMAGE, "mine")
        one_line(swiftlet.fails(125, "untag", IMAGE, "mine"), "stderr of untag")
        one_line(swiftlet.fails(125, "tag", IMAGE, "NoName"), "stderr of tag")
        swiftlet.ok("untag", IMAGE)
        equal(swiftlet.ok("images", "--format", "{{.Repository}}"), "<none>", "images after untag")
        matches(swiftlet.ok("history", swiftlet.ok("images", "-q")), "^ID +CREATED +CREATED BY +SIZE +COMMENT$", "history")
        identifier = swiftlet.ok("images", "-q", "--no-trunc").removeprefix("sha256:")
        equal(swiftlet.ok("image", "prune", "-f"), identifier, "image prune")
        equal(swiftlet.ok("images", "-q"), "", "images after prune")
