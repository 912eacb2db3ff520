"""Text from Looker, made harmless for a terminal."""

from __future__ import annotations

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories: controls, formats (bidi marks among them), surrogates, unassigned, breaks."""
_STEP = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")
_MINUTE = 60
_JOINERS = {"\u200c", "\u200d"}
"""Between letters of Indic and Persian words, and inside emoji."""


def harmless(text: str) -> str:
    """Escapes, line breaks, bidi marks and other unseen characters as the mark U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_seen(character) for character in text)


def _seen(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if unicodedata.category(character) in _UNSEEN and character not in _JOINERS:
        return "\N{REPLACEMENT CHARACTER}"
    return character


def size(count: float) -> str:
    """Bytes in decimal units: 1.2 MB."""
    power = 0
    while count >= _STEP and power < len(_UNITS) - 1:
        count /= _STEP
        power += 1
    return f"{count:.{min(power, 1)}f} {_UNITS[power]}"


def duration(seconds: float) -> str:
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
