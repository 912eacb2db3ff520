from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.meta.repository import ROOT, pyproject

LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def lines(lock: str) -> list[str]:
    return (ROOT / lock).read_text(encoding="utf-8").splitlines()


def hashes_by_pin(lock: str) -> dict[str, tuple[Version, int]]:
    """Name → version, and how many files of it may be installed."""
    pins: dict[str, tuple[Version, int]] = {}
    name = ""
    for line in lines(lock):
        if pin := PIN.match(line):
            name = pin["name"]
            pins[name] = (Version(pin["version"]), 0)
        elif HASH.match(line):
            version, count = pins[name]
            pins[name] = (version, count + 1)
    return pins


def unlocked(requirements: list[str], lock: str) -> Iterator[str]:
    pins = hashes_by_pin(lock)
    for text in requirements:
        wanted = Requirement(text)
        version, _ = pins.get(canonicalize_name(wanted.name), (None, 0))
        if version is None or not wanted.specifier.contains(version):
            yield f"{text}: {lock} has {version}"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_hashes_and_remarks_and_nothing_else(lock: str) -> None:
    others = [
        line
        for line in lines(lock)
        if line and not (PIN.match(line) or HASH.match(line) or line.lstrip().startswith("#"))
    ]
    assert not others


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("stranger", ["http", "index-url", "find-links", "trusted-host", "file:/"])
def test_a_lock_does_not_say_where_packages_come_from(lock: str, stranger: str) -> None:
    assert stranger not in (ROOT / lock).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    pins = hashes_by_pin(lock)
    assert pins
    assert [name for name, (_, count) in pins.items() if count == 0] == []


def test_the_lock_satisfies_what_the_program_asks_for() -> None:
    wanted = pyproject()["project"]["dependencies"]
    assert list(unlocked(wanted, "requirements.lock")) == []


def test_the_development_lock_satisfies_everything_that_is_asked_for() -> None:
    wanted = [
        *pyproject()["project"]["dependencies"],
        *pyproject()["dependency-groups"]["dev"],
        *pyproject()["build-system"]["requires"],
    ]
    assert list(unlocked(wanted, "requirements-dev.lock")) == []


def test_the_tests_run_on_what_users_install() -> None:
    development = hashes_by_pin("requirements-dev.lock")
    differing = {
        name: (pin, development.get(name))
        for name, pin in hashes_by_pin("requirements.lock").items()
        if development.get(name) != pin
    }
    assert differing == {}
