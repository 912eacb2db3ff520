"""The guide to what changed, line by line, with a dashboard that somebody broke."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.cli.running import shell
from tests.docs.running import ROOT, blocks, fits
from tests.integration.running import extraction

GUIDE = ROOT / "docs/how-to/who-broke-my-dashboard.md"
DASHBOARD, GONE = "7", "9"
TYPES = ("dashboards", "folders", "users", "groups", "roles", "role_members")


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("broken") / "vault.db"
    with EmbeddedLooker(items=150, seed=2) as looker, extraction(looker, path) as one:
        store = looker.store
        body = json.loads(store.body("dashboards", DASHBOARD))
        pack, drafts = store.ids("folders")[2:4]
        ana = store.ids("users")[1]
        tile = next(e for e in body["dashboard_elements"] if e["query"])
        tile["title"] = "Revenue by month"
        tile["query"]["filters"] = tile["result_maker"]["query"]["filters"] = {
            "orders.created_date": "90 days"
        }
        store.edit("folders", pack, name="Board pack")
        store.edit("folders", drafts, name="Drafts")
        store.edit("users", ana, credentials_email={"email": "ana@example.com"})
        shown = {"dashboard_elements": body["dashboard_elements"], "folder_id": pack}
        store.edit("dashboards", DASHBOARD, title="Revenue overview", deleted=False, **shown)
        one.run(*TYPES)
        for query in (tile["query"], tile["result_maker"]["query"]):
            query["filters"] = {"orders.created_date": "30 days"}
        shown |= {"folder_id": drafts, "last_updater_id": ana}
        store.edit("dashboards", DASHBOARD, **shown)
        store.delete("dashboards", GONE)
        one.run(*TYPES)
    return path


def test_each_command_of_the_guide_does_what_the_guide_says(vault: Path) -> None:
    env = {"LOOKERVAULT_VAULT": str(vault)}
    for shown in blocks(GUIDE, "console"):
        command, _, expected = shown.partition("\n")
        done = shell(command.removeprefix("$ "), env)
        assert (done.code, fits(expected, done.text)) == (0, True), done.text
    said = {}
    for line in "".join(blocks(GUIDE, "sh")).splitlines():
        done = shell(line, env)
        assert (done.code, done.err) == (0, ""), line
        said[line] = done.text
    change = "filter orders.created_date 90 days → 30 days"
    assert len([line for line, text in said.items() if change in text]) >= 6, said
    assert f" {GONE} " in said["lookervault list --deleted"]
    assert json.loads(Path(f"dashboard-{GONE}.json").read_bytes())["id"] == GONE
    assert json.loads(Path("dashboard-7.json").read_bytes())["title"] == "Revenue overview"
    assert change in Path("changes.html").read_text().replace("</bdi></q>", "").replace(
        "<q><bdi>", ""
    )
