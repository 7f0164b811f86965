"""A registry of the tests' own that says what a test wants, and what is to come of it: one clear error, and a store
that is as it was."""
import io
import tarfile
import time
from contextlib import contextmanager
from dataclasses import replace

from census import Census
from check import equal, holds, matches, one_line
from registry import Server, configuration


def layer(text="hello", size=20_000):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in (("file", text.encode()), ("big", bytes(size))):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return data.getvalue()


@contextmanager
def mock(host, answer, insecure=True, certificate=None):
    """A registry of our own, a program that reaches it as test.example, and a look at the store afterwards."""
    top = host.scratch / "mock"
    top.mkdir()
    with Server(answer, certificate) as server, host.elsewhere() as elsewhere:
        environment = configuration(
            top, f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\ninsecure={"true" if insecure else "false"}\n')
        program = replace(elsewhere, environment={**elsewhere.environment, **environment})
        program.ok("images")
        before = store(host)
        try:
            yield server, program
            equal(program.ok("system", "check", "-q"), "", "system check")
        finally:
            for path in top.iterdir():
                path.unlink()
            top.rmdir()
        if not program.ok("images", "-q"):
            equal(store(host), before, "the store afterwards")


def store(host):
    census = Census(f"{host.scratch}/elsewhere/root", f"{host.scratch}/elsewhere.run")
    return [x for x in census.sections["file"] if "/locks/" not in x] + census.sections["row"] + census.sections["mount"]


def all_refused(host, images, pattern):
    """Pulls each of these images from one registry. None gets in, and each leaves the store as it was."""
    current = []
    with mock(host, lambda request: current[-1].answer(request)) as (_, program):
        before = store(host)
        for image in images:
            current.append(image)
            refused(program, pattern)
            equal(store(host), before, "the store after it")


def refused(program, pattern, *arguments, name="test.example/test/image:latest"):
    """A pull that fails with one line."""
    began = time.monotonic()
    done = program.run("pull", "-q", *arguments, name)
    equal(done.status, 125, f"exit status: {done}")
    matches(one_line(done.err, "stderr"), pattern, "the error")
    holds(time.monotonic() - began < 20, "it took too long to say so")
