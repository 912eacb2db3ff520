"""The only list of scenarios: a module each, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bench.scenario import Bench, Finding
from bench.scenarios import (
    bare_download,
    cpu,
    workers,
    writing,
)

SCENARIOS: dict[str, Callable[[Bench], Finding]] = {
    "bare_download": bare_download.run,
    "cpu": cpu.run,
    "workers": workers.run,
    "writing": writing.run,
}
