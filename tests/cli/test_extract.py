"""`extract`: what other programs rely on."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path

import pytest

from lookervault.cli.commands.extract import run_and_tell
from lookervault.demo.behaviour import Behaviour, Fault
from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import ended, program, started, wait_until

KEYS = {
    "run": int,
    "status": str,
    "items": int,
    "calls": int,
    "retries": int,
    "throttled": int,
    "bytes": int,
    "seconds": float,
    "items_per_second": float,
    "utilization": float,
    "peak_memory_mb": float,
    "root_hash": str,
    "missing": list,
    "types": dict,
}
TYPE_KEYS = {"items", "new", "changed", "unchanged", "deleted", "missing", "calls", "status"} | {
    "read",
    "proven",
    "silent",
}


def check_shape(found: dict[str, object], *, begun: bool = True) -> None:
    for key, kind in KEYS.items():
        if begun or key not in ("run", "root_hash"):
            assert type(found[key]) is kind, key
        else:
            assert found[key] is None
    types = found["types"]
    assert isinstance(types, dict)
    for one in types.values():
        assert set(one) == TYPE_KEYS
        assert {type(one[key]) for key in TYPE_KEYS - {"status"}} == {int}
        assert one["status"] in ("complete", "incomplete")


def test_a_complete_run_is_one_object_with_the_promised_keys(looker: EmbeddedLooker) -> None:
    done = program("extract", "--json", env=looker.env())
    assert (done.code, done.err) == (0, "")
    found = done.json
    check_shape(found)
    assert found["status"] == "complete"
    assert found["missing"] == []
    assert found["items"] == sum(one["items"] for one in found["types"].values()) > 60
    assert found["calls"] >= sum(one["calls"] for one in found["types"].values()) > 0
    assert len(found["root_hash"]) == 64
    assert 0 < found["utilization"] <= 1
    assert "error" not in found


def test_a_second_run_finds_everything_unchanged(looker: EmbeddedLooker) -> None:
    first, second = (
        program("extract", "boards", "--json", env=looker.env()).json for _ in range(2)
    )
    assert (first["run"], second["run"]) == (1, 2)
    assert first["root_hash"] == second["root_hash"]
    assert first["types"]["boards"]["new"] == second["types"]["boards"]["unchanged"] > 0


def test_what_is_forbidden_makes_a_partial_run_that_names_it() -> None:
    behaviour = Behaviour(forbidden={"all_boards": 403})
    with EmbeddedLooker(items=60, seed=1, behaviour=behaviour) as looker:
        done = program("extract", "boards", "themes", "--json", env=looker.env())
        assert done.code == 3
        check_shape(done.json)
        assert done.json["status"] == "partial"
        assert done.json["missing"] == [{"type": "boards", "id": "*", "reason": "forbidden"}]
        assert done.json["types"]["boards"]["status"] == "incomplete"
        assert done.json["types"]["themes"]["status"] == "complete"

        told = program("extract", "boards", "themes", env=looker.env())
    assert told.code == 3
    assert "partial: what is in the vault is exact, but something is missing" in told.text
    assert "boards  all of it  forbidden  the API user may not see it (403)" in told.text
    assert "What the API user needs for them:\nboards  see boards;" in told.text


def test_a_user_who_does_not_see_everything_gets_a_partial_run_and_the_reason() -> None:
    with EmbeddedLooker(items=60, seed=1, behaviour=Behaviour(admin=False)) as looker:
        done = program("extract", "boards", "--json", env=looker.env())
        assert (done.code, done.json["status"]) == (3, "partial")
        assert done.json["reasons"] == ["visibility"]
        told = program("extract", "boards", env=looker.env())
        assert "does not see everything" in told.text
        assert "--accept-visibility" in told.text
        accepted = program("extract", "boards", "--accept-visibility", "--json", env=looker.env())
        assert (accepted.code, accepted.json["status"]) == (0, "complete")


def test_what_is_not_believed_to_be_gone_is_told_and_accepted() -> None:
    with EmbeddedLooker(items=60, seed=1) as looker:
        assert program("extract", "boards", "themes", env=looker.env()).code == 0
        count = len(looker.store.ids("boards"))
        looker.behaviour.invisible_ids = {"boards": set(looker.store.ids("boards"))}
        done = program("extract", "boards", "themes", "--json", env=looker.env())
        assert done.code == 3
        check_shape(done.json)
        assert done.json["status"] == "partial"
        assert done.json["missing"] == [{"type": "boards", "id": "*", "reason": "mass_deletion"}]
        assert done.json["reasons"][0] == "mass_deletion"
        assert done.json["types"]["boards"]["status"] == "incomplete"
        assert done.json["types"]["boards"]["deleted"] == 0
        listed = program("list", "boards", "--json")
        assert [one["deleted"] for one in listed.json] == [False] * count

        told = program("extract", "boards", "themes", env=looker.env())
        assert told.code == 3
        assert f"boards: all {count} seem deleted" in told.text
        accept = "lookervault extract --accept-deletions boards"
        assert accept in " ".join(told.text.split())
        assert "Looker did not give everything" not in told.text

        accepted = ("--accept-deletions", "boards", "--json")
        done = program("extract", "boards", "themes", *accepted, env=looker.env())
        assert (done.code, done.json["types"]["boards"]["deleted"]) == (0, count)
        said = json.loads(program("certificate", "show", "4", "--json").out)
        assert "accept_deletions" in json.dumps(said)


def test_a_user_who_lost_a_permission_is_told_which() -> None:
    with EmbeddedLooker(items=60, seed=1) as own:
        assert program("extract", "boards", env=own.env()).code == 0
        own.behaviour.admin = False
        limited = ("extract", "boards", "--accept-visibility")
        done = program(*limited, "--json", env=own.env())
        assert (done.code, done.json["reasons"][0]) == (3, "permission_lowered")
        told = " ".join(program(*limited, env=own.env()).text.split())
        assert "all access (role Admin); permissions administer" in told
        assert "--accept-permissions" in told
        assert program(*limited, "--accept-permissions", env=own.env()).code == 0


def test_a_login_that_is_refused_names_where_the_secret_came_from(
    looker: EmbeddedLooker, tmp_path: Path
) -> None:
    env = looker.env() | {"LOOKERSDK_CLIENT_SECRET": "mistyped"}
    done = program("extract", "--json", env=env)
    assert done.code == 4
    check_error(done.json, 4)
    assert "environment LOOKERSDK_CLIENT_SECRET" in done.told
    assert looker.base_url in done.told

    (tmp_path / "looker.ini").write_text(
        f"[Looker]\nbase_url={looker.base_url}\nclient_id={looker.client_id}\n"
        "client_secret=mistyped-too\n"
    )
    done = program("extract")
    assert (done.code, done.out) == (4, b"")
    assert "looker.ini [Looker] client_secret" in done.told
    assert "mistyped-too" not in done.err


def check_error(found: dict[str, object], code: int, *, begun: bool = False) -> None:
    check_shape(found, begun=begun)
    assert found["status"] == "failed"
    error = found["error"]
    assert isinstance(error, dict)
    assert (set(error), error["code"]) == ({"code", "message", "hint"}, code)
    assert error["message"]
    assert error["hint"]


class Broken:
    """Settings that nobody can read: whatever is asked for, the same error comes."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> object:
        raise self._error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "vault.db"), "No space left on device"),
        (RuntimeError("a defect"), "This should not have happened (RuntimeError: a defect)"),
        (MemoryError(), "This should not have happened (MemoryError: )"),
    ],
)
def test_what_nobody_expected_is_one_object_with_the_promised_keys(
    error: Exception, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code = run_and_tell(Broken(error), None, None, quiet=False, json=True, debug=False)
    out, err = capfd.readouterr()
    check_error(json.loads(out), 1)
    assert code == 1
    assert said in json.loads(out)["error"]["message"]
    assert said in err
    assert "Traceback" not in err


def test_debug_shows_where_what_nobody_expected_came_from(
    capfd: pytest.CaptureFixture[str],
) -> None:
    broken = Broken(RuntimeError("a defect"))
    assert run_and_tell(broken, None, None, quiet=False, json=True, debug=True) == 1
    out, err = capfd.readouterr()
    assert json.loads(out).keys() >= KEYS.keys()
    assert "in __getattr__" in err


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not limit a process's addresses")
def test_threads_that_the_system_refuses_end_the_run_with_what_to_do(
    looker: EmbeddedLooker,
) -> None:
    """Room for a few stacks, and not for fifty."""
    script = 'ulimit -s 65536; ulimit -v 1500000; exec "$0" -m lookervault "$@"'
    few = ("/bin/sh", "-c", script, sys.executable)
    done = program("extract", "--workers", "50", "--json", env=looker.env(), command=few)
    assert done.code == 1
    check_error(done.json, 1, begun=True)
    assert "does not give this process" in done.told
    assert "--workers" in done.told
    assert program("extract", "--workers", "2", env=looker.env(), command=few).code == 0


def test_an_api_user_that_is_disabled_during_the_run_ends_it_with_4() -> None:
    with (
        EmbeddedLooker(items=60, seed=1, behaviour=Behaviour(latency_ms=50)) as looker,
        started("extract", "--workers", "1", "--json", env=looker.env()) as process,
    ):
        wait_until(lambda: looker.log.calls("all_boards"))
        looker.behaviour.faults_for = {"login": [Fault.NOT_FOUND] * 9}
        looker.revoke_tokens()
        done = ended(process)
    assert done.code == 4, done
    check_error(done.json, 4, begun=True)
    assert done.json["run"] == 1
    assert done.json["error"]["message"] in done.err
    assert "login" in done.told
    listed = program("runs", "--json").json
    assert [one["status"] for one in listed] == ["failed"]


def test_a_server_that_nobody_can_reach_is_named() -> None:
    with EmbeddedLooker(items=1) as gone:
        env = gone.env()
    done = program("extract", "--json", env=env)
    assert done.code == 1
    check_error(done.json, 1)
    asked = program("check", "--json", env=env)
    assert (asked.code, set(asked.json), asked.json["status"]) == (1, {"status", "error"}, "failed")
    for one in (done, asked):
        assert gone.base_url in one.json["error"]["message"]
        assert gone.base_url in one.told
        assert "Is the base URL right" in one.told


def test_only_what_was_asked_for_is_extracted(looker: EmbeddedLooker) -> None:
    some = program("extract", "boards", "themes", "--exclude", "themes", "--json", env=looker.env())
    assert list(some.json["types"]) == ["boards"]
    folder = looker.store.ids("folders")[0]
    below = program("extract", "--folder", folder, "--recursive", "--json", env=looker.env())
    assert below.code == 0
    assert 0 < below.json["types"]["folders"]["items"] <= len(looker.store.ids("folders"))
    assert "users" not in below.json["types"]


def test_numbers_of_the_summary_are_those_of_the_object(looker: EmbeddedLooker) -> None:
    found = program("extract", "boards", "--json", env=looker.env()).json
    told = program("runs", "show", "1").text
    assert found["root_hash"] in told
    assert json.dumps(found["types"]["boards"]["items"]) in told


@pytest.mark.parametrize("flags", [["--workers", "1"], ["--page-size", "3", "--queue-size", "1"]])
def test_however_it_is_called_the_root_is_the_same(
    looker: EmbeddedLooker, flags: list[str], vault: Path
) -> None:
    types = ["boards", "users", "dashboards"]
    found = program("extract", *types, *flags, "--json", env=looker.env()).json
    listed = program("runs", "--json", "--vault", str(vault)).json
    assert found["root_hash"] == listed[0]["root_hash"]
