"""The program with each store, as a person has it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bench import seaweed
from lookervault.errors import Exit
from tests.cli.running import ended, program, started, wait_until
from tests.snapshot.conftest import Target, snapshot
from tests.snapshot.relay import relayed
from tests.unit.looker.stand_in import Reply


def test_a_vault_goes_into_each_store_and_comes_back(target: Target, vault: Path) -> None:
    pushed = snapshot(target, "push", "--no-encryption", "--vault", vault)
    assert pushed.code == 0, pushed.err
    assert [one["id"] for one in snapshot(target, "list").json] == [pushed.json["id"]]
    pulled = snapshot(target, "pull", "latest", "--vault", "back.db")
    assert pulled.code == 0, pulled.err
    whole = program("verify", "--vault", "back.db", "--json")
    assert whole.code == 0, whole.err
    there, back = (program("runs", "--vault", one, "--json").json for one in (vault, "back.db"))
    assert back == there


TRAFFIC = {"status", "uploaded_bytes", "downloaded_bytes", "requests", "seconds"}
ABOUT = {"id", "run", "created", "status", "items", "bytes", "stored_bytes", "root_hash"}


@pytest.mark.parametrize(
    ("arguments", "members"),
    [
        (("push", "--vault", "vault.db"), TRAFFIC | ABOUT),
        (("pull", "--vault", "back.db"), TRAFFIC | ABOUT),
        (("verify",), TRAFFIC | {"checked", "findings"}),
        (("prune", "--keep-last", "1"), TRAFFIC),
        (("list",), ABOUT),
    ],
)
def test_what_other_programs_rely_on_is_in_json(
    folder: Target, vault: Path, arguments: tuple[str, ...], members: set[str]
) -> None:
    assert snapshot(folder, "push", "--no-encryption", "--vault", vault).code == 0
    done = snapshot(folder, *arguments)
    assert done.code == 0, done
    (told,) = done.json if isinstance(done.json, list) else [done.json]
    assert members - told.keys() == set()
    kinds = {name: type(told[name]) for name in TRAFFIC & told.keys()}
    counts = dict.fromkeys(TRAFFIC, int) | {"status": str, "seconds": float}
    assert kinds == {name: counts[name] for name in kinds}


def test_each_store_is_pruned_and_what_stays_is_whole(target: Target, vault: Path) -> None:
    for run in ("1", "2", "3"):
        assert snapshot(target, "push", run, "--no-encryption", "--vault", vault).code == 0
    done = snapshot(target, "prune", "--keep-last", "1", "--grace", "0h")
    assert (done.code, done.json["status"]) == (0, "complete"), done.err
    kept = [one["id"] for one in done.json["kept"]]
    assert [one["id"] for one in snapshot(target, "list").json] == kept
    assert done.json["removed"]
    assert done.json["forgotten_runs"] > 0
    assert snapshot(target, "verify", "--read-data").json["status"] == "ok"
    assert snapshot(target, "pull", "latest", "--vault", "back.db").code == 0
    assert program("verify", "--vault", "back.db", "--json").code == 0
    again = snapshot(target, "prune", "--keep-last", "1", "--grace", "0h")
    assert (again.code, again.json["removed"]) == (0, []), again.err


def test_whoever_may_not_delete_is_told_so_by_prune(s3: Target, s3_port: int, vault: Path) -> None:
    for run in ("1", "3"):
        snapshot(s3, "push", run, "--no-encryption", "--vault", vault)
    before = snapshot(s3, "list").json
    reading = s3._replace(env=seaweed.env_of(s3_port, "reading"))
    done = snapshot(reading, "prune", "--keep-last", "1", "--grace", "0h")
    assert done.code == Exit.ACCESS
    assert "AccessDenied" in done.json["error"]["message"]
    assert snapshot(s3, "list").json == before
    assert snapshot(s3, "verify", "--read-data").json["status"] == "ok"


def test_a_bucket_that_is_not_there_and_a_wrong_key_end_the_program_as_the_table_says(
    s3: Target, vault: Path
) -> None:
    elsewhere = s3._replace(url="s3://elsewhere/prefix")
    done = snapshot(elsewhere, "push", "--no-encryption", "--vault", vault)
    assert done.code == Exit.FAILED
    assert "NoSuchBucket" in done.json["error"]["message"]
    wrong = s3._replace(env={**s3.env, "AWS_SECRET_ACCESS_KEY": "notTheSecret"})
    done = snapshot(wrong, "push", "--no-encryption", "--vault", vault)
    assert done.code == Exit.ACCESS
    assert "SignatureDoesNotMatch" in done.json["error"]["message"]
    assert "notTheSecret" not in done.text + done.err


def test_a_store_is_only_read_with_the_rights_to_read(
    s3: Target, s3_port: int, vault: Path
) -> None:
    snapshot(s3, "push", "--no-encryption", "--vault", vault)
    reading = s3._replace(env=seaweed.env_of(s3_port, "reading"))
    assert snapshot(reading, "pull", "latest", "--vault", "back.db").code == 0
    done = snapshot(
        reading._replace(url=f"{s3.url}/new"), "push", "--no-encryption", "--vault", vault
    )
    assert done.code == Exit.ACCESS
    assert "AccessDenied" in done.json["error"]["message"]


def test_ctrl_c_ends_the_wait_for_a_store_that_says_nothing() -> None:
    with relayed(0) as silent:
        silent.otherwise = lambda *_: Reply(b"", "stall")
        env = seaweed.env_of(silent.port)
        with started("snapshot", "list", "--store", "s3://bucket", env=env) as process:
            wait_until(lambda: silent.requests)
            process.send_signal(signal.SIGINT)
            assert ended(process).code == Exit.INTERRUPTED
