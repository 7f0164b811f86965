"""Networks are connected and disconnected while a container's first network and its published ports are in use."""
import contextlib
import json
import subprocess

from check import equal, holds, matches, test
from host import ADDRESS, output, until
from program import IMAGE

NETWORKS = ("second", "third")
ROUNDS = 3
# A stream of numbered lines, one each 20 ms, to whoever connects, until a file is there, at most 6000.
STREAM = "i=0; while [ ! -e /stop ] && [ $i -lt 6000 ]; do echo line $i; sleep 0.02; i=$((i+1)); done; echo end"
# Requests one after another until a file is there, at most 2000; every failure is a line.
REQUESTS = """
n=0; while [ ! -e {stop} ] && [ $n -lt 2000 ]; do
  curl --silent --show-error --max-time 5 --output /dev/null {url} 2>&1 || echo "request $n failed"; n=$((n+1))
done; echo "requests: $n"
"""


class Traffic:
    """Clients that ask, and read a stream, until they are told to stop."""

    def __init__(self, host, urls, stream):
        self.host, self.stop = host, host.scratch / "stop"
        self.clients = {url: self._start(prefix, REQUESTS.format(stop=self.stop, url=url)) for prefix, url in urls}
        self.stream = self._start(("ip", "netns", "exec", "remote"), f"exec 3<>/dev/tcp/{stream} && cat <&3 2>&1")

    @staticmethod
    def _start(prefix, script):
        return subprocess.Popen([*prefix, "bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)

    def end(self):
        """How many requests each client made; none may have failed, and no line of the stream may be missing."""
        self.host.swiftlet.ok("exec", "server", "touch", "/stop")
        stream = self.stream.communicate(timeout=30)[0].splitlines()
        self.stop.touch()
        done = {url: client.communicate(timeout=30)[0].strip().splitlines() for url, client in self.clients.items()}
        self.stop.unlink()
        for url, lines in done.items():
            equal(len(lines), 1, f"{url}: {lines[:5]}")
            holds(int(lines[0].split()[-1]) > 50, f"{url}: only {lines[0]}")
        equal(stream, [f"line {n}" for n in range(len(stream) - 1)] + ["end"], "the stream")
        holds(len(stream) > 100, f"the stream has only {len(stream)} lines")

    def kill(self):
        for process in (self.stream, *self.clients.values()):
            process.kill()
            process.wait()
        self.stop.unlink(missing_ok=True)


@contextlib.contextmanager
def _networks(host, *names):
    for name in names:
        host.swiftlet.ok("network", "create", name)
    try:
        yield
    finally:
        for name in reversed(names):
            host.swiftlet.ok("network", "rm", "-f", "-t", "0", name)


def _addresses(host, container):
    networks = json.loads(host.swiftlet.field(container, "json .NetworkSettings.Networks"))
    return {name: network["IPAddress"] for name, network in networks.items()}


def _is_right(host, wanted, asker):
    """The container 'server' is on these networks: its addresses, links, hosts and resolv.conf, and what it is called there."""
    addresses = _addresses(host, "server")
    equal(sorted(addresses), sorted(wanted), "networks of the server")
    inside = host.swiftlet.ok("exec", "server", "ip", "-4", "-o", "addr")
    equal(sorted(line.split()[3].split("/")[0] for line in inside.splitlines() if " lo " not in line), sorted(addresses.values()), "addresses inside")
    own = [line.split()[0] for line in host.swiftlet.ok("exec", "server", "cat", "/etc/hosts").splitlines() if line.split()[1:] == ["inside", "server"]]
    equal(sorted(own), sorted(addresses.values()), "the server's lines in /etc/hosts")
    gateways = {name: json.loads(host.swiftlet.ok("network", "inspect", name))[0]["subnets"][0]["gateway"] for name in wanted}
    servers = [line.split()[1] for line in host.swiftlet.ok("exec", "server", "cat", "/etc/resolv.conf").splitlines() if line.startswith("nameserver")]
    equal(sorted(servers), sorted(gateways.values()), "nameservers")
    for name in NETWORKS:
        found = host.swiftlet.run("exec", f"on-{name}", "nslookup", "server")
        if name in wanted:
            matches(found.out, rf"Address.*{addresses[name]}$", f"who the server is on {name}")
        else:
            holds(addresses["first"] not in found.out and found.status != 0, f"the server has a name on {name}: {found.out}")
    matches(host.swiftlet.ok("exec", asker, "nslookup", "server"), rf"Address.*{addresses['first']}$", "who the server is on first")
    equal(host.swiftlet.ok("system", "check"), "No problems found.", "system check")


@test
def networks_come_and_go_under_traffic_and_no_request_is_lost(host):
    with _networks(host, "first", *NETWORKS), contextlib.ExitStack() as stack:
        stack.enter_context(host.container("--name", "server", "--hostname", "inside", "--network", "first", "-p", "8080:80", "-p", "9000:9000"))
        stack.enter_context(host.container("--name", "asker", "--network", "first", command=("sleep", "1000")))
        for name in NETWORKS:
            stack.enter_context(host.container("--name", f"on-{name}", "--network", name, command=("sleep", "1000")))
        host.swiftlet.ok("exec", "-d", "server", "nc", "-l", "-p", "9000", "-e", "sh", "-c", STREAM)
        holds("Hostname" in host.curl(f"http://{ADDRESS}:8080", remote=True), "the server does not answer")
        until(lambda: ":2328 " in output(f"cat /proc/{host.pid('server')}/net/tcp /proc/{host.pid('server')}/net/tcp6"))
        own = _addresses(host, "server")["first"]
        remote = ("ip", "netns", "exec", "remote")
        inside = ("nsenter", "-t", str(host.pid("asker")), "-n")
        traffic = Traffic(host, [(remote, f"http://{ADDRESS}:8080/"), ((), "http://127.0.0.1:8080/"), (inside, f"http://{own}/")], f"{ADDRESS}/9000")
        try:
            for number in range(ROUNDS):
                host.swiftlet.ok("network", "connect", "second", "server")
                _is_right(host, ("first", "second"), "asker")
                host.swiftlet.ok("network", "connect", "--alias", "other", "third", "server")
                _is_right(host, ("first", *NETWORKS), "asker")
                matches(host.swiftlet.ok("exec", "on-third", "nslookup", "other"), "Address", "the alias")
                host.swiftlet.ok("network", "disconnect", NETWORKS[number % 2], "server")
                _is_right(host, ("first", NETWORKS[(number + 1) % 2]), "asker")
                host.swiftlet.ok("network", "disconnect", NETWORKS[(number + 1) % 2], "server")
                _is_right(host, ("first",), "asker")
            traffic.end()
        finally:
            traffic.kill()
