"""The vault as a file: permissions, other files in its place, damage, locks."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lookervault.errors import DamagedError, VaultError
from lookervault.storage import schema
from lookervault.storage.lock import is_held, lock_path
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import body, finished_run, item, page, start


@pytest.fixture(params=[0o000, 0o022, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_only_its_owner_may_read_it_whatever_the_umask(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [item("1")])
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in vault.parent.iterdir()}
    suffixes = ("", "-wal", "-shm", ".lock")
    assert modes == {vault.name + suffix: 0o600 for suffix in suffixes}


def test_a_closed_vault_is_one_file_and_its_lock(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [item("1")])
    assert names(vault) == {vault.name, lock_path(vault).name}


def test_reading_leaves_no_file_behind(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [item("1")])
    lock_path(vault).unlink()
    with Repository.open(vault, write=False) as reader:
        assert reader.body("users", "1") == body("1")
    assert names(vault) == {vault.name}


def names(vault: Path) -> set[str]:
    return {path.name for path in vault.parent.iterdir()}


def test_a_missing_vault_is_not_made_by_reading(vault: Path) -> None:
    with pytest.raises(VaultError, match=r"no vault at .*lookervault.db"):
        Repository.open(vault, write=False)
    assert names(vault) == set()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be locked: No such file or directory"):
        Repository.open(tmp_path / "missing" / "v.db", write=True)


def test_a_directory_is_no_vault(tmp_path: Path) -> None:
    for write in (True, False):
        with pytest.raises(VaultError, match="cannot be read: Is a directory"):
            Repository.open(tmp_path, write=write)


def other_sqlite(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()


def newer(path: Path) -> None:
    with Repository.open(path, write=True):
        pass
    pragma(path, f"user_version = {schema.FORMAT_VERSION + 1}")


def unversioned(path: Path) -> None:
    with Repository.open(path, write=True):
        pass
    pragma(path, "user_version = 0")


def pragma(path: Path, setting: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA {setting}")
    connection.close()


def cut_short(path: Path) -> None:
    with Repository.open(path, write=True):
        pass
    os.truncate(path, 50)


def cut_in_the_middle(path: Path) -> None:
    with Repository.open(path, write=True) as repo:
        finished_run(repo, page(range(200)))
    os.truncate(path, 20_000)


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("# notes\n" * 99)


def one_letter(path: Path) -> None:
    path.write_text("x")


def zeros(path: Path) -> None:
    path.write_bytes(bytes(8192))


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (empty, DamagedError, "is empty"),
        (text, VaultError, "not an SQLite file"),
        (one_letter, VaultError, "not an SQLite file"),
        (zeros, DamagedError, "begins with zeros"),
        (other_sqlite, VaultError, "an SQLite file of another kind"),
        (
            newer,
            VaultError,
            f"made by a newer LookerVault: its format is {schema.FORMAT_VERSION + 1}",
        ),
        (unversioned, DamagedError, "no format version"),
        (cut_short, DamagedError, "only its beginning is left"),
        (cut_in_the_middle, DamagedError, "is damaged"),
    ],
)
def test_what_is_no_vault_is_refused_with_a_reason_and_left_alone(
    vault: Path, make: Callable[[Path], None], error: type[VaultError], words: str, write: bool
) -> None:
    make(vault)
    before = vault.read_bytes()
    with pytest.raises(error, match=words) as raised, Repository.open(vault, write=write) as repo:
        repo.counts()
    assert type(raised.value) is error
    assert raised.value.hint
    assert vault.read_bytes() == before
    assert not is_held(vault)


def test_a_log_without_its_vault_is_not_mistaken_for_a_new_one(vault: Path) -> None:
    vault.with_name(vault.name + "-wal").write_bytes(b"frames")
    with pytest.raises(VaultError, match=r"but a part of one: lookervault\.db-wal"):
        Repository.open(vault, write=True)


def test_what_an_interrupted_creation_left_is_swept_away(vault: Path) -> None:
    vault.with_name(vault.name + ".new").write_bytes(b"half")
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, [item("1")])
    assert names(vault) == {vault.name, lock_path(vault).name}


def test_a_second_writer_is_told_who_has_it_and_since_when(vault: Path) -> None:
    with Repository.open(vault, write=True, clock=lambda: 1_763_000_000.0):
        words = f"in use by process {os.getpid()} since 2025-11-13 02:13:20 UTC"
        with pytest.raises(VaultError, match=words):
            Repository.open(vault, write=True)
        assert is_held(vault)
    assert not is_held(vault)
    with Repository.open(vault, write=True) as again:
        assert again.counts() == {}


def test_a_stale_lock_is_no_obstacle(vault: Path) -> None:
    lock_path(vault).write_text("process 1 since 2020-01-01\n")
    with Repository.open(vault, write=True) as repo:
        assert repo.counts() == {}


def test_it_is_readable_while_it_is_written(repo: Repository, vault: Path) -> None:
    finished_run(repo, [item("1")])
    with Repository.open(vault, write=False) as reader:
        assert reader.counts() == {"users": 1}
        repo.store(repo.begin_run(start()), repo.pack([item("2")]), 0)
        assert reader.counts() == {"users": 2}


def test_a_reader_in_the_middle_of_its_work_does_not_stop_a_run_from_ending(
    repo: Repository, vault: Path
) -> None:
    finished_run(repo, page(range(300)))
    with Repository.open(vault, write=False) as reader:
        rows = reader.items("users")
        next(rows)
        finished_run(repo, page(range(300), state=1))
        assert len(list(rows)) == 299


def test_a_vault_opened_for_reading_cannot_be_written(repo: Repository, vault: Path) -> None:
    with (
        Repository.open(vault, write=False) as reader,
        pytest.raises(VaultError, match="for reading only"),
    ):
        reader.begin_run(start())


READ_AS_ANYBODY = """
import os, sys
from pathlib import Path
from lookervault.storage.repository import Repository
if os.geteuid() == 0:
    os.setuid(65534)  # root may write everywhere; nobody may not
with Repository.open(Path(sys.argv[1]), write=False) as reader:
    sys.stdout.buffer.write(reader.body("users", "1"))
"""


def test_it_is_readable_where_nothing_can_be_written() -> None:
    with tempfile.TemporaryDirectory() as name:  # nobody may not enter pytest's own
        vault = Path(name, "lookervault.db")
        with Repository.open(vault, write=True) as repo:
            finished_run(repo, [item("1")])
        vault.chmod(0o444)
        lock_path(vault).unlink()
        Path(name).chmod(0o555)
        try:
            child = [sys.executable, "-c", READ_AS_ANYBODY, str(vault)]
            read = subprocess.run(child, check=True, capture_output=True).stdout
            assert names(vault) == {vault.name}
        finally:
            Path(name).chmod(0o755)
    assert read == body("1")


def test_a_closed_vault_says_so(vault: Path) -> None:
    repo = Repository.open(vault, write=True)
    repo.close()
    repo.close()
    with pytest.raises(VaultError, match="was closed"):
        repo.counts()
