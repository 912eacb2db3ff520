"""How much a vault held, and how often it changed: sums over the bounds of intervals.

As in `storage.timeline`, an interval that ends where it begins is not there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from lookervault.storage.timeline import BEGAN, Reading


class Step(NamedTuple):
    """What happened in a run. `items` and `bytes` are by how much they grew; bytes are those of
    bodies as they came.

    `began` counts what a type began with in the vault, `new` what appeared later.
    """

    run: int
    items: int
    bytes: int
    began: int
    new: int
    changed: int
    deleted: int


class Changed(NamedTuple):
    """How often an item changed, and the runs that found it first and last."""

    type: str
    id: str
    changes: int
    first: int
    last: int


_OF_TYPES = """v.type IN (SELECT id FROM types t
  WHERE :types IS NULL OR t.name IN (SELECT value FROM json_each(:types)))"""
_BOUNDS = f"""
SELECT run, sum(begun), sum(ended), sum(size), sum(began) FROM (
  SELECT v.first_run AS run, 1 AS begun, 0 AS ended, coalesce(o.size, 0) AS size,
    v.first_run <= coalesce(b.run, v.first_run) AS began
  FROM versions v LEFT JOIN objects o ON o.id = v.object LEFT JOIN {BEGAN} b ON b.type = v.type
  WHERE {_OF_TYPES} AND v.first_run IS NOT v.end_run
  UNION ALL
  SELECT v.end_run, 0, 1, -coalesce(o.size, 0), 0
  FROM versions v LEFT JOIN objects o ON o.id = v.object
  WHERE {_OF_TYPES} AND v.end_run > v.first_run)
GROUP BY run ORDER BY run
"""  # noqa: S608  constants
_PAIRS = f"""
FROM versions v JOIN versions o ON o.type = v.type AND o.id = v.id AND o.end_run = v.first_run
WHERE {_OF_TYPES} AND v.first_run IS NOT v.end_run AND o.first_run < o.end_run
"""
_DIFFER = "(v.hash <> o.hash OR v.trashed <> o.trashed)"
_GOING_ON = f"SELECT v.first_run, count(*), sum({_DIFFER}) {_PAIRS} GROUP BY 1"
_MOST = f"""
SELECT (SELECT name FROM types t WHERE t.id = v.type), v.id, count(*), min(v.first_run),
  max(v.first_run)
{_PAIRS} AND {_DIFFER} AND v.first_run BETWEEN :low AND :high
GROUP BY v.type, v.id ORDER BY 3 DESC, 5 DESC, 1, length(v.id), v.id
"""  # noqa: S608  constants


class Counting:
    """Of one vault; made by its `Repository`, and as thread-safe."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def steps(self, types: Sequence[str] | None = None) -> list[Step]:
        """Of each run in which something happened, in order."""
        asked = {"types": _named(types)}
        with self._reading() as connection:
            going_on = {run: counts for run, *counts in connection.execute(_GOING_ON, asked)}
            rows = connection.execute(_BOUNDS, asked).fetchall()
        steps = []
        for run, begun, ended, size, began in rows:
            kept, changed = going_on.get(run, (0, 0))
            new, deleted = begun - kept - began, ended - kept
            steps.append(Step(run, begun - ended, size, began, new, changed, deleted))
        return steps

    def most_changed(
        self, low: int, high: int, types: Sequence[str] | None = None
    ) -> list[Changed]:
        """What these runs found changed, that which changed most often first."""
        asked = {"types": _named(types), "low": low, "high": high}
        with self._reading() as connection:
            return [Changed(*row) for row in connection.execute(_MOST, asked)]


def _named(types: Sequence[str] | None) -> str | None:
    return None if types is None else json.dumps(list(types))
