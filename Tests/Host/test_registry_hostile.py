"""Registries that lie, break, and ask for what is not theirs: rows R1 to R14 of reliability.md, each with one clear
error and a store that is as it was."""
import base64
import gzip
import json

from check import equal, holds, matches, one_line, test
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


@test
def r1_a_blob_with_another_content_is_refused(host):
    def flipped(image):
        data = bytearray(image.layers[0])
        data[len(data) // 2] ^= 1
        image.paths[_blob(image)] = (200, bytes(data), {})

    def other(image):
        data = gzip.compress(layer("other"), 1, mtime=0)
        image.paths[_blob(image)] = (200, data + bytes(len(image.layers[0]) - len(data)), {})

    _all_refused(host, flipped, 'layer "?sha256:')
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


@test
def r3_a_blob_of_another_size_is_refused(host):
    def longer(image):
        image.paths[_blob(image)] = (200, image.layers[0] + b"more", {})

    def shorter(image):
        image.paths[_blob(image)] = (200, image.layers[0][:-100], {})

    def configuration_longer(image):
        image.paths[f"/v2/{image.name}/blobs/{digest(image.configuration)}"] = (200, image.configuration + b" ", {})

    _all_refused(host, longer, "the registry has .* bytes of it instead of")
    _all_refused(host, shorter, "the registry has .* bytes of it instead of")
    _all_refused(host, configuration_longer, "configuration sha256:.* is larger than")


@test
def r4_a_document_that_can_be_read_in_two_ways_is_refused(host):
    def change(kind=MANIFEST, raw=None, **fields):
        def bend(image):
            document = raw or json.dumps({**json.loads(image.manifest), **fields}).encode()
            image.add_manifest("latest", document, kind)
        return bend

    _all_refused(host, change(manifests=[]), "ambiguous manifest")
    _all_refused(host, change(INDEX), "announced as|says it is")
    _all_refused(host, change(mediaType=INDEX), "says it is")
    _all_refused(host, change(raw=b'{"schemaVersion":2,"config":{},"config":{},"layers":[]}'), "twice")
    _all_refused(host, change(raw=b'{"schemaVersion":2,"config":{},"layers":[]} {}'), "goes on after its end")


@test
def r5_documents_that_are_huge_or_deep_are_refused(host):
    def of(data, kind=MANIFEST):
        return lambda image: image.add_manifest("latest", data, kind)

    def nested(image):
        below, kind = image.manifest, MANIFEST
        for _ in range(12):
            below = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                {"mediaType": kind, "digest": digest(below), "size": len(below)}]}).encode()
            image.add_manifest("latest", below, INDEX)
            kind = INDEX

    def large_configuration(image):
        manifest = json.loads(image.manifest)
        manifest["config"]["size"] = 5 << 20
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)

    _all_refused(host, of(b" " * ((4 << 20) + 1)), "larger than 4194304 bytes")
    _all_refused(host, of(b"[" * 100_000), "nested more than 64 deep")
    _all_refused(host, of(b'{"schemaVersion":2,"layers":' + b"[" * 60 + b"]" * 60 + b"}"), "manifest|layers|nested")
    _all_refused(host, nested, "nested more than 8 deep")
    _all_refused(host, large_configuration, "5242880 bytes")
    _all_refused(host, of(json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": digest(b""), "size": 0},
                                      "layers": [{"digest": digest(b""), "size": 0}] * 600}).encode()), "blob|configuration|layers")


@test
def r6_a_digest_that_could_be_a_path_is_refused(host):
    for text in ("sha256:../../../etc/x", "sha256:" + "A" * 64, "sha256:abc", "md5:" + "a" * 32, "sha256:" + "a" * 100_000, ""):
        def bend(image, text=text):
            manifest = json.loads(image.manifest)
            manifest["layers"][0]["digest"] = text
            image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
        _all_refused(host, bend, "layers.*digest")


def _wants_token(realm, image):
    """A registry that sends everybody to a token server."""
    def answer(request):
        if request.headers.get("Authorization") == "Bearer let-me-in":
            return image.answer(request)
        request.reply(401, {"errors": [{"code": "UNAUTHORIZED"}]}, WWW_Authenticate=f'Bearer realm="{realm()}",service="s"')
    return answer


@test
def r7_credentials_reach_no_token_server_of_another_site(host):
    image, evil = Image([layer()]), None
    with Server(lambda request: request.reply(403), address="127.0.0.2") as evil:
        for realm, pattern in ((f"http://{evil.host}/token", "were not sent there"), ("file:///etc/passwd", "no HTTP URL"),
                               ("http://169.254.169.254/latest", "link-local"), ("", "no HTTP URL")):
            with mock(host, _wants_token(lambda: realm, image)) as (server, program):
                refused(program, pattern, "--creds", f"{USER}:{PASSWORD}")
                holds(not any(server.sent()), f"the registry itself got credentials: {server.requests}")
        holds(evil.requests, "nobody asked the other site for an anonymous token")
        equal([x for x in evil.sent() if x], [], "what the other site got")
        holds(not any(USER in path for _, path, _ in evil.requests), f"the name of the user: {evil.requests}")


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
    for path in [*certificate.directory.iterdir(), certificate.key, certificate.file]:
        path.unlink()
    certificate.directory.rmdir()
    certificate.key.parent.rmdir()


@test
def r8_nothing_secret_goes_along_a_redirect(host):
    image = Image([layer()])
    with Server(image.answer, address="127.0.0.2") as other:
        def answer(request):
            if request.headers.get("Authorization") != BASIC:
                return request.reply(401, WWW_Authenticate='Basic realm="x"')
            if "/blobs/" in request.path:
                return request.reply(307, Location=f"http://{other.host}{request.path}")
            image.answer(request)
        with mock(host, answer) as (server, program):
            program.ok("pull", "-q", "--creds", f"{USER}:{PASSWORD}", "test.example/test/image")
            holds(len(other.requests) >= 2, "the blobs were to come from the other host")
            equal([h for _, _, h in other.requests if {"Authorization", "Cookie"} & set(h)], [], "what the other host got")


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


@test
def r10_credentials_do_not_go_where_an_upload_is_sent(host):
    with Server(lambda request: request.reply(201), address="127.0.0.2") as other:
        def answer(request):
            if request.headers.get("Authorization") != BASIC:
                return request.reply(401, WWW_Authenticate='Basic realm="x"')
            if request.command == "POST":
                return request.reply(202, Location=f"http://{other.host}/upload?state=1")
            request.reply(201 if request.command == "PUT" else 404)
        with mock(host, answer) as (_, program):
            program.ok("load", "-i", host.archive)
            program.ok("push", "-q", "--creds", f"{USER}:{PASSWORD}", program.ok("images", "-q"), "test.example/test/image")
            holds(len(other.requests) >= 2, "the blobs were to go to the other host")
            equal([x for x in other.sent() if x], [], "the credentials that it got")


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
def r12_plain_http_is_never_tried_without_insecure(host):
    image = Image([layer()])
    with mock(host, image.answer, insecure=False) as (server, program):
        refused(program, "TLS|tls")
        refused(program, "TLS|tls", "--tls-verify=true")
        equal(server.requests, [], "what came over plain HTTP")
        program.ok("pull", "-q", "--tls-verify=false", "test.example/test/image")


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
    with Server(lambda request: request.reply(404), address="127.0.0.2") as mirror:
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

    def answer(request):
        if request.headers.get("Authorization") != BASIC:
            return request.reply(401, WWW_Authenticate='Basic realm="x"')
        image.answer(request)
    with mock(host, answer) as (_, program):
        done = [program.run("login", "--tls-verify=false", "-v", "-u", USER, "--password-stdin", "127.0.0.1:1", input=PASSWORD),
                program.run("pull", "--creds", f"{USER}:{PASSWORD}", "test.example/test/none"),
                program.run("pull", "--creds", f"{USER}:{PASSWORD}", "test.example/test/image")]
        equal([x.status for x in done], [125, 125, 0], f"exit statuses: {done}")
        secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        holds(not any(word in x.out + x.err for x in done for word in (PASSWORD, secret)), f"the password is shown: {done}")
        for tree in (host.scratch / "elsewhere", host.scratch / "elsewhere.run"):
            for path in tree.rglob("*"):
                if path.is_file() and not path.is_symlink():
                    holds(PASSWORD.encode() not in path.read_bytes(), f"the password is in {path}")
