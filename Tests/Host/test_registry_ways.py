"""Ways to a registry: proxies, authorities of the user's, and programs that keep passwords."""
import base64
import json
import os
import socket
import threading
from dataclasses import replace
from pathlib import Path

from check import equal, holds, matches, one_line, test
from hostile import layer, mock
from registry import PASSWORD, USER, Certificate, Image, Server, configuration

NAME = "test.example/test/image:latest"
ADDRESS = "192.168.121.67"


class Proxy:
    """An HTTP proxy that passes CONNECT and requests on. asked: the first line of each request."""

    def __init__(self):
        self.asked, self.server = [], socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            data = b""
            while b"\r\n\r\n" not in data:
                more = client.recv(65536)
                if not more:
                    return
                data += more
            line = data.split(b"\r\n")[0].decode()
            self.asked.append(line)
            method, target, _ = line.split()
            place = target if method == "CONNECT" else target.split("/")[2]
            host, port = place.rsplit(":", 1)
            # The name is the proxy's to find.
            with socket.create_connection((ADDRESS if host == "registry.test" else host, int(port))) as server:
                if method == "CONNECT":
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    path = "/" + target.split("/", 3)[3]
                    server.sendall(data.replace(target.encode(), path.encode(), 1).replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                back = threading.Thread(target=_pass, args=(server, client), daemon=True)
                back.start()
                if method == "CONNECT":
                    _pass(client, server)
                back.join()


def _pass(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@test
def a_proxy_is_asked_where_the_environment_names_one(host):
    certificate = Certificate(host.scratch / "ways", names=f"IP:{ADDRESS},DNS:registry.test")
    image = Image([layer()])
    top = host.scratch / "ways"
    with Server(image.answer, certificate, ADDRESS) as server, Proxy() as proxy, host.elsewhere() as elsewhere:
        named = f"registry.test:{server.port}"

        def pulls(location, **environment):
            settings = configuration(top, f'[[registry]]\nprefix="test.example"\nlocation="{location}"\n')
            proxy.asked.clear()
            program = replace(elsewhere, environment={**elsewhere.environment, **settings, "SSL_CERT_FILE": str(certificate.file), **environment})
            program.ok("pull", "-q", NAME)
            program.ok("rmi", NAME)
            return set(proxy.asked)

        connect = {f"CONNECT {named} HTTP/1.1"}
        equal(pulls(named, HTTPS_PROXY=proxy.url), connect, "HTTPS_PROXY")
        equal(pulls(named, https_proxy=proxy.url), connect, "https_proxy")
        equal(pulls(server.host, HTTP_PROXY=proxy.url), set(), "HTTP_PROXY is not for https")
        for exception in (ADDRESS, "192.168.0.0/16", "x.test, " + server.host, "*"):
            equal(pulls(server.host, HTTPS_PROXY=proxy.url, NO_PROXY=exception), set(), f"NO_PROXY={exception}")
        equal(pulls(named, HTTPS_PROXY=proxy.url, no_proxy="192.168.121.0/24, other.test"), connect, "no_proxy of others")
        settings = configuration(top, f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\n')
        program = replace(elsewhere, environment={**elsewhere.environment, **settings, "HTTPS_PROXY": proxy.url})
        matches(one_line(program.fails(125, "pull", "-q", NAME), "stderr"), f"put {ADDRESS} into NO_PROXY", "an address")
        program = replace(elsewhere, environment={**elsewhere.environment, **settings, "HTTPS_PROXY": "ftp://x"})
        matches(one_line(program.fails(125, "pull", "-q", NAME), "stderr"), "HTTPS_PROXY", "what is no proxy")
        folder = host.scratch / "home/.config/containers/certs.d" / server.host
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_text(certificate.file.read_text())
        equal(pulls(server.host, SSL_CERT_FILE="", HOME=str(host.scratch / "home")), set(), "certs.d of the user")
        os.system(f"rm -rf {top} {host.scratch}/home")


HELPER = """#!/bin/sh
read -r server
echo "$1 $server" >> "$HOME/asked"
[ "$1" = get ] || exit 0
case "$server" in
    {host}) echo '{{"ServerURL":"{host}","Username":"{user}","Secret":"{password}"}}' ;;
    *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@test
def a_credential_helper_is_asked_for_the_password(host):
    image = Image([layer()])
    wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    def answer(request):
        if request.headers.get("Authorization") == wanted:
            return image.answer(request)
        request.reply(401, b"", WWW_Authenticate='Basic realm="tests"')

    with mock(host, answer) as (server, program):
        home = host.scratch / "home"
        (home / "bin").mkdir(parents=True)
        helper = home / "bin/docker-credential-tests"
        helper.write_text(HELPER.format(host=server.host, user=USER, password=PASSWORD))
        helper.chmod(0o755)
        auth = home / "auth.json"
        program = replace(program, environment={**program.environment, "HOME": str(home), "PATH": f"{home}/bin:{os.environ['PATH']}",
                                                "REGISTRY_AUTH_FILE": str(auth)})
        for document in ({"credHelpers": {server.host: "tests"}}, {"credsStore": "tests"}):
            auth.write_text(json.dumps(document))
            program.ok("pull", "-q", NAME)
            program.ok("rmi", NAME)
        equal(program.ok("login", "--get-login", server.host), USER, "who is logged in")
        auth.write_text(json.dumps({"credHelpers": {server.host: "missing"}}))
        matches(one_line(program.fails(125, "pull", "-q", NAME), "stderr"), "docker-credential-missing", "a helper that is not there")
        auth.write_text(json.dumps({"credHelpers": {server.host: "tests"}}))
        program.ok("logout", server.host)
        equal((home / "asked").read_text().splitlines()[-1], f"erase {server.host}", "what logout asks")
        matches(program.fails(125, "pull", "-q", "--authfile", home / "absent", NAME), "checking authfile: stat .*/absent: no such file", "--authfile")
        os.system(f"rm -rf {home}")


@test
def docker_s_own_file_says_who_is_logged_in(host):
    with host.elsewhere() as elsewhere:
        home = host.scratch / "home"
        (home / ".docker").mkdir(parents=True)
        pair = base64.b64encode(b"ann:secret").decode()
        (home / ".docker/config.json").write_text(json.dumps({"auths": {"r.test": {"auth": pair}}}))
        environment = {k: v for k, v in elsewhere.environment.items() if k != "REGISTRY_AUTH_FILE"}
        program = replace(elsewhere, environment={**environment, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)})
        equal(program.ok("login", "--get-login", "r.test"), "ann", "login --get-login")
        os.system(f"rm -rf {home}")
