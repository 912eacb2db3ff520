"""The client secret from a file or a command: what is taken, refused, and never shown."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from lookervault.config.client_secret import LONGEST, from_command
from lookervault.config.settings import load
from lookervault.errors import Exit, UsageError

SECRET = "s3cretOfTheKey"
FILE, COMMAND = "LOOKERVAULT_CLIENT_SECRET_FILE", "LOOKERVAULT_CLIENT_SECRET_COMMAND"
ENV = {"LOOKERSDK_BASE_URL": "https://looker.example", "LOOKERSDK_CLIENT_ID": "idOfTheKey"}


def held(content: bytes, mode: int = 0o600, name: str = "held") -> str:
    path = Path(name)
    path.write_bytes(content)
    path.chmod(mode)
    return name


def python(program: str) -> str:
    return shlex.join([sys.executable, "-c", program])


def printing(data: bytes) -> str:
    return python(f"import sys; sys.stdout.buffer.write({data!r})")


def refused(flags: dict[str, object] | None = None, /, **env: str) -> UsageError:
    """The error, which tells a way out and does not hold the secret, nor does what caused it."""
    with pytest.raises(UsageError) as caught:
        load(flags or {}, ENV | env)
    error = caught.value
    assert error.exit_code == Exit.USAGE
    assert error.hint
    assert SECRET not in error.message + error.hint
    assert error.__suppress_context__ or error.__context__ is None
    return error


# ── where it comes from ─────────────────────────────────────────────────────────────────────────


def test_a_file_gives_it_and_is_named_as_its_source() -> None:
    settings = load({}, ENV | {FILE: held(SECRET.encode())})
    assert settings.client_secret.reveal() == SECRET
    assert settings.source("client_secret") == f"environment {FILE} (held)"
    assert settings.notes == ()
    flag = load({"client_secret_file": Path("held")}, ENV)
    assert flag.source("client_secret") == "flag --client-secret-file (held)"


def test_a_command_gives_it_and_is_named_as_its_source() -> None:
    settings = load({}, ENV | {COMMAND: printing(SECRET.encode())})
    assert settings.client_secret.reveal() == SECRET
    assert settings.source("client_secret") == f"environment {COMMAND}"
    flag = load({"client_secret_command": printing(SECRET.encode())}, ENV)
    assert flag.source("client_secret") == "flag --client-secret-command"


def test_flags_come_before_the_environment_and_that_before_the_ini_file() -> None:
    Path("looker.ini").write_text("[Looker]\nclient_secret=ini\n")
    held(b"file")
    everything = {FILE: "held", COMMAND: printing(b"command"), "LOOKERSDK_CLIENT_SECRET": "plain"}

    def taken(flags: dict[str, object], *names: str) -> str:
        env = {name: text for name, text in everything.items() if name in names}
        return load(flags, ENV | env).client_secret.reveal()

    assert taken({}) == "ini"
    assert taken({}, COMMAND) == "command"
    assert taken({}, COMMAND, FILE) == "file"
    assert taken({}, *everything) == "plain"
    assert taken({"client_secret_command": printing(b"flag")}, *everything) == "flag"
    assert taken({"client_secret_file": Path("held")}, *everything) == "file"


def test_a_command_that_comes_second_is_not_run_and_that_is_said() -> None:
    run = python("open('it-ran', 'w')")
    settings = load({}, ENV | {FILE: held(SECRET.encode()), COMMAND: run})
    assert settings.notes == (
        f"environment {COMMAND} is ignored: environment {FILE} comes before it.",
    )
    load({"client_secret_file": Path("held")}, ENV | {COMMAND: run})
    assert not Path("it-ran").exists()


def test_the_ini_file_of_a_folder_runs_no_programs() -> None:
    run = python("open('it-ran', 'w')")
    Path("looker.ini").write_text(
        f"[Looker]\nclient_secret_command={run}\nclient_secret_file=looker.ini\n"
    )
    assert "client secret of Looker is not set" in refused().message
    assert not Path("it-ran").exists()


def test_two_flags_are_one_too_many() -> None:
    flags: dict[str, object] = {"client_secret_file": Path("a"), "client_secret_command": "b"}
    assert "exclude each other" in refused(flags).message


def test_what_is_missing_is_named_with_all_the_ways_to_give_it() -> None:
    error = refused()
    assert "client secret of Looker is not set" in error.message
    for way in (
        "--client-secret-file",
        "--client-secret-command",
        "LOOKERSDK_CLIENT_SECRET,",
        FILE,
        COMMAND,
        "client_secret in the section [Looker]",
    ):
        assert way in error.hint
    assert "--client-secret," not in error.hint


# ── what is taken of it ─────────────────────────────────────────────────────────────────────────

TAKEN = {
    "as it is": b"%b",
    "with a line end": b"%b\n",
    "with that of Windows": b"%b\r\n",
    "after a byte order mark": b"\xef\xbb\xbf%b\n",
}
REFUSED = {
    "two line ends": (b"%b\n\n", "holds blanks, line ends"),
    "two lines": (b"%b\nuser: me", "holds blanks, line ends"),
    "a blank": (b" %b", "holds blanks, line ends"),
    "no text": (b"\xff\xfe%b", "characters beyond ASCII"),
    "nothing": (b"", "gives nothing"),
    "a line end": (b"\n", "gives nothing"),
    "too much": (b"%b" * LONGEST, f"gives more than {LONGEST} bytes"),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_one_line_end_is_no_part_of_it(kind: str) -> None:
    data = TAKEN[kind].replace(b"%b", SECRET.encode())
    assert load({}, ENV | {FILE: held(data)}).client_secret.reveal() == SECRET
    assert load({}, ENV | {COMMAND: printing(data)}).client_secret.reveal() == SECRET


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_client_secret_is_refused_and_not_repeated(kind: str) -> None:
    pattern, why = REFUSED[kind]
    data = pattern.replace(b"%b", SECRET.encode())
    error = refused(**{FILE: held(data)})
    assert why in error.message
    assert f"environment {FILE}" in error.message
    Path("printed").write_bytes(data)
    error = refused(**{COMMAND: "cat printed"})
    assert why in error.message
    assert f"environment {COMMAND}" in error.message


# ── a file ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_file_that_others_may_use_is_warned_about(mode: int) -> None:
    settings = load({}, ENV | {FILE: held(SECRET.encode(), mode)})
    assert settings.notes == ("Others may read the client secret: chmod 600 held",)
    assert settings.client_secret.reveal() == SECRET


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_one_s_own_is_not(mode: int) -> None:
    assert load({}, ENV | {FILE: held(SECRET.encode(), mode)}).notes == ()


def test_a_pipe_will_do() -> None:
    reading, writing = os.pipe()
    os.write(writing, SECRET.encode() + b"\n")
    os.close(writing)
    try:
        settings = load({}, ENV | {FILE: f"/dev/fd/{reading}"})
    finally:
        os.close(reading)
    assert (settings.client_secret.reveal(), settings.notes) == (SECRET, ())


@pytest.mark.parametrize(
    ("path", "why"), [("is/gone", "No such file"), (".", "Is a directory"), ("a/\0b", "null byte")]
)
def test_a_file_that_cannot_be_read_is_named_with_its_source(path: str, why: str) -> None:
    error = refused(**{FILE: path})
    assert f"{path!r} (environment {FILE}), cannot be read: " in error.message
    assert why in error.message


@pytest.mark.parametrize("name", [FILE, COMMAND])
def test_the_secret_in_the_place_of_its_file_or_command_is_not_shown(name: str) -> None:
    error = refused(**{name: SECRET})
    assert f"that the environment {name} names cannot be " in error.message


# ── a command ───────────────────────────────────────────────────────────────────────────────────


def test_no_shell_reads_the_command() -> None:
    echo = "printf %s '$HOME;*`x`'"
    assert load({}, ENV | {COMMAND: echo}).client_secret.reveal() == "$HOME;*`x`"


def test_it_has_no_input_to_wait_for() -> None:
    program = f"import sys; print(sys.stdin.read() or {SECRET!r})"
    assert load({}, ENV | {COMMAND: python(program)}).client_secret.reveal() == SECRET


def test_a_command_that_fails_is_named_by_its_program_and_status_and_what_it_said_is_not_shown(
    capfd: pytest.CaptureFixture[str],
) -> None:
    program = f"import sys; print({SECRET!r}); print({SECRET!r}, file=sys.stderr); sys.exit(3)"
    error = refused(**{COMMAND: python(program)})
    assert f"{sys.executable!r} (environment {COMMAND}), failed" in error.message
    assert "exit status 3" in error.message
    assert "by hand" in error.hint
    assert capfd.readouterr() == ("", "")


def test_a_command_that_a_signal_ended_is_named() -> None:
    program = python(f"import os; os.kill(os.getpid(), {signal.SIGTERM:d})")
    assert "signal 15 ended it" in refused(**{COMMAND: program}).message


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("no-such-program-is-installed", "cannot be run: No such file"),
        ("/", "cannot be run: Permission denied"),
        ("a\0b", "cannot be run: it holds a zero byte"),
        (f"echo '{SECRET}", "is no command line: no closing quotation"),
        ("  ", "names no program"),
    ],
)
def test_a_command_that_cannot_be_run_is_refused_with_the_reason(command: str, why: str) -> None:
    error = refused(**{COMMAND: command})
    assert why in error.message
    assert f"environment {COMMAND}" in error.message


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(600)",
        f"import sys, time; print({SECRET!r}); sys.stdout.flush(); time.sleep(600)",
        "import os, time; os.close(1); time.sleep(600)",
    ],
)
def test_a_command_that_does_not_end_is_ended(program: str) -> None:
    with pytest.raises(UsageError, match=r"did not end within 0\.2 s") as caught:
        from_command(python(program), "the test", patience_s=0.2)
    assert SECRET not in str(caught.value)


def test_a_command_that_never_stops_printing_is_ended() -> None:
    assert f"more than {LONGEST} bytes" in refused(**{COMMAND: "yes"}).message
