"""`key new`, `certificate show` and `certificate check`, as an administrator and an auditor."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import program, shell
from tests.docs.running import ROOT, blocks

pytestmark = pytest.mark.xdist_group("certificate")

PUBLIC_KEY = re.compile(r"ed25519:[0-9a-f]{64}")
STRANGER = f"ed25519:{'0' * 64}"


@dataclass(frozen=True, slots=True)
class Signed:
    """Three runs: the first unsigned, the others signed; the last one is partial."""

    looker: EmbeddedLooker
    vault: Path
    key: Path
    public: str
    exported: Path
    """Of run 2."""


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signed]:
    folder = tmp_path_factory.mktemp("signed")
    vault, key, exported = folder / "vault.db", folder / "k.pem", folder / "run-2.certificate"
    public = program("key", "new", "--out", key).text.strip()
    extract = ["extract", "boards", "users", "themes", "--quiet", "--vault", str(vault)]
    with EmbeddedLooker(items=60, seed=1) as looker:
        signing = {**looker.env(), "LOOKERVAULT_SIGNING_KEY": str(key)}
        assert program(*extract, env=looker.env()).code == 0
        assert program(*extract, env=signing).code == 0
        looker.behaviour.forbidden = {"all_themes": 403}
        assert program(*extract, env=signing).code == 3
        looker.behaviour.forbidden = Behaviour().forbidden
        show = program("certificate", "show", "2", "--export", exported, "--vault", vault)
        assert show.code == 0, show
        yield Signed(looker, vault, key, public, exported)


@pytest.fixture
def changed(signed: Signed, tmp_path: Path) -> Path:
    """A copy of the vault in which a run's release is another one."""
    path = Path(shutil.copy(signed.vault, tmp_path / "changed.db"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE runs SET looker_version = '1.0' WHERE run = 2")
        connection.commit()
    return path


def test_a_new_key_is_a_file_for_its_owner_and_a_line_for_everyone(tmp_path: Path) -> None:
    done = program("key", "new")
    assert done.code == 0
    assert PUBLIC_KEY.fullmatch(done.text.strip())
    path = tmp_path / "lookervault-key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "LOOKERVAULT_SIGNING_KEY" in done.told
    assert path.read_text().splitlines()[1] not in done.text + done.err

    held = path.read_bytes()
    again = program("key", "new")
    assert (again.code, again.out) == (2, b"")
    assert "never overwritten" in again.told
    assert path.read_bytes() == held


def test_a_certificate_is_shown_to_a_person_and_to_a_program(signed: Signed) -> None:
    told = program("certificate", "show", "2", "--vault", signed.vault)
    assert told.code == 0
    assert signed.public in told.text
    found = program("certificate", "show", "2", "--json", "--vault", signed.vault).json
    assert set(found) == {"statement", "hash", "signature"}
    said = found["statement"]
    assert (said["run"], said["number"], said["status"]) == (2, 2, "complete")
    assert said["key"] == signed.public
    assert said["arguments"] == {"types": ["boards", "users", "themes"]}
    assert set(said["types"]) == {"boards", "users", "themes"}
    for shown in (found["hash"], said["root"], said["previous"], said["instance"]):
        assert shown in told.text
    run = program("runs", "show", "2", "--json", "--vault", signed.vault).json
    assert said["root"] == run["root_hash"]


def test_what_is_missing_is_in_the_certificate(signed: Signed) -> None:
    said = program("certificate", "show", "3", "--json", "--vault", signed.vault).json["statement"]
    assert (said["status"], said["reasons"][0]) == ("partial", "missing")
    assert "nothing was marked deleted" in said["reasons"][1]
    assert said["missing"] == [{"type": "themes", "id": "*", "reason": "forbidden"}]
    told = program("certificate", "show", "3", "--vault", signed.vault).text
    assert "partial" in told
    assert "forbidden" in told.partition("Missing:")[2]


def test_no_secret_is_in_a_certificate(signed: Signed) -> None:
    held = signed.exported.read_text() + program("key", "new", "--out", "k").text
    private = signed.key.read_text().splitlines()[1]
    for secret in (signed.looker.client_secret, private):
        assert secret not in held
    assert signed.looker.client_secret not in signed.vault.read_bytes().decode("latin-1")


def test_an_exported_certificate_can_be_checked_with_common_tools(signed: Signed) -> None:
    statement, proof, rest = signed.exported.read_bytes().split(b"\n")
    assert rest == b""
    assert json.loads(proof)["hash"] == sha256(statement).hexdigest()
    head = f"head -n 1 '{signed.exported}' | tr -d '\\n' | wc -c"
    done = subprocess.run(["/bin/sh", "-c", head], capture_output=True, text=True, check=True)
    assert int(done.stdout) == len(statement)


def test_an_export_never_replaces_a_file(signed: Signed) -> None:
    held = signed.exported.read_bytes()
    done = program("certificate", "show", "1", "--export", signed.exported, "--vault", signed.vault)
    assert (done.code, done.out) == (2, b"")
    assert "never replaces" in done.told
    assert signed.exported.read_bytes() == held


@pytest.mark.parametrize("run", ["1", "2", "3"])
def test_the_certificates_of_a_vault_hold(signed: Signed, run: str) -> None:
    done = program("certificate", "check", run, "--vault", signed.vault)
    assert (done.code, "ok" in done.text) == (0, True), done
    found = program("certificate", "check", run, "--json", "--vault", signed.vault).json
    assert (found["status"], found["findings"]) == ("ok", [])
    assert (found["run"], found["links"], found["roots"]) == (int(run), int(run), 4)
    unchecked = "it is not signed" if run == "1" else "whose key it is"
    assert [unchecked in line for line in found["unchecked"]] == [True]


def test_a_known_key_leaves_nothing_unchecked(signed: Signed, tmp_path: Path) -> None:
    held = tmp_path / "k.pub"
    held.write_text(f"{signed.public}\n")
    for key in (signed.public, held):
        done = program(
            "certificate", "check", "2", "--public-key", key, "--json", "--vault", signed.vault
        )
        assert (done.code, done.json["unchecked"]) == (0, [])
    both = ["--public-key", STRANGER, "--public-key", signed.public]
    assert program("certificate", "check", "2", *both, "--vault", signed.vault).code == 0


@pytest.mark.parametrize(("run", "words"), [("1", "not signed"), ("2", "not by the key")])
def test_another_key_is_no_proof(signed: Signed, run: str, words: str) -> None:
    check = ["certificate", "check", run, "--public-key", STRANGER, "--vault", str(signed.vault)]
    done = program(*check)
    assert (done.code, words in done.text) == (1, True), done
    assert program(*check, "--json").json["status"] == "failed"


def test_a_file_is_checked_without_a_vault_as_far_as_that_goes(signed: Signed) -> None:
    done = program("certificate", "check", signed.exported, "--json")
    assert (done.code, done.json["status"]) == (0, "ok")
    assert (done.json["links"], done.json["roots"]) == (None, None)
    assert ["vault" in line for line in done.json["unchecked"]] == [False, True]
    told = program("certificate", "check", signed.exported, "--public-key", signed.public)
    assert "Not checked: chain and content" in told.text


def test_a_file_is_checked_against_the_vault_that_is_named(signed: Signed) -> None:
    check = ["certificate", "check", str(signed.exported)]
    for named in (
        program(*check, "--json", "--vault", signed.vault),
        program(*check, "--json", env={"LOOKERVAULT_VAULT": str(signed.vault)}),
    ):
        assert (named.code, named.json["links"], named.json["roots"]) == (0, 2, 4)
    lost = program(*check, "--vault", "nowhere.db")
    assert (lost.code, lost.out) == (2, b"")


def test_a_vault_that_says_otherwise_ends_with_5(signed: Signed, changed: Path) -> None:
    for what in ("2", str(signed.exported)):
        done = program("certificate", "check", what, "--vault", changed)
        assert done.code == 5, done
        assert "contradicted" in done.text
        assert "the vault says otherwise than certificate 2: looker_version" in done.text
        found = program("certificate", "check", what, "--json", "--vault", changed)
        assert (found.code, found.json["status"]) == (5, "contradicted")
    assert program("certificate", "check", "1", "--vault", changed).code == 0


def test_a_vault_without_its_newest_runs_is_betrayed_by_a_kept_certificate(
    signed: Signed, tmp_path: Path
) -> None:
    path = Path(shutil.copy(signed.vault, tmp_path / "cut.db"))
    with closing(sqlite3.connect(path)) as connection:
        for table, column in [
            ("certificates", "run"),
            ("runs", "run"),
            ("run_types", "run"),
            ("missing", "run"),
            ("pages", "run"),
        ]:
            connection.execute(f"DELETE FROM {table} WHERE {column} > 1")
        connection.commit()
    assert program("certificate", "check", "1", "--vault", path).code == 0
    done = program("certificate", "check", signed.exported, "--vault", path)
    assert done.code == 5
    assert "the vault holds no certificate" in done.text


def test_another_vault_is_named_as_that(signed: Signed, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with EmbeddedLooker(items=1, seed=9) as looker:
        assert program("extract", "themes", "--vault", other, env=looker.env()).code == 0
    done = program("certificate", "check", signed.exported, "--vault", other)
    assert done.code == 5
    assert "and the vault of https://" in done.text


def test_a_changed_file_is_not_believed(signed: Signed, tmp_path: Path) -> None:
    path = tmp_path / "changed.certificate"
    path.write_bytes(signed.exported.read_bytes().replace(b'"missing":0', b'"missing":1', 1))
    done = program("certificate", "check", path)
    assert (done.code, done.out) == (1, b"")
    assert "not as it was written" in done.told
    asked = program("certificate", "check", path, "--json")
    assert (asked.code, asked.json["status"]) == (1, "failed")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "99"], "no run 99"),
        (["show", "99"], "no run 99"),
        (["check", "no-such-file"], "neither a run's number nor a file"),
        (["check", "."], "neither a run's number nor a file"),
        (["check", "text"], "text is no certificate"),
        (["check", "2", "--public-key", "text"], "is no public key"),
        (["show", "2", "--export", "nowhere/file"], "cannot be written to nowhere/file"),
    ],
)
def test_wrong_usage_is_told(
    signed: Signed, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "text").write_text("Dear Sir or Madam")
    done = program("certificate", *arguments, "--vault", signed.vault)
    assert (done.code, done.out) == (2, b""), done
    assert words in done.told


def test_a_run_that_has_not_ended_has_no_certificate_yet(signed: Signed, tmp_path: Path) -> None:
    path = Path(shutil.copy(signed.vault, tmp_path / "cut.db"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM certificates WHERE run = 3")
        connection.commit()
    gone = program("certificate", "show", "3", "--vault", path)
    assert (gone.code, gone.out) == (5, b"")
    assert "is gone from the vault" in gone.told
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE runs SET seal = NULL WHERE run = 3")
        connection.commit()
    for verb in ("show", "check"):
        done = program("certificate", verb, "3", "--vault", path)
        assert (done.code, done.out) == (1, b"")
        assert "has not ended" in done.told


def test_a_signing_key_that_cannot_be_used_stops_the_run_before_it_begins(
    signed: Signed, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("Dear Sir or Madam")
    signed.looker.log.clear()
    for named, words in [("text", "holds no private key"), ("none", "does not exist")]:
        env = {**signed.looker.env(), "LOOKERVAULT_SIGNING_KEY": named}
        done = program("extract", "themes", "--vault", "v.db", env=env)
        assert (done.code, done.out) == (2, b"")
        assert words in done.told
        assert "LOOKERVAULT_SIGNING_KEY" in done.told
    assert len(signed.looker.log) == 0
    assert not (tmp_path / "v.db").exists()


def test_a_key_that_others_may_read_is_warned_about(signed: Signed, tmp_path: Path) -> None:
    program("key", "new", "--out", "k.pem")
    (tmp_path / "k.pem").chmod(0o644)
    env = {**signed.looker.env(), "LOOKERVAULT_SIGNING_KEY": "k.pem"}
    done = program("extract", "themes", "--vault", "v.db", env=env)
    assert done.code == 0
    assert "Others may read the signing key: chmod 600 k.pem" in done.told


def test_the_guide_does_what_it_says(tmp_path: Path) -> None:
    script = "".join(blocks(ROOT / "docs/how-to/prove-a-backup.md", "sh"))
    with EmbeddedLooker(items=1) as looker:
        done = shell(f"set -e\n{script}", looker.env())
    assert done.code == 0, done.err
    assert done.text.count("ok: what could be checked is as it says") == 2
    made = {path.name for path in tmp_path.iterdir()}
    assert made >= {"lookervault.pub", "run-1.certificate", "certificates-1.txt"}
