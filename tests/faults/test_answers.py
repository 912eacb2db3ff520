"""One answer in twelve goes wrong, in each way: what is in the vault is what Looker has."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from tests.cli.running import Completed, program
from tests.faults.conftest import FLAGS, TYPES, Company
from tests.faults.relay import (
    Spoil,
    another_order,
    bad_gateway,
    cut,
    cut_gzip,
    env_of,
    error_500,
    error_page,
    good,
    is_page,
    length_too_long,
    length_too_short,
    relayed,
    reset,
    rows_missing,
    rows_twice,
    stall,
    unavailable,
)
from tests.unit.looker.stand_in import Request

ONE_IN = 12


def extracted(company: Company, spoil: Spoil, *, pages: bool = False) -> Completed:
    """With `pages`, those alone count, as nothing contradicts a list that is no page."""
    numbers = itertools.count(1)

    def spoils(number: int, request: Request) -> Spoil:
        if pages and not is_page(request):
            return good
        return spoil if (next(numbers) if pages else number) % ONE_IN == 0 else good

    with relayed(company.looker, spoils) as (server, relay):
        env = env_of(server, company.looker) | {"LOOKERSDK_TIMEOUT": "0.4"}
        done = program("extract", *TYPES, *FLAGS, env=env)
        assert relay.spoiled >= 2
    return done


@pytest.mark.parametrize(
    "spoil",
    [
        error_500,
        bad_gateway,
        unavailable,
        reset,
        cut,
        error_page,
        cut_gzip,
        stall,
        length_too_long,
        length_too_short,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_an_answer_that_is_none_is_asked_for_again(company: Company, spoil: Spoil) -> None:
    done = extracted(company, spoil)
    assert (done.code, done.json["status"]) == (0, "complete"), done
    assert done.json["root_hash"] == company.root
    assert done.json["retries"] >= 2


@pytest.mark.parametrize(
    "spoil", [rows_twice, rows_missing, another_order], ids=lambda spoil: spoil.__name__
)
def test_a_page_with_other_rows_is_made_up_for_or_what_is_missing_is_named(
    company: Company, spoil: Spoil
) -> None:
    done = extracted(company, spoil, pages=True)
    if done.code == 0:
        assert done.json["root_hash"] == company.root
    assert done.code == (3 if done.json["missing"] else 0), done
    found = Counter(one["type"] for one in done.json["missing"])
    found.update({name: one["items"] for name, one in done.json["types"].items()})
    assert found == company.items
