"""What SECURITY.md says, tried."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lookervault.content.operations import ALLOWED
from lookervault.demo.server import EmbeddedLooker
from tests.docs.running import ROOT, program_folder, shell


def environment(where: Path, looker: EmbeddedLooker) -> dict[str, str]:
    path = f"{program_folder(where)}{os.pathsep}{os.environ['PATH']}"
    return {**looker.env(), "PATH": path}


def test_a_run_sends_the_login_and_what_is_allowed_and_nothing_else(tmp_path: Path) -> None:
    with EmbeddedLooker(items=150, seed=2) as looker:
        shell("lookervault check; lookervault extract -q", tmp_path, environment(tmp_path, looker))
        sent = {served.operation_id for served in looker.log}
    assert sent - {"login"} <= set(ALLOWED)
    assert len(sent) > 20


def test_the_client_secret_is_nowhere(tmp_path: Path) -> None:
    script = "lookervault check; lookervault extract --debug; lookervault runs show 1 --json"
    with EmbeddedLooker(items=150, seed=2) as looker:
        good = environment(tmp_path, looker)
        done = shell(script, tmp_path, good)
        wrong = shell("lookervault extract", tmp_path, {**good, "LOOKERSDK_CLIENT_SECRET": "wr0ng"})
        secret = looker.client_secret
    assert wrong.returncode == 4
    assert "wr0ng" not in wrong.stdout + wrong.stderr
    assert secret not in done.stdout + done.stderr
    assert "********" in done.stdout
    vault = tmp_path / "lookervault.db"
    assert secret.encode() not in vault.read_bytes()


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    with EmbeddedLooker(items=150, seed=2) as looker:
        env = environment(tmp_path, looker)
        shell("umask 000; lookervault extract -q", tmp_path, env)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("lookervault.db*")}
    assert "lookervault.db" in modes
    assert set(modes.values()) == {0o600}


def test_the_secret_has_no_flag() -> None:
    reference = (ROOT / "docs/reference/cli.md").read_text()
    flags = set(re.findall(r"--[a-z-]*(?:secret|password|token)[a-z-]*", reference))
    assert flags == {"--client-secret-file", "--client-secret-command"}


def test_a_url_without_encryption_is_refused(tmp_path: Path) -> None:
    program = program_folder(tmp_path) / "lookervault"
    env = {"LOOKERSDK_CLIENT_ID": "a", "LOOKERSDK_CLIENT_SECRET": "b"}
    done = shell(f'"{program}" check --base-url http://looker.example', tmp_path, env)
    assert done.returncode == 2
    assert "not encrypted" in done.stderr
