"""`python -m bench [SCENARIO…] [--quick] [--update] [--output FILE] [--content FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import report
from bench.scenario import ROOT, Bench
from bench.scenarios import SCENARIOS

_PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: list[str]) -> None:
    given = _parser().parse_args(arguments)
    names = given.scenario or list(SCENARIOS)
    findings = []
    whole = len(names) == len(SCENARIOS) and not given.quick
    output = given.output or (_PAGE if whole and not given.update else None)
    with _content(given.content) as content:
        bench = Bench(content, given.quick)
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            findings.append(SCENARIOS[name](bench))
            print(report.table(findings[-1]), flush=True)
            # After each of them: a failure after half an hour loses nothing.
            if given.update:
                _PAGE.write_text(report.updated(_PAGE.read_text(), findings))
            elif output is not None:
                output.parent.mkdir(exist_ok=True)
                output.write_text(report.page(findings))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("scenario", nargs="*", choices=[[], *SCENARIOS], help="default: all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it still run?")
    parser.add_argument(
        "--update", action="store_true", help="only these scenarios' parts of docs/benchmarks.md"
    )
    parser.add_argument(
        "--output", type=Path, help="default: docs/benchmarks.md, if all scenarios run in full"
    )
    parser.add_argument(
        "--content", type=Path, help="keeps what was rendered; default: a temporary folder"
    )
    return parser


@contextmanager
def _content(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with TemporaryDirectory(prefix="lookervault-bench-") as made:
        yield Path(made)


if __name__ == "__main__":
    main(sys.argv[1:])
