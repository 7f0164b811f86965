"""Who reaches what: every cell of the table in docs/networks.md is probed, over IPv4 and IPv6."""
import contextlib
import re
from pathlib import Path

from check import equal, test
from host import ADDRESS, do, output, shell
from program import IMAGE, WAITING

TABLE = Path(__file__).resolve().parents[2] / "docs/networks.md"
HOST6, NEIGHBOUR6 = "fd99::67", "fd99::1"
# A service of the host's own, which no container publishes.
SERVICE = 18999


def _documented():
    """{(asker, target): set of families} as the document's table says."""
    table = TABLE.read_text().partition("| asker ")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in f"asker {table}".splitlines()]
    head, cells = rows[0][1:], {}
    for asker, *values in rows[2:]:
        for target, value in zip(head, values):
            cells[asker, target] = {"yes": {4, 6}, "no": set(), "IPv4": {4}}[value]
    return cells


def warm_up(host):
    """The first container with IPv6, and the first isolated one, make chains that stay, and let the host forward."""
    host.swiftlet.ok("network", "create", "--ipv6", "--disable-dns", "-o", "isolate=true", "warm")
    with host.container("--network", "warm", "-p", "1:1", command=WAITING):
        pass
    host.swiftlet.ok("network", "rm", "warm")


@contextlib.contextmanager
def _stage(host):
    """Networks, containers and routes of the table. askers: name -> prefix of commands in its network."""
    ok, names, networks = host.swiftlet.ok, [], []

    def network(name, *arguments):
        ok("network", "create", *arguments, name)
        networks.append(name)

    def container(name, network, *arguments, command=()):
        ok("run", "-d", "--name", name, "--network", network, *arguments, IMAGE, *command)
        names.append(name)

    do(f"ip addr add {HOST6}/64 dev eth0 nodad; ip -n remote addr add {NEIGHBOUR6}/64 dev eth0 nodad; ip -6 route add default via {NEIGHBOUR6}")
    servers = [do(f"python3 -m http.server --bind {address} --directory /run/lock {SERVICE} > /dev/null 2>&1 & echo $!").strip()
               for address in ("127.0.0.1", "::1")]
    try:
        for name, arguments in (("home", ()), ("other", ()), ("apart", ("-o", "isolate=true")), ("apart2", ("-o", "isolate=true")),
                                ("strict", ("-o", "isolate=strict")), ("inner", ("--internal",)), ("noicc", ("-o", "icc=false")),
                                ("routed", ("-o", "gateway_mode=routed"))):
            # Without names an internal network would have no gateway, and the host no address on it.
            network(name, "--ipv6", *([] if name == "inner" else ["--disable-dns"]), *arguments)
        network("wire", "-d", "macvlan", "-o", "parent=eth0", "--subnet", "192.168.121.0/24", "--gateway", "192.168.121.1",
                "--subnet", "fd99::/64", "--gateway", NEIGHBOUR6, "--ip-range", "192.168.121.128/28", "--ip-range", "fd99::8000/120")
        publish = ("-p", "8080:80", "-p", f"{ADDRESS}:8081:80", "-p", f"[{HOST6}]:8081:80", "-p", "127.0.0.1:8082:80", "-p", "[::1]:8082:80")
        container("target", "home", *publish)
        for name, where in (("same", "home"), ("elsewhere", "other"), ("isolated", "apart"), ("strictly", "strict"), ("internal", "inner"),
                            ("macvlan", "wire"), ("isolated2", "apart2"), ("icc1", "noicc"), ("icc2", "noicc"), ("open", "routed")):
            container(name, where)
        askers = {"the host": "", "a neighbour on the wire": "nsenter --net=/run/netns/remote "}
        for asker, name in (("the same network", "same"), ("another network", "elsewhere"), ("an isolated network", "isolated"),
                            ("another isolated network", "isolated2"), ("a strictly isolated network", "strictly"),
                            ("an internal network", "internal"), ("a macvlan network", "macvlan"), ("a network with icc=false", "icc1"),
                            ("the container itself", "target")):
            askers[asker] = f"nsenter -t {host.pid(name)} -n "
        yield askers, {name: _addresses(host, name) for name in names}
    finally:
        shell(f"kill {' '.join(servers)}")
        ok("rm", "-f", "-t", "0", *names)
        ok("network", "rm", *networks)
        do(f"ip -6 route del default via {NEIGHBOUR6}; ip addr del {HOST6}/64 dev eth0; ip -n remote addr del {NEIGHBOUR6}/64 dev eth0")
        shell("ip netns exec remote ip route flush proto 99; ip netns exec remote ip -6 route flush proto 99")


def _addresses(host, name):
    """The addresses of family 4 and 6 of a container's first interface."""
    text = output(f"nsenter -t {host.pid(name)} -n ip -o addr show dev eth0 scope global")
    return {int(family or 4): address for family, address in re.findall(r"inet(6?) (\S+?)/", text)}


def _urls(addresses):
    """{target: {family: url}}."""
    def direct(name):
        return {family: f"http://{f'[{a}]' if family == 6 else a}:80" for family, a in addresses[name].items()}
    return {
        "published": {4: f"http://{ADDRESS}:8080", 6: f"http://[{HOST6}]:8080"},
        "published on one address": {4: f"http://{ADDRESS}:8081", 6: f"http://[{HOST6}]:8081"},
        "unpublished": direct("target"), "on an isolated network": direct("isolated"), "on a strictly isolated network": direct("strictly"),
        "on an internal network": direct("internal"), "on a network with icc=false": direct("icc2"), "on gateway_mode=routed": direct("open"),
    }


LOOPBACK = {
    "published on 127.0.0.1": {4: "http://127.0.0.1:8082", 6: "http://[::1]:8082"},
    "the host's 127.0.0.1": {4: f"http://127.0.0.1:{SERVICE}", 6: f"http://[::1]:{SERVICE}"},
}


def _probe(prefix, urls):
    """Which of {target: {family: url}} answer, all asked at once."""
    flat = [(target, family, url) for target, families in urls.items() for family, url in families.items()]
    script = "".join(f"(curl --globoff -s -o /dev/null --max-time 2 '{url}' && echo {number}) & " for number, (_, _, url) in enumerate(flat)) + "wait"
    answered = {int(line) for line in shell(f"{prefix}bash -c \"{script}\"").stdout.split()}
    found = {target: set() for target in urls}
    for number, (target, family, _) in enumerate(flat):
        if number in answered:
            found[target].add(family)
    return found


def _lead_loopback_out(prefix):
    """Sends what is for 127.0.0.1 and ::1 to the host, as somebody hostile would."""
    via = {"4": ADDRESS, "6": HOST6} if "remote" in prefix else {}
    script = "ip addr flush dev lo; sysctl -qw net.ipv4.conf.all.route_localnet=1; "
    for family, loopback in (("4", "127.0.0.1/32"), ("6", "::1/128")):
        gateway = via.get(family) or f"$(ip -{family} route show default | sed -n '1s/.*via \\([^ ]*\\).*/\\1/p')"
        script += f"ip -{family} route del table local {loopback} 2>/dev/null; ip -{family} route replace {loopback} via {gateway} dev eth0; "
    shell(f"{prefix}sh -c \"{script}true\"")


@test
def the_table_in_the_documents_is_true(host):
    with _stage(host) as (askers, addresses):
        # The neighbour routes to the containers over the host.
        for name in ("target", "isolated", "strictly", "internal", "icc2", "open"):
            for family, address in addresses[name].items():
                shell(f"ip netns exec remote ip -{family} route add {address} via {ADDRESS if family == 4 else HOST6} proto 99")
        seen = {}
        for asker, prefix in askers.items():
            for target, families in _probe(prefix, _urls(addresses)).items():
                seen[asker, target] = families
        for asker, prefix in askers.items():
            if prefix:
                _lead_loopback_out(prefix)
            for target, families in _probe(prefix, LOOPBACK).items():
                seen[asker, target] = families
        do("ip -n remote addr add 127.0.0.1/8 dev lo; ip -n remote addr add ::1/128 dev lo nodad; ip -n remote route del 127.0.0.1; ip -n remote -6 route del ::1 dev eth0")
        documented = _documented()
        def said(families):
            return {frozenset(): "no", frozenset({4}): "IPv4", frozenset({6}): "IPv6", frozenset({4, 6}): "yes"}[frozenset(families)]
        wrong = [f"{asker} -> {target}: documented {documented.get((asker, target))}, seen {said(families)}"
                 for (asker, target), families in seen.items() if documented.get((asker, target)) != families]
        equal(wrong, [], "cells")
        equal(sorted(set(documented) - set(seen)), [], "cells that were not probed")
