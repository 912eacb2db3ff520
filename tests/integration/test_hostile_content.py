"""Content that no sane program would send: kept exactly where it can be, named where it cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.integration.conftest import NewVault
from tests.integration.running import Extraction, by_type

COUNTS = {"dashboards": 14, "looks": 16, "folders": 16, "users": 12, "boards": 4}


@pytest.fixture
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(150, 0, counts=COUNTS) as one:
        yield one


@pytest.fixture
def one(looker: EmbeddedLooker, new_vault: NewVault) -> Extraction:
    return new_vault(looker)


EXTREME = {
    "duplicate keys": b'{"id":"%b","a":1,"a":2}',
    "a number beyond a double": b'{"id":"%b","a":1e400}',
    "a float of many digits": b'{"id":"%b","a":0.1234567890123456789012}',
    "a lone surrogate": b'{"id":"%b","title":"\\ud800"}',
    "a lone surrogate as a key": b'{"id":"%b","\\udfff":1}',
    "ten thousand levels": b'{"id":"%b","a":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "an integer of many digits": b'{"id":"%b","a":' + b"7" * 5000 + b"}",
    "invalid UTF-8": b'{"id":"%b","title":"\xff\xfe"}',
}
STRANGE = {
    "an id that is a number": b'{"id":%b}',
    "a title that is a list": b'{"id":"%b","title":["a"],"name":{"b":1}}',
    "a folder that is an object": b'{"id":"%b","folder_id":{"a":1},"updated_at":5}',
    "tiles that are a number": b'{"id":"%b","dashboard_elements":5,"query":7,"query_id":[1]}',
    "tiles that are text": b'{"id":"%b","dashboard_elements":"abc","deleted":"true"}',
    "a tile's result that is a list": b'{"id":"%b","dashboard_elements":[{"result_maker":[1]}]}',
    "a tile's query that has no id": b'{"id":"%b","dashboard_elements":[{"query":{"id":{}}}]}',
    "members that are null": b'{"id":"%b","title":null,"dashboard_elements":null,"folder_id":null}',
    "sections that are a number": b'{"id":"%b","board_sections":[{"board_items":7},3]}',
    "blanks between": b' { "id" : "%b" , "title" : "x" } ',
    "an empty key": b'{"id":"%b","":1}',
}
WHERE = ("dashboards", "looks", "boards", "users")


def put(looker: EmbeddedLooker, name: str, pattern: bytes) -> tuple[str, bytes]:
    chosen = looker.store.ids(name)[2]
    body = pattern.replace(b"%b", chosen.encode())
    looker.store.put_raw(name, chosen, body)
    return chosen, body


@pytest.mark.parametrize("name", WHERE)
@pytest.mark.parametrize("kind", EXTREME)
def test_what_no_canonical_form_can_carry_is_kept_exactly_and_marked(
    kind: str, name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    chosen, body = put(looker, name, EXTREME[kind])
    result = one.run(name)
    assert (result.end.status, result.end.missing) == ("complete", [])
    assert one.vault.body(name, chosen) == body
    marked = [row.id for row in one.vault.items(name) if row.raw_hashed]
    assert marked == [chosen]
    again = one.run(name)
    assert by_type(again)[name].unchanged == by_type(again)[name].items
    assert again.end.root == result.end.root


@pytest.mark.parametrize("name", WHERE)
@pytest.mark.parametrize("kind", STRANGE)
def test_an_object_of_another_shape_than_described_is_kept_exactly(
    kind: str, name: str, looker: EmbeddedLooker, one: Extraction
) -> None:
    chosen, body = put(looker, name, STRANGE[kind])
    result = one.run(name)
    assert (result.end.status, result.end.missing) == ("complete", [])
    assert one.vault.body(name, chosen) == body.strip()
    assert len(one.stored(name)) == by_type(result)[name].census


DAMAGED = {
    "a broken object": b'{"id":"%b","a":}',
    "text": b"Internal error",
    "nothing": b"",
    "another's id": b'{"id":"424242"}',
    "no id": b'{"title":"nobody"}',
    "an id that is null": b'{"id":null}',
    "an array": b"[]",
    "a message": b'{"message":"Not found","documentation_url":"x"}',
}


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("name", ["dashboards", "users"])
@pytest.mark.parametrize("kind", DAMAGED)
def test_what_is_no_object_of_that_id_is_named_and_its_neighbours_are_unharmed(
    kind: str, name: str, workers: int, looker: EmbeddedLooker, one: Extraction
) -> None:
    one.run(name)
    there = one.vault.open_ids(name)
    chosen, _ = put(looker, name, DAMAGED[kind])
    result = one.run(name, full=True, workers=workers, max_tries=2, page_size=5)
    assert {(m.type, m.id) for m in result.end.missing} == {(name, chosen)}
    assert (result.end.status, result.error) == ("partial", None)
    assert by_type(result)[name].items == len(there) - 1
    assert by_type(result)[name].deleted == 0
    assert one.vault.open_ids(name) == there, "what was there before stays"


def test_many_damaged_objects_do_not_end_the_run(looker: EmbeddedLooker, one: Extraction) -> None:
    damaged = looker.store.ids("dashboards")[1:7]
    for i in damaged:
        looker.store.put_raw("dashboards", i, b'{"id":"%b","a":}' % i.encode())
    result = one.run("dashboards", "themes", workers=1, max_tries=2, page_size=2)
    assert {m.id for m in result.end.missing} == set(damaged)
    assert (result.end.status, result.error) == ("partial", None)
    assert by_type(result)["themes"].status == "complete"


@pytest.mark.parametrize("body", [b'{"message":"no"}', b"7", b'"x"', b"null", b'[1,"a",null]'])
def test_an_answer_that_is_no_list_where_one_is_described_does_not_end_the_run(
    body: bytes, looker: EmbeddedLooker, one: Extraction
) -> None:
    looker.store.put_raw("folders", looker.store.ids("folders")[6], b'{"id":"%b","a":1}' % b"x")
    for i in looker.store.ids("content_metadata")[:3]:
        looker.store.put_raw("content_metadata", i, body)
    result = one.run("content_metadata_access", max_tries=2)
    assert result.error is None


def test_no_secret_that_looker_sends_is_in_any_byte_of_the_vault(
    looker: EmbeddedLooker, one: Extraction
) -> None:
    store = looker.store
    secret = "SeCrEt-0123456789"
    for name, field in {
        "users": "ui_state",
        "scheduled_plans": "secret_parameters",
        "connections": "certificate",
        "projects": "deploy_secret",
        "integration_hubs": "authorization_token",
    }.items():
        for i in store.ids(name):
            store.edit(name, i, **{field: {"a": [secret]}})
    sent = b"".join(store.body("users", i) for i in store.ids("users"))
    urls = [part.split(b'"')[0] for part in sent.split(b'reset_url":"')[1:]]
    urls += [part.split(b'"')[0] for part in sent.split(b'setup_url":"')[1:]]
    assert urls
    names = ("users", "scheduled_plans", "connections", "projects", "integration_hubs")
    result = one.run(*names)
    assert result.end.status == "complete"
    on_disk = b"".join(file.read_bytes() for file in one.path.parent.glob(f"{one.path.name}*"))
    bodies = [body for name in names for body in one.stored(name).values()]
    for text in (secret.encode(), *urls):
        assert text not in on_disk
        assert not any(text in body for body in bodies)
    redacted = {row.id: row.redacted for row in one.vault.items("users")}
    assert all("ui_state" in paths for paths in redacted.values())
