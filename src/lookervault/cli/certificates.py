"""Certificates for a command: found, checked and told."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from lookervault.cli.output import cell, painted, print_pairs, print_table, print_text
from lookervault.cli.vaults import check_run, open_vault
from lookervault.config.settings import DEFAULT, vault_path
from lookervault.errors import DamagedError, Exit, UsageError, VaultError
from lookervault.proof import certificate as proof
from lookervault.proof import files
from lookervault.storage.certificates import Certificate
from lookervault.storage.findings import Finding
from lookervault.storage.repository import Repository
from lookervault.storage.statements import Statement, parse

_SHORT = 16
"""Digits of a hash that a table shows."""
_STATUS = {
    Exit.COMPLETE: ("ok", "green", "ok: what could be checked is as it says"),
    Exit.FAILED: ("failed", "red", "not proven: see below"),
    Exit.DAMAGED: ("contradicted", "red", "contradicted by the vault: see below"),
}
_EXACT = "no: imported from files, with the content of Looker but not its bytes"


def of_run(vault: Repository, run: int) -> Certificate:
    """Raises `VaultError` where the run has none, `DamagedError` where it lost it."""
    row = proof.newest_of(vault, run)
    if row is not None:
        return row.certificate
    if vault.is_sealed(run):
        raise DamagedError(
            f"The certificate of run {run} is gone from the vault.",
            hint="`lookervault verify` tells what else is not as it was written.",
        )
    raise VaultError(
        f"Run {run} has not ended, so it has no certificate yet.",
        hint="`lookervault extract` goes on with it.",
    )


def export(certificate: Certificate, path: Path) -> None:
    try:
        files.write_new(path, proof.to_file(certificate), "The certificate", "--export")
    except FileExistsError:
        raise UsageError(
            f"{path} is there already, and a certificate never replaces a file.",
            hint="Name another file with --export.",
        ) from None


def _statement(certificate: Certificate) -> Statement:
    try:
        return parse(certificate.statement)
    except ValueError as error:
        raise DamagedError(
            f"The certificate in the vault is damaged: {error}.",
            hint="`lookervault verify` tells what else is not as it was written.",
        ) from None


# Showing.


def as_json(certificate: Certificate) -> dict[str, Any]:
    signature = certificate.signature
    return {
        "statement": msgspec.to_builtins(_statement(certificate)),
        "hash": certificate.hash,
        "signature": None if signature is None else signature.hex(),
    }


def print_certificate(certificate: Certificate) -> None:
    said = _statement(certificate)
    pairs = [
        (f"Certificate {said.number}", f"run {said.run}, {said.status}"),
        ("Reasons", "; ".join(said.reasons) or None),
        ("Hash", certificate.hash),
        ("Follows", said.previous or "nothing: it is the first"),
        ("Signed by", said.key or "nobody"),
        (
            "Looker",
            f"{said.instance}, release {said.looker_version or 'unknown'}, API {said.api_version}",
        ),
        ("Base URL", said.base_url),
        ("User", f"{said.user.name} (id {said.user.id})"),
        ("Program", f"lookervault {said.program_version}"),
        ("Started", said.started),
        ("Finished", said.finished),
        ("Arguments", _arguments(said.arguments)),
        ("Exact", _EXACT if "import" in said.arguments else None),
        ("Scope", "everything" if said.scope is None else f"folders {', '.join(said.scope)}"),
        ("Not due", _not_due(said)),
        ("Root", said.root),
    ]
    print_pairs([pair for pair in pairs if pair[1] is not None], colour="bold")
    print()
    columns = ("type", "items", "read", "census", "missing", "status", "reason", "root")
    rows = [[name, *_cells(one)] for name, one in sorted(said.types.items())]
    print_table(columns, rows, keep=("type", "items", "status"), spare=("root", "reason"))
    if said.missing:
        print(painted("\nMissing:", "bold"))
        missing = [(one.type, one.id, one.reason) for one in said.missing]
        print_table(("type", "id", "reason"), missing, keep=("type", "id"))


def _not_due(said: Any) -> str | None:
    told = (f"{n} (run {of.run}, {of.finished})" for n, of in sorted(said.as_of.items()))
    return ", ".join(told) or None


def _cells(one: Any) -> list[Any]:
    if one is None:  # the run was cut off
        return [None] * 7
    root = one.root and one.root[:_SHORT]
    read = one.items if one.read is None else one.read
    return [one.items, read, one.census, one.missing, one.status, one.reason or None, root]


def _arguments(arguments: dict[str, Any]) -> str:
    told = [f"{name} = {_told(value)}" for name, value in sorted(arguments.items())]
    return "; ".join(told) or "none"


def _told(value: Any) -> str:
    if value is None:
        return "(not shown)"
    return ", ".join(map(str, value)) if isinstance(value, list) else cell(value)


# Checking.


@dataclass(frozen=True, slots=True)
class Verdict:
    """`unchecked`: what was not looked at, and why. `in_vault` is None without a vault."""

    certificate: Certificate
    findings: list[Finding]
    in_vault: proof.InVault | None
    unchecked: list[str]


def check(what: str, vault: Path | None, trusted: Collection[str]) -> Verdict:
    """`what`: a run's number, or the name of an exported file."""
    if what.isascii() and what.isdecimal():
        with open_vault(vault) as repository:
            check_run(repository, int(what), or_forgotten=True)
            return _judge(of_run(repository, int(what)), repository, trusted)
    certificate = read(Path(what))
    path, source = vault_path({"vault": vault}, os.environ)
    if source == DEFAULT and not path.exists():
        return _judge(certificate, None, trusted)
    with open_vault(vault) as repository:
        return _judge(certificate, repository, trusted)


def read(path: Path) -> Certificate:
    """Of an exported file."""
    try:
        return proof.from_file(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(
            f"{path} is neither a run's number nor a file that can be read: {error.strerror}.",
            hint="`lookervault certificate show RUN --export FILE` writes such a file.",
        ) from None


def _judge(certificate: Certificate, vault: Repository | None, trusted: Collection[str]) -> Verdict:
    alone = [*proof.check_signature(certificate), *proof.check_key(certificate, trusted)]
    found = None if vault is None else proof.check_in_vault(vault, certificate)
    unchecked = []
    if certificate.signature is None:
        unchecked.append("who wrote it: it is not signed")
    elif not trusted:
        unchecked.append("whose key it is: pass --public-key, or compare it with the one you know")
    if found is None:
        unchecked.append("chain and content: no vault was named (--vault)")
    elif found.superseded:
        unchecked.append(f"the content: {found.superseded}")
    return Verdict(certificate, alone + (found.findings if found else []), found, unchecked)


def exit_code(verdict: Verdict) -> Exit:
    kinds = {finding.kind for finding in verdict.findings}
    damaged = proof.SIGNATURE in kinds and verdict.in_vault is not None
    if damaged or proof.CERTIFICATE in kinds:
        return Exit.DAMAGED
    return Exit.FAILED if kinds else Exit.COMPLETE


def verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    said, found = _statement(verdict.certificate), verdict.in_vault
    return {
        "status": _STATUS[exit_code(verdict)][0],
        "certificate": said.number,
        "run": said.run,
        "hash": verdict.certificate.hash,
        "key": said.key,
        "links": found.links if found else None,
        "roots": found.roots if found else None,
        "findings": [
            {"kind": f.kind, "type": f.type, "run": f.run, "detail": f.detail}
            for f in verdict.findings
        ],
        "unchecked": verdict.unchecked,
    }


def print_verdict(verdict: Verdict) -> None:
    said, found = _statement(verdict.certificate), verdict.in_vault
    _, colour, words = _STATUS[exit_code(verdict)]
    pairs: list[tuple[str, Any]] = [
        (f"Certificate {said.number} of run {said.run}", words),
        ("Hash", verdict.certificate.hash),
        ("Signed by", said.key or "nobody"),
    ]
    if found is not None:
        pairs += [("Chain", f"{found.links} back to the first"), ("Roots", found.roots)]
    print_pairs(pairs, colour=colour)
    for line in verdict.unchecked:
        print_text(line, indent="  ", first="Not checked: ")
    if verdict.findings:
        print(painted("\nFound:", "bold"))
        rows = [(f.kind, f.type, f.run, f.detail) for f in verdict.findings]
        print_table(("kind", "type", "run", "detail"), rows, keep=("kind", "type", "run", "detail"))
