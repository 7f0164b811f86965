"""Pulls that are cut short: what has come is kept, and the next pull goes on from there."""
import os
import signal
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
