"""Writes the pages of this folder that the code itself declares; `--check` only says whether they are up to date.

Commands, settings, errors, tables, the de-identification policy and the classification rules are each declared once,
in the code. These pages print those declarations, so that they cannot go stale.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from imagebank.catalogue import dictionary_markdown
from imagebank.cli.app import DEBUG_VARIABLE, EXIT_INTERRUPTED, app
from imagebank.cohorts.query.codelists import library
from imagebank.cohorts.query.editors import stub
from imagebank.cohorts.query.reading_words import MEANT
from imagebank.core.config import KEY_VARIABLE, Config, ImageSource
from imagebank.core.config_file import default_config, setting_help
from imagebank.core.errors import EXIT_CODES, ImagebankError
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.record_settings import RecordSource
from imagebank.dicom import archive, filing, headers
from imagebank.dicom.agents import AGENT_ANSWERS
from imagebank.dicom.body_parts import part_names
from imagebank.dicom.folder import LEFT_OUT
from imagebank.dicom.geometry import COVERAGES, DIMENSIONS, PLANES
from imagebank.dicom.policy_page import policy_markdown
from imagebank.dicom.rules import describe_rules, rules_hash
from imagebank.dicom.witness import CONTRADICTIONS
from imagebank.identities import linkage
from imagebank.imaging.describe import bids_page
from imagebank.imaging.model import FAILED, UNSORTED
from imagebank.imaging.quality.page import metrics_markdown
from imagebank.records.reasons import REFUSALS, REPAIRS
from imagebank.records.targets import TARGETS
from imagebank.synthetic.declared import page_of
from imagebank.synthetic.extracts import Habits, cris_form, extracts_form, omop_form
from imagebank.synthetic.text.samples import sample_page
from imagebank.synthetic.truth.book import readme
from imagebank.workflows import acquisition, media
from imagebank.workflows.standalone.offered import UNREADABLE_MEMBERS
from imagebank.workflows.standalone.subjects import REASONS as SUBJECT_REASONS
from imagebank.workflows.status import MEANINGS

HERE = Path(__file__).parent
SPECS = HERE.parent / "tests" / "dicom" / "specs"
VENDOR_HEADERS = SPECS.parent / "vendor_headers.csv"
RECORD_SPECS = HERE.parent / "tests" / "records" / "specs"
COHORT_SPECS = HERE.parent / "tests" / "cohorts" / "specs"
PROSE = {"because", "says", "try"}  # the columns of a table of examples that are not code
UTILITY = HERE.parent / "tests" / "dicom" / "utility_contract.toml"
EXAMPLE = default_config("example", "00000000")
MADE = "<!-- Made by `./run docs` from the code. Do not edit. -->\n\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    every = [list(head), *(list(row) for row in rows)]
    every.insert(1, ["---"] * len(every[0]))
    return "".join("| " + " | ".join(map(_cell, row)) + " |\n" for row in every)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def section(title: str, *texts: str) -> str:
    """A section of a page."""
    return f"\n## {title}\n\n" + "\n".join(f"{text.strip()}\n" for text in texts if text.strip())


def filled(name: str, told: Mapping[str, str]) -> str:
    """A page whose prose is a template beside this script."""
    return (HERE / f"{name}.template").read_text("utf-8").format(**told)


def commands_page() -> str:
    """Every command with its arguments and options, from the command line itself."""
    group: Any = typer.main.get_command(app)
    parts = ["# Commands\n", f"{group.help.strip()}\n\n{group.epilog}. See [errors](errors.md).\n"]
    parts.append(section("imagebank", "Before any command:", _parameters(group)))
    parts += [_command(name, command) for name, command in commands_of(group)]
    return "\n".join(parts)


def commands_of(group: Any, before: str = "") -> Iterable[tuple[str, Any]]:
    """Name and command of every command of a group, those of groups inside it as `policy show`."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        yield from commands_of(command, f"{before}{name} ") if hasattr(command, "commands") else ()


def _command(name: str, command: Any) -> str:
    arguments = [each.metavar for each in command.params if each.param_type_name == "argument"]
    usage = f"```\nimagebank {' '.join([name, *arguments, '[OPTIONS]'])}\n```"
    return section(f"imagebank {name}", command.help, usage, _parameters(command))


def _parameters(command: Any) -> str:
    shown = (_parameter(each) for each in command.params if not each.hidden)
    return table(("argument or option", "meaning", "default"), shown)


def _parameter(each: Any) -> tuple[str, str, str]:
    if each.param_type_name == "argument":
        return f"`{each.metavar}`", each.help, "" if each.required else f"`{each.default}`"
    names = " / ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
    default = "" if each.default in (None, False, "") or each.is_flag else f"`{each.default}`"
    if each.secondary_opts:
        default = f"`{(each.opts if each.default else each.secondary_opts)[0]}`"
    return names, each.help, default


def settings_page() -> str:
    """Every setting of bank.toml with its help and default, and the variables of the environment."""
    parts = [
        "# Settings\n",
        "`bank.toml` says what a bank is; `imagebank init` writes it with these comments. Unknown keys are refused.\n"
        "Secrets never lie in it. Relative paths start at the folder of the bank.\n",
    ]
    parts += [_settings(field.name) for field in fields(Config)]
    extracts = (
        (f"`{name}.csv`", each.meaning, ", ".join(f"`{one}`" if one in each.required else one for one in each.names))
        for name, each in TARGETS.items()
    )
    parts.append(section("Record extracts", EXTRACTS, table(("file", "one row is", "columns"), extracts)))
    return "\n".join([*parts, section("Environment", table(("variable", "meaning"), VARIABLES))])


VARIABLES = (
    (f"`{KEY_VARIABLE}`", "Key of the vault, 64 hexadecimal digits; goes before `[vault] key_file`."),
    (f"`{DEBUG_VARIABLE}`", "When set, an unexpected error shows its traceback, which may hold identifiers."),
    ("the one that `[ledger] url_variable` names", "Database URL of the ledger, where it is not `ledger.db`."),
    ("the one that `[[records]] database` names", "Database URL of a record source."),
)


EXTRACTS = """
Without a mapping a record source is a folder with one file a table: CSV with a header line, Parquet or JSON lines. Only
the patients must be there, and of each table the columns that stand like `this`. Dates are written 2026-01-31. The
pretend hospital writes such a folder: `demo/hospital/records` after `./run demo`. [Any other form](records.md) needs a
mapping.
"""


def _settings(name: str) -> str:
    sources: dict[str, type] = {"images": ImageSource, "records": RecordSource, "pacs": PacsSource}
    kind = sources.get(name) or type(getattr(EXAMPLE, name))
    defaults = {field.name: field.default for field in fields(kind)}
    rows = [(f"`{key}`", text, _default(defaults[key])) for key, text in setting_help(kind)]
    title = f"[[{name}]]" if name in sources else f"[{name}]"
    return section(f"`{title}`", kind.__doc__ or "", table(("setting", "meaning", "default"), rows))


def _default(value: object) -> str:
    """A default as bank.toml writes it."""
    return "must be given" if value is MISSING else f"`{json.dumps(value)}`"


def errors_page() -> str:
    """Exit codes, and every reason with which a file may end."""
    codes = [
        ("0", "done", "Everything went as asked."),
        ("1", ImagebankError.title, "Something that has no code of its own; the message says what to try."),
        ("2", "wrong usage", "An unknown command, or an argument that does not fit."),
        *((str(kind.exit_code), kind.title, kind.__doc__ or "") for kind in EXIT_CODES if kind.exit_code > 2),
        (str(EXIT_INTERRUPTED), "stopped", "Ctrl-C. Run the same command again to go on."),
    ]
    parts = [
        "# Errors and reasons\n",
        "An error says what happened and what to try. It never shows a patient's value.\n",
        section("Exit codes", table(("code", "name", "meaning"), codes)),
        section("Outcomes", OUTCOMES),
    ]
    parts += [section(f"Reasons: {name}", _reasons(reasons)) for name, reasons in reasons_by_outcome().items()]
    parts.append(section("Classification of a folder: why a file is left out, beside those above", _reasons(LEFT_OUT)))
    parts.append(section("Conversion: why an image is unsorted", _reasons(UNSORTED)))
    parts.append(section("Conversion: why a series failed", _reasons(FAILED)))
    parts.append(section("Records: why a row was refused", _reasons(REFUSALS)))
    parts.append(section("Records: what was repaired in a row, or is odd", _reasons(REPAIRS)))
    parts.append(section("Acquisition: states and reasons", _reasons({**acquisition.MEANINGS, **media.NOT_LANDED})))
    return "\n".join(parts)


OUTCOMES = """
Every file that a source offers ends in one outcome. *banked*: it is in the bank. *excluded*: it was understood and is
not wanted. *unlinked*: nobody was found to whom it certainly belongs. *quarantined*: a person must look; the lists are
in the folder `quarantine/` of the bank. `imagebank status` counts files by outcome and reason. A reason that begins
with `raised-` is not listed here: it names the class of an exception that nobody foresaw.
"""


def reasons_by_outcome() -> dict[str, dict[str, str]]:
    """Every reason with its meaning, under the outcome that it leads to."""
    excluded = {**headers.EXCLUDED, **filing.EXCLUDED_HERE}
    refused = {**headers.QUARANTINED, **filing.QUARANTINED_HERE, **archive.REFUSALS}
    rest = {reason: text for reason, text in MEANINGS.items() if reason not in {**excluded, **linkage.REASONS}}
    return {"excluded": excluded, "unlinked": linkage.REASONS, "quarantined": {**refused, **rest}}


def _reasons(reasons: Mapping[str, str]) -> str:
    return table(("reason", "meaning"), ((f"`{reason}`", text) for reason, text in sorted(reasons.items())))


def deidentification_page() -> str:
    """What de-identification does and how it is proved; the numbers are those that docs/measure.py wrote."""
    leaks, score = (json.loads((HERE / "scores" / name).read_text("utf-8")) for name in ("leaks.json", "score.json"))
    rows = [(each["action"], each["meaning"], f"{each['checks']:,}", *_share(each)) for each in score["actions"]]
    told = {
        "reasons": _reasons({**UNREADABLE_MEMBERS, **SUBJECT_REASONS}),
        "leak_policy": leaks["policy"],
        "leak_counts": ", ".join(f"{number:,} {name}" for name, number in leaks["files"].items() if number),
        "verdict": f"**{leaks['leaks']} leaks**; {leaks['blind']} values not seen.",
        "leaks": _leaks(sorted(leaks["kinds"], key=lambda each: (-each["leaked"], each["kind"]))),
        "depths": _leaks(leaks["depths"]),
        "hospital": _leaks(leaks["hospital"]),
        "score_policy": score["policy"],
        "scores": table(("action", "meaning", "checks", "held", "95 % interval"), rows),
    }
    return filled("deidentification", told)


def _share(each: Mapping[str, Any]) -> tuple[str, str]:
    """A share and its interval, in percent."""
    share = each["share"] if "share" in each else each["recall"]
    return f"{100 * share:.2f} %", f"{100 * each['low']:.2f} to {100 * each['high']:.2f} %"


def _leaks(kinds: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            each["kind"],
            f"{each['planted']:,}",
            f"{each['leaked']:,}",
            *_share(each),
        )
        for each in kinds
    ]
    return table(("kind", "planted", "leaked", "recall", "95 % interval"), rows)


def policy_page() -> str:
    """What happens to each DICOM attribute, and the examples that the tests hold."""
    examples = (section(title, text) for title, text in map(_spec, sorted(SPECS.glob("*.txt"))))
    return "\n".join([policy_markdown(), *examples])


def cohorts_page() -> str:
    """The language of cohorts, with its words, its library, and the examples that the tests hold."""
    sys.path.insert(0, str(COHORT_SPECS.parent))
    people = import_module("spec_bank").described()
    lists = (
        (f"`{name}`", " ".join(codes.include) + (f" not {' '.join(codes.exclude)}" if codes.exclude else ""))
        for name, codes in library().items()
    )
    told = {
        "words": table(("word", "what it is worth"), ((f"`{word}`", text) for word, text in MEANT.items())),
        "bank": table(("who", "scans", "MMSE", "diagnoses", "episodes"), people),
        "library": table(("name", "codes"), lists),
        **{name: _examples(COHORT_SPECS / f"{name}.txt") for name in ("conditions", "values", "refused")},
    }
    return filled("cohorts", told)


def _examples(path: Path) -> str:
    title, text = _spec(path)
    return f"**{title}**\n\n" + text.partition("\n\n")[2]


def _spec(path: Path) -> tuple[str, str]:
    """Title and Markdown of a table of examples: a title, a blank line, then columns between bars."""
    title, _, rows = path.read_text("utf-8").partition("\n\n")
    head, *cells = ([cell.strip() for cell in row.split(" |")] for row in rows.strip().splitlines())
    coded = (
        [f"`{cell}`" if cell and name not in PROSE else cell for name, cell in zip(head, row, strict=True)]
        for row in cells
    )
    return title, "The tests hold these.\n\n" + table(head, coded)


RULES = """# Rules on records

What becomes of single values of the health record, each with examples. What it is all for: [Records](records.md).
"""


def records_rules_page() -> str:
    """The examples that the tests of the records hold."""
    return "\n".join([RULES, *(section(*_spec(path)) for path in sorted(RECORD_SPECS.glob("*.txt")))])


def classification_page() -> str:
    """The decision list that tells what a series shows, and what is said beside it."""
    beside = {
        "plane": PLANES,
        "dimension": DIMENSIONS,
        "contrast_agent": AGENT_ANSWERS,
        "coverage": COVERAGES,
        "body_part": part_names(),
    }
    told = {
        "digest": rules_hash()[:16],
        "beside": table(("column", "values"), ((f"`{name}`", ", ".join(words)) for name, words in beside.items())),
        "rules": describe_rules(),
        "headers": str(len(VENDOR_HEADERS.read_text("utf-8").splitlines()) - 1),
        "contradictions": _reasons(CONTRADICTIONS),
    }
    return filled("classification", told)


def records_page() -> str:
    """The records of the pretend hospital, in each form."""
    omop = omop_form(date.max).tables
    told = {
        "habits": table(("habit", "share"), ((name, f"{share:.2%}") for name, share in Habits().shares.items())),
        "extracts": page_of(extracts_form().tables),
        "cris": page_of(cris_form().tables),
        "omop": table(("table", "one row is"), ((f"`{each.name}`", each.meaning) for each in omop)),
    }
    return filled("pretend-hospital/records", told)


def answers_page() -> str:
    """The answers, as the page in their own folder explains them."""
    return readme()


def utility_page() -> str:
    """What survives of what converters read, and what does not, with the reason."""
    contract = tomllib.loads(UTILITY.read_text("utf-8"))
    rows = ((_coded(each["fields"].split()), each["where"], each["reason"]) for each in contract["exception"])
    told = {
        "equal": textwrap.fill(_coded(contract["equal"].split()), 120),
        "exceptions": table(("fields", "where", "why they differ"), rows),
        "not_compared": table(("field", "reason"), contract["not_compared"].items()),
    }
    return filled("deidentification-utility", told)


def _coded(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "tables.md": dictionary_markdown,
    "quality-metrics.md": metrics_markdown,
    "deidentification.md": deidentification_page,
    "policy.md": policy_page,
    "classification.md": classification_page,
    "bids.md": bids_page,
    "cohorts.md": cohorts_page,
    "../src/imagebank/__init__.pyi": stub,
    "records-rules.md": records_rules_page,
    "pretend-hospital/records.md": records_page,
    "pretend-hospital/answers.md": answers_page,
    "pretend-hospital/sample-notes.md": sample_page,
    "deidentification-utility.md": utility_page,
}


def render(name: str) -> str:
    """The whole text of a page, with one blank line between its parts; of a stub as it is."""
    if name.endswith(".pyi"):
        return PAGES[name]()
    return re.sub(r"\n{3,}", "\n\n", MADE + PAGES[name]()).rstrip() + "\n"


def stale_pages(folder: Path = HERE) -> list[str]:
    """The pages in a folder that are not what the code says now."""
    kept = {name: (folder / name).read_text("utf-8") for name in PAGES if (folder / name).exists()}
    return [name for name in PAGES if kept.get(name) != render(name)]


def main(arguments: list[str]) -> int:
    """Write the pages that are not up to date, or with `--check` name them and fail."""
    stale = stale_pages()
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"docs/{name} is not what the code says; ./run docs writes it\n")
        return 1 if stale else 0
    for name in stale:
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(render(name), "utf-8")
        sys.stderr.write(f"wrote docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
