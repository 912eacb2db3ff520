"""Rows that are few: notes, names, dictionaries, checkpoints, and what each run says of itself."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from lookervault.storage import dictionaries, forgotten, merkle, roots, runs
from lookervault.storage.findings import NO_SUCH_VALUE, UNSEALED, Findings
from lookervault.storage.runs import RunRow
from lookervault.storage.schema import row_sum
from lookervault.storage.versions import page_sum

_NOT_WRITTEN = "its row is not the one that was written"


def check_notes(connection: sqlite3.Connection, findings: Findings) -> None:
    with findings.reading("the vault's notes"):
        for key, value, written in connection.execute("SELECT key, value, sum FROM meta"):
            if not sum_is(written, key, value):
                findings.add("note", f"the note of the vault's {key} is not the one written")


def check_months(connection: sqlite3.Connection, findings: Findings) -> None:
    with findings.reading("the calls by month"):
        for month, calls, written in connection.execute("SELECT month, calls, sum FROM months"):
            if not sum_is(written, month, calls):
                findings.add("note", f"the calls of {month} are not those that were written")


def check_types(connection: sqlite3.Connection, findings: Findings) -> dict[int, str]:
    """The names by number, also of those that are damaged."""
    names: dict[int, str] = {}
    with findings.reading("names of types"):
        for number, name, written in connection.execute("SELECT id, name, sum FROM types"):
            names[number] = str(name)
            if not sum_is(written, name):
                findings.add("type", f"the name of type {number} is not the one that was written")
    return names


def check_dictionaries(connection: sqlite3.Connection, findings: Findings) -> None:
    """Both places of each dictionary, against their hash and against each other."""
    rows: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for table in ("dictionaries", "dictionary_copies"):
        with findings.reading(f"the table {table}"):
            query = f"SELECT id, type, sha256, data FROM {table}"  # noqa: S608  one of two constants
            for row in connection.execute(query):
                rows[row[0]].append(row)
                if dictionaries.unpacked(row[2], row[3]) is None:
                    findings.add("dictionary", f"dictionary {row[0]} in {table} is damaged")
    for number, both in sorted(rows.items()):
        findings.checked["dictionaries"] += 1
        if len(both) != 2 or both[0] != both[1]:  # noqa: PLR2004  it is kept twice
            findings.add("dictionary", f"dictionary {number} and its copy are not the same")


def check_pages(connection: sqlite3.Connection, names: dict[int, str], findings: Findings) -> None:
    with findings.reading("checkpoints of runs"):
        for row in connection.execute("SELECT run, type, seq, number, ids, sum FROM pages"):
            run, number, seq, page, ids, written = row
            try:
                whole = page_sum(names.get(number, ""), run, seq, page, ids) == written
            except NO_SUCH_VALUE:
                whole = False
            if not whole:
                name = names.get(number)
                findings.add("checkpoint", f"checkpoint {seq}: {_NOT_WRITTEN}", type=name, run=run)


def check_forgotten(connection: sqlite3.Connection, findings: Findings) -> set[int]:
    """The numbers of those that there are."""
    numbers: set[int] = set()
    with findings.reading("the runs that were forgotten", "run"):
        numbers = forgotten.numbers(connection)
        for run, detail in forgotten.faults(connection):
            findings.add("run", detail, run=run)
    return numbers


def sum_is(written: object, *values: object) -> bool:
    try:
        return row_sum(values) == written
    except NO_SUCH_VALUE:  # text that is no Unicode
        return False


class Runs:
    """The runs of a vault, and whether each says what was written."""

    def __init__(self, connection: sqlite3.Connection, findings: Findings) -> None:
        self._connection = connection
        self._findings = findings
        self.numbers: set[int] = set()
        self._sealed: list[RunRow] = []
        self._known: dict[str, tuple[int, bytes]] = {}

    def check_seals(self) -> None:
        with self._findings.reading("the list of runs"):
            rows = self._connection.execute("SELECT run FROM runs ORDER BY run")
            self.numbers.update(run for (run,) in rows)
        for run in sorted(self.numbers):
            self._findings.checked["runs"] += 1
            with self._findings.reading(f"run {run}", "run", run=run):
                self._check_seal(run)
        for table in ("run_types", "missing", "proofs"):
            with self._findings.reading(f"the table {table}"):
                query = f"SELECT DISTINCT run FROM {table}"  # noqa: S608  one of three constants
                for (run,) in self._connection.execute(query):
                    if run not in self.numbers:
                        detail = f"the vault has no run {run}, but tells of it"
                        self._findings.add("run", detail, run=run)

    def _check_seal(self, run: int) -> None:
        query = "SELECT seal FROM runs WHERE run = ?"
        found = self._connection.execute(query, (run,)).fetchone()
        if found is None:
            self._findings.add("run", "the run is listed, but not found", run=run)
            return
        if (seal := found[0]) is None:
            self._findings.add(UNSEALED, "the run has not ended, or its end was lost", run=run)
        elif seal != runs.seal_of(self._connection, run):
            self._findings.add("run", "what is told of the run is not what was sealed", run=run)
        elif (row := runs.read(self._connection, run)) is not None:
            self._sealed.append(row)

    def check_roots(self, boundaries: dict[str, list[int]]) -> Iterator[int]:
        """Computes the roots of each sealed run anew; yields how many runs are done.

        `boundaries`: the runs in which something of a type began or ended, in order.
        """
        for done, row in enumerate(self._sealed, start=1):
            with self._findings.reading(f"the items of run {row.run}", "root", run=row.run):
                self._check_roots(row, boundaries)
            yield done

    @property
    def sealed(self) -> int:
        return len(self._sealed)

    def _check_roots(self, row: RunRow, boundaries: dict[str, list[int]]) -> None:
        written = {t.type: t.root for t in runs.read_types(self._connection, row.run)}
        if row.root is None and not any(written.values()):
            return
        found = {name: self._root(row, name, boundaries.get(name, [])) for name in row.types}
        for name, root in found.items():
            self._findings.checked["roots"] += 1
            if written.get(name) not in (None, root):
                detail = "its items are not those that the run confirmed"
                self._findings.add("root", detail, type=name, run=row.run)
        if row.root not in (None, merkle.run_root(found)):
            self._findings.add("root", "the run's root is another one", run=row.run)

    def _root(self, row: RunRow, name: str, boundaries: list[int]) -> bytes:
        """Between two changes of a type, all runs that saw the whole of it have the same root."""
        if not row.whole:
            return roots.of_type(self._connection, row.run, name)
        period = bisect_right(boundaries, row.run)
        if (known := self._known.get(name)) is not None and known[0] == period:
            return known[1]
        root = roots.of_type(self._connection, row.run, name)
        self._known[name] = (period, root)
        return root
