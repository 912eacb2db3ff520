"""The vault as the engine and the commands use it, in one thread."""

from __future__ import annotations

from pathlib import Path

import pytest

from lookervault.content.model import Item
from lookervault.errors import VaultError
from lookervault.storage.repository import Repository
from lookervault.storage.versions import Stored
from tests.unit.storage.samples import bodies, body, finished_run, item, page, start

ODD_IDS = ["../../x", "'; DROP TABLE versions; --", "日本", "a\x00b", "\x00", "", '"', "👩\u200d🚀"]


def test_a_body_comes_back_byte_for_byte(repo: Repository) -> None:
    texts = {
        "1": b"",
        "2": b"null",
        "3": b'{"a":1.10}\n',
        "4": bytes(range(256)),
        "5": b"x" * 10**7,
    }
    finished_run(repo, [Item("users", key, text, text[:32]) for key, text in texts.items()])
    assert {key: repo.body("users", key) for key in texts} == texts
    assert dict(repo.bodies("users")) == texts


def test_bodies_compressed_with_a_dictionary_come_back_in_another_process(
    repo: Repository, vault: Path
) -> None:
    finished_run(repo, page(range(300)))
    repo.close()
    with Repository.open(vault, write=False) as reader:
        assert dict(reader.bodies("users")) == bodies(range(300))


def test_small_objects_take_a_tenth_of_their_bytes(repo: Repository) -> None:
    for number in range(15):
        finished_run(repo, page(range(number * 100, number * 100 + 100)))
    report = repo.size_report()
    assert report.raw > 10 * report.stored
    assert report.disk > report.stored


def test_what_is_not_there_is_none_or_empty(repo: Repository) -> None:
    finished_run(repo, [item("1")])
    assert repo.body("users", "2") is None
    assert repo.body("looks", "1") is None
    assert repo.body("users", "1", run=99) == body("1")
    assert repo.body("users", "1", run=0) is None
    assert [*repo.items("looks"), *repo.bodies("looks")] == []
    assert repo.open_ids("looks") == repo.confirmed(1, "looks") == set()
    assert repo.run(99) is None


def test_an_item_is_listed_with_what_was_read(repo: Repository) -> None:
    one = item("7", updated_at="2026-01-02T03:04:05.000+00:00", trashed=True)
    run = finished_run(repo, [one])
    (row,) = repo.items("users")
    assert (row.type, row.id, row.name, row.hash) == ("users", "7", "Üser 7", one.hash)
    assert row.updated_at == "2026-01-02T03:04:05.000+00:00"
    assert (row.trashed, row.folder_id, row.raw_hashed) == (True, "3", False)
    assert (row.size, row.first_run, row.end_run) == (len(one.body), run, None)
    assert row.redacted == ("ui_state.token",)


def test_numeric_ids_are_listed_by_number_and_before_others(repo: Repository) -> None:
    ids = ["10", "9", "lookml::b", "100", "1", "lookml::a", "2"]
    finished_run(repo, [item(each) for each in ids])
    ordered = ["1", "2", "9", "10", "100", "lookml::a", "lookml::b"]
    assert [row.id for row in repo.items("users")] == ordered
    assert [key for key, _ in repo.bodies("users")] == ordered


def test_ids_may_be_any_text(repo: Repository) -> None:
    first = finished_run(repo, [item(each) for each in ODD_IDS])
    assert {each: repo.body("users", each) for each in ODD_IDS} == bodies(ODD_IDS)
    assert repo.open_ids("users") == set(ODD_IDS)
    finished_run(repo, [item(each) for each in ODD_IDS])
    assert sorted((row.id, row.first_run) for row in repo.items("users")) == [
        (each, first) for each in sorted(ODD_IDS)
    ]


def test_what_was_deleted_comes_back_whatever_its_id_is(repo: Repository) -> None:
    finished_run(repo, [item(each) for each in ODD_IDS])
    finished_run(repo, [])
    run = repo.begin_run(start())
    repo.touch(run, "users", ODD_IDS)
    assert repo.confirmed(run, "users") == set(ODD_IDS)
    named = repo.timeline().named("users", ODD_IDS, run)
    assert named == {each: item(each).name for each in ODD_IDS}


def test_an_unchanged_item_keeps_its_version_and_its_body(repo: Repository) -> None:
    first = finished_run(repo, [item("1")])
    moved = Item("users", "1", b'{"view_count":2}', item("1").hash)
    run = repo.begin_run(start())
    assert repo.store(run, repo.pack([moved]), 0) == Stored(0, 0, 1, 0)
    assert repo.body("users", "1") == body("1")
    assert [row.first_run for row in repo.items("users")] == [first]


def test_the_latest_time_of_update_is_kept_without_a_new_version(repo: Repository) -> None:
    first = finished_run(repo, [item("1", updated_at="2026-01-01")])
    finished_run(repo, [item("1", updated_at="2026-01-02")])
    (row,) = repo.items("users")
    assert (row.updated_at, row.first_run) == ("2026-01-02", first)
    assert repo.body("users", "1") == body("1")


def test_a_changed_item_is_a_new_version_and_the_old_one_stays(repo: Repository) -> None:
    first = finished_run(repo, [item("1", 0), item("2", 0)])
    run = repo.begin_run(start())
    stored = repo.store(run, repo.pack([item("1", 1), item("2", 0), item("3", 0)]), 0)
    assert stored[:3] == (1, 1, 1)
    assert stored.bytes > 0
    assert repo.body("users", "1", first) == body("1", 0)
    assert repo.body("users", "1", run) == repo.body("users", "1") == body("1", 1)
    assert [(row.id, row.end_run) for row in repo.items("users", first)] == [
        ("1", run),
        ("2", None),
    ]


def test_an_item_moved_to_the_trash_is_a_new_version(repo: Repository) -> None:
    finished_run(repo, [item("1")])
    run = finished_run(repo, [item("1", trashed=True)])
    assert [(row.trashed, row.first_run) for row in repo.items("users")] == [(True, run)]


def test_a_page_stored_twice_in_a_run_leaves_one_version_of_each_item(repo: Repository) -> None:
    run = repo.begin_run(start())
    repo.store(run, repo.pack([item("1", 0), item("2", 0)]), 0)
    again = repo.store(run, repo.pack([item("1", 1), item("2", 0)]), 0)
    assert again[:3] == (0, 0, 2), "what is new in this run is not changed by it, too"
    assert [row.first_run for row in repo.items("users")] == [run, run]
    assert repo.body("users", "1") == body("1", 1)
    assert repo.counts() == {"users": 2}


def test_of_an_id_that_comes_twice_in_a_page_the_last_counts(repo: Repository) -> None:
    run = repo.begin_run(start())
    assert repo.store(run, repo.pack([item("1", 0), item("1", 1)]), 0)[:3] == (1, 0, 0)
    assert repo.body("users", "1") == body("1", 1)


def test_what_vanished_is_a_tombstone_and_may_come_back(repo: Repository) -> None:
    first = finished_run(repo, [item("1"), item("2")])
    gone = finished_run(repo, [item("2")])
    assert repo.open_ids("users") == {"2"}
    assert repo.body("users", "1") is None
    assert repo.body("users", "1", first) == body("1")
    assert [(row.id, row.end_run) for row in repo.items("users", first)] == [
        ("1", gone),
        ("2", None),
    ]
    back = finished_run(repo, [item("1"), item("2")])
    assert [row.first_run for row in repo.items("users")] == [back, first]
    assert repo.body("users", "1", gone) is None


def test_what_vanishes_in_the_run_that_first_saw_it_was_never_there(repo: Repository) -> None:
    run = repo.begin_run(start())
    repo.store(run, repo.pack([item("1")]), 0)
    assert repo.vanish(run, "users", ["1", "unknown"]) == 1
    assert list(repo.items("users", run)) == []


def test_touching_confirms_without_a_body_and_brings_back_the_last_version(
    repo: Repository,
) -> None:
    finished_run(repo, [item("1"), item("2")])
    finished_run(repo, [item("2")])
    run = repo.begin_run(start())
    repo.touch(run, "users", ["1", "2"])
    assert repo.confirmed(run, "users") == {"1", "2"}
    assert repo.body("users", "1") == body("1")
    assert [row.first_run for row in repo.items("users")] == [run, 1]


def test_touching_what_the_vault_never_had_is_refused_as_a_whole(repo: Repository) -> None:
    finished_run(repo, [item("1")])
    run = repo.begin_run(start())
    with pytest.raises(VaultError, match="no users 2 that could be confirmed"):
        repo.touch(run, "users", ["1", "2"])
    assert repo.confirmed(run, "users") == set()


def test_a_page_of_several_types_is_stored_by_type(repo: Repository) -> None:
    run = repo.begin_run(start("users", "looks"))
    packed = repo.pack([item("1"), item("1", type="looks"), item("2")])
    assert repo.store(run, packed, 0).new == 3
    assert repo.counts() == {"looks": 1, "users": 2}
    assert repo.types() == ["looks", "users"]
    assert (repo.confirmed(run, "users"), repo.confirmed(run, "looks")) == ({"1", "2"}, {"1"})


def test_equal_bodies_are_one_object(repo: Repository) -> None:
    run = repo.begin_run(start())
    same = [Item("users", str(number), b"[]", b"h" * 32) for number in range(3)]
    repo.store(run, repo.pack(same), 0)
    assert repo.size_report().raw == 2
    assert repo.counts() == {"users": 3}


def test_needed_is_what_something_needs_and_nothing_has(repo: Repository) -> None:
    has = b'{"has":{"queries":["1","2"],"looks":["3"]}}'
    needs = b'{"needs":{"queries":["2","4"]}}'
    finished_run(repo, [item("1", refs=has), item("2", refs=needs), item("3")])
    assert repo.needed("queries") == {"4"}
    assert repo.needed("looks") == set()
    finished_run(repo, [item("2", refs=needs)])
    assert repo.needed("queries") == {"2", "4"}


def test_needed_looks_only_at_the_items_that_count(repo: Repository) -> None:
    has = b'{"has":{"queries":["2"]}}'
    needs = b'{"needs":{"queries":["2","4"]}}'
    finished_run(repo, [item("1", refs=has), item("2", refs=needs)])
    kind = item("1").type
    assert repo.needed("queries", {kind: {"2"}}) == {"2", "4"}
    assert repo.needed("queries", {kind: {"1"}}) == set()
    assert repo.needed("queries", {}, others=False) == set()


def test_the_vault_remembers_the_instance(repo: Repository, vault: Path) -> None:
    assert repo.instance() is None
    repo.set_instance("looker.example.com")
    repo.set_instance("looker.example.org")
    repo.close()
    with Repository.open(vault, write=False) as reader:
        assert reader.instance() == "looker.example.org"


def test_an_iterator_shows_the_vault_as_it_was_when_it_began(repo: Repository) -> None:
    finished_run(repo, page(range(2000)))
    rows = repo.items("users")
    next(rows)
    run = repo.begin_run(start())
    repo.vanish(run, "users", repo.open_ids("users"))
    assert len(list(rows)) == 1999
    assert list(repo.items("users")) == []
