"""Names, --rm, --replace, --cidfile: what a container is called, and when it goes."""
from check import equal, holds, matches, test
from program import IMAGE, WAITING


@test
def a_name_that_is_taken_is_refused_and_its_holder_named(host):
    with host.container("--name", "c", command=("sleep", "1000")) as identifier:
        error = host.swiftlet.fails(125, "run", "--name", "c", "-p", "8080:80", IMAGE, "true")
        matches(error, f'the container name "c" is already in use by {identifier}. You have to remove that container to be able '
                "to reuse that name: that name is already in use$", "stderr")
        equal(host.swiftlet.ok("ps", "-aq", "--no-trunc"), identifier, "containers")


@test
def replace_removes_the_container_of_that_name(host):
    # Podman prints the name of the container that it replaces, too.
    first = host.swiftlet.ok("run", "-d", "--name", "c", "-p", "8080:80", IMAGE, *WAITING)
    second = host.swiftlet.ok("run", "-d", "--replace", "--name", "c", "-p", "8080:80", IMAGE, *WAITING).splitlines()[-1]
    holds(first != second, "the same container is still there")
    equal(host.swiftlet.ok("ps", "-aq", "--no-trunc"), second, "containers")
    host.remove("c")


@test
def replace_of_a_name_that_is_free_is_no_error(host):
    host.swiftlet.ok("run", "--rm", "--replace", "--name", "c", IMAGE, "true")


@test
def rm_removes_the_container_when_it_ends(host):
    host.swiftlet.ok("run", "--rm", "--name", "c", IMAGE, "true")
    equal(host.swiftlet.ok("ps", "-aq"), "", "containers after an attached run")
    before = host.census()
    host.swiftlet.ok("run", "-d", "--rm", "--name", "c", "-p", "8080:80", IMAGE, "sleep", "0.2")
    equal(host.settled(before), [], "after a detached run")


@test
def a_container_without_rm_stays_and_keeps_its_exit_code(host):
    host.swiftlet.fails(7, "run", "--name", "c", IMAGE, "sh", "-c", "exit 7")
    equal(host.swiftlet.ok("ps", "-a", "--format", "{{.Names}} {{.ExitCode}}"), "c 7", "ps -a")
    equal(host.swiftlet.ok("wait", "c"), "7", "wait")
    host.remove("c")


@test
def an_id_and_its_beginning_name_a_container(host):
    with host.container(command=("sleep", "1000")) as identifier:
        for text in (identifier, identifier[:12], identifier[:3]):
            equal(host.swiftlet.field(text, ".Id"), identifier, f"inspect {text}")


@test
def a_name_that_cannot_be_one_is_refused(host):
    for name in ("a/b", "-x", "", "ä", "a b"):
        done = host.swiftlet.run("create", f"--name={name}", IMAGE, "true")
        if name == "":
            # Podman takes an empty name as none.
            equal(done.status, 0, "exit status of an empty name")
            host.remove(done.out.strip())
            continue
        equal(done.status, 125, f"exit status of the name ‘{name}’")
        matches(done.err, r"names must match \[a-zA-Z0-9\]\[a-zA-Z0-9_.-\]\*", "stderr")


@test
def a_container_without_a_name_is_given_one(host):
    with host.container(command=("sleep", "1000")) as identifier:
        matches(host.swiftlet.field(identifier, ".Name"), "^[a-z]+_[a-z0-9_]+$", "name")


@test
def cidfile_gets_the_id_and_is_never_overwritten(host):
    file = host.scratch / "cid"
    identifier = host.swiftlet.ok("create", "--cidfile", file, IMAGE, "true")
    equal(file.read_text().strip(), identifier, "the file")
    error = host.swiftlet.fails(125, "create", "--cidfile", file, IMAGE, "true")
    matches(error, "container id file exists", "stderr")
    host.remove(identifier)
    file.unlink(missing_ok=True)


@test
def rm_takes_many_and_all(host):
    names = [host.swiftlet.ok("create", "--name", f"c{n}", IMAGE, "true") and f"c{n}" for n in range(4)]
    equal(host.swiftlet.ok("rm", *names[:2]).split(), names[:2], "rm prints what it was given")
    matches(host.swiftlet.fails(1, "rm", "nosuch", "c2"), "nosuch", "stderr")
    host.swiftlet.ok("rm", "-a")
    equal(host.swiftlet.ok("ps", "-aq"), "", "containers")
