"""A program that was forked is the program: nothing tells it from one that was started."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lookervault.demo.behaviour import Behaviour
from lookervault.demo.server import EmbeddedLooker
from tests.cli.forking import CAN_FORK, SERVED, Constraint, Forked
from tests.cli.running import COMMAND, environment, shell, wait_until

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="programs are forked on Linux only")

type Start = Callable[..., subprocess.Popen[bytes]]


def as_itself(arguments: list[str], **named: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, *arguments], **named)


def forked(arguments: list[str], **named: Any) -> subprocess.Popen[bytes]:
    assert SERVED.serves(named["env"])
    return Forked(arguments, **named)


def env_of(more: Mapping[str, str]) -> dict[str, str]:
    mine = environment(more)
    return {name: value for name, value in mine.items() if not name.startswith("COVERAGE_")}


def said(start: Start, *arguments: str, **named: Any) -> tuple[int, bytes, bytes]:
    env = env_of(named.pop("env", {}))
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start([*arguments], env=env, **{**streams, **named}) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["--version"], {}),
        (["--help"], {"COLUMNS": "60"}),
        (["no-such-command"], {}),
        (["list", "users", "--json"], {}),
        (["list", "users", "--vault", "none.db"], {}),
        (["list", "users", "--vault", "none.db", "--json"], {"LOOKERVAULT_VAULT": "other.db"}),
        (["show", "dashboards", "1"], {"NO_COLOR": "1"}),
        (["check", "--offline"], {"LOOKERSDK_BASE_URL": "https://looker.example"}),
        (["runs", "show", "1"], {"TZ": "Asia/Kathmandu"}),
    ],
)
def test_it_says_the_same_and_ends_alike(
    vault: Path, arguments: list[str], env: dict[str, str]
) -> None:
    env = {"LOOKERVAULT_VAULT": str(vault), **env}
    assert said(forked, *arguments, env=env) == said(as_itself, *arguments, env=env)


def test_it_runs_where_it_is_told(tmp_path: Path) -> None:
    for start in (as_itself, forked):
        (tmp_path / start.__name__).mkdir()
        assert said(start, "key", "new", "--out", "key.pem", cwd=tmp_path / start.__name__)[0] == 0
    assert len(list(tmp_path.glob("*/key.pem"))) == 2


def test_a_shell_cannot_tell_it_from_the_installed_one(vault: Path, tmp_path: Path) -> None:
    script = f"""
        umask 027
        export LOOKERVAULT_VAULT='{vault}' COLUMNS=60
        lookervault list "users" | head -n 2
        (cd "$PLACE" && lookervault key new --out "a key.pem" 2> told; ls -l "a key.pem"; cat told)
        lookervault list ''; echo $?
        set -e
        lookervault show users none
        echo never
    """
    found = []
    for place, installed in (("one", False), ("two", True)):
        (tmp_path / place).mkdir()
        done = shell(script, {"PLACE": place}, installed=installed)
        told = re.sub(r"(?m)^-rw.*", lambda line: line[0][:10], done.text)
        found.append((done.code, re.sub(r"ed25519:\S+", "", told), done.err))
    assert found[0] == found[1]
    assert found[0][0] == 1
    assert "-rw-------" in found[0][1]
    assert "never" not in found[0][1]
    assert (tmp_path / "one/a key.pem").exists()


@pytest.mark.parametrize("start", [as_itself, forked])
def test_a_full_device_is_an_error_of_either(start: Start) -> None:
    with Path("/dev/full").open("wb") as full:
        code, _, err = said(start, "types", stdout=full)
    assert code == 1
    assert b"No space left on device" in err


@pytest.mark.parametrize("start", [as_itself, forked])
def test_either_knows_a_terminal(start: Start) -> None:
    ours, theirs = pty.openpty()
    with start(["--help"], env=env_of({}), stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        assert b"\r\n" in os.read(ours, 2**16)
        process.kill()
    os.close(ours)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_end_either_in_the_same_way(number: int) -> None:
    ends: set[int] = set()
    slow = Behaviour(latency_ms=200)
    for start in (as_itself, forked):
        with EmbeddedLooker(items=1, seed=1, behaviour=slow) as looker:
            run = ["extract", "--vault", f"{start.__name__}.db"]
            with start(run, env=env_of(looker.env()), stderr=subprocess.PIPE) as process:
                wait_until(lambda: len(looker.log) > 3)
                assert process.poll() is None
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(0.01)
                process.send_signal(number)
                err = process.communicate(timeout=60)[1]
            assert b"Traceback" not in err
            assert process.poll() == process.returncode
            ends.add(process.returncode)
    assert len(ends) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_at_once_is_not_lost(number: int) -> None:
    with forked(["demo", "serve"], env=env_of({}), stderr=subprocess.PIPE) as process:
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode in (0, -number, 130)


UNDER = {"RLIMIT_FSIZE": "Max file size", "RLIMIT_NOFILE": "Max open files"}


@pytest.mark.parametrize("constraint", [Constraint(name, 4321) for name in UNDER])
def test_a_limit_is_the_same_for_either(constraint: Constraint) -> None:
    serve = ["demo", "serve", "--port", "0", "--items", "1"]
    found = []
    for under in (
        forked(serve, constraint=constraint, env=env_of({}), stdout=subprocess.PIPE),
        subprocess.Popen([*constraint.command, *serve], env=env_of({}), stdout=subprocess.PIPE),
    ):
        with under as process:
            assert process.stdout is not None
            process.stdout.readline()
            found.append(Path(f"/proc/{process.pid}/limits").read_text())
            process.kill()
    assert found[0] == found[1]
    assert re.search(rf"{UNDER[constraint.kind]} +4321 ", found[0])


def test_root_becomes_the_user_for_either() -> None:
    nobody = Constraint("uid", 65534)

    def itself(arguments: list[str], **named: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen([*nobody.command, *arguments], **named)

    with tempfile.TemporaryDirectory() as closed:  # nobody may not enter pytest's own
        Path(closed).chmod(0o555)
        key = ["key", "new", "--out", f"{closed}/key.pem"]
        told = said(partial(forked, constraint=nobody), *key, cwd="/")
        assert told == said(itself, *key, cwd="/")
    assert told[0] == 2
    assert b"Permission denied" in told[2]


STATUS = re.compile(r"^(Umask|Threads|SigBlk|SigIgn|SigCgt):\s+\S*?(\S{1,7})$", re.MULTILINE)
"""Seven digits of signals: those that have a name. What the C library does with its own varies."""


def test_the_system_says_the_same_of_its_files_threads_signals_and_umask() -> None:
    found = []
    for start in (as_itself, forked):
        with start(
            ["demo", "serve", "--port", "0", "--items", "1"],
            env=env_of({}),
            umask=0o27,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == b"Serving. Ctrl-C ends it.\n"
            of_it = Path(f"/proc/{process.pid}")
            status = dict(STATUS.findall((of_it / "status").read_text()))
            found.append((len(list((of_it / "fd").iterdir())), status))
            process.kill()
    assert found[0] == found[1]
    assert found[0][1]["Umask"] == "0027"
    assert len(found[0][1]) == 5


def test_an_interpreter_of_another_kind_is_not_served() -> None:
    assert SERVED.serves(env_of({"TZ": "UTC"}))
    for name in ("PYTHONPATH", "PYTHONUTF8", "LC_ALL", "LANG", "COVERAGE_PROCESS_CONFIG"):
        assert not SERVED.serves(env_of({}) | {name: "other"})
