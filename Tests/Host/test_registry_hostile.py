"""Registries that lie, break, and ask for what is not theirs: rows R1 to R14 and R19 of reliability.md (R3 to R6
in test_registry_documents.py), each with one clear error and a store that is as it was."""
import base64
import contextlib
import gzip
import itertools
import json
import os
import socket
import tempfile
import urllib.parse
from pathlib import Path

from check import equal, holds, matches, one_line, test
from host import do
from hostile import layer, mock, refused
from registry import (INDEX, MANIFEST, PASSWORD, USER, Certificate, Image, Server, configuration, digest)

BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def _all_refused(host, bend, pattern, **options):
    """Pulls an image that `bend` has changed."""
    image = Image([layer()], **options)
    bend(image)
    with mock(host, image.answer) as (server, program):
        refused(program, pattern)


def _blob(image, number=0):
    return f"/v2/{image.name}/blobs/{digest(image.layers[number])}"


def _chunked(data):
    """A body that does not say its length."""
    return b"%x\r\n" % len(data) + data + b"\r\n0\r\n\r\n"


@test
def r1_a_blob_with_another_content_is_refused(host):
    def flipped(image):
        data = bytearray(image.layers[0])
        data[len(data) // 2] ^= 1
        image.paths[_blob(image)] = (200, bytes(data), {})

    def other(image):
        data = gzip.compress(layer("other"), 1, mtime=0)
        image.paths[_blob(image)] = (200, data + bytes(len(image.layers[0]) - len(data)), {})

    def without_length(change):
        def bend(image):
            data = change(image.layers[0])
            image.paths[_blob(image)] = (200, _chunked(data), {"Transfer-Encoding": "chunked", "Content-Length": None})
        return bend

    _all_refused(host, flipped, 'layer "?sha256:')
    _all_refused(host, without_length(lambda x: x + b"more"), "sends more than the [0-9]* bytes")
    _all_refused(host, without_length(lambda x: x[:-5]), "blob sha256:.* it ended after [0-9]* of [0-9]* bytes")
    _all_refused(host, other, 'layer "?sha256:.*(digest|trailing|damaged|gzip)')


@test
def r1_a_layer_that_is_not_what_the_configuration_says_is_refused(host):
    good, evil = Image([layer()]), Image([layer("evil")])
    manifest = json.loads(good.manifest)
    manifest["layers"] = [good.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", evil.layers[0])]
    good.add_blob(evil.layers[0])
    good.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
    with mock(host, good.answer) as (_, program):
        refused(program, "but the configuration says sha256:")


@test
def r2_a_manifest_with_another_digest_is_refused(host):
    image = Image([layer()])
    wanted = digest(b"another")
    image.paths[f"/v2/{image.name}/manifests/{wanted}"] = (200, image.manifest, {"Content-Type": MANIFEST})
    status, body, headers = image.paths[f"/v2/{image.name}/manifests/latest"]
    with mock(host, image.answer) as (_, program):
        refused(program, "its content has digest sha256:", name=f"test.example/test/image@{wanted}")
        image.paths[f"/v2/{image.name}/manifests/latest"] = (status, body, {**headers, "Docker-Content-Digest": wanted})
        refused(program, "the registry says sha256:.* but its content has digest")


def _wants_token(realm, image):
    """A registry that sends everybody to a token server."""
    def answer(request):
        if request.headers.get("Authorization") == "Bearer let-me-in":
            return image.answer(request)
        request.reply(401, {"errors": [{"code": "UNAUTHORIZED"}]}, WWW_Authenticate=f'Bearer realm="{realm()}",service="s"')
    return answer


@test
def r7_credentials_reach_no_token_server_of_another_site(host):
    image, certificate = Image([layer()]), Certificate(host.scratch / "mock-certificate", "IP:127.0.0.2")
    realms = [("file:///etc/passwd", "no HTTP URL"), ("http://169.254.169.254/latest", "link-local"), ("", "no HTTP URL"),
              ("http://[fe80::1]/token", "link-local"), ("http://[::ffff:169.254.169.254]/token", "link-local"), ("//127.0.0.2/", "no HTTP URL")]
    with contextlib.ExitStack() as stack:
        # Another site, with TLS and without, and one in a private network.
        sites = [stack.enter_context(Server(lambda request: request.reply(403), *more)) for more in (
            (None, "127.0.0.2"), (certificate, "127.0.0.2"), (None, "192.168.121.67"))]
        realms += [(f"{scheme}://{site.host}/token", "were not sent there") for scheme, site in zip(("http", "https", "http"), sites)]
        for realm, pattern in realms:
            with mock(host, _wants_token(lambda: realm, image)) as (server, program):
                refused(program, pattern, "--creds", f"{USER}:{PASSWORD}")
                holds(not any(server.sent()), f"the registry itself got credentials: {server.requests}")
        for site in sites:
            holds(site.requests, "nobody asked the other site for an anonymous token")
            equal([x for x in site.sent() if x], [], "what the other site got")
            holds(not any(USER in path for _, path, _ in site.requests), f"the name of the user: {site.requests}")
    _remove(certificate)


@test
def r7_a_token_server_without_tls_is_refused_by_a_registry_with_tls(host):
    certificate = Certificate(host.scratch / "mock-certificate")
    image = Image([layer()])
    with Server(lambda request: request.reply(200, {"token": "let-me-in"})) as plain:
        with mock(host, _wants_token(lambda: f"http://{plain.host}/", image), False, certificate) as (_, program):
            refused(program, "token server without TLS", "--cert-dir", certificate.directory, "--creds", f"{USER}:{PASSWORD}")
        equal(plain.requests, [], "what the server without TLS got")
    _remove(certificate)


def _remove(certificate):
    do(f"rm -r {certificate.key.parent}")


@contextlib.contextmanager
def _names(**addresses):
    """Names that this private host knows, while the block lasts; _ stands for a dot."""
    file = "/etc/hosts"
    copy = tempfile.NamedTemporaryFile("w", dir="/run", delete=False)
    with copy:
        copy.write(open(file).read() + "".join(f"{address} {name.replace('_', '.')}\n" for name, address in addresses.items()))
    os.chmod(copy.name, 0o644)
    do(f"mount --bind {copy.name} {file}")
    try:
        yield
    finally:
        do(f"umount {file}")
        os.unlink(copy.name)


@test
def r8_nothing_secret_goes_along_a_redirect(host):
    image = Image([layer()])
    with contextlib.ExitStack() as stack:
        stack.enter_context(_names(registry_test="127.0.0.1", sub_registry_test="127.0.0.2"))
        others = {"another host": stack.enter_context(Server(image.answer, address="127.0.0.2")),
                  "another port": stack.enter_context(Server(image.answer))}
        others["a host below"] = others["another host"]
        for (what, other), status in itertools.product(others.items(), (301, 302, 303, 307, 308)):
            del other.requests[:]
            place = other.host if what != "a host below" else f"sub.registry.test:{other.port}"

            def answer(request):
                if request.headers.get("Authorization") != BASIC:
                    return request.reply(401, WWW_Authenticate='Basic realm="x"')
                if request.path != "/v2/":
                    return request.reply(status, Location=f"http://{place}{request.path}", Set_Cookie="secret=1; Path=/")
                image.answer(request)
            with mock(host, answer) as (server, program):
                conf = Path(program.environment["CONTAINERS_REGISTRIES_CONF"])
                conf.write_text(conf.read_text().replace("127.0.0.1:", "registry.test:"))
                program.ok("pull", "-q", "--creds", f"{USER}:{PASSWORD}", "test.example/test/image")
                holds(len(other.requests) >= 3, f"manifest and blobs were to come from {what}")
                equal([h for _, _, h in other.requests if {"Authorization", "Cookie"} & set(h)], [], f"what {what} got after {status}")
                program.ok("rmi", "test.example/test/image")


@test
def r8_a_redirect_without_end_or_to_a_secret_place_is_refused(host):
    image = Image([layer()])
    for location, pattern in (("/v2/test/image/blobs/x", "more than 5 times"), ("file:///etc/passwd", "no HTTP URL"),
                              ("http://169.254.169.254/x", "link-local"), ("http://user:secret@127.0.0.1/", "no HTTP URL")):
        def answer(request, location=location):
            if "/blobs/" in request.path:
                return request.reply(307, Location=location)
            image.answer(request)
        with mock(host, answer) as (_, program):
            refused(program, pattern)


@test
def r8_a_redirect_from_https_to_http_is_refused(host):
    certificate = Certificate(host.scratch / "mock-certificate")
    image = Image([layer()])
    with Server(image.answer) as plain:
        def answer(request):
            request.reply(307, Location=f"http://{plain.host}{request.path}")
        with mock(host, answer, False, certificate) as (_, program):
            refused(program, "redirects from https to", "--cert-dir", certificate.directory)
        equal(plain.requests, [], "what the plain server got")
    _remove(certificate)


@test
def r9_the_urls_of_a_foreign_layer_are_never_asked(host):
    image = Image([layer()])
    with Server(lambda request: request.reply(401, WWW_Authenticate='Basic realm="x"'), address="127.0.0.2") as evil:
        manifest = json.loads(image.manifest)
        manifest["layers"][0] |= {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                  "urls": [f"http://{evil.host}/layer"]}
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
        with mock(host, image.answer) as (_, program):
            program.ok("pull", "-q", "test.example/test/image")
        equal(evil.requests, [], "what the other host was asked")


def _uploads(location, sent):
    """A registry with a password that takes uploads somewhere else."""
    def answer(request):
        if request.headers.get("Authorization") != BASIC:
            return request.reply(401, WWW_Authenticate='Basic realm="x"')
        if request.command == "POST":
            return request.reply(202, Location=location)
        sent.append(request.path)
        request.reply(201 if request.command == "PUT" else 404)
    return answer


@test
def r10_credentials_do_not_go_where_an_upload_is_sent(host):
    with contextlib.ExitStack() as stack:
        for what, address in (("another host", "127.0.0.2"), ("another port", "127.0.0.1")):
            other = stack.enter_context(Server(lambda request: request.reply(201), address=address))
            with mock(host, _uploads(f"http://{other.host}/upload?state=1", [])) as (_, program):
                program.ok("load", "-i", host.archive)
                program.ok("push", "-q", "--creds", f"{USER}:{PASSWORD}", program.ok("images", "-q"), "test.example/test/image")
                holds(len(other.requests) >= 2, f"the blobs were to go to {what}")
                equal([x for x in other.sent() if x], [], f"the credentials that {what} got")
                program.ok("rmi", "-a")


@test
def r10_an_upload_to_a_secret_place_or_without_tls_is_refused(host):
    certificate = Certificate(host.scratch / "mock-certificate")
    with Server(lambda request: request.reply(201)) as plain:
        for secure, location, pattern in ((False, "http://169.254.169.254/x", "link-local"), (False, "file:///etc/passwd", "no HTTP URL"),
                                          (False, "", "no HTTP URL"), (True, f"http://{plain.host}/x", "sends it from https to")):
            sent = []
            with mock(host, _uploads(location, sent), not secure, certificate if secure else None) as (_, program):
                program.ok("load", "-q", "-i", host.archive)
                words = ("push", "-q", "--creds", f"{USER}:{PASSWORD}", "--cert-dir", certificate.directory, program.ok("images", "-q"))
                matches(one_line(program.fails(125, *words, "test.example/test/image"), "stderr"), pattern, f"an upload to {location!r}")
                equal([x for x in sent if "manifests" in x], [], "manifests that were sent nevertheless")
                program.ok("rmi", "-a")
        equal(plain.requests, [], "what came without TLS")
    _remove(certificate)


@test
def r11_a_token_is_for_one_repository_and_for_pulling_only(host):
    image = Image([layer()])
    with Server(lambda request: request.reply(200, {"token": "let-me-in"})) as tokens:
        with mock(host, _wants_token(lambda: f"http://{tokens.host}/token", image)) as (server, program):
            program.ok("pull", "-q", "--creds", f"{USER}:{PASSWORD}", "test.example/test/image")
            equal([path for _, path, _ in tokens.requests],
                  ["/token?service=s&scope=repository:test/image:pull&account=tester"], "what the token server was asked")
            equal(tokens.sent(), [BASIC], "what it got")
            equal(set(filter(None, server.sent())), {"Bearer let-me-in"}, "what the registry got")


@test
def r11_a_token_is_never_sent_for_another_repository(host):
    images = {name: Image([layer(name)], name=name) for name in ("test/image", "other/image")}

    def token(request):
        scope = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)["scope"]
        request.reply(200, {"token": base64.b64encode(" ".join(scope).encode()).decode()})

    def answer(request):
        name = next((x for x in images if f"/v2/{x}/" in request.path), None)
        wanted = "Bearer " + base64.b64encode(f"repository:{name}:pull".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            holds("Authorization" not in request.headers, f"{request.path} with {request.headers}")
            return request.reply(401, WWW_Authenticate=f'Bearer realm="http://{tokens.host}/token",service="s"')
        images[name].answer(request)
    with Server(token) as tokens, mock(host, answer) as (server, program):
        # One process, and one registry: each name has a token of its own.
        program.ok("pull", "-q", "--creds", f"{USER}:{PASSWORD}", *(f"test.example/{name}" for name in images))
        equal([urllib.parse.parse_qs(urllib.parse.urlsplit(path).query)["scope"] for _, path, _ in tokens.requests],
              [[f"repository:{name}:pull"] for name in images], "what the token server was asked")
        sent = {(base64.b64decode(headers["Authorization"].split()[1]).decode(), name) for _, path, headers in server.requests
                for name in images if "Authorization" in headers and f"/v2/{name}/" in path}
        equal(sent, {(f"repository:{name}:pull", name) for name in images}, "which token went where")
        program.ok("rmi", "-a")


@test
def r12_plain_http_is_never_tried_without_insecure(host):
    image = Image([layer()])
    with mock(host, image.answer, insecure=False) as (server, program):
        refused(program, "TLS|tls")
        refused(program, "TLS|tls", "--tls-verify=true")
        equal(server.requests, [], "what came over plain HTTP")
        program.ok("pull", "-q", "--tls-verify=false", "test.example/test/image")


class Either(Server):
    """A server at one port with TLS, or what stands for it, and without. plain: first lines of what came without."""

    def __init__(self, certificate, answer, address="127.0.0.1"):
        super().__init__(answer, address=address)
        self.plain, inner = [], self.server.get_request

        def get_request():
            connection, peer = inner()
            first = connection.recv(64, socket.MSG_PEEK)
            if first[:1] != b"\x16":
                self.plain.append(first)
                return connection, peer
            if certificate is None:
                connection.close()
                raise OSError("no TLS today")
            return certificate.context().wrap_socket(connection, server_side=True), peer
        self.server.get_request = get_request


@test
def r12_what_is_wrong_with_tls_never_leads_to_http(host):
    image = Image([layer()])
    certificates = {"nobody vouches for": Certificate(host.scratch / "one"), "is of another host": Certificate(host.scratch / "two", "DNS:other.test"),
                    "is too old": Certificate(host.scratch / "three", expired=True)}
    for what, certificate in (*certificates.items(), ("is not there", None)):
        with Either(certificate, image.answer) as server, mock(host, image.answer, insecure=False) as (_, program):
            _at(program, f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\n')
            certs = ("--cert-dir", certificate.directory) if certificate and "vouches" not in what else ()
            refused(program, "certificate|TLS|cut|reset|connection", *certs)
            refused(program, "certificate|TLS|cut|reset|connection", "--tls-verify=true", *certs)
            equal((server.requests, server.plain), ([], []), f"what came to a registry whose certificate {what}")
            if certificate:
                # Where verification is off, TLS that works is used; what it protects is not sent without.
                program.ok("pull", "-q", "--tls-verify=false", "test.example/test/image")
                equal(server.plain, [], "what came without TLS where the certificate does not matter")
                program.ok("rmi", "test.example/test/image")
    for certificate in certificates.values():
        _remove(certificate)


@test
def r12_a_name_that_begins_like_this_host_s_is_no_reason_for_http(host):
    image = Image([layer()])
    with _names(localhost_evil_test="127.0.0.1", loopback_test="127.0.0.1"), Either(None, image.answer) as server:
        for name in ("localhost.evil.test", "loopback.test", "localhost", "127.0.0.1"):
            with mock(host, image.answer, insecure=False) as (_, program):
                # One that is insecure does not make another one so that lies at the same place, or has a like name.
                _at(program, f'[[registry]]\nlocation="evil.test:{server.port}"\ninsecure=true\n[[registry]]\nlocation="{name}"\ninsecure=true\n')
                refused(program, "TLS|cut|reset|connection", name=f"{name}:{server.port}/test/image")
        equal(server.plain, [], "what came over plain HTTP")


def _at(program, registries):
    Path(program.environment["CONTAINERS_REGISTRIES_CONF"]).write_text(registries)


@test
def r13_the_token_server_is_verified_as_the_registry_is(host):
    certificate = Certificate(host.scratch / "mock-certificate")
    other = Certificate(host.scratch / "mock-other")
    image = Image([layer()])
    with Server(lambda request: request.reply(200, {"token": "let-me-in"}), other) as tokens:
        with mock(host, _wants_token(lambda: f"https://{tokens.host}/token", image), False, certificate) as (_, program):
            refused(program, "token server.*certificate", "--cert-dir", certificate.directory, "--creds", f"{USER}:{PASSWORD}")
        equal(tokens.requests, [], "what the token server got")
    _remove(certificate)
    _remove(other)


@test
def r14_a_mirror_gives_way_and_a_pinned_registry_does_not(host):
    image = Image([layer()])
    for status in (404, 401, 403, 500):
        _mirrored(host, image, status)


def _mirrored(host, image, status):
    with Server(lambda request: request.reply(status), address="127.0.0.2") as mirror:
        with mock(host, image.answer) as (server, program):
            extra = configuration(host.scratch / "mock", f"""unqualified-search-registries = ["first.example", "test.example"]
[aliases]
"pinned" = "first.example/test/image"
[[registry]]
prefix="first.example"
location="{mirror.host}"
insecure=true
[[registry]]
prefix="test.example"
location="{server.host}"
insecure=true
[[registry.mirror]]
location="{mirror.host}"
insecure=true
[[registry]]
prefix="blocked.example"
location="{server.host}"
blocked=true
""")
            program.environment.update(extra)
            refused(program, "blocked", name="blocked.example/test/image")
            refused(program, "first.example", name="pinned")
            equal([path for _, path, _ in server.requests], [], "what another registry than the pinned one was asked")
            done = program.run("pull", "test/image")
            equal(done.status, 0, str(done))
            matches(done.err, "^Trying to pull first.example/test/image:latest...\nTrying to pull test.example/test/image:latest...$",
                    "every name that is tried is told")
            holds(any("/manifests/" in path for _, path, _ in mirror.requests), "the mirror was not asked")


@test
def a_connection_that_breaks_is_taken_up_where_it_broke(host):
    image = Image([layer(size=3_000_000), layer("b", size=500)])
    image.layers[0] = gzip.compress(layer(size=3_000_000), 0, mtime=0)
    image = _replaced_layer(image)
    for ranges in (True, False):
        asked = []

        def answer(request, ranges=ranges, asked=asked):
            if request.path != _blob(image):
                return image.answer(request)
            data = image.layers[0]
            start = 0
            if ranges and request.headers.get("Range"):
                start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            asked.append(start)
            if len(asked) <= 2:
                # Promises all, gives a part, and hangs up.
                request.send_response(206 if start else 200)
                request.send_header("Content-Length", len(data) - start)
                if start:
                    request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                request.end_headers()
                request.wfile.write(data[start:start + 1_000_000])
                request.wfile.flush()
                request.close_connection = True
                request.connection.shutdown(2)
                return
            headers = {"Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
            request.reply(206 if start else 200, data[start:], **headers)

        with mock(host, answer) as (_, program):
            program.ok("pull", "-q", "test.example/test/image")
            equal(len(asked), 3, f"how often the blob was asked for: {asked}")
            holds(not ranges or (asked[1] > 0 and asked[2] > asked[1]), f"where it was taken up: {asked}")


def _replaced_layer(image):
    manifest = json.loads(image.manifest)
    manifest["layers"][0] = image.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", image.layers[0])
    image.add_blob(image.layers[0])
    image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
    return image


@test
def a_registry_that_always_breaks_is_given_up(host):
    image = Image([layer()])

    def answer(request):
        if "/blobs/" in request.path and request.path == _blob(image):
            request.close_connection = True
            return request.connection.shutdown(2)
        image.answer(request)
    with mock(host, answer) as (_, program):
        refused(program, "blob sha256:")


@test
def the_image_of_this_machine_or_of_the_platform_asked_for_is_chosen(host):
    image, other = Image([layer()]), Image([layer("arm")])
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        other.descriptor(MANIFEST, other.manifest, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
        image.descriptor(MANIFEST, b"x" * 10, platform={"os": "unknown", "architecture": "unknown"}),
        image.descriptor(MANIFEST, image.manifest, platform={"os": "linux", "architecture": "amd64"})]}).encode()
    image.paths |= other.paths
    image.add_manifest("latest", index, INDEX)
    with mock(host, image.answer) as (_, program):
        equal(program.ok("pull", "-q", "test.example/test/image"), digest(image.configuration)[7:], "this machine's image")
        equal(program.ok("pull", "-q", "--platform", "linux/arm64", "test.example/test/image"), digest(other.configuration)[7:],
              "the image of --platform")
        refused(program, "no image found in manifest list", "--platform", "linux/s390x")
        name = f"test.example/test/image@{digest(index)}"
        program.ok("pull", "-q", name)
        equal(program.run("image", "exists", name).status, 0, "the image by its index's digest")


@test
def what_is_no_container_image_is_refused(host):
    def artifact(image):
        manifest = json.loads(image.manifest)
        manifest["config"]["mediaType"] = "application/vnd.unknown.artifact.v1+json"
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)

    def encrypted(image):
        manifest = json.loads(image.manifest)
        manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)

    _all_refused(host, artifact, "artifact")
    _all_refused(host, encrypted, "unknown type")


@test
def r19_a_password_is_in_no_output_and_no_file_but_its_own(host):
    image = Image([layer()])
    seen, secret = set(), base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def answer(request):
        # While it waits for the answer: what another user of the host can see of it.
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                line = Path("/proc", pid, "cmdline").read_bytes()
                if PASSWORD.encode() in line or secret.encode() in line:
                    seen.add(line)
        if request.headers.get("Authorization") != BASIC:
            return request.reply(401, WWW_Authenticate='Basic realm="x"')
        image.answer(request)
    with mock(host, answer) as (server, program):
        auth = Path(program.environment["REGISTRY_AUTH_FILE"])
        name, old = "test.example/test/image", os.umask(0)
        try:
            done = [program.run("--log-level", "debug", *words, input=PASSWORD) for words in (
                ("login", "--tls-verify=false", "-v", "-u", USER, "--password-stdin", server.host),
                ("login", "--tls-verify=false", "-v", "-u", USER, "--password-stdin", "127.0.0.1:1"),
                ("pull", "test.example/test/none"), ("pull", name), ("push", name, f"{server.host}/test/other"), ("search", f"{server.host}/x"))]
        finally:
            os.umask(old)
        equal([x.status for x in done][:4], [0, 125, 125, 0], f"exit statuses: {done}")
        equal(seen, set(), "command lines with the password")
        equal(oct(auth.stat().st_mode & 0o7777), "0o600", "the mode of auth.json, with a umask of 0")
        # One that others can read is not kept so.
        auth.chmod(0o666)
        program.ok("login", "--tls-verify=false", "-u", USER, "--password-stdin", server.host, input=PASSWORD)
        equal(oct(auth.stat().st_mode & 0o7777), "0o600", "the mode of an auth.json that was open")
        done += [program.run("pull", "--creds", f"{USER}:{PASSWORD}", x) for x in ("test.example/test/none", name)]
        equal([x.status for x in done][-2:], [125, 0], f"exit statuses: {done}")
        holds(not any(word in x.out + x.err for x in done for word in (PASSWORD, secret)), f"the password is shown: {done}")
        for tree in (host.scratch / "elsewhere", host.scratch / "elsewhere.run", auth.parent):
            for path in tree.rglob("*"):
                if path != auth and path.is_file() and not path.is_symlink():
                    data = path.read_bytes()
                    holds(PASSWORD.encode() not in data and secret.encode() not in data, f"the password is in {path}")
