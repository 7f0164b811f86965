"""Exit codes and messages are Podman's (podman-run(1), "Exit Status"; messages as Podman 4.3 prints them)."""
from check import equal, matches, one_line, test
from program import IMAGE

NO_SUCH = 'Error: no container with name or ID "nosuch" found: no such container'


@test
def the_process_decides_the_exit_status(host):
    for status in (0, 1, 3, 255):
        equal(host.swiftlet.run("run", "--rm", IMAGE, "sh", "-c", f"exit {status}").status, status, "exit status")


@test
def a_process_that_is_killed_gives_128_and_the_signal(host):
    equal(host.swiftlet.run("run", "--rm", IMAGE, "sh", "-c", "ulimit -t 1; while :; do :; done").status, 137, "SIGKILL")
    with host.container(command=("sleep", "1000")) as container:
        host.swiftlet.ok("kill", container)
        equal(host.swiftlet.ok("wait", container), "137", "wait")


@test
def a_command_that_is_not_there_gives_127(host):
    error = host.swiftlet.fails(127, "run", "--rm", IMAGE, "nosuch")
    matches(one_line(error, "stderr"), r'exec: "nosuch": executable file not found in \$PATH: '
            "OCI runtime attempted to invoke a command that was not found$", "stderr")


@test
def a_command_that_cannot_be_executed_gives_126(host):
    error = host.swiftlet.fails(126, "run", "--rm", IMAGE, "/etc")
    matches(one_line(error, "stderr"), 'exec: "/etc": (permission denied|is a directory): OCI permission denied$', "stderr")


@test
def a_detached_command_that_is_not_there_leaves_nothing(host):
    host.swiftlet.fails(127, "run", "-d", "--rm", "-p", "8080:80", IMAGE, "nosuch")
    equal(host.swiftlet.ok("ps", "-aq"), "", "ps -aq")


@test
def an_option_that_there_is_not_is_named(host):
    for arguments in (("run", "--frobnicate", IMAGE), ("ps", "--frobnicate"), ("rm", "--frobnicate")):
        error = host.swiftlet.fails(125, *arguments)
        matches(error, "^Error: unknown flag: --frobnicate", f"stderr of {arguments[0]}")
        matches(error, f"^See '\\S+ {arguments[0]} --help'", f"stderr of {arguments[0]}")
    matches(host.swiftlet.fails(125, "frobnicate"), "^Error: unrecognized command `\\S+ frobnicate`", "stderr")


@test
def an_option_of_podman_that_is_not_there_yet_is_refused(host):
    for option in ("--pod=x", "--health-cmd=true", "--secret=x"):
        error = host.swiftlet.fails(125, "run", "--rm", option, IMAGE, "true")
        matches(error, "^Error: .*" + option.split("=")[0], f"stderr of {option}")


@test
def arguments_that_are_missing_are_counted(host):
    matches(host.swiftlet.fails(125, "run"), r"^Error: requires at least 1 arg\(s\), only received 0$", "stderr")


@test
def an_image_that_is_not_there_is_named(host):
    matches(host.swiftlet.fails(125, "run", "--rm", "nosuchimage", "true"), "^Error: .*nosuchimage", "stderr")
    matches(host.swiftlet.fails(1, "rmi", "nosuch"), "^Error: nosuch: image not known$", "stderr")


@test
def a_container_that_is_not_there_is_named(host):
    for command, status in (("rm", 1), ("stop", 125), ("start", 125), ("logs", 125), ("wait", 125), ("port", 125), ("kill", 125)):
        equal(host.swiftlet.fails(status, command, "nosuch").rstrip(), NO_SUCH, f"stderr of {command}")
    equal(host.swiftlet.fails(125, "exec", "nosuch", "ls").rstrip(), NO_SUCH, "stderr of exec")
    done = host.swiftlet.run("inspect", "nosuch")
    equal((done.status, done.out, done.err), (125, "[]\n", 'Error: inspecting object: no such object: "nosuch"\n'), "inspect")


@test
def what_the_state_forbids_is_said(host):
    with host.container("--name", "c", command=("sleep", "1000")) as identifier:
        equal(host.swiftlet.fails(2, "rm", "c").rstrip(), f"Error: cannot remove container {identifier} as it is running - running or "
              "paused containers cannot be removed without force: container state improper", "rm")
        matches(host.swiftlet.fails(2, "rmi", IMAGE), f"^Error: image used by {identifier}: image is in use by a container", "rmi")
        host.swiftlet.ok("stop", "-t", "0", "c")
        equal(host.swiftlet.fails(125, "kill", "c").rstrip(), f"Error: can only kill running containers. {identifier} is in state "
              "exited: container state improper", "kill")
        equal(host.swiftlet.fails(255, "exec", "c", "ls").rstrip(),
              "Error: can only create exec sessions on running containers: container state improper", "exec")


@test
def a_port_number_that_is_none_is_refused(host):
    equal(host.swiftlet.fails(125, "run", "--rm", "-p", "99999:80", IMAGE, "true").rstrip(),
          "Error: parsing host port: port numbers must be between 1 and 65535 (inclusive), got 99999", "stderr")


@test
def an_archive_that_is_none_is_refused(host):
    matches(host.swiftlet.fails(125, "load", "-i", "/etc/passwd"), "^Error: payload does not match any of the supported image formats",
            "stderr")
