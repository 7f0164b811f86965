#!/usr/bin/env python3
"""Runs the host tests on a private host.

    sudo Tests/Host/run.py [--swiftlet PROGRAM] [--only TEXT]... [--unified] [--list] [--timings]

A test is a function marked @test in a module test_*.py; its name is a sentence. Each runs on the same host,
and has failed, too, if the host is not afterwards what it was before (census.py). The last line printed is
'N passed, N failed'; the exit status is 0 only if none failed.
"""
import argparse
import importlib
import os
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import check  # noqa: E402
import host  # noqa: E402
import program  # noqa: E402
from fixture import Host  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--swiftlet", metavar="PROGRAM", help="what is tested (default: the newest build)")
    parser.add_argument("--only", metavar="TEXT", action="append", help="tests whose module or name has this in it")
    parser.add_argument("--unified", action="store_true",
                        help="with the unified hierarchy of control groups (version 2) alone, without controllers that another one has")
    parser.add_argument("--list", action="store_true", help="print the tests' names")
    parser.add_argument("--timings", action="store_true", help="print how long each took")
    options = parser.parse_args()
    tests = selected(options.only, options.unified)
    if options.list:
        for function in tests:
            print(f"{function.__module__}: {function.sentence}")
        return
    swiftlet = program.find(options.swiftlet)
    if host.STAGE not in os.environ:
        program.image_archive()
        # The private host has no network to get it.
        if any(function.__module__ == "test_trees" for function in tests):
            program.debian_root()
    scratch = host.enter(options.unified)
    machine = Host(program.prepare(swiftlet, scratch), scratch, program.image_archive())
    machine.warm_up()
    failed = sum(not passes(function, machine, options.timings) for function in tests)
    print(f"{len(tests) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def selected(texts, unified):
    """The tests, module by module in the order of their names, in each as written. A module that says UNIFIED has what
    only --unified can show."""
    for path in sorted(HERE.glob("test_*.py")):
        importlib.import_module(path.stem)
    there = [t for t in check.TESTS if unified or not getattr(sys.modules[t.__module__], "UNIFIED", False)]
    return [t for t in there if not texts or any(x in f"{t.__module__} {t.sentence}" for x in texts)]


def passes(function, machine, timings):
    """Runs one test and prints how it went. A module's own warm_up(host), if it has one, comes first."""
    getattr(sys.modules[function.__module__], "warm_up", lambda _: None)(machine)
    before, began, why = machine.census(), time.monotonic(), ""
    try:
        function(machine)
    except check.Failure as failure:
        why = str(failure)
    except Exception:
        why = traceback.format_exc(limit=-4)
    took = f" ({time.monotonic() - began:.1f} s)" if timings else ""
    left = machine.settled(before)
    if left and not why:
        why = "the host is not what it was:\n" + "\n".join(left[:40])
    print(("not ok " if why else "ok ") + function.sentence + took)
    if why:
        for line in why.splitlines():
            print("    " + line)
    if why:
        machine.restore()
    sys.stdout.flush()
    return not why


if __name__ == "__main__":
    main()
