"""User-defined networks: what is defined, who is on them, and who has which address."""
import concurrent.futures
import json
import random
import re
import signal
import subprocess
import threading
from pathlib import Path

from check import equal, holds, matches, test
from host import do, output, until
from program import IMAGE, WAITING

FILES = Path("/etc/containers/networks")


def _defined(host, *arguments):
    """A network of a new name; whoever makes it removes it."""
    return host.swiftlet.ok("network", "create", *arguments)


def _remove(host, *names):
    host.swiftlet.ok("network", "rm", "-f", "-t", "0", *names)


def _addresses(host, container):
    return re.findall(r"^\d+: (\S+)\s+inet6? (\S+)/\d+ .*scope global", host.swiftlet.ok("exec", container, "ip", "-o", "addr"), re.M)


@test
def a_definition_is_podmans_file(host):
    equal(_defined(host, "--subnet", "10.50.0.7/24", "--gateway", "10.50.0.254", "--ip-range", "10.50.0.0/29",
                   "--label", "a=b", "-o", "mtu=1400", "-o", "isolate=1", "opts"), "opts", "what create prints")
    text = (FILES / "opts.json").read_text()
    text = re.sub(r'("id": ")[0-9a-f]{64}', r"\1ID", text)
    text = re.sub(r'("created": ")[0-9T:.-]+Z', r"\1NOW", text)
    equal(text, """{
     "name": "opts",
     "id": "ID",
     "driver": "bridge",
     "network_interface": "podman1",
     "created": "NOW",
     "subnets": [
          {
               "subnet": "10.50.0.0/24",
               "gateway": "10.50.0.254",
               "lease_range": {
                    "start_ip": "10.50.0.1",
                    "end_ip": "10.50.0.7"
               }
          }
     ],
     "ipv6_enabled": false,
     "internal": false,
     "dns_enabled": true,
     "labels": {
          "a": "b"
     },
     "options": {
          "isolate": "true",
          "mtu": "1400"
     },
     "ipam_options": {
          "driver": "host-local"
     }
}
""", "the file")
    equal(oct((FILES / "opts.json").stat().st_mode & 0o777), "0o644", "its mode")
    equal(json.loads(host.swiftlet.ok("network", "inspect", "opts"))[0], json.loads((FILES / "opts.json").read_text()), "inspect")
    _remove(host, "opts")
    holds(not (FILES / "opts.json").exists(), "the file is still there")


@test
def subnets_and_bridges_are_the_next_free_ones(host):
    do("ip link add podman2 type bridge; ip addr add 10.89.1.1/24 dev podman2; ip link set podman2 up; ip route add 10.89.2.0/24 via 192.168.121.1")
    try:
        for name in ("one", "two"):
            _defined(host, name)
        seen = host.swiftlet.ok("network", "inspect", "one", "two", "-f", "{{.NetworkInterface}} {{range .Subnets}}{{.Subnet}}{{end}}")
        equal(seen.split("\n"), ["podman1 10.89.0.0/24", "podman3 10.89.3.0/24"], "bridges and subnets")
    finally:
        _remove(host, "one", "two")
        do("ip link del podman2; ip route del 10.89.2.0/24")


@test
def what_cannot_be_defined_is_refused_in_podmans_words(host):
    _defined(host, "taken")
    before = host.census()
    for arguments, words in (
        (("taken",), "network name taken already used: network already exists"),
        (("bad name",), "network name bad name invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"),
        (("--subnet", "10.88.5.0/24"), "subnet 10.88.5.0/24 is already used on the host or by another config"),
        (("--subnet", "192.168.121.128/25"), "subnet 192.168.121.128/25 is already used on the host or by another config"),
        (("--subnet", "10.60.0.0/24", "--gateway", "10.61.0.1"), "gateway 10.61.0.1 not in subnet 10.60.0.0/24"),
        (("--subnet", "10.60.0.0/24", "--ip-range", "10.61.0.0/29"), "lease range start ip 10.61.0.1 not in subnet 10.60.0.0/24"),
        (("--gateway", "10.60.0.1"), "cannot set gateway or range without subnet"),
        (("--subnet", "10.60.0.0/24", "--gateway", "10.60.0.1", "--gateway", "10.60.0.2"), "cannot set more gateways than subnets"),
        (("--subnet", "10.60.0.0"), "invalid CIDR address: 10.60.0.0"),
        (("-d", "nosuch"), "unsupported driver nosuch: invalid argument"),
        (("-o", "foo=bar"), "unsupported bridge network option foo"),
        (("-d", "macvlan", "-o", "foo=bar"), "unsupported macvlan network option foo"),
        (("-o", "mtu=abc"), 'strconv.Atoi: parsing "abc": invalid syntax'),
        (("-o", "mtu=-1"), "mtu -1 is less than zero"),
        (("-o", "vlan=5000"), "vlan ID 5000 must be between 0 and 4094"),
        (("-d", "macvlan", "-o", "parent=nosuch0", "--subnet", "10.60.0.0/24"), "parent interface nosuch0 does not exist"),
        (("-d", "macvlan", "-o", "mode=foo", "--subnet", "10.60.0.0/24"), 'unknown macvlan mode "foo"'),
        (("--ipam-driver", "foo"), 'unsupported ipam driver "foo"'),
        (("--ipam-driver", "none", "--subnet", "10.60.0.0/24"), "none ipam driver is set but subnets are given"),
    ):
        equal(host.swiftlet.fails(125, "network", "create", *arguments).strip(), f"Error: {words}", f"stderr of network create {arguments}")
    equal(host.settled(before), [], "what was made")
    equal(host.swiftlet.ok("network", "create", "--ignore", "taken"), "taken", "--ignore")
    _remove(host, "taken")


@test
def networks_are_listed_filtered_and_removed(host):
    _defined(host, "--label", "x=1", "one")
    _defined(host, "--label", "x=2", "two")
    equal(host.swiftlet.ok("network", "ls", "-q").split(), ["one", "podman", "two"], "ls -q")
    equal(host.swiftlet.ok("network", "ls", "--filter", "label=x=2", "--format", "{{.Name}}"), "two", "ls --filter label")
    with host.container("--network", "one", "--name", "web1") as container:
        member = json.loads(host.swiftlet.ok("network", "inspect", "one"))[0]["containers"][container]
        mac = member["interfaces"]["eth0"].pop("mac_address")
        matches(mac, "^([0-9a-f]{2}:){5}[0-9a-f]{2}$", "the MAC in inspect")
        equal(member, {"name": "web1", "interfaces": {"eth0": {"subnets": [{"ipnet": "10.89.0.2/24", "gateway": "10.89.0.1"}]}}}, "containers in inspect")
        equal(host.swiftlet.ok("network", "ls", "-q", "--filter", "dangling=false").split(), ["one", "podman"], "ls --filter dangling=false: the default network is always in use")
        equal(host.swiftlet.fails(2, "network", "rm", "one").strip(),
              'Error: "one" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used', "rm")
        equal(host.swiftlet.ok("network", "prune", "-f"), "two", "prune")
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "one")
        equal(host.swiftlet.run("container", "exists", container).status, 1, "exit status of container exists")
    equal(host.swiftlet.run("network", "exists", "one").status, 1, "exit status of network exists")
    equal(host.swiftlet.fails(1, "network", "rm", "one").strip(), "Error: unable to find network with name or ID one: network not found", "rm")
    equal(host.swiftlet.fails(125, "network", "rm", "podman").strip(), "Error: default network podman cannot be removed", "rm podman")


@test
def a_container_may_be_on_several_networks(host):
    for name in ("one", "two"):
        _defined(host, "--disable-dns", name)
    try:
        with host.container("--network", "one:ip=10.89.0.9,mac=02:00:00:00:00:09", "--network", "two:interface_name=lan0") as container:
            equal(_addresses(host, container), [("eth0", "10.89.0.9"), ("lan0", "10.89.1.2")], "addresses")
            matches(host.swiftlet.ok("exec", container, "ip", "link", "show", "eth0"), "02:00:00:00:00:09", "eth0")
            matches(host.swiftlet.ok("exec", container, "ip", "route"), "default via 10.89.0.1 dev eth0  metric 100", "routes")
            hosts = host.swiftlet.ok("exec", container, "cat", "/etc/hosts")
            matches(hosts, rf"^10\.89\.0\.9\t{container[:12]} ", "hosts")
            matches(hosts, rf"^10\.89\.1\.2\t{container[:12]} ", "hosts")
        with host.container("--network", "one", "--network", "two:gw-priority=5") as container:
            routes = host.swiftlet.ok("exec", container, "ip", "route", "show", "default")
            matches(routes, r"\Adefault via 10\.89\.1\.1 dev eth1  metric 100", "the first route")
        matches(host.swiftlet.fails(125, "run", "--rm", "--network", "one", "--network", "two", "--ip", "10.89.0.7", IMAGE),
                "--ip can only be set for a single network: invalid argument", "stderr")
        matches(host.swiftlet.fails(125, "run", "--rm", "--network", "one", "--network", "host", IMAGE), "conflicts with|selected mode", "stderr")
    finally:
        _remove(host, "one", "two")


@test
def networks_come_and_go_while_it_runs(host):
    _defined(host, "one")
    try:
        with host.container("--name", "c") as container:
            files = [host.swiftlet.ok("exec", "c", "cat", f"/etc/{name}") for name in ("hosts", "resolv.conf")]
            before = host.census()
            host.swiftlet.ok("network", "connect", "--ip", "10.89.0.40", "--alias", "nick", "one", "c")
            equal(_addresses(host, "c"), [("eth0", host.address("c")), ("eth1", "10.89.0.40")], "addresses")
            matches(host.swiftlet.ok("exec", "c", "cat", "/etc/hosts"), r"^10\.89\.0\.40\t", "hosts")
            matches(host.swiftlet.ok("exec", "c", "cat", "/etc/resolv.conf"), r"\Anameserver 10\.89\.0\.1$|^nameserver 10\.89\.0\.1$", "resolv.conf")
            equal(host.swiftlet.fails(125, "network", "connect", "one", "c").strip(),
                  f'Error: container {container} is already connected to network "one": network is already connected', "stderr")
            host.swiftlet.ok("network", "disconnect", "one", "c")
            equal([host.swiftlet.ok("exec", "c", "cat", f"/etc/{name}") for name in ("hosts", "resolv.conf")], files, "the files")
            equal(host.swiftlet.fails(125, "network", "disconnect", "one", "c").strip(), f'Error: container {container} is not connected to network "one": network not found', "stderr")
            equal(host.settled(before), [], "what was left")
            host.swiftlet.ok("network", "connect", "one", "c")
            host.swiftlet.ok("stop", "-t", "0", "c")
            host.swiftlet.ok("start", "c")
            equal([name for name, _ in _addresses(host, "c")], ["eth0", "eth1"], "interfaces after a restart")
    finally:
        _remove(host, "one")


@test
def a_static_address_is_kept_for_a_stopped_container(host):
    _defined(host, "--disable-dns", "--subnet", "10.70.0.0/29", "small")
    try:
        host.swiftlet.ok("create", "--name", "kept", "--network", "small:ip=10.70.0.2", IMAGE)
        matches(host.swiftlet.fails(125, "create", "--network", "small:ip=10.70.0.2", IMAGE), "10.70.0.2 is already allocated to container ID", "stderr")
        with host.container("--network", "small") as other:
            equal(_addresses(host, other), [("eth0", "10.70.0.3")], "the next address")
        matches(host.swiftlet.ok("network", "ipam", "ls", "small"), r"10\.70\.0\.2\s+kept\s+kept", "ipam ls")
    finally:
        host.remove("kept")
        _remove(host, "small")


@test
def reserved_addresses_are_not_given_out(host):
    _defined(host, "--disable-dns", "--subnet", "10.70.0.0/28", "small")
    try:
        host.swiftlet.ok("network", "ipam", "reserve", "small", "10.70.0.0/30")
        with host.container("--network", "small") as container:
            equal(_addresses(host, container), [("eth0", "10.70.0.4")], "the first address that is not reserved")
            matches(host.swiftlet.fails(125, "network", "ipam", "reserve", "small", "10.70.0.4"), "10.70.0.4 on network small is container", "stderr")
        matches(host.swiftlet.fails(125, "network", "ipam", "release", "small", "10.70.0.8"), "is not reserved on network small", "stderr")
        host.swiftlet.ok("network", "ipam", "release", "small", "10.70.0.0/30")
    finally:
        _remove(host, "small")


@test
def what_was_flushed_comes_back(host):
    _defined(host, "--disable-dns", "one")
    try:
        with host.container("--network", "one", "-p", "8080:80") as container:
            rules, addresses = output("iptables-save -t nat"), output("ip -4 addr show podman1")
            do("iptables -t nat -F; iptables -t raw -F; ip addr flush dev podman1")
            equal(host.swiftlet.ok("network", "reload", container), container, "what reload prints")
            strip = lambda text: [l for l in re.sub(r"\[\d+:\d+\]", "", text).splitlines() if not l.startswith("#")]
            equal(strip(output("iptables-save -t nat")), strip(rules), "rules")
            equal(output("ip -4 addr show podman1"), addresses, "addresses")
            holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
    finally:
        _remove(host, "one")


@test
def a_full_subnet_names_its_holders_and_addresses_are_judged_as_ps_does(host):
    _defined(host, "--disable-dns", "--subnet", "10.70.0.0/24", "--ip-range", "10.70.0.8/30", "small")
    try:
        host.swiftlet.ok("network", "ipam", "reserve", "small", "10.70.0.10")
        with host.container("--network", "small", "--name", "k1") as first, host.container("--network", "small", "--name", "k2"):
            matches(host.swiftlet.fails(126, "run", "--rm", "--network", "small", IMAGE, "true"),
                    "all 3 addresses of the range in subnet 10.70.0.0/24 are in use or reserved.*held by k1, k2, a reservation of 10.70.0.10/32", "stderr")
            equal(host.swiftlet.ok("network", "ipam", "ls", "-q", "small").split(), ["10.70.0.1", "10.70.0.9", "10.70.0.10", "10.70.0.11"], "ipam ls -q")
            rows = lambda: {row["Holder"]: row for row in json.loads(host.swiftlet.ok("network", "ipam", "ls", "--format", "json", "small"))}
            matches(rows()["k1"]["Since"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$", "since when")
            equal(rows()["k1"]["State"], "in use", "before its end")
            pid = host.pid(first)
            for monitor in output(f"pgrep -f '^[^ ]*conmon .*{first}'").split():
                do(f"kill -9 {monitor}")
            do(f"kill -9 {pid}")
            holds(until(lambda: rows()["k1"]["State"] == "kept"), "killed with its monitor, it has its address still")
    finally:
        _remove(host, "small")


@test
def networks_are_shown_as_podman_shows_them(host):
    _defined(host, "--label", "b=2", "--label", "a=1", "one")
    try:
        identifier = host.swiftlet.ok("network", "inspect", "one", "-f", "{{.ID}}")
        for pattern in (identifier[5:15], f"^{identifier[:6]}"):
            equal(host.swiftlet.ok("network", "ls", "-q", "--filter", f"id={pattern}"), "one", f"id={pattern}")
        matches(host.swiftlet.ok("network", "ls", "--format", "{{.Created}}", "--filter", "name=one"), r"^\d{4}-\d\d-\d\d [\d:.]+ \+0000 UTC$", "Created")
        equal(host.swiftlet.ok("network", "ls", "--format", "{{.Labels}}", "--filter", "name=one"), "a=1,b=2", "Labels")
        equal(host.swiftlet.ok("network", "ls", "--format", "table {{.ID}} {{.Name}}").splitlines()[0], "NETWORK ID    NAME", "the header")
        equal(host.swiftlet.ok("network", "ls", "-q", "--filter", "dangling=true"), "one", "dangling")
        equal(host.swiftlet.ok("network", "ls", "-q", "--filter", "until=1h"), "", "until")
        host.swiftlet.ok("network", "update", "--dns-add", "1.1.1.1,2.2.2.2", "one")
        equal(host.swiftlet.ok("network", "inspect", "one", "-f", "{{.NetworkDNSServers}}"), "[1.1.1.1 2.2.2.2]", "servers")
        matches(host.swiftlet.fails(126, "run", "--rm", "--network", "one:ip=1.2.3.4", IMAGE, "true"), "requested static ip 1.2.3.4 not in any subnet on network one", "stderr")
    finally:
        _remove(host, "one")


@test
def a_small_subnet_fills_and_empties_and_never_leaks(host):
    """Six can have an address at a time. Containers come and go at random, some commands are killed meanwhile."""
    _defined(host, "--disable-dns", "--subnet", "10.70.0.0/29", "small")
    draw = random.Random(7)
    lock, alive = threading.Lock(), []

    def step(number):
        with lock:
            victim = alive.pop(draw.randrange(len(alive))) if alive and (len(alive) >= 4 or draw.random() < 0.45) else None
            killed = draw.random() < 0.25
        command = ("rm", "-f", "-t", "0", "--ignore", victim) if victim else ("run", "-d", "--rm", "--name", f"r{number}", "--network", "small", IMAGE, *WAITING)
        process = host.swiftlet.start(*command)
        if killed:
            try:
                process.wait(draw.random() * 0.15)
            except Exception:
                process.send_signal(signal.SIGKILL)
        process.communicate(timeout=90)
        if not victim and process.returncode == 0:
            with lock:
                alive.append(f"r{number}")

    try:
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for _ in pool.map(step, range(500)):
                pass
        host.swiftlet.ok("ps", "-a")
        running = host.swiftlet.ok("ps", "--format", "{{.Names}}", "--filter", "network=small").split()
        found = [address for name in running for _, address in _addresses(host, name)]
        equal(len(set(found)), len(found), f"different addresses among {found}")
        host.swiftlet.ok("rm", "-f", "-t", "0", "-a")
        leases = host.swiftlet.ok("network", "ipam", "ls", "--noheading", "small").splitlines()
        equal(len(leases), 1, f"leases that are left: {leases}")
        names = [f"f{n}" for n in range(5)]
        for name in names:
            host.swiftlet.ok("run", "-d", "--name", name, "--network", "small", IMAGE, *WAITING)
        error = host.swiftlet.fails(126, "run", "-d", "--name", "toomany", "--network", "small", IMAGE)
        matches(error, r"all 5 addresses of subnet 10\.70\.0\.0/29 are in use", "stderr")
        holds(any(name in error for name in names), f"no holder is named: {error}")
    finally:
        host.swiftlet.ok("rm", "-f", "-t", "0", "-a")
        _remove(host, "small")


@test
def macvlan_is_on_the_wire(host):
    host.swiftlet.ok("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", "192.168.121.0/24", "--gateway", "192.168.121.1",
                     "--ip-range", "192.168.121.128/28", "wire")
    try:
        with host.container("--network", "wire") as container:
            matches(host.swiftlet.ok("exec", container, "ip", "-o", "addr"), r"eth0\s+inet 192\.168\.121\.129/24", "addresses")
            holds("Hostname" in host.curl("http://192.168.121.129", remote=True), "the neighbour does not reach it")
            host.swiftlet.ok("network", "disconnect", "wire", container)
            equal(_addresses(host, container), [], "addresses after disconnect")
    finally:
        _remove(host, "wire")


@test
def a_link_on_the_wire_is_gone_with_its_run(host):
    """Also when somebody is in the namespace still, or the kernel has not found the time to take it down: the next start has the same MAC."""
    host.swiftlet.ok("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", "192.168.121.0/24", "--ip-range", "192.168.121.128/28", "wire")
    try:
        with host.container("--name", "c", "--network", "wire:mac=02:00:5e:00:53:01"):
            visitor = subprocess.Popen(["nsenter", "-t", host.swiftlet.field("c", ".State.Pid"), "-n", "sleep", "60"])
            try:
                holds(until(lambda: output(f"readlink /proc/{visitor.pid}/ns/net") != output("readlink /proc/self/ns/net")), "nobody visits it")
                host.swiftlet.ok("stop", "-t", "0", "c")
                host.swiftlet.ok("start", "c")
                matches(host.swiftlet.ok("exec", "c", "ip", "link", "show", "eth0"), "02:00:5e:00:53:01", "its link")
            finally:
                visitor.kill()
                visitor.wait()
    finally:
        _remove(host, "wire")


@test
def what_the_kernel_lacks_is_named(host):
    for arguments, words in ((("-d", "ipvlan", "-o", "parent=eth0", "--subnet", "10.80.0.0/24"), "ipvlan"),
                             (("-o", "vrf=red",), "no link red on this host"),
                             (("-o", "mode=unmanaged", "--interface-name", "nobr0"), "the bridge must already exist on the host")):
        host.swiftlet.ok("network", "create", *arguments, "lacking")
        before = host.census()
        done = host.swiftlet.run("run", "--rm", "--network", "lacking", IMAGE, "true")
        if done.status != 0:
            matches(done.err, words, "stderr")
            equal(done.status, 125 if "mode=unmanaged" in arguments or "vrf=red" in arguments else 126, "exit status")
        else:
            holds(Path("/sys/module/ipvlan").exists() and "ipvlan" in arguments, f"it works without {words}")
        equal(host.settled(before), [], "what was left")
        _remove(host, "lacking")
