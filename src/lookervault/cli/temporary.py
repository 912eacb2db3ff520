"""What is only there for a while lies in the folder that `TMPDIR` names, which may be full."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from lookervault.errors import DamagedError, VaultError

PREFIX = "lookervault-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_HINT = "Free some space there, or name a folder that has more with TMPDIR."


@contextmanager
def room_for_a_while() -> Iterator[None]:
    """Around work that writes there and nowhere else. Raises `VaultError` that says what to do."""
    folder = tempfile.gettempdir()
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise VaultError(
            f"The temporary folder {folder} cannot be written to: {error.strerror}.", hint=_HINT
        ) from error
    except VaultError as error:
        if isinstance(error, DamagedError) or f"{folder}/{PREFIX}" not in error.message:
            raise
        raise VaultError(error.message, hint=_HINT) from error
