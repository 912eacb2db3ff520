from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice

import pytest

from lookervault.content.model import Item
from lookervault.history.changes import History
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import finished_run

MANY = 40


class Counting(Repository):
    """Knows which bodies were asked for."""

    read: list[str]

    def body(self, type: str, id: str, run: int | None = None) -> bytes | None:
        self.read.append(id)
        return super().body(type, id, run)


def dashboard(id: str, title: str, updated_at: str, **fields: object) -> Item:
    body = json.dumps({"id": id, "title": title, "updated_at": updated_at, **fields}).encode()
    hash = sha256(body).digest()
    return Item("dashboards", id, body, hash, name=title, updated_at=updated_at)


def user(id: str, name: str) -> Item:
    return Item("users", id, b"{}", sha256(id.encode()).digest(), name=name)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counting]:
    """Dashboard 1 is edited by Ana, then changes without a word, then is edited by an unknown.

    The others are edited by the second run, and never again.
    """
    with Counting.open(tmp_path_factory.mktemp("changes") / "v.db", write=True) as vault:
        vault.read = []
        ana = user("7", "Ana")
        many = [dashboard(str(n), "Old", "a") for n in range(2, MANY)]
        edited = [dashboard(str(n), "New", "b") for n in range(2, MANY)]
        first = dashboard("1", "One", "a", last_updater_id="7")
        finished_run(vault, [ana, first, *many], "dashboards", "users")
        second = dashboard("1", "Two", "b", last_updater_id=7)
        finished_run(vault, [ana, second, *edited], "dashboards", "users")
        third = dashboard("1", "Three", "b", last_updater_id="7")
        finished_run(vault, [ana, third, *edited], "dashboards", "users")
        fourth = dashboard("1", "Four", "c", last_updater_id="8")
        finished_run(vault, [ana, fourth, *edited], "dashboards", "users")
        yield vault


def everything(*_: object) -> bool:
    return True


def test_who_is_told_only_where_looker_says_that_it_was_edited(vault: Counting) -> None:
    found = list(History(vault).of_item("dashboards", "1"))
    assert [change.who for change in found] == [("8", None), None, ("7", "Ana"), ("7", "Ana")]
    assert [change.change for change in found] == ["changed", "changed", "changed", "added"]


def test_only_bodies_that_differ_are_read(vault: Counting) -> None:
    vault.read = []
    (change,) = History(vault).between(2, 4, None, everything)
    assert (change.id, vault.read) == ("1", ["1", "1"])


def test_of_a_feed_only_what_is_looked_at_is_read(vault: Counting) -> None:
    vault.read = []
    feed = History(vault).feed((1, 4), None, everything)
    assert [change.run for change in islice(feed, 3)] == [4, 3, 2]
    assert len(vault.read) == 6
    assert len(list(feed)) == MANY - 2


def test_what_differs_is_in_order_of_numbers(vault: Counting) -> None:
    ids = [change.id for change in History(vault).between(1, 2, None, everything)]
    assert ids == [str(n) for n in range(1, MANY)]
