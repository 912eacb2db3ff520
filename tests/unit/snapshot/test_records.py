"""What is sealed as JSON is read by several threads, the first time, too."""

from __future__ import annotations

import subprocess
import sys

RACE = """
import importlib, sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import msgspec
from lookervault.snapshot import records

told = dict.fromkeys(("vault", "instance", "base_url", "status", "certificate"), "a")
told |= dict.fromkeys(("program_version",), "0") | dict.fromkeys(("parent", "root"))
told |= dict.fromkeys(("format", "run"), 1)
told |= dict.fromkeys(("created", "items", "bytes", "stored_bytes", "certificates"), 1)
content = msgspec.json.encode(told | {"runs": [1], "rows": [], "indexes": []})
sys.setswitchinterval(1e-6)
with ThreadPoolExecutor(8) as pool:
    for _ in range(300):
        importlib.reload(records)  # its types are new to msgspec
        barrier = Barrier(8)

        def read(_):
            barrier.wait()
            return records.decoded("x", content, records.MANIFEST).run

        assert [*pool.map(read, range(8))] == [1] * 8
"""


def test_manifests_are_read_by_several_threads_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
