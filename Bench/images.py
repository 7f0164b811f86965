#!/usr/bin/env python3
"""Measures getting images against Debian's Podman: same host, same image, turn by turn.

    sudo Bench/images.py [--swiftlet PROGRAM] [--rounds 5] [--layers 8] [--size 300] [--many 500] [--huge GB]

Everything runs on a private host (Tests/Host/host.py), each engine on its own storage. The image has --layers
layers of files, --size MB in all, half of it random and half of it text; docker-registry has it on loopback,
with TLS. --many: commands are measured on a store with one image, and on one with that many more. --huge: the
memory that a pull of one layer of that many GB takes, and nothing else; minutes, and as much room on the disk. The exit
status is 0 whatever the times are.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "Tests/Host"), str(TOP / "Bench")]

import host  # noqa: E402
import program  # noqa: E402
from host import do  # noqa: E402
from measure import peak, prepared, timed  # noqa: E402
from program import IMAGE  # noqa: E402
from registry import Image, Server, configuration, digest, docker_archive, registry  # noqa: E402
from table import head, row, verdict  # noqa: E402

NAME = "ghcr.io/bench/image:latest"
TIME_TARGET, MEMORY_TARGET = 0.6, 128 << 20
# Seconds that commands may take longer with many images; the least of so many rounds is compared.
GROWTH_TARGET, CROWD_ROUNDS = 0.002, 25


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", metavar="PROGRAM", help="what is measured (default: the release build)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--size", type=int, default=300, metavar="MB")
    parser.add_argument("--many", type=int, default=500, metavar="N")
    parser.add_argument("--huge", type=int, default=0, metavar="GB", help="measure the memory for a layer of that size, and nothing else")
    options = parser.parse_args()
    swiftlet = program.find(options.swiftlet, released=True)
    if host.STAGE not in os.environ:
        program.image_archive()
    scratch = host.enter()
    engines = prepared(scratch, swiftlet, shutil.which("podman"))
    if options.huge:
        for name, engine in engines.items():
            huge(name, engine, options, scratch)
        return
    machine = type("Machine", (), {"scratch": scratch})
    with registry(machine) as there:
        for engine in engines.values():
            # Podman fails where the file of credentials that it is told of is missing.
            name = "CONTAINERS_REGISTRIES_CONF"
            engine.environment[name] = there.environment[name]
        archive = make_archive(scratch, options)
        there.copy(f"docker-archive:{archive}", "bench/image:latest", "--format oci")
        compare(engines, options, archive, there, scratch)
        if options.many:
            crowd(engines["swiftlet"], options, scratch)


# --- the image ----------------------------------------------------------------------------------

def make_archive(scratch, options):
    """A docker-archive: in each layer files of many sizes."""
    chance = random.Random(4)
    words = [chance.randbytes(6).hex() for _ in range(4000)]
    layers = [layer(chance, words, number, options.size * 1_000_000 // options.layers) for number in range(options.layers)]
    path = scratch / "bench.tar"
    with tarfile.open(path, "w") as archive:
        docker_archive(archive, layers)
    return path


def layer(chance, words, number, size):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        count = 0
        while data.tell() < size:
            length = min(int(chance.lognormvariate(10, 2)), 8 << 20)
            content = chance.randbytes(length) if count % 2 else " ".join(chance.choices(words, k=length // 13 + 1)).encode()
            entry = tarfile.TarInfo(f"layer{number}/d{count % 40}/f{count}")
            entry.size, entry.mtime = len(content), 1_700_000_000 + count
            archive.addfile(entry, io.BytesIO(content))
            count += 1
    return data.getvalue()


# --- what is measured ---------------------------------------------------------------------------

def elsewhere(engine, directory):
    """The engine on a store of its own. Podman takes no runroot whose path has more than 50 characters."""
    return replace(engine, options=[*engine.options, "--root", str(directory), "--runroot", f"/run/{directory.name}"])


def compare(engines, options, archive, there, scratch):
    """Each turn has a store of its own, on a file system that is new: ext4 looks at each inode that was deleted within the
    last minutes before it takes one that is free, so what unpacks after a removal is the slower the larger that was."""
    stores = scratch / "stores"
    stores.mkdir()
    do(f"truncate -s 40G {stores}.ext4 && mkfs.ext4 -q -E nodiscard {stores}.ext4 && mount -o loop {stores}.ext4 {stores}")
    # Else what is written waits in the memory of two file systems.
    do(f"losetup --direct-io=on $(findmnt --noheadings --output SOURCE {stores})")
    print(f"{options.size} MB in {options.layers} layers; {options.rounds} rounds; milliseconds, median (least)\n")
    head()
    commands = {"pull": ("pull", "-q", "--cert-dir", there.certs, NAME), "load": ("load", "-q", "-i", archive)}
    for title, command in commands.items():
        times = {name: [] for name in engines}
        for number in range(options.rounds + 1):
            for name in list(engines) if number % 2 else list(reversed(engines)):
                engine = elsewhere(engines[name], stores / f"{title}{number}.{name}")
                do("sync")
                took, _ = timed(engine.command(*command), engine.environ())
                if number:
                    times[name].append(took)
        row(title, times["swiftlet"], times.get("podman"), TIME_TARGET)
    for name, engine in engines.items():
        found = {}
        for title, command in commands.items():
            engine.ok("rmi", "-a", "-f")
            found[title] = peak(engine, *command, runs=1)
        text = ", ".join(f"{title} {value / 2**20:.1f} MiB" for title, value in found.items())
        told = f", target {MEMORY_TARGET >> 20} MiB{verdict(max(found.values()), MEMORY_TARGET)}" if name == "swiftlet" else ""
        print(f"peak memory of {name}: {text}{told}")
        engine.ok("rmi", "-a", "-f")


def huge(name, engine, options, scratch):
    """One layer with one file of many GB, one part in sixteen random, compressed as gzip does piece by piece."""
    chance = random.Random(5)
    piece = b"".join(chance.randbytes(1 << 16) + bytes(15 << 16) for _ in range(64))
    count = options.huge * 1_000_000_000 // len(piece)
    entry = tarfile.TarInfo("huge")
    entry.size = count * len(piece)
    head, tail = entry.tobuf(tarfile.GNU_FORMAT), bytes(1024)
    whole = hashlib.sha256(head)
    for _ in range(count):
        whole.update(piece)
    whole.update(tail)
    image = Image([b""])
    image.layers = [gzip.compress(head, 1) + gzip.compress(piece, 1) * count + gzip.compress(tail, 1)]
    image.configuration = image.configuration.replace(digest(b"").encode(), f"sha256:{whole.hexdigest()}".encode())
    document = json.loads(image.manifest)
    document["config"] |= {"digest": digest(image.configuration), "size": len(image.configuration)}
    document["layers"][0] |= {"digest": digest(image.layers[0]), "size": len(image.layers[0])}
    image.add_manifest("latest", json.dumps(document).encode(), document["mediaType"])
    for blob in (image.configuration, image.layers[0]):
        image.add_blob(blob)
    with Server(image.answer) as server:
        environment = configuration(scratch, f'[[registry]]\nprefix="test.example"\nlocation="{server.host}"\ninsecure=true\n')
        # Podman fails where the file of credentials that it is told of is missing.
        registries = "CONTAINERS_REGISTRIES_CONF"
        engine = replace(engine, environment={**engine.environment, registries: environment[registries]})
        began = time.monotonic()
        found = peak(engine, "pull", "-q", "test.example/test/image:latest", runs=1)
        print(f"pull of a layer of {entry.size / 1e9:.1f} GB, {len(image.layers[0]) / 1e9:.2f} GB compressed, by {name}: "
              f"{time.monotonic() - began:.0f} s, peak memory {found / 2**20:.1f} MiB"
              + (f", target {MEMORY_TARGET >> 20} MiB{verdict(found, MEMORY_TARGET)}" if name == "swiftlet" else ""), flush=True)
    engine.ok("rmi", "-a", "-f")


def crowd(engine, options, scratch):
    """Commands on a store with one image, and on another with many more, turn by turn."""
    # Both are named, for a line with options before the command takes longer to parse.
    crowded = elsewhere(engine, scratch / "crowd")
    stores = {"1 image": elsewhere(engine, scratch / "alone"), f"{options.many} more": crowded}
    for each in stores.values():
        each.ok("load", "-q", "-i", program.image_archive())
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("f"), io.BytesIO(b""))
    (scratch / "one.tar").write_bytes(content.getvalue())
    for number in range(options.many):
        crowded.ok("import", "-q", "-m", str(number), "-c", "LABEL a=b", scratch / "one.tar", f"crowd{number}")
    short = IMAGE.split("/")[-1].split(":")[0]
    commands = {
        "images": ("images",), "images -q": ("images", "-q"), "images NAME": ("images", short),
        "image exists NAME": ("image", "exists", short), "ps --filter ancestor": ("ps", "-a", "--filter", f"ancestor={short}"),
        "run --rm": ("run", "--rm", "--network=none", IMAGE, "true"), "run --rm, short name": ("run", "--rm", "--network=none", short, "true"),
    }
    print(f"\n{'least milliseconds with':24}{'1 image':>10}{options.many:>8} more  growth, target {GROWTH_TARGET * 1000:.0f} or less")
    for title, command in commands.items():
        times = {name: [] for name in stores}
        for _ in range(CROWD_ROUNDS):
            for name, each in stores.items():
                times[name].append(timed(each.command(*command), each.environ())[0])
        few, many = (min(x) for x in times.values())
        print(f"{title:24}{few * 1000:>10.1f}{many * 1000:>8.1f}       {(many - few) * 1000:.1f}{verdict(many - few, GROWTH_TARGET)}")


if __name__ == "__main__":
    main()
