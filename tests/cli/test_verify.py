"""`verify` and `salvage` as a person uses them."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program
from tests.unit.storage.damaging import PAGE, unused_bytes


@pytest.fixture
def copy(vault: Path, tmp_path: Path) -> Path:
    path = tmp_path / "vault.db"
    shutil.copy(vault, path)
    return path


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute(statement).rowcount > 0
    connection.close()


@pytest.fixture
def damaged(copy: Path) -> Path:
    """Two boards and a user have lost their bodies."""
    change(
        copy,
        "UPDATE objects SET data = x'00' WHERE id IN (SELECT object FROM versions v JOIN types t"
        " ON t.id = v.type WHERE (t.name, v.id) IN (VALUES ('boards', '1'), ('users', '2')))",
    )
    return copy


def test_a_whole_vault_is_ok(vault: Path) -> None:
    done = program("verify", "--vault", vault)
    assert (done.code, done.err) == (0, "")
    assert "ok: every byte that means something is the one that was written" in done.text
    found = program("verify", "--vault", vault, "--deep", "--json").json
    assert found.keys() == {"status", "checked", "findings", "unused_bytes", "seconds"}
    assert (found["status"], found["findings"]) == ("ok", [])
    assert found["checked"]["items"] > 0
    assert found["unused_bytes"] > 0


def test_quick_says_what_it_did_not_do(vault: Path) -> None:
    done = program("verify", "--vault", vault, "--quick")
    assert done.code == 0
    assert "no item was read" in done.text


def test_each_damaged_item_is_named_and_the_exit_code_tells(damaged: Path) -> None:
    done = program("verify", "--vault", damaged)
    assert done.code == 5
    lines = [line.split()[:4] for line in done.text.splitlines()]
    assert ["object", "boards", "1", "1"] in lines
    assert ["object", "users", "2", "1"] in lines
    assert "--repair" in done.text
    found = program("verify", "--vault", damaged, "--json")
    assert found.code == 5
    assert found.json["status"] == "damaged"
    named = [(one["kind"], one["type"], one["id"], one["run"]) for one in found.json["findings"]]
    assert sorted(named) == [("object", "boards", "1", 1), ("object", "users", "2", 1)]


def test_repair_mends_and_says_so(damaged: Path, looker: EmbeddedLooker) -> None:
    done = program("verify", "--repair", "--vault", damaged, "--json", env=looker.env())
    assert (done.code, done.err) == (0, "")
    assert done.json["status"] == "ok"
    assert done.json["repair"]["lost"] == []
    assert len(done.json["repair"]["mended"]) == 2
    assert Path(done.json["repair"]["kept_aside"]).exists()
    assert program("verify", "--vault", damaged, "--deep").code == 0


def test_a_vault_that_needs_no_repair_gets_none(copy: Path) -> None:
    with EmbeddedLooker(items=1) as other:
        done = program("verify", "--repair", "--vault", copy, env=other.env())
        assert other.logins == 0
    assert done.code == 0
    assert not list(copy.parent.glob("*.damaged-*"))


def test_what_looker_no_longer_has_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with EmbeddedLooker(items=60, seed=1) as own:
        assert program("extract", "boards", "--vault", path, env=own.env()).code == 0
        change(path, "UPDATE objects SET data = x'00'")
        own.store.delete("boards", "1")
        done = program("verify", "--repair", "--vault", path, env=own.env())
        boards = len(own.store.ids("boards"))
    assert done.code == 5
    assert done.text.count("fetched again from Looker") == boards
    lost = done.text.partition("Lost")[2].splitlines()
    assert ["boards", "1", "1", "–"] in [line.split() for line in lost]


def test_what_is_lost_was_whole_in_a_run_that_is_named_and_the_rest_stays_readable(
    tmp_path: Path,
) -> None:
    path = tmp_path / "vault.db"
    with EmbeddedLooker(items=60, seed=1) as own:
        assert program("extract", "boards", "--vault", path, env=own.env()).code == 0
        whole = program("show", "boards", "1", "--vault", path).out
        other = program("show", "boards", "2", "--vault", path).out
        own.store.edit("boards", "1", title="As of the second run")
        assert program("extract", "boards", "--vault", path, env=own.env()).code == 0
        change(path, NEWEST_OF_BOARD_1)
        own.store.edit("boards", "1", title="As of now")
        done = program("verify", "--repair", "--vault", path, "--json", env=own.env())
    assert (done.code, done.json["status"]) == (5, "damaged")
    (lost,) = done.json["repair"]["lost"]
    assert lost == {"type": "boards", "id": "1", "run": 2, "last_whole": 1}
    listed = program("list", "boards", "--vault", path, "--json")
    assert (listed.code, {row["id"] for row in listed.json}) == (0, {*own.store.ids("boards")})
    assert program("show", "boards", "2", "--vault", path).out == other
    assert program("show", "boards", "1", "--run", "1", "--vault", path).out == whole
    assert program("show", "boards", "1", "--vault", path).code == 5


NEWEST_OF_BOARD_1 = """
    UPDATE objects SET data = x'00' WHERE id = (SELECT object FROM versions v JOIN types t
    ON t.id = v.type WHERE t.name = 'boards' AND v.id = '1' ORDER BY first_run DESC LIMIT 1)
"""


def cut_short(path: Path) -> None:
    """As by a copy that broke off."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])


def test_damaged_structure_is_left_as_it_is_and_what_is_whole_is_salvaged(
    vault: Path, copy: Path, tmp_path: Path, looker: EmbeddedLooker
) -> None:
    cut_short(copy)
    before = copy.read_bytes()
    done = program("verify", "--repair", "--vault", copy, env=looker.env())
    assert (done.code, copy.read_bytes()) == (5, before)
    assert "`lookervault salvage` brings what is whole" in done.text
    assert "--repair" not in done.text
    new = tmp_path / "new.db"
    saved = program("salvage", copy, new, "--json")
    assert (saved.code, saved.json["status"]) == (3, "partial")
    whole = program("list", "users", "--vault", vault, "--json").json
    there = program("list", "users", "--vault", new, "--json").json
    assert 0 < len(there) <= len(whole)
    for row in there:
        shown = program("show", "users", row["id"], "--vault", new)
        assert (shown.code, shown.out) == (
            0,
            program("show", "users", row["id"], "--vault", vault).out,
        )


def test_another_looker_is_not_asked(damaged: Path) -> None:
    with EmbeddedLooker(items=1, seed=9) as other:
        done = program("verify", "--repair", "--vault", damaged, env=other.env())
    assert (done.code, done.out) == (2, b"")
    assert "belongs to" in done.told


def test_a_sample_is_compared_with_looker(vault: Path, looker: EmbeddedLooker) -> None:
    done = program(
        "verify", "--against-looker", "--sample", "5", "--vault", vault, "--json", env=looker.env()
    )
    assert done.code == 0, done
    assert done.json["looker"] == {"compared": 5, "same": 5, "others": []}


def test_what_differs_is_shown_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with EmbeddedLooker(items=60, seed=1) as own:
        assert program("extract", "boards", "--vault", path, env=own.env()).code == 0
        own.store.edit("boards", "1", title="Another \x1b[31mtitle")
        done = program("verify", "--against-looker", "--vault", path, env=own.env())
    assert done.code == 3
    assert "\x1b" not in done.text
    lines = [line.split() for line in done.text.splitlines()]
    assert any(
        line[:4] == ["boards", "1", "differs", "title"] and '"Another' in line for line in lines
    )


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_damaged_vault_is_not_compared_and_says_so(damaged: Path, flags: tuple[str, ...]) -> None:
    with EmbeddedLooker(items=1) as own:
        done = program("verify", "--against-looker", *flags, "--vault", damaged, env=own.env())
        assert own.logins == 0
    assert done.code == 5
    (line,) = done.err.splitlines()
    assert line.startswith("Nothing was compared with Looker, as the vault is damaged")
    assert "lookervault verify --repair --against-looker" in line


def test_what_was_repaired_is_compared_and_what_cannot_be_is_to_be_salvaged(
    damaged: Path, looker: EmbeddedLooker
) -> None:
    arguments = ("verify", "--repair", "--against-looker", "--json", "--vault", damaged)
    cut = shutil.copy(damaged, damaged.with_name("cut.db"))
    done = program(*arguments, env=looker.env())
    assert (done.code, done.err) == (0, "")
    assert done.json["looker"]["compared"] == done.json["looker"]["same"] > 0
    cut_short(Path(cut))
    done = program(*arguments[:-1], cut, env=looker.env())
    assert (done.code, "looker" in done.json) == (5, False)
    repaired, compared = done.err.splitlines()
    assert repaired.startswith("Warning: Nothing was repaired.")
    assert compared.startswith("Nothing was compared with Looker")
    assert "lookervault salvage" in repaired
    assert "lookervault salvage" in compared


@pytest.fixture(scope="module")
def used(vault: Path) -> list[int]:
    """Places of the file that mean something."""
    return sorted({*range(vault.stat().st_size)} - unused_bytes(vault))


@pytest.mark.parametrize("seed", range(6))
def test_a_flipped_bit_is_never_called_ok(copy: Path, used: list[int], seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(copy.read_bytes())
    data[chance.choice(used)] ^= 1 << chance.randrange(8)
    copy.write_bytes(data)
    never_ok(copy)


@pytest.mark.parametrize("seed", range(4))
def test_pages_that_are_lost_are_never_called_ok(copy: Path, used: list[int], seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(copy.read_bytes())
    start = chance.choice([place for place in used if data[place]]) // PAGE * PAGE
    data[start : start + PAGE] = bytes(PAGE)
    copy.write_bytes(data)
    never_ok(copy)


def never_ok(path: Path) -> None:
    """5; or 1, where it does not even begin as a vault."""
    done = program("verify", "--vault", path, "--json")
    assert done.code in (1, 5)
    assert done.json["status"] in ("damaged", "failed")


@pytest.mark.parametrize(
    ("content", "code"), [(b"", 5), (bytes(9000), 5), (b"text", 1), (b"SQLite format 3\x00", 5)]
)
@pytest.mark.parametrize("flags", [(), ("--json",), ("--repair",)])
def test_a_file_that_is_no_vault_is_told_so(
    tmp_path: Path, looker: EmbeddedLooker, content: bytes, code: int, flags: tuple[str, ...]
) -> None:
    path = tmp_path / "file.db"
    path.write_bytes(content)
    done = program("verify", "--vault", path, *flags, env=looker.env())
    assert done.code == code
    assert "file.db" in done.told + done.text
    if flags == ("--json",):
        assert done.json["status"] in ("damaged", "failed")


@pytest.mark.parametrize(
    "flags",
    [("--quick", "--deep"), ("--quick", "--repair"), ("--sample", "3")],
)
def test_flags_that_exclude_each_other_are_refused(vault: Path, flags: tuple[str, ...]) -> None:
    done = program("verify", "--vault", vault, *flags)
    assert (done.code, done.out) == (2, b"")
    assert flags[0] in done.told


def test_salvage_brings_what_is_whole(damaged: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    done = program("salvage", damaged, new)
    assert done.code == 3
    assert "its body is damaged or gone" in done.text
    assert program("verify", "--vault", new).code == 0
    shown = program("runs", "--vault", new, "--json").json
    assert [run["status"] for run in shown] == ["salvaged"]
    assert program("runs", "show", "1", "--vault", new).code == 0
    again = program("salvage", damaged, new)
    assert (again.code, again.out) == (2, b"")


def test_salvage_of_a_whole_vault_loses_nothing(vault: Path, tmp_path: Path) -> None:
    done = program("salvage", vault, tmp_path / "new.db", "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["status"], done.json["lost"], done.json["unnamed"]) == ("complete", [], {})


def test_of_a_text_nothing_is_salvaged(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a vault")
    done = program("salvage", text, tmp_path / "new.db")
    assert (done.code, done.out) == (5, b"")
    assert f"Nothing of a vault is left in {text}" in done.told.replace("\n", " ")
    assert not (tmp_path / "new.db").exists()
