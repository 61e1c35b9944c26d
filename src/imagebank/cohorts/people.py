"""The sections of a profile that describe patients: from shown counts to labelled rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from imagebank.catalogue.tables import SEXES
from imagebank.cohorts.codes import ICD10, OTHER_BLOCK, block_title, blocks, conditions, titles
from imagebank.cohorts.disclosure import Disclosure, Mark, Shown, age_band, age_text, percent, whole
from imagebank.cohorts.facts import (
    GAP_BANDS_DAYS,
    MOST_STUDIES,
    SCORE,
    SCORE_BANDS,
    SCORE_OUT_OF,
    SCORE_WINDOW_DAYS,
    Facts,
    Spread,
)
from imagebank.cohorts.model import Heading, Measure, Row, Section
from imagebank.cohorts.safe import NOT_WHITE, PEOPLE_BY_AGE, UNSTATED, Safe, band_years

COMMONEST = 20
NONE = Shown(0, Mark.SHOWN)
QUINTILE_ENDS = {1: "1 (most deprived fifth)", 5: "5 (least deprived fifth)"}
GAP_LABELS = ("under 3 months", "3 to 12 months", "1 to 2 years", "2 to 5 years", "5 years and more")


def people_sections(facts: Facts, safe: Safe, rule: Disclosure) -> tuple[Section, ...]:
    """Who the patients are, and what their records say."""
    return (
        sex(safe),
        age(facts, safe, rule),
        ethnicity(safe),
        deprivation(facts, safe),
        icd10_blocks(safe),
        named_conditions(safe),
        commonest(safe),
        score(facts, safe, rule),
        linked(safe),
        visits(facts, safe, rule),
    )


def enough(spread: Spread | None, rule: Disclosure) -> bool:
    """Whether quantiles may be shown: they come from patients enough."""
    return spread is not None and (rule.exact or spread.patients >= rule.minimum)


def sex(safe: Safe) -> Section:
    """Sex of all patients."""
    rows = tuple(Row(label, (safe[("sex", label)],)) for label in SEXES)
    return _of_patients(safe, "sex", "Sex", rows, notes=("Sex as recorded in the health record.",))


def age(facts: Facts, safe: Safe, rule: Disclosure) -> Section:
    """Age at the first study, in bands, for women and men."""
    starts = sorted({key[2] for key in safe if key[0] == "age" and isinstance(key[2], int)})
    width = band_years(facts, rule)
    bands = range(starts[0], starts[-1] + 1, width) if starts else ()
    rows = [_age_row(age_band(start, width), start, safe) for start in bands]
    if any(key[0] == "age" and key[2] is None for key in safe):
        rows.append(_age_row("not known", None, safe))
    return Section(
        id="age",
        title="Age at the first study, by sex",
        unit="patients",
        denominator="patients of that sex",
        headings=tuple(Heading(sex, safe[("sex", sex)]) for sex in PEOPLE_BY_AGE),
        rows=tuple(rows),
        measures=_age_measures(facts, rule),
        notes=(
            "Age from the true dates. Ages of 90 and over are one band. Patients of other or unknown sex are part of "
            "the medians of all patients, and are not broken down by age.",
        ),
    )


def _age_row(label: str, start: int | None, safe: Safe) -> Row:
    return Row(label, tuple(safe.get(("age", sex, start), NONE) for sex in PEOPLE_BY_AGE))


def _age_measures(facts: Facts, rule: Disclosure) -> tuple[Measure, ...]:
    spreads, found = facts.spreads["age"], []
    for who, label in (("all", "all patients"), ("female", "female"), ("male", "male")):
        spread = spreads.get((who,))
        if spread is not None and enough(spread, rule):
            low, middle, high = (
                age_text(each, rule) for each in (spread.lower_quartile, spread.median, spread.upper_quartile)
            )
            found.append(Measure(f"Median age [quartiles], {label}", f"{middle} years [{low} to {high}]"))
    everybody = spreads.get(("all",))
    if everybody is not None and enough(everybody, rule):
        ends = f"{age_band(everybody.low)} to {age_band(everybody.high)} years"
        found.append(Measure("Youngest and oldest, as five-year bands", ends))
    return tuple(found)


def ethnicity(safe: Safe) -> Section:
    """Ethnic group, and the share that is not White with and without those who did not state theirs."""
    other, stated, everybody = safe[("ethnicity", "non-White")], safe[("ethnicity", "stated")], safe[("patients",)]
    rows = [Row("White", (safe[("ethnicity", "White")],)), Row("all other than White", (other,))]
    rows += [Row(group, (safe[("ethnicity", group)],), level=1) for group in NOT_WHITE]
    rows += [Row(group, (safe[("ethnicity", group)],)) for group in UNSTATED]
    shares = (("of all patients", everybody), ("of those whose group is stated and known", stated))
    measures = [Measure(f"Other than White, {words}", percent(other, total)) for words, total in shares]
    return _of_patients(
        safe,
        "ethnicity",
        "Ethnic group",
        tuple(rows),
        tuple(each for each in measures if each.text),
        (
            "NHS ethnic categories 2001: Chinese is part of Other. Patients with ethnicity not stated (asked, "
            "declined) or not known are in the denominator of the table.",
        ),
    )


def deprivation(facts: Facts, safe: Safe) -> Section:
    """Deprivation of the home area, in fifths and tenths."""
    rows: list[Row] = []
    for five in range(1, 6):
        rows.append(Row(f"Quintile {QUINTILE_ENDS.get(five, five)}", (safe[("quintile", five)],)))
        rows += [Row(f"Decile {ten}", (safe[("deprivation", ten)],), level=1) for ten in (2 * five - 1, 2 * five)]
    rows.append(Row("not known", (safe[("deprivation", None)],)))
    releases = ", ".join(facts.releases) or "none recorded"
    note = f"Index of Multiple Deprivation; releases in the bank: {releases}. Not known is in the denominator."
    return _of_patients(safe, "deprivation", "Deprivation of the home area", tuple(rows), notes=(note,))


def icd10_blocks(safe: Safe) -> Section:
    """Patients with a diagnosis in each ICD-10 block."""
    known = blocks()
    more = sorted(str(key[1]) for key in safe if key[0] == "blocks" and key[1] not in known)
    rows = [Row(_block_label(block), (safe[("blocks", block)],)) for block in (*known, *more)]
    rows.append(Row("No recorded diagnosis", (safe[("diagnosed", "none")],)))
    return _of_patients(
        safe,
        "blocks",
        "Diagnoses, by ICD-10 block",
        tuple(rows),
        notes=(
            "Patients with at least one recorded diagnosis in the block, in any role (primary, secondary or unknown), "
            "at any time before or after the scan. A patient may be in several blocks, so percentages may add up to "
            "more than 100.",
        ),
    )


def _block_label(block: str) -> str:
    if block == OTHER_BLOCK:
        return block_title(block)
    first, _, last = block.partition("-")
    return f"{first if first == last else f'{first}–{last}'} {block_title(block)}".strip()


def named_conditions(safe: Safe) -> Section:
    """Patients with conditions that are often asked for."""
    rows = [
        Row(each.name, (safe.get(("condition", each.name), NONE),), note=f"{ICD10} {', '.join(each.prefixes)}")
        for each in conditions()
    ]
    note = "Any role, any time. Alzheimer disease is F00 or G30: a patient coded with both is counted once."
    return _of_patients(safe, "conditions", "Selected conditions", tuple(rows), notes=(note,))


def commonest(safe: Safe) -> Section:
    """The diagnoses that most patients have, by three characters and by full code."""
    rows = [*_commonest(safe, full=False), *_commonest(safe, full=True)]
    note = (
        f"{ICD10}, any role, any time; a patient may have several. First the commonest families of three characters, "
        "then the commonest full codes. Codes of few patients are not listed."
    )
    return _of_patients(safe, "commonest", "Commonest diagnoses", tuple(rows), notes=(note,))


def _commonest(safe: Safe, *, full: bool) -> list[Row]:
    codes = [(key, shown) for key, shown in safe.items() if key[0] == "code" and (len(str(key[1])) > 3) is full]
    listed = sorted((-shown.value, str(key[1])) for key, shown in codes if shown.value)[:COMMONEST]
    return [
        Row(f"{code} {titles().get(code, '')}".strip(), (safe[("code", code)],), level=int(full)) for _, code in listed
    ]


def score(facts: Facts, safe: Safe, rule: Disclosure) -> Section:
    """The MMSE nearest to the first study."""
    labels = {
        "near": f"{SCORE} within {SCORE_WINDOW_DAYS} days of the first study",
        "elsewhere": f"{SCORE} at another time only",
        "never": f"No {SCORE}",
    }
    rows = [Row(labels["near"], (safe[("score", "near")],))]
    rows.append(Row("of these, one on or before the day of the study", (safe[("score", "before")],), level=1))
    ends = [*(end - 1 for end in SCORE_BANDS[1:]), int(SCORE_OUT_OF)]
    for low, high in zip(SCORE_BANDS, ends, strict=True):
        rows.append(Row(f"{low}–{high} points", (safe.get(("score_band", low), NONE),), level=1))
    rows += [Row(labels[name], (safe[("score", name)],)) for name in ("elsewhere", "never")]
    return _of_patients(
        safe,
        "score",
        f"{SCORE} nearest to the first study",
        tuple(rows),
        _score_measures(facts, rule),
        (
            f"Scores out of {SCORE_OUT_OF:.0f} with a date. Of several the nearest counts; of two equally near, the "
            "one before the study. Bands are for display, not for diagnosis.",
        ),
    )


def _score_measures(facts: Facts, rule: Disclosure) -> tuple[Measure, ...]:
    found = []
    for topic, label, unit in (
        ("score", f"Median {SCORE} [quartiles]", "points"),
        ("score_distance", "Median distance from the study [quartiles]", "days"),
    ):
        spread = facts.spreads[topic].get(("near",))
        if spread is not None and enough(spread, rule):
            found.append(Measure(label, quartiles(spread, unit)))
    return tuple(found)


def quartiles(spread: Spread, unit: str) -> str:
    """Median and quartiles in whole units."""
    return f"{whole(spread.median):,} {unit} [{whole(spread.lower_quartile):,} to {whole(spread.upper_quartile):,}]"


def linked(safe: Safe) -> Section:
    """Patients with at least one record of each kind."""
    scores = sorted(str(key[2]) for key in safe if key[:2] == ("linked", "assessments"))
    rows = [Row("Diagnosis", (safe.get(("linked", "diagnoses", "any"), NONE),))]
    rows += [Row(f"Score: {name}", (safe[("linked", "assessments", name)],)) for name in scores]
    rows.append(Row("Note", (safe.get(("linked", "notes", "any"), NONE),)))
    return _of_patients(
        safe,
        "linked",
        "Linked records",
        tuple(rows),
        notes=(
            "Patients with at least one record of the kind. Of notes the bank holds that they exist, not their text.",
        ),
    )


def visits(facts: Facts, safe: Safe, rule: Disclosure) -> Section:
    """How many studies patients have, and how far apart."""
    rows = [_visit_row(count, safe) for count in range(1, MOST_STUDIES + 1)]
    rows.append(Row("Two or more dated studies", (safe[("repeats",)],)))
    for start, label in zip(GAP_BANDS_DAYS, GAP_LABELS, strict=True):
        rows.append(Row(f"first to last: {label}", (safe.get(("gap", start), NONE),), level=1))
    spread = facts.spreads["gap_days"].get(("all",))
    measures: tuple[Measure, ...] = ()
    if spread is not None and enough(spread, rule):
        measures = (Measure("Median time from first to last study [quartiles]", quartiles(spread, "days")),)
    return _of_patients(
        safe,
        "visits",
        "Repeat studies",
        tuple(rows),
        measures,
        ("Intervals between shifted dates are the true intervals.",),
    )


def _visit_row(count: int, safe: Safe) -> Row:
    label = f"{count} {'study' if count == 1 else 'studies'}{' or more' if count == MOST_STUDIES else ''}"
    return Row(label, (safe.get(("studies_each", count), NONE),))


def _of_patients(
    safe: Mapping[tuple[str | int | None, ...], Shown],
    name: str,
    title: str,
    rows: tuple[Row, ...],
    measures: tuple[Measure, ...] = (),
    notes: tuple[str, ...] = (),
) -> Section:
    heading = Heading("patients", safe[("patients",)])
    return Section(name, title, "patients", "all patients in the bank", (heading,), rows, measures, notes)
