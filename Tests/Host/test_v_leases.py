"""Addresses by DHCP: a server on the wire gives a container's."""
import contextlib
import json
import re
import subprocess

from check import equal, holds, matches, test
from host import do, output, until
from program import IMAGE

SLEEP = ("sleep", "1000")


@contextlib.contextmanager
def _server(host, *options):
    """dnsmasq in the network namespace 'remote', on the same wire as eth0; its log."""
    log = host.scratch / "dnsmasq.log"
    leases = host.scratch / "dnsmasq.leases"
    server = subprocess.Popen(
        ["ip", "netns", "exec", "remote", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=eth0", "--bind-interfaces",
         "--dhcp-range=192.168.121.200,192.168.121.209,255.255.255.0,120", "--dhcp-option=option:dns-server,192.168.121.1,192.0.2.53",
         "--dhcp-option=option:domain-name,wire.example", "--no-ping", "--log-dhcp", f"--log-facility={log}", f"--dhcp-leasefile={leases}",
         "--user=root", "--pid-file=", *options], stdin=subprocess.DEVNULL)
    try:
        holds(until(lambda: "DHCP, IP range" in output(f"cat {log}")), f"dnsmasq does not start: {output(f'cat {log}')}")
        yield log
    finally:
        server.terminate()
        server.wait()
        do(f"rm -f {log} {leases}")


@contextlib.contextmanager
def _wire(host, *arguments):
    host.swiftlet.ok("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--ipam-driver", "dhcp", *arguments, "wire")
    try:
        yield
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "wire")


def _logged(log, pattern, when="the server's log"):
    """The server is another process: what it was sent, it logs a moment later."""
    until(lambda: re.search(pattern, log.read_text(), re.M), 5)
    matches(log.read_text(), pattern, when)


def _network(host, container):
    return json.loads(host.swiftlet.field(container, "json .NetworkSettings.Networks"))["wire"]


@test
def a_container_gets_its_address_from_the_server_and_gives_it_back(host):
    with _server(host) as log, _wire(host):
        with host.container("--name", "c", "--hostname", "inside", "--network", "wire"):
            network = _network(host, "c")
            matches(network["IPAddress"], r"^192\.168\.121\.20\d$", "address")
            equal((network["IPPrefixLen"], network["Gateway"]), (24, "192.168.121.1"), "prefix and gateway")
            inside = host.swiftlet.ok("exec", "c", "sh", "-c", "ip -4 -o addr show eth0; ip route; cat /etc/hosts /etc/resolv.conf")
            for pattern in (rf"inet {network['IPAddress']}/24", "^default via 192.168.121.1 dev eth0 .*metric 100", rf"^{network['IPAddress']}\s+inside c$",
                            "^nameserver 192.168.121.1$", "^nameserver 192.0.2.53$", "^search wire.example$"):
                matches(inside, pattern, "in the container")
            holds("Hostname" in host.curl(f"http://{network['IPAddress']}", remote=True), "the neighbour does not reach it")
            _logged(log, rf"DHCPACK\(eth0\) {network['IPAddress']} \S+ inside", "the server's log")
            equal({line.split()[1] for line in output("ps -eo user,args | grep '[s]wiftlet-dns lease'").splitlines()} and
                  {line.split()[0] for line in output("ps -eo user,args | grep '[s]wiftlet-dns lease'").splitlines()}, {"nobody"}, "who keeps the lease")
            # The same container gets the same address.
            host.swiftlet.ok("stop", "-t", "0", "c")
            _logged(log, rf"DHCPRELEASE\(eth0\) {network['IPAddress']} ", "the server's log after stop")
            equal(output("pgrep -f '[s]wiftlet-dns lease'"), "", "processes after stop")
            host.swiftlet.ok("start", "c")
            equal(_network(host, "c")["IPAddress"], network["IPAddress"], "address after start")


@test
def who_keeps_a_lease_is_in_the_containers_network_and_no_other(host):
    """Both processes, and one that takes over."""
    with _server(host), _wire(host), host.container("--name", "c", "--network", "wire", command=SLEEP):
        network = output(f"readlink /proc/{host.swiftlet.field('c', '.State.Pid')}/ns/net")
        keepers = lambda: output("pgrep -f '[s]wiftlet-dns lease'").split()
        def are_inside(when):
            for pid in keepers():
                equal(output(f"readlink /proc/{pid}/ns/net"), network, f"its network {when}")
                equal(output(f"ls /proc/{pid}/task").split(), [pid], f"its threads {when}")
                holds("net:" not in output(f"ls -l /proc/{pid}/fd"), f"it holds a network open {when}")
        are_inside("at first")
        do(f"kill -9 {keepers()[0]}")
        holds(until(lambda: len(keepers()) == 2), "nobody takes over")
        are_inside("after one was killed")


@test
def a_lease_is_renewed_and_its_keeper_begun_anew(host):
    with _server(host, "--dhcp-option-force=option:T1,3", "--dhcp-option-force=option:T2,60") as log, _wire(host):
        with host.container("--name", "c", "--network", "wire", command=SLEEP):
            address = _network(host, "c")["IPAddress"]
            acknowledged = lambda: log.read_text().count(f"DHCPACK(eth0) {address}")
            holds(until(lambda: acknowledged() >= 3, 15), f"it is not renewed: {log.read_text()[-800:]}")
            keepers = lambda: output("pgrep -f '[s]wiftlet-dns lease'").split()
            # The older of the two works, the younger waits for its end.
            for which in ("-o", "-n", "-o"):
                do(f"kill -9 $(pgrep {which} -f '[s]wiftlet-dns lease')")
                before = acknowledged()
                holds(until(lambda: acknowledged() > before + 1, 15), f"nobody renews it after pgrep {which}")
                equal(len(keepers()), 2, f"processes after pgrep {which}")
            equal(_network(host, "c")["IPAddress"], address, "address")


@test
def reload_gives_back_a_lost_address_and_a_lost_keeper(host):
    with _server(host) as log, _wire(host):
        with host.container("--name", "c", "--network", "wire", command=SLEEP):
            address = _network(host, "c")["IPAddress"]
            inside = lambda: host.swiftlet.ok("exec", "c", "sh", "-c", "ip -4 -o addr show eth0; ip route")
            pid = host.swiftlet.field("c", ".State.Pid")
            def whole(when):
                for pattern in (rf"inet {address}/24", "^default via 192.168.121.1 dev eth0"):
                    matches(inside(), pattern, f"in the container {when}")
            do(f"nsenter -t {pid} -n ip addr flush dev eth0")
            host.swiftlet.ok("network", "reload", "c")
            whole("after its address was flushed")
            do("kill -9 $(pgrep -f '[s]wiftlet-dns lease')")
            do(f"nsenter -t {pid} -n ip link delete eth0")
            host.swiftlet.ok("network", "reload", "c")
            whole("after its keeper and its link were lost")
            equal(len(output("pgrep -f '[s]wiftlet-dns lease'").split()), 2, "processes")
        _logged(log, rf"DHCPRELEASE\(eth0\) {address} ", "the server's log")
        equal(output("pgrep -f '[s]wiftlet-dns lease'"), "", "processes after rm")


@test
def a_wire_without_a_server_is_an_error_and_nothing_is_left(host):
    with _wire(host):
        before = host.census()
        error = host.swiftlet.fails(126, "run", "-d", "--network", "wire", IMAGE, *SLEEP, timeout=25)
        matches(error, "unable to obtain lease: network wire, interface eth0: no DHCP server gave an address in time", "stderr")
        equal(host.settled(before), [], "what was left")


@test
def networks_come_and_go_with_their_leases(host):
    with _server(host) as log, _wire(host), host.container("--name", "c", command=SLEEP):
        host.swiftlet.ok("network", "connect", "wire", "c")
        address = _network(host, "c")["IPAddress"]
        matches(host.swiftlet.ok("exec", "c", "cat", "/etc/hosts"), rf"^{address}\s", "/etc/hosts")
        host.swiftlet.ok("network", "disconnect", "wire", "c")
        _logged(log, rf"DHCPRELEASE\(eth0\) {address} ", "the server's log")
        holds(address not in host.swiftlet.ok("exec", "c", "cat", "/etc/hosts"), "the address is still in /etc/hosts")
        equal(output("pgrep -f '[s]wiftlet-dns lease'"), "", "processes")


@test
def a_command_killed_while_it_waits_leaves_nothing(host):
    with _wire(host):
        before = host.census()
        command = host.swiftlet.start("run", "--name", "c", "--network", "wire", IMAGE, *SLEEP)
        holds(until(lambda: output("pgrep -f '[s]wiftlet-dns lease'")), "nobody asks for a lease")
        command.kill()
        command.communicate()
        host.swiftlet.ok("rm", "-f", "-t", "0", "--ignore", "c")
        equal(host.settled(before), [], "what was left")


@test
def where_dhcp_makes_no_sense_it_is_refused(host):
    for arguments, words in ((("-d", "ipvlan", "-o", "parent=eth0"), "ipam driver dhcp is not supported with ipvlan"),
                             ((), "cannot use dhcp ipam driver without using the option mode=unmanaged"),
                             (("-d", "macvlan", "--subnet", "10.1.0.0/24"), "ipam driver dhcp set but subnets are set")):
        matches(host.swiftlet.fails(125, "network", "create", *arguments, "--ipam-driver", "dhcp", "n"), words, "stderr")
