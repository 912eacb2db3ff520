"""What monitors hear of a command, however it ends: a file of metrics, and heartbeats."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from lookervault.cli import failures
from lookervault.errors import Exit, LookerVaultError, UsageError

if TYPE_CHECKING:
    from lookervault.cli.options import Flags
    from lookervault.looker.heartbeat import Heart

_WORDS = {
    Exit.COMPLETE: "complete",
    Exit.FAILED: "failed",
    Exit.USAGE: "wrong usage or configuration",
    Exit.INCOMPLETE: "finished, but incomplete",
    Exit.ACCESS: "login or permission",
    Exit.DAMAGED: "vault or store damaged",
    Exit.INTERRUPTED: "interrupted",
}
"""All that a heartbeat says beside the code: not a word comes from Looker or the settings."""


def of_reading(command: str, source: Flags, metrics: Path | None) -> Watch:
    """Of a command that reads a vault, or the newest snapshot of a store."""
    from lookervault.cli.vaults import store_to_read
    from lookervault.config.settings import vault_path

    store = store_to_read(source)
    path, _ = vault_path(source, os.environ)
    if store is None:
        return Watch(command, path, str(path), metrics=metrics)
    return Watch(command, None, store.url, metrics=metrics)


def of_run(flags: Flags, place: Flags, metrics: Path | None) -> Watch:
    """Raises `UsageError` where there is no way to the heartbeat that is asked for."""
    from lookervault.config.settings import heartbeat

    settings = heartbeat(flags, os.environ)
    path, label = _vault(flags, place)
    if settings is None:
        return Watch("extract", path, label, metrics=metrics)
    from lookervault.looker.heartbeat import Heart

    return Watch("extract", path, label, metrics=metrics, heart=Heart(settings))


def _vault(flags: Flags, place: Flags) -> tuple[Path | None, str]:
    """Where it is, and what to call it; None where it is in a store, and here for a while only."""
    from lookervault.config.settings import DEFAULT, vault_path
    from lookervault.config.stores import store_settings

    path, source = vault_path(flags, os.environ)
    try:
        store = store_settings(place, os.environ)
    except UsageError:  # the run comes upon it, too, when the heartbeat has begun
        store = None
    return (path, str(path)) if store is None or source != DEFAULT else (None, store.url)


class Watch:
    """Around a command's work. Nothing of it changes how that ends."""

    def __init__(
        self,
        command: str,
        vault: Path | None,
        label: str,
        *,
        metrics: Path | None = None,
        heart: Heart | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._command = command
        self._vault = vault
        self._label = label
        self._metrics = metrics
        self._heart = heart
        self._now = now
        self._began = now()
        self._code = Exit.FAILED
        self._found: Mapping[str, Any] = {}
        self._facts: Mapping[str, Any] = {}

    def __enter__(self) -> Self:
        self._beat("start", "started")
        return self

    def hear(self, found: Mapping[str, Any], vault: Path | None = None) -> None:
        """The object that `--json` prints; and the vault, where it is there for a while only."""
        self._found = found
        self._learn(vault or self._vault)

    def _learn(self, vault: Path | None) -> None:
        from lookervault.cli.health import vault_facts

        if self._metrics is not None and vault is not None:
            found = vault_facts(vault, now=self._now(), quota=_quota())
            whole = self._vault is not None
            self._facts = found if whole or not found else found | {"vault_bytes": None}

    def ended(self, code: Exit) -> Exit:
        self._code = code
        return code

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        code = self._code if error is None else _code_of(error)
        if self._metrics is not None:
            self._write(self._metrics, code)
        end = "" if code is Exit.COMPLETE else "fail"
        self._beat(end, f"{_WORDS[code]} (exit code {code:d})")

    def _write(self, path: Path, code: Exit) -> None:
        from lookervault.cli import metrics

        if not self._facts:
            self._learn(self._vault)
        told = metrics.of_command(
            self._command,
            code=code,
            began=self._began,
            ended=self._now(),
            found=self._found,
            facts=self._facts,
        )
        try:
            metrics.write(path, metrics.text(self._command, self._label, told))
        except OSError as error:
            failures.warn(f"The metrics could not be written to {path}: {error.strerror}.")

    def _beat(self, event: str, words: str) -> None:
        if self._heart is not None and (why := self._heart.beat(event, words)):
            failures.warn(f"The heartbeat ({self._heart.source}) was not heard: {why}.")


def _code_of(error: BaseException) -> Exit:
    if isinstance(error, LookerVaultError):
        return error.exit_code
    return Exit.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Exit.FAILED


def _quota() -> int | None:
    """What is wrong with it is told by the command itself."""
    from lookervault.config.settings import monthly_calls

    try:
        return monthly_calls(os.environ)
    except UsageError:
        return None
