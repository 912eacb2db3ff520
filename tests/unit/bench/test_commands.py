from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.commands import ran, size


def test_a_command_tells_its_output_its_time_and_its_memory() -> None:
    hundred_mb = "held = b'x' * 100_000_000; print('said')"
    done = ran([sys.executable, "-c", hundred_mb])
    assert done.said == b"said\n"
    assert done.seconds > 0
    assert done.peak_mb > 100


def test_a_command_that_fails_is_not_measured() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        ran([sys.executable, "-c", "raise SystemExit(3)"])


def test_the_size_is_that_of_a_file_or_of_all_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    for name in ("a", "inner/b"):
        (tmp_path / name).write_bytes(b"12345")
    assert (size(tmp_path / "a"), size(tmp_path)) == (5, 10)
