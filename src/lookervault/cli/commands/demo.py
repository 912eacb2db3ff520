"""`lookervault demo`, `lookervault demo serve`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lookervault.cli.options import DebugOption, JsonOption, QuietOption

app = typer.Typer(invoke_without_command=True)

_VAULT = Path("lookervault-demo.db")

ItemsOption = Annotated[int, typer.Option("--items", help="Objects of the company, about.", min=1)]
SeedOption = Annotated[int, typer.Option("--seed", help="Another seed is another company.")]


@app.callback()
def demo(
    context: typer.Context,
    items: ItemsOption = 2000,
    seed: SeedOption = 1,
    vault: Annotated[
        Path, typer.Option("--vault", help="The vault's file.", metavar="FILE")
    ] = _VAULT,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> int:
    """Extract a made-up company from an embedded Looker: real HTTP, real login, real pages.

    \b
    Examples:
      lookervault demo
      lookervault demo --items 500 --vault try.db
      lookervault demo serve --port 8000
    """
    if context.invoked_subcommand is not None:
        return 0
    from lookervault.cli import extraction
    from lookervault.cli.commands.extract import run_and_tell
    from lookervault.config.models import parallel_config
    from lookervault.config.settings import load
    from lookervault.content.registry import select

    extraction.check_place(vault)
    with _served(items, seed) as env:
        settings = load({"vault": vault}, env)
        request = extraction.request(select([], []), settings, {})
        code = run_and_tell(
            settings, parallel_config({}), request, quiet=quiet, json=json, debug=debug
        )
    if not json and code == 0:
        _print_next(vault)
    return code


@app.command()
def serve(
    port: Annotated[
        int, typer.Option("--port", help="0: any that is free.", min=0, max=65_535)
    ] = 8000,
    items: ItemsOption = 2000,
    seed: SeedOption = 1,
    latency_ms: Annotated[
        float,
        typer.Option("--latency-ms", help="Milliseconds that each answer takes longer.", min=0),
    ] = 0,
    rps: Annotated[
        float | None,
        typer.Option("--rps", help="Calls a second; more are answered with 429.", min=0.1),
    ] = None,
    fault: Annotated[
        float, typer.Option("--fault", help="Share of answers that go wrong, 0 to 1.", min=0, max=1)
    ] = 0,
    until_eof: Annotated[bool, typer.Option("--until-eof", hidden=True)] = False,
    debug: DebugOption = False,
) -> None:
    """Serve the embedded Looker until Ctrl-C, and print how to reach it.

    \b
    Examples:
      lookervault demo serve
      lookervault demo serve --port 0 --rps 20 --latency-ms 100
      lookervault demo serve --fault 0.08
    """
    from lookervault.demo.behaviour import Behaviour
    from lookervault.demo.server import EmbeddedLooker, serve

    def tell(looker: EmbeddedLooker) -> None:
        for name, value in looker.env().items():
            print(f"export {name}={value}")
        sys.stdout.flush()
        print("Serving. Ctrl-C ends it.", file=sys.stderr, flush=True)

    if until_eof:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    behaviour = Behaviour(latency_ms=latency_ms, rps=rps, fault_rate=fault)
    serve(port, items, seed, behaviour, tell)


def _end_with_stdin() -> None:
    """Whoever started this server holds the other end of stdin: however it ends, so do we."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _served(items: int, seed: int) -> Iterator[Mapping[str, str]]:
    """The environment that leads to an embedded Looker, which is another process meanwhile."""
    command = [sys.executable, "-m", "lookervault", "demo", "serve", "--port", "0", "--until-eof"]
    command += ["--items", str(items), "--seed", str(seed)]
    with subprocess.Popen(  # noqa: S603 -- our own program, with numbers as arguments
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as server:
        try:
            yield _environment(server)
        finally:
            server.terminate()


def _environment(server: subprocess.Popen[str]) -> dict[str, str]:
    from lookervault.errors import LookerVaultError

    found: dict[str, str] = {}
    for line in server.stdout or ():
        name, _, value = line.removeprefix("export ").strip().partition("=")
        found[name] = value
        if "LOOKERSDK_CLIENT_SECRET" in found:
            return found
    raise LookerVaultError(
        "The embedded Looker did not start.",
        hint="`lookervault demo serve` on its own shows why.",
    )


def _print_next(vault: Path) -> None:
    from lookervault.storage.repository import Repository

    with Repository.open(vault, write=False) as repository:
        dashboard = next((item.id for item in repository.items("dashboards")), None)
    name = shlex.quote(str(vault))
    print("\nTry next:")
    print(f"  lookervault list dashboards --vault {name}")
    if dashboard is not None:
        print(f"  lookervault show dashboards {dashboard} --vault {name}")
    print(f"  lookervault runs --vault {name}")
    print("  lookervault types")
