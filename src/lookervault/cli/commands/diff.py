"""`lookervault diff`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from lookervault.cli.changes import FolderOption, TypesOption
from lookervault.cli.options import DebugOption, Flags, JsonOption, LogFormatOption, reading

if TYPE_CHECKING:
    from datetime import datetime

    from lookervault.history.changes import Change
    from lookervault.storage.repository import Repository
    from lookervault.storage.runs import RunRow

_TIMES = ("now", "today", "yesterday")
_PAGE = ("The page", "--html")


@reading
def diff(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TYPE ID] [A] [B]",
            help="A and B: runs or times (3, 2026-11-01, yesterday, -7d). Without B: the newest"
            " run; without A: the run before it, or the item's version before the last.",
            show_default=False,
        ),
    ] = None,
    types: TypesOption = None,
    folder: FolderOption = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Write a page that shows it, readable without network.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    *,
    source: Flags,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Show what changed between two runs or times, field by field.

    \b
    Examples:
      lookervault diff 1 2
      lookervault diff yesterday
      lookervault diff -7d --type dashboards --folder 1
      lookervault diff dashboards 12
      lookervault diff 1 --html changes.html
      lookervault diff 1 --json
    """
    from lookervault.cli.failures import note
    from lookervault.cli.output import print_json
    from lookervault.cli.vaults import open_source
    from lookervault.proof.files import check_place

    if html is not None:
        check_place(html, *_PAGE)
    with open_source(source) as repository:
        asked = _asked(repository, what or [])
        found = _found(repository, asked, types, folder)
        told = _Told(asked, found, repository.timeline().beginnings())
        if asked.note:
            note(asked.note)
        if html is not None:
            _write(html, told)
        if json:
            print_json([change.json() for change in found])
        elif html is not None:
            print(f"{html}: {told.summary()}")
        else:
            _print(told)


class _Asked(NamedTuple):
    before: RunRow
    after: RunRow
    item: tuple[str, str] | None
    note: str = ""


def _asked(repository: Repository, what: list[str]) -> _Asked:
    """What the words on the command line mean. Raises `UsageError` where they mean nothing."""
    from datetime import UTC, datetime

    from lookervault.cli.vaults import check_run
    from lookervault.content.registry import content_type
    from lookervault.errors import UsageError
    from lookervault.history.moments import run_at

    item = None
    if what and what[0][:1].isalpha() and what[0].lower() not in _TIMES:
        name = content_type(what[0]).name
        if len(what) == 1:
            raise UsageError(
                f"Which of the {name}?", hint=f"Give an id, or --type {name} for all of them."
            )
        item, what = (name, what[1]), what[2:]
    if len(what) > 2:  # noqa: PLR2004  A and B
        raise UsageError("These are too many words.", hint="`lookervault diff --help` shows how.")
    now = datetime.now(UTC)
    runs = repository.runs()
    if not what:
        return _newest(repository, runs, item, now)
    for text in what:
        if text.strip().isdecimal():
            check_run(repository, int(text))  # it may be one that was forgotten
    before, after = (run_at(runs, text, now) for text in (*what, "now")[:2])
    return _Asked(before, after, item, _with_itself(before, what, now) if before == after else "")


def _with_itself(run: RunRow, what: list[str], now: datetime) -> str:
    """That what was asked for is one run, and why."""
    from lookervault.cli.changes import ran
    from lookervault.history.moments import beginning

    times = [text for text in what if not text.strip().isdecimal()]
    future = [text for text in times if beginning(text, now) > now]
    if future:
        why = f": {' and '.join(future)} {'lies' if len(future) == 1 else 'lie'} in the future"
    elif len(what) == 1:
        why = f": {what[0]} means the newest one"
    elif times:
        why = f": {' and '.join(what)} mean the same, as no run ended in between"
    else:
        why = ""
    return f"This compares {ran(run)}, with itself{why}. `lookervault runs` lists all."


def _newest(
    repository: Repository, runs: list[RunRow], item: tuple[str, str] | None, now: datetime
) -> _Asked:
    from lookervault.cli.vaults import not_there
    from lookervault.errors import UsageError
    from lookervault.history.moments import run_at

    after = run_at(runs, "now", now)
    last = after.run
    if item is not None:
        events = [e.run for e in repository.timeline().of_item(*item) if e.run <= after.run]
        if not events:
            raise not_there(repository, *item)
        last = events[0]
    earlier = [run for run in runs if run.run < last]
    if not earlier:
        raise UsageError(
            "There is nothing to compare it with: no run is older.",
            hint="Differences appear from the second run on; `lookervault runs` lists all.",
        )
    return _Asked(earlier[-1], after, item)


def _found(
    repository: Repository, asked: _Asked, types: list[str] | None, folder: str | None
) -> list[Change]:
    from lookervault.cli.changes import in_folder, type_names
    from lookervault.cli.vaults import not_there
    from lookervault.history.changes import History

    before, after, item, _ = asked
    chosen, wanted = type_names(types), in_folder(repository, folder)
    history = History(repository)
    if item is None:
        return list(history.between(before.run, after.run, chosen, wanted))
    if not repository.timeline().of_item(*item):
        raise not_there(repository, *item)
    change = history.of_one(*item, before.run, after.run)
    return [] if change is None else [change]


class _Told:
    """What is told of the changes. Types that were read for the first time are counted only."""

    def __init__(self, asked: _Asked, changes: list[Change], began: dict[str, int]) -> None:
        self.asked = asked
        late = [change for change in changes if _is_late(change, asked, began)]
        self.shown = [change for change in changes if not _is_late(change, asked, began)]
        counts = Counter(change.type for change in late)
        self.late = [(type, items, began[type]) for type, items in counts.items()]

    def summary(self) -> str:
        counts = Counter(change.change for change in self.shown)
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        return f"{told or ('nothing else changed' if self.late else 'nothing changed')}."


def _is_late(change: Change, asked: _Asked, began: dict[str, int]) -> bool:
    first = began.get(change.type, 0)
    return change.change == "added" and asked.before.run < first == change.row.first_run


def _print(told: _Told) -> None:
    from lookervault.cli.changes import print_change, print_heading, ran

    print_heading(f"{ran(told.asked.before)} → {ran(told.asked.after)}")
    for change in told.shown:
        print_change(change)
    for type, items, run in told.late:
        print(f"{type}: {items:,}, which run {run} was the first to read")
    print(told.summary().capitalize())


def _write(path: Path, told: _Told) -> None:
    """All of the page or what was there before, for the vault's owner alone."""
    from lookervault.cli.text import harmless
    from lookervault.history.page import Page
    from lookervault.proof.files import replace

    page = Page(told.asked.before, told.asked.after, told.shown, told.late, harmless)
    replace(path, page.html(), *_PAGE)
