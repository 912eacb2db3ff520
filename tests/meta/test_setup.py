"""`make setup` runs before every other target: it does what has changed, and else nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.meta.repository import ROOT

UV = """#!/bin/sh
echo "$*" >>"{told}"
if [ "$1" = venv ]; then
  for place; do :; done
  mkdir -p "$place/bin" && touch "$place/pyvenv.cfg"
fi
"""
FILES = ("requirements-dev.lock", "pyproject.toml", ".python-version", "scripts/setup.sh")


class Checkout(NamedTuple):
    """What `make setup` reads, with an installer that only writes down what it is told."""

    root: Path

    def set_up(self) -> tuple[str, list[str]]:
        """(what was printed, what the installer did)"""
        told = self.root / "told"
        told.write_text("")
        done = subprocess.run(
            ["/bin/sh", self.root / "scripts/setup.sh"],
            env={"PATH": "/usr/bin:/bin", "UV": str(self.root / "uv"), "VENV": "the-venv"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=True,
        )
        return done.stdout, [_gist(line) for line in told.read_text("utf-8").splitlines()]

    def append(self, name: str) -> None:
        with (self.root / name).open("a") as file:
            file.write("\n# another line\n")


def _gist(line: str) -> str:
    if line.startswith("venv"):
        return "environment"
    assert line.startswith("pip install")
    if "--editable" in line:
        assert "--no-deps" in line
        return "project"
    assert "--require-hashes" in line
    return "dependencies"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    for name in FILES:
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy)
    installer = tmp_path / "uv"
    installer.write_text(UV.format(told=tmp_path / "told"))
    installer.chmod(0o755)
    return Checkout(tmp_path)


EVERYTHING = ["environment", "dependencies", "project"]


def test_setting_up_a_second_time_does_nothing_and_says_nothing(checkout: Checkout) -> None:
    printed, done = checkout.set_up()
    assert printed == "Setting up the-venv with uv …\n"
    assert done == EVERYTHING
    assert checkout.set_up() == ("", [])


def test_a_changed_lock_brings_a_new_environment(checkout: Checkout) -> None:
    checkout.set_up()
    left = checkout.root / "the-venv/left"
    left.touch()
    checkout.append("requirements-dev.lock")
    assert checkout.set_up()[1] == EVERYTHING
    assert not left.exists()
    assert checkout.set_up() == ("", [])


def test_a_changed_project_file_brings_a_new_look_at_the_project(checkout: Checkout) -> None:
    checkout.set_up()
    checkout.append("pyproject.toml")
    assert checkout.set_up() == ("", ["project"])
    assert checkout.set_up() == ("", [])


def test_an_environment_that_was_not_finished_is_made_again(checkout: Checkout) -> None:
    installer = checkout.root / "uv"
    whole = installer.read_text()
    installer.write_text(whole + '[ "$1" != pip ]\n')
    with pytest.raises(subprocess.CalledProcessError):
        checkout.set_up()
    installer.write_text(whole)
    assert checkout.set_up()[1] == EVERYTHING
