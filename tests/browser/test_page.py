"""The page of `diff --html` in a real browser: nothing of a title runs, all of it can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookervault.demo.server import EmbeddedLooker
from tests.browser.chromium import PHONE, WIDE, Browser, chromium
from tests.cli.running import program
from tests.integration.running import extraction

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RAN = "document.documentElement.dataset.ran = 'yes'"
TITLES = [
    f"<script>{RAN}</script>",
    f"</style></script><script>{RAN}</script>",
    f'"><img src=x onerror="{RAN}"> \u202edrawkcab\u202c',
    f"'-->]]><svg onload={RAN}><style>*{{display:none}}</style>",
    "<meta http-equiv=refresh content='0;url=https://example.com/'><base href='//example.com/'>",
    "https://example.com/" + "x" * 3000,
    "收益概覽 – אָלֶף‎ 📈 &amp; \x00\x1b[31m",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs; dashboards got hostile titles, tiles and filters in between."""
    folder = tmp_path_factory.mktemp("page")
    vault, page = folder / "v.db", folder / "changes.html"
    types = ("dashboards", "folders", "users", "groups", "scheduled_plans")
    with EmbeddedLooker(items=150, seed=4) as looker, extraction(looker, vault) as one:
        store = looker.store
        one.run(*types)
        bodies = [json.loads(store.body("dashboards", i)) for i in store.ids("dashboards")]
        living = [body for body in bodies if not body["deleted"]]
        who = store.ids("users")[2]
        for title, body in zip(TITLES, living, strict=False):
            elements = body["dashboard_elements"]
            elements[0]["title"] = title
            fields = {"description": title * 9, "dashboard_elements": elements[:-1]}
            store.edit("dashboards", body["id"], title=title, last_updater_id=who, **fields)
        rest = living[len(TITLES) :]
        elsewhere = next(b["folder_id"] for b in rest if b["folder_id"] != rest[0]["folder_id"])
        store.edit("dashboards", rest[0]["id"], folder_id=elsewhere, last_updater_id=who)
        store.trash("dashboards", rest[1]["id"])
        store.delete("dashboards", rest[2]["id"])
        store.create("dashboards", title="Churn by cohort")
        store.edit("groups", store.ids("groups")[2], name="Finance & Controlling")
        plan = store.ids("scheduled_plans")[0]
        store.edit("scheduled_plans", plan, crontab="0 6 * * 1-5", enabled=True)
        one.run(*types)
    assert program("diff", 1, 2, "--html", page, "--vault", vault).code == 0
    return page


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def shown(browser: Browser) -> int:
    found = browser.value("document.querySelectorAll('article:not([hidden])').length")
    assert isinstance(found, int)
    return found


def test_nothing_of_a_title_runs_and_nothing_is_asked_of_the_network(
    page: Path, browser: Browser
) -> None:
    browser.open(page)
    assert browser.value("document.documentElement.dataset.ran ?? 'no'") == "no"
    assert browser.value("document.querySelectorAll('article img, article svg, base').length") == 0
    assert browser.value("document.querySelectorAll('script, style').length") == 2
    assert browser.value("document.body.textContent").count("<script>") >= 2
    assert browser.value("document.querySelector('.count').textContent").endswith("in all")
    assert browser.requested() == [page.as_uri()]
    assert browser.complaints() == []


def test_the_policy_would_stop_what_slipped_through(
    page: Path, browser: Browser, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text(page.read_text().replace("<main>", f"<main><script>{RAN}</script>", 1))
    browser.open(broken)
    assert browser.value("document.documentElement.dataset.ran ?? 'no'") == "no"
    assert any("Content Security Policy" in text for text in browser.complaints())


def test_the_search_and_the_kinds_filter(page: Path, browser: Browser) -> None:
    browser.open(page)
    every = shown(browser)
    assert every >= 12
    browser.type("CHURN cohort")
    assert shown(browser) == 1
    assert browser.value("document.querySelector('.count').textContent") == f"1 of {every} shown"
    assert browser.value("document.querySelectorAll('section:not([hidden])').length") == 1
    browser.type("no such words")
    assert shown(browser) == 0
    browser.type("")
    assert shown(browser) == every
    browser.value("document.querySelector('button[data-kind=changed]').click()")
    assert 0 < shown(browser) < every
    assert browser.value("document.querySelectorAll('article.changed:not([hidden])').length") == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_both_themes_at_both_widths(
    page: Path, browser: Browser, dark: bool, size: tuple[int, int], tmp_path: Path
) -> None:
    """The pictures stay in the test's folder, for whoever wants to look."""
    browser.open(page, dark=dark, size=size)
    sheet = browser.value("getComputedStyle(document.body).backgroundColor")
    assert sheet == ("rgb(18, 22, 28)" if dark else "rgb(246, 247, 249)")
    browser.picture(tmp_path / "top.png")
    browser.value("document.querySelectorAll('details')[1].open = true")
    browser.value("document.querySelectorAll('article')[1].scrollIntoView()")
    assert browser.value("document.documentElement.scrollWidth") <= size[0]
    browser.picture(tmp_path / "fields.png")
    browser.value("window.scrollTo(0, document.body.scrollHeight)")
    browser.picture(tmp_path / "end.png")
    assert (tmp_path / "top.png").read_bytes().startswith(b"\x89PNG")
