"""What every test gets: an environment that says nothing, and a directory of its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from compileall import compile_dir
from pathlib import Path
from shutil import disk_usage

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.cli import forking
from tests.cli.running import KINDS
from tests.scheduling import Scheduling

ROOT = Path(__file__).parents[1]

# Whatever the program, the SDK or its HTTP client would listen to, and what steers colours and
# width. COVERAGE_* stays: children are measured by it.
LISTENED_TO = re.compile(
    r"LOOKERSDK_.*|LOOKERVAULT_.*|(HTTPS?|ALL|NO)_PROXY|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
    r"|SSL_CERT_(FILE|DIR)|NO_COLOR|FORCE_COLOR|CLICOLOR.*|COLUMNS|LINES|PYTHON_COLORS"
    r"|PYTHONWARNINGS|NETRC|(AWS|AZURE|AZURITE|GOOGLE|GCE|CLOUDSDK|IDENTITY|MSI)_.*|SERVICE_ACCOUNT",
    re.IGNORECASE,
)

# No deadline: a machine that is busy is no bug. What failed once is kept and tried first.
set_hypothesis_home_dir(ROOT / ".hypothesis")
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, print_blob=True)
settings.register_profile("long", deadline=None, print_blob=True, max_examples=1_000)


def pytest_configure(config: pytest.Config) -> None:
    long = config.getoption("markexpr") == "long"
    settings.load_profile("long" if long else "ci" if os.environ.get("CI") else "default")
    for name in [name for name in os.environ if LISTENED_TO.fullmatch(name)]:
        del os.environ[name]
    # What pytest makes of the tests takes longer than to collect them: `make coverage` has it, too.
    sys.dont_write_bytecode = False
    if "PYTEST_XDIST_WORKER" not in os.environ:
        # Once, not in each process that a test starts: they may be told to keep no bytecode.
        compile_dir(ROOT / "src", quiet=1)
        if _has_room(MEMORY):
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a directory of its own there
"""Linux' file system in memory: no test waits there for a disk that a vault is synced to."""


def _has_room(folder: Path) -> bool:
    """Not in most containers. Hooks of Git have to be executable there, too."""
    if not folder.is_dir() or os.statvfs(folder).f_flag & os.ST_NOEXEC:
        return False
    return disk_usage(folder).free > 4 * 2**30


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The workers agree on which of them starts what first; what serves them ends."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        KINDS.folder = tmp_path_factory.getbasetemp().parent / "kinds"
        KINDS.folder.mkdir(exist_ok=True)
    yield
    forking.SERVED.close()


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test runs in an empty directory, which is its home, too (no ~/.netrc, no looker.ini)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)  # not before: workers choose their profile by it
    return tmp_path
