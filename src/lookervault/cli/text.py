"""Text from Looker, made harmless for a terminal; quantities in words."""

from __future__ import annotations

import re

_PICTURES = 0x2400
"""Unicode's pictures of the control characters: U+241B shows that there was an escape."""
_SPACE, _DELETE = 0x20, 0x7F
_BEYOND_16_BITS = 0x10000
_STEP = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")
_MINUTE = 60

UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e"
    "\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f\ud800-\udfff]"
)
"""Controls, formats (bidi marks among them), separators of lines and paragraphs, surrogates: the
categories Cc, Cf, Zl, Zp and Cs. Not the two joiners, which belong to letters and emoji.
"""


def harmless(text: str) -> str:
    """What a terminal would obey or hide is shown as a sign instead, line ends included."""
    return UNSEEN.sub(lambda match: _picture(ord(match[0])), text)


def _picture(code: int) -> str:
    if code < _SPACE:
        return chr(_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else "\N{REPLACEMENT CHARACTER}"


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


def size(count: float) -> str:
    """Bytes in decimal units: 1.2 MB."""
    power = 0
    while round(count, min(power, 1)) >= _STEP and power < len(_UNITS) - 1:
        count /= _STEP
        power += 1
    return f"{count:.{min(power, 1)}f} {_UNITS[power]}"


def duration(seconds: float) -> str:
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
