"""Names of images and what they lead to: removing one of several, several registries to look in, policy.json."""
import contextlib
import json
import os
from dataclasses import replace

from check import equal, holds, matches, one_line, test
from host import do
from program import IMAGE
from registry import Image, Server, configuration
from hostile import layer


@test
def rmi_with_force_takes_the_name_that_was_given_and_no_other(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        identifier = elsewhere.field(IMAGE, ".Id")
        elsewhere.ok("tag", IMAGE, "x:1", "other/x:1", "x")
        equal(elsewhere.ok("rmi", "-f", "localhost/x:1"), "Untagged: localhost/x:1", "rmi -f of a whole name")
        equal(elsewhere.ok("rmi", "--force", "x"), "Untagged: localhost/x:latest", "rmi -f of a short name")
        equal(elsewhere.ok("rmi", "-f", "other/x:1"), "Untagged: localhost/other/x:1", "rmi -f of a name with a slash")
        equal(elsewhere.ok("images", "-q", "--no-trunc"), f"sha256:{identifier}", "the image")
        elsewhere.ok("tag", IMAGE, "x:2")
        matches(elsewhere.fails(2, "rmi", identifier), "force", "rmi of an id with several names")
        matches(elsewhere.ok("rmi", "-f", identifier), f"Deleted: {identifier}$", "rmi -f of an id")
        equal(elsewhere.ok("images", "-q"), "", "what is left")


@test
def a_container_that_was_never_started_can_be_committed(host):
    with host.elsewhere() as elsewhere:
        elsewhere.ok("load", "-q", "-i", host.archive)
        elsewhere.ok("create", "--name", "c", "--network", "none", IMAGE, "echo", "committed")
        equal(elsewhere.ok("diff", "c"), "", "what it has changed")
        elsewhere.ok("commit", "-q", "c", "made:1")
        equal(elsewhere.ok("run", "--rm", "--network", "none", "made:1"), "committed", "what the image does")
        equal(elsewhere.ok("diff", "made:1"), "", "what the image changes")
        elsewhere.ok("rm", "c")
        elsewhere.ok("rmi", "-f", "made:1", IMAGE)
