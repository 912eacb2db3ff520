"""Snapshots from the command line: a night from an empty disk, and what comes of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from lookervault.demo.server import EmbeddedLooker
from lookervault.errors import Exit
from lookervault.storage.verify import verify
from tests.cli.forking import Constraint
from tests.cli.machine import TYPES, Machine
from tests.cli.running import program
from tests.cli.terminals import in_terminal
from tests.faults.happening import Happening

SNAPSHOT = {"id", "run", "created", "status", "items", "bytes", "stored_bytes", "root_hash"}
INSTANCE = {"instance"}
TRAFFIC = {"uploaded_bytes", "downloaded_bytes", "requests", "seconds"}
NOBODY = "age1csw03kjuq6tn6au3jmn7cra2ukkuqh35kk96ay3zr8zhq0tmcppq8pu0uh"


@pytest.fixture(scope="module")
def looker() -> Iterator[EmbeddedLooker]:
    with EmbeddedLooker(items=60, seed=5) as one:
        yield one


@pytest.fixture
def machine(tmp_path: Path, looker: EmbeddedLooker) -> Machine:
    return Machine(tmp_path, looker)


def test_a_night_from_an_empty_disk_sends_what_is_new(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    first = machine.night()
    assert first["snapshot"].keys() >= SNAPSHOT | TRAFFIC
    assert (first["vault"], first["snapshot"]["root_hash"]) == (None, first["root_hash"])
    id = looker.store.ids("dashboards")[0]
    looker.store.edit("dashboards", id, title="Another title")
    second = machine.night("--prove", 0)
    assert second["calls"] < first["calls"]
    assert second["types"]["dashboards"]["changed"] == 1
    assert second["snapshot"]["uploaded_bytes"] < first["snapshot"]["uploaded_bytes"] / 4
    listed = machine.asked("snapshot", "list", "--json").json
    assert [one["id"] for one in listed] == [one["snapshot"]["id"] for one in (second, first)]
    assert all(one.keys() == SNAPSHOT | INSTANCE for one in listed)
    back = machine.folder / "back.db"
    pulled = machine.asked("snapshot", "pull", "--vault", back, "--json")
    assert pulled.json.keys() >= SNAPSHOT | TRAFFIC
    assert verify(back, deep=True).status == "ok"
    shown = program("show", "dashboards", id, "--vault", back)
    assert shown.out == looker.store.body("dashboards", id)
    told = program("log", "--all", "--json", "--vault", back).json
    assert [(one["id"], one["run"]) for one in told] == [(id, second["run"])]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_what_could_not_be_sent_is_kept_and_the_command_that_sends_it_is_told(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    happening = Happening()
    with EmbeddedLooker(items=60, seed=5, behaviour=happening) as looker:
        machine = Machine(tmp_path, looker)
        machine.night()
        id = looker.store.ids("dashboards")[0]
        looker.store.edit("dashboards", id, title="A title that is not sent at once")
        packs, away = machine.folder / "store" / "packs", machine.folder / "away"

        def break_store() -> None:  # once the run has looked what is in it
            packs.rename(away)
            packs.touch()

        happening.at("login", 2, break_store)
        lost = program("extract", *TYPES, *flags, env=machine.env, cwd=machine.disk)
        expected = looker.store.body("dashboards", id)
    assert (lost.code, happening.left) == (Exit.FAILED, 0), lost.err
    (folder,) = machine.disk.iterdir()
    if flags:
        assert lost.json["vault"] == str(folder / "lookervault.db")
    else:
        assert lost.text.startswith("Backup of ")
        assert "Try next" not in lost.text, "that vault is of use for nothing else"
    assert not list(folder.glob("base.db*"))
    packs.unlink()
    away.rename(packs)
    command = lost.err.partition("`lookervault ")[2].partition("`")[0]
    sent = program(*shlex.split(command), "--json", cwd=machine.folder)
    assert sent.code == 0, sent.err
    assert machine.asked("show", "dashboards", id).out == expected


DERIVED = ("folders", "boards", "content_metadata", "content_metadata_access", "user_attributes")
"""And what follows from them: from bodies that the machine cannot read in its store."""


@pytest.mark.parametrize("calls", [5, 20, 60])
def test_a_night_reads_what_follows_from_content_that_it_cannot_read(
    machine: Machine, looker: EmbeddedLooker, calls: int
) -> None:
    """All of it, and where the night before was cut off by its calls."""
    types = [*TYPES, *DERIVED, "user_attribute_group_values"]
    machine.night(*DERIVED, "user_attribute_group_values")
    arguments = ("extract", *types, "--full", "--json")
    cut = program(*arguments, "--max-calls", calls, env=machine.env, cwd=machine.disk)
    assert cut.code == Exit.INCOMPLETE, cut.err
    whole = program(*arguments, env=machine.env, cwd=machine.disk)
    assert whole.code == 0, whole.err
    assert f"Going on with run {cut.json['run']}" in whole.err
    own = program(*arguments, "--vault", machine.folder / "own.db", env=looker.env()).json
    assert whole.json["root_hash"] == own["root_hash"]
    assert machine.asked("snapshot", "verify", "--read-data").code == 0


def test_a_pull_that_broke_off_tells_how_to_go_on(machine: Machine) -> None:
    machine.night()
    (pack,) = (machine.folder / "store").glob("packs/*")
    away = pack.rename(machine.folder / "away")
    back = machine.folder / "back.db"
    broken = machine.asked("snapshot", "pull", "--vault", back)
    assert broken.code == Exit.DAMAGED
    kept = machine.folder / "back.db.pulling"
    assert f"What was fetched is kept in {kept}: the same command goes on from it." in broken.err
    away.rename(pack)
    fetched = pack.stat().st_size
    assert list(kept.iterdir())
    again = machine.asked("snapshot", "pull", "--vault", back, "--json").json
    assert fetched < again["downloaded_bytes"] < fetched + 5_000  # keys and manifest
    assert not kept.exists()


def test_the_store_is_read_without_pulling_it(machine: Machine, looker: EmbeddedLooker) -> None:
    machine.night()
    ids = looker.store.ids("dashboards")
    assert machine.asked("show", "dashboards", ids[0]).out == looker.store.body(
        "dashboards", ids[0]
    )
    listed = machine.asked("list", "dashboards", "--json").json
    assert [one["id"] for one in listed] == ids
    old = next(one["name"] for one in listed if one["id"] == ids[1])
    looker.store.edit("dashboards", ids[1], title="New name")
    machine.night()
    told = machine.asked("diff", "1", "2").text
    assert f"renamed from *{old}* to *New name*" in told
    assert machine.asked("log", "dashboards", ids[1], "--json").json[0]["run"] == 2
    assert list(machine.disk.iterdir()) == []


def test_lists_need_no_content_key_and_content_does(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    machine.night()
    (id, *_) = looker.store.ids("dashboards")
    assert program("list", "dashboards", env=machine.env, cwd=machine.disk).code == 0
    refused = program("show", "dashboards", id, env=machine.env, cwd=machine.disk)
    assert (refused.code, refused.out) == (2, b"")
    assert "no key that opens it is at hand. Give --identity FILE" in refused.told


def test_a_vault_that_is_named_stays_and_is_pushed(machine: Machine) -> None:
    vault = machine.folder / "own.db"
    done = program("extract", *TYPES, "--vault", vault, "--json", env=machine.env)
    assert (done.code, done.json["vault"]) == (0, str(vault))
    again = machine.asked("snapshot", "push", "--vault", vault, "--json")
    assert (again.json["id"], again.json["new"]) == (done.json["snapshot"]["id"], False)
    assert verify(vault, deep=True).status == "ok"


def test_an_incomplete_run_is_pushed_as_such(machine: Machine, looker: EmbeddedLooker) -> None:
    looker.behaviour.hidden_ids = {"looks": {looker.store.ids("looks")[0]}}
    try:
        done = program("extract", *TYPES, "--json", env=machine.env, cwd=machine.disk)
    finally:
        looker.behaviour.hidden_ids = {}
    assert (done.code, done.json["snapshot"]["status"]) == (3, "partial")
    assert machine.asked("snapshot", "list", "--json").json[0]["status"] == "partial"
    back = machine.folder / "back.db"
    for command in ("pull", "push"):
        done = machine.asked("snapshot", command, "--vault", back)
        assert done.code == 3
        assert "Run 1 is partial: what it read is all there, and exact" in done.told
        assert f"`lookervault runs show 1 --vault {back}` says what and why" in done.told


@pytest.mark.parametrize(
    ("arguments", "env", "code", "said"),
    [
        (("list",), {"LOOKERVAULT_STORE": ""}, 2, "The store's URL is empty (LOOKERVAULT_STORE)"),
        (("list", "--store", " "), {}, 2, "The store's URL is empty (--store)"),
        (("list", "--store", "ftp://x/y"), {}, 2, "ftp"),
        (("list",), {}, 1, "There are no snapshots in"),
        (("pull", "--vault", "x.db"), {}, 1, "There are no snapshots in"),
        (("push", "--vault", "none.db"), {}, 2, "There is no vault at none.db"),
        (("list", "--recipient", "age1x", "--no-encryption"), {}, 2, "exclude each other"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_done(
    machine: Machine, arguments: tuple[str, ...], env: dict[str, str], code: int, said: str
) -> None:
    done = program("snapshot", *arguments, env=machine.reader | env, cwd=machine.disk)
    assert (done.code, done.out, said in done.told) == (code, b"", True), done
    assert list(machine.folder.glob("store/*")) == []


@pytest.mark.parametrize(
    ("flags", "store", "said"),
    [
        ((), "", "The store's URL is empty (LOOKERVAULT_STORE)"),
        ((), " ", "The store's URL is empty (LOOKERVAULT_STORE)"),
        (("--store", ""), None, "The store's URL is empty (--store)"),
        (("--plan", "--store", ""), None, "The store's URL is empty (--store)"),
        (("--store", ""), "file:///elsewhere", "The store's URL is empty (--store)"),
        (("--recipient", NOBODY), None, "--recipient is for a store, and nothing names one"),
        (("--index-key", "index.key"), None, "--index-key is for a store"),
        (("--identity", "identity.txt"), None, "--identity is for a store"),
        (("--no-encryption",), None, "--no-encryption is for a store"),
    ],
)
def test_a_store_that_is_meant_and_not_named_is_no_vault_here(
    looker: EmbeddedLooker, flags: tuple[str, ...], store: str | None, said: str
) -> None:
    """What would be encrypted elsewhere would be a plain file here, and nobody would know."""
    calls = len(looker.log)
    env = looker.env() | ({} if store is None else {"LOOKERVAULT_STORE": store})
    done = program("extract", "users", *flags, env=env)
    assert (done.code, done.out, said in done.told) == (2, b"", True), done
    assert [*Path().iterdir()] == []
    assert len(looker.log) == calls


def test_variables_of_keys_may_be_there_for_other_commands(looker: EmbeddedLooker) -> None:
    keys = {"LOOKERVAULT_RECIPIENTS": NOBODY, "LOOKERVAULT_INDEX_KEY": "index.key"}
    done = program("extract", "users", env=looker.env() | keys)
    assert (done.code, done.err.count("store")) == (0, 0), done


def test_a_snapshot_is_found_by_its_beginning_and_by_time(machine: Machine) -> None:
    first = machine.night()["snapshot"]["id"]
    for which in (first, first[:20], "latest", "now", "2099-01-01"):
        shown = machine.asked("snapshot", "show", which, "--json")
        assert shown.json["id"] == first, which
    machine.night()
    for which, said in (
        ("2001-01-01", "no snapshot that was made by"),
        ("x", "Write an id or its beginning, `latest`, a date"),
        ("1", "Write an id or its beginning, `latest`, a date"),
        ("-1h", "no snapshot that was made by"),
        (first[:6], f"2 snapshots begin with '{first[:6]}'"),  # a month, and no time
    ):
        done = machine.asked("snapshot", "show", which)
        assert (done.code, said in done.told) == (2, True), done


def test_no_vault_is_written_over(machine: Machine) -> None:
    machine.night()
    nowhere = machine.asked("snapshot", "pull", "--vault", machine.folder / "none" / "x.db")
    assert (nowhere.code, nowhere.out) == (2, b"")
    assert f"There is no folder {machine.folder}/none for the vault. Make it" in nowhere.told
    vault = machine.folder / "there.db"
    vault.write_bytes(b"mine")
    done = machine.asked("snapshot", "pull", "--vault", vault)
    assert (done.code, "is there already" in done.told) == (2, True)
    assert vault.read_bytes() == b"mine"


def test_a_temporary_folder_without_room_is_named(machine: Machine) -> None:
    machine.night()
    back = machine.folder / "back.db"
    assert machine.asked("snapshot", "pull", "--vault", back).code == 0
    for command in (
        ("extract", *TYPES),
        ("list", "dashboards"),
        ("snapshot", "rehearse", "--quiet"),
        ("snapshot", "push", "--vault", back),
    ):
        done = program(
            *command,
            env=machine.reader,
            cwd=machine.disk,
            command=Constraint("RLIMIT_FSIZE", 40_000),
        )
        assert (done.code, done.out) == (1, b""), done
        assert f"{machine.disk}/lookervault-" in done.told
        assert "name a folder that has more with TMPDIR" in done.told
        assert list(machine.disk.iterdir()) == []


@pytest.mark.parametrize("columns", [40, 100])
def test_what_is_damaged_is_named_whole_however_narrow_the_terminal(
    machine: Machine, columns: int
) -> None:
    machine.night()
    (pack,) = (machine.folder / "store").glob("packs/*")
    pack.write_bytes(b"x")
    shown = in_terminal("snapshot", "verify", columns=columns, env=machine.reader)
    assert shown.code == Exit.DAMAGED
    assert f"packs/{pack.name}" in shown.text
    found = shown.text.partition("Found:")[2].partition("Hit by")[0]
    longest = len(f"packs/{pack.name}")
    assert all(len(line) <= max(columns, longest) for line in found.splitlines())
    assert "hits 1 snapshots, " in " ".join(found.split())
    head = shown.text.partition("Found:")[0]
    assert all(len(line) <= columns or len(line.split()) == 1 for line in head.splitlines())
    assert "damaged: see below" in head


def test_a_rehearsal_is_told_on_a_narrow_terminal(machine: Machine) -> None:
    machine.night()
    shown = in_terminal("snapshot", "rehearse", "--items", "0", columns=40, env=machine.reader)
    assert shown.code == 0
    assert shown.text.startswith("Status         ok: it came back whole,")


def test_a_store_that_was_pruned_goes_on_where_it_was(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    ids = looker.store.ids("dashboards")
    nights = []
    for number in range(3):
        for id in ids:
            looker.store.edit("dashboards", id, description=f"{number} " * 40 * (number + 1))
        nights.append(machine.night())
    would = machine.asked("snapshot", "prune", "--keep-last", 1, "--dry-run")
    assert "Snapshots to remove  2 of 3" in would.text
    assert "Nothing was changed." in would.text
    done = machine.asked("snapshot", "prune", "--keep-last", 1, "--grace", "0h", "--json")
    assert (done.code, done.json["status"]) == (0, "complete")
    assert [(one["run"], one["reasons"]) for one in done.json["kept"]] == [
        (3, ["newest", "newest complete", "last"])
    ]
    assert [one["run"] for one in done.json["removed"]] == [2, 1]
    assert done.json["forgotten_runs"] == 2
    assert done.json["deleted_objects"] > 0 < done.json["freed_bytes"]
    assert done.json.keys() >= {"marked_objects", *TRAFFIC}
    looker.store.edit("dashboards", ids[0], title="After the prune")
    night = machine.night("--prove", 0)
    assert night["types"]["dashboards"]["changed"] == 1
    assert night["snapshot"]["uploaded_bytes"] < nights[-1]["snapshot"]["uploaded_bytes"] / 2
    back = machine.folder / "back.db"
    assert machine.asked("snapshot", "pull", "--vault", back).code == 0
    assert [one["run"] for one in program("runs", "--json", "--vault", back).json] == [3, 4]
    assert verify(back, deep=True).status == "ok"
    left = machine.asked("show", "dashboards", ids[1], "--run", "3").out
    assert left == looker.store.body("dashboards", ids[1])
    refused = machine.asked("snapshot", "prune", "--store", f"file://{machine.folder}/store")
    assert (refused.code, refused.out) == (2, b"")
    assert "Nothing says which runs to keep" in refused.told


def test_keys_are_made_anew_for_other_people(machine: Machine) -> None:
    machine.night()
    identity = pyrage.x25519.Identity.generate()
    (machine.folder / "boss.txt").write_text(f"{identity}\n")
    boss = ["--identity", machine.folder / "boss.txt"]
    to_boss = ["snapshot", "rekey", "--recipient", identity.to_public()]
    done = machine.asked(*to_boss, "--json")
    assert (done.code, done.json["status"], done.json["key_object"]) == (
        0,
        "complete",
        "keys/000002",
    )
    assert done.json.keys() >= TRAFFIC
    assert done.json["recipients"] == [str(identity.to_public())]
    assert "opens this store no more" in done.told
    refused = machine.asked("snapshot", "list")
    assert (refused.code, "opens no key of the store" in refused.told) == (2, True)
    assert machine.asked("snapshot", "list", *boss).code == 0
    new = machine.folder / "new.key"
    known = machine.folder / "index.key"
    stays = machine.asked(*to_boss, *boss, "--reencrypt", "--new-index-key", known)
    assert (stays.code, f"{known} is there already" in stays.told) == (2, True)
    assert machine.asked("snapshot", "list", *boss).code == 0
    told = machine.asked(*to_boss, *boss, "--reencrypt", "--new-index-key", new)
    assert told.code == 0
    assert "Snapshots  1 encrypted anew" in told.text
    assert f"The new index key was made: {new}." in told.told
    assert program("snapshot", "list", env=machine.env).code == 2
    machine.env["LOOKERVAULT_INDEX_KEY"] = str(new)
    machine.night()
    back = machine.folder / "back.db"
    assert machine.asked("snapshot", "pull", "--vault", back, *boss).code == 0
    assert verify(back, deep=True).status == "ok"


def test_a_push_of_nothing_makes_no_store(machine: Machine, looker: EmbeddedLooker) -> None:
    vault = machine.folder / "own.db"
    program("extract", *TYPES, "--vault", vault, env=looker.env())
    done = machine.asked("snapshot", "push", 7, "--vault", vault)
    assert (done.code, "no run 7" in done.told) == (2, True), done
    refused = machine.env | {"LOOKERSDK_CLIENT_SECRET": "wrong"}
    assert program("extract", *TYPES, env=refused, cwd=machine.disk).code == Exit.ACCESS
    assert not (machine.folder / "index.key").exists()
    assert not list((machine.folder / "store").glob("*"))


def test_recipients_that_a_store_is_not_encrypted_to_are_told_of(machine: Machine) -> None:
    def told(*arguments: str) -> str:
        done = program("extract", "users", *arguments, env=machine.env, cwd=machine.disk)
        assert done.code == 0, done
        return done.told

    own = machine.env["LOOKERVAULT_RECIPIENTS"]
    assert "The recipients that are given" not in told() + told()
    added = told("--recipient", own, "--recipient", NOBODY)
    assert f"It is not encrypted to {NOBODY}, who cannot read it." in added
    assert "snapshot rekey" in added
    assert own not in added
    another = told("--recipient", NOBODY, "--log-format", "json")
    assert f"It is encrypted to {own}, who can read it." in another
    assert '"level": "warning"' in another


def test_files_of_keys_that_others_may_read_are_warned_about(machine: Machine) -> None:
    machine.night()
    for name, what in (("identity.txt", "identity"), ("index.key", "index key")):
        path = machine.folder / name
        warning = f"Others may read the {what}: chmod 600 {path}"
        for mode, is_told in ((0o640, True), (0o604, True), (0o600, False)):
            path.chmod(mode)
            done = machine.asked("snapshot", "list")
            assert (done.code, warning in done.told) == (0, is_told), done


def test_a_store_without_encryption_has_no_index_key(machine: Machine) -> None:
    vault = machine.folder / "own.db"
    nobody = {"LOOKERVAULT_RECIPIENTS": "", "LOOKERVAULT_INDEX_KEY": ""}
    first = program("extract", *TYPES, "--vault", vault, "--no-encryption", env=machine.env)
    assert first.code == 0
    for command in (["index-key", "--out", machine.disk / "x"], ["push", "--vault", vault]):
        done = machine.asked("snapshot", *command)
        assert (done.code, "is not encrypted, there is no key to it" in done.told) == (2, True)
    assert list(machine.disk.iterdir()) == []
    assert program("snapshot", "push", "--vault", vault, env=machine.env | nobody).code == 0


def test_a_store_that_lost_its_config_is_not_made_again(
    machine: Machine, looker: EmbeddedLooker
) -> None:
    machine.night()
    store = machine.folder / "store"
    (store / "config").unlink()
    there = sorted(store.rglob("*"))
    vault = machine.folder / "own.db"
    program("extract", *TYPES, "--vault", vault, env=looker.env())
    for command in (["extract", *TYPES], ["snapshot", "push", "--vault", vault]):
        done = program(*command, env=machine.env, cwd=machine.disk)
        assert (done.code, "`config` is not there" in done.told) == (5, True), done
    assert sorted(store.rglob("*")) == there
    (store / "config").write_text('{"format":1,"encryption":"age"}\n')
    machine.night()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--new-index-key", "new.key"], "A new index key alone opens nothing"),
        (["--recipient", "age1nobody"], "is no age recipient"),
        ([], "Nothing says to whom the keys are to be encrypted"),
        (["--recipient", NOBODY], "Nobody can encrypt keys that they cannot read"),
    ],
)
def test_keys_are_not_made_anew_by_halves(
    machine: Machine, arguments: list[str], said: str
) -> None:
    env = machine.env | {"LOOKERVAULT_RECIPIENTS": ""}
    refused = program("snapshot", "rekey", *arguments, env=env)
    assert (refused.code, refused.out) == (2, b"")
    assert said in refused.told


def test_whoever_has_an_identity_has_the_index_key(machine: Machine) -> None:
    machine.night()
    again = machine.folder / "again.key"
    done = machine.asked("snapshot", "index-key", "--out", again)
    assert (done.code, done.text) == (0, f"{again}\n")
    assert again.read_bytes() == (machine.folder / "index.key").read_bytes()
    assert again.stat().st_mode & 0o777 == 0o600
    refused = machine.asked("snapshot", "index-key", "--out", again)
    assert (refused.code, "is there already" in refused.told) == (2, True)
    alone = program("snapshot", "index-key", "--out", "new.key", env=machine.env)
    assert (alone.code, "Give --identity FILE" in alone.told) == (2, True)


def test_an_index_key_beside_an_identity_is_looked_at(machine: Machine) -> None:
    machine.night()
    junk = machine.folder / "junk.key"
    junk.write_text("junk")
    for path, said in ((junk, "holds no index key"), (machine.folder, "cannot be read")):
        refused = machine.asked("snapshot", "list", "--index-key", path)
        assert (refused.code, said in refused.told) == (2, True)
    other = machine.folder / "other.key"
    other.write_text(f"LOOKERVAULT-INDEX-KEY-{'0' * 64}\n")
    other.chmod(0o600)
    warned = machine.asked("snapshot", "list", "--index-key", other, "--json")
    assert (warned.code, len(warned.json)) == (0, 1)
    assert f"{other} holds no index key of file://" in warned.told
    gone = machine.asked("snapshot", "list", "--index-key", machine.folder / "gone.key")
    assert (gone.code, gone.err) == (0, "")
