from __future__ import annotations

import pytest

from lookervault.content.redaction import Redactor
from lookervault.errors import BadAnswerError

REDACTOR = Redactor(["password_reset_url", "secret"])


@pytest.mark.parametrize(
    "value", [b'"https://x/\\"y\\\\"', b"12.50", b"true", b'{"a": [1,{"secret":2}]}', b"[ ]", b'""']
)
def test_a_secret_of_any_kind_becomes_null_and_every_other_byte_stays(value: bytes) -> None:
    before, after = b' {"id" : 1.10, "secret"\n:\t', b' , "\\u0041":"secret" } \n'
    assert REDACTOR.cut(before + value + after) == (before + b"null" + after, ("secret",))


def test_paths_tell_where_it_was() -> None:
    body = (
        b'{"credentials_email":{"x":{},"password_reset_url":"u"},'
        b'"plan":[[],{"secret":{"secret":1}},{"a":[0,{"secret":2}]}],"secret":3}'
    )
    cut, paths = REDACTOR.cut(body)
    assert paths == (
        "credentials_email.password_reset_url",
        "plan[1].secret",
        "plan[2].a[1].secret",
        "secret",
    )
    assert cut == (
        b'{"credentials_email":{"x":{},"password_reset_url":null},'
        b'"plan":[[],{"secret":null},{"a":[0,{"secret":null}]}],"secret":null}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"",
        b'{"secret":null,"password_reset_url" : null}',
        b'{"s":"secret"}',
        b'{"s":"\\"secret\\":1"}',
        b'{"s":"\\\\\\"secret\\":{\\"secret\\":1}"}',
        b'{"my_secret":1,"secrets":2,"Secret":3,"\\"secret":4,"secret\\"":5}',
        b'["secret",["secret",1]]',
        b'{"s":"\\u0041","secret" :null}',
        b'"secret"',
    ],
)
def test_names_elsewhere_and_empty_values_are_no_secrets(body: bytes) -> None:
    assert REDACTOR.cut(body) == (body, ())


@pytest.mark.parametrize("key", [b"\\u0073ecret", b"secre\\u0074", b"s\\u0065\\u0063ret"])
def test_a_name_may_be_spelled_with_escapes(key: bytes) -> None:
    body = b'{"a":[{"' + key + b'":"x"}]}'
    assert REDACTOR.cut(body) == (b'{"a":[{"' + key + b'":null}]}', ("a[0].secret",))


def test_every_one_of_equal_keys_is_cut() -> None:
    body = b'{"secret":null,"secret":1,"secret":[2],"secret":null}'
    assert REDACTOR.cut(body) == (
        b'{"secret":null,"secret":null,"secret":null,"secret":null}',
        ("secret",),
    )


@pytest.mark.parametrize("odd", [b'"\\ud800"', b'"\xff\xfe"', b"9" * 6000, b"1e400"])
def test_bodies_that_no_decoder_reads_are_cut_too(odd: bytes) -> None:
    body = b'{"\xff":%b,"secret":%b,"x":%b}' % (odd, odd, odd)
    assert REDACTOR.cut(body) == (b'{"\xff":%b,"secret":null,"x":%b}' % (odd, odd), ("secret",))


def test_depth_does_not_matter_and_paths_stay_short() -> None:
    deep = 50_000
    body = b'{"secret":1,"a":[' * deep + b"0" + b"]}" * deep
    cut, paths = REDACTOR.cut(body)
    assert cut == body.replace(b":1", b":null")
    assert paths[1] == "a[0].secret"
    assert len(paths) < 100
    assert paths[-1].startswith("a[0].a[0].")
    assert "…" in paths[-1]
    assert paths[-1].endswith(".a[0].secret")


@pytest.mark.parametrize(
    "body", [b'{"secret":"x', b'{"secret":1]', b"<secret>", b'{"\\u0073ecret":']
)
def test_what_may_hold_a_secret_but_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswerError, match="may hold secrets"):
        REDACTOR.cut(body)


def test_a_type_without_secrets_cuts_nothing() -> None:
    assert Redactor([]).cut(b'{"":1,"\\u0073":2}') == (b'{"":1,"\\u0073":2}', ())


def test_names_are_ascii() -> None:
    with pytest.raises(ValueError, match="ascii"):
        Redactor(["clé"])
