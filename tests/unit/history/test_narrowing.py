from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest

from lookervault.content.model import Item
from lookervault.errors import UsageError
from lookervault.history.narrowing import folders_below, users_called
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import finished_run


def made(type: str, id: str, name: str, **fields: object) -> Item:
    body = json.dumps({"id": id, **fields}).encode()
    return Item(type, id, body, sha256(body).digest(), name=name)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with Repository.open(tmp_path_factory.mktemp("narrowing") / "v.db", write=True) as vault:
        items = [
            made("folders", "1", "Shared", parent_id=None),
            made("folders", "20", "Sales", parent_id="1"),
            made("folders", "21", "EMEA", parent_id=20),
            made("folders", "22", "Drafts", parent_id="21"),
            made("folders", "30", "Drafts", parent_id="30"),  # inside itself
            made("folders", "31", "Odd", parent_id=[]),
            made("users", "7", "Ana Silva", credentials_email={"email": "Ana@example.com"}),
            made("users", "8", "Anatole", email="anatole@example.com"),
            made("embed_users", "9", "Bo", email=None),
        ]
        finished_run(vault, items, "folders", "users", "embed_users")
        yield vault


def test_a_folder_counts_with_what_is_below_it(vault: Repository) -> None:
    assert folders_below(vault, "20") == folders_below(vault, "sales") == {"20", "21", "22"}
    assert folders_below(vault, "30") == {"30"}
    assert folders_below(vault, "99") == {"99"}
    for name, why in (("Drafts", "2 folders"), ("None", "No folders")):
        with pytest.raises(UsageError, match=why):
            folders_below(vault, name)


def test_a_user_is_known_by_id_mail_or_a_part_of_the_name(vault: Repository) -> None:
    assert users_called(vault, "12") == {"12"}
    assert users_called(vault, "ana@example.com") == {"7"}
    assert users_called(vault, "ANA") == {"7", "8"}
    assert users_called(vault, "bo") == {"9"}
    with pytest.raises(UsageError, match="knows no user"):
        users_called(vault, "nobody@example.com")
