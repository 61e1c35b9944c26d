"""The methods paragraph of an answer: exactly what was asked, of which tables, by what, under which rule. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from imagebank import __version__
from imagebank.cohorts.answers.answer import Near
from imagebank.cohorts.disclosure import OLDEST_SHOWN_AGE, Disclosure
from imagebank.cohorts.engines.result import Result
from imagebank.cohorts.query.nodes import Cohort
from imagebank.cohorts.query.sentences import one_for_each

SHOWN_HASH = 16


def methods(result: Result, nearest: Sequence[Near], rule: Disclosure, bank_name: str) -> str:
    """The paragraphs, separated by empty lines."""
    return "\n\n".join(
        part
        for part in (asked(result, bank_name), codes(result), nearness(nearest), rule_in_words(rule, result.scope.name))
        if part
    )


def asked(result: Result, bank_name: str) -> str:
    """What was asked of what."""
    cohort = result.cohort
    whose = f" as the project {result.scope.name} may see it" if result.scope.name else ""
    lines = [
        f"The cohort {cohort.name} was drawn from the tables {result.version} of {bank_name}{whose}, from the "
        f"records and series that the bank holds; opted-out and withdrawn patients are not in it.",
        steps_in_words(result),
    ]
    if cohort.groups:
        lines.append(f"It was compared by {' and '.join(cohort.groups)}.")
    lines.append(
        f"Dates are moved by one whole number of days a patient, so intervals are exact. imagebank {__version__} "
        f"answered with {result.engine}; the question has the hash {result.digest[:SHOWN_HASH]}."
    )
    return " ".join(lines)


def steps_in_words(result: Result) -> str:
    """The steps, one after the other."""
    cohort: Cohort = result.cohort
    told = [f"({place}) {stage.sentence}" for place, stage in enumerate(result.attrition[1:], start=1)]
    if cohort.one_per is not None and told:
        told[-1] = f"({len(told)}) {one_for_each(cohort.one_per, cohort.unit)} was kept"
    start = f"Starting from {result.attrition[0].sentence}"
    return f"{start}, we kept those with, in this order, {'; '.join(told)}." if told else f"{start}, all were kept."


def codes(result: Result) -> str:
    """The codelists by hash."""
    lists = [f"{name} ({digest[:SHOWN_HASH]})" for name, digest in result.codelists.items()]
    return f"Codelists, with the hash of what they hold: {', '.join(lists)}." if lists else ""


def nearness(nearest: Sequence[Near]) -> str:
    """How far each nearest row depends on its window."""
    return " ".join(
        f"For {each.sentence}: the median distance was {each.median_gap}; {each.without} had none; {each.after} "
        "had one that lies after it and would get another, or none, if only earlier ones counted."
        for each in nearest
    )


def rule_in_words(rule: Disclosure, project: str) -> str:
    """The rule of disclosure as a paragraph."""
    if rule.exact:
        return (
            "Numbers are exact, for stewards: no count is hidden or rounded, and this must not leave the research zone."
        )
    whose = f"the project {project}" if project else "this bank's questions without a project"
    return (
        f"Counts of fewer than {rule.minimum} patients, none included, and counts that would give such a count away "
        f"are hidden; all others are rounded to {rule.round_to}, and percentages and differences come from rounded "
        f"numbers. A count that differs from an earlier one of {whose} by fewer than {rule.minimum} patients is that "
        f"earlier one. Medians need {2 * rule.minimum} patients, quartiles {4 * rule.minimum}, the 5th and 95th "
        f"percentile {20 * rule.minimum}; no least or greatest value is shown; ages from {OLDEST_SHOWN_AGE} count as "
        f"{OLDEST_SHOWN_AGE}. Standardised differences are the greatest between two groups."
    )
