"""How numbers are shown: a cell, and whether a target is met."""
import statistics


def cell(times):
    """Seconds, as milliseconds: median (least)."""
    return f"{statistics.median(times) * 1000:.1f} ({min(times) * 1000:.1f})" if times else "–"


def verdict(value, target):
    if value is None or target is None:
        return ""
    return "  met" if value <= target else "  NOT MET"


def head(width=28):
    print(f"{'':{width}}{'swiftlet':>18}{'podman':>18}{'ratio':>8}{'target':>8}")


def row(name, ours, theirs, target, width=28):
    """A line of the table: both times, their ratio, the target."""
    ratio = statistics.median(ours) / statistics.median(theirs) if ours and theirs else None
    print(f"{name:{width}}{cell(ours):>18}{cell(theirs):>18}{f'{ratio:.2f}' if ratio else '':>8}{target or '':>8}{verdict(ratio, target)}")
