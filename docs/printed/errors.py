"""Exit codes, and every reason with which a file, an image or a row may end."""

from __future__ import annotations

from collections.abc import Mapping

from imagebank.cli.app import EXIT_INTERRUPTED
from imagebank.core.errors import EXIT_CODES, ImagebankError
from imagebank.core.markdown import meanings, section, table
from imagebank.dicom import archive, filing, headers
from imagebank.dicom.folder import LEFT_OUT
from imagebank.identities import linkage
from imagebank.imaging.model import FAILED, UNSORTED
from imagebank.records.reasons import REFUSALS, REPAIRS
from imagebank.workflows import acquisition, media
from imagebank.workflows.status import MEANINGS

OUTCOMES = """
Every file that a source offers ends in one outcome. *banked*: it is in the bank. *excluded*: it was understood and is
not wanted. *unlinked*: nobody was found to whom it certainly belongs. *quarantined*: a person must look; the lists are
in the folder `quarantine/` of the bank. `imagebank status` counts files by outcome and reason. A reason that begins
with `raised-` is not listed here: it names the class of an exception that nobody foresaw.
"""


def errors_page() -> str:
    """The page of errors and reasons."""
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
    parts += [section(f"Reasons: {name}", reasons(codes)) for name, codes in reasons_by_outcome().items()]
    parts.append(section("Classification of a folder: why a file is left out, beside those above", reasons(LEFT_OUT)))
    parts.append(section("Conversion: why an image is unsorted", reasons(UNSORTED)))
    parts.append(section("Conversion: why a series failed", reasons(FAILED)))
    parts.append(section("Records: why a row was refused", reasons(REFUSALS)))
    parts.append(section("Records: what was repaired in a row, or is odd", reasons(REPAIRS)))
    parts.append(section("Acquisition: states and reasons", reasons({**acquisition.MEANINGS, **media.NOT_LANDED})))
    return "\n".join(parts)


def reasons_by_outcome() -> dict[str, dict[str, str]]:
    """Every reason with its meaning, under the outcome that it leads to."""
    excluded = {**headers.EXCLUDED, **filing.EXCLUDED_HERE}
    refused = {**headers.QUARANTINED, **filing.QUARANTINED_HERE, **archive.REFUSALS}
    rest = {reason: text for reason, text in MEANINGS.items() if reason not in {**excluded, **linkage.REASONS}}
    return {"excluded": excluded, "unlinked": linkage.REASONS, "quarantined": {**refused, **rest}}


def reasons(codes: Mapping[str, str]) -> str:
    """A table of reasons in the order of the alphabet."""
    return meanings(dict(sorted(codes.items())))
