"""The index of a vault as it is now: opened, brought up to date or made anew."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from lookervault.content.registry import TYPES
from lookervault.errors import DamagedError
from lookervault.search.keys import Read, named_only, read
from lookervault.storage.contents import Contents, Interval, Mark
from lookervault.storage.log import log_path
from lookervault.storage.repository import Repository
from lookervault.storage.search_file import (
    in_memory,
    index_path,
    make_index,
    open_index,
    writing,
)
from lookervault.storage.search_index import SearchIndex, State, Unusable, numbers
from lookervault.storage.search_writer import Held, IndexWriter

type Tell = Callable[[str], None]
type Question[T] = Callable[[SearchIndex, Contents], T]

_VERSION = struct.Struct("<q8s")
_MANY = 2_000
"""Items from which on it takes seconds to read them, so that it is told."""
_SETTLED_S = 2.0
"""A file that was written later than this before it was looked at may be written again with no
other time: file systems count in steps.
"""
_PLACE = {name: place for place, name in enumerate(TYPES)}


def ask[T](vault: Repository, question: Question[T], tell: Tell, *, anew: bool = False) -> T:
    """What an index says that is as new as the vault. What takes long or is amiss is told.

    One that proves to be damaged while it is read is made anew, once; so it is with `anew`.
    """
    if not anew:
        with suppress(Unusable), _current(vault, tell, anew=False) as index:
            return _answer(vault, question, index)
    with _current(vault, tell, anew=True) as index:
        return _answer(vault, question, index)


def _answer[T](vault: Repository, question: Question[T], index: SearchIndex) -> T:
    with index.one_state(), vault.contents() as contents:
        return question(index, contents)


@contextmanager
def _current(vault: Repository, tell: Tell, *, anew: bool) -> Iterator[SearchIndex]:
    index = None if anew else _as_it_is(vault)
    if index is None:
        try:
            with writing(vault.path) as file:
                index = _brought_up_to_date(vault, file, tell, anew=anew)
        except (OSError, Unusable) as error:
            index = _instead(vault, error, tell)
    with index:
        yield index


def _instead(vault: Repository, error: Exception, tell: Tell) -> SearchIndex:
    why = getattr(error, "strerror", None) or str(error)
    tell(
        f"The index {index_path(vault.path)} cannot be written ({why}):"
        " it is made in memory, for this once."
    )
    index = in_memory()
    try:
        _fill(vault, index, tell)
    except BaseException:
        index.close()
        raise
    return index


def _as_it_is(vault: Repository) -> SearchIndex | None:
    """The index, if there is nothing to do to it."""
    with suppress(Unusable):
        index = open_index(vault.path)
        try:
            if _is_current(vault, index):
                return index
        except BaseException:
            index.close()
            raise
        index.close()
    return None


def _brought_up_to_date(vault: Repository, file: int, tell: Tell, *, anew: bool) -> SearchIndex:
    """Another process may have done it while this one waited for its turn."""
    with suppress(Unusable):
        index = open_index(vault.path)
        try:
            if not anew and _is_of(vault, index):
                if not _is_current(vault, index):
                    _fill(vault, index, tell)
                return index
        except BaseException:
            index.close()
            raise
        index.close()
    make_index(vault.path, file, lambda index: _fill(vault, index, tell))
    return open_index(vault.path)


def _is_of(vault: Repository, index: SearchIndex) -> bool:
    return index.get("instance") == (vault.instance() or "")


def _is_current(vault: Repository, index: SearchIndex) -> bool:
    """By the vault's files, as far as they tell; or else by a sum over all rows of versions."""
    now, stamp = time.time(), _stamp(vault.path)
    if stamp.text == index.get("stamp"):
        return True
    with vault.contents() as contents:
        digest = contents.digest()
    if digest != index.get("digest") or not _is_of(vault, index):
        return False
    if stamp.is_settled(now) and index.writable:
        index.note_if_free("stamp", stamp.text)
    return True


class _Stamp(NamedTuple):
    """The files of a vault as they look from outside; `newest` is in seconds since 1970."""

    text: str
    newest: float

    def is_settled(self, now: float) -> bool:
        return now - self.newest > _SETTLED_S


def _stamp(vault: Path) -> _Stamp:
    parts: list[int] = []
    times = [0.0]
    for file in (vault, log_path(vault)):
        with suppress(OSError):
            found = file.stat()
            if file == vault or found.st_size:  # an empty log is that of a reader
                parts += (found.st_dev, found.st_ino, found.st_size)
                parts += (found.st_mtime_ns, found.st_ctime_ns)
                times += (found.st_mtime, found.st_ctime)
    return _Stamp(" ".join(map(str, parts)), max(times))


# Filling it.


def _fill(vault: Repository, index: SearchIndex, tell: Tell) -> None:
    now, stamp = time.time(), _stamp(vault.path)
    with vault.contents() as contents, IndexWriter(index) as writer:
        unreadable = _update(contents, writer, tell)
        writer.finish(
            {
                "instance": vault.instance() or "",
                "digest": contents.digest(),
                "stamp": stamp.text if stamp.is_settled(now) else "",
            }
        )
    if unreadable:
        tell(
            f"{unreadable:,} bodies are damaged and cannot be searched:"
            " `lookervault verify` names them."
        )


def _update(contents: Contents, writer: IndexWriter, tell: Tell) -> int:
    """Looks at the items that are not as they were; returns how many bodies are damaged."""
    known = writer.known()
    changed: list[Mark] = []
    for mark in contents.marks():
        _, before = known.pop((mark.type, mark.id), (0, None))
        if before != mark.sum:
            changed.append(mark)
    if len(changed) >= _MANY:
        tell(f"Indexing {len(changed):,} items, once …")
    reading = _Reading(contents, writer)
    changed.sort(key=_natural)
    for mark, item in [(mark, writer.number(mark.type, mark.id)) for mark in changed]:
        reading.take(mark, item)
    for (type, _), (item, _) in known.items():
        writer.save(item, type, writer.held(item), Held(), mark=0, ways=())
    return reading.unreadable


def _natural(mark: Mark) -> tuple[int, str, int, str]:
    """Numbers of items are in the order in which they are shown, as far as they are new."""
    digits = len(mark.id) if mark.id.isdecimal() else 0
    return _PLACE.get(mark.type, len(_PLACE)), mark.type, digits, mark.id


class _Reading:
    """Reads of each item the versions that the index does not know."""

    def __init__(self, contents: Contents, writer: IndexWriter) -> None:
        self._contents = contents
        self._writer = writer
        self.unreadable = 0

    def take(self, mark: Mark, item: int) -> None:
        before = self._writer.held(item)
        intervals = self._contents.intervals(mark.type, mark.id)
        versions = b"".join(_VERSION.pack(v.first_run, v.object) for v in intervals)
        goes_on = before.state is not State.UNKNOWN and versions.startswith(before.versions)
        last = intervals[-1] if intervals else None
        keys, past = self._grown(mark, before, intervals, goes_on=goes_on)
        ways = [self._writer.number(*target) for target in sorted(keys.targets)]
        now = self._writer.keys(keys.keys)
        after = Held(_state(last), versions, numbers(sorted(now)), numbers(sorted(past - now)))
        self._writer.save(item, mark.type, before, after, mark=mark.sum, ways=ways)

    def _grown(
        self, mark: Mark, before: Held, intervals: Sequence[Interval], *, goes_on: bool
    ) -> tuple[Read, set[int]]:
        """What the item has now, and the keys of its versions that have ended."""
        past: set[int] = set()
        ended = list(intervals)
        present = ended.pop() if ended and ended[-1].end_run is None else None
        if goes_on:
            past.update(before.past, before.now)
            ended = ended[len(before.versions) // _VERSION.size :]
        for interval in ended:
            past |= self._writer.keys(self._read(mark, interval).keys)
        return (Read(set(), set()) if present is None else self._read(mark, present)), past

    def _read(self, mark: Mark, interval: Interval) -> Read:
        try:
            body = self._contents.body(mark.type, mark.id, interval.first_run)
        except (DamagedError, LookupError):
            self.unreadable += 1
            return named_only(interval.name)
        return read(mark.type, mark.id, interval.name, body)


def _state(last: Interval | None) -> State:
    if last is None:
        return State.UNKNOWN
    if last.end_run is not None:
        return State.DELETED
    return State.TRASHED if last.trashed else State.PRESENT
