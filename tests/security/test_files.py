"""What the program writes is for its owner alone, and lies where the vault is."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, started, wait_until
from tests.security.running import written

UMASKS = (0o000, 0o022)
OWNER_ALONE = 0o600


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=60, seed=1) as one:
        yield one


def modes(folder: Path) -> dict[str, int]:
    return {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in folder.iterdir()
        if path.is_file() and not path.is_symlink()
    }


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as vault:
        vault.execute("UPDATE objects SET data = x'00' WHERE id IN (1, 2)")
        vault.commit()


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_vault_lock_key_certificate_kept_copy_and_salvage_are_for_their_owner_alone(
    umask: int, looker: EmbeddedLooker, tmp_path: Path
) -> None:
    env = looker.env() | {"LOOKERVAULT_SIGNING_KEY": "key.pem", "LOOKERVAULT_VAULT": "vault.db"}

    def run(*arguments: object, code: int = 0) -> None:
        done = written(*arguments, env=env, umask=umask)
        assert done.returncode == code, done.stderr.decode()

    run("key", "new", "--out", "key.pem")
    run("extract", "boards", "users")
    run("certificate", "show", 1, "--export", "1.certificate")
    damage(tmp_path / "vault.db")
    run("salvage", "vault.db", "rescued.db", code=3)
    run("verify", "--repair")
    found = modes(tmp_path)
    kept = {name for name in found if name.startswith("vault.db.damaged-")}
    assert kept
    named = {"vault.db", "vault.db.lock", "key.pem", "1.certificate", "rescued.db"}
    assert named | kept <= set(found)
    assert {name: oct(mode) for name, mode in found.items() if mode != OWNER_ALONE} == {}


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_log_and_index_are_for_their_owner_alone_while_a_run_writes_them(
    umask: int, tmp_path: Path
) -> None:
    behaviour = Behaviour(latency_ms=50)
    with EmbeddedLooker(items=60, seed=1, behaviour=behaviour) as slow:
        with started("extract", "--vault", "vault.db", env=slow.env(), umask=umask):
            wait_until(lambda: len(slow.log) > 30)
            during = modes(tmp_path)
        after_a_kill = modes(tmp_path)
        slow.behaviour.latency_ms = 0
        written("verify", "--vault", "vault.db", umask=umask)
        done = written("verify", "--repair", "--vault", "vault.db", env=slow.env(), umask=umask)
    assert done.returncode == 3, done.stderr.decode()
    assert {"vault.db", "vault.db-wal", "vault.db-shm", "vault.db.lock"} <= set(during)
    for found in (during, after_a_kill, modes(tmp_path)):
        assert {name: oct(mode) for name, mode in found.items() if mode != OWNER_ALONE} == {}


@pytest.mark.parametrize("umask", UMASKS, ids=oct)
def test_the_vault_of_the_demo_is_no_exception(umask: int, tmp_path: Path) -> None:
    done = written("demo", "--items", "60", "-q", umask=umask)
    assert done.returncode == 0
    found = modes(tmp_path)
    assert "lookervault-demo.db" in found
    assert set(found.values()) == {OWNER_ALONE}


def test_a_vault_that_others_could_write_stays_as_its_owner_made_it(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    """Whoever opens a vault to others on purpose is not overruled."""
    assert program("extract", "boards", "--vault", "vault.db", env=looker.env()).code == 0
    (tmp_path / "vault.db").chmod(0o640)
    assert program("extract", "boards", "--vault", "vault.db", env=looker.env()).code == 0
    assert modes(tmp_path) == {"vault.db": 0o640, "vault.db.lock": OWNER_ALONE}


# ── where ───────────────────────────────────────────────────────────────────────────────────────

WATCHED = """
import fcntl, os, sys, threading

_looking = threading.local()

def _watch(event, args):
    if getattr(_looking, "now", False) or not _writes(event, args):
        return
    _looking.now = True
    try:
        with open(os.environ["WATCHED_FILES"], "a") as log:
            if event == "open":
                print(os.path.abspath(os.fsdecode(args[0])), file=log)
            for path in _open_files():
                print(path, file=log)
    finally:
        _looking.now = False

def _writes(event, args):
    if event == "sqlite3.connect/handle":
        return True
    if event != "open" or not isinstance(args[0], (str, bytes)):
        return False
    return bool((args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))

def _open_files():  # those without a name, too: "/folder/#123 (deleted)"
    for name in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            path = os.readlink("/proc/self/fd/" + name)
            read_only = fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        except OSError:  # it was the one that lists them
            continue
        if path.startswith("/") and not read_only:
            yield path

sys.addaudithook(_watch)
"""
"""Notes each file that the program opens for writing, and all that are open then."""


def test_temporary_files_are_nowhere_but_beside_the_vault(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    watch, vaults, elsewhere = tmp_path / "watch", tmp_path / "vaults", tmp_path / "elsewhere"
    for folder in (watch, vaults, elsewhere):
        folder.mkdir()
    (watch / "sitecustomize.py").write_text(WATCHED)
    log = tmp_path / "files"
    env = {
        **looker.env(),
        "PYTHONPATH": str(watch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCHED_FILES": str(log),
        "TMPDIR": str(elsewhere),
        "HOME": str(elsewhere),
        "LOOKERVAULT_VAULT": str(vaults / "vault.db"),
    }

    def run(*arguments: object, code: int = 0) -> None:
        done = written(*arguments, env=env)
        assert done.returncode == code, done.stderr.decode()

    run("extract", "boards", "users")
    run("list", "users")
    run("verify", "--deep")
    shutil.copy(vaults / "vault.db", vaults / "damaged.db")
    damage(vaults / "damaged.db")
    run("salvage", vaults / "damaged.db", vaults / "rescued.db", code=3)
    run("verify", "--repair", "--vault", vaults / "damaged.db")
    run("demo", "--items", "30", "-q", "--vault", vaults / "demo.db")
    touched = {
        line
        for line in log.read_text().splitlines()
        if line.startswith("/") and not Path(line).name.startswith(".coverage")  # how tests measure
    }
    allowed = (str(vaults), str(log), "/dev/", "/proc/")
    assert str(vaults / "vault.db") in touched
    assert {path for path in touched if not path.startswith(allowed)} == set()
    assert list(elsewhere.iterdir()) == []
