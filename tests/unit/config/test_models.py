from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from lookervault.config.models import ParallelConfig, parallel_config
from lookervault.config.schema import CONTRACT, main, schema_text
from lookervault.errors import Exit, UsageError

ROOT = Path(__file__).parents[3]


def test_nothing_given_is_a_careful_default() -> None:
    config = parallel_config({"workers": None, "rate": None})
    assert config == ParallelConfig()
    assert (config.workers, config.page_size, config.rate) == (8, 100, None)
    assert config.page_bytes <= config.bytes_in_flight


def test_the_queue_follows_the_workers_unless_it_is_given() -> None:
    assert parallel_config({"workers": 3}).queue_size == 12
    assert parallel_config({"workers": 3, "queue_size": 1}).queue_size == 1


@pytest.mark.parametrize(
    ("flag", "values"),
    [
        ("workers", (1, 50)),
        ("page_size", (1, 1000)),
        ("queue_size", (1, 10_000)),
        ("rate", (0.1, 1000)),
        ("max_tries", (1, 100)),
        ("max_retry_seconds", (0.5, 86_400)),
    ],
)
def test_each_bound_is_allowed(flag: str, values: tuple[float, float]) -> None:
    for value in values:
        assert getattr(parallel_config({flag: value}), flag) == value


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"workers": 0}, "--workers 0: input should be greater than or equal to 1."),
        ({"workers": 51}, "--workers 51: input should be less than or equal to 50."),
        ({"workers": 1.5}, "--workers 1.5: "),
        ({"page_size": 1001}, "--page-size 1001: input should be less than or equal to 1000."),
        ({"queue_size": 0}, "--queue-size 0: "),
        ({"rate": 0}, "--rate 0: input should be greater than 0."),
        ({"rate": float("inf")}, "--rate inf: input should be a finite number."),
        ({"rate": "fast"}, "--rate fast: "),
        ({"workers": 0, "page_size": 0}, "; --page-size 0: "),
        ({"page_bytes": 2**27}, "bytes_in_flight must be at least page_bytes"),
        ({"threads": 3}, "--threads 3: extra inputs are not permitted."),
    ],
)
def test_a_wrong_flag_is_named_with_what_it_may_be(flags: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parallel_config(flags)
    assert told in caught.value.message
    assert caught.value.exit_code == Exit.USAGE


def test_wrong_workers_are_one_error_although_the_queue_follows_them() -> None:
    with pytest.raises(UsageError) as caught:
        parallel_config({"workers": 51})
    assert "queue" not in caught.value.message


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ParallelConfig().workers = 3


def test_the_contract_is_up_to_date_and_describes_each_field() -> None:
    assert (ROOT / CONTRACT).read_text() == schema_text()
    for name, field in ParallelConfig.model_fields.items():
        assert field.description, name


def test_what_the_program_takes_the_contract_takes() -> None:
    contract = Draft202012Validator(json.loads(schema_text()))
    assert contract.is_valid(ParallelConfig().model_dump())
    assert not contract.is_valid({"workers": 51})
    assert not contract.is_valid({"threads": 3})


def test_the_contract_is_written_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == Exit.FAILED
    assert "python -m lookervault.config.schema" in capsys.readouterr().err
    assert main([]) == Exit.COMPLETE
    assert CONTRACT.read_text() == schema_text()
    assert main(["--check"]) == Exit.COMPLETE
    CONTRACT.write_text("{}")
    assert main(["--check", str(CONTRACT)]) == Exit.FAILED


def test_the_version_is_told_without_pydantic() -> None:
    program = "import sys, lookervault.config; print('pydantic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert out.stdout == b"False\n"
