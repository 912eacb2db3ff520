"""The main path: a whole Looker into a vault, again after a day's work, and back in time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lookervault.content.registry import TYPES
from lookervault.demo.server import EmbeddedLooker
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, by_type

SEED = 3


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(400, SEED) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, new_vault: NewVault) -> Extraction:
    return new_vault(looker)


def test_a_whole_looker_is_extracted_again_after_a_days_work_and_seen_as_it_was(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    first = one.run(*TYPES, workers=8)
    assert (first.end.status, first.end.missing) == ("complete", [])
    assert {result.type for result in first.end.types} == set(TYPES)
    assert first.end.items == sum(one.vault.counts().values()) > 400
    as_of_first = {name: one.stored(name) for name in TYPES}
    rows_of_first = {name: list(one.vault.items(name)) for name in TYPES}

    edited, trashed, deleted, viewed = quiet_dashboards(looker)[:4]
    store.edit("dashboards", edited, title="Edited by hand")
    store.trash("dashboards", trashed)
    watching = len(store.ids("alerts"))
    store.delete("dashboards", deleted)
    watching -= len(store.ids("alerts"))
    store.edit_quietly("dashboards", viewed, view_count=999_999)
    created = store.create("looks", title="Made today", folder_id="1")
    theme = store.ids("themes")[0]
    store.edit("themes", theme, name="Renamed")

    second = one.run(*TYPES, workers=8)
    assert (second.end.status, second.end.missing) == ("complete", [])
    of_type = by_type(second)
    dashboards = of_type["dashboards"]
    assert (dashboards.new, dashboards.changed, dashboards.deleted) == (0, 2, 1)
    assert of_type["alerts"].deleted == watching > 0
    assert (of_type["looks"].new, of_type["looks"].deleted) == (1, 0)
    assert of_type["themes"].changed == 1
    assert second.end.root != first.end.root

    # As it is now.
    assert json.loads(one.vault.body("dashboards", edited) or b"")["title"] == "Edited by hand"
    assert one.vault.body("dashboards", deleted) is None
    assert one.vault.body("looks", created) == store.body("looks", created)
    assert {row.id for row in one.vault.items("dashboards") if row.trashed} >= {trashed}

    # As it was.
    for name, bodies in as_of_first.items():
        assert [row.id for row in one.vault.items(name, first.run)] == [
            row.id for row in rows_of_first[name]
        ]
        for identity, body in bodies.items():
            assert one.vault.body(name, identity, first.run) == body
    assert one.vault.body("looks", created, first.run) is None

    # And once more, with nothing done in between.
    third = one.run(*TYPES, workers=1)
    assert third.end.root == second.end.root
    assert sum(each.new + each.changed + each.deleted for each in third.end.types) == 0
    assert [row.status for row in one.vault.runs()] == ["complete"] * 3
    assert all(one.vault.is_sealed(row.run) for row in one.vault.runs())


def quiet_dashboards(looker: EmbeddedLooker) -> list[str]:
    """Those that are not in the trash, and that no plan sends."""
    store = looker.store
    plans = store.ids("scheduled_plans")
    sent = {json.loads(store.body("scheduled_plans", i))["dashboard_id"] for i in plans}
    every = (i for i in store.ids("dashboards") if i not in sent)
    return [i for i in every if b'"deleted":false' in store.body("dashboards", i)]


def test_what_a_run_says_of_itself_is_what_the_vault_keeps(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    looker.log.clear()
    result = one.run()
    row = one.vault.run(result.run)
    assert row is not None
    kept = (row.status, row.items, row.calls, row.retries, row.throttled, row.bytes, row.root)
    end = result.end
    assert kept == (
        end.status,
        end.items,
        end.calls,
        end.retries,
        end.throttled,
        end.bytes,
        end.root,
    )
    assert row.whole
    assert row.instance == row.instance.rstrip("/") != row.base_url == looker.base_url
    assert row.user
    assert row.looker_version.startswith("26.")
    assert sorted(one.vault.type_results(result.run), key=lambda each: each.type) == sorted(
        end.types, key=lambda each: each.type
    )
    assert end.calls == len(looker.log) - 1, "every call but the login"
    assert sum(each.calls for each in end.types) == end.calls - 3


def test_every_type_and_the_run_have_a_root(one: Extraction) -> None:
    end = one.run().end
    assert end.root is not None
    assert len({each.root for each in end.types}) == len(end.types)
    assert all(each.root and len(each.root) == 32 for each in end.types)
    names = [each.type for each in end.types]
    assert one.vault.root(1, names) == (end.root, {each.type: each.root for each in end.types})
