"""`lookervault show TYPE ID`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookervault.cli.options import AtOption, DebugOption, RunOption, TypeArgument, VaultOption

if TYPE_CHECKING:
    from lookervault.errors import LookerVaultError
    from lookervault.storage.repository import Repository


def show(
    type: TypeArgument,
    id: Annotated[str, typer.Argument(metavar="ID", help="The id, as `list` shows it.")],
    vault: VaultOption = None,
    run: RunOption = None,
    at: AtOption = None,
    debug: DebugOption = False,
) -> None:
    """Print an item's JSON, byte for byte as Looker gave it.

    \b
    Examples:
      lookervault show dashboards 12
      lookervault show dashboards 12 --run 1 > dashboard.json
      lookervault show dashboards 12 --at yesterday
    """
    from lookervault.cli.output import write_bytes
    from lookervault.cli.vaults import open_vault, run_of
    from lookervault.content.registry import content_type

    name = content_type(type).name
    with open_vault(vault) as repository:
        run = run_of(repository, run, at)
        body = repository.body(name, id, run)
        if body is None:
            raise _not_there(repository, name, id, run, vault)
    write_bytes(_for_a_terminal(body) if sys.stdout.isatty() else body)


def _for_a_terminal(body: bytes) -> bytes:
    """The same JSON value: what a terminal would obey or hide is spelled as its escape."""
    from lookervault.cli.text import escaped_json

    return f"{escaped_json(body.decode(errors='replace'))}\n".encode()


def _not_there(
    repository: Repository, name: str, id: str, run: int | None, vault: Path | None
) -> LookerVaultError:
    import difflib
    import shlex

    from lookervault.errors import VaultError

    ids = [item.id for item in repository.items(name, run)]
    near = difflib.get_close_matches(id, ids, n=3, cutoff=0.5) or ids[:3]
    when = "" if run is None else f" as of run {run}"
    if not ids:
        return VaultError(
            f"The vault holds no {name}{when}.", hint="`lookervault runs` shows what it holds."
        )
    where = "" if vault is None else f" --vault {shlex.quote(str(vault))}"
    return VaultError(
        f"The vault holds no {name} with the id {id}{when}.",
        hint=f"It has {', '.join(near)} …; `lookervault list {name}{where}` shows all.",
    )
