"""Keyed ids: pseudonyms, UIDs, date offsets and item ids, each a pure function of a key and an original.

Laws: the same input and key give the same id on any worker in any order; without the key nothing can be computed from
an identifier; one offset a person, a whole number of days, never 0.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field

ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # 32 letters and digits without l, o, 0 and 1
PSEUDONYM_LETTERS = 12  # 60 bits: one collision in a million people is expected once in two million banks
KEY_BYTES = 32
DICOM_ROOT = "1.2.840.10008."
_OURS = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())


@dataclass(frozen=True)
class UidMap:
    """What a worker needs to derive UIDs, and nothing else."""

    _key: bytes = field(repr=False)

    def bits(self, uid: str) -> bytes:
        """128 bits that stand for a UID."""
        return hmac.digest(self._key, uid.strip().strip("\0").encode(), "sha256")[:16]

    def uid(self, uid: str) -> str:
        """The UID that replaces an original one; UIDs that DICOM itself defines stay as they are."""
        if is_well_known(uid):
            return uid
        return f"2.25.{int.from_bytes(self.bits(uid))}"

    def item(self, uid: str) -> str:
        """The same 128 bits as `uid`, written in 26 letters for paths and tables."""
        return letters(self.bits(uid), 26)


def is_well_known(uid: str) -> bool:
    """Whether the registry of DICOM (PS3.6, Annex A) has a UID; its root alone can stand before anybody's number."""
    if not uid.startswith(DICOM_ROOT):
        return False
    from pydicom._uid_dict import UID_dictionary

    return uid in UID_dictionary


@dataclass(frozen=True)
class Keys:
    """The keys of one bank, derived from its master key and its id (HKDF, RFC 5869)."""

    _master: bytes = field(repr=False)
    bank_id: str

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose; keys of different banks or purposes tell nothing of each other."""
        extracted = hmac.digest(b"imagebank:" + self.bank_id.encode(), self._master, "sha256")
        return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")

    @property
    def vault_key(self) -> bytes:
        """Opens the vault; the one key without the bank's id, so that the vault of another bank can be told apart."""
        return Keys(self._master, "").derive("vault")

    @property
    def uid_map(self) -> UidMap:
        """The map for study, series, instance and other UIDs."""
        return UidMap(self.derive("uid"))

    def pseudonym(self, person: str) -> str:
        """The pseudonym of a person: 12 letters and a check letter."""
        body = letters(hmac.digest(self.derive("pseudonym"), person.encode(), "sha256"), PSEUDONYM_LETTERS)
        return body + check_letter(body)

    def offset_days(self, person: str, *, earliest: int, latest: int) -> int:
        """The date shift of a person: uniform over the days from `earliest` to `latest`, 0 left out."""
        choices = [day for day in range(earliest, latest + 1) if day]
        if not choices:
            raise ValueError("the window of date shifts holds no day but 0")
        drawn = hmac.digest(self.derive("offset"), person.encode(), "sha256")
        return choices[int.from_bytes(drawn) % len(choices)]

    def label(self, kind: str, text: str, length: int = 12) -> str:
        """A short keyed id of anything else: a scanner, a folder."""
        return letters(hmac.digest(self.derive(f"label:{kind}"), text.encode(), "sha256"), length)


def letters(bits: bytes, count: int) -> str:
    """The first `count` base-32 letters of `bits`."""
    return base64.b32encode(bits).translate(_OURS).decode().rstrip("=")[:count]


def check_letter(body: str) -> str:
    """Luhn's check character modulo 32: finds every single wrong letter and nearly every swap of neighbours."""
    total = 0
    for position, letter in enumerate(reversed(body)):
        value = ALPHABET.index(letter) * (2 if position % 2 == 0 else 1)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]


def is_pseudonym(text: str) -> bool:
    """Whether a text is a well-formed pseudonym with the right check letter."""
    body, last = text[:-1], text[-1:]
    return len(text) == PSEUDONYM_LETTERS + 1 and set(text) <= set(ALPHABET) and check_letter(body) == last
