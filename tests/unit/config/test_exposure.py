from __future__ import annotations

import os
import stat

import pytest

from lookervault.config.exposure import is_exposed

_ME = os.geteuid()
_ANOTHER = _ME + 1


def _file(mode: int, owner: int, kind: int = stat.S_IFREG) -> os.stat_result:
    return os.stat_result((kind | mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.parametrize("owner", [_ME, _ANOTHER])
@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o444, 0o666])
def test_what_everybody_may_use_is_exposed(mode: int, owner: int) -> None:
    assert is_exposed(_file(mode, owner))


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o440, 0o660])
def test_what_i_leave_open_to_a_group_is_exposed_and_what_was_given_to_it_is_not(mode: int) -> None:
    assert is_exposed(_file(mode, _ME))
    assert not is_exposed(_file(mode, _ANOTHER))


@pytest.mark.parametrize("owner", [_ME, _ANOTHER])
def test_what_its_owner_alone_may_use_is_not_exposed(owner: int) -> None:
    assert not is_exposed(_file(0o600, owner))


def test_a_pipe_is_not_exposed() -> None:
    assert not is_exposed(_file(0o666, _ME, stat.S_IFIFO))
