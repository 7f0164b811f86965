"""What tests are written with: the mark of a test, and checks that say what was seen."""
import re

TESTS = []


class Failure(AssertionError):
    """A check that did not hold; its text says what was seen."""


def test(function):
    """Marks a test. Its name is the sentence that the function's name makes."""
    TESTS.append(function)
    function.sentence = function.__name__.replace("_", " ")
    return function


def holds(condition, what):
    if not condition:
        raise Failure(what)


def equal(seen, wanted, what):
    if seen != wanted:
        raise Failure(f"{what}: wanted {shown(wanted)}, saw {shown(seen)}")


def matches(text, pattern, what):
    """The pattern is a regular expression that is found in the text; ^ and $ match at lines."""
    found = re.search(pattern, text, re.M)
    if not found:
        raise Failure(f"{what}: no /{pattern}/ in {shown(text)}")
    return found


def shown(value):
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= 1500 else text[:1500] + f"… ({len(text)} characters)"
    return f"\n{text}" if "\n" in text.rstrip("\n") else f"‘{text.rstrip()}’"


def one_line(error, what):
    """An error is one line, the last, that begins as Podman's do; before it may stand load's progress."""
    lines = [line for line in error.strip().splitlines() if not line.startswith(("Copying ", "Getting ", "Writing ", "Storing "))]
    holds(len(lines) == 1 and lines[0].startswith("Error: "), f"{what}: wanted one line 'Error: …', saw {shown(error)}")
    return lines[0]
