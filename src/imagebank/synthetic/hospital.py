"""Building a whole pretend hospital: people, images, records and the answers about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.synthetic.answers import Answers, FileAnswer, Link, SeriesAnswer, write_answers
from imagebank.synthetic.dicom_files import write
from imagebank.synthetic.examination import SeriesFiles, write_study
from imagebank.synthetic.identifiers import identifiers_of_records, identifiers_of_series
from imagebank.synthetic.oddities import Oddity, oddities
from imagebank.synthetic.people import Person, invent_person
from imagebank.synthetic.records import write_records
from imagebank.synthetic.studies import StudyPlan, plan_studies
from imagebank.synthetic.traps import FIRST_NUMBER, plan_traps, small_study

HOST_NUMBER = 50_025  # the patient to whom the odd files belong
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Hospital:
    """Where a pretend hospital lies: its images, its records, and the answers that only a judge may read."""

    folder: Path
    images: Path
    records: Path
    answers: Path


def hospital_at(folder: Path) -> Hospital:
    """The paths of a pretend hospital."""
    return Hospital(folder, folder / "pacs", folder / "records", folder / "answers")


def build_hospital(
    folder: Path, *, patients: int = 50, seed: int = 1, trouble: bool = True, progress: Progress | None = None
) -> Hospital:
    """Write a pretend hospital with `patients` imaged people and half as many more on the register.

    `trouble` adds scans that must not be linked and files that are broken, on top. `progress` is told how many of how
    many studies are written. Raises SourceError where the folder already holds something.
    """
    if patients + patients // 2 > FIRST_NUMBER:
        raise ValueError(f"a pretend hospital has at most {FIRST_NUMBER * 2 // 3} patients")
    hospital = hospital_at(folder)
    refuse_used(folder)
    register = [_with_opt_out(invent_person(seed, k), patients) for k in range(patients + patients // 2)]
    plans = [plan for person in register[:patients] for plan in plan_studies(seed, person)]
    if trouble:
        more, odd_plans = plan_traps(seed, patients)
        host = small_study(seed, invent_person(seed, HOST_NUMBER))
        register += [*more, host.person]
        plans += [*odd_plans, host]
    answers = Answers()
    for done, plan in enumerate(plans, start=1):
        _answer_study(answers, write_study(hospital.images, plan, seed=seed))
        if progress:
            progress(done, len(plans))
    if trouble:
        _write_oddities(hospital.images, answers, oddities(host, seed=seed), host)
    rows = write_records(hospital.records, register, seed=seed)
    answers.identifiers.update(identifiers_of_records(register, rows))
    counts = {name: len(each) for name, each in rows.items()}
    manifest = {"seed": seed, "patients": patients, "trouble": trouble, "records": counts}
    write_answers(hospital.answers, answers, manifest)
    return hospital


def refuse_used(folder: Path) -> None:
    """Raise SourceError where a hospital would mix with files that are already there."""
    if folder.is_dir() and any(folder.iterdir()):
        raise SourceError("The folder for the pretend hospital is not empty.", "name a folder that does not exist yet")


def _with_opt_out(person: Person, patients: int) -> Person:
    """Two in a hundred opted out; a GP's opt-out is only given to people without images, whom it does not change."""
    number = int(person.key)
    kinds = {20: ("national",), 41: ("local",)}.get(number % 50, ())
    if number >= patients and (number - patients) % 25 == 1:
        kinds = ("gp-type-1",)
    return replace(person, opt_outs=kinds)


def expected_of(plan: StudyPlan) -> tuple[str, str]:
    """Outcome of a study's ordinary files, and why it is not banked."""
    if not plan.linkable:
        return "quarantined" if plan.trap == "two-patients-in-series" else "unlinked", plan.trap
    return ("excluded", "opted-out") if plan.person.opt_outs else ("banked", "")


def _answer_study(answers: Answers, written: Iterable[SeriesFiles]) -> None:
    for each in written:
        plan, series = each.study, each.series
        owner = plan.person.hospital_number if plan.in_records else ""
        trap = plan.trap or ("opted-out" if plan.person.opt_outs else "")
        answers.add_link(Link(plan.uid, owner, "yes" if plan.linkable else "no", trap))
        expected, reason = expected_of(plan)
        answers.add_series(
            SeriesAnswer(series.uid, plan.uid, series.protocol.sequence, 0, plan.scanner.manufacturer, expected),
            [FileAnswer(path.as_posix(), expected, reason, series.uid) for path in each.paths],
        )
        answers.identifiers.update(identifiers_of_series(each))


def _write_oddities(images: Path, answers: Answers, odd: Iterable[Oddity], host: StudyPlan) -> None:
    for each in odd:
        path = f"oddities/{each.path}"
        write(images / path, each.content)
        file = FileAnswer(path, each.expected, each.reason, each.series_uid)
        if not each.series_uid:
            answers.files.append(file)
            continue
        answers.add_link(Link(each.study_uid, host.person.hospital_number, "yes", ""))
        maker = host.scanner.manufacturer
        answers.add_series(
            SeriesAnswer(each.series_uid, each.study_uid, each.sequence, 0, maker, each.expected), [file]
        )
