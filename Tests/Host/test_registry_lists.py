"""Lists of images, what is different between them, and what commit makes, against Debian's Podman."""
import io
import json
import re
import tarfile

from check import equal, holds, matches, one_line, test
from host import do, shell, until
from program import IMAGE
from registry import docker_archive
from oracle import debian as _podman
from test_registry_images import CHANGES

FILTERS = ["dangling=true", "dangling=false", "dangling!=true", "before=new:1", "since=new:1", "after=new:1", "label=a", "label=a=b", "label=a=zz",
           "label!=a", "label!=a=b", "reference=new", "reference=*new*", "reference=new:1", "reference=*:1", "reference=n?w", "reference=n[a-f]w",
           "reference=x.example/*", "reference=other", "reference=*/*/other:*", "reference=*/new", "reference=[", "reference!=new", "readonly=true",
           "readonly=false", "containers=true", "containers=false", "intermediate=false", "manifest=true", "id=zz", "until=2020-01-01", "until=1h"]


class _Sides:
    """The same commands given to Swiftlet and to Podman."""

    def __init__(self, swiftlet, podman):
        self.swiftlet, self.podman = swiftlet, podman

    def both(self, *words):
        """What each prints; both must succeed."""
        quoted = " ".join(f"'{x}'" for x in words)
        return self.swiftlet.ok(*words), do(f"{self.podman} {quoted}").strip("\n")

    def alike(self, *words, shape=lambda x: x):
        """Both print the same, but for ids, and times on either side of a second."""
        ours, theirs = (shape(_plain(x)) for x in self.both(*words))
        equal(ours, theirs, " ".join(words))


def _plain(text):
    text = re.sub(r"[0-9a-f]{64}|\b[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"(\d+|Less than a) (second|minute)s? ago", "now", text)
    return "\n".join(re.sub(r" {2,}", "  ", x.rstrip()) for x in text.splitlines())


@test
def images_are_filtered_and_sorted_as_podman_does(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        sides = _Sides(swiftlet, podman)
        swiftlet.ok("load", "-i", host.archive)
        sides.both("create", "--name", "c", IMAGE)
        for words in (("-c", "LABEL a=b", "-c", "LABEL c=d", "c", "new:1"), ("-c", "LABEL a=x", "c", "reg.example:5000/x/other:2"), ("-c", "LABEL z=1", "c")):
            sides.both("commit", "-q", *words)
        sides.both("tag", "new:1", "new:alias", "x.example/new:1")
        row = ("--format", "{{.Repository}} {{.Tag}}")
        for text in FILTERS:
            sides.alike("images", *row, "--filter", text)
        for words in (("-f", "label=a", "-f", "label=c"), ("-f", "label=a,reference=other"), ("-f", "label=a", "-f", "reference=other"), ("new",), ("n*",),
                      ("new:1",), ("x.example/new",), ("nope",), ("-a",), ("--sort", "repository"), ("--sort", "created")):
            sides.alike("images", *row, *words)
        # Podman's order of lines that are alike is not the same each time.
        sides.alike("images", "--sort", "tag", "--format", "{{.Tag}}")
        sides.alike("images", "--sort", "size", "-n", shape=lambda x: [y.split()[-2:] for y in x.splitlines()])
        sides.alike("images", "--history", "--filter", "dangling=false")
        sides.alike("images", "--sort", "repository", "-q", shape=lambda x: len(x.splitlines()))
        equal(swiftlet.ok("images", "-q", "--sort", "id").split(), sorted(swiftlet.ok("images", "-q").split()), "images --sort id")
        ours, theirs = (json.loads(x) for x in sides.both("images", "--format", "json"))
        keys = ("Names", "Labels", "Containers", "Dangling", "History", "RepoTags", "SharedSize")
        named = [[{k: x.get(k) for k in keys} for x in side if "Names" in x] for side in (ours, theirs)]
        equal(named[0], named[1], "images --format json")
        equal([x["ParentId"] != "" for x in ours], [x["ParentId"] != "" for x in theirs], "which images have a parent")
        for words, message in ((("--filter", "nope=1"), 'unsupported image filter "nope"'), (("--filter", "label"), "must be in the format"), (("--sort", "nope"), "not a valid field"),
                               (("--filter", "dangling=x"), 'non-boolean value "x" for dangling'), (("--filter", "before=nope"), "nope: image not known"), (("--filter", "until=x"), 'failed to parse value as time or duration: "x"'),
                               (("--filter", "dangling=true", "--filter", "dangling=false"), "more than once"), (("--filter", "label=a", "new"), "cannot specify an image and a filter")):
            matches(one_line(swiftlet.fails(125, "images", *words), "stderr"), re.escape(message), f"images {words}")
            holds(shell(f"{podman} images {' '.join(words)}").returncode == 125, f"podman images {words}")


@test
def images_that_others_were_built_on_are_kept_hidden_and_go_with_them(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        sides = _Sides(swiftlet, podman)
        swiftlet.ok("load", "-i", host.archive)
        sides.both("create", "--name", "c1", IMAGE)
        sides.both("commit", "-q", "-c", "LABEL a=b", "c1", "new:1")
        sides.both("create", "--name", "c2", "new:1")
        sides.both("commit", "-q", "c2", "new:2")
        sides.both("rm", "c1", "c2")
        sides.both("untag", "new:1")
        row = ("--format", "{{.Repository}} {{.Tag}}")
        for words in ((), ("-a",), ("-f", "dangling=true"), ("-a", "-f", "intermediate=true")):
            sides.alike("images", *row, *words, shape=lambda x: sorted(x.splitlines()))
        sides.alike("image", "prune", "-f")
        sides.alike("image", "tree", "new:2")
        sides.alike("image", "tree", "--whatrequires", IMAGE)
        sides.alike("history", "new:2")
        sides.alike("history", "--format", "json", "new:2", shape=lambda x: re.sub(r"\d{4}-[\d:.T-]+Z", "TIME", x))
        for name in ("Parent", "Comment", "NamesHistory"):
            equal(*(x != "" for x in sides.both("image", "inspect", "-f", f"{{{{.{name}}}}}", "new:2")), f"{name} of the child")
        equal(swiftlet.ok("image", "inspect", "-f", "{{.Parent}}", "new:2"), swiftlet.ok("images", "-a", "-q", "--no-trunc", "-f", "intermediate=true").removeprefix("sha256:"), "the parent")
        sides.both("tag", "new:2", "keep:1")
        sides.alike("rmi", "new:2")
        sides.alike("rmi", "keep:1")
        sides.alike("images", "-a", *row)
        equal(swiftlet.ok("system", "check", "-q"), "", "system check")


@test
def image_prune_removes_what_its_filters_say(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        sides = _Sides(swiftlet, podman)
        swiftlet.ok("load", "-i", host.archive)
        sides.both("create", "--name", "c", IMAGE)
        sides.both("commit", "-q", "-c", "LABEL a=b", "c")
        sides.both("commit", "-q", "-c", "LABEL a=c", "c")
        sides.both("commit", "-q", "-c", "LABEL a=d", "c", "named")
        for words in (("--filter", "label=zz"), ("--filter", "until=2020-01-01"), ("--filter", "label!=a"), ("--filter", "label=a=b"), ("--external",), ("-a", "--filter", "label=a=c"), ("-a",)):
            sides.alike("image", "prune", "-f", *words)
            sides.alike("images", "-a", "--format", "{{.Repository}} {{.Labels}}")
        for words, message in ((("--filter", "nope=1"), 'unsupported image filter "nope"'), (("--filter", "nope"), "must be in the form of filter=value"), (("--filter", "until=x"), "failed to parse"), (("x",), "takes no arguments")):
            matches(one_line(swiftlet.fails(125, "image", "prune", "-f", *words), "stderr"), re.escape(message), f"image prune {words}")
        sides.both("commit", "-q", "c")
        line = f"{swiftlet.path} {' '.join(swiftlet.options)}"
        for answer, wanted in (("n", 0), ("", 0), (None, 125), ("y", 0)):
            ask = "< /dev/null" if answer is None else ""
            pipe = "" if answer is None else f"echo '{answer}' | "
            ours, theirs = (shell(f"{pipe}{x} image prune {ask}") for x in (line, podman))
            equal((ours.returncode, _plain(ours.stdout)), (theirs.returncode, _plain(theirs.stdout)), f"image prune, answered {answer!r}")
            equal(ours.returncode, wanted, f"exit code of image prune, answered {answer!r}")
        equal(swiftlet.ok("images", "--filter", "dangling=true", "-q"), "", "what dangles")


@test
def diff_of_two_shows_what_podman_shows(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        sides = _Sides(swiftlet, podman)
        swiftlet.ok("load", "-i", host.archive)
        other = "echo x > /new2; echo x > /new; mkdir -p /d/e; echo y > /etc/group; rm -r /bin; mkdir /bin; echo > /bin/one; chmod 700 /tmp; rm /etc/passwd; mkdir /etc/passwd"
        for name, command in (("c1", CHANGES), ("c2", other)):
            swiftlet.run("run", "--name", name, "--network", "none", IMAGE, "sh", "-c", command)
            shell(f"{podman} run --name {name} --network none {IMAGE} sh -c '{command}'")
            sides.both("commit", "-q", name, f"new:{name}")
        lines = lambda x: sorted(x.splitlines())  # noqa: E731
        for words in (("c1", "c2"), ("c2", "c1"), ("c1", IMAGE), (IMAGE, "c1"), ("new:c1", "new:c2"), ("new:c2", IMAGE), (IMAGE, "new:c2"), (IMAGE, IMAGE)):
            sides.alike("diff", *words, shape=lines)
        sides.alike("container", "diff", "c2", "c1", shape=lines)
        sides.alike("image", "diff", "new:c2", "new:c1", shape=lines)
        sides.alike("image", "diff", "new:c1", shape=lines)
        sides.alike("diff", "--latest", shape=lines)
        sides.alike("container", "diff", "-l", "--format", "json", shape=lambda x: {k: sorted(v) for k, v in json.loads(x).items()})
        sides.alike("diff", "--format", "json", "new:c1", "new:c2", shape=lambda x: {k: sorted(v) for k, v in json.loads(x).items()})
        sides.alike("diff", "--format", "json", IMAGE, IMAGE)
        for words, message in ((("diff", "c1", "nope"), "nope"), (("image", "diff", "c1"), "c1: image not known"), (("container", "diff", "new:c1"), "no such container"),
                               (("diff", "--format", "x", "c1"), "only supported value"), (("diff", "a", "b", "c"), "accepts between 1 and 2"), (("diff",), "requires a name")):
            matches(one_line(swiftlet.fails(125, *words), "stderr"), message, " ".join(words))


@test
def diff_of_many_layers_needs_few_descriptors(host):
    def nested(number):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as archive:
            for depth in range(1, 11):
                entry = tarfile.TarInfo("/".join("abcdefghij"[:depth]))
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            archive.addfile(tarfile.TarInfo(f"a/b/c/d/e/f/g/h/i/j/{number}"), io.BytesIO(b""))
        return data.getvalue()

    with host.elsewhere() as swiftlet:
        path = host.scratch / "nested.tar"
        for name, first in (("one", 0), ("two", 200)):
            with tarfile.open(path, "w") as archive:
                docker_archive(archive, [nested(first + x) for x in range(100)])
            swiftlet.ok("load", "-q", "-i", path)
            swiftlet.ok("tag", "test.example/a:b", name)
        path.unlink()
        done = shell(f"prlimit --nofile=300 {' '.join(map(str, swiftlet.command('diff', 'one', 'two')))}")
        equal(done.returncode, 0, f"exit status of diff: {done.stderr}")
        kinds = [x[0] for x in done.stdout.splitlines()]
        equal([kinds.count(x) for x in "ACD"], [100, 10, 100], "how many are added, changed and deleted")


@test
def commit_has_podmans_options(host):
    with _podman(host) as podman, host.elsewhere() as swiftlet:
        sides = _Sides(swiftlet, podman)
        swiftlet.ok("load", "-i", host.archive)
        sides.both("create", "--name", "v", IMAGE)
        sides.both("commit", "-q", "-c", "VOLUME /iv", "v", "withvol")
        sides.both("run", "-d", "--name", "c", "--network", "none", "-v", "/anon", "-v", "named:/named", "-v", f"{host.scratch}:/bind", "withvol", "sh", "-c", "echo x > /new; rm /etc/passwd; sleep 1000")
        try:
            until(lambda: swiftlet.run("exec", "c", "test", "!", "-e", "/etc/passwd").status == 0)
            until(lambda: shell(f"{podman} exec c test ! -e /etc/passwd").returncode == 0)
            fields = "{{.ManifestType}} {{.Comment}} {{len .RootFS.Layers}} {{.Config.Volumes}} {{.Config.Cmd}} {{(index .History 0).CreatedBy}}"
            for words in (("-f", "oci"), ("-f", "docker", "-m", "hello"), ("-p",), ("--pause=false",), ("--include-volumes",), ("--squash",), ("-s", "-f", "docker")):
                sides.both("commit", "-q", *words, "c", "new")
                sides.alike("image", "inspect", "-f", fields, "new")
                # Podman's layers have empty files where it mounts some of its own.
                sides.alike("history", "--format", "{{.CreatedBy}} {{.Comment}}", "new")
                listing = "test -e /etc/passwd; echo $?; cat /new; cd /; find bin etc home root usr -type f -o -type l | sort"
                sides.alike("run", "--rm", "--network", "none", "new", "sh", "-c", listing)
            holds(swiftlet.ok("ps", "--format", "{{.Names}}").splitlines() == ["c"], "the container runs on after a pause")
            equal(swiftlet.ok("exec", "c", "echo", "on"), "on", "the container goes on")
            matches(swiftlet.run("commit", "-q", "-c", "ONBUILD RUN x", "c", "new").err, "ONBUILD is not supported", "a change that has no place")
            for words, message in ((("-f", "nope", "c"), 'unrecognized image format "nope"'), (("-m", "x", "c"), "only compatible with the docker image format")):
                matches(one_line(swiftlet.fails(125, "commit", *words), "stderr"), message, " ".join(words))
            archive = host.scratch / "docker.tar"
            swiftlet.ok("commit", "-q", "-f", "docker", "-m", "told", "c", "told")
            swiftlet.ok("save", "-q", "-o", archive, "told")
            do(f"{podman} load -qi {archive}")
            equal(do(f"{podman} image inspect -f '{{{{.Comment}}}}' told").strip(), "told", "the remark in Podman")
            do(f"rm {archive}")
        finally:
            swiftlet.run("rm", "-f", "-t", "0", "-v", "c")
            shell(f"{podman} rm -f -t 0 -v c")
        swiftlet.ok("volume", "rm", "named")
        equal(swiftlet.ok("system", "check", "-q"), "", "system check")
