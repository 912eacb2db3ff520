"""Every error of the program, and the exit code that each one means.

    LookerVaultError                    1  failed
      UsageError                        2  the command line, the configuration or a key is wrong
        NoKeyError                      2  no key is given that opens the content of a store
      IncompleteError                   3  finished, but something is missing
      AccessError                       4  login or permission
      VaultError                        1  the vault cannot be used now (locked, too new, not there)
        DamagedError                    5  the vault's bytes are not what was written
      StoreError                        1  the store of snapshots cannot be used, or not now
        NoSuchObjectError               1  ... it has no object of that name
      CallError                         1  a call to Looker failed
        TransientError                  1  ... in a way that is worth another try
          NobodyThereError              1  ... nobody has ever answered at that address
          RateLimitedError              1  ... 429; `retry_after` tells how long to wait
          BadAnswerError                1  ... no JSON, cut off, another identity than asked for
        UnauthorizedError               4  ... 401; one new login, then final
        ForbiddenError                  4  ... 403
        NotFoundError                   1  ... 404
        RefusedError                    1  ... any other 4xx
    Interrupted                       130  Ctrl-C or SIGTERM
      PostponedError                    3  Looker asks for a longer wait than is wanted
        BudgetError                     3  ... or no more calls may be sent

Each message has three parts: what happened, why, what to do now (`hint`).
"""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The program's exit codes; the same table is in `--help` and in the documentation."""

    COMPLETE = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    ACCESS = 4
    DAMAGED = 5
    INTERRUPTED = 130


class LookerVaultError(Exception):
    """`message` says what happened and why, `hint` what to do now."""

    exit_code: Exit = Exit.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LookerVaultError):
    exit_code = Exit.USAGE


class NoKeyError(UsageError):
    pass


class IncompleteError(LookerVaultError):
    exit_code = Exit.INCOMPLETE


class AccessError(LookerVaultError):
    exit_code = Exit.ACCESS


class VaultError(LookerVaultError):
    pass


class DamagedError(VaultError):
    exit_code = Exit.DAMAGED


class StoreError(LookerVaultError):
    """The message names the store's own code, where it gave one."""


class NoSuchObjectError(StoreError):
    pass


class CallError(LookerVaultError):
    """A call to Looker failed. `reason` is the short word that reports and `missing` lists use."""

    reason = "failed"


class TransientError(CallError):
    reason = "unreachable"


class NobodyThereError(TransientError):
    """No connection, or no host of that name, where none was had before: a typing error, mostly."""


class RateLimitedError(TransientError):
    """429. `retry_after` is in seconds from now, None where the answer did not say."""

    reason = "rate_limited"

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class BadAnswerError(TransientError):
    reason = "bad_answer"


class UnauthorizedError(CallError):
    exit_code = Exit.ACCESS
    reason = "unauthorized"


class ForbiddenError(CallError):
    exit_code = Exit.ACCESS
    reason = "forbidden"


class NotFoundError(CallError):
    reason = "not_found"


class RefusedError(CallError):
    reason = "refused"


class Interrupted(LookerVaultError):
    exit_code = Exit.INTERRUPTED


class PostponedError(Interrupted):
    """The run stopped by itself and can be gone on with later."""

    exit_code = Exit.INCOMPLETE


class BudgetError(PostponedError):
    """No more calls may be sent, of a run or of a month."""
