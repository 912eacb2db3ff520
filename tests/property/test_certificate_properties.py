"""Whatever is done to a certificate or to the chain of them is found."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookervault.errors import LookerVaultError
from lookervault.proof import certificate as proof
from lookervault.proof.certificate import check_chain
from lookervault.storage import statements
from lookervault.storage.certificates import Certificate
from lookervault.storage.findings import Finding
from lookervault.storage.repository import Repository
from lookervault.storage.statements import Statement, TypeStatement, User
from tests.unit.proof.vaults import OURS, add_run, forge, go_on, rewritten, rows, stopped_run
from tests.unit.storage.samples import end, start

NUMBERS = st.integers(0, 2**63 - 1)
WORDS = st.text(max_size=20)
TYPES = st.dictionaries(
    WORDS, st.none() | st.builds(TypeStatement, NUMBERS, NUMBERS, NUMBERS, WORDS, WORDS, WORDS)
)
ARGUMENTS = st.dictionaries(WORDS, st.none() | st.booleans() | NUMBERS | WORDS | st.lists(WORDS))
STATEMENTS = st.builds(
    Statement,
    format=st.just(statements.FORMAT),
    number=NUMBERS,
    previous=st.none() | WORDS,
    key=st.none() | WORDS,
    run=NUMBERS,
    instance=WORDS,
    base_url=WORDS,
    looker_version=WORDS,
    api_version=WORDS,
    program_version=WORDS,
    user=st.builds(User, WORDS, WORDS),
    started=WORDS,
    finished=WORDS,
    arguments=ARGUMENTS,
    scope=st.none() | st.lists(WORDS),
    types=TYPES,
    missing=st.just([]),
    status=WORDS,
    reasons=st.lists(WORDS),
    root=st.none() | WORDS,
    seal=WORDS,
)


def mixed(value: Any, draw: random.Random) -> Any:
    """The same with the members of each object in another order."""
    if isinstance(value, dict):
        members = [(name, mixed(held, draw)) for name, held in value.items()]
        draw.shuffle(members)
        return dict(members)
    return [mixed(held, draw) for held in value] if isinstance(value, list) else value


@given(STATEMENTS, st.randoms(use_true_random=False))
def test_a_statement_has_one_spelling_whatever_the_order_of_its_members(
    statement: Statement, draw: random.Random
) -> None:
    written = statements.canonical(statement)
    other = msgspec.convert(mixed(msgspec.to_builtins(statement), draw), Statement)
    assert statements.canonical(other) == written
    assert statements.parse(written) == statement
    shuffled = msgspec.json.encode(mixed(msgspec.json.decode(written), draw))
    if shuffled != written:
        with pytest.raises(ValueError, match="canonical spelling"):
            statements.parse(shuffled)


@given(STATEMENTS)
def test_the_spelling_is_the_one_of_the_format_document(statement: Statement) -> None:
    """Python's own `json`, told to do what the document says."""
    plain = msgspec.json.decode(msgspec.json.encode(statement))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert statements.canonical(statement) == text.encode()


@given(st.dictionaries(WORDS, st.text(st.sampled_from("0123456789abcdef"), min_size=40)))
def test_no_value_of_an_unknown_argument_reaches_a_certificate(held: dict[str, str]) -> None:
    secrets = {name: value for name, value in held.items() if name not in statements.ARGUMENTS}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "vault.db"
        begin = msgspec.structs.replace(start("users"), arguments={**secrets, "fresh": True})
        with Repository.open(path, write=True, signer=OURS) as vault:
            vault.end_run(vault.begin_run(begin), end("failed"))
        (row,) = rows(path)
    exported = proof.to_file(row.certificate).decode()
    assert not [value for value in secrets.values() if value in exported]
    assert set(statements.parse(row.certificate.statement).arguments) == {*secrets, "fresh"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six signed certificates, of five runs."""
    path = tmp_path_factory.mktemp("made") / "vault.db"
    for state in range(4):
        add_run(path, state)
    go_on(path, stopped_run(path))
    return path


@contextmanager
def copied(made: Path) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        yield Path(shutil.copy(made, folder))


def found(path: Path) -> list[Finding]:
    with Repository.open(path, write=False) as vault:
        return check_chain(vault, [OURS.key])


CHANGES = st.integers(1, 255)


@given(st.data(), CHANGES)
def test_a_change_of_any_byte_of_a_file_is_found(
    made: Path, data: st.DataObject, change: int
) -> None:
    one = data.draw(st.sampled_from(rows(made))).certificate
    held = bytearray(proof.to_file(one))
    held[data.draw(st.integers(0, len(held) - 1))] ^= change
    assert is_refused(bytes(held))


@given(st.data())
def test_a_byte_more_or_less_in_a_file_is_found(made: Path, data: st.DataObject) -> None:
    held = proof.to_file(data.draw(st.sampled_from(rows(made))).certificate)
    at = data.draw(st.integers(0, len(held) - 1))
    assert is_refused(held[:at] + held[at + 1 :])
    assert is_refused(held[:at] + data.draw(st.binary(min_size=1, max_size=1)) + held[at:])


def is_refused(data: bytes) -> bool:
    try:
        one = proof.from_file(data, "a file")
    except LookerVaultError:
        return True
    return bool([*proof.check_signature(one), *proof.check_key(one, [OURS.key])])


@given(st.data(), st.sampled_from(["statement", "signature"]), CHANGES)
def test_a_change_of_any_byte_in_the_vault_is_found(
    made: Path, data: st.DataObject, column: str, change: int
) -> None:
    with copied(made) as path, closing(sqlite3.connect(path)) as connection:
        number = data.draw(st.integers(1, 6))
        query = f"SELECT CAST({column} AS BLOB) FROM certificates WHERE number = ?"
        held = bytearray(connection.execute(query, (number,)).fetchone()[0])
        held[data.draw(st.integers(0, len(held) - 1))] ^= change
        value = "CAST(? AS TEXT)" if column == "statement" else "?"
        update = f"UPDATE certificates SET {column} = {value} WHERE number = ?"
        connection.execute(update, (bytes(held), number))
        connection.commit()
        assert found(path) != []


@given(st.integers(1, 6), st.integers(1, 6))
def test_a_certificate_that_is_gone_or_in_another_place_is_found(
    made: Path, one: int, other: int
) -> None:
    with copied(made) as path, closing(sqlite3.connect(path)) as connection:
        if one == other:
            connection.execute("DELETE FROM certificates WHERE number = ?", (one,))
        else:
            move = "UPDATE certificates SET number = ? WHERE number = ?"
            connection.executemany(move, [(-1, one), (one, other), (other, -1)])
        connection.commit()
        assert found(path) != []


def _gone(chain: list[Certificate], place: int) -> list[Certificate]:
    return chain[:place] + chain[place + 1 :]


def _swapped(chain: list[Certificate], place: int) -> list[Certificate]:
    other = (place + 1) % len(chain)
    turned = list(chain)
    turned[place], turned[other] = chain[other], chain[place]
    return turned


def _twice(chain: list[Certificate], place: int) -> list[Certificate]:
    return chain[: place + 1] + chain[place:]


def _told_otherwise(chain: list[Certificate], place: int) -> list[Certificate]:
    return rewritten(chain, place, looker_version="another")


@given(
    st.sampled_from([_gone, _swapped, _twice, _told_otherwise]),
    st.integers(0, 5),
)
def test_a_forger_who_repairs_all_sums_and_hashes_is_found(
    made: Path,
    forged: Callable[[list[Certificate], int], list[Certificate]],
    place: int,
) -> None:
    """He has the vault and the program, and not the key."""
    chain = [row.certificate for row in rows(made)]
    with copied(made) as path:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM certificates")
            connection.commit()
        forge(path, forged(chain, place))
        assert found(path) != []
