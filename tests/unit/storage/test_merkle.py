"""The root hashes: RFC 6962's tree, and the worked example of docs/design/vault-format.md."""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import pytest

from lookervault.content.model import Item
from lookervault.storage import merkle
from lookervault.storage.repository import Repository
from tests.unit.storage.samples import item, start

FORMAT = Path(__file__).parents[3] / "docs/design/vault-format.md"


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1: split at the largest power of two below the number of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = by_definition(leaves[:split]), by_definition(leaves[split:])
    return sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("count", [*range(20), 255, 256, 257])
def test_the_streamed_root_is_that_of_the_definition(count: int) -> None:
    leaves = [sha256(bytes([number % 256, number // 256])).digest() for number in range(count)]
    assert merkle.tree_hash(iter(leaves)) == by_definition(leaves)


def test_no_two_leaves_read_the_same() -> None:
    digest = b"d" * 32
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")]
    assert len({merkle.leaf_hash(*pair, digest=digest) for pair in pairs}) == 4


def test_the_document_shows_what_the_program_computes(repo: Repository) -> None:
    """The example: users 1, 10 and 2 with SHA-256 of `a`, `b`, `c` as content hashes."""
    hashes = {"1": b"a", "10": b"b", "2": b"c"}
    leaves = {
        name: merkle.leaf_hash("users", name, digest=sha256(text).digest())
        for name, text in hashes.items()
    }
    users = merkle.type_root("users", [(n, sha256(t).digest()) for n, t in hashes.items()])
    computed = {
        "leaf users 1": leaves["1"],
        "leaf users 10": leaves["10"],
        "leaf users 2": leaves["2"],
        "node 1, 10": sha256(b"\x01" + leaves["1"] + leaves["10"]).digest(),
        "root of users": users,
        "root of looks": merkle.EMPTY,
        "leaf looks": merkle.leaf_hash("looks", digest=merkle.EMPTY),
        "leaf users": merkle.leaf_hash("users", digest=users),
        "root of the run": merkle.run_root({"users": users, "looks": merkle.EMPTY}),
    }
    rows = re.compile(r"^\| ([^|`]+?) +\| `([0-9a-f]{64})` \|$", re.MULTILINE)
    shown = dict(rows.findall(FORMAT.read_text()))
    assert shown == {name: digest.hex() for name, digest in computed.items()}


def test_the_root_does_not_depend_on_order_or_pages(tmp_path: Path) -> None:
    roots = set()
    items = [item("1"), item("10"), item("2"), item("é")]
    for number, order in enumerate(permutations(items)):
        if number % 6 == 0:
            roots.add(root_of(tmp_path / f"{number}.db", [list(order)]))
            roots.add(root_of(tmp_path / f"{number}b.db", [[one] for one in order]))
    assert len(roots) == 1


def root_of(vault: Path, pages: list[list[Item]]) -> bytes:
    with Repository.open(vault, write=True) as repo:
        run = repo.begin_run(start())
        for number, page in enumerate(pages):
            repo.store(run, repo.pack(page), number)
        return repo.root(run, ["users"])[0]


def test_the_root_covers_what_the_run_confirmed_and_no_more(repo: Repository) -> None:
    first = repo.begin_run(start())
    repo.store(first, repo.pack([item("1"), item("2")]), 0)
    whole = repo.root(first, ["users"])
    second = repo.begin_run(start(scope=["3"]))
    repo.store(second, repo.pack([item("1")]), 0)
    assert repo.root(second, ["users"]) != whole
    repo.touch(second, "users", ["2"])
    assert repo.root(second, ["users"]) == whole
    assert repo.root(second, ["users", "looks"]) != whole


def test_a_changed_item_changes_the_root(repo: Repository) -> None:
    run = repo.begin_run(start())
    repo.store(run, repo.pack([item("1"), item("2")]), 0)
    before = repo.root(run, ["users"])
    repo.store(run, repo.pack([item("2", 1)]), 1)
    assert repo.root(run, ["users"])[0] != before[0]
