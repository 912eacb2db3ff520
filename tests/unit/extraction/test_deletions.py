"""How many deletions of a type are believed, and what is said of those that are not."""

from __future__ import annotations

import pytest

from lookervault.content.registry import TYPES
from lookervault.errors import CallError, ForbiddenError, NotFoundError, TransientError
from lookervault.extraction.deletions import Deletions
from lookervault.storage.listing import Held

LOOKS = TYPES["looks"]


def doubt(gone: int, held: int, *, most: float = 20, in_trash: tuple[int, int] = (0, 0)) -> str:
    """`in_trash` of those that are gone, and of those that were held."""
    deletions = Deletions(proven=True, most=most, held={"looks": Held(held, in_trash[1])})
    return deletions.doubt(LOOKS, [str(i) for i in range(gone)], in_trash=in_trash[0])


@pytest.mark.parametrize(
    ("gone", "held", "most"),
    [(9, 10, 20), (9, 40, 0), (10, 50, 20), (240, 1200, 20), (500, 1000, 50), (999, 1000, 100)],
)
def test_a_share_that_is_usual_is_believed(gone: int, held: int, most: float) -> None:
    assert doubt(gone, held, most=most) == ""


@pytest.mark.parametrize(
    ("gone", "held", "most"),
    [(1, 1, 100), (9, 9, 20), (10, 49, 20), (10, 10_000, 0), (241, 1200, 20), (1000, 1000, 100)],
)
def test_more_than_that_or_all_of_it_is_not(gone: int, held: int, most: float) -> None:
    assert doubt(gone, held, most=most).endswith(
        "nothing was marked deleted."
        " If they are really gone: lookervault extract --accept-deletions looks"
    )


def test_it_is_said_what_was_seen() -> None:
    assert doubt(412, 1200).startswith(
        "looks: 412 of 1,200 seem deleted (34.3 %), more than the 20 % that are believed"
        " (such as 0, 1, 2);"
    )
    assert doubt(1500, 1500).startswith("looks: all 1,500 seem deleted (such as")
    assert doubt(1, 1).startswith("looks: the only one seems deleted (such as 0);")


@pytest.mark.parametrize(
    ("gone", "held", "in_trash", "believed"),
    [
        (30, 200, (30, 30), True),  # somebody emptied the trash
        (30, 200, (30, 120), True),
        (30, 200, (10, 100), True),
        (30, 200, (10, 101), False),  # 20 of 99
        (30, 200, (0, 170), False),  # all that was outside
        (100, 200, (100, 170), False),
    ],
)
def test_what_lies_outside_the_trash_counts_by_itself_too(
    gone: int, held: int, in_trash: tuple[int, int], *, believed: bool
) -> None:
    assert (doubt(gone, held, in_trash=in_trash) == "") is believed


def test_objects_that_never_change_go_with_what_refers_to_them() -> None:
    deletions = Deletions(proven=True, most=20, held={"merge_queries": Held(40)})
    assert deletions.doubt(TYPES["merge_queries"], [str(i) for i in range(40)], in_trash=0) == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ForbiddenError("No."), "looks: Looker answers 403 for all of it, and the vault holds 12"),
        (NotFoundError("No."), "looks: Looker answers 404 for all of it, and the vault holds 12"),
        (TransientError("Later."), ""),
    ],
)
def test_a_type_that_is_hidden_is_told_if_the_vault_has_some_of_it(
    error: CallError, said: str
) -> None:
    known = Deletions(proven=True, most=20, held={"looks": Held(12)})
    assert known.hidden(LOOKS, error).startswith(said)
    assert bool(known.hidden(LOOKS, error)) is bool(said)
    assert Deletions(proven=True, most=20).hidden(LOOKS, error) == ""
