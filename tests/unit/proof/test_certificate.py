from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from lookervault.errors import LookerVaultError, UsageError
from lookervault.extraction.request import Request
from lookervault.proof import certificate as proof
from lookervault.proof.certificate import check_chain, check_in_vault
from lookervault.storage import certificates, statements
from lookervault.storage.certificates import Certificate, CertificateRow
from lookervault.storage.findings import Finding
from lookervault.storage.repository import Repository
from lookervault.storage.statements import parse
from lookervault.storage.verify import verify
from tests.unit.proof.vaults import (
    OURS,
    THEIRS,
    add_run,
    change,
    forge,
    go_on,
    rewritten,
    rows,
    stopped_run,
)
from tests.unit.storage.samples import end, page, start


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four certificates: unsigned, signed, signed of a stopped run, signed of its end."""
    path = tmp_path_factory.mktemp("made") / "vault.db"
    add_run(path, signer=None)
    add_run(path, 1)
    go_on(path, stopped_run(path))
    return path


@pytest.fixture
def vault(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "vault.db"))


def found(path: Path, *trusted: str) -> list[Finding]:
    with Repository.open(path, write=False) as vault:
        return check_chain(vault, trusted)


def details(path: Path) -> str:
    return "; ".join(finding.detail for finding in found(path))


# What is written.


def test_a_certificate_tells_the_run_as_the_vault_does(vault: Path) -> None:
    row = rows(vault)[1]
    said = parse(row.certificate.statement)
    with Repository.open(vault, write=False) as repository:
        run = repository.run(2)
        root, by_type = repository.root(2, ["users"])
    assert run is not None
    assert said.format == "lookervault-certificate/1"
    assert (said.number, said.run, said.key) == (2, 2, OURS.key)
    assert (said.instance, said.base_url) == (run.instance, run.base_url)
    assert (said.looker_version, said.api_version) == ("26.22.1", "4.0")
    assert (said.user.id, said.user.name, said.program_version) == ("7", "Backup", "0.1.0")
    assert said.started == "2025-11-13T02:13:20.250000Z"
    assert said.finished == "2025-11-13T02:14:20.500000Z"
    assert (said.status, said.reasons, said.scope) == ("complete", [], None)
    assert said.root == root.hex()
    users = said.types["users"]
    assert users is not None
    assert (users.items, users.census, users.status) == (3, 3, "complete")
    assert [(one.type, one.id, one.reason) for one in said.missing] == [
        ("looks", "*", "forbidden"),
        ("users", "9", "forbidden"),
    ]
    assert set(by_type) == set(said.types)


def test_each_certificate_names_the_one_before_it(vault: Path) -> None:
    chain = rows(vault)
    said = [parse(row.certificate.statement) for row in chain]
    assert [one.number for one in said] == [1, 2, 3, 4]
    assert [one.run for one in said] == [1, 2, 3, 3]
    hashes = [sha256(row.certificate.statement).hexdigest() for row in chain]
    assert [one.previous for one in said] == [None, *hashes[:-1]]


def test_without_a_key_a_certificate_is_chained_and_not_signed(vault: Path) -> None:
    first = rows(vault)[0].certificate
    assert first.signature is None
    assert parse(first.statement).key is None


def test_what_the_program_wrote_is_free_of_findings(vault: Path) -> None:
    assert found(vault, OURS.key) == []
    report = verify(vault)
    assert (report.status, report.findings) == ("ok", [])
    with Repository.open(vault, write=False) as repository:
        for row in repository.certificates():
            checked = check_in_vault(repository, row.certificate)
            assert (checked.findings, checked.links) == ([], row.number)
            assert (checked.roots == 2) is (row.number != 3)
            assert ("certificate 4" in checked.superseded) is (row.number == 3)


def test_of_arguments_that_are_not_known_only_the_name_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    begin = msgspec.structs.replace(
        start("users"), arguments={"types": ["users"], "fresh": True, "client_secret": "hunter2"}
    )
    with Repository.open(path, write=True) as repository:
        repository.end_run(repository.begin_run(begin), end("failed"))
    (row,) = rows(path)
    said = parse(row.certificate.statement)
    assert said.arguments == {"types": ["users"], "fresh": True, "client_secret": None}
    assert b"hunter2" not in row.certificate.statement
    assert found(path) == []


def test_every_argument_of_a_run_was_decided_upon() -> None:
    """A new one is shown in certificates, or is not: `statements.ARGUMENTS` says which."""
    fields = set(Request.__dataclass_fields__)
    without = {"base_url", "program_version", "arguments", "resume_within_s"}
    without |= {"all_due", "few_calls"}  # they follow from others
    assert fields - without | {"exclude", "prove", "import"} == statements.ARGUMENTS


class Broken:
    key = OURS.key

    def sign(self, statement: bytes) -> bytes:
        raise LookerVaultError("The key was taken away.")


def test_a_run_that_could_not_be_certified_has_not_ended(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    with Repository.open(path, write=True, signer=Broken()) as repository:
        run = repository.begin_run(start("users"))
        with pytest.raises(LookerVaultError, match="taken away"):
            repository.end_run(run, end())
        assert not repository.is_sealed(run)
        assert repository.certificates() == []
    assert verify(path).status == "incomplete"


# What is found.


def test_a_run_that_lost_its_certificate_is_found(vault: Path) -> None:
    change(vault, ("DELETE FROM certificates WHERE number = 2", ()))
    assert "run has ended, but its certificate is gone" in details(vault)
    assert "certificate 3 stands where 2 should" in details(vault)
    assert verify(vault, quick=True).status == "damaged"


def test_a_lost_last_certificate_is_found(vault: Path) -> None:
    change(vault, ("DELETE FROM certificates WHERE number = 4", ()))
    assert "the vault says otherwise than certificate 3" in details(vault)


def test_a_run_that_is_gone_from_under_its_certificate_is_found(vault: Path) -> None:
    change(vault, ("DELETE FROM runs WHERE run = 2", ()))
    assert [(f.run, f.detail) for f in found(vault)] == [
        (2, "the vault has no such run, but a certificate of it")
    ]


@pytest.mark.parametrize(
    ("edit", "member"),
    [
        ("UPDATE runs SET looker_version = '1' WHERE run = 2", "looker_version"),
        ("UPDATE runs SET started = started + 1 WHERE run = 2", "started"),
        ("UPDATE run_types SET census = 2 WHERE run = 2", "types"),
        ("DELETE FROM missing WHERE run = 2 AND type = 'looks'", "missing"),
        ("UPDATE runs SET seal = zeroblob(32) WHERE run = 2", "seal"),
    ],
)
def test_rows_that_say_otherwise_than_the_certificate_are_found(
    vault: Path, edit: str, member: str
) -> None:
    change(vault, (edit, ()))
    assert details(vault) == f"the vault says otherwise than certificate 2: {member}"


def test_a_certified_run_that_lost_its_end_is_found(vault: Path) -> None:
    change(vault, ("UPDATE runs SET seal = NULL, status = NULL, finished = NULL WHERE run = 2", ()))
    assert "certificate 2 says complete, and the run has lost its end" in details(vault)


def test_a_run_that_goes_on_is_no_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    run = stopped_run(path)
    with Repository.open(path, write=True) as repository:
        repository.resume_run(run)
        repository.store(run, repository.pack(page(range(9))), 1)
    assert found(path) == []
    with Repository.open(path, write=False) as repository:
        checked = check_in_vault(repository, repository.certificates()[0].certificate)
    assert checked.findings == []
    assert "has not ended since" in checked.superseded


def test_only_what_was_stopped_can_have_been_gone_on_with(vault: Path) -> None:
    chain = [row.certificate for row in rows(vault)]
    forge(vault, rewritten(chain, 2, status="complete"))
    assert "its run was complete, and yet another certificate of it follows" in details(vault)


def test_a_forged_chain_is_betrayed_by_its_signatures(vault: Path) -> None:
    chain = [row.certificate for row in rows(vault)]
    forge(vault, rewritten(chain, 0, looker_version="1"))
    kinds = [finding.kind for finding in found(vault)]
    assert kinds == ["certificate", "signature", "signature", "signature"]


def test_a_chain_without_its_signatures_is_betrayed_by_the_key_that_it_names(vault: Path) -> None:
    chain = [Certificate(row.certificate.statement) for row in rows(vault)]
    forge(vault, chain)
    assert "certificate 4: it names a key and has no signature" in details(vault)


def test_a_chain_that_was_signed_anew_is_betrayed_by_another_key(vault: Path) -> None:
    said = rewritten([row.certificate for row in rows(vault)], 3, key=THEIRS.key)[-1].statement
    chain = [row.certificate for row in rows(vault)]
    forge(vault, [*chain[:-1], Certificate(said, THEIRS.sign(said))])
    assert found(vault) == []
    assert [finding.kind for finding in found(vault, OURS.key)] == ["key"]
    assert found(vault, THEIRS.key, OURS.key) == []


def test_a_signed_certificate_of_another_vault_breaks_the_chain(
    vault: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    for state in range(2):
        add_run(other, state)
    stopped_run(other)
    chain = [row.certificate for row in rows(vault)]
    forge(vault, [*chain[:2], rows(other)[2].certificate])
    assert details(vault) == (
        "certificate 3: it does not follow the certificate before it; "
        "certificate 4: it does not follow the certificate before it"
    )


def test_a_certificate_in_the_place_of_another_run_is_found(vault: Path) -> None:
    first = rows(vault)[0]
    moved = CertificateRow(1, 9, first.certificate, first.sum)
    assert "certificate 1: it is certificate 1, of run 1" in [
        fault.detail for fault in certificates.chain_faults([moved])
    ]


def test_a_false_signature_earlier_in_the_chain_is_found(vault: Path) -> None:
    chain = [row.certificate for row in rows(vault)]
    forge(vault, [chain[0], Certificate(chain[1].statement, bytes(64))])
    with Repository.open(vault, write=False) as repository:
        checked = check_in_vault(repository, chain[3])
    assert [(finding.kind, finding.run) for finding in checked.findings] == [("signature", 2)]


def test_an_unsigned_certificate_is_not_the_one_of_a_key(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    add_run(path, signer=None)
    assert found(path) == []
    assert [(f.kind, "not signed" in f.detail) for f in found(path, OURS.key)] == [("key", True)]


def test_items_that_are_not_those_that_were_certified_are_found(vault: Path) -> None:
    change(vault, ("DELETE FROM versions WHERE id = '1' AND first_run = 1", ()))
    with Repository.open(vault, write=False) as repository:
        first, second = repository.certificates()[:2]
        wrong = check_in_vault(repository, first.certificate).findings
        assert check_in_vault(repository, second.certificate).findings == []
    assert [(finding.type, finding.run) for finding in wrong] == [("users", 1), (None, 1)]


def test_a_changed_seal_of_a_certified_run_is_found(vault: Path) -> None:
    change(vault, ("UPDATE runs SET calls = calls + 1 WHERE run = 1", ()))
    with Repository.open(vault, write=False) as repository:
        checked = check_in_vault(repository, repository.certificates()[0].certificate)
    assert ["what was sealed" in f.detail for f in checked.findings] == [True]


def test_a_certificate_of_another_vault_is_not_found_in_this_one(
    vault: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    add_run(other, 5)
    stranger = rows(other)[0].certificate
    with Repository.open(vault, write=False) as repository:
        (finding,) = check_in_vault(repository, stranger).findings
    assert "the vault holds no certificate" in finding.detail


def test_an_exported_certificate_shows_that_the_end_of_a_vault_was_cut_off(vault: Path) -> None:
    kept = rows(vault)[1].certificate
    change(
        vault,
        ("DELETE FROM certificates WHERE number > 1", ()),
        ("DELETE FROM runs WHERE run > 1", ()),
        ("DELETE FROM run_types WHERE run > 1", ()),
        ("DELETE FROM missing WHERE run > 1", ()),
        ("DELETE FROM versions WHERE first_run > 1", ()),
        ("UPDATE versions SET end_run = NULL", ()),
    )
    assert found(vault) == []  # of itself, the vault is as it was after its first run
    with Repository.open(vault, write=False) as repository:
        assert check_in_vault(repository, kept).findings != []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE certificates SET statement = '{}' WHERE number = 2",
        "UPDATE certificates SET statement = CAST(x'ff' AS TEXT) WHERE number = 2",
        "UPDATE certificates SET run = 99 WHERE number = 2",
        "UPDATE certificates SET signature = zeroblob(64) WHERE number = 2",
        "UPDATE certificates SET sum = 0 WHERE number = 2",
        "UPDATE certificates SET number = 9 WHERE number = 4",
        "DROP TABLE certificates",
    ],
)
def test_whatever_happened_to_a_row_is_a_finding(vault: Path, statement: str) -> None:
    with closing(sqlite3.connect(vault)) as connection:
        connection.execute(statement)
        connection.commit()
    assert found(vault) != []
    assert {f.kind for f in verify(vault, quick=True).findings} & {"certificate", "schema"}


# As a file.


def test_a_file_has_the_statement_and_then_its_proof(vault: Path) -> None:
    one = rows(vault)[1].certificate
    data = proof.to_file(one)
    statement, signs, rest = data.split(b"\n")
    assert (statement, rest) == (one.statement, b"")
    assert one.signature is not None
    assert msgspec.json.decode(signs) == {
        "hash": sha256(statement).hexdigest(),
        "signature": one.signature.hex(),
    }
    assert proof.from_file(data, "a file") == one


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"{}\n{}\n",
        b"Dear Sir or Madam,\nplease\n",
        b'{}\n{"hash":"","signature":"zz"}\n',
        b'{}\n{"hash":"' + sha256(b"{}").hexdigest().encode() + b'","signature":null}\n',
        b"\xff\xfe\n\x00\n",
    ],
)
def test_what_is_no_certificate_is_wrong_usage(data: bytes) -> None:
    with pytest.raises(UsageError, match="a file is no certificate") as raised:
        proof.from_file(data, "a file")
    assert "--export" in raised.value.hint


def test_a_certificate_of_a_later_program_is_not_taken_for_one_of_ours(vault: Path) -> None:
    said = parse(rows(vault)[0].certificate.statement)
    later = msgspec.structs.replace(said, format="lookervault-certificate/2")
    data = proof.to_file(Certificate(statements.canonical(later)))
    with pytest.raises(UsageError, match="lookervault-certificate/2, which this program"):
        proof.from_file(data, "a file")


def test_a_changed_statement_is_told_from_what_is_no_certificate(vault: Path) -> None:
    data = proof.to_file(rows(vault)[0].certificate).replace(b'"items":3', b'"items":4')
    with pytest.raises(LookerVaultError, match="not as it was written") as raised:
        proof.from_file(data, "a file")
    assert raised.value.exit_code == 1
