"""What a soak fails by."""

from __future__ import annotations

import pytest

from tests.again import again
from tests.soak import ROWS_OF_A_RUN, Row, faults

FLAT = [
    Row(
        run=run,
        changed=run in {3, 5},
        items=100,
        calls=10,
        seconds=1.0,
        memory=200.0 if run == 1 else 100.0,
        files=40,
        left=5,
        vault=5.0,
        lost=0,
        root="aa" if run < 3 else "bb" if run < 5 else "cc",
    )
    for run in range(1, 6)
]


def test_what_stays_flat_passes() -> None:
    assert [*faults(FLAT)] == []


@pytest.mark.parametrize(
    ("run", "other", "told"),
    [
        (5, {"memory": 111.0}, "memory grows: 111 MB in run 5, after 100 in run 3"),
        (4, {"memory": 111.0}, "memory grows: 111 MB in run 4, after 100 in run 2"),
        (4, {"files": 45}, "open files grow: 45 at once in run 4, after 40 in run 2"),
        (5, {"left": 6}, "files are left open: 6 in run 5, after 5 in run 3"),
        (
            4,
            {"vault": 5.0 + (ROWS_OF_A_RUN + 1) / 1e6},
            "the vault grows: by 100,001 bytes in run 4, which found nothing new",
        ),
        (4, {"root": "dd"}, "run 4 has another root than run 3, and nothing changed"),
        (3, {"lost": 2}, "run 3 lost 2 items"),
    ],
)
def test_what_grows_is_lost_or_has_another_root_is_named(
    run: int, other: dict[str, object], told: str
) -> None:
    rows = [row._replace(**other) if row.run == run else row for row in FLAT]  # type: ignore[arg-type]  # of mixed types
    assert [*faults(rows)] == [told]


def test_a_process_runs_the_program_again_and_tells_what_it_left() -> None:
    with again({}) as program:
        first, second = (program.run("types", "--json") for _ in range(2))
        wrong = program.run("types", "--nothing")
    assert (first.code, first.err) == (0, "")
    assert first.out == second.out != ""
    assert first.left == second.left == wrong.left
    assert (wrong.code, wrong.out) == (2, "")
    assert "--nothing" in wrong.err
