"""Registries for tests: Debian's docker-registry on loopback with TLS and a login, its token server, and one of our
own that answers as a test says."""
import base64
import contextlib
import hashlib
import io
import json
import os
import socketserver
import ssl
import subprocess
import tarfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from host import do, shell, until

USER, PASSWORD = "tester", "swordfish"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class Certificate:
    """A key and a certificate that vouches for itself."""

    def __init__(self, directory: Path, names="IP:127.0.0.1,DNS:localhost", expired=False):
        directory.mkdir(parents=True, exist_ok=True)
        self.key, self.file = directory / "key.pem", directory / "ca.crt"
        do(f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {self.key} -out {self.file} -days 3 -subj /CN=registry "
           f"-addext subjectAltName={names} 2>&1")
        if expired:
            self._expire(names)
        self.directory = directory / "certs.d"
        self.directory.mkdir()
        do(f"cp {self.file} {self.directory}/ca.crt")

    def _expire(self, names):
        """Signs it once more, for a day that is over."""
        top = self.file.parent
        (top / "index.txt").touch()
        (top / "serial").write_text("01\n")
        (top / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=c\n[c]\nnew_certs_dir={top}\ndatabase={top}/index.txt\nserial={top}/serial\ndefault_md=sha256\n"
            f"policy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName={names}\nbasicConstraints=CA:true\n")
        do(f"openssl req -new -key {self.key} -subj /CN=registry -out {top}/request && openssl ca -batch -selfsign -config {top}/ca.cnf "
           f"-keyfile {self.key} -in {top}/request -startdate 20200101000000Z -enddate 20200102000000Z -notext -out {self.file} 2>&1")

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


class Server:
    """An HTTP server in this process. requests: (method, path, headers) of all that came."""

    def __init__(self, answer, certificate=None, address="127.0.0.1"):
        self.requests = requests = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length) if length else b""
                requests.append((self.command, self.path, dict(self.headers)))
                answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = serve

            def reply(self, status, body=b"", **headers):
                """Answers; header names are written with _ for -."""
                if isinstance(body, (dict, list)):
                    body = json.dumps(body).encode()
                self.send_response(status)
                headers = {name.replace("_", "-"): value for name, value in headers.items()}
                # None: it is not said.
                headers = {"Content-Length": len(body), **headers}
                for name, value in headers.items():
                    if value is not None:
                        self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def server_bind(self):
                socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks the DNS for this host's name

            def handle_error(self, *_):
                pass  # a client that goes away is what some tests are about

        self.server = Quiet((address, 0), Handler)
        if certificate:
            self.server.socket = certificate.context().wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.host = f"{address}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def sent(self, header="Authorization"):
        """What was sent in a header, request by request."""
        return [headers.get(header) for _, _, headers in self.requests]


class TokenServer(Server):
    """Gives tokens that docker-registry accepts (distribution, docs/spec/auth/jwt.md) to who has the password."""

    def __init__(self, certificate):
        super().__init__(self.answer, certificate)
        self.certificate = certificate

    def answer(self, request):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(request.path).query)
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return request.reply(401, {"errors": [{"code": "DENIED", "message": "who are you"}]})
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        now = int(time.time())
        request.reply(200, {"token": self.token({
            "iss": "tests", "sub": USER, "aud": query["service"][0], "exp": now + 300, "nbf": now - 10, "iat": now,
            "jti": os.urandom(8).hex(), "access": access})})

    def token(self, claims):
        def packed(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        lines = self.certificate.file.read_text().split("-----")[2].split()
        head = packed(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": ["".join(lines)]}).encode())
        text = f"{head}.{packed(json.dumps(claims).encode())}"
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.certificate.key], input=text.encode(),
                                capture_output=True, check=True)
        return f"{text}.{packed(signed.stdout)}"


@contextlib.contextmanager
def registry(host, login=None, port=5000, prefix="ghcr.io"):
    """docker-registry, and a program that is configured for it: names that begin with `prefix` lead there.
    login: None, 'password' or 'token'."""
    top = host.scratch / f"registry-{port}"
    certificate = Certificate(top)
    with contextlib.ExitStack() as stack:
        stack.callback(do, f"rm -rf {top}")
        lines = ""
        if login == "password":
            do(f"htpasswd -Bbn {USER} {PASSWORD} > {top}/htpasswd")
            lines = f"auth: {{htpasswd: {{realm: tests, path: {top}/htpasswd}}}}"
        if login == "token":
            tokens = stack.enter_context(TokenServer(certificate))
            lines = (f"auth: {{token: {{realm: 'https://{tokens.host}/token', service: tests, issuer: tests, "
                     f"rootcertbundle: {certificate.file}}}}}")
        (top / "config.yml").write_text(f"""version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {top}/data}}, delete: {{enabled: true}}}}
http: {{addr: '127.0.0.1:{port}', tls: {{certificate: {certificate.file}, key: {certificate.key}}}}}
{lines}
""")
        process = subprocess.Popen(["docker-registry", "serve", top / "config.yml"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=(top / "log").open("w"))
        stack.callback(process.wait)
        stack.callback(process.kill)
        yield Registry(host, top, f"127.0.0.1:{port}", certificate, prefix)


class Registry:
    """A registry that runs."""

    def __init__(self, host, top, address, certificate, prefix):
        self.top, self.host, self.certificate = top, address, certificate
        self.certs = certificate.directory
        until(lambda: shell(f"curl -sk https://{address}/v2/").returncode == 0)
        self.environment = configuration(top, f'[[registry]]\nprefix="{prefix}"\nlocation="{address}"\n')

    def copy(self, source, name, *options):
        """Puts an image there, with skopeo."""
        do(f"skopeo copy -q --dest-creds {USER}:{PASSWORD} --dest-cert-dir {self.certs} {' '.join(options)} "
           f"{source} docker://{self.host}/{name}")


def configuration(directory, registries):
    """Variables for a program: its registries.conf and where its credentials are."""
    (directory / "registries.conf").write_text(registries)
    return {"CONTAINERS_REGISTRIES_CONF": str(directory / "registries.conf"),
            "REGISTRY_AUTH_FILE": str(directory / "auth.json")}


# --- images in memory ---------------------------------------------------------------------------

def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Image:
    """A small image, and what a registry says of it: path -> (status, body, headers). Tests bend it as they like."""

    def __init__(self, layers, name="test/image", tag="latest", **configuration):
        import gzip
        self.name, self.tag = name, tag
        self.layers = [gzip.compress(layer, 1, mtime=0) for layer in layers]
        self.configuration = json.dumps({
            "architecture": "amd64", "os": "linux", "config": configuration,
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}}).encode()
        self.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": self.descriptor("application/vnd.oci.image.config.v1+json", self.configuration),
            "layers": [self.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", x) for x in self.layers]}).encode()
        self.paths = {}
        self.add_manifest(tag, self.manifest, MANIFEST)
        for blob in [self.configuration, *self.layers]:
            self.add_blob(blob)

    @staticmethod
    def descriptor(kind, data, **more):
        return {"mediaType": kind, "digest": digest(data), "size": len(data), **more}

    def add_blob(self, data, named=None):
        self.paths[f"/v2/{self.name}/blobs/{named or digest(data)}"] = (200, data, {"Content-Type": "application/octet-stream"})

    def add_manifest(self, reference, data, kind):
        for name in (reference, digest(data)):
            self.paths[f"/v2/{self.name}/manifests/{name}"] = (200, data, {"Content-Type": kind})

    def answer(self, request):
        if request.path == "/v2/":
            return request.reply(200)
        status, body, headers = self.paths.get(
            request.path, (404, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode(), {}))
        request.reply(status, body, **headers)


def docker_archive(archive, layers):
    """Writes the three kinds of files that docker save writes."""
    digests = [hashlib.sha256(x).hexdigest() for x in layers]
    configuration = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
        "type": "layers", "diff_ids": [f"sha256:{x}" for x in digests]}}).encode()
    name = hashlib.sha256(configuration).hexdigest() + ".json"
    manifest = json.dumps([{"Config": name, "RepoTags": ["test.example/a:b"], "Layers": [f"{x}.tar" for x in digests]}]).encode()
    for path, content in ((name, configuration), ("manifest.json", manifest), *((f"{x}.tar", y) for x, y in zip(digests, layers))):
        entry = tarfile.TarInfo(path)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
