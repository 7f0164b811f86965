"""What other users of the host can see: nothing of a container's files, nothing of its secrets."""
import os
import stat
from pathlib import Path

from check import equal, holds, test
from host import shell, until
from program import IMAGE, WAITING

CANARY = "canary-7f3a"


def _as_nobody(path):
    """Why user 65534 cannot list or enter a directory; nothing if it can."""
    done = shell(f"setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'ls {path} || stat {path}/.'")
    return "" if done.returncode == 0 else done.stderr


def _reached_by_nobody(path):
    """Every path below a directory that user 65534 can look at."""
    return shell(f"find {path} -mindepth 1 -print0 | setpriv --reuid 65534 --regid 65534 --clear-groups xargs -0 stat -c %n 2>/dev/null").stdout


@test
def u11_nothing_below_the_data_directories_is_open_to_others(host):
    with host.container("--name", "c", "-p", "8080:80", "-v", "/data"):
        # The test's own mount points have the mode of the test; those that the engine makes, its own.
        with host.elsewhere() as other:
            other.ok("load", "-i", host.archive)
            other.ok("create", "--name", "c", "--network=none", IMAGE)
            os.chmod(host.scratch / "elsewhere", 0o755)
            for path in (f"{host.scratch}/elsewhere/root", f"{host.scratch}/elsewhere.run"):
                equal(stat.S_IMODE(os.stat(path).st_mode), 0o700, f"mode of {path}")
                holds("Permission denied" in _as_nobody(path), f"another user can look into {path}")
                # Not even who knows every name.
                equal(_reached_by_nobody(path), "", f"what another user reaches below {path}")
        for path in (host.root, host.run_root):
            holds("Permission denied" in _as_nobody(path), f"another user can look into {path}")
            equal(_reached_by_nobody(path), "", f"what another user reaches below {path}")


@test
def the_engines_own_files_are_closed_to_others_themselves(host):
    with host.container("--name", "c", "-p", "8080:80", command=WAITING) as identifier:
        host.swiftlet.ok("exec", "c", "true")
        found = []
        for top in (host.root, host.run_root):
            for directory, names, files in os.walk(top):
                # What is the container's: its layers, its files, and those that are mounted into it.
                names[:] = [n for n in names if n not in ("layers", "volumes", "merged", "upper", "work", "diff", "runtime")]
                found += [p for p in (Path(directory, n) for n in (*names, *files)) if not p.is_symlink() and _open(p)]
        # conmon and the runtime write these with modes of their own; the directories above are closed.
        theirs = {"conmon.pid", "pidfile", "oci-log"}
        mounted = {"hosts", "resolv.conf", "hostname", "containerenv"}
        equal([str(p) for p in found if not (p.name in mounted | theirs and identifier in str(p))], [], "open to others")


def _open(path):
    try:
        return path.stat().st_mode & 0o007
    except FileNotFoundError:
        return False


@test
def the_environment_is_on_no_command_line(host):
    seen = set()
    commands = [("run", "-d", "--name", "c", "-e", f"SECRET={CANARY}", IMAGE, *WAITING), ("exec", "-e", f"SECRET={CANARY}", "c", "true"),
                ("exec", "-d", "-e", f"SECRET={CANARY}", "c", "true"), ("stop", "c"), ("start", "c"), ("rm", "-f", "c")]
    for command in commands:
        process = host.swiftlet.start(*command)
        until(lambda: _watch(seen, process), 30, pause=0)
        process.communicate()
        equal(process.returncode, 0, f"exit status of {command[0]}")
    host.inside("true")
    equal(seen, set(), "command lines with the secret")


def _watch(seen, process):
    """Looks at the command lines of all processes but the client's own; whether the client has ended."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path("/proc", pid, "cmdline").read_bytes()
            # A child has its parent's command line until it executes its own program.
            if CANARY.encode() in line and line.decode().split("\0")[:-1] != process.args:
                seen.add(line.replace(b"\0", b" ").decode(errors="replace")[:200])
        except OSError:
            continue
    return process.poll() is not None


@test
def the_environment_of_the_engine_does_not_reach_the_container(host):
    done = host.swiftlet.run("run", "--rm", "--network=none", IMAGE, "env", env={"SECRET": CANARY})
    holds(CANARY not in done.out, f"the engine's variable is inside: {done}")
    with host.container("--name", "c", command=WAITING):
        done = host.swiftlet.run("exec", "c", "env", env={"SECRET": CANARY})
        holds(CANARY not in done.out, f"the engine's variable is inside an exec: {done}")


@test
def the_runtime_is_an_unchanged_file_for_the_container(host):
    # CVE-2019-5736: through /proc/self/exe of an exec, the runtime's own file must not be writable.
    with host.container("--name", "c", command=WAITING):
        shell("sha256sum $(command -v runc crun conmon) > /run/before")
        host.swiftlet.run("exec", "c", "sh", "-c", "for p in /proc/[0-9]*; do echo x > $p/exe; done 2>/dev/null")
        equal(shell("sha256sum -c --quiet /run/before").stdout, "", "runtimes that changed")
    os.unlink("/run/before")
