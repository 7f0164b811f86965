"""volume create, ls, inspect, rm, prune, exists; rename and container prune."""
import json
import os

from check import equal, holds, matches, test
from program import IMAGE, WAITING

NONE = ("--network", "none")


@test
def a_volume_is_made_listed_and_removed(host):
    before = host.census()
    equal(host.swiftlet.ok("volume", "create", "--label", "a=b", "v1"), "v1", "what create prints")
    matches(host.swiftlet.fails(125, "volume", "create", "v1"), "^Error: volume with name v1 already exists: volume already exists$", "again")
    other = host.swiftlet.ok("volume", "create")
    equal(len(other), 64, "a name that is made up")
    equal(host.swiftlet.ok("volume", "ls").split("\n"), ["DRIVER      VOLUME NAME", *(f"local       {n}" for n in sorted(("v1", other)))], "ls")
    equal(host.swiftlet.ok("volume", "ls", "-q", "--filter", "label=a=b"), "v1", "ls --filter")
    seen = json.loads(host.swiftlet.ok("volume", "inspect", "v1"))[0]
    equal((seen["Name"], seen["Driver"], seen["Labels"]), ("v1", "local", {"a": "b"}), "inspect")
    holds(os.path.isdir(seen["Mountpoint"]), f"no directory {seen['Mountpoint']}")
    host.inside("sh", "-c", "echo x > /m/file", arguments=("-v", "v1:/m"))
    holds(os.path.exists(seen["Mountpoint"] + "/file"), "the file is not there")
    equal((host.swiftlet.run("volume", "exists", "v1").status, host.swiftlet.run("volume", "exists", "nosuch").status), (0, 1), "exists")
    matches(host.swiftlet.fails(1, "volume", "rm", "nosuch"), '^Error: no volume with name "nosuch" found: no such volume$', "rm of none")
    matches(host.swiftlet.fails(125, "volume", "inspect", "nosuch"), "no such volume nosuch", "inspect of none")
    equal(host.swiftlet.ok("volume", "rm", "v1", other).split(), ["v1", other], "rm")
    equal(host.settled(before), [], "what is left")


@test
def a_volume_that_a_container_has_is_not_removed(host):
    before = host.census()
    identifier = host.swiftlet.ok("run", "-d", *NONE, "-v", "v1:/m", IMAGE, *WAITING)
    host.swiftlet.ok("volume", "create", "v2")
    matches(host.swiftlet.fails(2, "volume", "rm", "v1"), f"volume v1 is being used by the following container\\(s\\): {identifier}: volume is being used", "rm")
    equal(host.swiftlet.ok("volume", "prune", "-f"), "v2", "prune")
    equal(host.swiftlet.ok("volume", "rm", "-f", "-t", "0", "v1"), "v1", "rm -f")
    equal(host.swiftlet.ok("ps", "-a", "-q"), "", "its container")
    equal(host.settled(before), [], "what is left")


@test
def a_container_gets_another_name(host):
    with host.container("--name", "a", command=WAITING), host.container("--name", "b", *NONE, command=WAITING):
        equal(host.swiftlet.ok("rename", "a", "c"), "", "what rename prints")
        equal(host.swiftlet.ok("ps", "--format", "{{.Names}}", "--filter", "name=c"), "c", "ps")
        matches(host.swiftlet.fails(125, "container", "rename", "c", "b"), "name b already in use", "a name that is taken")
        matches(host.swiftlet.fails(125, "rename", "c", "b@d"), "names must match", "no name")
        host.swiftlet.ok("restart", "-t", "0", "c")
        host.swiftlet.ok("rename", "c", "a")


@test
def containers_that_do_not_run_are_pruned(host):
    with host.container("--name", "a", *NONE, command=WAITING):
        ended = host.swiftlet.ok("run", "-d", *NONE, IMAGE, "true")
        host.swiftlet.ok("wait", ended)
        made = host.swiftlet.ok("create", "--label", "keep=me", IMAGE)
        equal(host.swiftlet.ok("container", "prune", "-f", "--filter", "label=keep=me"), made, "prune --filter")
        equal(host.swiftlet.ok("container", "prune", "-f"), ended, "prune")
        equal(host.state("a"), "running", "one that runs")


@test
def containers_are_started_by_their_policy(host):
    identifier = host.swiftlet.ok("create", "--name", "a", *NONE, "--restart", "always", IMAGE, *WAITING)
    host.swiftlet.ok("create", "--name", "b", *NONE, IMAGE, *WAITING)
    equal(host.swiftlet.ok("start", "--all", "--filter", "restart-policy=always"), identifier, "start --all --filter")
    host.remove("a", "b")
