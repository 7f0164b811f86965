"""Containers that cannot be without another one, whose network they share."""
from check import equal, holds, matches, test
from host import until
from program import IMAGE, WAITING


@test
def a_container_that_others_need_is_not_removed(host):
    target = host.swiftlet.ok("run", "-d", "--name", "target", IMAGE, *WAITING)
    dependent = host.swiftlet.ok("run", "-d", "--name", "dependent", "--network", "container:target", IMAGE, *WAITING)
    error = host.swiftlet.fails(125, "rm", "-f", "-t", "0", "target")
    matches(error, f"container {target} has dependent containers which must be removed before it: {dependent}: container already exists", "rm -f")
    equal((host.state("target"), host.state("dependent")), ("running", "running"), "states after the refusal")
    equal(host.swiftlet.ok("rm", "-f", "-t", "0", "target", "dependent").split(), ["dependent", "target"], "both at once, in the order that works")


@test
def rm_depend_takes_those_that_need_it_along(host):
    before = host.census()
    host.swiftlet.ok("run", "-d", "--name", "a", IMAGE, *WAITING)
    second = host.swiftlet.ok("run", "-d", "--name", "b", "--network", "container:a", IMAGE, *WAITING)
    third = host.swiftlet.ok("create", "--network", "container:b", IMAGE, "true")
    equal(host.swiftlet.ok("rm", "-f", "-t", "0", "--depend", "a").split(), [third, second, "a"], "what rm --depend prints")
    equal(host.settled(before), [], "what is left")


@test
def all_containers_are_removed_though_some_need_others(host):
    host.swiftlet.ok("run", "-d", "--name", "a", IMAGE, *WAITING)
    host.swiftlet.ok("run", "-d", "--name", "b", "--network", "container:a", IMAGE, *WAITING)
    host.swiftlet.ok("rm", "-f", "-a", "-t", "0")
    equal(host.swiftlet.ok("ps", "-a", "-q"), "", "what is left")


@test
def starting_a_container_starts_what_it_needs(host):
    host.swiftlet.ok("create", "--name", "target", IMAGE)
    host.swiftlet.ok("run", "-d", "--name", "dependent", "--network", "container:target", IMAGE, *WAITING)
    equal(host.state("target"), "running", "the one that was only created")
    holds("Hostname" in host.curl(f"http://{host.address('target')}"), "it does not answer")
    host.swiftlet.ok("stop", "-t", "0", "-a")
    equal(host.swiftlet.ok("start", "dependent"), "dependent", "what start prints")
    equal(host.state("target"), "running", "the one that had ended")
    inside = host.swiftlet.ok("exec", "dependent", "ip", "-4", "-o", "addr", "show", "eth0")
    matches(inside, f"{host.address('target')}/16", "the dependent's address")
    host.remove("dependent", "target")


@test
def one_with_rm_stays_as_long_as_others_need_it(host):
    host.swiftlet.ok("run", "-d", "--rm", "--name", "target", IMAGE, *WAITING)
    host.swiftlet.ok("run", "-d", "--name", "dependent", "--network", "container:target", IMAGE, *WAITING)
    host.swiftlet.ok("stop", "target")
    holds(until(lambda: host.state("target") == "exited"), "it did not stay")
    host.swiftlet.ok("rm", "-f", "-t", "0", "dependent")
    host.swiftlet.ok("rm", "target")
