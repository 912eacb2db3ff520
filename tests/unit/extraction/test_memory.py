from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lookervault.extraction.memory import peak_memory_mb

_ASKED = "from lookervault.extraction.memory import peak_memory_mb; print(peak_memory_mb())"


def test_the_peak_is_what_linux_says_of_this_program_alone(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("Name:\tpython\nVmPeak:\t  9999999 kB\nVmHWM:\t   100000 kB\n")
    assert peak_memory_mb(tmp_path / "status") == 102.4


def test_elsewhere_it_is_what_the_system_counts(tmp_path: Path) -> None:
    assert peak_memory_mb(tmp_path / "none") > 10


def test_what_the_parent_held_is_not_counted() -> None:
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    found = subprocess.run([sys.executable, "-c", _ASKED], check=True, capture_output=True)
    assert float(found.stdout) < 150
    assert len(held) > 0
