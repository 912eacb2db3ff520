"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("looker-sdk", "msgspec", "pyrate-limiter", "urllib3", "zstandard")


def machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()};"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; {libraries}."
    )


def commit() -> str:
    """Which code was measured, as the page says it."""
    git = (
        "git",
        "-C",
        str(Path(__file__).parent),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=10",
    )
    try:
        found = subprocess.run(git, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "code outside of git"
    return f"commit {found.stdout.strip()}"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown CPU"
