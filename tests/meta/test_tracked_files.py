from __future__ import annotations

import re

import pytest

from tests.meta.repository import ROOT, pyproject, text_of, tracked_files

# in pieces, so that this file is not what it looks for
PATHS_OF_A_MACHINE = [
    "/" + place + "/" for place in ("work", "root", "Users/[a-z]+", "home/[a-z]+")
]
REGISTRIES = [
    r"\.".join(pieces)
    for pieces in (
        ("py" + "pi", "org"),
        ("python" + "hosted", "org"),
        ("npm" + "js", "org"),
        ("deb" + "ian", "org"),
    )
]
PRODUCTION = [
    r"\b" + first + second + r"\b"
    for first, second in (
        ("Cla", "ude"),
        ("Anth", "ropic"),
        ("Chat", "GPT"),
        ("Open", "AI"),
        ("Co", "pilot"),
        ("LL", "Ms?"),
        ("sub", "agents?"),
        ("AI[ -]", "generated"),
        ("issues ", "show"),
        ("issue ", "[0-9]+"),
    )
]
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pragma:\s*no\s+(cover|branch))(?P<rest>.*)")
WITH_REASON = re.compile(r"^(:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|\[[a-z, -]+\])?\s+((#|[-–—]+) )?\w")


def found(pattern: str) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in tracked_files()
        for number, line in enumerate((text_of(path) or "").splitlines(), start=1)
        if re.search(pattern, line)
    ]


@pytest.mark.parametrize("pattern", PATHS_OF_A_MACHINE)
def test_no_file_knows_the_machine_it_was_written_on(pattern: str) -> None:
    assert found(r"(?<![\w.}])" + pattern) == []


@pytest.mark.parametrize("pattern", REGISTRIES)
def test_no_file_names_the_host_of_a_registry(pattern: str) -> None:
    assert found(pattern) == []


@pytest.mark.parametrize("pattern", PRODUCTION)
def test_no_file_speaks_of_how_it_came_about(pattern: str) -> None:
    assert found(pattern) == []


def test_every_check_that_is_switched_off_says_why_on_its_line() -> None:
    silent = [
        line
        for line in found(SUPPRESSION.pattern)
        if (match := SUPPRESSION.search(line)) and not WITH_REASON.match(match["rest"])
    ]
    assert silent == []


def test_every_rule_that_is_switched_off_has_its_reason_beside_it() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ruff = settings[settings.index("[tool.ruff.lint]") : settings.index("[tool.mypy]")]
    rules = re.findall(r'^  "[A-Z]+\d*",.*$', ruff, re.MULTILINE)
    assert rules
    assert [rule for rule in rules if " # " not in rule] == []


def test_the_makefile_explains_each_of_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) == set(phony.split())


def test_the_map_of_the_house_has_every_room() -> None:
    house = ROOT / "src/lookervault"
    rooms = {entry.parent.name for entry in house.glob("*/__init__.py")}
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {room for room in rooms if f"`{room}/`" not in guide} == set()


def test_python_is_the_same_everywhere() -> None:
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    minor = ".".join(version.split(".")[:2])
    assert pyproject()["project"]["requires-python"] == f">={minor}"
    assert pyproject()["tool"]["mypy"]["python_version"] == minor
    assert f"wanted={minor}\n" in (ROOT / "scripts/setup.sh").read_text(encoding="utf-8")
