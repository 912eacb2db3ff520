"""What a certificate says: a statement with one spelling, which is hashed and signed.

Every byte is explained in docs/design/certificate-format.md.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lookervault.content.model import Missing
from lookervault.decoding import decodable

FORMAT = "lookervault-certificate/1"
API_VERSION = "4.0"
ARGUMENTS = frozenset(
    {
        "types",
        "exclude",
        "folders",
        "recursive",
        "same_instance",
        "accept_visibility",
        "accept_permissions",
        "accept_deletions",
        "fresh",
        "import",
        "every",
        "full",
        "prove",
    }
)
"""Arguments whose values a certificate shows. Of any other it has the name alone: a certificate
is handed on, and what an argument holds must be known before it is.
"""


class User(msgspec.Struct, frozen=True):
    id: str
    name: str


class TypeStatement(msgspec.Struct, frozen=True, omit_defaults=True):
    """`census` is how many ids Looker listed; `root` is hexadecimal.

    `read` is how many of the items the run read; the others it took for unchanged, as they were
    listed. None: all of them.
    """

    items: int
    census: int
    missing: int
    status: str
    reason: str
    root: str | None
    read: int | None = None


class AsOf(msgspec.Struct, frozen=True):
    """The run whose state a type has that was not due, and when it ended."""

    run: int
    finished: str | None


@decodable
class Statement(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is hashed and signed. Digests are hexadecimal, times ISO 8601 in UTC."""

    format: str
    number: int
    previous: str | None
    key: str | None
    run: int
    instance: str
    base_url: str
    looker_version: str
    api_version: str
    program_version: str
    user: User
    started: str
    finished: str
    arguments: dict[str, Any]
    scope: list[str] | None
    types: dict[str, TypeStatement | None]
    """None: the run was cut off, and only its root is known."""
    missing: list[Missing]
    status: str
    reasons: list[str]
    root: str | None
    seal: str
    as_of: dict[str, AsOf] = {}
    """Types that were not due: the run did not look at them."""


def canonical(statement: Statement) -> bytes:
    """The one spelling of a statement: keys in order of their bytes, no spaces, UTF-8."""
    return msgspec.json.encode(statement, order="sorted")


def parse(statement: bytes) -> Statement:
    """Raises `ValueError` where it is no statement, or one in another spelling."""
    try:
        parsed = msgspec.json.decode(statement, type=Statement)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ValueError(f"it is no statement: {error}") from error
    if parsed.format != FORMAT:
        raise ValueError(f"its format is {parsed.format}, which this program does not know")
    if canonical(parsed) != statement:
        raise ValueError("it is not in its canonical spelling")
    return parsed
