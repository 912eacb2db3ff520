"""The two files that make a folder a tree of ours: what state it is, and which files are ours.

docs/design/tree-format.md explains each field. Both files may come from anywhere: whatever is read
here is checked, and no path of it is used that could lead out of the tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from lookervault.content.model import Missing
from lookervault.decoding import decodable
from lookervault.errors import UsageError
from lookervault.storage.certificates import shown
from lookervault.storage.runs import RunRow, TypeResult

FORMAT = "lookervault-tree/1"
MARKER = ".lookervault.json"
INDEX = ".lookervault.items.json"
WHOLE, WRITING = "whole", "being written"


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`TypeResult`, with its root in hexadecimal."""

    type: str
    items: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    missing: int
    calls: int
    census: int
    status: str
    reason: str
    root: str | None


@decodable
class Marker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`files` is json or yaml. Times are seconds since 1970, digests hexadecimal.

    `unconfirmed`: ids of each type that were there as of the run, and that it did not look at.
    """

    format: str
    state: str
    files: str
    run: int
    instance: str
    base_url: str
    looker_version: str
    program_version: str
    user: str
    user_id: str
    started: float
    finished: float
    status: str
    reasons: list[str]
    arguments: dict[str, Any]
    scope: list[str] | None
    types: list[str]
    results: list[Result]
    missing: list[Missing]
    root: str | None
    unconfirmed: dict[str, list[str]]


@decodable
class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file. What follows the id is only there where the file itself does not tell it."""

    path: str
    type: str
    id: str
    name: str | UnsetType | None = UNSET
    updated_at: str | UnsetType | None = UNSET
    trashed: bool | UnsetType = UNSET
    folder_id: str | UnsetType | None = UNSET
    refs: str | UnsetType | None = UNSET
    redacted: list[str] | UnsetType = UNSET


TOLD = ("name", "updated_at", "trashed", "folder_id", "refs", "redacted")


def describe(
    row: RunRow,
    results: Iterable[TypeResult],
    missing: list[Missing],
    unconfirmed: dict[str, list[str]],
    files: str,
) -> Marker:
    """Of arguments that no certificate shows there is the name alone. The run has ended."""
    if row.finished is None:
        raise ValueError(f"run {row.run} has not ended")
    return Marker(
        format=FORMAT,
        state=WHOLE,
        files=files,
        run=row.run,
        instance=row.instance,
        base_url=row.base_url,
        looker_version=row.looker_version,
        program_version=row.program_version,
        user=row.user,
        user_id=row.user_id,
        started=row.started,
        finished=row.finished,
        status=row.status,
        reasons=row.reasons,
        arguments=shown(row.arguments),
        scope=row.scope,
        types=row.types,
        results=[_result(one) for one in results],
        missing=missing,
        root=None if row.root is None else row.root.hex(),
        unconfirmed=unconfirmed,
    )


def _result(one: TypeResult) -> Result:
    fields = msgspec.structs.asdict(one)
    return Result(**fields | {"root": None if one.root is None else one.root.hex()})


def marker_bytes(marker: Marker) -> bytes:
    return msgspec.json.format(msgspec.json.encode(marker, order="sorted"), indent=2) + b"\n"


def index_bytes(entries: Iterable[Entry]) -> bytes:
    """A line for each file, in order of their paths: what changes in Git is what has changed."""
    lines = [msgspec.json.encode(entry) for entry in sorted(entries, key=lambda e: e.path)]
    return b"[\n%b\n]\n" % b",\n".join(lines)


def read_marker(data: bytes, name: str) -> Marker:
    """Raises `UsageError` where it is none, or of a format that this program does not know."""
    try:
        marker = msgspec.json.decode(data, type=Marker)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _strange(name, str(error)) from None
    if marker.format != FORMAT:
        raise _strange(name, f"its format is {marker.format!r}, not {FORMAT!r}")
    return marker


def read_index(data: bytes, name: str) -> list[Entry]:
    """Raises `UsageError` where it is none, or names a path twice, or one outside the tree."""
    try:
        entries = msgspec.json.decode(data, type=list[Entry])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _strange(name, str(error)) from None
    if strange := next((entry.path for entry in entries if not is_inside(entry.path)), None):
        raise _strange(name, f"it names the file {strange!r}")
    if len({entry.path for entry in entries}) < len(entries):
        raise _strange(name, "it names a file twice")
    return entries


def is_inside(path: str) -> bool:
    """Whether a path is one that an export may have written: below the tree, and not hidden."""
    steps = path.split("/")
    return len(steps) > 1 and not any(
        step == "" or step.startswith(".") or "\0" in step for step in steps
    )


def _strange(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name} is not as `export` writes it: {why}.",
        hint="Take it from an earlier commit, or export into a new folder.",
    )
