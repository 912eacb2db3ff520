"""A commit for a run: what it says, and in whose name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from lookervault.content.registry import TYPES
from lookervault.content.unseen import UNSEEN
from lookervault.decoding import decodable
from lookervault.storage.repository import Repository
from lookervault.storage.runs import RunRow
from lookervault.tree.directory import Directory
from lookervault.tree.export import CHANGED, DELETED, MOVED, NEW, read_tree
from lookervault.tree.git import Git, Person
from lookervault.tree.layout import Key
from lookervault.tree.marker import INDEX, MARKER, Entry, read_index

_LISTED = 50
"""Files that a message names."""
_NO_NAME = re.compile(r"[<>]|" + UNSEEN.pattern)
_CRUD = " .,:;\"'\\"
"""What git takes off a name; nothing else is none for it."""


class Committed(NamedTuple):
    kind: str
    key: Key
    path: str


def due(git: Git, rows: Sequence[RunRow]) -> tuple[list[RunRow], int]:
    """Complete runs after the newest that is committed, in order; and how many are left out: they
    are older, and a commit is not put before another one.
    """
    there = git.runs()
    newest = max(there, default=0)
    complete = [row for row in rows if row.status == "complete" and row.run not in there]
    after = [row for row in complete if row.run > newest]
    return after, len(complete) - len(after)


def commit(git: Git, vault: Repository, row: RunRow, tree: Directory) -> str | None:
    """Commits what an export has just written; None where the newest commit has it already."""
    _, now = read_tree(tree)
    index = git.file(INDEX)
    before = [] if index is None else read_index(index, f"HEAD:{INDEX}")
    had = git.committed()
    objects = git.stored([MARKER, INDEX, *(entry.path for entry in now)])
    changes = list(_changes(before, had, now, objects))
    gone = {entry.path for entry in before} - objects.keys()
    author = _author(vault, row, changes)
    message = _message(row, changes)
    return git.commit(objects, sorted(gone & had.keys()), message, author, row.finished or 0)


def _changes(
    before: Iterable[Entry],
    had: Mapping[str, str],
    now: Iterable[Entry],
    objects: Mapping[str, str],
) -> Iterator[Committed]:
    earlier = {(e.type, e.id): e.path for e in before if e.path in had}
    for entry in now:
        key = (entry.type, entry.id)
        path = earlier.pop(key, None)
        if path is None:
            yield Committed(NEW, key, entry.path)
        elif had[path] != objects[entry.path]:
            yield Committed(CHANGED, key, entry.path)
        elif path != entry.path:
            yield Committed(MOVED, key, entry.path)
    for key, path in earlier.items():
        yield Committed(DELETED, key, path)


# What it says.


def _message(row: RunRow, changes: list[Committed]) -> str:
    """Paths are safe to show: `names` has seen to that."""
    counts = Counter(change.kind for change in changes)
    told = ", ".join(f"{counts[k]:,} {k}" for k in (NEW, CHANGED, MOVED, DELETED) if counts[k])
    day = datetime.fromtimestamp(row.finished or 0, UTC).date().isoformat()
    status = "" if row.status == "complete" else f" ({row.status})"
    lines = [f"Run {row.run}{status}, {day}: {told or 'nothing has changed'}", ""]
    lines += [f"{change.kind} {change.path}" for change in changes[:_LISTED]]
    if len(changes) > _LISTED:
        lines.append(f"… and {len(changes) - _LISTED:,} more")
    lines += [""] if changes else []
    lines.append(f"LookerVault-Run: {row.run}")
    if row.root is not None:
        lines.append(f"LookerVault-Root: {row.root.hex()}")
    return "\n".join(lines) + "\n"


# In whose name.


def _author(vault: Repository, row: RunRow, changes: list[Committed]) -> Person:
    """Who made all of it, as far as the API tells; else the instance.

    A file that has only moved went with its folder, and queries come and go with what uses them.
    """
    made = [c for c in changes if c.kind != MOVED and not TYPES[c.key[0]].immutable]
    person: str | None = None
    for change in made:
        by = None if change.kind == DELETED else _by(vault, row.run, change.key)
        if by is None or person not in (None, by):
            return _instance(row)
        person = by
    return _instance(row) if person is None else _user(vault, row, person)


@decodable
class _Updated(msgspec.Struct):
    deleted: Any = None
    last_updater_id: Any = None
    deleter_id: Any = None


@decodable
class _User(msgspec.Struct):
    display_name: Any = None
    email: Any = None


def _by(vault: Repository, run: int, key: Key) -> str | None:
    """The user who changed it last, or put it into the trash; None where the API tells none."""
    told = _read(vault.body(*key, run), _Updated)
    value = told and (told.deleter_id if told.deleted is True else told.last_updater_id)
    return str(value) if isinstance(value, str | int) and value != "" else None


def _read[T](body: bytes | None, shape: type[T]) -> T | None:
    try:
        return None if body is None else msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _user(vault: Repository, row: RunRow, id: str) -> Person:
    user = _read(vault.body("users", id, row.run), _User) or _User()
    email = _clean(user.email).replace(" ", "")
    number = _clean(id).replace(" ", "") or "x"
    return Person(
        _clean(user.display_name) or f"Looker user {number}",
        email or f"user-{number}@{_host(row)}",
    )


def _instance(row: RunRow) -> Person:
    return Person(_host(row), f"looker@{_host(row)}")


def _host(row: RunRow) -> str:
    try:
        name = urlsplit(row.instance).hostname or row.instance
    except ValueError:
        name = row.instance
    return _clean(name).replace(" ", "") or "looker"


def _clean(text: object) -> str:
    return _NO_NAME.sub("", text).strip(_CRUD) if isinstance(text, str) else ""
