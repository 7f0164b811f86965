"""When a container is to end, and what goes with its end."""
import os
import time

from check import equal, holds, matches, test
from host import until
from program import IMAGE, WAITING

NONE = ("--network", "none")


def _is_there(host, image):
    return host.swiftlet.run("image", "exists", image).status == 0


@test
def a_container_is_killed_when_its_time_is_over(host):
    began = time.monotonic()
    equal(host.swiftlet.run("run", "--name", "c", *NONE, "--timeout", "1", IMAGE, "sleep", "1000").status, 255, "status")
    holds(1 <= time.monotonic() - began < 10, "it was not killed in time")
    equal((host.state("c"), host.swiftlet.field("c", ".Config.Timeout")), ("exited", "1"), "state and limit")
    host.swiftlet.ok("start", "c")
    holds(until(lambda: host.state("c") == "exited"), "its second run has no limit")
    host.remove("c")
    # Its processes are many, so that the kernel takes a while to end them.
    forking = "for i in $(seq 200); do sleep 1000 & done; wait"
    equal(host.swiftlet.run("run", "--rm", *NONE, "--timeout", "1", IMAGE, "sh", "-c", forking).status, 255, "status of many")
    host.swiftlet.ok("run", "-d", "--rm", *NONE, "--timeout", "1", IMAGE, "sh", "-c", forking)
    holds(until(lambda: not os.listdir(f"{host.root}/containers")), "a detached one with --rm is left")
    equal(host.inside("echo", "x", arguments=("--timeout", "60")), "x", "one that ends before")
    equal(host.inside("sh", "-c", "sleep 1.5; echo x", arguments=("--timeout", "0")), "x", "without a limit")
    matches(host.swiftlet.fails(125, "run", "--timeout", "-1", IMAGE), '^Error: invalid argument "-1" for "--timeout" flag', "--timeout -1")


@test
def the_image_goes_with_the_container_where_told(host):
    with host.made_image() as image:
        equal(host.swiftlet.run("run", "--rmi", *NONE, image, "false").status, 1, "status")
        holds(not _is_there(host, image), "the image is left")
        equal(host.swiftlet.ok("ps", "-aq"), "", "containers that are left")
    with host.made_image() as image:
        host.swiftlet.ok("run", "-d", "--rmi", *NONE, image, "sleep", "0.3")
        holds(_is_there(host, image), "the image is gone while it is used")
        holds(until(lambda: not _is_there(host, image)), "the image is left by a detached container")


@test
def the_image_stays_while_another_container_uses_it(host):
    with host.made_image() as image:
        with host.container("--name", "other", *NONE, image=image, command=WAITING):
            equal(host.swiftlet.run("run", "--rmi", *NONE, image, "true").err, "", "what it says")
            holds(_is_there(host, image), "the image is gone")
