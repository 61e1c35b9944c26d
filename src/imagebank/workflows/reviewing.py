"""review: the links that a person must decide, as a sheet or one by one; what was decided is remembered in the vault.

A sheet names people, so it lies in the identifiable zone. Each row is one question: is this identity that person? It
stands for all studies with that identity, and is asked again when the identity, the reason or the proposal changes.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.clock import Clock, now
from imagebank.core.errors import SourceError
from imagebank.core.files import write_text
from imagebank.core.private import Private
from imagebank.core.progress import Silent
from imagebank.identities.linkage import NO_EVIDENCE, REASONS, UNREVIEWABLE, VERSION, Evidence, identity_of, merge
from imagebank.identities.matching.comparisons import levels_in_words
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.remembered import DECISIONS, Decision, Remembered
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.linking import claims_by_study, identities_of, proposed_links, question_of
from imagebank.workflows.opening import Work, open_for_work
from imagebank.workflows.weighing import weigh
from imagebank.workflows.zones import refuse_research_zone

WHY = "show a reviewer whether two identities are one person"
COLUMNS = (
    "question", "decision", "reason", "studies", "first_study", "last_study", "weight", "lead",
    "header_numbers", "records_numbers", "header_name", "records_names", "header_birth_date", "records_birth_dates",
    "header_sex", "records_sex", "header_postcode", "records_postcodes", "records_death_date", "compared", "meaning",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t")  # spreadsheets run cells that begin so
ANSWERS = {"same": "same", "s": "same", "yes": "same", "y": "same", "other": "other", "o": "other", "no": "other",
           "n": "other"}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One question of the review: its id, and the cells of its row by column."""

    question: str
    cells: Mapping[str, str] = field(repr=False)


def questions(work: Work) -> list[Question]:
    """Everything that waits for a decision, the strongest evidence first."""
    claims = claims_by_study(Whereabouts(work.vault).headers_of_series())
    people = work.vault.people()
    links = proposed_links(work, claims, people)
    known = {person.person: person for person in people}
    evidence = weigh(work, identities_of(claims), people)
    asked: dict[str, list[tuple[Claim, Link]]] = defaultdict(list)
    for study, link in links.items():
        if link.candidate and link.reason not in UNREVIEWABLE:
            claim = merge(claims[study])
            asked[question_of(work, claim, link)].append((claim, link))
    found = [
        _question(name, told, known[told[0][1].candidate or ""], evidence.get(identity_of(told[0][0]), NO_EVIDENCE))
        for name, told in asked.items()
    ]
    return sorted(found, key=lambda each: (-float(each.cells["weight"] or "-inf"), each.question))


def _question(name: str, told: list[tuple[Claim, Link]], person: Person, evidence: Evidence) -> Question:
    claim, link = told[0]
    days = sorted(each.study_date.isoformat() for each, _ in told if each.study_date)
    numbers = (person.hospital_number, *person.other_numbers, person.nhs_number, *person.other_nhs_numbers)
    names = ((person.given_name, person.family_name), *person.other_names)
    births = [day for day in (person.birth_date, *person.other_birth_dates) if day]
    cells = {
        "question": name,
        "decision": "",
        "reason": link.reason,
        "studies": str(len(told)),
        "first_study": days[0] if days else "",
        "last_study": days[-1] if days else "",
        "weight": "" if link.weight is None else f"{link.weight:g}",
        "lead": "" if link.lead is None or link.lead == float("inf") else f"{link.lead:g}",
        "header_numbers": _shown((claim.patient_id, *claim.other_ids)),
        "records_numbers": _shown(numbers),
        "header_name": _shown([claim.name]),
        "records_names": " | ".join(f"{given.reveal(WHY)} {family.reveal(WHY)}" for given, family in names),
        "header_birth_date": str(claim.birth_date or ""),
        "records_birth_dates": " | ".join(map(str, births)),
        "header_sex": claim.sex,
        "records_sex": person.sex,
        "header_postcode": _shown([claim.postcode]),
        "records_postcodes": _shown(person.postcodes),
        "records_death_date": str(person.death_date or ""),
        "compared": next((levels_in_words(e.levels) for e in evidence.candidates if e.person == person.person), ""),
        "meaning": REASONS[link.reason],
    }
    return Question(name, cells)


def _shown(texts: Iterable[Private]) -> str:
    return " | ".join(dict.fromkeys(each.reveal(WHY) for each in texts if each))


def write_sheet(root: Path, path: Path | None, *, environ: Mapping[str, str]) -> tuple[Path, int]:
    """Write the sheet of all open questions, by default into the quarantine folder; returns it and their number."""
    with open_for_work(root, "link review", environ=environ, progress=Silent()) as work:
        place = path or work.bank.layout.quarantine / "review.csv"
        refuse_research_zone(work.bank.layout, place)
        asked = questions(work)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_safe(each.cells[column]) for column in COLUMNS] for each in asked)
        write_text(place, text.getvalue())
        place.chmod(0o600)
        return place, len(asked)


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) and not _is_number(cell) else cell


def _is_number(cell: str) -> bool:
    return cell.lstrip("-").replace(".", "", 1).isdigit()


def record_sheet(root: Path, path: Path, *, by: str, environ: Mapping[str, str], clock: Clock = now) -> tuple[int, int]:
    """Remember the decisions of a sheet; returns how many were new and how many rows are still open.

    Raises SourceError for a decision that is neither `same` nor `other`, or a question that nobody asks.
    """
    _check_name(by)
    told = _read_sheet(path)
    with open_for_work(root, "link review", environ=environ, progress=Silent()) as work:
        known = {each.question for each in questions(work)} | set(Remembered(work.vault).decisions())
        if strange := sum(question not in known for question in told):
            raise SourceError(
                f"{strange} rows of the sheet answer questions that are not asked any more.",
                "write a new sheet with imagebank link review, and fill in that one",
            )
        decided = {question: decision for question, decision in told.items() if decision}
        return _remember(work, decided, by, clock), len(told) - len(decided)


def _read_sheet(path: Path) -> dict[str, str]:
    """The decision on each question, empty where there is none."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"The sheet cannot be read ({type(error).__name__}).", "save it as CSV in UTF-8") from None
    if rows and not {"question", "decision"} <= set(rows[0]):
        raise SourceError("The sheet has no columns `question` and `decision`.", "fill in what review wrote")
    told = {}
    for line, row in enumerate(rows, start=2):
        answer = (row["decision"] or "").strip().lower()
        if answer and answer not in ANSWERS:
            raise SourceError(f"Line {line} decides neither `same` nor `other`.", "write one of the two, or nothing")
        told[row["question"]] = ANSWERS.get(answer, "")
    return told


def review_in_terminal(
    root: Path, ask: Callable[[Question, int, int], str], *, by: str, environ: Mapping[str, str], clock: Clock = now
) -> int:
    """Ask one question after the other, remembering each answer at once; returns how many were decided.

    `ask` gets the question, its place and their number, and answers same, other, skip or quit.
    """
    _check_name(by)
    decided = 0
    with open_for_work(root, "link review", environ=environ, progress=Silent()) as work:
        asked = questions(work)
        for place, each in enumerate(asked, start=1):
            answer = ask(each, place, len(asked))
            if answer == "quit":
                break
            if answer in DECISIONS:
                decided += _remember(work, {each.question: answer}, by, clock)
    return decided


def _remember(work: Work, decided: Mapping[str, str], by: str, clock: Clock) -> int:
    moment = clock().isoformat()
    rows = [Decision(question, decision, by, moment, VERSION) for question, decision in sorted(decided.items())]
    return Remembered(work.vault).decide(rows)


def _check_name(by: str) -> None:
    if not by.strip():
        raise SourceError("Nobody is named who decides.", "add --by with your initials or user name")
