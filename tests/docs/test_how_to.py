"""The nightly script of the guide, with a stand-in for `mail`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.docs.running import ROOT, blocks, program_folder, shell

NIGHTLY = next(
    block
    for block in blocks(ROOT / "docs/how-to/nightly-cron.md", "sh")
    if block.startswith("#!/bin/sh")
)


@pytest.mark.parametrize(
    ("behaviour", "code", "subject"),
    [
        (Behaviour(), 0, ""),
        (Behaviour(forbidden={"all_themes": 403}), 3, "LookerVault is incomplete (exit 3)"),
        (Behaviour(forbidden={"login": 404}), 1, "LookerVault failed (exit 1)"),
    ],
)
def test_the_nightly_script_mails_what_went_wrong(
    tmp_path: Path, behaviour: Behaviour, code: int, subject: str
) -> None:
    programs = program_folder(tmp_path)
    mail = programs / "mail"
    mail.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$2" > "{tmp_path}/mailed"\ncat >> "{tmp_path}/mailed"\n'
    )
    mail.chmod(0o755)
    with EmbeddedLooker(items=200, seed=1, behaviour=behaviour) as looker:
        if code == 1:
            looker.behaviour.forbidden = {"versions": 404}
        exports = "".join(f"export {name}={value}\n" for name, value in looker.env().items())
        (tmp_path / "env").write_text(
            f"{exports}export LOOKERVAULT_VAULT={tmp_path}/v.db\nexport MAIL_TO=a@example.com\n"
        )
        done = shell(
            NIGHTLY,
            tmp_path,
            {
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "LOOKERVAULT_ENV": f"{tmp_path}/env",
            },
        )
    mailed = tmp_path / "mailed"
    assert done.returncode == code, mailed.read_text() if mailed.exists() else done.stderr
    if subject:
        assert mailed.read_text().startswith(subject)
    else:
        assert not mailed.exists()
