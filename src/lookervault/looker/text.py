"""Text from the other side, made fit for a message and a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

LONGEST = 300
"""Characters of foreign text in a message."""

_MASK = "********"


def clean(text: str, longest: int = LONGEST) -> str:
    """One line without control, format or direction characters, cut to `longest`."""
    # Cut first: what comes may be megabytes. Four times, as blanks are folded afterwards.
    visible = "".join(_visible(character) for character in text[: 4 * longest])
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") else character


def without(secrets: Iterable[str], text: str) -> str:
    """The text with each secret masked."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, _MASK)
    return text
