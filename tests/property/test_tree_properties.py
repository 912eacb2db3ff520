"""Export and import: whatever the content is, the imported run is the exported one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lookervault.storage.repository import Repository
from tests.property.test_canonical_properties import chance, objects, spell_bare, values
from tests.unit.tree.trees import changed, exported, files, imported, run, state

TITLES = st.one_of(
    st.none(),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(["a", "A", "..", ".git", "CON", "a/b", "é" * 200, "\u202e", "folder.json"]),
)
IDS = st.one_of(
    st.sampled_from(["1", "2", "3", "A", "a", "../x"]),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=4),
)
SHAPE = st.fixed_dictionaries(
    {"title": TITLES, "name": TITLES, "deleted": st.booleans()},
    optional={
        "folder_id": st.one_of(st.none(), IDS),
        "parent_id": st.one_of(st.none(), IDS),
        "view_count": st.integers(),
        "password": values,
        "dashboard_elements": st.lists(st.fixed_dictionaries({"query_id": IDS}), max_size=2),
    },
)
OBJECT = st.tuples(objects, SHAPE).map(lambda pair: pair[0] | pair[1])
CONTENT = st.fixed_dictionaries(
    {name: st.dictionaries(IDS, OBJECT, max_size=4) for name in ("folders", "dashboards", "users")}
    | {"role_members": st.dictionaries(IDS, st.lists(objects, max_size=3), max_size=2)}
)


def spelled(chance: Random, content: dict[str, dict[str, Any]]) -> dict[str, dict[str, bytes]]:
    """Every body as Looker might have sent it; some have a member twice."""
    found: dict[str, dict[str, bytes]] = {}
    for name, items in content.items():
        found[name] = {}
        for id, obj in items.items():
            body = spell_bare(chance, obj | {"id": id} if isinstance(obj, dict) else obj)
            if isinstance(obj, dict) and chance.random() < 0.1:
                body = f'{{"name":1,{body.lstrip()[1:]}'
            found[name][id] = body.encode()
    return found


@settings(max_examples=15, deadline=None)
@given(chance, CONTENT, st.sampled_from(["complete", "partial"]))
def test_an_imported_run_is_the_exported_one(
    chance: Random, content: dict[str, dict[str, Any]], status: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Repository.open(folder / "v.db", write=True) as repo:
            repo.set_instance("looker.example.com")
            if status == "partial":
                run(repo, spelled(chance, content))
                content = {"users": content["users"]}
            number = run(repo, spelled(chance, content), status)
            exported(repo, number, folder / "tree")
            before = files(folder / "tree")
            assert exported(repo, number, folder / "tree").written is False
            done = imported(folder / "tree", folder / "new.db")
            with Repository.open(folder / "new.db", write=False) as other:
                assert state(other, done.run) == state(repo, number)
                exported(other, done.run, folder / "again")
        assert changed(before, files(folder / "again")) == set()
