"""One base class and one table of exit codes for everything that can go wrong in front of a person.

A message says what happened, to what, and what to try. It never carries a patient's value, nor the text of somebody
else's exception, which may carry one.
"""

from __future__ import annotations


class ImagebankError(Exception):
    """What happened (`what`) and what to try (`advice`); `exit_code` is what the command line ends with."""

    exit_code = 1
    title = "failed"

    def __init__(self, what: str, advice: str) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice


class ConfigError(ImagebankError):
    """bank.toml is missing, cannot be read, or says something that is not understood."""

    exit_code = 3
    title = "configuration"


class SourceError(ImagebankError):
    """A source of images or records is missing, unreadable or not what was promised."""

    exit_code = 4
    title = "source"


class VaultError(ImagebankError):
    """The vault does not open: no key, the wrong key, or the vault of another bank."""

    exit_code = 5
    title = "vault"


class BankError(ImagebankError):
    """The folder is no bank, is used by another process, or was made by a newer version."""

    exit_code = 6
    title = "bank"


class LawBroken(ImagebankError):
    """`imagebank check` found that a law of the bank does not hold."""

    exit_code = 7
    title = "check"


class DiskFull(ImagebankError):
    """No space is left where the bank writes; nothing half-written was kept."""

    exit_code = 8
    title = "disk full"


EXIT_CODES: tuple[type[ImagebankError], ...] = (
    ImagebankError,
    ConfigError,
    SourceError,
    VaultError,
    BankError,
    LawBroken,
    DiskFull,
)
"""Every error class with an exit code of its own; the documentation prints this table. 2 is wrong usage, 130 Ctrl-C."""
