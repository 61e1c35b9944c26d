"""Records as a CRIS-like database holds them: a running number for each registration, and everything refers to it.

The tables are ours (`data/cris.csv`); they are shaped like what front ends to psychiatric records offer, and hold
nothing of any real system.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

from imagebank.synthetic.declared import Row
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.extracts.tables import NoteRow

FIRST_BRCID = 10_000_001


class CrisTranslator:
    """Turns records into rows of the CRIS-like tables; numbers run on from person to person."""

    def __init__(self) -> None:
        self._brcids = count(FIRST_BRCID)
        self._running: dict[str, count[int]] = defaultdict(lambda: count(1))

    def __call__(self, records: Records) -> dict[str, Sequence[Row]]:
        """The rows of one person, by table."""
        ids = {each.hospital_number: next(self._brcids) for each in records.patients}
        return {
            **_people(records, ids),
            **self._numbered(records, ids),
            **self._assessments(records, ids),
            **self._documents(records, ids),
        }

    def _numbered(self, records: Records, ids: dict[str, int]) -> dict[str, Sequence[Row]]:
        """Tables whose rows are those of an extract, with a number of their own and the patient's."""
        return {
            "patient_address": self._rows("patient_address", ids, records.addresses, *_ADDRESS),
            "contact_person": self._rows("contact_person", ids, records.relatives, "relation", "name", "phone"),
            "opt_out": self._rows("opt_out", ids, records.opt_outs, "kind", "list_date"),
            "referral": self._rows("referral", ids, records.referrals, "date", "source", "reason", "accepted"),
            "spell": self._rows("spell", ids, records.episodes, *_SPELL),
            "diagnosis": [
                *((*row, False) for row in self._rows("diagnosis", ids, records.diagnoses, *_DIAGNOSIS, "end_date")),
                *((*row, None, True) for row in self._rows("diagnosis", ids, records.withdrawn_diagnoses, *_DIAGNOSIS)),
            ],
            "symptom": self._rows("symptom", ids, records.symptoms, "date", "name", "state"),
            "medication": self._rows("medication", ids, records.medications, *_MEDICATION),
            "laboratory_result": self._rows("laboratory_result", ids, records.bloods, *_RESULT),
            "death": self._rows("death", ids, records.deaths, "date", "place", "position", "cause"),
        }

    def _assessments(self, records: Records, ids: dict[str, int]) -> dict[str, Sequence[Row]]:
        rows = self._rows("assessment", ids, records.assessments, "date", "name", "version", "score", "out_of")
        numbers = {each.assessment_id: row[0] for each, row in zip(records.assessments, rows, strict=True)}
        items = [(numbers[each.assessment_id], each.item, each.score) for each in records.assessment_items]
        return {"assessment": rows, "assessment_item": items}

    def _documents(self, records: Records, ids: dict[str, int]) -> dict[str, Sequence[Row]]:
        """Notes are events; letters and summaries are correspondence; reports come from elsewhere, as attachments."""
        events = [each for each in records.notes if is_running_note(each)]
        letters = [each for each in records.notes if not is_running_note(each)]
        shared = ("date", "kind", "author", "text")
        return {
            "event": self._rows("event", ids, events, *shared, "note_id"),
            "correspondence": self._rows("correspondence", ids, letters, *shared, "note_id"),
            "attachment": self._rows("attachment", ids, records.reports, *shared, "accession_number", "note_id"),
        }

    def _rows(self, table: str, ids: dict[str, int], rows: Iterable[object], *columns: str) -> list[Row]:
        """A number of its own, the patient's, and the columns."""
        numbers = self._running[table]
        return [
            (next(numbers), ids[row.hospital_number], *(getattr(row, column) for column in columns))  # type: ignore[attr-defined]
            for row in rows
        ]


_ADDRESS = ("since", "address", "postcode", "lsoa", "deprivation_decile")
_SPELL = ("start_date", "end_date", "kind", "team", "site")
_DIAGNOSIS = ("date", "code", "code_system", "role")
_MEDICATION = ("start_date", "end_date", "drug", "dose", "unit", "route", "frequency")
_RESULT = ("date", "name", "value", "unit", "low", "high")


def is_running_note(note: NoteRow) -> bool:
    """Whether a document is an entry of the running notes, not a letter."""
    return "note" in note.kind


def _people(records: Records, ids: dict[str, int]) -> dict[str, Sequence[Row]]:
    patients = [
        (
            ids[e.hospital_number],
            e.hospital_number,
            e.nhs_number,
            e.given_name,
            e.middle_name,
            e.family_name,
            e.title,
            e.known_as,
            e.birth_family_name,
            e.birth_date,
            e.sex,
            e.ethnic_category,
            e.address,
            e.postcode,
            e.deprivation_decile,
            e.deprivation_release,
            e.phone,
            e.general_practitioner,
            e.death_date,
        )
        for e in records.patients
    ]
    merged = [(ids[e.hospital_number], ids.get(e.merged_into), e.merged_into) for e in records.merged_numbers]
    return {"patient": patients, "merged_patient": merged}
