"""--network: whose network a container has, and its names in it."""
from check import equal, holds, matches, test
from host import ADDRESS, do, output
from program import IMAGE, WAITING

SLEEP = ("sleep", "1000")


@test
def the_default_network_leads_out(host):
    # busybox's ping wants a raw socket.
    inside = host.swiftlet.ok("run", "--rm", "--cap-add", "NET_RAW", IMAGE, "ping", "-c", "1", "-W", "2", "192.168.121.1")
    matches(inside, "1 packets received", "ping of another host")
    matches(host.swiftlet.ok("run", "--rm", "--network", "bridge", IMAGE, "ip", "route"), r"^default via 10\.88\.0\.1 dev eth0", "routes")


@test
def network_none_has_the_loopback_alone(host):
    before = output("ip -o link")
    with host.container("--name", "c", "--network", "none", command=SLEEP):
        equal(host.swiftlet.ok("exec", "c", "ls", "/sys/class/net"), "lo", "links")
        matches(host.swiftlet.ok("exec", "c", "ip", "addr", "show", "lo"), r"<LOOPBACK,UP,LOWER_UP>(.*\n)*.*inet 127\.0\.0\.1/8", "lo")
        equal(output("ip -o link"), before, "links of the host")
        equal(host.swiftlet.field("c", ".HostConfig.NetworkMode"), "none", "NetworkMode")


@test
def network_host_is_that_of_the_host(host):
    shown = host.swiftlet.ok("run", "--rm", "--network", "host", IMAGE, "sh", "-c", "readlink /proc/self/ns/net; hostname; ip -4 -o addr show eth0")
    equal(shown.splitlines()[0], output("readlink /proc/self/ns/net").strip(), "namespace")
    equal(shown.splitlines()[1], "node1", "host name")
    matches(shown, ADDRESS, "address")


@test
def network_container_is_that_of_another(host):
    with host.container("--name", "a", "-p", "8080:80", command=SLEEP):
        with host.container("--name", "b", "--network", "container:a"):
            equal(host.swiftlet.ok("exec", "b", "readlink", "/proc/self/ns/net"), host.swiftlet.ok("exec", "a", "readlink", "/proc/self/ns/net"),
                  "namespace")
            holds("Hostname" in host.curl("http://127.0.0.1:8080"), "b does not answer at a's port")
            host.remove("b")
            equal(host.swiftlet.ok("exec", "a", "ls", "/sys/class/net").split(), ["eth0", "lo"], "a's links when b has gone")
        matches(host.swiftlet.fails(125, "run", "--rm", "--network", "container:nosuch", IMAGE, "true"), "nosuch", "stderr")


@test
def network_ns_is_the_one_at_the_path(host):
    do("ip netns add own")
    try:
        with host.container("--name", "c", "--network", "ns:/run/netns/own", command=SLEEP):
            equal(host.swiftlet.ok("exec", "c", "readlink", "/proc/self/ns/net"),
                  output("ip netns exec own readlink /proc/self/ns/net").strip(), "namespace")
        holds("own" in output("ip netns list"), "the namespace went with the container")
    finally:
        do("ip netns del own")


@test
def a_network_that_is_not_there_is_named(host):
    for network in ("nosuch", "ns:/nosuch"):
        matches(host.swiftlet.fails(125, "run", "--rm", "--network", network, IMAGE, "true"), "^Error: .*nosuch", "stderr")


@test
def containers_reach_each_other_by_address(host):
    with host.container("--name", "a"), host.container("--name", "b", command=SLEEP):
        address = host.address("a")
        holds("Hostname" in host.curl(f"http://{address}"), "a does not answer the host")
        matches(host.swiftlet.ok("exec", "b", "curl", "-sS", "--max-time", "3", f"http://{address}"), "Hostname", "a's answer to b")


@test
def hosts_and_resolv_conf_are_of_its_own(host):
    with host.container("--name", "c", "--hostname", "inside", command=SLEEP):
        hosts = host.swiftlet.ok("exec", "c", "cat", "/etc/hosts")
        matches(hosts, rf"^{host.address('c')}\s+inside c$", "/etc/hosts")
        matches(hosts, r"^10\.88\.0\.1\s+host\.containers\.internal$", "/etc/hosts")
        equal(host.swiftlet.ok("exec", "c", "cat", "/etc/hostname"), "inside", "/etc/hostname")
        equal(host.swiftlet.ok("exec", "c", "hostname"), "inside", "hostname")
        matches(host.swiftlet.ok("exec", "c", "cat", "/etc/resolv.conf"), "^nameserver ", "/etc/resolv.conf")


@test
def the_host_name_is_the_beginning_of_the_id(host):
    with host.container(command=SLEEP) as identifier:
        equal(host.swiftlet.ok("exec", identifier, "hostname"), identifier[:12], "hostname")


@test
def who_shares_a_network_shares_its_names(host):
    host.swiftlet.ok("network", "create", "mynet")
    try:
        with host.container("--name", "a", "--network", "mynet") as first, host.container("--name", "b", "--network", "container:a", command=WAITING) as second:
            for file in ("hosts", "resolv.conf"):
                equal(host.swiftlet.ok("exec", "b", "cat", f"/etc/{file}"), host.swiftlet.ok("exec", "a", "cat", f"/etc/{file}"), file)
            matches(host.swiftlet.ok("exec", "b", "cat", "/etc/hosts"), f"^10.89.0.2\t{first[:12]} a\n127.0.0.1\t{second[:12]} b$", "/etc/hosts")
            matches(host.swiftlet.ok("exec", "b", "wget", "-qO-", "http://a"), "^Hostname:", "what a answers")
            equal(host.swiftlet.field("b", "json .NetworkSettings.Networks"), host.swiftlet.field("a", "json .NetworkSettings.Networks"), "its networks")
            host.remove("b")
            holds(" b" not in host.swiftlet.ok("exec", "a", "cat", "/etc/hosts"), "the line of who left is there still")
            stderr = host.swiftlet.fails(125, "run", "--rm", "--network", "container:a", "--dns", "1.1.1.1", IMAGE, "true")
            equal(stderr.strip(), "Error: conflicting options: dns and the network mode: container", "--dns")
            stderr = host.swiftlet.fails(125, "run", "--rm", "--network", "container:a", "--add-host", "x:1.1.1.1", IMAGE, "true")
            matches(stderr, "cannot set extra host entries when the container is joined", "--add-host")
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", "mynet")


@test
def who_has_no_network_has_podmans_files(host):
    hosts = host.inside("cat", "/etc/hosts").splitlines()
    equal(hosts[-2], f"{ADDRESS}\thost.containers.internal", "the host's line")
    matches(hosts[-1], "^127.0.0.1\t[0-9a-f]{12} ", "its own line")
    equal(host.inside("sh", "-c", "ls /etc/resolv.conf 2>/dev/null; true"), "", "its resolv.conf")
    equal(host.swiftlet.ok("run", "--rm", "--network", "host", IMAGE, "tail", "-n1", "/etc/hosts"), hosts[-2], "the last line on the host's network")
    with host.container("--network", "host", command=WAITING) as container:
        equal(host.swiftlet.field(container, "json .NetworkSettings.Networks"), "null", "its networks")
    done = host.swiftlet.run("run", "--rm", "--network", "none", "-p", "99:99", IMAGE, "true")
    equal(done.status, 0, "exit status with -p")
    matches(done.err, "Port mappings have been discarded", "stderr with -p")


@test
def files_may_be_the_images_own(host):
    for file, *options in (("hosts", "--no-hosts"), ("resolv.conf", "--dns", "none")):
        equal(host.swiftlet.ok("run", "--rm", *options, IMAGE, "sh", "-c", f"ls /etc/{file} 2>/dev/null; true"), "", file)
    matches(host.swiftlet.fails(125, "run", "--rm", "--no-hosts", "--add-host", "a:1.1.1.1", IMAGE, "true"), "--no-hosts and --add-host cannot be set together", "stderr")
    equal(host.swiftlet.ok("run", "--rm", "--dns", "1.1.1.1,2.2.2.2", IMAGE, "cat", "/etc/resolv.conf").split("\n"), ["nameserver 1.1.1.1", "nameserver 2.2.2.2"], "a list of servers")
