"""Parts of a package without its `__init__`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lookervault.looker.bare_package import without_init


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"dear_{tmp_path.name}"  # what is imported once stays
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("whole = True")
    (folder / "part.py").write_text(f"from {name} import other\n")
    (folder / "other.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_a_part_comes_without_the_rest_and_the_rest_when_it_is_asked_for(package: str) -> None:
    with without_init(package):
        __import__(f"{package}.part")
        assert not hasattr(sys.modules[package], "whole")
    assert f"{package}.other" in sys.modules
    assert __import__(package).whole


def test_a_package_that_is_there_already_stays(package: str) -> None:
    there = __import__(package)
    with without_init(package):
        assert sys.modules[package] is there
    assert sys.modules[package] is there


def test_what_is_not_installed_is_missed_where_it_is_imported() -> None:
    with without_init("no_such_package"), pytest.raises(ModuleNotFoundError):
        __import__("no_such_package.part")
