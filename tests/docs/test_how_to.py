"""The nightly script of the guide, with a stand-in for `mail`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks, fits

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
        (Behaviour(forbidden={"me": 404}), 1, "LookerVault failed (exit 1)"),
    ],
)
def test_the_nightly_script_mails_what_went_wrong(
    tmp_path: Path, behaviour: Behaviour, code: int, subject: str
) -> None:
    mail = tmp_path / "bin/mail"
    mail.parent.mkdir()
    mail.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$2" > "{tmp_path}/mailed"\ncat >> "{tmp_path}/mailed"\n'
    )
    mail.chmod(0o755)
    with EmbeddedLooker(items=200, seed=1, behaviour=behaviour) as looker:
        exports = "".join(f"export {name}={value}\n" for name, value in looker.env().items())
        (tmp_path / "env").write_text(
            f"{exports}export LOOKERVAULT_VAULT={tmp_path}/v.db\nexport MAIL_TO=a@example.com\n"
        )
        done = shell(
            NIGHTLY,
            {
                "PATH": f"{mail.parent}{os.pathsep}{os.environ['PATH']}",
                "LOOKERVAULT_ENV": f"{tmp_path}/env",
            },
        )
    mailed = tmp_path / "mailed"
    assert done.code == code, mailed.read_text() if mailed.exists() else done.err
    if subject:
        assert mailed.read_text().startswith(subject)
    else:
        assert not mailed.exists()


PERMISSIONS = ROOT / "docs/how-to/permissions.md"


@pytest.mark.parametrize(
    ("behaviour", "code", "shown"),
    [
        (Behaviour(), 0, list(blocks(PERMISSIONS, "console"))[1].partition("\n")[2]),
        (Behaviour(admin=False), 3, "sees      not everything: a run would be partial"),
        (Behaviour(forbidden={"all_themes": 403}), 3, "would be missing … themes … forbidden"),
    ],
)
def test_check_tells_what_the_guide_to_permissions_says(
    behaviour: Behaviour, code: int, shown: str
) -> None:
    with EmbeddedLooker(items=150, seed=1, behaviour=behaviour) as looker:
        done = program("check", env=looker.env())
    assert done.code == code, done.err
    assert fits(shown, done.text), done.text
    guide = PERMISSIONS.read_text()
    assert all(words.strip() in guide for words in shown.split("…"))
