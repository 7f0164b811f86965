"""Published ports: every form, and what takes a port."""
import contextlib
import socket
import subprocess
import sys

from check import equal, holds, matches, test
from host import ADDRESS, do, output, shell
from program import IMAGE


@contextlib.contextmanager
def _listening(port, kind=socket.SOCK_STREAM, address="0.0.0.0"):
    """Another process that has the port; its pid."""
    code = (f"import socket, sys; s = socket.socket(socket.AF_INET, {int(kind)}); s.bind(('{address}', {port}))\n"
            "if s.type == socket.SOCK_STREAM: s.listen()\nprint(flush=True); sys.stdin.read()")
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@test
def a_port_that_another_process_has_is_refused_with_its_pid_and_name(host):
    with _listening(8080) as pid:
        before = host.census()
        error = host.swiftlet.fails(126, "run", "-d", "--name", "c", "-p", "8080:80", IMAGE)
        matches(error, "^Error: cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use", "stderr")
        equal(host.settled(before), [], "what was made")
        matches(error, rf"python\S*.*\b{pid}\b|\b{pid}\b.*python", "who has it")


@test
def a_udp_port_that_another_process_has_is_refused_and_named(host):
    with _listening(5353, socket.SOCK_DGRAM) as pid:
        error = host.swiftlet.fails(126, "run", "-d", "--name", "c", "-p", "5353:53/udp", IMAGE)
        matches(error, f"cannot listen on the UDP port: .*:5353.*{pid}", "stderr")


@test
def a_port_that_a_container_has_is_refused_with_its_name(host):
    with host.container("--name", "first", "-p", "8080:80"):
        before = host.census()
        error = host.swiftlet.fails(126, "run", "-d", "--name", "c", "-p", "8080:80", IMAGE)
        matches(error, ":8080: bind: address already in use.*first", "stderr")
        matches(host.swiftlet.fails(126, "run", "-d", "-p", "8000-8100:8000-8100", IMAGE), "8080.*first", "stderr of a range")
        host.swiftlet.ok("run", "--rm", "-p", "8080:80/udp", IMAGE, "true")
        equal(host.settled(before), [], "what was made")


@test
def a_port_may_be_bound_to_an_address(host):
    with host.container("-p", f"{ADDRESS}:8080:80"):
        holds("Hostname" in host.curl(f"http://{ADDRESS}:8080"), "it does not answer at its address")
        holds("Hostname" in host.curl(f"http://{ADDRESS}:8080", remote=True), "it does not answer another host")
        equal(host.curl("http://127.0.0.1:8080", seconds=0), "", "the reply at another address")
    with host.container("-p", "127.0.0.1:8080:80"):
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer at 127.0.0.1")
        equal(host.curl(f"http://{ADDRESS}:8080", seconds=0, remote=True), "", "the reply to another host")


@test
def one_port_on_two_addresses_is_two_containers(host):
    do("ip addr add 192.168.121.200/24 dev eth0")
    with host.container("--hostname", "a", "-p", f"{ADDRESS}:80:80"), host.container("--hostname", "b", "-p", "192.168.121.200:80:80"):
        holds("Hostname: a\n" in host.curl(f"http://{ADDRESS}"), "a does not answer")
        holds("Hostname: b\n" in host.curl("http://192.168.121.200"), "b does not answer")
        host.swiftlet.fails(126, "run", "-d", "-p", "80:80", IMAGE)
    do("ip addr del 192.168.121.200/24 dev eth0")


@test
def a_range_of_ports_is_published(host):
    with host.container("--name", "c", "-p", "8080-8082:80-82"):
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "the first does not answer")
        equal(host.swiftlet.ok("port", "c").splitlines(),
              ["80/tcp -> 0.0.0.0:8080", "81/tcp -> 0.0.0.0:8081", "82/tcp -> 0.0.0.0:8082"], "port")
        equal(host.swiftlet.ok("port", "c", "81"), "0.0.0.0:8081", "port c 81")
        equal(host.swiftlet.ok("ps", "--format", "{{.Ports}}"), "0.0.0.0:8080-8082->80-82/tcp", "ps")
    matches(host.swiftlet.fails(125, "run", "--rm", "-p", "8080-8081:80-82", IMAGE, "true"), "^Error: .*range", "stderr")


@test
def a_port_without_a_number_is_given_one(host):
    for arguments in (("-p", "80"), ("-P",)):
        with host.container(*arguments) as identifier:
            port = matches(host.swiftlet.ok("port", identifier, "80"), r"^0\.0\.0\.0:(\d+)$", "port").group(1)
            holds(int(port) >= 1024, f"port {port} is a privileged one")
            holds("Hostname" in host.curl(f"http://127.0.0.1:{port}"), f"{arguments}: it does not answer at {port}")


@test
def the_protocols_of_one_number_are_apart(host):
    with host.container("--name", "c", "-p", "5300:53/udp", "-p", "5300:80/tcp"):
        equal(sorted(host.swiftlet.ok("port", "c").splitlines()), ["53/udp -> 0.0.0.0:5300", "80/tcp -> 0.0.0.0:5300"], "port")
        holds("Hostname" in host.curl("http://127.0.0.1:5300"), "it does not answer on TCP")


@test
def an_ipv6_address_can_be_named(host):
    with host.container("--name", "c", "-p", "[::1]:8080:80"):
        # Podman 4 leaves the brackets out, Podman 5 does not.
        matches(host.swiftlet.ok("port", "c"), r"^80/tcp -> (::1|\[::1\]):8080$", "port")
    matches(host.swiftlet.fails(125, "run", "--rm", "-p", "[::1:8080:80", IMAGE, "true"), "^Error: ", "stderr")


@test
def a_container_reaches_its_own_published_port(host):
    with host.container("--name", "c", "-p", "8080:80"):
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
        done = host.swiftlet.run("exec", "c", "curl", "-sS", "--max-time", "3", f"http://{ADDRESS}:8080")
        holds("Hostname" in done.out, str(done))


@test
def one_container_reaches_another_through_the_host(host):
    with host.container("-p", "8080:80"), host.container("--name", "c", command=("sleep", "1000")):
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
        done = host.swiftlet.run("exec", "c", "curl", "-sS", "--max-time", "3", f"http://{ADDRESS}:8080")
        holds("Hostname" in done.out, str(done))


def _ask(port):
    """What a UDP server on the host's port says to a client that keeps its own port."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(0.3)
    client.bind((ADDRESS, 40000))
    with contextlib.closing(client):
        for _ in range(20):
            client.sendto(b"?\n", (ADDRESS, port))
            with contextlib.suppress(OSError):
                return client.recv(100).decode().strip()
    return None


@contextlib.contextmanager
def _answering(host, container, answer):
    """A UDP server on port 53 in the container's network."""
    code = ("import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 53)); print(flush=True)\n"
            f"while True: s.sendto(b'{answer}', s.recvfrom(100)[1])")
    process = subprocess.Popen(["nsenter", f"--net=/proc/{host.pid(container)}/ns/net", sys.executable, "-c", code],
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@test
def a_new_container_gets_the_datagrams_of_the_old_clients(host):
    command = ("sleep", "1000")
    with host.container("-p", "5300:53/udp", command=command) as first, _answering(host, first, "one"):
        equal(_ask(5300), "one", "the first container's answer")
    equal(shell("conntrack -L -p udp --dport 5300 2>/dev/null").stdout.strip(), "", "what conntrack still knows of the first")
    # The one between takes the next address, so that the second's is not the first's.
    with host.container(command=command), host.container("-p", "5300:53/udp", command=command) as second:
        with _answering(host, second, "two"):
            equal(_ask(5300), "two", "the second container's answer")


@test
def the_ports_of_a_stopped_container_are_free(host):
    with host.container("--name", "c", "-p", "8080:80"):
        host.swiftlet.ok("stop", "-t", "0", "c")
        with host.container("-p", "8080:80"):
            holds(host.swiftlet.run("start", "c").status in (125, 126), "start succeeds though its port is taken")
        host.swiftlet.ok("start", "c")
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer after its second start")


@test
def published_ports_need_a_network_of_their_own(host):
    if host.swiftlet.is_podman:
        return
    for network in ("none", "host"):
        done = host.swiftlet.run("run", "--rm", f"--network={network}", "-p", "8080:80", IMAGE, "true")
        # Podman runs it, and says that the ports are discarded; we may refuse. Silence is wrong.
        holds(done.status in (0, 125) and "port" in done.err.lower(), f"--network {network}: {done}")


@test
def rules_that_somebody_flushed_come_back(host):
    with host.container("-p", "8080:80"):
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
        rules = output("iptables -t nat -S")
        do("iptables -t nat -F && iptables -t nat -X")
        if host.swiftlet.is_podman:
            host.swiftlet.ok("network", "reload", "-a")
        else:
            host.swiftlet.ok("system", "check", "--repair")
        equal(sorted(output("iptables -t nat -S").splitlines()), sorted(rules.splitlines()), "rules")
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer afterwards")
