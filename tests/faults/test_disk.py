"""A disk that is full, read-only, gone; a vault that is moved; too few open files.

All of it is how Unix behaves, as is the program's lock.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.storage.repository import Repository
from lookervault.storage.verify import verify
from tests.cli.forking import Constraint
from tests.cli.running import Completed, ended, program, started, wait_until
from tests.faults.conftest import FLAGS, TYPES, Company, new_looker

NOTHING_FITS = (0, 4096, 20_000)
"""Bytes that a file may have: for no lock, no vault, half a new vault."""
A_PART_FITS = (0.42, 0.5, 0.58, 0.66, 0.74)
"""Of the bytes that the vault has in the end."""

MEANWHILE = 12
"""Calls into the run."""


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_disk_that_is_full_at_any_write_loses_nothing(company: Company, vault: Path) -> None:
    arguments = ("extract", *TYPES, *FLAGS, "--vault", vault)
    for bytes_ in (*NOTHING_FITS, *(int(share * company.bytes) for share in A_PART_FITS)):
        done = program(*arguments, env=company.env, command=Constraint("RLIMIT_FSIZE", bytes_))
        assert (done.code, done.json["status"]) == (1, "failed"), (bytes_, done)
        assert "cannot be" in done.told
        # The log stays where it holds what there was no room for in the file: it is not lost.
        log = {f"{vault.name}-wal", f"{vault.name}-shm"}
        assert names(vault.parent) <= {vault.name, f"{vault.name}.lock", *log}
        assert not vault.exists() or verify(vault).status in ("ok", "incomplete")
    assert program("list", "dashboards", "--vault", vault).code == 0
    done = program(*arguments, env=company.env)
    assert (done.code, done.json["root_hash"]) == (0, company.root), done
    assert verify(vault, deep=True).status == "ok"


# ── other commands that write a file ────────────────────────────────────────────────────────────

FOR_AN_INDEX = 40_000
"""Bytes: whoever reads a vault needs the file that ends in -shm, and it has 32,768."""


@pytest.fixture(scope="module")
def whole(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody changes it."""
    vault = tmp_path_factory.mktemp("whole") / "vault.db"
    assert program("extract", *TYPES, *FLAGS, "--vault", vault, env=company.env).code == 0
    return vault


def empty_all_bodies(vault: Path) -> None:
    """Repaired, the file is several times as large as it is now."""
    with closing(sqlite3.connect(vault, isolation_level=None)) as connection:
        connection.execute("UPDATE objects SET data = x'00'")
        connection.execute("VACUUM")


def damage_in(vault: Path) -> set[tuple[str | None, ...]]:
    return {(one.kind, one.type, one.id) for one in verify(vault).findings}


def test_a_disk_that_is_full_while_a_vault_is_repaired_loses_nothing(
    company: Company, whole: Path, vault: Path
) -> None:
    shutil.copy(whole, vault)
    empty_all_bodies(vault)
    size, before, damage = vault.stat().st_size, vault.read_bytes(), damage_in(vault)
    assert FOR_AN_INDEX < size < whole.stat().st_size / 1.5
    arguments = ("verify", "--repair", "--json", "--vault", vault)

    def repaired(bytes_: int) -> Completed:
        done = program(*arguments, env=company.env, command=Constraint("RLIMIT_FSIZE", bytes_))
        assert (done.code, done.json["status"]) == (1, "failed"), done
        return done

    done = repaired(FOR_AN_INDEX)
    assert "cannot be kept aside" in done.told
    assert names(vault.parent) == {vault.name, f"{vault.name}.lock"}
    assert vault.read_bytes() == before

    # for the copy; for the log, which is not brought in then: repaired, it is about 2 x size
    for room in (size, size + size // 2):
        was = {*vault.parent.glob("*.damaged-*")}
        done = repaired(room)
        assert "reading or writing failed" in done.told
        (kept,) = {*vault.parent.glob("*.damaged-*")} - was
        assert f"The file as it was is {kept}." in done.told
        assert damage_in(kept) == damage
        assert damage_in(vault) <= damage

    done = program(*arguments, env=company.env)
    assert (done.code, done.json["findings"]) == (0, []), done
    assert verify(vault, deep=True).status == "ok"


def damage_an_index(vault: Path) -> None:
    with closing(sqlite3.connect(vault)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        named = "SELECT rootpage FROM sqlite_schema WHERE name = 'objects_by_sha256'"
        (page,) = connection.execute(named).fetchone()
    data = bytearray(vault.read_bytes())
    data[page * size - 20] ^= 255  # within the last entry of that page
    vault.write_bytes(data)


def log_as_large_as(vault: Path, connection: sqlite3.Connection) -> int:
    """The log's size, with the same written to it until it is larger than the vault."""
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    log = vault.with_name(f"{vault.name}-wal")
    while not log.exists() or log.stat().st_size < vault.stat().st_size:
        connection.execute("UPDATE types SET name = name")
    return log.stat().st_size


def test_indexes_that_the_disk_has_no_room_for_are_not_taken_for_damaged_tables(
    company: Company, whole: Path, vault: Path
) -> None:
    shutil.copy(whole, vault)
    damage_an_index(vault)
    arguments = ("verify", "--repair", "--json", "--vault", vault)
    with closing(sqlite3.connect(vault, isolation_level=None)) as connection:
        little = Constraint("RLIMIT_FSIZE", log_as_large_as(vault, connection))
        done = program(*arguments, env=company.env, command=little)
        assert (done.code, done.json["status"]) == (1, "failed"), done
        assert "reading or writing failed" in done.told
    done = program(*arguments, env=company.env)
    assert (done.code, done.json["repair"]["mended"]) == (0, ["the indexes"]), done


def test_a_disk_that_is_full_while_a_vault_is_salvaged_leaves_no_half_of_a_vault(
    whole: Path, tmp_path: Path
) -> None:
    new, before = tmp_path / "rescued.db", whole.read_bytes()
    arguments = ("salvage", whole, new, "--json")
    for bytes_ in (*NOTHING_FITS, len(before) // 2, len(before) * 9 // 10):
        done = program(*arguments, command=Constraint("RLIMIT_FSIZE", bytes_))
        assert (done.code, done.json["status"]) == (1, "failed"), (bytes_, done)
        assert f"The vault {new} cannot be" in done.told
        assert "space" in done.told
        assert names(tmp_path) == {f"{new.name}.lock"}
    assert whole.read_bytes() == before
    assert program(*arguments).code == 0
    assert verify(new, deep=True).status == "ok"


def test_a_disk_that_is_full_leaves_no_half_of_a_key_or_a_certificate(
    whole: Path, tmp_path: Path
) -> None:
    files = {
        tmp_path / "key.pem": ("key", "new", "--out"),
        tmp_path / "1.certificate": ("certificate", "show", 1, "--vault", whole, "--export"),
    }
    with Repository.open(whole, write=False) as reader:
        reader.runs()  # which makes the index for others, too
        for file, arguments in files.items():
            done = program(*arguments, file, command=Constraint("RLIMIT_FSIZE", 50))
            assert (done.code, done.out) == (1, b""), done
            assert f"cannot be written to {file}" in done.told
            assert "No part of it is left there. Free some space" in done.told
            assert not file.exists()
            assert program(*arguments, file).code == 0


# ── folders ─────────────────────────────────────────────────────────────────────────────────────

AS_NOBODY = Constraint("uid", 65534)
"""Root may write everywhere; nobody may not."""


def test_a_directory_that_cannot_be_written_is_told_before_anybody_is_called() -> None:
    with new_looker() as looker, tempfile.TemporaryDirectory() as name:  # nobody may enter it
        Path(name).chmod(0o555)
        try:
            done = program(
                "extract",
                "--vault",
                Path(name, "vault.db"),
                env=looker.env(),
                command=AS_NOBODY,
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
def test_fifty_workers_make_do_with_few_open_files_or_say_which_limit_it_was(
    company: Company,
    slow: EmbeddedLooker,
    vault: Path,
    files: int,
    code: int,
) -> None:
    """256 is what macOS gives a shell."""
    slow.behaviour.latency_ms = 200
    arguments = ("extract", *TYPES, "--page-size", "1", "--json", "--vault", vault)
    done = program(
        *arguments, "--workers", "50", env=slow.env(), command=Constraint("RLIMIT_NOFILE", files)
    )
    assert done.code == code, done
    if code:
        assert "ulimit -n" in done.told
        slow.behaviour.latency_ms = 0
        done = program(*arguments, env=slow.env())
    assert (done.code, done.json["root_hash"]) == (0, company.root)
