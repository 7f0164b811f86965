"""Which image a name means, all tags of one, and the filters of search."""
import contextlib
import os
import re
from dataclasses import replace

from check import equal, holds, matches, one_line, test
from hostile import layer
from host import do
from registry import Image, Server, configuration, registry
from terminal import Terminal

ALIASES = "/var/cache/containers/short-name-aliases.conf"


@contextlib.contextmanager
def _two_registries(host, mode):
    """The program with two registries to look in, of which the second has the image; and a cache of its own."""
    top = host.scratch / "choice"
    (top / "cache").mkdir(parents=True)
    do(f"mkdir -p /var/cache/containers && mount --bind {top}/cache /var/cache/containers")
    image, other = Image([layer()], name="short"), Image([layer()], name="other")
    try:
        with Server(other.answer) as first, Server(image.answer) as second, host.elsewhere() as elsewhere:
            entries = "".join(f'[[registry]]\nlocation="{x.host}"\ninsecure=true\n' for x in (first, second))
            environment = configuration(
                top, f'unqualified-search-registries=["{first.host}", "{second.host}"]\nshort-name-mode="{mode}"\n{entries}')
            yield replace(elsewhere, environment={**elsewhere.environment, **environment}), first, second
    finally:
        do(f"umount /var/cache/containers; rm -r {top}")


@test
def a_short_name_that_several_registries_could_have_is_asked_for_on_a_terminal(host):
    for mode in ("permissive", "enforcing"):
        with _two_registries(host, mode) as (program, first, second):
            with Terminal(program, "pull", "-q", "short") as terminal:
                terminal.expect("Please select an image: ")
                terminal.expect(f"{first.host}/short:latest[^\x00]*{second.host}/short:latest")
                terminal.type("\x1b[B\r")
                terminal.expect("[0-9a-f]{64}")
                equal(terminal.wait(), 0, f"exit status of pull, {mode}")
            equal(program.ok("images", "--format", "{{.Repository}}:{{.Tag}}"), f"{second.host}/short:latest", "what was pulled")
            matches(open(ALIASES).read(), rf'\[aliases\]\n +"?short"? = "{second.host}/short"\n', "what is remembered")
            # The second time nobody is asked, on a terminal or not.
            done = program.run("pull", "short")
            equal(done.status, 0, f"{done}")
            matches(done.err, rf'Resolved "short" as an alias \({ALIASES}\)', "how it was found")
            program.ok("rmi", "-a", "-f")
            os.remove(ALIASES)
            with Terminal(program, "pull", "-q", "short") as terminal:
                terminal.expect("Please select")
                terminal.type("\x03")
                equal(terminal.wait(), 125, "exit status after Ctrl-C")
            holds(not os.path.exists(ALIASES), "something is remembered")
            equal(program.ok("images", "-q"), "", "images")


@test
def a_short_name_is_searched_for_or_refused_where_nobody_can_be_asked(host):
    with _two_registries(host, "enforcing") as (program, *_):
        matches(one_line(program.fails(125, "pull", "-q", "short"), "stderr"), "short-name resolution enforced but cannot prompt without a TTY", "enforcing")
    for mode in ("permissive", "disabled"):
        with _two_registries(host, mode) as (program, first, second):
            done = program.run("pull", "short")
            equal(done.status, 0, f"{done}")
            matches(done.err, rf'Resolving "short" using unqualified-search registries .*\nTrying to pull {first.host}/short:latest...\nTrying to pull {second.host}', mode)
            holds(not os.path.exists(ALIASES), "something is remembered")
            program.ok("rmi", "-a", "-f")


@test
def pull_gets_all_tags_of_a_repository(host):
    with registry(host) as there, host.elsewhere() as elsewhere:
        swiftlet = replace(elsewhere, environment={**elsewhere.environment, **there.environment})
        for tag in ("v1", "v2"):
            there.copy(f"docker-archive:{host.archive}", f"a/one:{tag}")
        certs = ("--cert-dir", there.certs)
        for name in ("ghcr.io/a/one", "ghcr.io/a/one:v1", "docker://ghcr.io/a/one"):
            printed = swiftlet.ok("pull", "-a", "-q", *certs, name)
            matches(printed, "^[0-9a-f]{64}$", f"what pull -a {name} prints")
            equal(swiftlet.ok("images", "--format", "{{.Repository}}:{{.Tag}}").split(), ["ghcr.io/a/one:v1", "ghcr.io/a/one:v2"], f"pull -a {name}")
            swiftlet.ok("rmi", "-a", "-f")
        one_line(swiftlet.fails(125, "pull", "-a", "-q", *certs, "ghcr.io/nope"), "stderr of a repository that is not there")
        matches(one_line(swiftlet.fails(125, "pull", "--all-tags", "oci:x"), "stderr"), "pulling all tags is not supported for oci transport", "oci:")


@test
def search_filters_what_the_registry_says(host):
    def index(request):
        if not request.path.startswith("/v1/search"):
            return request.reply(404)
        request.reply(200, {"results": [
            {"name": "tool/one", "description": "d" * 60, "star_count": 7, "is_official": True},
            {"name": "tool/two", "description": "two", "star_count": 3, "is_automated": True}]})

    with Server(index) as server:
        top = host.scratch / "index"
        top.mkdir()
        environment = configuration(top, f'unqualified-search-registries=["{server.host}"]\n[[registry]]\nlocation="{server.host}"\ninsecure=true\n')
        swiftlet = replace(host.swiftlet, environment={**host.swiftlet.environment, **environment})
        for text, wanted in (("stars=4", ["one"]), ("stars=3", ["one", "two"]), ("is-official", ["one"]), ("is-official=false", ["two"]), ("is-automated=true", ["two"]),
                             ("is-automated=false", ["one"]), ("stars=3,is-automated", ["two"]), ("stars=9", [])):
            found = swiftlet.ok("search", "--format", "{{.Name}}", "--filter", text, "tool").split()
            equal([x.rsplit("/")[-1] for x in found], wanted, f"search --filter {text}")
        equal(swiftlet.ok("search", "-f", "stars=9", "tool"), "", "what is printed where nothing is found")
        header, *rows = swiftlet.ok("search", "--compatible", "tool").splitlines()
        matches(header, r"^NAME +DESCRIPTION +STARS +OFFICIAL +AUTOMATED$", "the header of --compatible")
        matches(rows[0], r"d{41}\.\.\. +7 +\[OK\]", "a row of --compatible")
        holds("d" * 60 in swiftlet.ok("search", "--no-trunc", "tool"), "--no-trunc")
        for words, message in ((("--filter", "nope=1"), 'invalid filter type "nope=1"'), (("--filter", "stars"), "should be stars=<value>"), (("--filter", "stars=x"), "incorrect value type for stars filter"),
                               (("--list-tags", "--filter", "stars=1"), "filters are not applicable to list tags result")):
            matches(one_line(swiftlet.fails(125, "search", *words, "tool"), "stderr"), re.escape(message), f"search {words}")
        do(f"rm -r {top}")
