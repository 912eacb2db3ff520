"""The damaged vault as it was, kept beside the one that is mended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from lookervault.errors import LookerVaultError, VaultError
from lookervault.storage.log import log_path


def keep_aside(path: Path, now: float) -> Path:
    """A copy of the vault and its log as they are, of mode 0600, beside the vault.

    Raises `VaultError` where there is no room for it; half of a copy is not left behind.
    """
    copy = next(name for name in _names(path, now) if not name.exists())
    made: list[Path] = []
    try:
        _copy(path, copy, made)
        if log_path(path).exists():
            _copy(log_path(path), log_path(copy), made)
    except OSError as error:
        _remove(made)
        raise VaultError(
            f"The damaged vault {path} cannot be kept aside as {copy.name}: {error.strerror}."
            " It is unchanged.",
            hint="A copy needs as much space as the vault has; with that free beside it, run the"
            " command again.",
        ) from error
    except BaseException:
        _remove(made)
        raise
    return copy


def _names(path: Path, now: float) -> Iterator[Path]:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    yield path.with_name(f"{path.name}.damaged-{stamp}")
    for number in count(2):  # within a second
        yield path.with_name(f"{path.name}.damaged-{stamp}-{number}")


def _copy(source: Path, target: Path, made: list[Path]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with source.open("rb") as read, os.fdopen(os.open(target, flags, 0o600), "wb") as write:
        made.append(target)
        shutil.copyfileobj(read, write)
        write.flush()
        os.fsync(write.fileno())


def _remove(made: Iterable[Path]) -> None:
    for one in made:
        one.unlink()


@contextmanager
def naming(copy: Path) -> Iterator[None]:
    """Whatever stops the repair: what was mended stays so, and the copy is there to be found."""
    try:
        yield
    except LookerVaultError as error:
        error.hint = f"{error.hint} The file as it was is {copy}.".lstrip()
        raise
