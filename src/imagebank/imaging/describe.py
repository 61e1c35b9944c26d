"""The page of the documentation that the rules of naming and conversion print: `docs/bids.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from imagebank.core.markdown import meanings, table
from imagebank.imaging.columns import PARTICIPANTS, SCANS, SESSIONS, UNSORTED_IMAGES
from imagebank.imaging.dataset import BIDS_VERSION
from imagebank.imaging.dcm2niix import MEMORY_FLOOR_BYTES, MEMORY_PER_BYTE, OPTIONS, TIMEOUT_S
from imagebank.imaging.entities import describe_entities
from imagebank.imaging.labelling import LABELLING, REQUIRED
from imagebank.imaging.model import FAILED, NOTES, UNSORTED
from imagebank.imaging.sidecar import kept_keys
from imagebank.imaging.vocabulary import rows_of, sequences

TABLES = {
    "participants.tsv": PARTICIPANTS,
    "sub-*_sessions.tsv": SESSIONS,
    "sub-*_ses-*_scans.tsv": SCANS,
    "derivatives/unsorted/unsorted.tsv": UNSORTED_IMAGES,
}


def bids_page() -> str:
    """The whole page in Markdown."""
    return "\n".join(
        f"## {title}\n\n{text}" if title else text for title, text in (("", INTRODUCTION), *_naming(), *_conversion())
    )


def _naming() -> Iterator[tuple[str, str]]:
    yield "Names", NAMES + table(("part", "datatypes", "rule"), ((f"`{k}`", d, r) for k, d, r in describe_entities()))
    rows = ((f"`{s.sequence}`", _place(s.datatype, s.suffix), _code(s.reason), s.why) for s in sequences().values())
    yield "What each sequence is called", SEQUENCES + table(("sequence", "name", "unsorted because", "note"), rows)
    yield "Reconstructions (`rec`)", table(("word of ImageType", "label", "meaning"), _rows("reconstructions"))
    yield "Field maps", FIELD_MAPS
    required = ", ".join(f"`{name}`" for name in REQUIRED)
    by_type = ", ".join(f"`{fact}` ({kind})" for kind, fact in LABELLING.items())
    yield "Labelled blood (ASL)", LABELLED.format(required=required, by_type=by_type)
    yield "Sessions", SESSION_LABELS
    yield "Tables", TABLES_TEXT + "\n".join(f"### `{name}`\n\n{_columns(told)}" for name, told in TABLES.items())


def _conversion() -> Iterator[tuple[str, str]]:
    bounds = {"timeout": TIMEOUT_S // 60, "floor": MEMORY_FLOOR_BYTES >> 30, "times": MEMORY_PER_BYTE}
    yield "Conversion", CONVERSION.format(options=" ".join(OPTIONS), **bounds)
    yield (
        "What the converter appends to a name",
        table(("label", "meaning", "value", "note"), _rows("output_labels", code=1)),
    )
    yield (
        "What the converter says",
        MESSAGES + table(("message", "effect", "reason"), _rows("converter_messages", code=1)),
    )
    for title, reasons in (("Why an image is unsorted", UNSORTED), ("Why a series failed", FAILED), ("Notes", NOTES)):
        yield title, meanings(dict(sorted(reasons.items())), "code")
    yield "Sidecars", SIDECARS + ", ".join(f"`{key}`" for key in sorted(kept_keys())) + ".\n"
    yield "What the validator says", VALIDATOR + table(("warning", "of", "why it stays"), _rows("validator_warnings"))


def _rows(name: str, *, code: int = 0) -> Iterator[list[str]]:
    """The rows of one of the package's tables; the first `code` columns are shown as code."""
    for row in rows_of(name):
        yield [_code(cell) if place < code else cell for place, cell in enumerate(row.values())]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _place(datatype: str, suffix: str) -> str:
    return f"`{datatype}/*_{suffix}`" if suffix else _code(datatype)


def _columns(columns: Mapping[str, object]) -> str:
    told = ((name, facts["Description"]) for name, facts in columns.items() if isinstance(facts, dict))
    return table(("column", "meaning"), ((f"`{name}`", text) for name, text in told))


INTRODUCTION = f"""# Images under BIDS names

The folder `bids` of a bank is a dataset in the Brain Imaging Data Structure {BIDS_VERSION}. Everything on this page is
printed from the rules that make it.

An image has a BIDS name only where BIDS has one that is certain; every other image is kept as well, under
`derivatives/unsorted`, and `unsorted.tsv` there names it with its reason. Localizers, maps that the scanner computed
and series of unknown kind never stand among the raw data.
"""
NAMES = """
All names of a session are decided at once, and from the images alone: the same images give the same names on any
machine, in any order of arrival. **A series that sorts after all others never changes a name that was there before**:
each part of a name depends on its own series, and `run` on what sorts before it. So that this holds, every name has a
run. Series sort by their number, then by their id. A series that comes late although its number is lower takes its
place among the runs of its kind, and those after it move up by one: names follow from what the session holds, not from
when it came.

"""
SEQUENCES = """
The sequence is that of the [classification](classification.md). A word that is not in this table is of unknown kind.

"""
FIELD_MAPS = """
Magnitudes are `magnitude1` and `magnitude2` by echo time; a phase is `phasediff`, or `phase1` and `phase2` where its
series has two. A phase joins the magnitudes before it that have the same matrix and no phase yet, and shares their run.
A phase difference needs two echo times: those of the images it belongs to, or its own header. A map in Hz is
`fieldmap` beside `magnitude`. Spin-echo series with opposed phase encoding are `epi`, where direction and readout time
are known.

`B0FieldIdentifier` names each field map, `B0FieldSource` in every functional, diffusion and perfusion image names the
last field map that began before it (the first of the session, if none did), and `IntendedFor` says the same from the
other side. Magnitudes alone serve nobody.
"""
LABELLED = """
A labelled-blood series has a BIDS name only when the header tells the kind of every volume (ASL Context), which becomes
`aslcontext.tsv`, and every fact that BIDS requires. The number of pairs and an included calibration volume follow from
the kinds. Nothing is guessed: most headers do not tell of background suppression, and those series are unsorted.

Required are {required}, and by the type of labelling {by_type}.
"""
SESSION_LABELS = """
A session is one examination. Its label is opaque: five digits and four letters. The digits count days from a day that a
key decides, another for each participant; so the labels of one participant stand in the order of time, differ by the
true number of days, and do not depend on which other examinations are there. The letters are those of the study, for
two examinations on one day. Examinations without a date are `undated` and their letters.
"""
TABLES_TEXT = """
Written whenever a snapshot is published. Dates are moved by the participant's offset, ages are capped at 90, and of the
time of day only the distance from the first image of the session is told. The verdict on quality is `n/a` until the
image was assessed. A dictionary in JSON stands beside each table.

"""
CONVERSION = """
Each series is converted alone by `dcm2niix {options}`. Its version is pinned in `constraints.txt` and named in
`dataset_description.json`, in every sidecar and in the ledger. It may take {timeout} minutes, and {floor} GiB of memory
and {times} bytes more for each byte of the series; it sees no environment and no defaults file. A series that fails has
a reason and never stops its session. The images are compressed afterwards by isal, without name or time, and the free
text in their headers is emptied.

The installed version says of whole series what its authors' references say, in every fact that is kept and in every
b-value and direction, but for one: of GE diffusion with ASSET it tells `EffectiveEchoSpacing` and `TotalReadoutTime`
twice as long as the reference of 2021. Which is right is not known here.
"""
MESSAGES = """
What it prints is searched for the patterns below and thrown away. `fail` tells why there is no image, `doubt` why its
images are unsorted, `note` stands in the table of scans.

"""
SIDECARS = """
A sidecar keeps what it needs for analysis and nothing that names a person, a place, a day or a time. Added are
`Defaced`, `TaskName`, `Units`, the echo times of a phase difference, and the links between field maps and images.
Everything else that the converter tells is dropped but for: """
VALIDATOR = """
The official validator finds no error. Its warnings stay for these reasons.

"""
