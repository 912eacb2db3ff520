"""A disk that is full, read-only, gone; a vault that is moved; too few open files.

All of it is how Unix behaves, as is the program's lock.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.verify import verify
from tests.cli.running import Completed, ended, program, started, wait_until
from tests.faults.conftest import FLAGS, TYPES, Company, new_looker
from tests.faults.limited import forget_coverage, limited

NOTHING_FITS = (0, 4096, 20_000)
"""Bytes that a file may have: for no lock, no vault, half a new vault."""
A_PART_FITS = (0.42, 0.5, 0.58, 0.66, 0.74)
"""Of the bytes that the vault has in the end."""

MEANWHILE = 12
"""Calls into the run."""


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_disk_that_is_full_at_any_write_loses_nothing(
    company: Company, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_coverage(monkeypatch)
    arguments = ("extract", *TYPES, *FLAGS, "--vault", vault)
    for bytes_ in (*NOTHING_FITS, *(int(share * company.bytes) for share in A_PART_FITS)):
        done = program(*arguments, env=company.env, command=limited("RLIMIT_FSIZE", bytes_))
        assert (done.code, done.json["status"]) == (1, "failed"), (bytes_, done)
        assert "cannot be" in done.told
        assert names(vault.parent) <= {vault.name, f"{vault.name}.lock"}
        assert not vault.exists() or verify(vault).status in ("ok", "incomplete")
    assert program("list", "dashboards", "--vault", vault).code == 0
    done = program(*arguments, env=company.env)
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert verify(vault, deep=True).status == "ok"


AS_NOBODY = """
import importlib, os, pkgutil, sys
import lookervault

for module in pkgutil.walk_packages(lookervault.__path__, "lookervault."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)  # nobody may not read where it is installed, perhaps
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere; nobody may not
sys.exit(lookervault.cli.app.main())
"""


def test_a_directory_that_cannot_be_written_is_told_before_anybody_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_coverage(monkeypatch)
    with new_looker() as looker, tempfile.TemporaryDirectory() as name:  # nobody may enter it
        Path(name).chmod(0o555)
        try:
            done = program(
                "extract",
                "--vault",
                Path(name, "vault.db"),
                env=looker.env(),
                command=(sys.executable, "-c", AS_NOBODY),
                cwd="/",
            )
            assert names(Path(name)) == set()
        finally:
            Path(name).chmod(0o755)
        assert len(looker.log) == 0
    assert (done.code, done.out) == (2, b""), done
    assert "cannot be written" in done.told


def test_a_mount_that_is_missing_is_told_and_nothing_is_made_in_its_place(
    company: Company, tmp_path: Path
) -> None:
    done = program("extract", "--vault", tmp_path / "mount" / "vault.db", env=company.env)
    assert (done.code, done.out) == (2, b"")
    assert f"There is no folder {tmp_path / 'mount'}" in done.told
    assert not (tmp_path / "mount").exists()


# ── what happens to the file while it is written ────────────────────────────────────────────────


@pytest.fixture
def slow() -> Iterator[EmbeddedLooker]:
    with new_looker() as looker:
        looker.behaviour.latency_ms = 80
        yield looker


def meanwhile(looker: EmbeddedLooker, vault: Path, happens: Callable[[Path], object]) -> Completed:
    """The run in which that happened, and never ended as if it had not."""
    arguments = ("extract", *TYPES, *FLAGS, "--workers", "4", "--vault", vault)
    with started(*arguments, env=looker.env()) as process:
        wait_until(lambda: len(looker.log) >= MEANWHILE)
        happens(vault)
        done = ended(process)
    assert (done.code, done.json["status"]) == (1, "failed"), done
    assert "was moved, deleted or replaced while it was written to" in done.told
    looker.behaviour.latency_ms = 0
    return done


def moved(vault: Path) -> None:
    vault.rename(vault.with_name("moved.db"))


def moved_with_its_log(vault: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        vault.with_name(vault.name + suffix).rename(vault.with_name(f"moved.db{suffix}"))


@pytest.mark.parametrize("happens", [moved, moved_with_its_log])
def test_a_vault_that_is_moved_while_it_is_written_can_be_brought_back(
    company: Company, slow: EmbeddedLooker, vault: Path, happens: Callable[[Path], object]
) -> None:
    meanwhile(slow, vault, happens)
    for file in vault.parent.glob("moved.db*"):
        file.rename(vault.with_name(file.name.replace("moved", "vault")))
    done = program("extract", *TYPES, *FLAGS, "--vault", vault, env=slow.env())
    assert (done.code, done.json["run"], done.json["root_hash"]) == (0, 1, company.root), done
    assert "Going on with run 1" in done.told


def deleted(vault: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        vault.with_name(vault.name + suffix).unlink()


def replaced(vault: Path) -> None:
    """As what restores a file or synchronizes a folder does it."""
    copy = shutil.copy(vault, vault.with_name("copy.db"))
    Path(copy).rename(vault)


def unmounted(vault: Path) -> None:
    vault.parent.rename(vault.parent.with_name("elsewhere"))


@pytest.mark.parametrize("happens", [deleted, replaced, unmounted])
def test_a_vault_that_is_gone_or_another_by_the_end_was_not_written(
    slow: EmbeddedLooker, tmp_path: Path, happens: Callable[[Path], object]
) -> None:
    (tmp_path / "mount").mkdir()
    meanwhile(slow, tmp_path / "mount" / "vault.db", happens)


# ── open files ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("files", "code"), [(256, 0), (40, 1)])
def test_fifty_workers_make_do_with_few_open_files_or_say_which_limit_it_was(  # noqa: PLR0917 - fixtures
    company: Company,
    slow: EmbeddedLooker,
    vault: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: int,
    code: int,
) -> None:
    """256 is what macOS gives a shell."""
    forget_coverage(monkeypatch)
    slow.behaviour.latency_ms = 200
    arguments = ("extract", *TYPES, "--page-size", "1", "--json", "--vault", vault)
    done = program(
        *arguments, "--workers", "50", env=slow.env(), command=limited("RLIMIT_NOFILE", files)
    )
    assert done.code == code, done
    if code:
        assert "ulimit -n" in done.told
        slow.behaviour.latency_ms = 0
        done = program(*arguments, env=slow.env())
    assert (done.code, done.json["root_hash"]) == (0, company.root)
