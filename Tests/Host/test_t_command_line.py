"""How a command line is read: as Podman reads it, whatever the form of a flag."""
from check import equal, test
from program import IMAGE, WAITING


@test
def a_flag_of_run_may_have_any_of_podmans_forms(host):
    for flags, command, printed in (
        (("--entrypoint=",), ("echo", "ok"), "ok"),
        (("--user=", "--workdir=/"), ("id", "-u"), "0"),
        (("-eA=b", "-lfoo=bar"), ("sh", "-c", "echo $A"), "b"),
        (("--hostname", "-x"), ("hostname",), "-x"),
        (("-it=false", "--privileged=false"), ("echo", "hi"), "hi"),
        (("--read-only", "--read-only=false"), ("touch", "/file"), ""),
        (("--env", "A=1=2"), ("sh", "-c", "echo $A"), "1=2"),
        (("--",), ("echo", "--rm=false", "--x="), "--rm=false --x="),
    ):
        equal(host.swiftlet.ok("run", "--rm", "--network=none", *flags, IMAGE, *command), printed, f"run {flags}")


@test
def flags_of_other_commands_may_have_podmans_forms_too(host):
    host.swiftlet.ok("run", "--rm=false", "-d=true", "--name", "forms", "--network=none", IMAGE, *WAITING)
    for arguments, printed in (
        (("exec", "--", "forms", "echo", "hi"), "hi"),
        (("exec", "-eX=1", "forms", "sh", "-c", "echo $X"), "1"),
        (("ps", "-an=1", "--format", "{{.Names}}"), "forms"),
        (("ps", "-fname=forms", "--format={{.Names}}"), "forms"),
        (("logs", "--tail", "-1", "forms"), ""),
        (("stop", "-t0", "forms"), "forms"),
        (("rm", "-vft0", "forms"), "forms"),
    ):
        equal(host.swiftlet.ok(*arguments), printed, " ".join(arguments))


@test
def a_line_that_makes_no_sense_is_refused_in_podmans_words(host):
    for arguments, message in (
        (("run", "--frobnicate=1", IMAGE), "unknown flag: --frobnicate\nSee '{} run --help'"),
        (("run", "-dZ", IMAGE), "unknown shorthand flag: 'Z' in -Z\nSee '{} run --help'"),
        (("start", "--bogus"), "unknown flag: --bogus\nSee '{} start --help'"),
        (("--bogus", "ps"), "unknown flag: --bogus\nSee '{} --help'"),
        (("stop", "-t"), "flag needs an argument: 't' in -t\nSee '{} stop --help'"),
        (("ps", "--last"), "flag needs an argument: --last\nSee '{} ps --help'"),
        (("rm", "--force=maybe", "a"), 'invalid argument "maybe" for "-f, --force" flag: strconv.ParseBool: parsing "maybe": '
                                       "invalid syntax\nSee '{} rm --help'"),
        (("ps", "extra"), "`{} ps` takes no arguments"),
        (("container", "bogus"), "unrecognized command `{} container bogus`\nTry '{} container --help' for more information"),
        (("bogus",), "unrecognized command `{} bogus`\nTry '{} --help' for more information"),
        (("network",), "missing command '{} network COMMAND'\nTry '{} network --help' for more information"),
    ):
        equal(host.swiftlet.fails(125, *arguments), f"Error: {message.replace('{}', 'swiftlet')}\n", " ".join(arguments))


@test
def an_option_before_the_command_changes_nothing_else(host):
    """A plain line is parsed by the options of its command alone; one with a value that reads as true, by the tree of all commands."""
    host.swiftlet.ok("create", "--name", "forms", "--network=none", IMAGE, *WAITING)
    for line in (("ps", "-aq"), ("container", "ls", "-aq"), ("network", "ipam", "ls"), ("inspect", "forms"), ("ps", "--help"),
                 ("network", "ipam", "-h"), ("run", "-h"), ("ps", "--version"), ("network",), ("ps", "--bogus"), ("rm", "nobody")):
        plain = host.swiftlet.run(*line)
        for option in ("--log-level=warn", "--runtime=true"):
            other = host.swiftlet.run(option, *line)
            equal((other.status, other.out, other.err), (plain.status, plain.out, plain.err), f"{option} {' '.join(line)}")
    host.swiftlet.ok("rm", "forms")
