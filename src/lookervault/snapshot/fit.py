"""Whether the rows of a snapshot are those that its manifest tells of."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from lookervault.errors import DamagedError
from lookervault.snapshot.records import Manifest
from lookervault.storage.certificates import CertificateRow
from lookervault.storage.dump import ForgottenRun, Outliner
from lookervault.storage.repository import Repository
from lookervault.storage.statements import parse


class Fit(NamedTuple):
    """`certificates` are the hashes of the vault's."""

    faults: list[str]
    certificates: frozenset[str] = frozenset()


def fit(vault: Path, manifest: Manifest, gone: Collection[ForgottenRun]) -> Fit:
    """Of a vault or an outline, without the runs that were pruned. The run's root is computed anew,
    over the hashes of the items.
    """
    with Repository.open(vault, write=False) as repository:
        rows = repository.certificates()
        faults = [
            *_chain(rows, manifest),
            *_run(repository, manifest, {one.run for one in gone}),
            *(fault.detail for fault in repository.certificate_faults()),
            *_size(vault, manifest),
            *_content(repository, rows, manifest.run),
        ]
        return Fit(faults, frozenset(row.certificate.hash for row in rows))


def _chain(rows: list[CertificateRow], manifest: Manifest) -> Iterator[str]:
    hashes = [row.certificate.hash for row in rows]
    if hashes[:1] != [manifest.vault]:
        yield "its rows are those of another vault"
    if (len(hashes), hashes[-1:]) != (manifest.certificates, [manifest.certificate]):
        yield "its certificates are not those that the manifest names"


def _run(repository: Repository, manifest: Manifest, gone: Collection[int]) -> Iterator[str]:
    there = [row.run for row in repository.runs()]
    if there != [run for run in manifest.runs if run in there or run not in gone]:
        yield "its runs are not those that the manifest names"
    row = repository.run(manifest.run)
    if row is None:
        yield f"its rows have no run {manifest.run}"
        return
    said = {
        "instance": (row.instance, manifest.instance),
        "base URL": (row.base_url, manifest.base_url),
        "status": (row.status, manifest.status),
        "root": (None if row.root is None else row.root.hex(), manifest.root),
    }
    for name, (told, claimed) in said.items():
        if told != claimed:
            yield f"its run has another {name} than the manifest says"


def _size(vault: Path, manifest: Manifest) -> Iterator[str]:
    with Outliner(vault) as outliner:
        if outliner.content_as_of(manifest.run) != (manifest.items, manifest.bytes):
            yield "as of its run it has other items, or bytes, than the manifest says"


def _content(repository: Repository, rows: list[CertificateRow], run: int) -> Iterator[str]:
    of_run = [row for row in rows if row.run == run]
    try:
        statement = parse(of_run[-1].certificate.statement)
        root, _ = repository.root(run, sorted(statement.types))
    except (IndexError, ValueError, DamagedError):
        yield f"its run {run} has no certificate that can be read"
        return
    if statement.root not in (None, root.hex()):
        yield "the root over its items is not the one that was certified"
    if not repository.is_sealed(run):
        yield f"what it tells of run {run} is not what was sealed"
