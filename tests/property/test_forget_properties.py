"""Whatever happened and whichever runs are kept: each of them shows what it showed before."""

from __future__ import annotations

import json
import tempfile
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.content.model import Item
from lookervault.storage import forget as module
from lookervault.storage.forget import moved
from lookervault.storage.gc import gc
from lookervault.storage.gc import preview as preview_gc
from lookervault.storage.repository import Repository
from lookervault.storage.retention import Choice, Policy, choose
from lookervault.storage.runs import RunRow, TypeResult
from lookervault.storage.verify import verify
from lookervault.storage.versions import Version
from tests.property.test_storage_properties import CONTENT, TYPES, State
from tests.unit.storage.samples import end, start

NOW = 1_800_000_000.0
type Content = dict[str, dict[str, State]]
RUN = st.tuples(
    st.fixed_dictionaries(dict.fromkeys(TYPES, CONTENT)),
    st.sampled_from(["complete", "complete", "complete", "partial", "interrupted"]),
)


def item(type: str, id: str, state: State) -> Item:
    body = json.dumps({"id": id, "state": state[0]}).encode()
    return Item(type, id, body, sha256(body).digest(), trashed=state[1])


def extract(repo: Repository, content: Content, status: str) -> None:
    """One that is not complete marks nothing as deleted, and keeps its checkpoints."""
    run = repo.begin_run(start(*TYPES))
    for name, items in content.items():
        repo.store(run, repo.pack([item(name, each, state) for each, state in items.items()]), None)
        if status == "complete":
            repo.vanish(run, name, repo.open_ids(name) - repo.confirmed(run, name))
    root, by_type = repo.root(run, TYPES)
    results = [TypeResult(type=name, root=by_type[name]) for name in TYPES]
    repo.end_run(run, msgspec.structs.replace(end(status, root=root), types=results, missing=[]))


def shown(repo: Repository, run: int) -> dict[str, Any]:
    """All that the vault tells of a run, except where intervals begin and end."""
    told: dict[str, Any] = {
        "row": repo.run(run),
        "types": repo.type_results(run),
        "root": repo.root(run, TYPES),
        "sealed": repo.is_sealed(run),
    }
    for name in TYPES:
        rows = [msgspec.structs.replace(r, first_run=0, end_run=0) for r in repo.items(name, run)]
        told[name] = [(row, repo.body(name, row.id, run)) for row in rows]
        told[f"{name} confirmed"] = repo.confirmed(run, name)
    return told


def deleted(repo: Repository) -> dict[tuple[str, str], tuple[bytes, bool, int]]:
    """The last version of what is gone, and the run that noticed."""
    found = {}
    with repo._reading() as connection:  # noqa: SLF001  no command reads it by id alone
        query = """SELECT t.name, v.id, v.end_run, v.hash, v.trashed
            FROM versions v JOIN types t ON t.id = v.type ORDER BY v.type, v.id, v.first_run"""
        for name, id, ended, digest, trashed in connection.execute(query):
            found[name, id] = (digest, bool(trashed), ended)
    return {key: one for key, one in found.items() if one[2] is not None}


@settings(max_examples=12)
@given(history=st.lists(RUN, min_size=1, max_size=6), data=st.data(), drop=st.booleans())
def test_every_kept_run_shows_the_same_as_before(
    history: list[tuple[Content, str]], data: st.DataObject, drop: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "v.db")
        with Repository.open(path, write=True) as repo:
            for content, status in history:
                extract(repo, content, status)
            chosen = {run.run for run in repo.runs() if data.draw(st.booleans(), f"{run.run}")}
            kept = chosen | {one.run.run for one in always(repo.runs()) if one.reasons}
            before = {run: shown(repo, run) for run in kept}
            gone = deleted(repo)
        expected = preview(path, kept, drop_deleted=drop)
        would_free = preview_gc(path, expected.released)
        assert forget(path, kept, drop_deleted=drop) == expected
        freed = gc(path, now=NOW)
        assert (freed.kept, freed.freed) == (would_free.kept, would_free.freed)
        with Repository.open(path, write=False) as repo:
            assert {run.run for run in repo.runs()} == kept
            assert {run: shown(repo, run) for run in kept} == before
            assert {f.row.run for f in repo.forgotten()} == set(range(1, len(history) + 1)) - kept
            assert deleted(repo).keys() <= gone.keys()
            assert drop or deleted(repo) == gone
        report = verify(path)
        assert report.status == "ok", report.findings
        assert report.checked["unreferenced_objects"] == 0
        assert gc(path, now=NOW).freed.objects == 0


def always(rows: list[RunRow]) -> list[Choice]:
    return choose(rows, Policy())


def forget(path: Path, kept: set[int], *, drop_deleted: bool) -> module.Forgot:
    return module.forget(path, lambda rows: chosen(rows, kept), drop_deleted=drop_deleted, now=NOW)


def preview(path: Path, kept: set[int], *, drop_deleted: bool) -> module.Forgot:
    return module.preview(path, lambda rows: chosen(rows, kept), drop_deleted=drop_deleted)


def chosen(rows: list[RunRow], kept: set[int]) -> list[Choice]:
    return [Choice(row, ["kept"] if row.run in kept else []) for row in rows]


ENDS = st.lists(st.integers(1, 9), min_size=2, max_size=8, unique=True).map(sorted)


@given(
    ends=ENDS,
    gone=st.sets(st.integers(0, 6)),
    open_=st.booleans(),
    kept=st.sets(st.integers(1, 9)),
    drop=st.booleans(),
)
def test_versions_move_to_runs_that_are_kept(
    ends: list[int], gone: set[int], open_: bool, kept: set[int], drop: bool
) -> None:
    """As a dict from runs to what they see would have it; only a deletion stays where it was."""
    history = [
        version(first, end, object=number % 3)
        for number, (first, end) in enumerate(zip(ends, [*ends[1:], None], strict=True))
    ]
    history = [one for number, one in enumerate(history[:-1]) if number not in gone] + (
        history[-1:] if open_ else []
    )
    runs = sorted(kept | {9})
    found = moved(history, runs, drop_deleted=drop)
    for run in runs:
        assert seen(found, run) == seen(history, run)
    for one, following in pairwise(found):
        assert one.end_run is not None
        assert one.first_run < one.end_run <= following.first_run
    bounds = {bound for one in found for bound in (one.first_run, one.end_run)}
    assert (bounds if open_ else bounds - last_bounds(history)) <= {*runs, None}
    if history and not open_ and not drop:
        assert last_bounds(found) & last_bounds(history) >= {history[-1].end_run}
        assert found[-1].object == history[-1].object
    assert moved(found, runs, drop_deleted=drop) == found
    assert moved(found, runs, drop_deleted=True) == moved(history, runs, drop_deleted=True)


def last_bounds(versions: list[Version]) -> set[int | None]:
    return {bound for one in versions[-1:] for bound in (one.first_run, one.end_run)}


def seen(versions: list[Version], run: int) -> list[int]:
    return [
        v.object for v in versions if v.first_run <= run and (v.end_run is None or v.end_run > run)
    ]


def version(first: int, end: int | None, *, object: int) -> Version:
    return Version(1, "a", first, end, object, b"", 0, 0, None, None, None, None, None)
