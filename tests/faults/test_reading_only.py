"""A vault on a disk that nobody can write to, as a backup of the backup may be."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.cli.running import program
from tests.faults.conftest import Company
from tests.faults.test_disk import AS_NOBODY, names


def test_a_vault_can_be_read_where_nothing_can_be_written(company: Company) -> None:
    with tempfile.TemporaryDirectory() as name:  # nobody may not enter pytest's own
        vault = Path(name, "vault.db")
        vault.write_bytes(company.vault.read_bytes())
        vault.chmod(0o444)
        Path(name).chmod(0o555)
        try:
            done = program(
                "list",
                "boards",
                "--json",
                "--vault",
                vault,
                command=AS_NOBODY,
                cwd="/",
            )
            assert names(vault.parent) == {vault.name}
        finally:
            Path(name).chmod(0o755)
    assert (done.code, len(done.json)) == (0, company.items["boards"]), done
