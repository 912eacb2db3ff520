"""Characters that nobody sees and that a terminal obeys; how JSON spells them."""

from __future__ import annotations

import re

_BEYOND_16_BITS = 0x10000

UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f\ud800-\udfff]"
)
"""Controls, formats (bidi marks among them), separators of lines and paragraphs, surrogates: the
categories Cc, Cf, Zl, Zp and Cs. Not the two joiners, which belong to letters and emoji.
"""


def escaped_json(text: str) -> str:
    """The same JSON values without unseen characters, except for blanks and line ends."""
    return UNSEEN.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    if character in "\t\n\r":
        return character
    if code < _BEYOND_16_BITS:
        return f"\\u{code:04x}"
    above = code - _BEYOND_16_BITS
    return f"\\u{0xD800 + (above >> 10):04x}\\u{0xDC00 + (above & 0x3FF):04x}"
