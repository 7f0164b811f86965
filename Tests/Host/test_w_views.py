"""top, stats and export: what runs in a container, what it takes, and what lies in it."""
import io
import json
import os
import re
import subprocess
import tarfile

from check import equal, holds, matches, test
from host import do, output, shell, until
from program import IMAGE, WAITING


def _table(text):
    return [line.split() for line in text.splitlines()]


@test
def top_shows_the_processes_as_the_container_sees_them(host):
    """The rows are those of Podman 4.3.1, byte by byte where nothing in them is a time."""
    with host.container("--name", "c", "--user", "1000:1000", command=("sh", "-c", "sleep 1000 & exec sleep 2000")):
        # Which number the second gets depends on how many the runtime used up.
        table = host.swiftlet.ok("top", "c", "pid", "ppid", "pgid", "user,group", "args", "tty", "seccomp")
        equal(re.sub("^[2-9] ", "6 ", table, flags=re.M),
              "PID         PPID        PGID        USER        GROUP       COMMAND      TTY         SECCOMP\n"
              "1           0           1           1000        1000        sleep 2000   ?           filter\n"
              "6           1           1           1000        1000        sleep 1000   ?           filter", "the table")
        # As patient as these tests themselves are.
        equal(_table(host.swiftlet.ok("top", "c", "nice")), [["NI"], [str(os.nice(0))], [str(os.nice(0))]], "the priorities")
        rows = _table(host.swiftlet.ok("top", "c"))
        equal(rows[0], ["USER", "PID", "PPID", "%CPU", "ELAPSED", "TTY", "TIME", "COMMAND"], "the usual columns")
        equal([(r[0], r[2], r[5], r[7:]) for r in rows[1:]],
              [("1000", "0", "?", ["sleep", "2000"]), ("1000", "1", "?", ["sleep", "1000"])], "the usual rows")
        for row in rows[1:]:
            matches(row[3], r"^\d+\.\d{3}$", "%CPU")
            matches(row[4], r"^(\d+m)?\d+(\.\d+)?m?s$", "ELAPSED")
        pids = [r[0] for r in _table(host.swiftlet.ok("top", "c", "hpid"))[1:]]
        holds(str(host.pid("c")) in pids, f"{host.pid('c')} is not among {pids}")
        host.swiftlet.ok("exec", "-d", "-t", "--user", "root", "c", "sh", "-c", "exec sleep 3000")
        holds(["pts/0", "0", "root", "sleep"] in _table(host.swiftlet.ok("top", "c", "%y", "%P", "%U", "comm")), "a process that was brought in")


@test
def top_says_what_a_process_may_do(host):
    with host.container("--name", "c", "--user", "1000", command=WAITING), host.container("--name", "p", "--privileged", command=WAITING):
        rows = host.swiftlet.ok("top", "c", "capeff", "capbnd", "capamb").splitlines()
        matches(rows[0], "^EFFECTIVE CAPS +BOUNDING CAPS +AMBIENT CAPS$", "the header")
        matches(rows[1], r"^none +CHOWN,DAC_OVERRIDE,.*,SYS_CHROOT +none$", "a user's")
        equal(_table(host.swiftlet.ok("top", "p", "capeff,seccomp"))[1], ["full", "disabled"], "a privileged container's")


@test
def top_leaves_to_ps_what_it_does_not_know(host):
    with host.container("--name", "c", command=WAITING):
        holds(["1", "sh"] in _table(host.swiftlet.ok("top", "c", "-o", "pid,comm")), "what ps -o shows")
        matches(host.swiftlet.ok("top", "c", "nosuch"), "^PID +USER +COMMAND$", "the header of ps")
    host.swiftlet.ok("create", "--name", "new", IMAGE)
    equal(host.swiftlet.fails(125, "top", "new"), "Error: top can only be used on running containers\n", "of one that does not run")
    equal(host.swiftlet.fails(125, "top"), "Error: you must provide the name or id of a running container\n", "of none")
    matches(host.swiftlet.fails(125, "top", "nope"), "^Error: unable to look up requested container: no container with name or ID \"nope\"", "of one that is not there")
    host.remove("new")


@test
def arguments_of_a_process_do_not_reach_the_terminal_as_control_characters(host):
    with host.container("--name", "c", command=("sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.05; done", "\x1b[31m\nx\ty")):
        shown = host.swiftlet.ok("top", "c", "args")
        # The shell may just have begun a process that is not yet sleep.
        whole = [l for l in shown.splitlines()[1:] if l.startswith("sh -c") and l.endswith("\\x1b[31m x y ") or l.startswith("sleep ")]
        holds("\x1b" not in shown and whole and len(whole) == len(shown.splitlines()) - 1, f"what is shown: {shown!r}")


def _export(host, name):
    done = subprocess.run(host.swiftlet.command("export", name), stdin=subprocess.DEVNULL, capture_output=True, env=host.swiftlet.environ())
    equal(done.returncode, 0, f"export's exit status: {done.stderr}")
    return {m.name: m for m in tarfile.open(fileobj=io.BytesIO(done.stdout))}


HOSTILE = r"""cd /tmp; ln -s /etc/passwd l; ln l hard; mkfifo f; printf hi > 'a
b'; printf x > y; ln y z; chown 7:8 y; chmod 4711 y; mkdir -p deep/er; ln -s / deep/up; ln -s ../../../../../../etc/shadow deep/er/shadow
printf x > "$(printf '\377\033')"; rm /bin/vi; rm -r /var; mkdir /var; printf x > /var/x; nc -lU /tmp/sock & sleep 0.2"""


@test
def an_export_is_the_root_and_nothing_else(host):
    """Of a container that runs, and of the same one when it has ended; names are the container's to choose."""
    host.swiftlet.ok("volume", "create", "v")
    with host.container("--name", "c", "-v", "v:/vol", command=WAITING):
        host.swiftlet.ok("exec", "c", "sh", "-c", HOSTILE)
        host.swiftlet.ok("exec", "c", "touch", "/vol/inside")
        running = _export(host, "c")
        host.swiftlet.ok("stop", "-t", "0", "c")
        ended = _export(host, "c")
        equal(sorted(running), sorted(ended), "the names in both")
        for found in (running, ended):
            equal((found["tmp/a\nb"].size, found["tmp/f"].isfifo(), found["tmp/deep/up"].linkname, found["tmp/deep/er/shadow"].linkname),
                  (2, True, "/", "../../../../../../etc/shadow"), "what lies in /tmp")
            equal({found["tmp/y"].type, found["tmp/z"].type}, {tarfile.REGTYPE, tarfile.LNKTYPE}, "two names of a file")
            equal((found["tmp/y"].mode & 0o7777, found["tmp/y"].uid, found["tmp/y"].gid), (0o4711, 7, 8), "mode and owner")
            equal([n for n in found if n.startswith(("vol", "var", "proc", "dev", "/", "..")) or "/../" in n or n.endswith("bin/vi")],
                  [n for n in found if n in ("vol", "var", "var/x", "proc", "dev")], "names")
            holds("vol/inside" not in found and "bin/busybox" in found and "proc" in found, "what belongs to it, and what does not")
        equal(output("mount | grep merged"), "", "mounts that were left")
    host.swiftlet.ok("volume", "rm", "v")


@test
def an_exported_root_can_be_imported(host):
    archive = host.scratch / "root.tar"
    with host.container("--name", "c", command=("sh", "-c", "echo kept > /kept")):
        host.swiftlet.ok("wait", "c")
        equal(host.swiftlet.ok("export", "-o", archive, "c"), "", "what export prints")
    host.swiftlet.ok("import", "-q", archive, "again")
    equal(host.swiftlet.ok("run", "--rm", "again", "cat", "/kept"), "kept", "what the image holds")
    host.swiftlet.ok("rmi", "again")
    archive.unlink()


@test
def an_export_that_cannot_be_written_is_an_error(host):
    host.swiftlet.ok("create", "--name", "c", IMAGE)
    for arguments, text in ((("-o", "/nosuch/x", "c"), 'creating file "/nosuch/x": open /nosuch/x: no such file or directory'),
                            (("-o", "/tmp/x:y", "c"), "invalid filename (should not contain ':') \"/tmp/x:y\""),
                            (("nope",), 'no container with name or ID "nope" found: no such container')):
        equal(host.swiftlet.fails(125, "export", *arguments), f"Error: {text}\n", f"export {arguments}")
    # script(1) gives it a terminal.
    terminal = shell(f"script -qec '{' '.join(host.swiftlet.command('export', 'c'))}' /dev/null").stdout
    matches(terminal, "^Error: refusing to export to terminal. Use -o flag or redirect", "to a terminal")
    equal(shell(f"{' '.join(host.swiftlet.command('export', 'c'))} | head -c 1000 | wc -c").stdout.strip(), "1000", "to a reader that goes")
    full = host.scratch / "full"
    full.mkdir()
    do(f"mount -t tmpfs -o size=1m tmpfs {full}")
    matches(host.swiftlet.fails(125, "export", "-o", full / "x.tar", "c"), "Error: ", "on a full disk")
    equal(list(full.iterdir()), [], "what is left of it")
    do(f"umount {full}")
    full.rmdir()
    host.remove("c")


STATISTICS = r"^(\S+) +(\S+) +(\d+\.\d\d%) +(\S+ / \S+) +(\d+\.\d\d%) +(\S+ / \S+) +(\S+ / \S+) +(\d+) +(\S+) +(\d+\.\d\d%)$"


def _bytes(text):
    number, unit = re.match(r"^([\d.]+)(\w+)$", text).groups()
    return float(number) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]


@test
def stats_shows_what_a_container_takes(host):
    work = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; head -c 20000000 /dev/zero > /dev/shm/x; trap 'exit 0' TERM; while :; do sleep 0.05; done"
    with host.container("--name", "c", "-m", "64m", command=("sh", "-c", work)) as identifier, host.container("--name", "quiet", "--network", "host", command=WAITING):
        holds(until(lambda: host.swiftlet.run("exec", "c", "test", "-s", "/dev/shm/x").status == 0), "it does not write")
        # Nobody listens there: each datagram is answered with one that says so, as far as the kernel's limit lets it.
        do(f"for i in 1 2 3; do head -c 1000 /dev/zero > /dev/udp/{host.address('c')}/9; done")
        header, *rows = host.swiftlet.ok("stats", "--no-stream").splitlines()
        matches(header, r"^ID +NAME +CPU % +MEM USAGE / LIMIT +MEM % +NET IO +BLOCK IO +PIDS +CPU TIME +AVG CPU %$", "the header")
        equal(len(rows), 2, "rows")
        row = matches(rows[0], STATISTICS, "the first row").groups()
        equal(row[:2], (identifier[:12], "c"), "who it is")
        memory, limit = row[3].split(" / ")
        holds(20e6 < _bytes(memory) < 64e6 and limit == "67.11MB", f"memory is {row[3]}")
        received, sent = map(_bytes, row[5].split(" / "))
        holds(3000 < received < 20000 and 100 < sent < received, f"traffic is {row[5]}")
        holds(1 <= int(row[7]) <= 3, f"it has {row[7]} processes")
        matches(row[8], r"^\d+(\.\d+)?m?s$", "processors' time")
        holds(float(row[9][:-1]) > 0, "its load is none")
        equal(matches(rows[1], STATISTICS, "the second row").group(6), "0B / 0B", "traffic on the host's network")
        found = json.loads(host.swiftlet.ok("stats", "--no-stream", "--format", "json", "c"))
        equal((len(found), found[0]["name"], found[0]["id"]), (1, "c", identifier[:12]), "in JSON")
        # Without --no-stream it goes on, and says what was taken since the last look.
        stream = host.swiftlet.start("stats", "-i", "1", "--format", "{{.Name}} {{.CPUPerc}}", "quiet")
        first, second = stream.stdout.readline(), stream.stdout.readline()
        stream.kill()
        stream.communicate()
        matches(first.decode() + second.decode(), r"\Aquiet \S+%\nquiet \S+%\n\Z", "two looks")
        host.swiftlet.ok("stop", "-t", "0", "quiet")
        equal(len(host.swiftlet.ok("stats", "--no-stream").splitlines()), 2, "the lines when one has ended")
        matches(host.swiftlet.ok("stats", "--no-stream", "-a").splitlines()[2], r" quiet +0\.00% +0B / 0B +0\.00% .* 0s +0\.00%$", "one that has ended")
    for arguments, text in ((("nope",), 'unable to get list of containers: unable to look up container nope: no container with name or ID "nope" found: no such container'),
                            (("-a", "-l"), "--all, --latest and containers cannot be used together"),
                            (("-i", "0"), "invalid interval, must be a positive number greater zero")):
        equal(host.swiftlet.fails(125, "stats", "--no-stream", *arguments), f"Error: {text}\n", f"stats {arguments}")
