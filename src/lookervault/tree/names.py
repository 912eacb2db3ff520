"""Names that every filesystem takes, made of titles that nobody vouches for."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from lookervault.content.unseen import UNSEEN

LONGEST = 200
"""Bytes of a name, its ending included. Filesystems take 255."""
_LONGEST_ID = 64
_REPLACED = re.compile(r'[<>:"/\\|?*~]|[\u200c\u200d\ufe00-\ufe0f]|' + UNSEEN.pattern)
"""What Windows refuses, what means something in a shell or to us, what nobody sees."""
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³]) *", re.IGNORECASE)
_PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9_-]*")


def stem(title: str, room: int = LONGEST) -> str:
    """The title as a name without its ending, in at most `room` bytes; perhaps empty.

    It never has a `~`, which is left for `suffix`.
    """
    text = " ".join(unicodedata.normalize("NFC", title).split())
    text = _REPLACED.sub("_", text)
    if text[:1] in (".", "-"):  # hidden, or an option
        text = f"_{text[1:]}"
    text = text.encode("utf-8", "replace")[: room - 1].decode("utf-8", "ignore").rstrip(" .")
    first, dot, rest = text.partition(".")
    return f"{first}_{dot}{rest}" if _RESERVED.fullmatch(first) else text


def suffix(id: str) -> str:
    """What makes the name of an item its own: `~id`, a digest where the id makes no safe name."""
    if len(id) <= _LONGEST_ID and _PLAIN_ID.fullmatch(id):
        return f"~{id}"
    return f"~_{sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def folded(name: str) -> str:
    """Equal for names that some filesystem takes for one: case, and ways to compose letters."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
