"""Checks certificates: by themselves, in their chain, and against what the vault holds.

docs/design/certificate-format.md says what each proves. The vault may be damaged: whatever cannot
be read is a finding.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from lookervault.decoding import decodable
from lookervault.errors import DamagedError, LookerVaultError, UsageError
from lookervault.proof import keys
from lookervault.storage import certificates, statements
from lookervault.storage.certificates import Certificate, CertificateRow
from lookervault.storage.findings import Finding
from lookervault.storage.repository import Repository
from lookervault.storage.statements import Statement

CERTIFICATE = "certificate"
"""The vault and the certificate contradict each other, or the chain is broken."""
SIGNATURE = "signature"
"""The signature is not that of the key that the certificate names."""
KEY = "key"
"""The certificate is not signed by the key that was expected."""


def check_chain(vault: Repository, trusted: Collection[str] = ()) -> list[Finding]:
    """Everything that certificates and rows of runs can tell; roots of content are not computed."""
    try:
        found = [Finding(CERTIFICATE, f.detail, run=f.run) for f in vault.certificate_faults()]
    except DamagedError as error:
        return [_unreadable(error)]
    return found + check_signatures(vault, trusted)


def check_signatures(vault: Repository, trusted: Collection[str] = ()) -> list[Finding]:
    """With `trusted` (public keys), the newest certificate must be signed by one of them: it
    vouches for all before it.
    """
    try:
        rows = vault.certificates()
    except DamagedError as error:
        return [_unreadable(error)]
    found = [finding for row in rows for finding in check_signature(row.certificate)]
    return found + [finding for row in rows[-1:] for finding in check_key(row.certificate, trusted)]


def _unreadable(error: DamagedError) -> Finding:
    return Finding(CERTIFICATE, f"the certificates cannot be read: {error.message}")


def check_signature(certificate: Certificate) -> Iterator[Finding]:
    """By the key that it names itself; what is no statement has none, and is named elsewhere."""
    try:
        statement = statements.parse(certificate.statement)
    except ValueError:
        return
    signature, key = certificate.signature, statement.key
    if key is None and signature is None:
        return
    if (
        key is None
        or signature is None
        or not keys.is_signed(certificate.statement, signature, key)
    ):
        detail = f"the signature of certificate {statement.number} is not that of the key it names"
        yield Finding(SIGNATURE, detail, run=statement.run)


def check_key(certificate: Certificate, trusted: Collection[str]) -> Iterator[Finding]:
    try:
        statement = statements.parse(certificate.statement)
    except ValueError:
        return
    if trusted and statement.key not in trusted:
        by = f"signed by {statement.key}" if statement.key else "not signed"
        detail = f"certificate {statement.number} is {by}, not by the key that was given"
        yield Finding(KEY, detail, run=statement.run)


def newest_of(vault: Repository, run: int) -> CertificateRow | None:
    of_run = [row for row in vault.certificates() if row.run == run]
    return of_run[-1] if of_run else None


class InVault(msgspec.Struct, frozen=True):
    """What the vault says of one certificate.

    `links`: certificates back to the first. `roots`: how many were computed anew. `superseded`:
    why the vault's content is another one by now, and rightly so; empty where it is the same.
    """

    findings: list[Finding]
    links: int = 0
    roots: int = 0
    superseded: str = ""


def check_in_vault(vault: Repository, certificate: Certificate) -> InVault:
    """Whether the vault holds the certificate, the chain before it, and the content it tells of."""
    try:
        return _check_in_vault(vault, certificate)
    except DamagedError as error:
        return InVault([Finding(CERTIFICATE, error.message)])


def _check_in_vault(vault: Repository, certificate: Certificate) -> InVault:
    rows = vault.certificates()
    place = next((i for i, row in enumerate(rows) if row.certificate == certificate), None)
    if place is None:
        return InVault([_not_there(vault, certificate)])
    row, chain = rows[place], rows[: place + 1]
    found = [Finding(CERTIFICATE, f.detail, run=f.run) for f in certificates.chain_faults(chain)]
    found += [f for before in chain[:-1] for f in check_signature(before.certificate)]
    later = [other.number for other in rows[place + 1 :] if other.run == row.run]
    if later:
        words = f"the run was gone on with: certificate {later[-1]} speaks for it"
        return InVault(found, links=len(chain), superseded=words)
    found += [Finding(CERTIFICATE, d, run=row.run) for d in vault.contradictions(row)]
    if _goes_on(vault, row.run):
        words = "the run was gone on with, and has not ended since"
        return InVault(found, links=len(chain), superseded=words)
    if any(one.row.run == row.run for one in vault.forgotten()):
        words = "the run was forgotten, and what it saw is no longer told apart from other runs"
        return InVault(found, links=len(chain), superseded=words)
    wrong, roots = _check_content(vault, row)
    return InVault(found + wrong, links=len(chain), roots=roots)


def _goes_on(vault: Repository, run: int) -> bool:
    row = vault.run(run)
    return row is not None and row.finished is None


def _not_there(vault: Repository, certificate: Certificate) -> Finding:
    statement = statements.parse(certificate.statement)
    detail = f"the vault holds no certificate {certificate.hash[:16]}…"
    if (instance := vault.instance()) != statement.instance:
        detail += f": it is of {statement.instance}, and the vault of {instance}"
    return Finding(CERTIFICATE, detail, run=statement.run)


def _check_content(vault: Repository, row: CertificateRow) -> tuple[list[Finding], int]:
    try:
        statement = statements.parse(row.certificate.statement)
    except ValueError:
        return [], 0
    root, by_type = vault.root(row.run, sorted(statement.types))
    wrong = list(_differing(statement, root, by_type))
    if not vault.is_sealed(row.run):
        detail = "what the vault tells of the run is not what was sealed"
        wrong.append(Finding(CERTIFICATE, detail, run=row.run))
    return wrong, 1 + len(by_type)


def _differing(said: Statement, root: bytes, by_type: dict[str, bytes]) -> Iterator[Finding]:
    for name, found in by_type.items():
        told = said.types[name]
        if told is not None and told.root not in (None, found.hex()):
            detail = "its items in the vault are not those that were certified"
            yield Finding(CERTIFICATE, detail, type=name, run=said.run)
    if said.root not in (None, root.hex()):
        detail = "the root over the vault's items is not the one that was certified"
        yield Finding(CERTIFICATE, detail, run=said.run)


# As a file: the statement in one line, the proof of it in the next.


@decodable
class _Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hash: str
    signature: str | None


def to_file(certificate: Certificate) -> bytes:
    signature = certificate.signature
    proof = _Proof(certificate.hash, None if signature is None else signature.hex())
    return b"%b\n%b\n" % (certificate.statement, msgspec.json.encode(proof, order="sorted"))


def from_file(data: bytes, name: str) -> Certificate:
    """Raises `UsageError` where it is no certificate, `LookerVaultError` where it was changed."""
    try:
        certificate, written = _read(data)
        if written == certificate.hash:
            statements.parse(certificate.statement)
    except (ValueError, msgspec.MsgspecError) as error:
        raise UsageError(
            f"{name} is no certificate: {error}.",
            hint="Name a file that `lookervault certificate show RUN --export FILE` wrote.",
        ) from None
    if to_file(certificate) != data:
        raise LookerVaultError(
            f"{name} is not as it was written: its statement has the hash {certificate.hash[:16]}…,"
            f" and the file says {written[:16]}….",
            hint="Take another copy, or export it again from the vault.",
        )
    return certificate


def _read(data: bytes) -> tuple[Certificate, str]:
    lines = data.split(b"\n")
    if len(lines) != 3 or lines[2]:  # noqa: PLR2004  two lines, each with its end
        raise ValueError("it has not two lines")
    proof = msgspec.json.decode(lines[1], type=_Proof)
    signature = None if proof.signature is None else bytes.fromhex(proof.signature)
    return Certificate(lines[0], signature), proof.hash
