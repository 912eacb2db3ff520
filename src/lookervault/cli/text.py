"""Text from Looker, made harmless for a terminal; quantities in words."""

from __future__ import annotations

from lookervault.content.unseen import UNSEEN

_PICTURES = 0x2400
"""Unicode's pictures of the control characters: U+241B shows that there was an escape."""
_SPACE, _DELETE = 0x20, 0x7F
_STEP = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB")
_MINUTE = 60


def harmless(text: str) -> str:
    """What a terminal would obey or hide is shown as a sign instead, line ends included."""
    return UNSEEN.sub(lambda match: _picture(ord(match[0])), text)


def _picture(code: int) -> str:
    if code < _SPACE:
        return chr(_PICTURES + code)
    return "\N{SYMBOL FOR DELETE}" if code == _DELETE else "\N{REPLACEMENT CHARACTER}"


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
