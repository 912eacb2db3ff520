"""Text as it is compared: without case, width and the difference of composed letters.

Each character is folded by itself, so that a part of a text, folded, is a part of the folded text.
Unicode's normal forms do not have this property: they join what a cut may separate.
"""

from __future__ import annotations

import unicodedata
from itertools import accumulate

_SPACE = 0x20
_SURROGATES = range(0xD800, 0xE000)


class _Table(dict[int, str]):
    """For `str.translate`; filled as characters come along."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(code)
        return folded


def _folded(code: int) -> str:
    if code < _SPACE:
        return " "
    if code in _SURROGATES:  # cannot be stored, and means nothing
        return "\N{REPLACEMENT CHARACTER}"
    return unicodedata.normalize("NFKD", chr(code).casefold()).casefold()


_TABLE = _Table()


def fold(text: str) -> str:
    return text.translate(_TABLE)


def span(text: str, folded: str) -> tuple[int, int] | None:
    """Where in `text` a folded piece of text begins and ends; None where it is not there."""
    whole = fold(text)
    at = whole.find(folded)
    if at < 0:
        return None
    if len(whole) == len(text):
        return at, at + len(folded)
    ends = list(accumulate(len(fold(character)) for character in text))
    begin = next(i for i, end in enumerate(ends) if end > at)
    return begin, 1 + next(i for i, end in enumerate(ends) if end >= at + len(folded))
