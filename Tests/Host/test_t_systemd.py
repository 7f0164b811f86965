"""Containers that are made ready for a systemd as process 1."""
from pathlib import Path

from check import equal, holds, matches, test
from host import do, output, until
from program import IMAGE, WAITING

NONE = ("--network", "none")
# Which hierarchy systemd makes its groups in: the unified one, or its own.
IS_UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers").exists()
OWN = "/sys/fs/cgroup" if IS_UNIFIED else "/sys/fs/cgroup/systemd"


@test
def systemd_is_expected_where_it_is_the_command_or_as_told(host):
    for mode, words, expected in (
            ("true", ("/sbin/init",), True), ("true", ("/usr/lib/systemd/systemd", "--user"), True), ("true", ("/bin/sh", "-c", "/sbin/init"), True),
            ("true", ("init",), False), ("true", ("sh", "/sbin/init"), False), ("false", ("/sbin/init",), False), ("always", ("sh",), True)):
        host.swiftlet.ok("create", "--name", "c", *NONE, f"--systemd={mode}", IMAGE, *words)
        shown = tuple(host.swiftlet.field("c", f".Config.{field}") for field in ("StopSignal", "SystemdMode"))
        host.remove("c")
        equal(shown, ("37", "true") if expected else ("15", "false"), f"{words} with {mode}")
    host.swiftlet.ok("create", "--name", "c", *NONE, "--stop-signal", "INT", IMAGE, "/sbin/init")
    equal(host.swiftlet.field("c", ".Config.StopSignal"), "2", "a signal that was asked for")
    host.remove("c")
    matches(host.swiftlet.fails(125, "create", "--systemd", "x", IMAGE),
            '^Error: invalid config provided: --systemd values must be one of "true, false, always": invalid configuration$', "stderr")


@test
def systemd_finds_what_it_needs(host):
    with host.container("--name", "c", *NONE, "--systemd", "always", command=WAITING) as identifier:
        inside = lambda script: host.swiftlet.run("exec", "c", "sh", "-c", script)
        mounts = inside("cat /proc/mounts").out
        for place in ("/run", "/run/lock", "/tmp", "/var/log/journal"):
            matches(mounts, rf"^tmpfs {place} tmpfs rw,nosuid,nodev", place)
        matches(inside("tr '\\0' '\\n' < /proc/1/environ").out, f"^container_uuid={identifier[:32]}$", "its environment")
        equal(inside(f"mkdir {OWN}/below && echo $$ > {OWN}/below/cgroup.procs && grep -E '^0::|name=systemd' /proc/self/cgroup").status, 0, "a group of its own")
        if not IS_UNIFIED:
            holds(inside("echo 1 > /sys/fs/cgroup/pids/pids.max").status != 0, "it can change its limits")
            equal(inside("ls /sys/fs/cgroup/systemd/swiftlet").status, 1, "groups of others")
    with host.container("--name", "c", *NONE, command=WAITING):
        holds(host.swiftlet.run("exec", "c", "mkdir", f"{OWN}/below").status != 0, "others can make groups, too")


@test
def a_systemd_of_the_hosts_own_starts_and_halts(host):
    """From the host's files, which are shown in place of the image's."""
    program = Path("/usr/lib/systemd/systemd")
    if not program.exists():
        return
    root = host.scratch / "systemd"
    for name in ("etc", "usr", "var", "tmp", "run"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    do(f"tar -C {root} -cf {root}.tar . && rm -r {root}")
    image = "localhost/systemd:1"
    host.swiftlet.ok("import", "-q", f"{root}.tar", image)
    try:
        # Nothing of the host's services shall run: the target that asks for none.
        with host.container("--name", "c", *NONE, "-v", "/usr:/usr:ro", "--systemd", "true", image=image,
                            command=("/usr/lib/systemd/systemd", "--unit=basic.target", "systemd.show_status=no")) as identifier:
            # Degraded is one without some service, which the host's files do not suffice for.
            state = lambda: host.swiftlet.run("exec", "c", "systemctl", "is-system-running").out.strip()
            holds(until(lambda: state() in ("running", "degraded"), 20), f"it has not started: {state()}")
            holds("init.scope" in output(f"ls {OWN}/swiftlet/{identifier}"), "its groups")
            host.swiftlet.ok("stop", "-t", "20", "c")
            equal(host.swiftlet.field("c", ".State.ExitCode"), "0", "its exit code")
    finally:
        host.swiftlet.ok("rmi", "-f", image)
        Path(f"{root}.tar").unlink()
