"""What run and create give a container beyond the defaults: limits, namespaces, devices, restarts and the like."""
import os
import time
from pathlib import Path

from check import equal, holds, matches, test
from host import do, shell, until
from program import IMAGE, WAITING

NONE = ("--network", "none")


def _group(name, path):
    """The words that read a container's limit of one controller, whichever hierarchy has it."""
    return ("sh", "-c", f"cat /sys/fs/cgroup/{path} 2>/dev/null || cat /sys/fs/cgroup/{name}/{path}")


def _mount(host, place, *arguments):
    return host.inside("sh", "-c", f"grep ' {place} ' /proc/mounts", arguments=arguments)


@test
def memory_and_processors_are_limited(host):
    if not Path("/sys/fs/cgroup/memory").is_dir():
        return
    equal(host.inside(*_group("memory", "memory.limit_in_bytes"), arguments=("-m", "100m")), str(100 << 20), "-m 100m")
    equal(host.inside(*_group("memory", "memory.memsw.limit_in_bytes"), arguments=("-m", "100m")), str(200 << 20), "its swap")
    equal(host.inside(*_group("memory", "memory.soft_limit_in_bytes"), arguments=("--memory-reservation", "50m")), str(50 << 20), "reservation")
    equal(host.inside(*_group("cpu", "cpu.cfs_quota_us"), arguments=("--cpus", "0.5")), "50000", "--cpus")
    equal(host.inside(*_group("cpu", "cpu.shares"), arguments=("-c", "100")), "100", "--cpu-shares")
    equal(host.inside(*_group("cpuset", "cpuset.cpus"), arguments=("--cpuset-cpus", "0")), "0", "--cpuset-cpus")
    equal(host.inside(*_group("pids", "pids.max"), arguments=("--pids-limit", "50")), "50", "--pids-limit")
    equal(host.inside(*_group("pids", "pids.max"), arguments=("--pids-limit", "-1")), "max", "no --pids-limit")


@test
def settings_that_make_no_sense_are_refused_in_podmans_words(host):
    for words, error in (
            (("-m", "xx"), "^Error: invalid value for memory: invalid size: 'xx'$"),
            (("--memory-swap", "200m"), "you should always set a memory limit when using a memoryswap limit"),
            (("-m", "100m", "--memory-swap", "50m"), "minimum memoryswap limit should be larger than memory limit"),
            (("--cpus", "0.5", "--cpu-quota", "1000"), "--cpu-quota and --cpus cannot be set together"),
            (("--cpuset-cpus", "9999"), "requested CPUs are not available - requested 9999"),
            (("--ulimit", "nofile=x"), '^Error: ulimit option "nofile=x" requires name=SOFT:HARD, failed to be parsed: strconv.ParseInt: parsing "x": invalid syntax$'),
            (("--ulimit", "bogus=1"), "invalid ulimit type: bogus"),
            (("--ulimit", "nofile=200:100"), "ulimit soft limit must be less than or equal to hard limit: 200 > 100"),
            (("--security-opt", "bogus"), '^Error: invalid --security-opt 1: "bogus"$'),
            (("--security-opt", "bogus=1"), '^Error: invalid --security-opt 2: "bogus=1"$'),
            (("--security-opt", "seccomp=/nosuch"), "opening seccomp profile failed: open /nosuch"),
            (("--mount", "type=bind,source=/tmp"), "^Error: must set volume destination$"),
            (("--mount", "type=bogus,target=/m"), '^Error: invalid filesystem type "bogus"$'),
            (("--mount", "type=bind,src=/tmp,dst=/m,bogus=1"), "^Error: bogus: invalid mount option$"),
            (("--mount", "src=/tmp,dst=/m"), "^Error: incorrect mount format: should be --mount type="),
            (("--device", "/dev/nosuch"), "^Error: stat /dev/nosuch: no such file or directory$"),
            (("--device", "/dev/null:/dev/xx:q"), "^Error: invalid device mode: q$"),
            (("--device", "/tmp"), "^Error: no devices found in /tmp: invalid argument$"),
            (("--shm-size", "x"), "^Error: unable to translate --shm-size: invalid size: 'x'$"),
            (("--sysctl", "kernel.foo=1"), "^Error: sysctl 'kernel.foo' is not allowed$"),
            (("--sysctl", "foo"), "^Error: foo is invalid, sysctl values must be in the form of KEY=VALUE$"),
            (("--tz", "nosuch"), "stat /usr/share/zoneinfo/nosuch: no such file or directory"),
            (("--tz", "../../../etc/passwd"), "invalid timezone"),
            (("--umask", "9"), "invalid umask string 9: invalid argument"),
            (("--volumes-from", "nosuch"), 'looking up container "nosuch" for volumes-from: no container with name or ID "nosuch" found'),
            (("--pid", "bogus"), "^Error: unrecognized namespace mode bogus passed$"),
            (("--pid", "container:nosuch"), "looking up container to share pid namespace with"),
            (("--cgroupns", "bogus"), "^Error: unrecognized namespace mode bogus passed$"),
            (("--cgroupns", "container:nosuch"), "looking up container to share cgroup namespace with"),
            (("--uts", "host", "-h", "foo"), "cannot set hostname when running in the host UTS namespace"),
            (("--log-driver", "bogus"), "invalid log driver: invalid argument"),
            (("--log-driver", "journald"), "is not there yet"),
            (("--log-opt", "max-size=x"), "^Error: invalid size: 'x'$"),
            (("--label-file", "/nosuch"), "^Error: unable to process labels: open /nosuch: no such file or directory$"),
            (("--annotation", "bogus"), "^Error: annotations must be formatted KEY=VALUE$"),
            (("-a", "bogus"), 'invalid stream "bogus" for --attach'),
            (("--restart", "always"), "the --rm option conflicts with --restart")):
        matches(host.swiftlet.fails(125, "run", "--rm", *NONE, *words, IMAGE, "true"), error, " ".join(words))
    for words, error in (("bogus", '"bogus" is not a valid restart policy'), ("on-failure:x", "parsing restart policy retry count"),
                         ("always:3", "can only be specified with on-failure")):
        matches(host.swiftlet.fails(125, "create", "--restart", words, IMAGE), error, words)
    matches(host.swiftlet.fails(126, "run", "--rm", *NONE, "--group-add", "nosuch", IMAGE, "true"), "looking up supplemental groups for container", "--group-add")
    matches(host.swiftlet.fails(125, "run", "--rm", "--network", "host", "--sysctl", "net.ipv4.ip_forward=1", IMAGE, "true"),
            "can't be set since Network Namespace set to host", "--sysctl")


@test
def the_process_gets_its_limits_and_groups(host):
    equal(host.inside("sh", "-c", "ulimit -n; ulimit -Hn", arguments=("--ulimit", "nofile=100:200")), "100\n200", "--ulimit")
    equal(host.inside("cat", "/proc/self/oom_score_adj", arguments=("--oom-score-adj", "123")), "123", "--oom-score-adj")
    groups = host.inside("id", "-G", arguments=("--group-add", "77", "--group-add", "nogroup")).split()
    holds({"77", "65534"} <= set(groups), str(groups))
    equal(host.inside("sh", "-c", "umask", arguments=("--umask", "0077")), "0077", "--umask")
    equal(host.inside("cat", "/proc/sys/kernel/msgmax", arguments=("--sysctl", "kernel.msgmax=4096")), "4096", "--sysctl")


@test
def security_options_hold(host):
    def status(field, *options):
        words = [word for option in options for word in ("--security-opt", option)]
        return host.inside("sh", "-c", f"grep ^{field}: /proc/self/status | cut -f2", arguments=words)
    equal(status("NoNewPrivs", "no-new-privileges"), "1", "no-new-privileges")
    equal(status("NoNewPrivs", "no-new-privileges:false", "label=disable", "apparmor=unconfined"), "0", "and not")
    equal(status("Seccomp", "seccomp=unconfined"), "0", "seccomp=unconfined")
    equal(status("Seccomp"), "2", "seccomp")
    equal(host.inside("wc", "-c", "/etc/passwd", arguments=("--security-opt", "mask=/etc/passwd:/etc/group")).split()[0], "0", "mask")
    equal(host.inside("sh", "-c", "grep -c ' /proc/' /proc/mounts || true", arguments=("--security-opt", "unmask=ALL")), "0", "unmask=ALL")
    holds("/proc/kcore" not in host.inside("cat", "/proc/mounts", arguments=("--security-opt", "unmask=/proc/kcore")), "unmask=/proc/kcore")


@test
def devices_are_there_with_what_may_be_done_to_them(host):
    matches(host.inside("ls", "-l", "/dev/xx", arguments=("--device", "/dev/null:/dev/xx:rw")), r"^crw.* 1, +3 .*/dev/xx$", "--device")
    equal(host.inside("sh", "-c", "echo x > /dev/xx && echo done", arguments=("--device", "/dev/null:/dev/xx")), "done", "writing to it")


@test
def mounts_have_a_long_form(host):
    matches(_mount(host, "/m", "--mount", "type=bind,source=/tmp,target=/m,ro"), r" /m \S+ ro,", "bind")
    matches(_mount(host, "/m", "--mount", "type=tmpfs,destination=/m,tmpfs-size=1m,tmpfs-mode=700"), "size=1024k,mode=700", "tmpfs")
    matches(_mount(host, "/m", "--mount", "type=volume,dst=/m"), " /m ", "volume")
    matches(_mount(host, "/dev/shm", "--shm-size", "1m"), "size=1024k", "--shm-size")
    equal(host.swiftlet.run("run", "--rm", *NONE, "--read-only", "--read-only-tmpfs=false", IMAGE, "touch", "/tmp/x").status, 1, "--read-only-tmpfs=false")
    host.inside("touch", "/tmp/x", arguments=("--read-only",))


@test
def volumes_come_from_another_container(host):
    with host.container("--name", "base", *NONE, "-v", "/data", "-v", "/tmp:/ht:ro", command=WAITING):
        host.swiftlet.ok("exec", "base", "touch", "/data/here")
        equal(host.inside("ls", "/data", arguments=("--volumes-from", "base")), "here", "a volume")
        matches(_mount(host, "/ht", "--volumes-from", "base"), r" /ht \S+ ro,", "a bind mount")
        matches(_mount(host, "/data", "--volumes-from", "base:ro"), r" /data \S+ ro,", "with :ro")
        equal(host.swiftlet.ok("exec", "base", "ls", "/data"), "here", "the volume after that")


@test
def volumes_of_the_image_are_what_was_asked_for(host):
    with host.made_image("VOLUME /data", "VOLUME /bin") as image:
        def kind(*options):
            return host.swiftlet.ok("run", "--rm", *NONE, *options, image, "sh", "-c", "grep ' /data ' /proc/mounts || echo none").split()[0]
        usual = kind()
        holds(usual not in ("none", "tmpfs"), usual)
        for mode, wanted in (("bind", usual), ("", usual), ("tmpfs", "tmpfs"), ("ignore", "none")):
            equal(kind("--image-volume", mode), wanted, f"--image-volume '{mode}'")
        equal(kind("--image-volume", "tmpfs", "-v", "/tmp:/data"), kind("-v", "/tmp:/data"), "one that is mounted anyway")
        equal(host.swiftlet.ok("volume", "ls", "-q"), "", "volumes that are left")
    matches(host.swiftlet.fails(125, "create", "--image-volume", "bogus", IMAGE),
            '^Error: invalid image volume mode "bogus" required value: bind, tmpfs, ignore$', "stderr")


@test
def a_user_that_is_a_number_gets_the_name_that_was_asked_for(host):
    def last(*options):
        return host.inside("sh", "-c", "tail -n 1 /etc/passwd; tail -n 1 /etc/group; id", arguments=("--user", "77:88", *options)).splitlines()
    equal(last()[:2], ["77:*:77:88:container user:/:/bin/sh", "88:x:88:77"], "unless told otherwise")
    entry = "me:*:$UID:$GID:$NAME of $USERNAME:$HOME:/bin/ash"
    equal(last("--passwd-entry", entry), ["me:*:77:88:container user of 77:/:/bin/ash", "88:x:88:77", "uid=77(me) gid=88(88) groups=88(88)"], "--passwd-entry")
    lines = last("--passwd=false", "--passwd-entry", entry)
    equal([line for line in lines if "77" in line or "88" in line], ["uid=77 gid=88 groups=88"], "--passwd=false")
    host.swiftlet.ok("create", "--name", "c", *NONE, "--passwd=false", IMAGE)
    equal(host.swiftlet.field("c", ".Config.Passwd"), "false", "Passwd")
    host.remove("c")


@test
def namespaces_are_shared_as_told(host):
    with host.container("--name", "base", *NONE, "-h", "first", command=WAITING):
        matches(host.inside("cat", "/proc/1/cmdline", arguments=("--pid", "container:base")), "sleep 0.05", "--pid container")
        equal(host.inside("hostname", arguments=("--uts", "container:base")), "first", "--uts container")
        dependent = host.swiftlet.ok("run", "-d", *NONE, "--pid", "container:base", IMAGE, "sleep", "1000")
        matches(host.swiftlet.fails(125, "rm", "-f", "-t", "0", "base"), dependent, "rm")
        host.remove(dependent)
    equal(host.inside("hostname", arguments=("--uts", "host")), shell("hostname").stdout.strip(), "--uts host")
    holds(os.readlink("/proc/self/ns/ipc") == host.inside("readlink", "/proc/self/ns/ipc", arguments=("--ipc", "host")), "--ipc host")
    before = host.census()
    host.swiftlet.ok("run", "--rm", *NONE, "--pid", "host", IMAGE, "sh", "-c", f"kill -0 {os.getpid()}; sleep 1000 & true")
    equal(host.settled(before), [], "what --pid host leaves")
    host.inside("true", arguments=("--pid", "private", "--ipc", "private", "--uts", "private"))


@test
def control_groups_are_seen_as_told(host):
    link = ("readlink", "/proc/self/ns/cgroup")
    own = os.readlink(link[1])
    equal(host.inside(*link, arguments=("--cgroupns", "host")), own, "host")
    for arguments in ((), ("--cgroupns", "private")):
        holds(host.inside(*link, arguments=arguments) != own, f"{arguments}")
    with host.container("--name", "base", *NONE, command=WAITING) as base:
        shared = ("--cgroupns", "container:base")
        equal(host.inside(*link, arguments=shared), host.swiftlet.ok("exec", "base", *link), "another container's")
        host.swiftlet.ok("create", "--name", "c", *NONE, *shared, IMAGE)
        equal(host.swiftlet.field("c", ".HostConfig.CgroupMode"), f"container:{base}", "CgroupMode")
        matches(host.swiftlet.fails(125, "rm", "-f", "-t", "0", "base"), "has dependent containers", "rm")
        host.remove("c")


@test
def init_is_process_one(host):
    text = host.inside("sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline; echo; ls /run/podman-init", arguments=("--init",))
    matches(text, r"^/run/podman-init -- sh -c", "process 1")
    with host.container("--name", "c", "--init", *NONE, command=("sleep", "1000")):
        began = time.monotonic()
        host.swiftlet.ok("stop", "c")
        holds(time.monotonic() - began < 5, "the signal was not passed on")


@test
def a_restart_policy_is_kept(host):
    before = host.census()
    host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", "--restart", "on-failure:2", IMAGE, "sh", "-c", "echo run; exit 3")
    holds(until(lambda: host.swiftlet.ok("logs", "c").split() == ["run"] * 3 and host.state("c") == "exited"), "it did not run three times")
    equal(host.swiftlet.ok("wait", "c"), "3", "exit code")
    host.remove("c")
    for name, end in (("kill", ("kill", "c")), ("stop", ("stop", "-t", "0", "c"))):
        host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", "--restart", "always", IMAGE)
        first = host.pid("c")
        do(f"kill -9 {first}")
        holds(until(lambda: host.pid("c") not in (0, first)), "it was not started again")
        holds("Hostname" in host.curl("http://127.0.0.1:8080"), "it does not answer")
        host.swiftlet.ok(*end)
        host.wait_for_state("c", "exited")
        time.sleep(0.5)
        equal(host.state("c"), "exited", f"state after {name}")
        host.remove("c")
    equal(host.settled(before), [], "what is left")


@test
def logs_are_kept_or_not(host):
    with host.container("--name", "c", *NONE, "--log-driver", "none", command=("echo", "hi")):
        host.swiftlet.ok("wait", "c")
        matches(host.swiftlet.fails(125, "logs", "c"), "this container is using the 'none' log driver, cannot read logs", "logs")
    with host.container("--name", "c", *NONE, "--log-driver", "json-file", "--log-opt", "max-size=1m", command=("echo", "hi")):
        host.swiftlet.ok("wait", "c")
        equal(host.swiftlet.ok("logs", "c"), "hi", "logs")


@test
def variables_come_from_the_host_and_go(host):
    proxy = {"http_proxy": "http://x", "FROM_HERE": "1"}
    def got(*options):
        return host.swiftlet.ok("run", "--rm", *NONE, *options, IMAGE, "env", env=proxy).splitlines()
    holds("http_proxy=http://x" in got() and "FROM_HERE=1" not in got(), "http_proxy")
    holds("http_proxy=http://x" not in got("--http-proxy=false"), "--http-proxy=false")
    holds("FROM_HERE=1" in got("--env-host"), "--env-host")
    holds(not any(v.startswith("TERM=") for v in got("--unsetenv", "TERM")), "--unsetenv")


@test
def variables_refer_to_those_of_the_image(host):
    with host.made_image("ENV hello=world", "ENV two=2") as image:
        def got(name, *options):
            lines = host.swiftlet.ok("run", "--rm", *NONE, *options, image, "env").splitlines()
            return [line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}=")]
        equal(got("hello", "--env-merge", "hello=${hello}-some"), ["world-some"], "its own value")
        equal(got("new", "--env-merge", "new=$two${hello}$nosuch=$TERM"), ["2world=xterm"], "other variables")
        equal(got("hello", "--env-merge", "hello=${hello}1", "--env-merge", "hello=${hello}2"), ["world12"], "one after the other")
        equal(got("hello", "--env-merge", "hello=${hello}1", "-e", "hello=mine"), ["mine"], "--env is stronger")
        equal(got("hello", "--env-merge", "hello=${hello}1", "--unsetenv", "hello"), [], "--unsetenv")
        equal(got("PATH", "--env-merge", "PATH=/new:$PATH")[0].split(":")[0], "/new", "a default")
    matches(host.swiftlet.fails(125, "run", "--rm", *NONE, "--env-merge", "a=${b", IMAGE, "env"),
            r"^Error: unable to process variables for --env-merge a=\$\{b: Missing ':' in substitution: a=\$\{b$", "stderr")
    matches(host.swiftlet.fails(125, "run", "--rm", *NONE, "--env-merge", "a", IMAGE, "env"), '^Error: invalid environment variable: "a"$', "stderr")


@test
def labels_and_annotations_are_recorded(host):
    path = host.scratch / "labels"
    path.write_text("a=b\n#c\nd=e f\n")
    with host.container("--name", "c", *NONE, "--label-file", path, "--label", "a=x", "--annotation", "k=v", command=WAITING) as identifier:
        equal((host.swiftlet.field("c", ".Config.Labels.a"), host.swiftlet.field("c", ".Config.Labels.d")), ("x", "e f"), "labels")
        matches(Path(f"{host.run_root}/containers/{identifier}/config.json").read_text(), '"k":"v"', "config.json")
    path.unlink()


@test
def one_stream_alone_is_shown(host):
    script = ("sh", "-c", "echo o; echo e >&2")
    for stream, wanted in (("stdout", ("o\n", "")), ("stderr", ("", "e\n"))):
        done = host.swiftlet.run("run", "--rm", *NONE, "-a", stream, IMAGE, *script)
        equal((done.out, done.err), wanted, f"-a {stream}")


@test
def ids_of_processes_are_written_where_it_was_asked_for(host):
    for flag, field in (("--pidfile", "State.Pid"), ("--conmon-pidfile", "State.ConmonPid")):
        path = host.scratch / "some.pid"
        with host.container("--name", "c", *NONE, flag, path, command=WAITING):
            equal(path.read_text().strip(), host.swiftlet.field("c", f".{field}"), flag)
            equal(host.swiftlet.field("c", ".PidFile" if flag == "--pidfile" else ".ConmonPidFile"), str(path), "its path")
        path.unlink(missing_ok=True)


@test
def the_time_zone_is_shown(host):
    if Path("/usr/share/zoneinfo/Europe/Berlin").exists():
        matches(host.inside("date", "+%Z", arguments=("--tz", "Europe/Berlin")), "^CES?T$", "--tz")


@test
def podmans_global_options_are_taken_where_they_are_true(host):
    for option in ("--log-level=error", "--cgroup-manager=cgroupfs", "--storage-driver=overlay", "--events-backend=none"):
        host.swiftlet.ok(option, "ps", "-q")
    for option in ("--log-level=bogus", "--cgroup-manager=systemd", "--storage-driver=vfs"):
        holds(host.swiftlet.run(option, "ps", "-q").status != 0, option)


@test
def inspect_shows_what_was_asked_for(host):
    host.swiftlet.ok("create", "--name", "c", *NONE, "-m", "100m", "--cpus", "0.5", "--shm-size", "1m", "--restart", "on-failure:2",
                     "--pid", "host", "--security-opt", "no-new-privileges", "--device", "/dev/null:/dev/xx:r", "--umask", "77", IMAGE)
    for field, wanted in (("Memory", 100 << 20), ("MemorySwap", 200 << 20), ("NanoCpus", 500000000), ("CpuQuota", 50000), ("ShmSize", 1 << 20),
                          ("RestartPolicy.Name", "on-failure"), ("RestartPolicy.MaximumRetryCount", 2), ("PidMode", "host"),
                          ("SecurityOpt", "[no-new-privileges]"), ("Devices", "[{/dev/null /dev/xx r}]")):
        equal(host.swiftlet.field("c", f".HostConfig.{field}"), str(wanted), field)
    equal(host.swiftlet.field("c", ".Config.Umask"), "0077", "Umask")
    host.remove("c")


@test
def exec_keeps_the_groups(host):
    with host.container("--name", "c", *NONE, "--group-add", "77", command=WAITING):
        holds("77" in host.swiftlet.ok("exec", "c", "id", "-G").split(), "the group is missing")
        holds("77" not in host.swiftlet.ok("exec", "-u", "1000", "c", "id", "-G").split(), "another user has the group")
