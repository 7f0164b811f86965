"""Manifests, indexes and configurations that lie, are huge, or can be read in two ways: rows R3 to R6 of
reliability.md, each with one clear error and a store that is as it was."""
import json
import time

from check import holds, test
from hostile import all_refused, layer, mock, refused
from registry import INDEX, MANIFEST, Image, digest

LAYER, CONFIGURATION = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.config.v1+json"


def _all_refused(host, bends, pattern):
    """Pulls images that functions have changed."""
    images = []
    for bend in bends:
        images.append(Image([layer()]))
        bend(images[-1])
    all_refused(host, images, pattern)


def _refused(host, bend, pattern):
    _all_refused(host, [bend], pattern)


def _blob(image):
    return f"/v2/{image.name}/blobs/{digest(image.layers[0])}"


def _document(data, kind=MANIFEST):
    """An image whose manifest these bytes are."""
    return lambda image: image.add_manifest("latest", data, kind)


def _changed(change):
    """An image whose manifest `change` has changed."""
    def bend(image):
        manifest = json.loads(image.manifest)
        change(manifest)
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
    return bend


def _configured(data):
    """An image with these bytes for its configuration, as its manifest says."""
    def bend(image):
        manifest = json.loads(image.manifest)
        manifest["config"] = image.descriptor(CONFIGURATION, data)
        image.add_blob(data)
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
    return bend


@test
def r3_a_blob_of_another_size_is_refused(host):
    def longer(image):
        image.paths[_blob(image)] = (200, image.layers[0] + b"more", {})

    def shorter(image):
        image.paths[_blob(image)] = (200, image.layers[0][:-100], {})

    def configuration_longer(image):
        image.paths[f"/v2/{image.name}/blobs/{digest(image.configuration)}"] = (200, image.configuration + b" ", {})

    def size(value, what="layers"):
        def change(manifest):
            (manifest["layers"][0] if what == "layers" else manifest["config"])["size"] = value
        return _changed(change)

    _refused(host, longer, "the registry has .* bytes of it instead of")
    _refused(host, shorter, "the registry has .* bytes of it instead of")
    _refused(host, configuration_longer, "configuration sha256:.* is larger than")
    for what in ("layers", "config"):
        values = (-1, 1 << 63, 10**400, 1.5, "20", None, [], 0, 1, 1 << 62)
        _all_refused(host, [size(value, what) for value in values], "size|bytes|digest|JSON")


@test
def r3_what_never_ends_is_read_no_further_than_its_size(host):
    image = Image([layer()])
    sent = []

    def endless(path):
        def answer(request):
            if request.path != path:
                return image.answer(request)
            request.send_response(200)
            request.send_header("Transfer-Encoding", "chunked")
            request.send_header("Content-Type", MANIFEST)
            request.end_headers()
            data = image.layers[0] + bytes(1 << 16)
            try:
                while len(sent) < 4096:
                    request.wfile.write(b"%x\r\n" % len(data) + data + b"\r\n")
                    sent.append(len(data))
            except OSError:
                pass
            request.close_connection = True
        return answer
    for path, pattern in ((_blob(image), "sends more than"), (f"/v2/{image.name}/manifests/latest", "larger than 4194304"),
                          (f"/v2/{image.name}/blobs/{digest(image.configuration)}", "larger than")):
        del sent[:]
        with mock(host, endless(path)) as (_, program):
            refused(program, pattern)
            # What waits in sockets and buffers comes on top.
            holds(sum(sent) < 32 << 20, f"{sum(sent)} bytes of {path} were sent")


@test
def r4_a_document_that_can_be_read_in_two_ways_is_refused(host):
    def change(kind=MANIFEST, **fields):
        return lambda image: image.add_manifest("latest", json.dumps({**json.loads(image.manifest), **fields}).encode(), kind)

    def index(**fields):
        def bend(image):
            manifests = [image.descriptor(MANIFEST, image.manifest)]
            image.add_manifest("latest", json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, **fields}).encode(), INDEX)
        return bend

    _refused(host, change(manifests=[]), "ambiguous manifest")
    _refused(host, index(layers=[]), "ambiguous manifest")
    _refused(host, index(config={}), "ambiguous manifest")
    _refused(host, change(fsLayers=[], history=[], signatures=[]), "ambiguous manifest|schema 1 are not supported")
    _refused(host, change(INDEX), "announced as|says it is")
    _refused(host, change(mediaType=INDEX), "says it is")
    _refused(host, index(mediaType=MANIFEST), "says it is")
    twice = (b'{"schemaVersion":2,"config":{},"config":{},"layers":[]}', b'{"schemaVersion":2,"config":{},"con\\u0066ig":{},"layers":[]}',
             b'{"schemaVersion":2,"config":{"size":1,"size":2},"layers":[]}', b'{"layers":[{"digest":"a","digest":"b"}],"schemaVersion":2}')
    _all_refused(host, map(_document, twice), "twice")
    _all_refused(host, [lambda image, behind=behind: image.add_manifest("latest", image.manifest + behind, MANIFEST)
                        for behind in (b" {}", b"x", b"\0", b"]", b"\n1")], "goes on after its end|JSON")
    _refused(host, _configured(b'{"rootfs":{"type":"layers","diff_ids":[]},"rootfs":{"type":"layers","diff_ids":[]}}'), "configuration.*twice")
    _refused(host, _configured(b'{"rootfs":{"type":"layers","diff_ids":[]}} {}'), "configuration.*goes on after its end")


@test
def r5_documents_that_are_huge_or_deep_are_refused(host):
    def nested(levels):
        def bend(image):
            below, kind = image.manifest, MANIFEST
            for _ in range(levels):
                below = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                    {"mediaType": kind, "digest": digest(below), "size": len(below)}]}).encode()
                image.add_manifest("latest", below, INDEX)
                kind = INDEX
        return bend

    _refused(host, _document(b" " * ((4 << 20) + 1)), "larger than 4194304 bytes")
    _refused(host, lambda image: image.add_manifest("latest", image.manifest + b" " * (4 << 20), MANIFEST), "larger than 4194304 bytes")
    _refused(host, _changed(lambda x: x["config"].update(size=5 << 20)), "5242880 bytes")
    deep = (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"schemaVersion":2,"x":' + b"[" * 1_000_000)
    _all_refused(host, map(_document, deep), "manifest.*nested more than 64 deep")
    _all_refused(host, [_document(brackets, INDEX) for brackets in deep], "manifest.*nested more than 64 deep")
    _all_refused(host, map(_configured, deep), "configuration.*nested more than 64 deep")
    _refused(host, _document(b'{"schemaVersion":2,"layers":' + b"[" * 60 + b"]" * 60 + b"}"), "manifest|layers|nested")
    _refused(host, nested(9), "nested more than 8 deep")
    _refused(host, nested(1000), "nested more than 8 deep")


@test
def r5_documents_of_a_million_descriptors_are_refused_at_once(host):
    million, descriptor = b",".join([b"{}"] * 1_000_000), json.dumps({"mediaType": LAYER, "digest": digest(b""), "size": 0})
    layers = f'{{"schemaVersion":2,"config":{json.dumps(Image.descriptor(CONFIGURATION, b"{}"))},"layers":['.encode()
    index = f'{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":['.encode()
    many = b",".join([descriptor.encode()] * 25_000)
    for data, kind, pattern in (
            (layers + million + b"]}", MANIFEST, "layers.*missing"), (index + million + b"]}", INDEX, "manifests.*missing"),
            (layers + b",".join([descriptor.encode()] * 1_000_000) + b"]}", MANIFEST, "larger than 4194304 bytes"),
            (layers + many + b"]}", MANIFEST, "blob sha256:44136fa355b3678a"), (index + many + b"]}", INDEX, "manifest|size|bytes"),
            (layers + b",".join([b"0"] * 2_000_000) + b"]}", MANIFEST, "layers.*wrong type")):
        began = time.monotonic()
        _refused(host, _document(data, kind), pattern)
        holds(time.monotonic() - began < 15, f"{pattern}: it took too long")

    def all_the_same(image):
        # Consistent to the last byte, and more layers than any kernel stacks.
        configuration = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
            "type": "layers", "diff_ids": [json.loads(image.configuration)["rootfs"]["diff_ids"][0]] * 20_000}}).encode()
        manifest = json.loads(image.manifest)
        manifest["config"], manifest["layers"] = image.descriptor(CONFIGURATION, configuration), manifest["layers"] * 20_000
        image.add_blob(configuration)
        image.add_manifest("latest", json.dumps(manifest).encode(), MANIFEST)
    _refused(host, all_the_same, "20000 layers; overlayfs takes 500")


@test
def r6_a_digest_that_could_be_a_path_is_refused(host):
    def configuration(text):
        return _configured(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [text]}}).encode())

    def layers(text):
        return _changed(lambda manifest: manifest["layers"][0].update(digest=text))

    def configured(text):
        return _changed(lambda manifest: manifest["config"].update(digest=text))

    def index(text):
        return _document(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": text, "size": 100, "platform": {"os": "linux", "architecture": "amd64"}}]}).encode(), INDEX)

    short, hexadecimal = "a" * 63, "a" * 64
    texts = ("sha256:../../../etc/x", "sha256:" + "A" * 64, "sha256:abc", f"sha256:{short}", f"sha256:{hexadecimal}a", f"sha256:{short}/",
             f"sha256:{short}\0", f"sha256:{hexadecimal}\n", f" sha256:{hexadecimal}", f"SHA256:{hexadecimal}", f"sha256:{short}é",
             f"sha256-{hexadecimal}", hexadecimal, "md5:" + "a" * 32, f"sha512:{hexadecimal}", "sha256:" + "/" * 64, "../" * 20, "sha256:", ":", "",
             f"sha256+b64:{hexadecimal}", "sha256:" + "a" * (1 << 20))
    _all_refused(host, map(layers, texts), "layers.*digest")
    _all_refused(host, map(configured, texts), "config.*digest")
    _all_refused(host, map(configuration, texts), "configuration.*(digest|diff_ids)")
    _all_refused(host, map(index, texts), "manifests.*digest")
