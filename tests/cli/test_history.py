"""`log`, `diff` and `list --deleted`: what happened between runs, as a person asks for it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lookervault.cli.changes import folded
from lookervault.cli.output import cells_of
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import Completed, program
from tests.cli.terminals import in_terminal
from tests.faults.test_disk import AS_NOBODY
from tests.integration.running import extraction

pytestmark = pytest.mark.xdist_group("history")

HOSTILE = "</style><script>alert(1)</script>\x1b[31m\u202egnp"


@dataclass(frozen=True, slots=True)
class Told:
    """Three runs. By the second: `moved` lies elsewhere, `trashed` is in the trash, `gone` is
    deleted, `renamed` has a hostile title. By the third `trashed` is back, and one is `new`.
    """

    vault: Path
    moved: str
    trashed: str
    gone: str
    renamed: str
    new: str
    who: str

    def run(self, *arguments: object, **more: Any) -> Completed:
        return program(*arguments, "--vault", self.vault, **more)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    path = tmp_path_factory.mktemp("history") / "vault.db"
    types = ("dashboards", "folders", "users")
    with EmbeddedLooker(items=60, seed=1) as looker, extraction(looker, path) as one:
        store = looker.store
        bodies = {i: json.loads(store.body("dashboards", i)) for i in store.ids("dashboards")}
        moved, trashed, gone, renamed = [i for i, b in bodies.items() if not b["deleted"]][:4]
        who = store.ids("users")[1]
        folders = {body["folder_id"] for body in bodies.values()}
        one.run(*types)
        elsewhere = next(i for i in sorted(folders) if i != bodies[moved]["folder_id"])
        store.edit("dashboards", moved, folder_id=elsewhere, last_updater_id=who)
        store.edit_quietly("dashboards", moved, view_count=99)
        store.trash("dashboards", trashed)
        store.delete("dashboards", gone)
        store.edit("dashboards", renamed, title=HOSTILE)
        one.run(*types)
        store.restore("dashboards", trashed)
        new = store.create("dashboards", title="Brand new")
        one.run(*types)
        yield Told(path, moved, trashed, gone, renamed, new, who)


def changes(done: Completed) -> dict[str, str]:
    return {row["id"]: row["change"] for row in done.json}


def test_two_runs_differ_in_what_happened_between_them(told: Told) -> None:
    done = told.run("diff", 1, 2, "--json")
    assert done.code == 0
    assert changes(done) == {
        told.moved: "changed",
        told.trashed: "trashed",
        told.gone: "deleted",
        told.renamed: "changed",
    }
    assert {tuple(row) for row in done.json} == {("type", "id", "name", "change", "fields")}
    (moved,) = [row for row in done.json if row["id"] == told.moved]
    fields = {field["path"]: field for field in moved["fields"]}
    assert "view_count" not in fields
    assert set(fields["folder_id"]) == {"path", "before", "after", "text"}
    assert fields["folder_id"]["text"].startswith("moved from folder *")


def test_without_the_second_it_is_the_newest_run_and_backwards_is_the_other_way(told: Told) -> None:
    assert changes(told.run("diff", 2, "--json")) == {told.trashed: "restored", told.new: "added"}
    assert told.run("diff", "--json").json == told.run("diff", 2, 3, "--json").json
    assert changes(told.run("diff", 3, 2, "--json")) == {
        told.trashed: "trashed",
        told.new: "deleted",
    }
    assert told.run("diff", "now", "--json").json == []
    assert told.run("diff", 1, 3, "--json", "--type", "users").json == []


def test_people_get_words_and_no_control_characters(told: Told) -> None:
    done = told.run("diff", 1, 2)
    assert done.code == 0
    assert "moved from folder *" in done.text
    assert "updated at" not in done.text
    assert "2 changed, 1 trashed, 1 deleted." in done.text
    for sign in ("\x1b", "\u202e"):
        assert sign not in done.text
        assert sign not in told.run("log", "--all").text
    assert b"\\u202e" in told.run("diff", 1, 2, "--json").out
    assert told.run("diff", 3, 3).text.endswith("Nothing changed.\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("2999-12-31", "2999-12-31 lies in the future."),
        ("2999-01-01 3", "2999-01-01 lies in the future."),
        ("3 2999-01-01", "2999-01-01 lies in the future."),
        ("2999-01-01 9000-01-01", "2999-01-01 and 9000-01-01 lie in the future."),
        ("now", "now means the newest one."),
        ("now today", "now and today mean the same, as no run ended in between."),
        ("3", "3 means the newest one."),
        ("3 now", "3 and now mean the same, as no run ended in between."),
        ("3 3", "with itself."),
        ("dashboards {moved} now", "now means the newest one."),
    ],
)
def test_a_run_that_is_compared_with_itself_is_said_to_be(
    told: Told, arguments: str, why: str, tmp_path: Path
) -> None:
    words = arguments.format(moved=told.moved).split()
    done = told.run("diff", *words)
    assert (done.code, done.text.endswith("Nothing changed.\n")) == (0, True), done
    assert done.told.startswith("This compares run 3, 20"), done.err
    assert f"{why} `lookervault runs` lists all." in done.told
    quiet = told.run("diff", *words, "--json")
    assert (quiet.code, quiet.json, quiet.err) == (0, [], done.err)
    page = told.run("diff", *words, "--html", tmp_path / "page.html")
    assert (page.code, page.err) == (0, done.err)


def test_two_runs_are_compared_without_a_word(told: Told) -> None:
    for words in ((1, 2), (2,), ("dashboards", told.moved, 2, 3), (1, "2999-01-01"), ()):
        assert told.run("diff", *words).err == ""


def test_an_item_alone(told: Told) -> None:
    assert changes(told.run("diff", "dashboards", told.moved, "--json")) == {told.moved: "changed"}
    assert told.run("diff", "dashboards", told.moved, 2, 3, "--json").json == []
    assert changes(told.run("diff", "dashboards", told.gone, 1, "--json")) == {told.gone: "deleted"}
    missing = told.run("diff", "dashboards", "none", 1)
    assert (missing.code, missing.out) == (1, b"")
    assert "no dashboards with the id none" in missing.told


def test_a_folder_holds_what_lay_or_lies_in_it(told: Told) -> None:
    (before,) = told.run("diff", "dashboards", told.moved, 1, "--json").json
    (field,) = [field for field in before["fields"] if field["path"] == "folder_id"]
    for side in ("before", "after"):
        done = told.run("diff", 1, 2, "--json", "--folder", field[side])
        assert told.moved in changes(done)
    unknown = told.run("diff", 1, "--folder", "No such folder")
    assert unknown.code == 2
    assert "No folders are called" in unknown.told


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["diff", "99"], "no run 99"),
        (["diff", "-5d"], "no run that had ended by"),
        (["diff", "dashboard", "1"], "Did you mean dashboards?"),
        (["diff", "dashboards"], "Which of the dashboards?"),
        (["diff", "1", "2", "3"], "too many words"),
        (["diff", "1", "--type", "look"], "Did you mean looks?"),
        (["log"], "or give --all"),
        (["log", "dashboards"], "or give --all"),
        (["log", "dashboards", "1", "--all"], "or give --all"),
        (["log", "dashboards", "1", "--limit", "3"], "--limit goes with --all"),
        (["log", "--all", "--since", "whenever"], "is no time"),
        (["log", "--all", "--user", "nobody@example.com"], "knows no user"),
        (["list"], "Which TYPE?"),
    ],
)
def test_what_cannot_be_meant_is_explained(told: Told, arguments: list[str], why: str) -> None:
    done = told.run(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert why in done.told


def test_an_item_has_a_log(told: Told) -> None:
    rows = told.run("log", "dashboards", told.trashed, "--json").json
    assert [(row["run"], row["change"]) for row in rows] == [
        (3, "restored"),
        (2, "trashed"),
        (1, "added"),
    ]
    assert {"seen", "updated_at", "who", "size", "hash", "fields"} <= rows[0].keys()
    (moved, _) = told.run("log", "dashboards", told.moved, "--json").json
    assert moved["who"]["id"] == told.who
    assert moved["who"]["name"]
    shown = told.run("log", "dashboards", told.moved).text
    assert f"by {moved['who']['name']}" in shown
    assert "first seen" in shown
    assert [row["run"] for row in told.run("log", "dashboards", told.gone, "--json").json] == [2, 1]


def test_the_instance_has_a_feed(told: Told) -> None:
    rows = told.run("log", "--all", "--json").json
    assert [row["run"] for row in rows] == [3, 3, 2, 2, 2, 2]
    assert {row["id"] for row in rows if row["run"] == 3} == {told.trashed, told.new}
    assert told.run("log", "--all", "--since", "-1h", "--json").json == rows
    assert told.run("log", "--all", "--json", "--type", "users").json == []
    limited = told.run("log", "--all", "--limit", 1)
    assert "The newest 1 are shown" in limited.text
    by_id = told.run("log", "--all", "--json", "--user", told.who).json
    assert told.moved in {row["id"] for row in by_id}
    name = next(row["who"]["name"] for row in by_id if row["id"] == told.moved)
    assert told.run("log", "--all", "--json", "--user", name.upper()).json == by_id


def test_what_is_deleted_is_listed_with_its_last_version(told: Told) -> None:
    (row,) = told.run("list", "dashboards", "--deleted", "--json").json
    assert (row["id"], row["deleted_in"]) == (told.gone, 2)
    assert row["size"] > 0
    assert told.run("list", "--deleted", "--json").json == [row]
    assert told.run("list", "dashboards", "--deleted", "--run", 1, "--json").json == []
    shown = told.run("list", "--deleted").text
    assert shown.splitlines()[0].split() == ["type", "id", "deleted_in", "size", "name"]


def test_show_says_where_a_deleted_item_still_is(told: Told) -> None:
    done = told.run("show", "dashboards", told.gone)
    assert (done.code, done.out) == (1, b"")
    assert "run 2 found it gone" in done.told
    assert f"show dashboards {told.gone} --run 1" in done.told
    early = told.run("show", "dashboards", told.new, "--run", 1)
    assert "run 3 was the first to see it" in early.told
    assert "--run 3" in early.told


def test_a_page_is_written_whole_and_for_its_owner_alone(told: Told, tmp_path: Path) -> None:
    page = tmp_path / "changes.html"
    page.write_text("before")
    page.chmod(0o644)
    done = told.run("diff", 1, 2, "--html", page)
    assert done.code == 0
    assert done.text == f"{page}: 2 changed, 1 trashed, 1 deleted.\n"
    assert page.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [page.name]
    html = page.read_text()
    assert "&lt;/style&gt;&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    for sign in ("\x1b", "\u202e", "src=", "href="):
        assert sign not in html
    assert told.run("diff", 1, 2, "--html", page, "--json").json


def test_a_page_that_cannot_be_written_leaves_what_was_there(told: Told, tmp_path: Path) -> None:
    done = told.run("diff", 1, 2, "--html", tmp_path)
    assert (done.code, done.out) == (2, b"")
    assert "is no file" in done.told
    (tmp_path / "file").touch()
    for folder in ("nowhere", "file"):
        page = tmp_path / folder / "page.html"
        for vault in (told.vault, "no.db"):  # it is told before the vault is opened
            done = program("diff", 1, 2, "--html", page, "--vault", vault)
            assert (done.code, done.out) == (2, b"")
            assert f"cannot be written to {page}: there is no folder {page.parent}." in done.told
            assert "Make that folder" in done.told
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_page_may_have_as_long_a_name_as_the_disk_takes(told: Told, tmp_path: Path) -> None:
    page = tmp_path / f"{'n' * 250}.html"
    assert told.run("diff", 1, 2, "--html", page).code == 0
    assert [*tmp_path.iterdir()] == [page]


def test_a_page_in_a_folder_that_may_not_be_written_to_is_refused(told: Told) -> None:
    with tempfile.TemporaryDirectory() as name:  # nobody may not enter pytest's own
        Path(name).chmod(0o555)
        page = Path(name, "page.html")
        done = program("diff", "--vault", "no.db", "--html", page, command=AS_NOBODY, cwd="/")
    assert (done.code, done.out) == (2, b"")
    assert f"the folder {name} may not be written to" in done.told


def test_a_narrow_terminal_gets_colours_and_short_lines(told: Told) -> None:
    shown = in_terminal("diff", 1, 2, "--vault", told.vault, columns=40)
    assert shown.code == 0
    assert shown.widest <= 40
    assert "\x1b[33mchanged" in shown.raw
    assert "\x1b[31mdeleted" in shown.raw
    assert "alert(1)</script>␛[31m" in "".join(shown.lines).replace(" ", "")
    plain = in_terminal("diff", 1, 2, "--vault", told.vault, env={"NO_COLOR": "1"})
    assert "\x1b[33m" not in plain.raw


@pytest.mark.parametrize(
    "text",
    ["    a b " + "c" * 90 + " d", "收益" * 60, "    " + "👩‍👩‍👧‍👦" * 30, " ".join("abc" * 50), ""],
)
@pytest.mark.parametrize("room", [20, 33])
def test_folded_lines_fit_and_lose_nothing(text: str, room: int) -> None:
    lines = folded(text, room, "      ")
    assert max(map(cells_of, lines)) <= room
    assert "".join("".join(lines).split()) == "".join(text.split())
