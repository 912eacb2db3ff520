"""Opening a vault for a command that reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from lookervault.cli.options import Flags
    from lookervault.config.stores import StoreSettings
    from lookervault.errors import LookerVaultError
    from lookervault.storage.listing import ItemRow
    from lookervault.storage.repository import Repository
    from lookervault.storage.runs import RunRow


@contextmanager
def open_source(source: Flags) -> Iterator[Repository]:
    """The vault, or the newest snapshot of a store: where --store names one, or where there is no
    vault and `LOOKERVAULT_STORE` does.
    """
    store = store_to_read(source)
    if store is None:
        with open_vault(source["vault"]) as repository:
            yield repository
        return
    from lookervault.cli.staging import reading
    from lookervault.cli.stores import Opened, find

    there = Opened(store)
    _, manifest = find(there.catalog, "latest", source["instance"])
    with reading(there, manifest) as repository:
        yield repository


def store_to_read(source: Flags) -> StoreSettings | None:
    """The store in place of a vault, as `open_source` has it. Raises `UsageError` where both are
    named, or an instance is, and no store is read.
    """
    from lookervault.config.settings import vault_path
    from lookervault.config.stores import store_settings
    from lookervault.errors import UsageError

    vault = source["vault"]
    store = store_settings(source, os.environ)
    if source["store"] is not None and vault is not None:
        raise UsageError(
            "--store and --vault both name what to read.", hint="Leave one of them out."
        )
    if store is not None and source["store"] is None:
        path, _ = vault_path({"vault": vault}, os.environ)
        store = store if vault is None and not path.exists() else None
    if store is None and source["instance"] is not None:
        raise UsageError(
            "--instance chooses among snapshots of a store, and a vault is read.",
            hint="Leave it out, or name the store with --store.",
        )
    return store


def open_vault(vault: Path | None) -> Repository:
    """Raises `UsageError` where there is no such file, `VaultError` where it is no vault."""
    from lookervault.storage.repository import Repository

    return Repository.open(existing(vault), write=False)


def existing(vault: Path | None) -> Path:
    """Where the vault is. Raises `UsageError` where there is no such file."""
    from lookervault.config.settings import vault_path
    from lookervault.errors import UsageError

    path, source = vault_path({"vault": vault}, os.environ)
    if not path.exists():
        raise UsageError(
            f"There is no vault at {path} ({source}).",
            hint="Name it with --vault, or make one with `lookervault extract`.",
        )
    return path


def run_of(repository: Repository, run: int | None, at: str | None) -> int | None:
    """The run that `--run` or `--at` names; None where neither is given.

    Raises `UsageError` where there is none, or both are given.
    """
    from datetime import UTC, datetime

    from lookervault.errors import UsageError
    from lookervault.history.moments import run_at

    if at is None:
        check_run(repository, run)
        return run
    if run is not None:
        raise UsageError("--run and --at say the same.", hint="Leave one of them out.")
    return run_at(repository.runs(), at, datetime.now(UTC)).run


class Proven:
    """When items of a type were last read, and not only taken for unchanged."""

    def __init__(self, repository: Repository, type: str, run: int | None) -> None:
        from lookervault.content.registry import TYPES

        self._type = TYPES.get(type)
        self._last = repository.proving().last(type, run)
        rows = all_runs(repository)
        self._ended = {row.run: row.finished or row.started for row in rows}
        self._imported = {row.run for row in rows if row.imported}

    def of(self, item: ItemRow) -> dict[str, Any]:
        """None for what was imported, and not read since."""
        from lookervault.history.moments import utc

        key = item.id
        if self._type is not None:
            key = self._type.slice_key(item.id, trashed=item.trashed, folder_id=item.folder_id)
        run = self._last(key, item.first_run)
        if run in self._imported:
            return {"proven_run": None, "proven_at": None}
        return {"proven_run": run, "proven_at": utc(self.time(run))}

    def time(self, run: int | None) -> float:
        """When it ended, in seconds since 1970; of a run that is gone, and of none, 0."""
        return 0.0 if run is None else self._ended.get(run, 0.0)


def imported(repository: Repository) -> set[int]:
    """Runs whose items are not Looker's own bytes."""
    return {row.run for row in all_runs(repository) if row.imported}


def all_runs(repository: Repository) -> list[RunRow]:
    """With those that were forgotten, in order."""
    rows = [*(one.row for one in repository.forgotten()), *repository.runs()]
    return sorted(rows, key=lambda row: row.run)


def check_run(repository: Repository, run: int | None, *, or_forgotten: bool = False) -> None:
    """Raises `UsageError` where the vault has no such run, or has forgotten it."""
    from lookervault.errors import UsageError

    if run is None or repository.run(run) is not None:
        return
    forgotten = next((one for one in repository.forgotten() if one.row.run == run), None)
    if forgotten is None:
        known = ", ".join(str(row.run) for row in repository.runs()[-5:]) or "none"
        raise UsageError(
            f"The vault has no run {run}.",
            hint=f"The newest are: {known}. `lookervault runs` lists them all.",
        )
    if not or_forgotten:
        raise UsageError(
            f"Run {run} was forgotten at {time_of(forgotten.at)}.",
            hint="`lookervault runs` lists those that were kept."
            f" Its certificate stays: `lookervault certificate show {run}`.",
        )


def time_of(seconds: float) -> str:
    """ISO 8601, to the second. Raises `DamagedError` where no calendar has that time."""
    from lookervault.errors import DamagedError
    from lookervault.history.moments import utc

    try:
        return utc(seconds)
    except (OverflowError, OSError, ValueError):
        raise DamagedError(
            "The vault says of a run that it began at a time beyond any calendar.",
            hint="`lookervault verify` names the run, and what else is damaged.",
        ) from None


def not_there(
    repository: Repository, name: str, id: str, run: int | None = None, vault: Path | None = None
) -> LookerVaultError:
    """That there is no such item, with what there is in its place."""
    import difflib
    import shlex

    from lookervault.errors import VaultError

    when = "" if run is None else f" as of run {run}"
    ever = when or f" in any run{up_to(repository)}"
    where = "" if vault is None else f" --vault {shlex.quote(str(vault))}"
    if last := _last_seen(repository, name, id, run):
        return VaultError(
            f"The vault holds no {name} with the id {id}{when}: {last.told}",
            hint=f"`lookervault show {name} {shlex.quote(id)} {last.option}{where}` shows it.",
        )
    ids = [item.id for item in repository.items(name, run)]
    near = difflib.get_close_matches(id, ids, n=3, cutoff=0.5) or ids[:3]
    if not ids:
        return VaultError(
            f"The vault holds no {name}{when}, and had no {id}{ever}.",
            hint="`lookervault runs` shows what it holds.",
        )
    return VaultError(
        f"The vault holds no {name} with the id {id}{ever}.",
        hint=f"It has {', '.join(near)} …; `lookervault list {name}{where}` shows all.",
    )


def up_to(repository: Repository) -> str:
    """Follows "in any run"."""
    runs = repository.runs()
    return f" up to {runs[-1].run}" if runs else ""


class _Last(NamedTuple):
    option: str
    told: str


def _last_seen(repository: Repository, name: str, id: str, run: int | None) -> _Last | None:
    """The newest run before, or the first one after, that had the item."""
    events = repository.timeline().of_item(name, id)
    until = [event for event in events if run is None or event.run <= run]
    if until and (row := until[0].before) is not None:
        told, last = f"run {until[0].run} found it gone.", until[0].run - 1
    elif events and (row := events[-1].after) is not None:
        told, last = f"run {row.first_run} was the first to see it.", row.first_run
    else:
        return None
    runs = [one.run for one in repository.runs() if row.first_run <= one.run <= last]
    return _Last(f"--run {runs[-1]}" if runs else "--last", told)
