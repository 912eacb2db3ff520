"""`lookervault demo`, `lookervault demo serve`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from lookervault.cli.options import DebugOption, JsonOption, LogFormatOption, QuietOption

if TYPE_CHECKING:
    from lookervault.errors import LookerVaultError

app = typer.Typer(invoke_without_command=True)

_VAULT = Path("lookervault-demo.db")
_ITEMS = 5000
_PATIENCE_S = 60
"""Seconds that a server may take to start, and to end."""

ItemsOption = Annotated[int, typer.Option("--items", help="Objects of the company, about.", min=1)]
SeedOption = Annotated[int, typer.Option("--seed", help="Another seed is another company.")]


@app.callback()
def demo(
    context: typer.Context,
    items: ItemsOption = _ITEMS,
    seed: SeedOption = 1,
    vault: Annotated[
        Path, typer.Option("--vault", help="The vault's file.", metavar="FILE")
    ] = _VAULT,
    quiet: QuietOption = False,
    json: JsonOption = False,
    debug: DebugOption = False,
    log_format: LogFormatOption = None,
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
    from lookervault.cli import extraction, failures
    from lookervault.cli.commands.extract import run_and_tell
    from lookervault.config.models import parallel_config
    from lookervault.config.settings import load
    from lookervault.content.registry import select
    from lookervault.errors import Exit

    extraction.check_place(vault)
    with _served(items, seed, vault.absolute().parent) as env:
        if not quiet and not json:
            where = env["LOOKERSDK_BASE_URL"]
            failures.note(f"A made-up company of about {items:,} objects is served at {where}.")
            failures.note(f"Its vault is {vault}.")
        settings = load({"vault": vault}, env)
        request = extraction.request(select([], []), settings, {}, all_due=True)
        code = run_and_tell(
            settings, parallel_config({}), request, quiet=quiet, json=json, debug=debug
        )
    if not json and code == Exit.COMPLETE:
        print("  lookervault types")
    return code


@app.command()
def serve(
    port: Annotated[
        int, typer.Option("--port", help="0: any that is free.", min=0, max=65_535)
    ] = 8000,
    items: ItemsOption = _ITEMS,
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
    log_format: LogFormatOption = None,
) -> None:
    """Serve the embedded Looker until Ctrl-C, and print how to reach it.

    \b
    Examples:
      lookervault demo serve
      lookervault demo serve --port 0 --rps 20 --latency-ms 100
      lookervault demo serve --fault 0.08
    """
    from lookervault.cli import failures
    from lookervault.demo.behaviour import Behaviour
    from lookervault.demo.server import EmbeddedLooker, serve

    def tell(looker: EmbeddedLooker) -> None:
        for name, value in looker.env().items():
            print(f"export {name}={value}")
        sys.stdout.flush()
        failures.note("Serving. Ctrl-C ends it.")

    if until_eof:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    behaviour = Behaviour(latency_ms=latency_ms, rps=rps, fault_rate=fault)
    serve(port, items, seed, behaviour, tell)


def _end_with_stdin() -> None:
    """Whoever started this server holds the other end of stdin: however it ends, so do we."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _served(items: int, seed: int, folder: Path) -> Iterator[Mapping[str, str]]:
    """The environment that leads to an embedded Looker, which is another process meanwhile.

    What that says on stderr goes to a file in the folder that has no name.
    """
    command = [sys.executable, "-m", "lookervault", "demo", "serve", "--port", "0", "--until-eof"]
    command += ["--items", str(items), "--seed", str(seed)]
    with (
        tempfile.TemporaryFile("w+", dir=folder) as said,
        subprocess.Popen(  # noqa: S603 -- our own program, with numbers as arguments
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        ) as server,
    ):
        watchdog = threading.Timer(_PATIENCE_S, server.kill)
        try:
            watchdog.start()
            env = _environment(server.stdout or ())
            watchdog.cancel()
            if env is None:
                raise _not_started(said)
            yield env
        finally:
            watchdog.cancel()
            _end(server)


def _environment(lines: Iterable[str]) -> dict[str, str] | None:
    """What the server prints once it listens; None where it ended before."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.removeprefix("export ").strip().partition("=")
        found[name] = value
        if "LOOKERSDK_CLIENT_SECRET" in found:
            return found
    return None


def _not_started(said: TextIO) -> LookerVaultError:
    from lookervault.errors import LookerVaultError

    said.seek(0)
    return LookerVaultError(
        f"The embedded Looker did not start: {' '.join(said.read().split()) or 'it said nothing'}",
        hint="`lookervault demo serve --debug` on its own shows more.",
    )


def _end(server: subprocess.Popen[str]) -> None:
    server.terminate()
    try:
        server.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
