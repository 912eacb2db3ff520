from __future__ import annotations

import msgspec
import pytest

from lookervault.demo.fields import cut, from_columns, parse


def test_names_and_what_is_inside_them_are_parsed() -> None:
    assert parse("id, title,folder(id,name( x )),y") == {
        "id": None,
        "title": None,
        "folder": {"id": None, "name": {"x": None}},
        "y": None,
    }
    assert parse("") == {}


def test_what_is_left_keeps_its_bytes_and_its_order() -> None:
    body = b'{"a":1.10,"b":{"x":1e3,"y":[ 1 ]},"c":[{"x":1,"y":2},{"y":3}],"d":null}'
    assert cut(parse("d,a"), body) == b'{"a":1.10,"d":null}'
    assert cut(parse("b(y),c(y)"), body) == b'{"b":{"y":[ 1 ]},"c":[{"y":2},{"y":3}]}'
    assert cut(parse("nothing"), body) == b"{}"


def test_cheap_columns_do_where_they_suffice() -> None:
    columns: dict[str, object] = {"id": "1", "title": "a<b"}
    assert from_columns(parse("title"), columns) == b'{"title":"a\\u003cb"}'
    assert from_columns(parse("id,tiles"), columns) is None
    assert from_columns(parse("id(x)"), columns) is None


def test_what_is_no_json_cannot_be_cut() -> None:
    with pytest.raises(msgspec.DecodeError):
        cut(parse("id"), b'{"id":')
