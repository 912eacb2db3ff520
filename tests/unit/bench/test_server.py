from __future__ import annotations

import json
import mmap
from pathlib import Path

import pytest

from bench.prepared import Draft, is_made, load
from bench.server import Answers, Service

SEARCH = "/dashboards/search"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def service(tmp_path: Path) -> Service:
    with Draft(tmp_path) as draft:
        table = draft.table(SEARCH)
        draft.index.windows["/dashboards"] = SEARCH
        draft.objects(table, "/dashboards", [(str(i), b'{"id":"%d","t":1}' % i) for i in range(9)])
        draft.rows(table, [b'{"id":"%d"}' % i for i in range(9)])
        draft.answer("/folders/1/looks?x=1", b"[1]")
    with (tmp_path / "bytes").open("rb") as file:
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return Service(Answers(load(tmp_path), data), Clock())


def get(service: Service, target: str) -> object:
    status, body, _ = service.answer("GET", target)
    assert status == 200
    return json.loads(b"".join(bytes(part) for part in body))


def ids(service: Service, target: str) -> list[str]:
    rows = get(service, target)
    assert isinstance(rows, list)
    return [row["id"] for row in rows]


def test_a_page_of_ids_comes_in_the_order_of_the_table(service: Service) -> None:
    assert ids(service, f"{SEARCH}?deleted=false&id=7,2,3,nowhere") == ["2", "3", "7"]


def test_a_window_of_the_census_has_short_rows(service: Service) -> None:
    target = f"{SEARCH}?fields=id&limit=3&offset=2"
    assert get(service, target) == [{"id": "2"}, {"id": "3"}, {"id": "4"}]


def test_a_window_behind_the_end_is_empty(service: Service) -> None:
    assert get(service, f"{SEARCH}?fields=id&limit=3&offset=9") == []


def test_nothing_is_in_the_trash(service: Service) -> None:
    assert get(service, f"{SEARCH}?fields=id&deleted=true") == []


def test_the_whole_list_has_every_object(service: Service) -> None:
    assert len(ids(service, "/dashboards")) == 9


def test_one_object_and_a_recorded_answer_are_found_by_their_targets(service: Service) -> None:
    assert get(service, "/dashboards/4") == {"id": "4", "t": 1}
    assert get(service, "/folders/1/looks?x=1") == [1]


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("/dashboards/4", 1),
        (f"{SEARCH}?deleted=false&id=7,2", 1),
        ("/folders/1/looks?x=1", 1),
        (f"{SEARCH}?fields=id&limit=3&offset=2", 0),
        (f"{SEARCH}?limit=3", 0),
    ],
)
def test_a_call_for_objects_that_it_names_is_no_look_at_what_there_is(
    service: Service, target: str, named: int
) -> None:
    get(service, target)
    assert (service.counts.calls, service.counts.named) == (1, named)


def test_what_was_not_prepared_is_counted(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.answer("GET", "/boards")[0] == 404
    assert service.counts.unknown == 1
    assert "/boards" in capsys.readouterr().err


def test_each_object_and_each_row_takes_its_time(service: Service) -> None:
    service.answer("GET", "/bench/set?latency=1&per_object=0.5&per_row=0.25")
    assert service.answer("GET", f"{SEARCH}?id=1,2")[2] == 2.0
    assert service.answer("GET", f"{SEARCH}?fields=id&limit=4")[2] == 2.0
    assert service.answer("GET", "/dashboards/4")[2] == 1.0
    assert (service.counts.pages, service.counts.waited) == (1, 5.0)


def test_calls_above_the_allowed_rate_are_refused(service: Service) -> None:
    clock = service._clock  # noqa: SLF001 - the stand-in that the fixture made
    assert isinstance(clock, Clock)
    service.answer("GET", "/bench/set?rate=2")
    assert [service.answer("GET", "/dashboards/1")[0] for _ in range(3)] == [200, 200, 429]
    clock.now += 0.5
    assert [service.answer("GET", "/dashboards/1")[0] for _ in range(2)] == [200, 429]
    assert (service.counts.calls, service.counts.refused) == (5, 2)


def test_content_whose_rendering_broke_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    def broken_off() -> None:
        with Draft(tmp_path) as draft:
            draft.answer("/user", b"{}")
            raise KeyError

    with pytest.raises(KeyError):
        broken_off()
    assert not is_made(tmp_path)
