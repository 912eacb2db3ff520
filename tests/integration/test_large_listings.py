"""Types that are larger than a page of the census: one more call for each 5,000 objects."""

from __future__ import annotations

from math import ceil

import pytest

from lookervault.content.model import CENSUS_LIMIT
from lookervault.demo.server import EmbeddedLooker
from tests.integration.conftest import NewVault
from tests.integration.running import by_type

FURTHER = 3
"""A census page that shows that nothing follows, and a page of two, by which it is known that a
list of ids is understood; in the end a look at what was created meanwhile."""


def allowed_calls(count: int, page_size: int) -> int:
    return ceil(count / page_size) + ceil(count / 5000) + FURTHER


def test_the_documented_number_is_the_one_in_use() -> None:
    assert CENSUS_LIMIT == 5000


@pytest.mark.parametrize(
    ("name", "count", "page_size"),
    [
        ("roles", 12_000, 100),
        ("groups", 12_000, 1000),
        # Where a page of the census is full to the last row, or one row is left for the next:
        *[("roles", count, 1000) for count in (5000, 5001, 5002, 10_001)],
    ],
)
def test_what_needs_several_pages_of_the_census_is_there_once_in_the_calls_that_are_documented(
    name: str, count: int, page_size: int, new_vault: NewVault
) -> None:
    with EmbeddedLooker(200, 0, counts={name: count}) as looker:
        one = new_vault(looker)
        result = by_type(one.run(name, page_size=page_size))[name]
        there = set(looker.store.ids(name))
        census = [served.query for served in looker.log[:] if "offset" in served.query]
    assert len(there) == count
    assert one.vault.open_ids(name) == there
    assert (result.status, result.census, result.items) == ("complete", count, count)
    assert {(query["limit"], int(query["offset"]) % 5000) for query in census[:-2]} == {("5001", 0)}
    assert result.calls <= allowed_calls(count, page_size)
