"""Why a row of a record source is refused, and what may be repaired in one. Reasons are codes, never values."""

from __future__ import annotations

REFUSALS = {
    "no-hospital-number": "The row names no hospital number.",
    "hospital-number-used-twice": "Another row of the patients has the same hospital number; the first one counts.",
    "nobody-has-this-hospital-number": "No row of the patients has the hospital number.",
    "ragged-row": "The row has more or fewer fields than the header.",
    "not-json": "The line is no JSON object.",
    "no-date": "An event without a date.",
    "not-a-date": "A date in none of the forms that the mapping declares.",
    "before-birth": "An event before the day of birth.",
    "after-death": "An event later after the death than paperwork explains.",
    "in-the-future": "A date after the day of the import.",
    "end-before-start": "The last day lies before the first.",
    "no-code": "A diagnosis without a code.",
    "not-a-code": "Not a code of its code system.",
    "two-codes": "Two codes in one field.",
    "not-a-number": "A score, dose or value that is no number.",
    "no-score": "An assessment without a score.",
    "impossible-score": "A score below the lowest or above the highest that could be reached.",
    "impossible-denominator": "A denominator of 0, or above the highest score of the instrument.",
    "impossible-value": "A value that nobody alive can have.",
    "unknown-unit": "A unit that the registry does not know for this measurement.",
    "not-in-registry": "A name that the registry does not know.",
    "no-value": "A measurement without a value.",
    "withdrawn": "The source says that the row was taken back.",
    "replaced": "A newer row of the source has the same id.",
    "merged-into-itself": "A hospital number that was merged into itself, or into nothing.",
}
"""Why a row of a record source may be refused. `withdrawn` and `replaced` are no faults: the row was corrected."""

CORRECTED = ("withdrawn", "replaced")

REPAIRS = {
    "code-rewritten": "A code was brought into its normal form.",
    "code-system-corrected": "The code is of another system than the row says.",
    "us-variant": "A code of the US variant of ICD-10, which has codes and meanings of its own.",
    "fifth-character": "An ICD-10 code with a fifth character, which not all sources record.",
    "excel-date": "A date was written as the number of days of a spreadsheet.",
    "end-dropped": "The last day was no date, or before the first day of an open row; it was left empty.",
    "name-rewritten": "Another spelling of a name in the registry.",
    "unknown-drug": "A drug that the registry does not know; the table says `other`.",
    "unknown-service": "A team whose service the registry cannot tell; the table says `other`.",
    "unknown-kind": "A kind of document that the registry does not know; the table says `other`.",
    "unknown-unit": "A unit of dose that the registry does not know; the table leaves it empty.",
    "unknown-route": "A route that the registry does not know; the table leaves it empty.",
    "unknown-frequency": "A frequency that the registry does not know; the table leaves it empty.",
    "unknown-role": "A role that is neither primary nor secondary.",
    "unknown-state": "A state that is neither present, absent nor past.",
    "dose-dropped": "A dose that is no number.",
    "denominator-from-registry": "The row has no denominator; the registry's stands in.",
    "odd-denominator": "A denominator below the highest score: items were left out.",
    "unit-converted": "The value was converted to the registry's unit.",
    "unit-from-registry": "The row has no unit; the registry's stands in.",
    "after-death": "The row is dated after the death, within the time that paperwork takes.",
    "open-end": "The last day is in the future: the row counts as open.",
    "placeholder-birth": "A birth date that stands for none, such as 1900-01-01, was left empty.",
    "death-before-birth": "A death before the birth was left empty.",
    "impossible-decile": "A decile outside 1 to 10 was left empty.",
    "unknown-ethnic-code": "An ethnic category that is no code was left empty.",
}
"""What may be repaired in a row, or is odd in it; the codes stand in the column `repairs` of the tables."""
