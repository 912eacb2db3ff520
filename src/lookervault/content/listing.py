"""Offset listings that notice when they shift.

Looker's searches have no cursor: `limit` and `offset` are all there is, and rows that are created
or deleted in between move the others. Each page therefore starts at the last row of the page
before. If that row is not there, something before it was deleted and a row has slipped past:
the listing goes back until it stands on known ground again. The end is believed only when the
last row comes back alone, never because a page is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from lookervault.content.model import CENSUS_LIMIT, NOTHING_YET, Reader, Since
from lookervault.content.operations import Operation
from lookervault.errors import BadAnswerError

_MOST_REWINDS = 12

_decode_rows = msgspec.json.Decoder(list[dict[str, Any]]).decode


def pages(
    read: Reader,
    operation: Operation,
    params: Mapping[str, str],
    *,
    key: str = "id",
    limit: int = CENSUS_LIMIT,
    since: Since = NOTHING_YET,
) -> Iterator[tuple[bytes, list[dict[str, Any]]]]:
    """Each page's body and those of its rows that were not on a page before.

    N rows cost at most N / `limit` + 2 calls while nothing shifts. Raises `BadAnswerError` when
    the listing never stands still or a row has no `key`.
    """
    seen: set[str] = set()
    offset, rewinds = since.row, 0
    back = 1
    while True:
        window = {"limit": str(limit + 1), "offset": str(offset)}
        body = read.get(operation, params={**params, **window})
        rows = _rows(body, operation)
        ids = [_identity(row, key, operation) for row in rows]
        if offset and (not ids or not (ids[0] in seen or ids[0] in since.ids)):
            if (rewinds := rewinds + 1) > _MOST_REWINDS:
                raise _shifting(operation)
            back *= 4
            offset = max(0, offset - back)
            continue
        listed = zip(rows, ids, strict=True)
        fresh = [row for row, i in listed if not (i in seen or i in since.ids)]
        if fresh:
            yield body, fresh
        if len(ids) <= (1 if offset else 0):
            return
        if not offset and len(ids) == 1 and _nothing_behind(read, operation, params):
            return
        if seen.issuperset(ids) and (rewinds := rewinds + 1) > _MOST_REWINDS:
            raise _shifting(operation)
        seen.update(ids)
        offset += len(ids) - 1
        back = 1


def _nothing_behind(read: Reader, operation: Operation, params: Mapping[str, str]) -> bool:
    """Whether the only row is the only one: a page cannot start at it and lead on."""
    window = {"limit": "1", "offset": "1"}
    return not _rows(read.get(operation, params={**params, **window}), operation)


def _rows(body: bytes, operation: Operation) -> list[dict[str, Any]]:
    try:
        return _decode_rows(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        message = f"{operation.id} did not answer with a list of rows ({error})"
        raise BadAnswerError(message) from error


def _identity(row: dict[str, Any], key: str, operation: Operation) -> str:
    value = row.get(key)
    if value is None or isinstance(value, bool | dict | list):
        raise BadAnswerError(f"{operation.id} lists a row without {key}")
    return str(value)


def _shifting(operation: Operation) -> BadAnswerError:
    return BadAnswerError(
        f"{operation.id} shows other rows each time it is asked, so no page can be trusted",
        hint="Run again when fewer changes are being made in Looker.",
    )
