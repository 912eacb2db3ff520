"""The client secret from a file or a command, as a person gives it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.security.running import written


@pytest.fixture
def looker(tmp_path: Path) -> EmbeddedLooker:
    return EmbeddedLooker(items=20, seed=1)


def without_secret(looker: EmbeddedLooker) -> dict[str, str]:
    env = looker.env()
    del env["LOOKERSDK_CLIENT_SECRET"]
    return env


def test_a_run_with_a_secret_file_is_like_any_other(looker: EmbeddedLooker) -> None:
    with looker:
        held = Path("held")
        held.write_text(looker.client_secret + "\n")
        held.chmod(0o600)
        flag = ["--client-secret-file", "held"]
        done = program("extract", "boards", "--json", *flag, env=without_secret(looker))
        assert (done.code, done.err) == (0, "")
        held.chmod(0o644)
        checked = program("check", "--json", *flag, env=without_secret(looker))
    assert "Warning: Others may read the client secret: chmod 600 held" in checked.told
    rows = {row["name"]: row for row in checked.json["settings"]}
    assert rows["client_secret"]["value"] == "********"
    assert rows["client_secret"]["source"] == "flag --client-secret-file (held)"


def test_a_run_with_a_secret_command_is_like_any_other(looker: EmbeddedLooker) -> None:
    with looker:
        Path("held").write_text(looker.client_secret)
        flag = ["--client-secret-command", "cat held"]
        done = program("extract", "boards", "--json", *flag, env=without_secret(looker))
        assert (done.code, done.err) == (0, "")
        checked = program("check", "--json", *flag, env=without_secret(looker))
        compared = program("verify", "--against-looker", *flag, env=without_secret(looker))
    rows = {row["name"]: row for row in checked.json["settings"]}
    assert rows["client_secret"]["source"] == "flag --client-secret-command"
    assert compared.code == 0


def test_a_command_that_fails_is_a_matter_of_configuration(looker: EmbeddedLooker) -> None:
    says = f"import sys; print({looker.client_secret!r}, file=sys.stderr); sys.exit('no')"
    command = shlex.join([sys.executable, "-c", says])
    with looker:
        for debug in ([], ["--debug"]):
            arguments = ["check", "--client-secret-command", command, *debug]
            done = written(*arguments, env=without_secret(looker))
            assert (done.returncode, done.stdout) == (2, b"")
            told = done.stderr.decode()
            assert "failed: it ended with exit status 1.\nRun it by hand" in told
            assert looker.client_secret not in told
        assert len(looker.log) == 0


def test_the_secret_itself_is_taken_from_no_flag(looker: EmbeddedLooker) -> None:
    for flag in (
        ["--client-secret", looker.client_secret],
        [f"--client-secret={looker.client_secret}"],
    ):
        done = program("check", *flag, env=without_secret(looker))
        assert done.code == 2
        assert looker.client_secret not in done.err
