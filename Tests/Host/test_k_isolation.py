"""What the process may do and see: Podman's defaults, or stricter."""
import re

from check import equal, holds, matches, test
from host import shell, until
from program import IMAGE

# CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT
ELEVEN = sum(1 << n for n in (0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31))
# Debian's default_capabilities have AUDIT_WRITE, MKNOD and NET_RAW besides.
FOURTEEN = ELEVEN | sum(1 << n for n in (13, 27, 29))


def _capabilities(host, *arguments, set_name="CapEff"):
    status = host.inside("cat", "/proc/self/status", arguments=arguments)
    return int(matches(status, rf"^{set_name}:\t(\S+)$", "status").group(1), 16)


@test
def the_capabilities_are_podmans_eleven(host):
    for name in ("CapEff", "CapPrm", "CapBnd"):
        equal(f"{_capabilities(host, set_name=name):x}", f"{FOURTEEN if host.swiftlet.is_podman else ELEVEN:x}", name)
    for name in ("CapInh", "CapAmb"):
        equal(_capabilities(host, set_name=name), 0, name)


@test
def capabilities_are_added_and_dropped(host):
    default = _capabilities(host)
    equal(f"{_capabilities(host, '--cap-drop', 'CHOWN'):x}", f"{default & ~1:x}", "--cap-drop CHOWN")
    equal(f"{_capabilities(host, '--cap-drop', 'all'):x}", "0", "--cap-drop all")
    equal(f"{_capabilities(host, '--cap-drop', 'ALL', '--cap-add', 'CAP_NET_ADMIN'):x}", f"{1 << 12:x}", "--cap-drop ALL --cap-add NET_ADMIN")
    equal(f"{_capabilities(host, '--cap-add', 'net_admin,sys_time'):x}", f"{default | 1 << 12 | 1 << 25:x}", "--cap-add net_admin,sys_time")
    matches(host.swiftlet.fails(125, "run", "--rm", "--cap-add", "NOSUCH", IMAGE, "true"), "NOSUCH", "stderr")


@test
def another_user_has_no_capability(host):
    equal(_capabilities(host, "--user", "65534"), 0, "CapEff")


@test
def privileged_has_every_capability_and_no_filter(host):
    status = host.inside("cat", "/proc/self/status", arguments=("--privileged",))
    own = re.search(r"^CapBnd:\t(\S+)$", open("/proc/self/status").read(), re.M).group(1)
    matches(status, f"^CapEff:\t{own}$", "capabilities")
    matches(status, "^Seccomp:\t0$", "seccomp")
    host.inside("sh", "-c", "mount -t tmpfs tmpfs /mnt 2>/dev/null || { mkdir -p /mnt && mount -t tmpfs tmpfs /mnt; }", arguments=("--privileged",))


@test
def system_calls_are_filtered(host):
    matches(host.inside("cat", "/proc/self/status"), "^Seccomp:\t2$", "seccomp")
    done = host.swiftlet.run("run", "--rm", "--network=none", "--cap-add", "ALL", IMAGE, "unshare", "-U", "true")
    holds(done.status in (0, 1), str(done))
    status = host.swiftlet.run("run", "--rm", "--network=none", IMAGE, "unshare", "-m", "true").status
    equal(status, 1, "exit status of unshare -m")


@test
def paths_of_the_kernel_are_masked_and_read_only(host):
    for path in ("/proc/acpi", "/sys/firmware"):
        equal(host.inside("sh", "-c", f"ls -A {path}"), "", f"what {path} shows")
    for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list"):
        equal(host.inside("sh", "-c", f"cat {path} 2>/dev/null | head -c 10"), "", f"what {path} shows")
    for path in ("/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/kernel/x"):
        holds(host.swiftlet.run("run", "--rm", "--network=none", IMAGE, "sh", "-c", f"echo x > {path}").status != 0, f"{path} can be written")


@test
def no_descriptor_is_inherited(host):
    equal(host.inside("sh", "-c", "ls /proc/self/fd | grep -v 3").split(), ["0", "1", "2"], "descriptors; 3 is that of ls")
    with host.container("--name", "c", "-p", "8080:80", command=("sleep", "1000")):
        equal(sorted(shell(f"ls /proc/{host.pid('c')}/fd").stdout.split()), ["0", "1", "2"], "descriptors of process 1")
        with host.swiftlet.start("exec", "c", "sleep", "777") as client:
            pid = until(lambda: shell("pgrep -fx 'sleep 777'").stdout.strip())
            equal(sorted(shell(f"ls /proc/{pid}/fd").stdout.split()), ["0", "1", "2"], "descriptors of an exec")
            host.swiftlet.ok("kill", "c")
            client.communicate(timeout=10)


@test
def the_number_of_processes_is_limited(host):
    with host.container("--name", "c", command=("sleep", "1000")):
        groups = dict(line.split(":", 2)[1:] for line in open(f"/proc/{host.pid('c')}/cgroup").read().splitlines())
        file = f"/sys/fs/cgroup/pids{groups['pids']}/pids.max" if "pids" in groups else f"/sys/fs/cgroup{groups['']}/pids.max"
        equal(open(file).read().strip(), "2048", "pids.max")


@test
def the_root_can_be_read_only(host):
    script = "touch /x 2>/dev/null && echo root; for d in /tmp /run /var/tmp /dev/shm; do touch $d/x 2>/dev/null && echo $d; done"
    equal(host.inside("sh", "-c", script + "; true", arguments=("--read-only",)).split(), ["/tmp", "/run", "/var/tmp", "/dev/shm"], "what can be written")


@test
def user_workdir_hostname_entrypoint_and_env_are_set(host):
    equal(host.inside("sh", "-c", "id -u; id -g; id -G", arguments=("--user", "65534:65534")).split(), ["65534"] * 3, "--user UID:GID")
    equal(host.inside("sh", "-c", "id -u; id -g", arguments=("--user", "1000")).split(), ["1000", "0"], "--user UID")
    equal(host.inside("id", "-u", arguments=("--user", "nobody")), "65534", "--user by name")
    equal(host.inside("pwd", arguments=("--workdir", "/etc")), "/etc", "--workdir")
    matches(host.swiftlet.fails(126, "run", "--rm", "--workdir", "/nosuch", IMAGE, "pwd"), 'workdir "/nosuch" does not exist', "stderr")
    equal(host.inside("hostname", arguments=("--hostname", "inside")), "inside", "--hostname")
    equal(host.inside("a", "b", arguments=("--entrypoint", "echo")), "a b", "--entrypoint")
    equal(host.inside("b", arguments=("--entrypoint", '["echo", "a"]')), "a b", "--entrypoint as JSON")
    equal(host.inside("sh", "-c", 'echo "$A|$B|$C|$HOME|$HOSTNAME|$container"',
                      arguments=("--hostname", "h", "-e", "A=1 2", "--env", "B=", "-e", "C")), "1 2|||/root|h|podman", "--env")
    matches(host.swiftlet.fails(126, "run", "--rm", "--user", "nosuch", IMAGE, "true"), "nosuch", "stderr")


@test
def devices_are_the_usual_ones(host):
    names = host.inside("ls", "/dev").split()
    holds(set(names) <= {"console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
                         "urandom", "zero"}, f"/dev has {names}")


@test
def the_process_is_number_one_and_sees_no_other(host):
    equal(host.inside("sh", "-c", "set -- /proc/[0-9]*; echo $$ $#").split(), ["1", "1"], "its number, and how many it sees")
