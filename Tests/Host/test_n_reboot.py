"""A reboot, simulated: processes, mounts, namespaces, rules and groups are gone, the boot id is another."""
import contextlib
import shutil
import uuid

from check import equal, holds, test
from host import do, output
from program import IMAGE
from wipe import wipe

BOOT_ID = "/proc/sys/kernel/random/boot_id"


@contextlib.contextmanager
def _rebooted(host, keep_run_root):
    wipe(host.root)
    if not keep_run_root:
        shutil.rmtree(host.run_root)
    other = host.scratch / "boot_id"
    other.write_text(f"{uuid.uuid4()}\n")
    do(f"mount --bind {other} {BOOT_ID}")
    try:
        yield
    finally:
        # To the engine, this is one more reboot.
        do(f"umount {BOOT_ID}")


def _reboot(host, keep_run_root):
    run = ("run", "-d", "--hostname", "h")
    host.swiftlet.ok(*run, "--name", "web1", "-p", "8080:80", IMAGE)
    host.swiftlet.ok(*run, "--name", "web2", IMAGE)
    host.swiftlet.ok(*run, "--rm", "--name", "gone", "-p", "8081:80", IMAGE)
    host.swiftlet.ok("create", "--name", "made", IMAGE)
    with _rebooted(host, keep_run_root):
        listed = dict(line.split(" ") for line in host.swiftlet.ok("ps", "-a", "--format", "{{.Names}} {{.State}}").splitlines())
        equal((listed["web1"], listed["web2"], listed["made"]), ("exited", "exited", "created"), "states after the reboot")
        equal(host.swiftlet.ok("ps", "-q"), "", "what runs after the reboot")
        equal(host.swiftlet.ok("start", "web1"), "web1", "start")
        holds("gone" not in host.swiftlet.ok("ps", "-a", "--format", "{{.Names}}").split(), "a container with --rm is still there")
        holds("Hostname: h" in host.curl("http://127.0.0.1:8080"), "web1 does not answer")
        equal(host.swiftlet.ok("system", "check", "-q"), "", "system check")
        host.swiftlet.ok("start", "web2", "made")
        equal(len({host.address(name) for name in ("web1", "web2", "made")}), 3, "distinct addresses")
        equal(output("iptables -t nat -S").count("--dport 8081"), 0, "rules of what has gone")
        # This makes the lock of definitions again, too.
        host.swiftlet.ok("network", "create", "--subnet", "10.99.0.0/24", "n")
        host.swiftlet.ok("network", "rm", "n")
        host.remove("web1", "web2", "made")
        equal(host.swiftlet.ok("system", "check", "-q"), "", "system check at the end")


@test
def after_a_reboot_that_empties_run_containers_start_again(host):
    _reboot(host, keep_run_root=False)


@test
def after_a_reboot_that_keeps_run_containers_start_again(host):
    _reboot(host, keep_run_root=True)


@test
def after_a_reboot_a_name_can_be_replaced(host):
    host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", IMAGE)
    with _rebooted(host, keep_run_root=True):
        host.swiftlet.ok("run", "-d", "--replace", "--name", "c", "-p", "8080:80", IMAGE)
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
        host.remove("c")
