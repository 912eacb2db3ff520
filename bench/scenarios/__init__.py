"""The only list of scenarios: a module each, and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bench.scenario import Bench, Finding
from bench.scenarios import (
    bare_download,
    certificates,
    company,
    compression,
    cpu,
    incremental,
    memory,
    nights,
    rate,
    resume,
    searching,
    snapshots,
    startup,
    typed_loop,
    verifying,
    workers,
    writing,
)

SCENARIOS: dict[str, Callable[[Bench], Finding]] = {
    "typed_loop": typed_loop.run,
    "bare_download": bare_download.run,
    "cpu": cpu.run,
    "workers": workers.run,
    "company": company.run,
    "writing": writing.run,
    "memory": memory.run,
    "rate": rate.run,
    "compression": compression.run,
    "certificates": certificates.run,
    "resume": resume.run,
    "incremental": incremental.run,
    "verifying": verifying.run,
    "nights": nights.run,
    "searching": searching.run,
    "snapshots": snapshots.run,
    "startup": startup.run,
}
