"""The slots of the grammar that write a measurement: scores in the ways people write them, and blood results."""

from __future__ import annotations

from imagebank.synthetic.events import Assessment
from imagebank.synthetic.text.facts import Facts
from imagebank.synthetic.text.flags import lower_flags, take
from imagebank.synthetic.text.grammar import Step
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.vocabulary import score_forms, score_names


def score_value(score: Assessment) -> str:
    """What a mark of a score means: instrument, score and maximum."""
    top = f"/{score.out_of:g}" if score.out_of is not None else ""
    return f"{score.name} {score.score:g}{top}"


def score_text(scribe: Scribe, score: Assessment, use: str = "noun") -> str:
    """One of the ways to write a score."""
    name = scribe.pick(score_names(score.name))
    unlimited = "scored {s} on {n}" if use == "said" else "{n} {s}"
    form = scribe.pick(score_forms(score.name, use)) if score.out_of is not None else unlimited
    return form.format(n=name, s=f"{score.score:g}", t=f"{score.out_of or 0:g}")


def _score(queue: str, status: str, use: str = "noun") -> Step:
    def write(scribe: Scribe) -> None:
        score = take(scribe, queue)
        scribe.facts.said["scored"] = score
        scribe.mark(score_text(scribe, score, use), "score", score_value(score), "patient", status)

    return write


def _items(scribe: Scribe) -> None:
    """A score with its parts: HoNOS 17 (1:1 2:0 ...)."""
    facts: Facts = scribe.facts
    score = next(each for each in facts.score if each.items)
    facts.score.remove(score)
    facts.said["score"] = facts.said["scored"] = score
    lower_flags(scribe, "score")
    joint, equals = scribe.pick(((" ", " "), (", ", " "), ("; ", "="), (" ", "")))
    short = scribe.draw() < 0.7
    equals = equals or ("" if score.items[0][0].isalpha() else ":")
    parts = joint.join(
        f"{name[:1].upper() if short and name.isalpha() else name}{equals}{s}" for name, s in score.items
    )
    scribe.mark(f"{score_text(scribe, score)} ({parts})", "score", score_value(score))


def _undone(scribe: Scribe) -> None:
    score = take(scribe, "undone")
    scribe.mark(scribe.pick(score_names(score.name)), "score", score.name, "patient", "negated")


def _blood(scribe: Scribe) -> None:
    result = take(scribe, "blood")
    value = f"{result.value:g}"
    span = f" ({result.low or 0:g}-{result.high:g})" if result.high is not None else ""
    text = scribe.pick(
        (f"{result.name} {value}", f"{result.name} {value} {result.unit}{span}", f"{result.name} = {value}{span}")
    )
    scribe.mark(text, "finding", f"{result.name} {value} {result.unit}")


MEASUREMENTS: dict[str, Step] = {
    "score": _score("score", "affirmed"),
    "score.said": _score("score", "affirmed", "said"),
    "score.line": _score("score", "affirmed", "line"),
    "score.past": _score("score_past", "historical"),
    "score.items": _items,
    "score.undone": _undone,
    "blood": _blood,
}
"""Every slot that writes a measurement."""
