"""containers.conf: what the host's configuration changes for commands and containers."""
import contextlib
import json
from dataclasses import replace

from check import equal, holds, matches, one_line, test
from host import do, output, until
from program import IMAGE

SLEEP = ("sleep", "1000")


@contextlib.contextmanager
def configured(host, text, variable="CONTAINERS_CONF"):
    """The host whose program reads this configuration."""
    path = host.scratch / "containers.conf"
    path.write_text(text)
    other = host.swiftlet
    host.swiftlet = replace(other, environment={**other.environment, variable: str(path)})
    try:
        yield path
    finally:
        host.swiftlet = other
        path.unlink()


@contextlib.contextmanager
def network(host, name, *arguments):
    host.swiftlet.ok("network", "create", *arguments, name)
    try:
        yield json.loads(host.swiftlet.ok("network", "inspect", name))[0]
    finally:
        host.swiftlet.ok("network", "rm", "-f", "-t", "0", name)


@test
def subnets_come_from_the_pools_of_the_configuration(host):
    pools = '[network]\ndefault_subnet_pools = [{"base" = "172.30.5.0/27", "size" = 28}, {"base" = "172.31.0.0/16", "size" = 26}]\n'
    with configured(host, pools), contextlib.ExitStack() as stack:
        seen = [stack.enter_context(network(host, f"pool{n}"))["subnets"][0]["subnet"] for n in range(4)]
        equal(seen, ["172.30.5.0/28", "172.30.5.16/28", "172.31.0.0/26", "172.31.0.64/26"], "subnets")
    with configured(host, '[network]\ndefault_subnet_pools = [{"base" = "192.168.121.0/24", "size" = 25}]\n'):
        # Both halves are the host's own wire.
        matches(host.swiftlet.fails(125, "network", "create", "full"), "could not find free subnet from subnet pools", "stderr")


@test
def the_default_network_has_the_name_and_subnet_of_the_configuration(host):
    with configured(host, '[network]\ndefault_network = "main"\ndefault_subnet = "10.44.0.0/24"\n', "CONTAINERS_CONF_OVERRIDE"):
        equal(host.swiftlet.ok("network", "ls", "--format", "{{.Name}}"), "main", "networks")
        with host.container("--name", "c", command=SLEEP):
            equal(host.swiftlet.field("c", ".NetworkSettings.Networks.main.IPAddress"), "10.44.0.2", "address")
            matches(output("ip -4 -o addr show podman0"), r"10\.44\.0\.1/24", "the bridge's address")
        matches(host.swiftlet.fails(125, "network", "rm", "main"), "default network main cannot be removed", "stderr")


@test
def names_are_answered_at_the_port_of_the_configuration(host):
    with configured(host, "[network]\ndns_bind_port = 1153\n"), network(host, "named"):
        with host.container("--name", "one", "--network", "named", command=SLEEP):
            listening = output("ss -lnuH; ss -lntH")
            holds(":1153 " in listening and ":53 " not in listening, f"sockets:\n{listening}")
            with host.container("--name", "two", "--network", "named", command=SLEEP):
                for name in ("one", "two.dns.podman"):
                    matches(host.swiftlet.ok("exec", "two", "nslookup", name), r"Address.*10\.89\.", f"nslookup {name}")
            rules = output("iptables -t nat -S")
            for protocol in ("tcp", "udp"):
                matches(rules, rf"-d 10\.89\.\d+\.1/32 -p {protocol} -m {protocol} --dport 53 -j DNAT --to-destination 10\.89\.\d+\.1:1153", "nat rules")
            equal(host.swiftlet.ok("system", "check"), "No problems found.", "system check")
            # Who knows nothing of the port changes nothing about it: it is the server's own as long as that runs.
            plain = replace(host.swiftlet, environment={})
            plain.ok("run", "-d", "--name", "three", "--network", "named", IMAGE, *SLEEP)
            matches(plain.ok("exec", "three", "nslookup", "one"), r"Address.*10\.89\.", "nslookup one")
            plain.ok("rm", "-f", "-t", "0", "three")
            matches(output("iptables -t nat -S"), "to-destination 10.*:1153", "nat rules")
    holds(":1153" not in output("iptables -t nat -S"), "the redirect stayed")


@test
def the_clean_up_that_conmon_calls_keeps_the_port(host):
    with configured(host, "[network]\ndns_bind_port = 1153\n"), network(host, "named"):
        with host.container("--name", "one", "--network", "named", command=SLEEP):
            host.swiftlet.ok("run", "-d", "--name", "short", "--network", "named", IMAGE, "sleep", "0.3")
            host.wait_for_state("short", "exited")
            until(lambda: "short" not in output("cat /run/swiftlet/names/named"))
            matches(host.swiftlet.ok("exec", "one", "nslookup", "one"), r"Address.*10\.89\.", "nslookup one")
            host.remove("short")


@test
def containers_have_what_the_configuration_gives_them(host):
    text = """[containers]
env = ["GREETING=hello", "PATH=/bin"]
pids_limit = 77
default_ulimits = ["nofile=512:99999999", "nproc=333:444", "core=0"]
default_capabilities = ["CHOWN", "KILL"]
dns_servers = ["192.0.2.53"]
dns_searches = ["example.org"]
dns_options = ["ndots:3"]
[engine]
stop_timeout = 3
"""
    with configured(host, text):
        with host.container("--name", "c", "-e", "OWN=1", command=SLEEP):
            inside = host.swiftlet.ok("exec", "c", "sh", "-c", "env; cat /etc/resolv.conf; grep CapBnd /proc/self/status")
            for pattern in ("^GREETING=hello$", "^OWN=1$", "^nameserver 192.0.2.53$", "^search example.org$", "^options ndots:3$",
                            "CapBnd:\\s0000000000000021$"):
                matches(inside, pattern, "in the container")
            # (runc below 1.1.13 may raise the soft limit of files: its issue 4195.)
            limits = output(f"cat /proc/{host.pid('c')}/limits")
            for pattern in (r"^Max open files +\d+ +\d+ ", "^Max processes +333 +444 ", "^Max core file size +0 +0 "):
                matches(limits, pattern, "limits")
            equal(host.swiftlet.field("c", ".HostConfig.PidsLimit"), "77", "PidsLimit")
            equal(host.swiftlet.field("c", ".Config.StopTimeout"), "3", "StopTimeout")
        with host.container("--name", "c", "-e", "GREETING=own", "--dns", "192.0.2.54", "--stop-timeout", "5", command=SLEEP):
            inside = host.swiftlet.ok("exec", "c", "sh", "-c", "env; cat /etc/resolv.conf")
            matches(inside, "^GREETING=own$", "environment")
            holds("192.0.2.53" not in inside, "the configuration's server is beside the container's own")
            equal(host.swiftlet.field("c", ".Config.StopTimeout"), "5", "StopTimeout")


@test
def the_runtime_is_that_of_the_configuration_unless_another_is_asked_for(host):
    with configured(host, '[engine]\nruntime = "nosuchruntime"\n'):
        matches(host.swiftlet.fails(125, "run", "--rm", IMAGE, "true"), "nosuchruntime", "stderr")
        host.swiftlet.ok("--runtime", "runc", "run", "--rm", IMAGE, "true")
    real = output("command -v runc").strip()
    wrapper = host.scratch / "ownruntime"
    wrapper.write_text(f"#!/bin/sh\necho used >> {host.scratch}/used\nexec {real} \"$@\"\n")
    wrapper.chmod(0o755)
    with configured(host, f'[engine]\nruntime = "{wrapper}"\n'):
        host.swiftlet.ok("run", "--name", "c", IMAGE, "true")
        equal(host.swiftlet.field("c", ".OCIRuntime"), "ownruntime", "OCIRuntime")
        host.remove("c")
    matches((host.scratch / "used").read_text(), "used", "calls of the runtime")
    do(f"rm {wrapper} {host.scratch}/used")


@test
def definitions_lie_where_the_configuration_says(host):
    directory = host.scratch / "definitions"
    with configured(host, f'[network]\nnetwork_config_dir = "{directory}"\n'):
        with network(host, "elsewhere"):
            equal([p.name for p in directory.iterdir()], ["elsewhere.json"], "files")
            host.swiftlet.ok("run", "-d", "--name", "c", "--network", "elsewhere", IMAGE, "sleep", "0.2")
            host.wait_for_state("c", "exited")
            host.remove("c")
    do(f"rm -r {directory}")


@test
def netns_says_what_no_network_means(host):
    with configured(host, '[containers]\nnetns = "none"\n'):
        equal(host.swiftlet.ok("run", "--rm", IMAGE, "ls", "/sys/class/net"), "lo", "links")
        matches(host.swiftlet.ok("run", "--rm", "--network", "podman", IMAGE, "ls", "/sys/class/net"), "eth0", "links")


@test
def a_mistake_is_one_line_with_file_and_line_and_keeps_nobody_from_cleaning_up(host):
    host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", IMAGE)
    for text, line, word in (("[network]\ndns_bind_port = \"x\"\n", 2, "wrong type"), ("[network\n", 1, ""),
                             ("\n\n[network]\nfirewall_driver = \"nftables\"\n", 4, "nftables")):
        with configured(host, text) as path:
            for command in (("run", "--rm", IMAGE, "true"), ("network", "create", "n"), ("network", "ls")):
                error = one_line(host.swiftlet.fails(125, *command), command[0])
                matches(error, rf"{path}: line {line}: .*{word}", "stderr")
    with configured(host, "[network\n"):
        host.swiftlet.ok("stop", "-t", "0", "c")
        host.swiftlet.ok("rm", "c")
    matches(replace(host.swiftlet, environment={"CONTAINERS_CONF": "/nosuch"}).fails(125, "network", "ls"),
            "CONTAINERS_CONF file: stat /nosuch: no such file or directory", "stderr")
