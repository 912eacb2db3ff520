from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from lookervault.content.canonical import Canon, member, split
from lookervault.errors import BadAnswerError

DEEP = 10_000


def nested(levels: int, *, kind: str = "array") -> bytes:
    if kind == "array":
        return b"[" * levels + b"]" * levels
    return b'{"a":' * levels + b"1" + b"}" * levels


class TestSplit:
    def test_elements_keep_their_bytes(self) -> None:
        body = b' [ {"b": 1.10,\t"a" :"\\u0041"} ,2e0,\n"x" , null,[ ] ]\r\n'
        assert split(body) == [b'{"b": 1.10,\t"a" :"\\u0041"}', b"2e0", b'"x"', b"null", b"[ ]"]

    def test_an_empty_array_has_no_elements(self) -> None:
        assert split(b" [ ] ") == []

    @pytest.mark.parametrize(
        "bad",
        [
            b'{"id":"2","t":"\\ud800"}',
            b'{"id":"2","t":"\\udc00\\ud800 \\ud83d\\u0041"}',
            nested(DEEP),
            nested(DEEP, kind="object"),
            b'{"t":"\xff\xed\xa0\x80"}',
            b"9" * 6000,
        ],
        ids=["half a pair", "pairs in disorder", "deep arrays", "deep objects", "no UTF-8", "huge"],
    )
    def test_an_element_that_no_decoder_reads_leaves_its_page_whole(self, bad: bytes) -> None:
        page = b'[{"id":"1"}, ' + bad + b' ,{"id":"3","s":"]}\\"[{"}, [] , -1.5e+3, true]'
        assert split(page) == [
            b'{"id":"1"}',
            bad,
            b'{"id":"3","s":"]}\\"[{"}',
            b"[]",
            b"-1.5e+3",
            b"true",
        ]

    @pytest.mark.parametrize("odd", [b"", b'"\\ud800",'], ids=["plain", "with half a pair"])
    @pytest.mark.parametrize(
        "damaged",
        [
            b"1,2",
            b'1,{"a":2}',
            b'{"a":1}',
            b"1]]",
            b"1] x",
            b"1,]",
            b",1]",
            b"1 2]",
            b'{"a" 1}]',
            b'{"a":1 "b":2}]',
            b'{"a":1,}]',
            b"{a:1}]",
            b"{1:1}]",
            b"[}]",
            b"01]",
            b"+1]",
            b"1.]",
            b"1e]",
            b"-]",
            b"nul]",
            b"NaN]",
            b'"\\x"]',
            b'"\\u12g4"]',
            b'"\x01"]',
            b'"open]',
        ],
    )
    def test_damaged_syntax_is_a_bad_answer(self, odd: bytes, damaged: bytes) -> None:
        with pytest.raises(BadAnswerError, match="no JSON array"):
            split(b"[" + odd + damaged)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"  ",
            b"<html>[1]</html>",
            b'{"message":"Not found"}',
            b'{"a":"\\ud800"}',
            b"1",
            b"null",
            b"\xef\xbb\xbf[]",
            b"\x0b[]",
        ],
    )
    def test_what_is_no_array_is_a_bad_answer(self, body: bytes) -> None:
        with pytest.raises(BadAnswerError, match="no JSON array"):
            split(body)


class TestMember:
    def test_strings_and_numbers_are_found_at_the_top_alone(self) -> None:
        body = (
            b' {"a":{"id":"inner"},"l":[{"id":7}],'
            b'"i\\u0064":"x\\n\\u00e9", "n" : 12345678901234567890}'
        )
        assert member(body, "id") == "x\né"
        assert member(body, "n") == "12345678901234567890"

    @pytest.mark.parametrize("value", [b"null", b"true", b"false", b"{}", b'["id"]'])
    def test_other_kinds_of_values_do_not_identify(self, value: bytes) -> None:
        assert member(b'{"id":' + value + b"}", "id") is None

    def test_the_last_of_equal_keys_counts(self) -> None:
        assert member(b'{"id":"1","id":"2"}', "id") == "2"

    def test_depth_does_not_matter(self) -> None:
        body = b'{"x":' + nested(DEEP) + b',"y":' + nested(DEEP, kind="object") + b',"id":"9"}'
        assert member(body, "id") == "9"

    @pytest.mark.parametrize(
        "body",
        [b"", b"<html>", b'["id","1"]', b'{"id":"1","x":[', b'{"id":"1"} {}', b'"id"', b"{}"],
    )
    def test_what_is_no_whole_object_has_no_members(self, body: bytes) -> None:
        assert member(body, "id") is None


class TestForm:
    """The canonical form itself: these digests are stored in vaults and must never move."""

    @pytest.mark.parametrize(
        ("body", "form"),
        [
            (b'{"b": 1, "a" : [ true,false,null ]}', '{"a":[true,false,null],"b":1}'),
            (b'{"\\u00e9":1,"e":2,"E":3,"\xf0\x9f\x98\x80":4}', '{"E":3,"e":2,"é":1,"😀":4}'),
            (b'"\\/\\u002f\\u0022\\n\\u000a\\u007f\\u001f"', '"//\\"\\n\\n\x7f\\u001f"'),
            (b"[1.10,1.1,11e-1,0.11E+1]", "[1.1,1.1,1.1,1.1]"),
            (b"[1,1.0,1e0,10e-1,-0,-0.0,0]", "[1,1,1,1,0,0,0]"),
            (b"[1e22,1E+22,10000000000000000000000]", "[" + ",".join(["1" + "0" * 22] * 3) + "]"),
            (
                b"[1e-7,0.0000001,5e-324,0.30000000000000004]",
                "[1e-7,1e-7,5e-324,0.30000000000000004]",
            ),
            (
                b"[18446744073709551617,-9223372036854775809]",
                "[18446744073709551617,-9223372036854775809]",
            ),
            (b"123456789012345678901234567890", "123456789012345678901234567890"),
        ],
    )
    def test_it_is_compact_and_sorted_with_one_spelling_for_each_value(
        self, body: bytes, form: str
    ) -> None:
        reading = Canon(()).read(body)
        assert not reading.raw_hashed
        assert reading.hash == sha256(form.encode()).digest()

    def test_the_order_of_an_array_counts_unless_the_type_says_otherwise(self) -> None:
        one, other = b'[{"id":1,"a":2},{"id":2}]', b'[{"id":2},{"a":2,"id":1}]'
        assert Canon(()).read(one).hash != Canon(()).read(other).hash
        unordered = Canon((), unordered=True)
        assert unordered.read(one).hash == unordered.read(other).hash
        assert unordered.read(b"[]").hash == Canon(()).read(b"[]").hash


class TestNoise:
    def test_it_is_left_out_of_the_hash_and_kept_in_the_object(self) -> None:
        canon = Canon(["can", "folder.name", "tiles[].can", "tiles[].rows[][].n"])
        body = (
            b'{"id":"1","can":{"a":true},"folder":{"id":2,"name":"x"},'
            b'"tiles":[{"can":1,"rows":[[{"n":1}]]}]}'
        )
        reading = canon.read(body)
        assert (
            reading.hash
            == Canon(()).read(b'{"id":"1","folder":{"id":2},"tiles":[{"rows":[[{}]]}]}').hash
        )
        assert not reading.raw_hashed
        assert reading.obj == json.loads(body)

    @pytest.mark.parametrize(
        "body",
        [b"{}", b"[]", b"null", b'"can"', b'{"a":null,"b":[{"c":1}]}', b'{"a":[1],"b":{"c":1}}'],
    )
    def test_other_shapes_are_passed_over(self, body: bytes) -> None:
        canon = Canon(["can", "a.x", "b[].y.z", "c"])
        assert canon.read(body) == Canon(()).read(body)

    def test_it_may_begin_with_an_array(self) -> None:
        canon = Canon(["[].can"], unordered=True)
        assert canon.read(b'[{"can":1,"id":2}]').hash == Canon(()).read(b'[{"id":2}]').hash

    def test_a_member_and_what_is_inside_it_may_both_be_noise(self) -> None:
        assert (
            Canon(["a", "a.b"]).read(b'{"a":{"b":1},"c":2}').hash == Canon(()).read(b'{"c":2}').hash
        )

    @pytest.mark.parametrize("path", ["", "a.", ".a", "a[]", "[]", "a[0].b", "a..b", "a[]b", "a:b"])
    def test_a_path_that_leads_to_no_member_is_refused(self, path: str) -> None:
        with pytest.raises(ValueError, match="is no path"):
            Canon([path])


UNREPRESENTABLE = {
    "equal keys": b'{"id":"7","a":1,"a":1}',
    "equal keys deep inside": b'{"id":"7","l":[{"x":{"a":1,"b":2,"\\u0061":":"}}]}',
    "equal keys in noise": b'{"id":"7","can":{"a":1,"a":2}}',
    "equal noise": b'{"id":"7","can":1,"can":2}',
    "equal keys behind escaped colons": b'{"id":"7","a":"\\u003a","a":"\\u003A"}',
    "18 digits": b'{"id":"7","n":0.123456789012345678}',
    "a double's neighbour": b'{"id":"7","n":0.10000000000000001}',
    "beyond a double": b'{"id":"7","n":1e400}',
    "below a double": b'{"id":"7","n":-1e-400}',
    "a whole number that a double rounds": b'{"id":"7","n":9007199254740993.0}',
    "inexact noise": b'{"id":"7","can":1e400}',
    "half a pair": b'{"id":"7","s":"\\ud800"}',
    "half a pair in a key": b'{"id":"7","\\udfff":1}',
    "no UTF-8": b'{"id":"7","s":"\xff"}',
    "a surrogate in UTF-8": b'{"id":"7","s":"\xed\xa0\x80"}',
    "an integer of 5,000 digits": b'{"id":"7","n":' + b"1" * 5000 + b"}",
}


class TestWhatTheFormCannotCarry:
    @pytest.mark.parametrize("body", UNREPRESENTABLE.values(), ids=UNREPRESENTABLE.keys())
    def test_it_is_hashed_by_its_bytes_and_marked_and_still_read(self, body: bytes) -> None:
        reading = Canon(["can"]).read(body)
        assert reading.raw_hashed
        assert reading.hash == sha256(body).digest()
        assert reading.obj["id"] == "7"
        json.dumps(reading.obj, ensure_ascii=False).encode()  # nothing that Unicode lacks

    def test_of_equal_keys_the_last_one_is_read(self) -> None:
        assert Canon(()).read(b'{"a":1,"a":2}').obj == {"a": 2}

    def test_half_a_pair_is_read_as_a_replacement_character_and_whole_pairs_stay(self) -> None:
        body = rb'["\ud83d\ud83d\ude00\\ud800\udc00\"", "\u00e9"]'
        assert Canon(()).read(body).obj == ['�😀\\ud800�"', "é"]

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[1", b"NaN", b'{"a":NaN}', b'{"a":"\x01"}', b'{"a":1} x']
    )
    def test_what_is_no_json_has_no_object(self, body: bytes) -> None:
        reading = Canon(()).read(body)
        assert (reading.obj, reading.hash, reading.raw_hashed) == (
            None,
            sha256(body).digest(),
            True,
        )

    @pytest.mark.parametrize("kind", ["array", "object"])
    @pytest.mark.parametrize("levels", [5_000, 9_500, 10_000, 200_000])
    def test_depth_never_crashes_in_any_thread(self, kind: str, levels: int) -> None:
        deep = nested(levels - 1, kind=kind)
        bodies = [b'{"id":%b,"x":%b}' % (x, deep) for x in (b"1", b"1e400", b'"\\ud800"')]
        with ThreadPoolExecutor(1) as pool:
            readings = [*map(Canon(()).read, bodies), *pool.map(Canon(()).read, bodies)]
        for body, reading in zip(bodies * 2, readings, strict=True):
            assert reading.raw_hashed
            assert reading.obj is None
            assert reading.hash == sha256(body).digest()

    @pytest.mark.parametrize("kind", ["array", "object"])
    def test_depth_below_the_limit_is_canonical(self, kind: str) -> None:
        reading = Canon(()).read(nested(4_999, kind=kind))
        assert not reading.raw_hashed
        assert reading.obj is not None

    def test_many_containers_are_not_depth(self) -> None:
        assert not Canon(()).read(b"[" + b",".join([b"[{}]"] * 6_000) + b"]").raw_hashed

    def test_colons_in_strings_and_odd_spelling_are_no_duplicates(self) -> None:
        for body in (b'{"a":":\\u003a\\u003A","b" \n: "\\\\u003a"}', b'{"\\u003c:":1,"a":{"a":1}}'):
            assert not Canon(["b"]).read(body).raw_hashed
