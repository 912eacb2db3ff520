"""The changes as one page that needs nothing else: no network, no font, no picture.

Every text of a vault is escaped and stripped of what a reader cannot see; should one slip through
all the same, the page's policy lets no script run and no style count but those of
`page_assets.py`, which it knows by their hashes.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from lookervault.history.changes import Change
from lookervault.history.compare import ABSENT, Absent
from lookervault.history.moments import utc
from lookervault.history.page_assets import SCRIPT, STYLE
from lookervault.history.words import Name, Phrase, Value
from lookervault.storage.runs import RunRow

_LONGEST = 2000
"""Characters of a value; more are counted."""
_MOST_FIELDS = 200


class Page(NamedTuple):
    """`late`: (type, items, run) of types that were read for the first time in between; `clean`
    makes characters visible that are not.
    """

    before: RunRow
    after: RunRow
    changes: Sequence[Change]
    late: Sequence[tuple[str, int, int]]
    clean: Callable[[str], str]

    def html(self) -> bytes:
        return "".join(self._parts()).encode("utf-8", "replace")

    def _parts(self) -> Iterator[str]:
        title = f"{self._instance()}: run {self.before.run} to run {self.after.run}"
        yield _HEAD.format(policy=_POLICY, title=self._text(title), style=STYLE)
        yield self._header()
        yield "<main>"
        for type, group in groupby(self.changes, key=lambda change: change.type):
            yield from self._section(type, list(group))
        yield from (self._late(*late) for late in self.late)
        if not self.changes and not self.late:
            yield "<p>Nothing changed.</p>"
        yield f"</main>{_FOOT}<script>{SCRIPT}</script></body></html>\n"

    def _instance(self) -> str:
        return self.after.instance.partition("://")[2] or self.after.instance

    def _text(self, text: str) -> str:
        """Harmless anywhere in the page, line by line."""
        return escape("\n".join(self.clean(line) for line in text.split("\n")))

    def _header(self) -> str:
        kinds = Counter(change.change for change in self.changes)
        buttons = "".join(
            f'<button type="button" aria-pressed="true" data-kind="{kind}">'
            f"{number:,} {kind}</button>"
            for kind, number in kinds.items()
        )
        return _HEADER.format(
            instance=self._text(self._instance()),
            before=self._run(self.before),
            after=self._run(self.after),
            buttons=buttons,
        )

    def _run(self, run: RunRow) -> str:
        when = utc(run.started)
        return f'run {run.run} <time datetime="{when}">({when[:10]} {when[11:16]} UTC)</time>'

    def _section(self, type: str, changes: list[Change]) -> Iterator[str]:
        yield f"<section><h2>{self._text(type)} <span>({len(changes):,})</span></h2>"
        for change in changes:
            yield self._article(change)
        yield "</section>"

    def _article(self, change: Change) -> str:
        name = self._text(change.name) if change.name else '<span class="none">no name</span>'
        by = ""
        if change.who is not None:
            by = f" · by <bdi>{self._text(change.who.name or f'user {change.who.id}')}</bdi>"
        lines = "".join(f"<li>{self._phrase(line)}</li>" for line in change.lines())
        return (
            f'<article class="{change.change}"><h3><span class="kind">{change.change}</span>'
            f"<bdi>{name}</bdi></h3>"
            f'<p class="id">{self._text(f"{change.type} {change.id}")}{by}</p>'
            f"{f'<ul>{lines}</ul>' if lines else ''}{self._details(change)}</article>\n"
        )

    def _phrase(self, phrase: Phrase) -> str:
        return "".join(self._part(part) for part in phrase)

    def _part(self, part: str) -> str:
        text = self._text(part)
        if isinstance(part, Name):
            return f"<em><bdi>{text}</bdi></em>"
        return f"<q><bdi>{text}</bdi></q>" if isinstance(part, Value) else text

    def _details(self, change: Change) -> str:
        if not change.fields:
            return ""
        shown = "".join(
            f"<dt>{self._text(field.path or 'everything')}</dt>"
            f"{self._side('before', field.before)}{self._side('after', field.after)}"
            for field in change.fields[:_MOST_FIELDS]
        )
        number = len(change.fields)
        more = f"<dt>… and {number - _MOST_FIELDS:,} more</dt>" if number > _MOST_FIELDS else ""
        called = "the field" if number == 1 else f"all {number:,} fields"
        return f"<details><summary>{called}</summary><dl>{shown}{more}</dl></details>"

    def _side(self, side: str, value: Any) -> str:
        if value is ABSENT:
            return f'<dd class="{side}"><span class="none">not there</span></dd>'
        return f'<dd class="{side}">{self._text(_spelled(value))}</dd>'

    def _late(self, type: str, items: int, run: int) -> str:
        return f"<p>{self._text(type)}: {items:,}, which run {run} was the first to read.</p>"


def _spelled(value: Any | Absent) -> str:
    if isinstance(value, str):
        text = value
    else:
        try:
            text = msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
        except (OverflowError, RecursionError, msgspec.MsgspecError):
            text = str(value)
    left = len(text) - _LONGEST
    return text if left <= 0 else f"{text[:_LONGEST]}… and {left:,} more characters"


def _source(*texts: str) -> str:
    hashes: Iterable[bytes] = (b64encode(sha256(text.encode()).digest()) for text in texts)
    return " ".join(f"'sha256-{one.decode()}'" for one in hashes)


_POLICY = (
    f"default-src 'none'; style-src {_source(STYLE)}; script-src {_source(SCRIPT)};"
    " base-uri 'none'; form-action 'none'"
)
_HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">
<title>{title}</title><style>{style}</style></head><body>
"""
_HEADER = """<header><h1>What changed in <bdi>{instance}</bdi></h1>
<p class="from-to">From {before} to {after}</p></header>
<div class="bar"><div class="tools"><input type="search" aria-label="Search"
 placeholder="Search titles, people, fields, values" autocomplete="off" spellcheck="false">{buttons}
<p class="count" role="status"></p></div></div>
"""
_FOOT = "<footer>Made by lookervault diff, from the vault alone.</footer>"
