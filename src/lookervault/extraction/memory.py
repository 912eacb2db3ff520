"""Peak memory of this process."""

from __future__ import annotations

import resource
import sys


def peak_memory_mb() -> float:
    """In MB (10^6 bytes). `ru_maxrss` is in bytes on macOS and in KiB elsewhere (getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    return round(peak * unit / 1e6, 1)
