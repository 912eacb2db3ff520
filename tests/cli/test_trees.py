"""`export` and `import`, as a person uses them."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import program


def test_a_tree_becomes_a_vault_that_says_where_it_came_from(vault: Path, tmp_path: Path) -> None:
    tree, new = tmp_path / "tree", tmp_path / "new.db"
    done = program("export", tree, "--vault", vault)
    assert (done.code, done.err) == (0, "")
    assert "Run 1 of" in done.told + done.text
    told = program("import", tree, "--vault", new, "--json").json
    runs = program("runs", "--vault", vault, "--json").json
    assert (told["of_run"], told["status"]) == (1, "complete")
    assert told["root_hash"] == runs[0]["root_hash"]
    mine = program("list", "dashboards", "--vault", new, "--json").json
    theirs = program("list", "dashboards", "--vault", vault, "--json").json
    assert [item["hash"] for item in mine] == [item["hash"] for item in theirs]
    assert {item["exact"] for item in theirs} == {True}
    assert {(item["exact"], item["proven_run"]) for item in mine} == {(False, None)}
    shown = program("show", "dashboards", mine[0]["id"], "--vault", new)
    assert (shown.code, shown.told) == (
        0,
        "This was imported: Looker's content, but not its bytes.",
    )
    assert "imported from files" in program("certificate", "show", 1, "--vault", new).text
    again = program("import", tree, "--vault", new)
    assert (again.code, again.told.startswith("Error:")) == (2, True)


def test_what_cannot_be_exported_is_told(vault: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/mine.txt").write_text("mine")
    for arguments, why in (
        (["notes"], "no export made it"),
        (["tree", "--run", "9"], "has no run 9"),
        (["tree", "--at", "2001-01-01"], "no run that had ended"),
    ):
        done = program("export", *arguments, "--vault", vault, cwd=tmp_path)
        assert (done.code, why in done.told) == (2, True), done
    assert program("import", tmp_path / "nowhere", "--vault", tmp_path / "new.db").code == 2


def test_a_file_in_place_of_the_folder_is_named(vault: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "broken").symlink_to("nowhere")
    for command, file in (("export", vault), ("import", tmp_path / "new.db")):
        for target, named in (
            ("/dev/null", "/dev/null"),
            ("file", "file"),
            ("file/deep/tree", "file"),
            ("broken", "broken"),
        ):
            done = program(command, target, "--vault", file, cwd=tmp_path)
            assert (done.code, done.out) == (2, b""), done
            assert done.told.startswith(f"Error: {named} is no folder"), done.err
            assert "Name a folder" in done.told
    assert (tmp_path / "file").read_text() == "mine"
    assert {one.name for one in tmp_path.iterdir()} == {"file", "broken"}
