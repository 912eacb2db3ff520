"""Figures for Prometheus: a file that the textfile collector of its node exporter reads.

The format is that of https://prometheus.io/docs/instrumenting/exposition_formats/. The names of a
command's metrics begin with the command: the collector takes no name from two files.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

_MODE = 0o644
"""Others may read it, whatever the umask says: the exporter is another user, and it is figures."""
_RUN = {
    "items": "Items that the run confirmed.",
    "calls": "Calls that the run sent to Looker.",
    "retries": "Calls of the run that were repeats.",
    "throttled": "Calls of the run that Looker answered with 429.",
}


class Metric(NamedTuple):
    """A gauge; without a value it is left out."""

    name: str
    help: str
    value: float | None


def text(command: str, vault: str, metrics: Iterator[Metric]) -> str:
    label = vault.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    lines = []
    for one in metrics:
        if one.value is not None:
            name = f"lookervault_{command}_{one.name}"
            lines += [
                f"# HELP {name} {one.help}",
                f"# TYPE {name} gauge",
                f'{name}{{vault="{label}"}} {one.value}',
            ]
    return "".join(f"{line}\n" for line in lines)


def write(path: Path, content: str) -> None:
    """The whole of it at once: whoever reads finds the old file or the new one."""
    number, draft = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(content)
            os.fchmod(number, _MODE)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink()
        raise


def of_command(
    command: str,
    *,
    code: int,
    began: float,
    ended: float,
    found: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Iterator[Metric]:
    """`found` is the object that `--json` prints, empty where it never came to that; `facts` are
    those of `health.facts`.
    """
    yield Metric("timestamp_seconds", "When it ended, in seconds since 1970.", ended)
    yield Metric("success", "1 where it ended with exit code 0, else 0.", int(code == 0))
    yield Metric("exit_code", "The exit code that it ended with.", int(code))
    yield Metric("duration_seconds", "How long it took.", max(0.0, ended - began))
    yield from _OF.get(command, _nothing)(found)
    yield from _of_vault(facts, ended)


def _nothing(_: Mapping[str, Any]) -> Iterator[Metric]:
    yield from ()


def _of_extract(found: Mapping[str, Any]) -> Iterator[Metric]:
    for name, help in _RUN.items():
        yield Metric(name, help, found.get(name, 0))
    yield Metric("received_bytes", "Bytes that Looker sent in the run.", found.get("bytes", 0))
    missing = len(found.get("missing", ()))
    yield Metric("missing", "Items and types that the run names as missing.", missing)


def _of_verify(found: Mapping[str, Any]) -> Iterator[Metric]:
    if found:
        items = found["checked"].get("items", 0)
        yield Metric("items", "Items that were looked at.", items)
        yield Metric("findings", "What is not as it was written.", len(found["findings"]))


def _of_status(found: Mapping[str, Any]) -> Iterator[Metric]:
    if found and found["last_run"]:  # else there is nothing that could be known
        yield Metric("items", "Items in the vault.", found["items"])
        whole = int(not found["findings"])
        yield Metric("certificates_ok", "1 where the runs' certificates hold, else 0.", whole)


_OF = {"extract": _of_extract, "verify": _of_verify, "status": _of_status}


def _of_vault(facts: Mapping[str, Any], now: float) -> Iterator[Metric]:
    if not facts:
        return
    yield Metric("vault_bytes", "Size of the vault with its log.", facts["vault_bytes"])
    if complete := facts["last_complete"]:
        when = datetime.fromisoformat(complete["finished"]).timestamp()
        help = "When the last complete run ended, in seconds since 1970."
        yield Metric("last_complete_timestamp_seconds", help, when)
        help = "Age of the last complete run when this was written."
        yield Metric("last_complete_age_seconds", help, max(0.0, now - when))
    yield Metric("month_calls", "Calls of this calendar month (UTC).", facts["month_calls"])
    help = "Calls that a calendar month may have: LOOKERVAULT_MONTHLY_CALLS."
    yield Metric("month_calls_quota", help, facts["monthly_calls"])
