"""The nouns of identity. None of them prints what it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from imagebank.core.private import NOBODY, Private


@dataclass(frozen=True)
class Claim:
    """Whom a DICOM header says it shows. Several claims in one study are a contradiction."""

    patient_id: Private = NOBODY
    other_ids: tuple[Private, ...] = ()
    name: Private = NOBODY  # DICOM person name, family^given^...
    birth_date: date | None = field(default=None, repr=False)
    sex: str = ""  # DICOM: M, F, O or empty
    accession: Private = NOBODY
    study_date: date | None = field(default=None, repr=False)
    postcode: Private = NOBODY


@dataclass(frozen=True)
class Person:
    """A person as the health record knows them: one registration, or several merged. `person` is the vault's own id.

    What further registrations say is held beside what the first one says; names are (given, family).
    """

    person: str = field(repr=False)
    hospital_number: Private = NOBODY
    nhs_number: Private = NOBODY
    given_name: Private = NOBODY
    family_name: Private = NOBODY
    birth_date: date | None = field(default=None, repr=False)
    death_date: date | None = field(default=None, repr=False)
    sex: str = "unknown"
    other_names: tuple[tuple[Private, Private], ...] = ()
    other_numbers: tuple[Private, ...] = ()
    other_nhs_numbers: tuple[Private, ...] = ()
    other_birth_dates: tuple[date, ...] = field(default=(), repr=False)
    postcodes: tuple[Private, ...] = ()
    address: Private = NOBODY


@dataclass(frozen=True)
class Link:
    """The decision on one study: the person it shows, or the reason why nobody was linked.

    `weight` is the evidence of the model in bits, prior and all, and `lead` how far the next person is behind; both are
    None where nobody was compared. `model` is the hash of the weights. `candidate` is who it would be, for a reviewer.
    """

    person: str | None = field(repr=False)
    rule: str
    reason: str = ""
    weight: float | None = None
    lead: float | None = None
    model: str = ""
    candidate: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Entrant:
    """A person as a record extract brings them, with what only the vault may keep."""

    person: Person
    source: str
    postcode: Private = NOBODY
    address: Private = NOBODY
    phone: Private = NOBODY
    other_names: tuple[tuple[Private, Private], ...] = ()  # (given, family): birth name, known as, earlier names
    other_postcodes: tuple[Private, ...] = ()
    former_numbers: tuple[Private, ...] = ()  # hospital numbers that were merged into this one


@dataclass(frozen=True)
class OptOut:
    """A person's wish not to be in the bank."""

    person: str = field(repr=False)
    kind: str
    list_date: date | None = None
