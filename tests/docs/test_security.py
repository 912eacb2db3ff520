"""What SECURITY.md says, tried."""

from __future__ import annotations

import re
from pathlib import Path

from lookervault.content.operations import ALLOWED
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT


def test_a_run_sends_the_login_and_what_is_allowed_and_nothing_else() -> None:
    with EmbeddedLooker(items=150, seed=2) as looker:
        shell("lookervault check; lookervault extract -q", looker.env())
        sent = {served.operation_id for served in looker.log}
    assert sent - {"login"} <= set(ALLOWED)
    assert len(sent) > 20


def test_the_client_secret_is_nowhere(tmp_path: Path) -> None:
    script = "lookervault check; lookervault extract --debug; lookervault runs show 1 --json"
    with EmbeddedLooker(items=150, seed=2) as looker:
        good = looker.env()
        done = shell(script, good)
        wrong = program("extract", env={**good, "LOOKERSDK_CLIENT_SECRET": "wr0ng"})
        secret = looker.client_secret
    assert wrong.code == 4
    assert "wr0ng" not in wrong.text + wrong.err
    assert secret not in done.text + done.err
    assert "********" in done.text
    vault = tmp_path / "lookervault.db"
    assert secret.encode() not in vault.read_bytes()


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    with EmbeddedLooker(items=150, seed=2) as looker:
        program("extract", "-q", env=looker.env(), umask=0)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("lookervault.db*")}
    assert "lookervault.db" in modes
    assert set(modes.values()) == {0o600}


def test_the_secret_has_no_flag() -> None:
    reference = (ROOT / "docs/reference/cli.md").read_text()
    flags = set(re.findall(r"--[a-z-]*(?:secret|password|token)[a-z-]*", reference))
    assert flags == {"--client-secret-file", "--client-secret-command"}


def test_a_url_without_encryption_is_refused() -> None:
    env = {"LOOKERSDK_CLIENT_ID": "a", "LOOKERSDK_CLIENT_SECRET": "b"}
    done = program("check", "--base-url", "http://looker.example", env=env)
    assert done.code == 2
    assert "not encrypted" in done.err
