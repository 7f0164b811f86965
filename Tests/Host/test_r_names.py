"""Names of containers: who is found by which name, and the server that answers."""
import contextlib
import os
import random
import re
import signal
import socket
import struct
import threading
import time
from pathlib import Path

from check import equal, holds, matches, test
from host import do, output, shell, until
from program import IMAGE, WAITING

GATEWAY = "10.89.0.1"


@contextlib.contextmanager
def _network(host, *arguments, name="mynet"):
    host.swiftlet.ok("network", "create", *arguments, name)
    try:
        yield name
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", name)


def _ask(name, kind="A", server=GATEWAY, *options):
    """dig's short answer, sorted."""
    return sorted(output(f"dig +short +tries=1 +time=2 {' '.join(options)} @{server} {name} {kind}").split())


def _code(name, kind="A", server=GATEWAY):
    return matches(output(f"dig +tries=1 +time=2 @{server} {name} {kind}"), r"status: (\w+)", "dig").group(1)


def _servers():
    """The pids of both processes of the server."""
    return [int(pid) for pid in output("pgrep -x swiftlet-dns").split()]


def _query(name, number=None):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", random.randrange(65536) if number is None else number, 0x100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


@test
def a_container_is_found_by_all_its_names(host):
    with _network(host), host.container("--network", "mynet", "--hostname", "inside", "--network-alias", "nick", "--name", "web1") as one, \
            host.container("--network", "mynet", "--network-alias", "nick", "--name", "web2") as two:
        for name in ("web1", "WEB1", "web1.dns.podman", "Web1.DNS.podman", "inside", one[:12]):
            equal(_ask(name), ["10.89.0.2"], name)
        equal(_ask("nick"), ["10.89.0.2", "10.89.0.3"], "an alias of both")
        equal(_ask("nick", "A", GATEWAY, "+tcp"), ["10.89.0.2", "10.89.0.3"], "over TCP")
        equal(_ask("3.0.89.10.in-addr.arpa", "PTR"), sorted([f"{two[:12]}.", "nick.", "web2."]), "its address's names")
        equal(_ask("web1", "AAAA") + [_code("web1", "AAAA")], ["NOERROR"], "a kind that it has not")
        equal(_code("nosuch.dns.podman"), "NXDOMAIN", "a name that there is not")
        matches(host.swiftlet.ok("exec", "web1", "curl", "-sS", "--max-time", "5", "web2"), "^Hostname: ", "curl web2")
        equal(host.swiftlet.ok("exec", "web1", "cat", "/etc/resolv.conf").split("\n"), ["search dns.podman", f"nameserver {GATEWAY}"], "resolv.conf")


@test
def a_name_is_there_when_run_returns_and_gone_when_rm_does(host):
    with _network(host), host.container("--network", "mynet", "--name", "stays"):
        for number in range(12):
            host.swiftlet.ok("run", "-d", "--name", "brief", "--network", "mynet", IMAGE, *WAITING)
            equal(len(_ask("brief.dns.podman")), 1, f"addresses of brief, time {number}")
            host.swiftlet.ok("rm", "-f", "-t", "0", "brief")
            equal(_code("brief.dns.podman"), "NXDOMAIN", f"brief, time {number}")


@test
def names_come_and_go_with_connect_and_disconnect(host):
    with _network(host), host.container("--network", "mynet", "--name", "asker"), host.container("--name", "guest"):
        host.swiftlet.ok("network", "connect", "--alias", "visitor", "mynet", "guest")
        equal(len(_ask("visitor")), 1, "addresses of the alias")
        host.swiftlet.ok("network", "disconnect", "mynet", "guest")
        equal(_code("visitor.dns.podman"), "NXDOMAIN", "the alias")


@test
def strangers_get_no_answer(host):
    with _network(host), host.container("--network", "mynet", "--name", "web1"), host.container("--name", "other"):
        seen = shell("ip netns exec remote sh -c 'ip route add 10.89.0.0/24 via 192.168.121.67; dig +tries=1 +time=1 @10.89.0.1 web1'").stdout
        do("ip netns exec remote ip route del 10.89.0.0/24")
        holds("NOERROR" not in seen, f"a neighbour on the wire was answered: {seen}")
        pid = host.pid("other")
        seen = output(f"nsenter -t {pid} -n dig +short +tries=1 +time=1 @10.89.0.1 web1")
        holds("10.89" not in seen, f"a container of another network was answered: {seen}")


@test
def internal_names_stay_inside(host):
    with _network(host, "--internal"), host.container("--network", "mynet", "--name", "web1") as container:
        pid = host.pid(container)
        equal(output(f"nsenter -t {pid} -n dig +short +tries=1 +time=2 @{GATEWAY} web1").strip(), "10.89.0.2", "its own name")
        matches(output(f"nsenter -t {pid} -n dig +tries=1 +time=2 @{GATEWAY} example.com"), "status: NXDOMAIN", "a name of the world")


@test
def other_names_are_asked_for_elsewhere(host):
    """The network's server, a slow one beside it, and truncation."""
    answers = {"short.example": b"\1\2\3\4", "long.example": None}
    stop = threading.Event()

    def serve(address, delay):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind((address, 53))
        tcp = socket.socket()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind((address, 53))
        tcp.listen()
        udp.settimeout(0.1)
        tcp.settimeout(0.05)

        def reply(query, whole):
            end = query.index(b"\0", 12) + 5
            name = query[12:end - 5].lower()
            records = b""
            count = 40 if name.startswith(b"\4long") else 1
            if whole or count == 1:
                records = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + bytes([1, 2, 3, n]) for n in range(count))
            return query[:2] + (b"\x81\x80" if records else b"\x83\x80") + b"\0\1" + struct.pack(">H", count if records else 0) + b"\0\0\0\0" + query[12:end] + records

        while not stop.is_set():
            with contextlib.suppress(socket.timeout):
                query, peer = udp.recvfrom(4096)
                if delay:
                    continue
                udp.sendto(reply(query, False), peer)
            with contextlib.suppress(socket.timeout):
                connection, _ = tcp.accept()
                with connection:
                    length = struct.unpack(">H", connection.recv(2))[0]
                    whole = reply(connection.recv(length), True)
                    connection.sendall(struct.pack(">H", len(whole)) + whole)
        udp.close()
        tcp.close()

    do("ip addr add 192.168.121.210/32 dev lo; ip addr add 192.168.121.211/32 dev lo")
    threads = [threading.Thread(target=serve, args=a) for a in (("192.168.121.210", False), ("192.168.121.211", True))]
    for thread in threads:
        thread.start()
    try:
        with _network(host, "--dns", "192.168.121.210"), host.container("--network", "mynet", "--name", "a") as quick, \
                host.container("--network", "mynet", "--name", "b", "--dns", "192.168.121.211") as slow:
            inside = f"nsenter -t {host.pid(quick)} -n "
            equal(output(f"{inside}dig +short +tries=1 @{GATEWAY} short.example").split(), ["1.2.3.0"], "a short answer")
            equal(len(output(f"{inside}dig +short +tries=1 +bufsize=1232 @{GATEWAY} long.example").split()), 40, "addresses of a long answer")
            # One that waits for a dead server holds up nobody.
            waiting = threading.Thread(target=lambda: shell(f"nsenter -t {host.pid(slow)} -n dig +tries=1 +time=5 @{GATEWAY} slow.example > {host.scratch}/slow"))
            waiting.start()
            time.sleep(0.2)
            began = time.monotonic()
            equal(output(f"{inside}dig +short +tries=1 @{GATEWAY} short.example").split(), ["1.2.3.0"], "meanwhile")
            holds(time.monotonic() - began < 1, "the slow server held it up")
            waiting.join()
            matches(Path(host.scratch, "slow").read_text(), "status: SERVFAIL", "who asked the dead server")
            equal(host.swiftlet.ok("network", "update", "--dns-drop", "192.168.121.210", "--dns-add", "192.168.121.211", "mynet"), "mynet", "update")
            matches(output(f"{inside}dig +tries=1 +time=5 @{GATEWAY} short.example"), "status: SERVFAIL", "after the update")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        do("ip addr del 192.168.121.210/32 dev lo; ip addr del 192.168.121.211/32 dev lo")


@test
def the_server_is_nobody(host):
    with _network(host), host.container("--network", "mynet"):
        pids = _servers()
        equal(len(pids), 2, f"processes: {pids}")
        for pid in pids:
            status = Path(f"/proc/{pid}/status").read_text()
            for line in ("Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534", "NoNewPrivs:\t1", "Threads:\t1",
                         *(f"Cap{name}:\t{'0' * 13}400" for name in ("Prm", "Eff", "Bnd"))):
                matches(status, f"^{line}$", "status")
            holds(int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) < 15 * 1024, f"it takes {status}")
    equal(until(lambda: not _servers()), True, "whether the server went with the last container")


@test
def whoever_is_killed_the_other_answers(host):
    """Either process is killed every 100 ms; the container's own resolver finds the name every time."""
    with _network(host), host.container("--network", "mynet", "--name", "asker"), host.container("--network", "mynet", "--name", "web2"):
        stop = threading.Event()
        kills = []

        def kill():
            while not stop.wait(0.1):
                pids = _servers()
                if len(pids) == 2:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(random.choice(pids), signal.SIGKILL)
                        kills.append(1)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            inside = "i=0; while [ $i -lt 200 ]; do curl -sS --max-time 9 -o /dev/null http://web2 || echo failed; i=$((i+1)); sleep 0.05; done"
            seen = host.swiftlet.ok("exec", "asker", "sh", "-c", inside)
        finally:
            stop.set()
            killer.join()
        equal(seen, "", "what failed")
        holds(len(kills) > 50, f"only {len(kills)} were killed")
        equal(until(lambda: len(_servers()) == 2), True, "whether there are two again")


@test
def answers_to_one_socket_are_each_a_datagram(host):
    """Many at once, which go through the kernel as one; and where the device cannot cut them so."""
    names = ("web1", "web1.dns.podman")
    with _network(host), host.container("--network", "mynet", "--name", "web1"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((GATEWAY, 0))
        udp.settimeout(2)
        route = output(f"ip route show table local {GATEWAY}").strip()
        # At 68 the answers for the longer name are longer than a packet: the kernel refuses to cut at that length.
        for mtu in ("", "mtu lock 68"):
            do(f"ip route replace table local {route} {mtu}")
            pids = _servers()
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            for number in range(60):
                udp.sendto(_query(names[number % 2], number), (GATEWAY, 53))
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            answers = [udp.recv(4096) for _ in range(60)]
            equal(sorted((int.from_bytes(answer[:2], "big"), len(answer)) for answer in answers),
                  [(number, len(_query(names[number % 2])) + 16) for number in range(60)], f"ids and lengths with {mtu or 'the usual MTU'}")


@test
def hostile_messages_cost_nothing(host):
    with _network(host), host.container("--network", "mynet", "--name", "web1"):
        good = _query("web1")
        bad = [b"", b"\0", good[:11], good[:-1], good[:4] + b"\0\0" + good[6:], good[:4] + b"\0\2" + good[6:], good[:2] + b"\x81\0" + good[4:],
               good[:12] + b"\xc0\x0c\0\1\0\1", good[:12] + b"\x40" + b"a" * 64 + b"\0\0\1\0\1", good[:12] + (b"\x3f" + b"a" * 63) * 4 + b"\0\0\1\0\1",
               good[:10] + b"\xff\xff" + good[12:], os.urandom(4000)]
        pids = _servers()
        memory = lambda: sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _servers()) * 4
        before = memory()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((GATEWAY, 0))
            udp.settimeout(0.2)
            for message in bad:
                udp.sendto(message, (GATEWAY, 53))
                with contextlib.suppress(socket.timeout):
                    reply = udp.recv(4096)
                    raise AssertionError(f"{message[:30]} was answered: {reply}")
            for number in range(100_000):
                udp.sendto(random.choice(bad) if number % 3 else good, (GATEWAY, 53))
        for message in (b"\xff\xff", b"\0\0", b"\0\5abc", struct.pack(">H", len(bad[8])) + bad[8]):
            with socket.create_connection((GATEWAY, 53), 2, (GATEWAY, 0)) as tcp:
                tcp.sendall(message)
        idle = [socket.create_connection((GATEWAY, 53), 2, (GATEWAY, 0)) for _ in range(400)]
        equal(_ask("web1"), ["10.89.0.2"], "meanwhile")
        time.sleep(6)
        equal(_ask("web1", "A", GATEWAY, "+tcp"), ["10.89.0.2"], "over TCP")
        closed = 0
        for tcp in idle:
            tcp.settimeout(1)
            with contextlib.suppress(OSError):
                closed += tcp.recv(1) == b""
            tcp.close()
        equal(closed, 400, "idle connections that were closed")
        equal(_servers(), pids, "the server's processes")
        holds(memory() - before < 4096, f"memory grew from {before} to {memory()} KiB")


@test
def two_hundred_containers_have_names(host):
    with _network(host):
        names = [f"many{number}" for number in range(200)]
        try:
            for start in range(0, 200, 20):
                for done in host.at_once([("run", "-d", "--name", name, "--network", "mynet", IMAGE, *WAITING) for name in names[start:start + 20]]):
                    equal(done.status, 0, f"exit status of {done}")
            found = [tuple(_ask(name)) for name in names]
            equal([len(f) for f in found], [1] * 200, "addresses a name")
            equal(len(set(found)), 200, "different addresses")
        finally:
            for start in range(0, 200, 50):
                host.remove(*names[start:start + 50])


@test
def a_macvlan_resolves_no_names_whatever_its_definition_says(host):
    host.swiftlet.ok("network", "create", "-d", "macvlan", "-o", "parent=eth0", "--subnet", "192.168.121.0/24", "--gateway", "192.168.121.1",
                     "--ip-range", "192.168.121.200-192.168.121.210", "wire")
    try:
        file = Path("/etc/containers/networks/wire.json")
        file.write_text(file.read_text().replace('"dns_enabled": false', '"dns_enabled": true'))
        seen = host.swiftlet.ok("run", "--rm", "--network", "wire", IMAGE, "cat", "/etc/resolv.conf")
        holds("192.168.121.1\n" not in seen + "\n", f"the gateway is asked for names: {seen}")
    finally:
        host.swiftlet.ok("network", "rm", "wire")


@test
def somebody_elses_bridge_answers_names_at_its_own_addresses(host):
    do("ip link add odd type bridge; ip link set odd up")
    try:
        with _network(host, "-o", "mode=unmanaged", "--interface-name", "odd", "--subnet", "10.99.0.0/24", "--gateway", "10.99.0.254"):
            matches(host.swiftlet.fails(126, "run", "--rm", "--network", "mynet", IMAGE, "true"), "bridge 'odd' in unmanaged mode has no usable IP addresses.*--disable-dns", "stderr")
            do("ip addr add 10.99.0.1/24 dev odd")
            with host.container("--network", "mynet", "--name", "web1"):
                seen = host.swiftlet.ok("run", "--rm", "--network", "mynet", IMAGE, "sh", "-c", "cat /etc/resolv.conf; wget -qO- http://web1")
                matches(seen, "nameserver 10.99.0.1$", "resolv.conf")
                matches(seen, "^Hostname:", "what web1 answers")
    finally:
        do("ip link del odd")


@test
def a_container_that_lost_its_last_network_is_in_its_hosts_file_again_with_the_next(host):
    with _network(host), host.container("--network", "mynet", "--name", "web1") as one:
        host.swiftlet.ok("network", "disconnect", "mynet", "web1")
        holds("web1" not in host.swiftlet.ok("exec", "web1", "cat", "/etc/hosts"), "the old line is there still")
        host.swiftlet.ok("network", "connect", "mynet", "web1")
        matches(host.swiftlet.ok("exec", "web1", "cat", "/etc/hosts"), f"^10.89.0.3\t{one[:12]} web1$", "/etc/hosts")


@test
def a_container_that_is_renamed_is_found_by_its_new_name_at_once(host):
    with _network(host), host.container("--network", "mynet", "--network-alias", "nick", "--name", "one") as one, \
            host.container("--network", "mynet", "--name", "two"), \
            host.container("--network", "container:two", "--name", "guest", command=WAITING) as guest:
        host.swiftlet.ok("rename", "one", "uno")
        equal((_ask("uno"), _ask("nick"), _ask("one.dns.podman"), _code("one.dns.podman")), (["10.89.0.2"], ["10.89.0.2"], [], "NXDOMAIN"), "the names")
        matches(host.swiftlet.ok("exec", "uno", "cat", "/etc/hosts"), f"^10.89.0.2\t{one[:12]} uno$", "its own /etc/hosts")
        host.swiftlet.ok("rename", "two", "due")
        host.swiftlet.ok("rename", "guest", "ospite")
        equal((_ask("due"), _ask("two")), (["10.89.0.3"], []), "the names of the second")
        matches(host.swiftlet.ok("exec", "ospite", "cat", "/etc/hosts"), f"^127.0.0.1\t{guest[:12]} ospite$", "the hosts file that is shared")
        host.swiftlet.ok("rename", "uno", "uno")
        host.swiftlet.fails(125, "rename", "uno", "due")
        equal((_ask("uno"), _ask("due")), (["10.89.0.2"], ["10.89.0.3"]), "the names after renames that change nothing")
        # What was written is what is removed: nothing of the old name stays.
        host.swiftlet.ok("network", "disconnect", "mynet", "uno")
        holds(one[:12] not in host.swiftlet.ok("exec", "uno", "cat", "/etc/hosts"), "the line of the network that it left is still there")
        host.remove("ospite")
        holds("ospite" not in host.swiftlet.ok("exec", "due", "cat", "/etc/hosts"), "the line of a removed container is still there")
