"""Networks that somebody takes away, or that come and go, while containers run: by reload and the next start all is as it
was."""
import re

from check import equal, holds, test
from host import do, output
from program import IMAGE, WAITING


def warm_up(host):
    """The chains of both protocols, and the forwarding of IPv6, are there from the first network that needs them."""
    host.swiftlet.ok("network", "create", "--ipv6", "warm")
    with host.container("--network", "warm", "-p", "1:1", command=WAITING):
        pass
    host.swiftlet.ok("network", "rm", "warm")


def _addresses(host, container):
    return re.findall(r"^\d+: (\S+)\s+inet6? (\S+)/\d+ .*scope global", host.swiftlet.ok("exec", container, "ip", "-o", "addr"), re.M)


@test
def reload_puts_back_links_addresses_and_routes(host):
    """The container keeps its addresses, MAC and interface; a neighbour that was there before finds it at once."""
    host.swiftlet.ok("network", "create", "--subnet", "10.77.0.0/24", "--subnet", "fd77::/64", "one")
    try:
        with host.container("--network", "one", "-p", "8080:80") as container, host.container("--network", "one", "--name", "other"):
            inside = f"nsenter -n -t {host.pid(container)}"
            links = lambda: [l for l in output(f"{inside} ip -br link show eth0").split() if ":" in l or l.startswith("eth0")]
            # The number after @ is the other end's, which may be another link by then.
            state = lambda: (re.sub(r"@if\d+", "", " ".join(links())), _addresses(host, container), output(f"{inside} ip route"), output(f"{inside} ip -6 route show default"))
            before = state()
            port = re.search(r"\d+: (veth\d+)@", output("ip link show master podman1")).group(1)
            for damage in (
                "ip link del podman1", f"ip link set {port} nomaster", f"ip link del {port}", f"ip link set {port} down",
                f"{inside} ip addr flush dev eth0", f"{inside} ip route del default", f"{inside} ip link set eth0 down",
                f"{inside} ip link set lo down", "sysctl net.ipv4.ip_forward=0", "ip link set podman1 down",
                f"ip link set {port} down; ip link set {port} name odd; ip link set odd nomaster", "ip addr flush dev podman1",
            ):
                do(damage)
                host.swiftlet.ok("network", "reload", "-a")
                equal(state(), before, f"what the container has after {damage}")
                holds("Hostname" in host.curl("http://192.168.121.67:8080", remote=True), f"it does not answer after {damage}")
                for other in ("10.77.0.3", "[fd77::3]"):
                    holds("Hostname" in output(f"{inside} curl -gsS --max-time 3 http://{other}"), f"{other} is not reached after {damage}")
                port = re.search(r"\d+: (\S+)@", output("ip link show master podman1")).group(1)
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "one")


@test
def a_start_puts_the_network_of_others_back(host):
    host.swiftlet.ok("network", "create", "one")
    try:
        with host.container("--network", "one", "--name", "first") as first:
            do("ip link del podman1")
            equal(host.swiftlet.ok("run", "--rm", "--network", "one", IMAGE, "wget", "-qO-", "http://first").splitlines()[0][:9], "Hostname:", "what the first answers")
            equal(_addresses(host, first), [("eth0", "10.89.0.2")], "its addresses")
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "one")


@test
def a_start_puts_lost_ports_of_others_back(host):
    """Whatever somebody did to one port of the bridge, or to two."""
    host.swiftlet.ok("network", "create", "one")
    try:
        with host.container("--network", "one", "--name", "first"), host.container("--network", "one", "--name", "second"):
            for damage in ("ip link set {0} nomaster", "ip link set {0} down", "ip link del {0}", "ip link del {0}; ip link set {1} nomaster"):
                do(damage.format(*re.findall(r"\d+: (\S+)@", output("ip link show master podman1"))))
                inside = ("sh", "-c", "wget -qO- http://first && wget -qO- http://second")
                equal(host.swiftlet.ok("run", "--rm", "--network", "one", IMAGE, *inside).count("Hostname:"), 2, f"who answers after {damage}")
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "one")


@test
def names_of_an_ipv6_network_never_stand_in_a_starts_way(host):
    """Its bridge comes and goes while others start; an address is ready to be bound as soon as it is there."""
    host.swiftlet.ok("network", "create", "--subnet", "fd78::/64", "six")
    host.swiftlet.ok("network", "create", "mynet")
    try:
        with host.container("--network", "mynet", "--name", "stays"):
            for number in range(15):
                other = host.swiftlet.start("run", "--rm", "--network", "mynet", IMAGE, "true")
                host.swiftlet.ok("run", "-d", "--name", "b", "--network", "six:ip6=fd78::50", IMAGE)
                host.swiftlet.ok("rm", "-f", "-t", "0", "b")
                equal(other.wait(30), 0, f"exit status of the other run, time {number}")
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "six", "mynet")
