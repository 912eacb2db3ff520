"""Writes `contracts/parallel_config.schema.json`, or compares it.

python -m lookervault.config.schema [--check] [FILE]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lookervault.config.models import ParallelConfig
from lookervault.errors import Exit

CONTRACT = Path("contracts/parallel_config.schema.json")


def schema_text() -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ParallelConfig.model_json_schema(),
    }
    return json.dumps(schema, indent=2) + "\n"


def main(arguments: Sequence[str]) -> int:
    """0: written, or the file is up to date; 1: `--check` found it is not."""
    paths = [argument for argument in arguments if argument != "--check"]
    contract = Path(paths[0]) if paths else CONTRACT
    if "--check" not in arguments:
        contract.parent.mkdir(parents=True, exist_ok=True)
        contract.write_text(schema_text(), encoding="utf-8")
        return Exit.COMPLETE
    if contract.is_file() and contract.read_text(encoding="utf-8") == schema_text():
        return Exit.COMPLETE
    sys.stderr.write(
        f"{contract} is not what the program says. Run: python -m lookervault.config.schema\n"
    )
    return Exit.FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
