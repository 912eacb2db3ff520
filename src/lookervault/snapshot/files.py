"""Files beside a vault, or for a while, that are written whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Of mode 0600; all of it, or what was there before. Several threads may write the same."""
    draft = path.with_name(f"{path.name}.{threading.get_ident()}")
    try:
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(data)
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
