"""Running an extraction from a command: signals, progress, the vault, and what to say of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from lookervault import __version__
from lookervault.cli import failures, progress, said, stopping
from lookervault.cli.budget import budget, check
from lookervault.cli.report import nothing_due, result
from lookervault.errors import Exit, LookerVaultError

if TYPE_CHECKING:
    from lookervault.config.models import ParallelConfig
    from lookervault.config.settings import Settings
    from lookervault.content.model import ContentType
    from lookervault.extraction.request import Request
    from lookervault.extraction.stop import Stop
    from lookervault.looker.client import Looker
    from lookervault.proof.keys import SigningKey
    from lookervault.storage.connections import Fetch
    from lookervault.storage.repository import Repository


def extract_into(
    settings: Settings,
    config: ParallelConfig,
    request: Request,
    *,
    max_calls: int | None = None,
    fetch: Fetch | None = None,
    quiet: bool,
) -> tuple[dict[str, Any], LookerVaultError | None]:
    """The result as `--json` prints it, and the error that ended the run early.

    `fetch` gives bodies that the vault does not have itself.

    Raises `LookerVaultError` where the run could not be begun.
    """
    from lookervault.extraction.memory import share_one_arena
    from lookervault.extraction.orchestrator import Orchestrator
    from lookervault.extraction.stop import Stop
    from lookervault.extraction.work_queue import InFlight
    from lookervault.looker.client import Looker
    from lookervault.storage.repository import Repository

    share_one_arena()
    stop = Stop()
    warn_about(settings)
    signer = signer_of(settings)
    vault_of = Repository.open(settings.vault, write=True, signer=signer, fetch=fetch)
    with vault_of as vault, _until_signal(stop):
        if (left := _nothing_due(vault, request)) is not None:
            return nothing_due(left), None
        spending = budget(vault, settings, max_calls)
        in_flight = InFlight(config.bytes_in_flight)
        client = Looker(
            settings, pool_size=config.workers, admit=in_flight.hold, before=spending.spend
        )
        try:
            if settings.monthly_calls is not None and spending.most != max_calls:
                check(spending, settings, _expected(vault, request, config, client))
            with progress.choose(quiet=quiet) as shown:
                orchestrator = Orchestrator(
                    client, vault, config, shown, in_flight=in_flight, stop=stop
                )
                done = orchestrator.run(request)
        finally:
            client.close()
            spending.close()
        for note in done.notes:
            failures.note(note, run=done.run)
        row = vault.run(done.run)
        if row is None:
            raise AssertionError  # the run was just written
        told = (vault.type_results(done.run), vault.missing(done.run), vault.proofs(done.run))
        found = result(row, *told)
        sizes = vault.size_report()
    found |= {"vault": str(settings.vault), "raw_bytes": sizes.raw}
    return found | {"vault_bytes": settings.vault.stat().st_size}, done.error


def _nothing_due(vault: Repository, request: Request) -> dict[str, Any] | None:
    """Types with their run and when they will be due, where none is due; else None."""
    from lookervault.extraction.beginning import due_of
    from lookervault.extraction.cadence import intervals, next_due

    types, left = due_of(vault, request, time.time())
    if types:
        return None
    days = intervals(request.types, request.every)
    return {name: (read.run, next_due({name: read}, days)) for name, read in left.items()}


def _expected(vault: Repository, request: Request, config: ParallelConfig, client: Looker) -> int:
    """Calls that the run is likely to take. Types that were never read are looked at for that."""
    from lookervault.extraction.first_look import look
    from lookervault.extraction.plan import plan
    from lookervault.extraction.survey import calls_of

    if request.folders:
        return 1  # nobody knows what is in them
    asking = calls_of(client)
    return plan(vault, request, config, now=time.time(), ask=lambda ts: look(asking, ts)).calls


def signer_of(settings: Settings) -> SigningKey | None:
    """Raises `UsageError` where the file that is to hold the key does not."""
    if settings.signing_key is None:
        return None  # and what signs is not even loaded
    from lookervault.config.exposure import others_may_use
    from lookervault.proof import keys

    signer = keys.read(settings.signing_key, settings.source("signing_key"))
    if others_may_use(settings.signing_key):
        failures.warn(f"Others may read the signing key: chmod 600 {settings.signing_key}")
    return signer


def warn_about(settings: Settings) -> None:
    for note in settings.notes:
        failures.warn(note)
    if not settings.verify_ssl:
        failures.warn(
            f"Certificates are not checked ({settings.source('verify_ssl')}): whoever is in between"
            " can read the secret and change the backup."
        )


def exit_code(found: dict[str, Any], error: LookerVaultError | None) -> Exit:
    if error is not None:
        return error.exit_code
    return Exit.COMPLETE if found["status"] == "complete" else Exit.INCOMPLETE


@contextmanager
def _until_signal(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM asks the run to stop; the second ends the program at once.

    What is in the vault is whole at every moment, so nothing has to be tidied up for that.
    """

    def on_signal(_: int, __: FrameType | None) -> None:
        if stop.requested:
            stopping.end_at_once()
        stop.request()
        with suppress(OSError):  # nobody may be reading any more
            said.say_at_once(_STOPPING, event="stopping")

    with stopping.heard_by(on_signal):
        yield


_STOPPING = "Stopping, after the calls under way. The same again ends at once."


def request(
    types: Sequence[ContentType],
    settings: Settings,
    named: Mapping[str, Sequence[str]],
    **choices: Any,
) -> Request:
    """`named` is what the command line says of `types`, `exclude` and `folders`, for the record."""
    from lookervault.extraction.request import Request

    arguments = {**named, **choices}
    for derived in ("resume_within_s", "all_due", "few_calls"):
        arguments.pop(derived, None)
    return Request(
        types=types,
        base_url=settings.base_url,
        program_version=__version__,
        folders=tuple(named.get("folders", ())),
        arguments={name: value for name, value in arguments.items() if value},
        **choices,
    )


def check_place(vault: Path) -> None:
    """Raises `UsageError` where a vault can neither be nor be made."""
    from lookervault.errors import UsageError

    if vault.is_dir():
        raise UsageError(
            f"The vault {vault} is a folder.", hint="Name a file with --vault, such as company.db."
        )
    folder = vault.absolute().parent
    if not folder.is_dir():
        raise UsageError(
            f"There is no folder {folder} for the vault.",
            hint="Make it, or name another place with --vault.",
        )
    if not os.access(vault if vault.exists() else folder, os.W_OK):
        raise UsageError(
            f"The vault {vault} cannot be written.",
            hint="Name another place with --vault, or run as the user who may write there.",
        )
