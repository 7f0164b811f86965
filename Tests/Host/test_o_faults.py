"""What breaks outside, and what system check finds and puts right."""
import os
import signal
import sqlite3

from check import equal, holds, matches, test
from host import do, output, shell, until
from program import IMAGE

STRAY = "5" * 64


def _conmon(container):
    """The monitor's process ids, by the container's id on its command line."""
    return [int(pid) for pid in shell(f"pgrep -f '^[^ ]*conmon .*{container}'").stdout.split()]


@test
def the_next_command_puts_a_container_right_whose_monitor_was_killed(host):
    before = host.census()
    identifier = host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", IMAGE)
    pid = host.pid("c")
    for conmon in _conmon(identifier):
        os.kill(conmon, signal.SIGKILL)
    until(lambda: not _conmon(identifier))
    equal(host.swiftlet.ok("ps", "--format", "{{.Names}}"), "c", "what runs without its monitor")
    os.kill(pid, signal.SIGKILL)
    until(lambda: not os.path.exists(f"/proc/{pid}"))
    host.swiftlet.ok("run", "--rm", IMAGE, "true")
    equal(host.swiftlet.ok("ps", "-aq", "--filter", "status=running"), "", "what is said to run")
    equal(output("iptables -t nat -S").count("--dport 8080"), 0, "its rules")
    host.swiftlet.ok("start", "c")
    holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer after its start")
    host.remove("c")
    equal(host.settled(before), [], "after its removal")


@test
def a_container_whose_monitor_was_killed_is_stopped_and_removed(host):
    identifier = host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", IMAGE)
    for conmon in _conmon(identifier):
        os.kill(conmon, signal.SIGKILL)
    until(lambda: not _conmon(identifier))
    host.swiftlet.ok("stop", "-t", "0", "c")
    equal(host.swiftlet.ok("ps", "-q"), "", "what runs")
    host.swiftlet.ok("rm", "c")


@test
def the_end_of_the_process_is_recorded_however_it_comes(host):
    with host.container("--name", "c", "-p", "8080:80"):
        os.kill(host.pid("c"), signal.SIGKILL)
        equal(host.swiftlet.ok("wait", "c"), "137", "exit code")
        holds(until(lambda: output("iptables -t nat -S").count("--dport 8080") == 0), "its rules are still there")


def _lost_rule(host, container):
    do("iptables -t nat -D NETAVARK-HOSTPORT-DNAT 1")


def _lost_chains(host, container):
    do("iptables -t nat -F; iptables -t nat -X")


def _lost_filter_rule(host, container):
    do("iptables -t filter -F NETAVARK_FORWARD 2>/dev/null || iptables -t filter -D FORWARD 1")


def _stray_rule(host, container):
    do("iptables -t nat -A NETAVARK-HOSTPORT-DNAT -p tcp --dport 9999 -j NETAVARK-HOSTPORT-SETMARK")


def _stray_directory(host, container):
    do(f"mkdir -p {host.root}/containers/{STRAY}/upper")


def _stray_bundle(host, container):
    do(f"mkdir -p {host.run_root}/containers/{STRAY} && touch {host.run_root}/containers/{STRAY}/config.json")


def _stray_group(host, container):
    # Beside a container's own, in the first hierarchy that has one.
    do(f"dir=$(dirname $(find /sys/fs/cgroup -type d -name '*{container}*' | head -n 1)) && mkdir $dir/{STRAY}")


def _stray_mount(host, container):
    do(f"mkdir -p {host.root}/containers/{STRAY}/merged && mount -t tmpfs tmpfs {host.root}/containers/{STRAY}/merged")


def _stray_namespace(host, container):
    do("ip netns add netns-12345678-1234-1234-1234-123456789abc")


def _stray_veth(host, container):
    do("ip link add veth77 type veth peer name peer77 && ip link set veth77 master podman0")


def _stray_lease(host, container):
    with sqlite3.connect(f"{host.run_root}/run.sqlite") as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(leases)")]
        row = dict.fromkeys(columns, 0) | {"network": "podman", "address": "10.88.77.77", "subnet": "10.88.0.0/16", "container": STRAY}
        database.execute(f"INSERT INTO leases VALUES ({', '.join('?' * len(columns))})", [row[c] for c in columns])
    database.close()


def _stray_layer(host, container):
    do(f"mkdir {host.root}/layers/{STRAY} 2>/dev/null || mkdir -p {host.root}/layers/sha256/{STRAY}")


def _stray_blob(host, container):
    do(f"echo stray > {host.root}/blobs/sha256/{STRAY}")


def _stray_temporary_file(host, container):
    do(f"mkdir -p {host.root}/tmp/{STRAY} && touch {host.root}/tmp/{STRAY}/file && touch -d '2 days ago' {host.root}/tmp/{STRAY}")


def _rubbish(host, container):
    do(f"mkdir -p {host.root}/trash/{STRAY}")


def _open_to_others(host, container):
    do(f"chmod 755 {host.root} {host.run_root}")


def _lost_address(host, container):
    do("ip addr flush dev podman0 scope global")


PLANTS = (_lost_rule, _lost_chains, _lost_filter_rule, _stray_rule, _stray_directory, _stray_bundle, _stray_group, _stray_mount, _stray_namespace,
          _stray_veth, _stray_lease, _stray_layer, _stray_blob, _stray_temporary_file, _rubbish, _open_to_others, _lost_address)


def _clean_up_what_stays():
    shell("ip netns del netns-12345678-1234-1234-1234-123456789abc; ip link del veth77; "
          f"find /sys/fs/cgroup -type d -name {STRAY} -exec rmdir {{}} +; umount /var/lib/swiftlet/containers/{STRAY}/merged; "
          f"find /var/lib/swiftlet /run/swiftlet -maxdepth 3 -name {STRAY} -exec rm -rf {{}} +; rm -rf /var/lib/swiftlet/volumes/stray; "
          "chmod 700 /var/lib/swiftlet /run/swiftlet")


def _found_and_repaired(plant):
    def planted(host):
        with host.container("--name", "c", "-p", "8080:80") as container:
            holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
            equal(host.swiftlet.ok("system", "check", "-q"), "", "system check when all is well")
            before = host.census()
            plant(host, container)
            found = host.swiftlet.run("system", "check")
            try:
                equal((found.status, bool(found.out.strip())), (1, True), f"whether it is found: {found}")
                repaired = host.swiftlet.run("system", "check", "--repair")
                equal(repaired.status, 0, f"--repair: {repaired}")
                equal(host.swiftlet.ok("system", "check", "-q"), "", "system check after --repair")
                equal(host.settled(before, 2), [], f"what --repair left ({found.out.strip()})")
                holds("Hostname" in host.curl("http://127.0.0.1:8080"), "the container does not answer afterwards")
            finally:
                _clean_up_what_stays()
    planted.__name__ = f"system_check_finds_and_repairs{plant.__name__}"
    planted.__module__ = __name__
    return test(planted)


for each in PLANTS:
    _found_and_repaired(each)


@test
def system_check_of_one_data_directory_leaves_the_others_alone(host):
    with host.container("--name", "c", "-p", "8080:80"), host.elsewhere() as other:
        other.run("system", "check", "--repair")
        equal(host.state("c"), "running", "the container of the first data directory")
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer any more")
        other.ok("images")
        equal(other.ok("system", "check", "-q"), "", "system check of the other")


@test
def a_database_that_is_none_is_named(host):
    with host.elsewhere() as other:
        other.ok("images")
        file = f"{host.scratch}/elsewhere/root/state.sqlite"
        do(f"rm -f {file}-wal {file}-shm && head -c 8192 /dev/urandom > {file}")
        done = other.run("ps", "-a")
        holds(done.status == 125 and done.err.startswith("Error: ") and done.err.count("\n") == 1, f"a broken database: {done}")
        matches(done.err, "state", "stderr")


@test
def without_iptables_one_error_says_so_and_nothing_stays(host):
    program = output("readlink -f $(command -v iptables-save)").strip()
    before = host.census()
    do(f"mount --bind /dev/null {program}")
    try:
        stderr = host.swiftlet.fails(126, "run", "-d", "--name", "c", IMAGE)
        matches(stderr, r'\AError: iptables-save is not installed: .*install the package "iptables"\n?\Z', "stderr")
        equal(host.swiftlet.ok("ps", "-aq"), "", "what is left of it")
        host.swiftlet.ok("run", "--rm", "--network", "none", IMAGE, "true")
    finally:
        do(f"umount {program}")
    equal(host.settled(before), [], "what is left on the host")
