"""How wide a page for a person may be."""

from __future__ import annotations

import shutil
import sys

_COMFORTABLE = 100


def width() -> int:
    if not sys.stdout.isatty():
        return _COMFORTABLE
    return max(20, min(_COMFORTABLE, shutil.get_terminal_size().columns))
