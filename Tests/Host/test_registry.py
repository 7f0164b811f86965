"""Images from a real registry: Debian's docker-registry with TLS, a password, and a token server."""
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

from check import equal, holds, matches, one_line, test
from program import IMAGE
from registry import PASSWORD, USER, registry

ARCHIVE = "docker-archive:{}"


def _program(elsewhere, there):
    return replace(elsewhere, environment={**elsewhere.environment, **there.environment})


@test
def an_image_of_a_registry_with_a_password_runs_as_typed(host):
    with registry(host, "password") as there, host.elsewhere() as elsewhere:
        there.copy(ARCHIVE.format(host.archive), "larsks/whoami:latest")
        swiftlet = _program(elsewhere, there)
        certs = ("--cert-dir", there.certs)
        error = swiftlet.fails(125, "pull", *certs, IMAGE)
        matches(one_line(error.replace("Trying", "Copying"), "stderr"), "log in to it first", "a pull without a login")
        error = swiftlet.fails(125, "login", *certs, "-u", USER, "--password-stdin", there.host, input="wrong\n")
        matches(one_line(error, "stderr"), "invalid username/password", "a login with a wrong password")
        holds(not Path(there.environment["REGISTRY_AUTH_FILE"]).exists(), "a login that failed stored credentials")
        equal(swiftlet.ok("login", *certs, "-u", USER, "--password-stdin", there.host, input=PASSWORD), "Login Succeeded!", "login")
        equal(swiftlet.ok("login", "--get-login", there.host), USER, "who is logged in")
        mode = stat.S_IMODE(os.stat(there.environment["REGISTRY_AUTH_FILE"]).st_mode)
        equal(oct(mode), "0o600", "the mode of auth.json")
        done = swiftlet.run("run", "--rm", "--network", "none", *certs, IMAGE, "echo", "works")
        equal((done.status, done.out), (0, "works\n"), f"what the image prints: {done}")
        matches(done.err, "^Trying to pull ghcr.io/larsks/whoami:latest...$", "progress")
        equal(swiftlet.ok("run", "--rm", "--network", "none", "--pull", "never", IMAGE, "echo", "again"), "again", "the second run")
        equal(swiftlet.ok("logout", there.host), f"Removed login credentials for {there.host}", "logout")
        one_line(swiftlet.fails(125, "login", "--get-login", there.host), "stderr of login --get-login")
        one_line(swiftlet.fails(125, "logout", there.host), "stderr of a second logout")
        equal(swiftlet.ok("system", "check", "-q"), "", "system check")


@test
def a_token_server_lets_in_who_has_the_password(host):
    with registry(host, "token") as there, host.elsewhere() as elsewhere:
        there.copy(ARCHIVE.format(host.archive), "larsks/whoami:latest")
        swiftlet = _program(elsewhere, there)
        certs = ("--cert-dir", there.certs)
        swiftlet.fails(125, "pull", "-q", *certs, IMAGE)
        swiftlet.fails(125, "pull", "-q", *certs, "--creds", f"{USER}:wrong", IMAGE)
        identifier = swiftlet.ok("pull", "-q", *certs, "--creds", f"{USER}:{PASSWORD}", IMAGE)
        equal(swiftlet.ok("images", "-q", "--no-trunc"), f"sha256:{identifier}", "images")
        equal(swiftlet.ok("login", *certs, "-u", USER, "-p", PASSWORD, there.host), "Login Succeeded!", "login")
        equal(swiftlet.ok("pull", "-q", *certs, IMAGE), identifier, "a pull of what is here")


@test
def an_image_is_found_by_tag_by_digest_and_by_the_digest_of_its_index(host):
    with registry(host) as there, host.elsewhere() as elsewhere:
        swiftlet = _program(elsewhere, there)
        certs = ("--cert-dir", there.certs)
        there.copy(ARCHIVE.format(host.archive), "larsks/whoami:latest")
        identifier = swiftlet.ok("pull", "-q", *certs, IMAGE)
        digest = swiftlet.field(IMAGE, ".Digest")
        name = f"ghcr.io/larsks/whoami@{digest}"
        equal(swiftlet.ok("run", "--rm", "--network", "none", "--pull", "never", name, "echo", "x"), "x", "run by digest")
        swiftlet.ok("rmi", IMAGE)
        equal(swiftlet.ok("pull", "-q", *certs, name), identifier, "pull by digest")
        equal(swiftlet.ok("images", "--format", "{{.Repository}} {{.Tag}}"), "ghcr.io/larsks/whoami <none>", "images")
        equal(json.loads(swiftlet.ok("inspect", name))[0]["RepoDigests"], [name], "RepoDigests")
        swiftlet.ok("rmi", name)
        equal(swiftlet.ok("images", "-q"), "", "images after rmi")


@test
def two_pulls_of_one_image_share_the_work(host):
    with registry(host) as there, host.elsewhere() as elsewhere:
        swiftlet = _program(elsewhere, there)
        there.copy(ARCHIVE.format(host.archive), "larsks/whoami:latest")
        command = ("pull", "--cert-dir", there.certs, IMAGE)
        started = [swiftlet.start(*command) for _ in range(4)]
        results = [process.communicate(timeout=60) for process in started]
        equal([process.returncode for process in started], [0] * 4, f"exit statuses: {results}")
        equal(len({out for out, _ in results}), 1, "the ids")
        copied = sum(b"Copying blob" in err and b"already exists" not in err for _, err in results)
        equal(copied, 1, f"how many fetched the layer: {results}")
        equal(swiftlet.ok("system", "check", "-q"), "", "system check")


@test
def a_certificate_that_nobody_vouches_for_is_refused_and_http_needs_insecure(host):
    with registry(host) as there, host.elsewhere() as elsewhere:
        swiftlet = _program(elsewhere, there)
        there.copy(ARCHIVE.format(host.archive), "larsks/whoami:latest")
        matches(swiftlet.fails(125, "pull", IMAGE), "certificate", "pull without the certificate")
        swiftlet.ok("pull", "-q", "--tls-verify=false", IMAGE)
        swiftlet.ok("rmi", IMAGE)
        conf = Path(there.environment["CONTAINERS_REGISTRIES_CONF"])
        conf.write_text(conf.read_text() + "insecure = true\n")
        swiftlet.ok("pull", "-q", IMAGE)
