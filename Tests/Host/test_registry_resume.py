"""Pulls that are cut short: what has come is kept, and the next pull goes on from there."""
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from check import equal, holds, matches, test
from host import until
from hostile import mock
from registry import Image, digest

NAME = "test.example/test/image:latest"


def _layer(size, seed):
    import random
    import tarfile
    import io
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        entry = tarfile.TarInfo(f"file-{seed}")
        entry.size = size
        archive.addfile(entry, io.BytesIO(random.Random(seed).randbytes(size)))
    return data.getvalue()


class Slow:
    """A registry that stops in the middle of its largest blob until it is let go. ranges: what was asked for of it."""

    def __init__(self, image, knows_ranges=True, damaged=False):
        self.image, self.knows_ranges = image, knows_ranges
        self.large = max(image.layers, key=len)
        self.go_on = threading.Event()
        self.ranges, self.others = [], []

    def answer(self, request):
        if not request.path.endswith(f"/blobs/{digest(self.large)}"):
            if "/blobs/" in request.path:
                self.others.append(request.path)
            return self.image.answer(request)
        wanted = request.headers.get("Range")
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.knows_ranges else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.large) - 1}/{len(self.large)}")
        request.send_header("Content-Length", len(self.large) - start)
        request.end_headers()
        half = max(start, len(self.large) // 2)
        request.wfile.write(self.large[start:half])
        request.wfile.flush()
        self.go_on.wait(20)
        request.wfile.write(self.large[half:])


def _partial(program, digest_text):
    return Path(program.options[1], "partial", digest_text.removeprefix("sha256:"))


def _cut_short(slow, program, number):
    """Begins a pull and ends it with a signal when half of the large layer is there."""
    # Who runs the tests in the background has SIGINT ignored.
    pull = program.start("pull", "-q", NAME, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    path = _partial(program, digest(slow.large))
    until(lambda: path.exists() and path.stat().st_size >= len(slow.large) // 2)
    until(lambda: all(_partial(program, digest(x)).exists() for x in slow.image.layers))
    time.sleep(0.2)
    pull.send_signal(number)
    equal(pull.wait(10), -number, "how the pull ended")
    error = pull.communicate()[1].decode()
    # SIGKILL leaves nothing the time to say so.
    told = [x for x in error.splitlines() if x.startswith("Error: ")]
    equal(told, [] if number == signal.SIGKILL else [INTERRUPTED], f"stderr after signal {number}: {error}")
    return path


INTERRUPTED = "Error: pull was interrupted; what has come is kept, and the next pull goes on with it"


@test
def a_pull_that_was_cut_short_goes_on_where_it_stopped(host):
    image = Image([_layer(2 << 20, 1), _layer(12 << 20, 2)])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        slow = Slow(image)
        with mock(host, slow.answer) as (_, program):
            path = _cut_short(slow, program, number)
            half = path.stat().st_size
            # The next command that changes something removes what nobody can go on with, and keeps the rest.
            program.ok("rm", "-a")
            equal([x.name for x in Path(program.options[1], "layers").iterdir()], [], "unfinished layers")
            equal(path.stat().st_size, half, "the unfinished blob")
            equal(program.ok("system", "check", "-q"), "", "system check")
            slow.go_on.set()
            slow.others.clear()
            program.ok("pull", "-q", NAME)
            equal(slow.ranges, [None, f"bytes={half}-"], "what was asked for of the large layer")
            small = digest(min(image.layers, key=len))
            holds(not any(small in x for x in slow.others), f"the small layer was asked for again: {slow.others}")
            equal(list(Path(program.options[1], "partial").iterdir()), [], "unfinished blobs afterwards")
            program.ok("rmi", NAME)


@test
def a_load_or_push_that_is_interrupted_says_so_and_leaves_nothing(host):
    reached, go_on = threading.Event(), threading.Event()

    def answer(request):
        if request.command in ("POST", "PUT", "PATCH"):
            reached.set()
            go_on.wait(20)
        request.reply(200 if request.path == "/v2/" else 404)

    def begun(program, *words):
        # Who runs the tests in the background has SIGINT ignored.
        return program.start(*words, stdin=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    with mock(host, answer) as (_, program):
        for number in (signal.SIGINT, signal.SIGTERM):
            load = begun(program, "load")
            # More than a pipe holds: it has begun to read.
            load.stdin.write(host.archive.read_bytes()[:100_000])
            load.stdin.flush()
            _interrupted(load, number, "Error: load was interrupted")
            program.ok("rm", "-a")
            equal(program.ok("system", "check", "-q"), "", "system check")
        program.ok("load", "-q", "-i", host.archive)
        for number in (signal.SIGINT, signal.SIGTERM):
            reached.clear()
            push = begun(program, "push", program.ok("images", "-q"), "test.example/test/image")
            until(reached.is_set)
            _interrupted(push, number, "Error: push was interrupted")
        go_on.set()
        program.ok("rmi", "-a")


def _interrupted(process, number, line):
    process.send_signal(number)
    error = process.communicate(timeout=10)[1].decode()
    equal((process.returncode, error.splitlines()[-1:]), (-number, [line]), f"after signal {number}: {error}")


@test
def a_registry_without_ranges_and_a_damaged_beginning_end_well(host):
    image = Image([_layer(2 << 20, 1), _layer(12 << 20, 2)])
    for damaged in (False, True):
        slow = Slow(image, knows_ranges=damaged)
        with mock(host, slow.answer) as (_, program):
            path = _cut_short(slow, program, signal.SIGKILL)
            if damaged:
                with path.open("r+b") as file:
                    file.seek(1000)
                    file.write(bytes(4096))
            slow.go_on.set()
            program.ok("pull", "-q", NAME)
            equal(program.ok("system", "check", "-q"), "", "system check")
            program.ok("save", "-q", "--format", "oci-archive", "-o", "/dev/null", NAME)
            program.ok("rmi", NAME)


@test
def image_prune_removes_what_an_unfinished_pull_has_left(host):
    slow = Slow(Image([_layer(12 << 20, 2)]))
    with mock(host, slow.answer) as (_, program):
        path = _cut_short(slow, program, signal.SIGKILL)
        slow.go_on.set()
        program.ok("image", "prune", "-f")
        holds(not path.exists(), "the unfinished blob is still there")


@test
def an_old_unfinished_blob_is_removed_by_the_next_change(host):
    slow = Slow(Image([_layer(12 << 20, 2)]))
    with mock(host, slow.answer) as (_, program):
        path = _cut_short(slow, program, signal.SIGKILL)
        slow.go_on.set()
        os.utime(path, (time.time() - 90_000,) * 2)
        program.ok("rm", "-a")
        holds(not path.exists(), "the unfinished blob is still there")


@test
def a_download_without_a_byte_for_half_a_minute_is_begun_anew(host):
    image = Image([_layer(2 << 20, 3)])
    asked = []

    def answer(request):
        if request.path != f"/v2/{image.name}/blobs/{digest(image.layers[0])}":
            return image.answer(request)
        asked.append(time.monotonic())
        if len(asked) > 1:
            return image.answer(request)
        request.send_response(200)
        request.send_header("Content-Length", len(image.layers[0]))
        request.end_headers()
        request.wfile.write(image.layers[0][:1000])
        request.wfile.flush()
        until(lambda: len(asked) > 1, 60)

    with mock(host, answer) as (_, program):
        program.ok("pull", "-q", NAME)
        holds(25 < asked[1] - asked[0] < 40, f"it was asked again after {asked[1] - asked[0]:.0f} seconds")
        program.ok("rmi", NAME)


@test
def a_registry_in_trouble_is_asked_again(host):
    image = Image([_layer(20_000, 4)])
    troubles = [(429, {"Retry_After": "1"}), (503, {}), (500, {}), (502, {})]
    asked = []

    def answer(request):
        if request.path.endswith("/manifests/latest"):
            asked.append(time.monotonic())
            if len(asked) <= len(troubles):
                status, headers = troubles[len(asked) - 1]
                return request.reply(status, b"", **headers)
        image.answer(request)

    with mock(host, answer) as (_, program):
        program.ok("pull", "-q", NAME)
        equal(len(asked), 5, "how often it was asked")
        holds(1 <= asked[1] - asked[0] < 3, f"it waited {asked[1] - asked[0]:.1f} seconds where one was asked for")
        program.ok("rmi", NAME)
        troubles = [(503, {})] * 100
        asked.clear()
        began = time.monotonic()
        matches(program.fails(125, "pull", "-q", NAME), "503", "a registry that stays in trouble")
        equal(len(asked), 4, "how often it was asked then")
        holds(time.monotonic() - began < 10, "it took too long to give up")
