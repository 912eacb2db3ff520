"""The tests' own scheduler, with a suite in which a worker breaks down."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.meta.repository import ROOT

NO_OTHER_PLUGIN = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
CONFTEST = """
from tests.scheduling import Scheduling

def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)
"""
GROUP = """
import os, time, pytest
pytestmark = pytest.mark.xdist_group("together")

def test_first(): pass

def test_that_breaks_down():
    for _ in range(200):  # the last of the others may have been given to this worker
        if not os.path.exists("the others are done"):
            time.sleep(0.01)
    os._exit(1)

def test_last(): pass
"""
SINGLE = """
import pathlib, pytest

@pytest.mark.parametrize("n", range(8))
def test_one(n):
    if n == 7:
        pathlib.Path("the others are done").touch()
"""


def test_a_worker_that_breaks_down_costs_one_test_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_group.py").write_text(GROUP)
    (tmp_path / "test_single.py").write_text(SINGLE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "xdist", "-n2", "--dist=loadscope"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": "", **NO_OTHER_PLUGIN},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert re.search(r"= 1 failed, 10 passed in", done.stdout), done.stdout
    assert "crashed while running 'test_group.py::test_that_breaks_down'" in done.stdout
