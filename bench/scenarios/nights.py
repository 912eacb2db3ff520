"""A year of nights in one vault, beside a restic repository of the same content."""

from __future__ import annotations

from collections.abc import Iterator

from bench.scenario import Bench, Figure, Finding, Result

_WORDS = {
    "log": "`log` of an item",
    "feed": "`log --all`, the newest 100 changes",
    "diff": "`diff` of two nights",
    "long_diff": "`diff` of the first and the last night",
    "show": "`show` as of the night in the middle",
    "verify": "`verify`",
}
_THEIRS = {
    "diff": "`restic diff` of two nights",
    "long_diff": "`restic diff` of the first and the last night",
    "show": "`restic dump` as of the night in the middle",
    "verify": "`restic check --read-data`",
}
_QUIET = 30
"""Nights in which nothing changes."""


def run(bench: Bench) -> Finding:
    nights = bench.pick((30, 365), (2, 4))
    result = bench.client("nights", items=bench.pick(2_000, 100), nights=nights)
    small, large = (
        bench.client("quiet_nights", items=items, nights=bench.pick(_QUIET, 4))
        for items in bench.pick((500, 4_000), (60, 200))
    )
    return Finding(
        title="A year of nights",
        how=_how(result, small, large),
        figures=[
            Figure("vault after the first run", [result["first"] / 1e6], "MB"),
            *(figure for number in nights for figure in _after(number, result)),
            *_unchanged(small, large),
        ],
    )


def _how(result: Result, small: Result, large: Result) -> str:
    return (
        f"A made-up company of {result['items']:,} items, {result['raw'] / 1e6:,.1f} MB of JSON, of"
        " which 1 % get another title each night. The first run is the program's own; the others"
        " hand to the vault what an extraction would, so a night's time is that of storing, without"
        " Looker. Times are those of whole processes, the median of three, with what the system"
        f" holds in its cache. {_restic(result)} What an unchanged item costs is measured with"
        f" {small['items']:,} and {large['items']:,} items of which none changes: a run has rows of"
        " its own for each type, and a certificate, however many items there are."
    )


def _restic(result: Result) -> str:
    if not result["restic"]:
        return (
            "**restic was not there, so there is nothing to compare with** (Debian has it:"
            " `apt-get install restic`)."
        )
    return (
        "Beside it, the same content is a tree of files, one for each item; only changed ones are"
        " written again, and `restic backup` looks at all of it each night. restic encrypts, which"
        " a vault does not; most of a short command of it is making the key from the password."
    )


def _after(number: int, result: Result) -> Iterator[Figure]:
    told = result["after"][str(number)]
    when = f"{number} nights: "
    yield Figure(f"{when}vault", [told["size"] / 1e6], "MB")
    grown = (told["size"] - result["first"]) / told["changes"]
    yield Figure(f"{when}vault, for each change", [grown / 1e3], "kB")
    if theirs := told.get("restic"):
        yield Figure(f"{when}restic repository", [theirs["size"] / 1e6], "MB")
    yield Figure(f"{when}storing one night", [told["night"]], "s")
    if theirs:
        yield Figure(f"{when}`restic backup` of one night", [theirs["night"]], "s")
    for name, words in _WORDS.items():
        yield Figure(when + words, [told[name]], "s")
        if theirs and name in _THEIRS:
            yield Figure(when + _THEIRS[name], [theirs[name]], "s")


def _unchanged(small: Result, large: Result) -> Iterator[Figure]:
    """The slope between two sizes, and what is left of it at none."""
    slope = (large["bytes"] - small["bytes"]) / (large["items"] - small["items"])
    yield Figure("an unchanged item, for each run", [max(slope, 0.0)], "bytes", "≤ 1")
    yield Figure("a run in which nothing changed", [large["bytes"] / 1e3], "kB")
    share = large["bytes"] / large["items"]
    yield Figure(f"the same, shared by {large['items']:,} items", [share], "bytes an item")
