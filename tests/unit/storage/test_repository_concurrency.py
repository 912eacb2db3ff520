"""Many threads, many processes, and a process that ends in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from pathlib import Path

import pytest

from lookervault.content.model import Item
from lookervault.errors import VaultError
from lookervault.storage import writer
from lookervault.storage.objects import Packed
from lookervault.storage.repository import Repository
from lookervault.storage.writer import Writer
from tests.unit.storage.samples import bodies, column, edit, end, finished_run, item, page, start

PAGES = [list(numbers) for numbers in batched(range(1200), 20, strict=True)]


@pytest.mark.parametrize("workers", [8, 50])
def test_pages_stored_by_many_threads_at_once_are_all_there(vault: Path, workers: int) -> None:
    with Repository.open(vault, write=True) as repo:
        run = repo.begin_run(start())
        with ThreadPoolExecutor(workers) as pool:
            stored = list(
                pool.map(lambda ids: repo.store(run, repo.pack(page(ids)), ids[0]), PAGES)
            )
        assert {one[:3] for one in stored} == {(20, 0, 0)}
        assert repo.confirmed(run, "users") == {str(number) for number in range(1200)}
        assert sum(one.bytes for one in stored) == repo.size_report().stored
        repo.end_run(run, end(root=repo.root(run, ["users"])[0]))
    with Repository.open(vault, write=False) as reader:
        assert dict(reader.bodies("users")) == bodies(range(1200))
        assert reader.is_sealed(run)
    assert column(vault, "PRAGMA integrity_check") == ["ok"]
    assert column(vault, "SELECT id FROM dictionaries") == [1, 2]


def test_the_root_does_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    def root(workers: int) -> bytes:
        with Repository.open(tmp_path / f"{workers}.db", write=True) as repo:
            run = repo.begin_run(start())
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(lambda ids: repo.store(run, repo.pack(page(ids)), None), PAGES))
            return repo.root(run, ["users"])[0]

    assert root(1) == root(8)


def test_the_same_page_from_many_threads_is_stored_once(repo: Repository) -> None:
    run = repo.begin_run(start())
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda _: repo.store(run, repo.pack(page(range(50))), 0), range(16)))
    assert sum(one.new for one in stored) == 50
    assert sum(one.unchanged for one in stored) == 15 * 50
    assert repo.counts() == {"users": 50}


def test_threads_read_while_others_write(repo: Repository) -> None:
    finished_run(repo, page(range(300)))
    run = repo.begin_run(start())

    def work(number: int) -> int:
        if number % 2:
            repo.store(run, repo.pack(page([number], state=1)), number)
        return len(list(repo.items("users"))) + len(dict(repo.bodies("users")))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(40))) == {600}


def test_connections_of_ended_threads_are_closed(repo: Repository) -> None:
    finished_run(repo, [item("1")])
    before = open_files()
    for _ in range(30):
        thread = threading.Thread(target=repo.counts)
        thread.start()
        thread.join()
    assert open_files() <= before + 3


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture
def small_log(monkeypatch: pytest.MonkeyPatch) -> int:
    limit = 200_000
    monkeypatch.setattr(writer, "CHECKPOINT_BYTES", limit)
    return limit


def test_the_log_stays_small_while_a_run_goes_on(small_log: int, vault: Path) -> None:
    log = vault.with_name(vault.name + "-wal")
    with Repository.open(vault, write=True) as repo:
        run = repo.begin_run(start())
        for ids in PAGES:
            repo.store(run, repo.pack(page(ids)), None)
            assert log.stat().st_size < small_log + 1_000_000
        assert vault.stat().st_size > small_log
        assert repo.counts() == {"users": 1200}


@pytest.mark.usefixtures("small_log")
def test_checkpoints_amid_readers_and_writers_lose_nothing(repo: Repository) -> None:
    run = repo.begin_run(start())

    def work(ids: list[int]) -> None:
        repo.store(run, repo.pack(page(ids)), None)
        assert {str(number) for number in ids} <= repo.open_ids("users")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, PAGES))
    assert dict(repo.bodies("users")) == bodies(range(1200))


# Group commit


def writer_of(repo: Repository) -> Writer:
    found = repo._writer  # noqa: SLF001  group commit is under test, not the rooms before it
    assert found is not None
    return found


class Held:
    """Keeps the write lock busy until as many jobs as expected wait behind it."""

    def __init__(self, repo: Repository) -> None:
        self.writer = writer_of(repo)
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.pool = ThreadPoolExecutor(32)
        self.first = self.pool.submit(self.writer.write, self._wait)

    def _wait(self, _: object) -> None:
        self.entered.set()
        assert self.go_on.wait(30)

    def run[T](self, jobs: list[Callable[[], T]]) -> list[T | BaseException]:
        assert self.entered.wait(30)
        futures = [self.pool.submit(job) for job in jobs]
        while len(self.writer._waiting) < len(jobs):  # noqa: SLF001  nobody else needs to know
            threading.Event().wait(0.001)
        self.go_on.set()
        self.first.result()
        results: list[T | BaseException] = []
        for future in futures:
            error = future.exception()
            results.append(future.result() if error is None else error)
        self.pool.shutdown()
        return results


def test_what_waits_is_written_in_one_transaction(repo: Repository) -> None:
    run = repo.begin_run(start())
    packed = [repo.pack(page([number])) for number in range(20)]
    statements: list[str] = []
    writer_of(repo).write(lambda connection: connection.set_trace_callback(statements.append))
    held = Held(repo)
    results = held.run([storing(repo, run, one) for one in packed])
    assert len(results) == 20
    assert statements.count("BEGIN IMMEDIATE") == 2
    assert repo.counts() == {"users": 20}


def storing(repo: Repository, run: int, packed: Packed) -> Callable[[], object]:
    return lambda: repo.store(run, packed, None)


def test_the_error_of_one_page_reaches_its_own_caller_and_no_other(repo: Repository) -> None:
    run = repo.begin_run(start())
    bad = [item("b1"), Item("users", "b2", b"[]", None)]  # type: ignore[arg-type]  # it must fail
    packed = [repo.pack(page([number])) for number in range(10)]
    packed.insert(5, repo.pack(bad))
    results = Held(repo).run([storing(repo, run, one) for one in packed])
    failed = [number for number, result in enumerate(results) if isinstance(result, BaseException)]
    assert failed == [5]
    assert repo.open_ids("users") == repo.confirmed(run, "users") == {str(n) for n in range(10)}
    assert repo.store(run, repo.pack([item("b1")]), None).new == 1


def test_an_interrupted_writer_leaves_the_work_of_others_to_them(repo: Repository) -> None:
    """Ctrl-C reaches whoever writes the group; only its own page may be lost by that."""
    run = repo.begin_run(start())
    interrupts = [KeyboardInterrupt()]

    def job(_: object) -> str:
        if interrupts:
            raise interrupts.pop()
        return "went on"

    packed = [repo.pack(page([number])) for number in range(6)]
    jobs = [storing(repo, run, one) for one in packed]
    results = Held(repo).run([*jobs, lambda: writer_of(repo).write(job)])
    interrupted = [isinstance(result, KeyboardInterrupt) for result in results]
    assert sum(interrupted) == 1
    stored = {str(number) for number in range(6) if not interrupted[number]}
    assert repo.open_ids("users") == repo.confirmed(run, "users") == stored


# Processes

WRITE_FOREVER = """
import sys
from itertools import count
from pathlib import Path
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import page, start
repo = Repository.open(Path(sys.argv[1]), write=True)
run = repo.begin_run(start())
for number in count():
    repo.store(run, repo.pack(page(range(number * 10, number * 10 + 10))), number)
    print(number, flush=True)
"""

ROOT = Path(__file__).parents[3]


def child(vault: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITE_FOREVER, str(vault)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_while_a_process_writes_another_reads_and_a_third_is_sent_away(vault: Path) -> None:
    with child(vault) as other:
        assert other.stdout is not None
        try:
            other.stdout.readline()
            with pytest.raises(VaultError, match=f"in use by process {other.pid} since"):
                Repository.open(vault, write=True)
            with Repository.open(vault, write=False) as reader:
                assert reader.counts()["users"] >= 10
                assert [row.status for row in reader.runs()] == ["running"]
        finally:
            other.kill()


@pytest.mark.parametrize("pages", [1, 7, 30])
def test_a_process_killed_in_the_middle_leaves_whole_pages(vault: Path, pages: int) -> None:
    with child(vault) as other:
        assert other.stdout is not None
        last = [int(other.stdout.readline()) for _ in range(pages)][-1]
        other.send_signal(signal.SIGKILL)
        other.wait()
    with Repository.open(vault, write=False) as reader:  # before anyone repaired anything
        seen = reader.confirmed(1, "users")
        assert len(seen) % 10 == 0
        assert seen >= {str(number) for number in range(10 * (last + 1))}
        assert dict(reader.bodies("users")) == bodies(range(len(seen)))
        assert [row.status for row in reader.runs()] == ["interrupted"]
    with Repository.open(vault, write=True) as repo:
        assert repo.confirmed(1, "users") == seen
        finished_run(repo, page(range(len(seen))))
    assert column(vault, "PRAGMA integrity_check") == ["ok"]


def test_a_log_that_was_lost_leaves_a_run_without_its_seal(vault: Path) -> None:
    with child(vault) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
    vault.with_name(vault.name + "-wal").unlink()
    with Repository.open(vault, write=True) as repo:
        assert [row.status for row in repo.runs()] == ["interrupted"]
        assert not repo.is_sealed(1)


SMALL_DISK = "PRAGMA max_page_count = 30"


def test_a_full_disk_is_told_and_leaves_the_vault_whole(vault: Path) -> None:
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(20)))
        writer_of(repo).write(lambda connection: connection.execute(SMALL_DISK).fetchone())
        run = repo.begin_run(start())
        big = Item("users", "big", bytes(range(256)) * 2**12 + vault.read_bytes(), b"h" * 32)
        with pytest.raises(VaultError, match="the disk is full") as raised:
            repo.store(run, repo.pack([item("x"), big, *page(range(1000, 2000))]), 0)
        assert raised.value.hint
        assert repo.open_ids("users") == {str(number) for number in range(20)}
        assert repo.confirmed(run, "users") == set()


def test_a_changed_dictionary_of_a_running_process_is_not_needed(vault: Path) -> None:
    """Readers keep a dictionary once they have read it."""
    with Repository.open(vault, write=True) as repo:
        finished_run(repo, page(range(40)))
        assert repo.body("users", "1") is not None
        for table in ("dictionaries", "dictionary_copies"):
            edit(vault, f"DELETE FROM {table}")
        assert dict(repo.bodies("users")) == bodies(range(40))
