"""What an exception means for an item of work."""

from __future__ import annotations

import errno

import pytest

from imagebank.engine.failures import failure_of


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOENT, "file-vanished"),
        (errno.EACCES, "no-permission"),
        (errno.EPERM, "no-permission"),
        (errno.EIO, "read-error"),
        (errno.ESTALE, "read-error"),
        (errno.ETIMEDOUT, "read-error"),
        (errno.EHOSTDOWN, "read-error"),
        (errno.ENOTCONN, "read-error"),
        (errno.ENOSPC, "disk-full"),
    ],
)
def test_a_disk_or_a_network_that_fails_is_asked_again_by_the_next_run(number: int, reason: str) -> None:
    told = failure_of(OSError(number, "a text that may name a patient"))
    assert (told.reason, told.passing) == (reason, True)


def test_any_other_exception_is_settled_and_told_by_its_class_alone() -> None:
    told = failure_of(ValueError("Jane Smith"))
    assert (told.reason, told.passing) == ("raised-ValueError", False)
    assert "Smith" not in repr(told)
