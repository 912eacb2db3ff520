"""The tutorial, line by line."""

from __future__ import annotations

from tests.cli.running import program, shell, started
from tests.docs.running import ROOT, blocks, fits

TUTORIAL = ROOT / "docs/tutorial.md"


def test_each_command_of_the_tutorial_shows_what_the_page_says() -> None:
    env = {"LOOKERSDK_BASE_URL": "https://company.looker.com"}
    count = 0
    for block in blocks(TUTORIAL, "console"):
        command, _, expected = block.removeprefix("$ ").partition("\n")
        done = shell(command, env)
        assert fits(expected, done.text + done.err), (command, done)
        count += 1
    assert count >= 8
    runs = program("runs", "--vault", "company.db", "--json").json
    assert len({run["root_hash"] for run in runs}) == 1


def test_the_bad_day_ends_well() -> None:
    serve, extract = list(blocks(TUTORIAL, "sh"))
    name, *arguments = serve.replace("--port 8000", "--port 0").split()
    assert name == "lookervault"
    with started(*arguments) as server:
        assert server.stdout is not None
        exports = b"".join(server.stdout.readline() for _ in range(3)).decode()
        done = shell(exports + extract)
        server.terminate()
    assert done.code == 0, done.err
    assert "answered with 429" in done.text
