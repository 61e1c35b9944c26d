"""The step that turns the banked series of one study into a session of NIfTI images.

Runs in a worker process: values in, values out. A series that cannot be read or converted is `failed` with a reason and
never stops the study. The session is written beside its place and swapped in, so that a reader sees the old one or the
new one; the same series give the same bytes on any worker, at any time.
"""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from imagebank.core.files import disk_errors, hide_time, remove_empty_parents, replace_folder, sha256, temporary_beside
from imagebank.core.layout import Layout
from imagebank.imaging.bids import Named, name_images
from imagebank.imaging.dcm2niix import ConversionFailed, convert_folder
from imagebank.imaging.model import (
    Converted,
    ConvertedSeries,
    ConvertResult,
    ConvertTask,
    Image,
    SeriesToConvert,
)
from imagebank.imaging.sidecar import HEADER_BYTES, BadNifti, clean_header, describe, sidecar_text

VERSION = "2"
"""Raised whenever the same series would give other files."""

COMPRESSION_LEVEL = 3
"""Of igzip: ten times quicker than zlib's usual level, files five percent larger."""

COPY_BYTES = 1 << 20
UNREADABLE = (zipfile.BadZipFile, zlib.error, FileNotFoundError, EOFError, NotImplementedError)

Images = dict[tuple[str, int], Converted]


@dataclass(frozen=True)
class _Folders:
    """Where a study is worked on: on the bank's disk, so that the finished folders can be moved into place."""

    work: Path
    session: Path
    unsorted: Path


def convert_study(task: ConvertTask) -> ConvertResult:
    """Convert all series of a study and replace its session folders. Raises DiskFull."""
    layout = Layout(root=task.root, vault=task.root / "vault")
    temporary = temporary_beside(layout.bids / f"{task.patient}-{task.session}")
    folders = _Folders(temporary / "work", temporary / "session", temporary / "unsorted")
    with disk_errors():
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            return _convert(task, layout, folders)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _convert(task: ConvertTask, layout: Layout, folders: _Folders) -> ConvertResult:
    converted: Images = {}
    failed: dict[str, str] = {}
    for place, series in enumerate(task.series):
        try:
            images = _convert_series(task.root / series.zip_path, folders.work / f"{place:04d}")
        except ConversionFailed as failure:
            failed[series.series] = failure.reason
        else:
            converted |= {(series.series, number): image for number, image in enumerate(images, start=1)}
    named = name_images(task.patient, task.session, _to_name(task.series, converted))
    for each in named:
        _write_image(each, converted[each.image.series, each.image.number], folders)
    _write_scans(task, [each for each in named if each.in_bids], folders.session)
    places = _put_in_place(task, layout, folders)
    return _result(task, layout, named, failed, places)


def _convert_series(archive: Path, work: Path) -> tuple[Converted, ...]:
    """Unzip and convert one series. Raises ConversionFailed."""
    dicom = work / "dicom"
    try:
        _extract(archive, dicom)
        return convert_folder(dicom, work / "nifti")
    except UNREADABLE:
        raise ConversionFailed("zip-unreadable") from None
    except BadNifti:
        raise ConversionFailed("nifti-unreadable") from None
    finally:
        shutil.rmtree(dicom, ignore_errors=True)


def _extract(archive: Path, folder: Path) -> None:
    """Write the instances under names of our own, in the order of theirs: an entry's name is never a path here."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as file:
        for number, name in enumerate(sorted(file.namelist()), start=1):
            with file.open(name) as source, open(folder / f"{number:06d}.dcm", "wb") as target:
                shutil.copyfileobj(source, target, COPY_BYTES)


def _to_name(series: Iterable[SeriesToConvert], converted: Images) -> list[Image]:
    known = {each.series: each for each in series}
    return [_image(known[name], number, each) for (name, number), each in converted.items()]


def _image(series: SeriesToConvert, number: int, converted: Converted) -> Image:
    echo_time = converted.sidecar.get("EchoTime")
    return Image(
        series=series.series,
        number=number,
        series_number=series.series_number,
        sequence=series.sequence,
        plane=series.plane,
        acquisition=series.acquisition,
        contrast=series.contrast,
        label=converted.label,
        volumes=converted.volumes,
        b_values=converted.b_values,
        echo_time_ms=1000 * echo_time if isinstance(echo_time, int | float) else None,
        repetition_time="RepetitionTime" in converted.sidecar,
        complete=converted.complete,
    )


def _write_image(named: Named, converted: Converted, folders: _Folders) -> None:
    folder = folders.session / named.datatype if named.in_bids else folders.unsorted
    folder.mkdir(parents=True, exist_ok=True)
    compress(converted.nifti, folder / f"{named.stem}.nii.gz")
    facts = describe(converted.sidecar, sequence=named.image.sequence if named.in_bids else "", label=named.image.label)
    (folder / f"{named.stem}.json").write_text(sidecar_text(facts))
    for table in converted.tables:
        if named.datatype in ("dwi", ""):
            shutil.copyfile(table, folder / f"{named.stem}{table.suffix}")
    converted.nifti.unlink()


def compress(nifti: Path, target: Path) -> None:
    """Write a NIfTI file gzipped, its free-text fields emptied; the gzip header names no file and no time."""
    from isal import igzip

    with (
        open(nifti, "rb") as source,
        open(target, "wb") as file,
        igzip.IGzipFile(filename="", mode="wb", fileobj=file, compresslevel=COMPRESSION_LEVEL, mtime=0) as zipped,
    ):
        zipped.write(clean_header(source.read(HEADER_BYTES)))
        shutil.copyfileobj(source, zipped, COPY_BYTES)


def _write_scans(task: ConvertTask, named: list[Named], folder: Path) -> None:
    """The session's scans.tsv: each image, the moved date of its study, and the bank's id of its series."""
    if not named:
        return
    stem = f"sub-{task.patient}_ses-{task.session}_scans"
    when = scan_time(task.study_date)
    rows = sorted((f"{n.datatype}/{n.stem}.nii.gz", when, n.image.series, NOT_DEFACED) for n in named)
    lines = ["\t".join(row) + "\n" for row in [("filename", "acq_time", "series", "defaced"), *rows]]
    (folder / f"{stem}.tsv").write_text("".join(lines))
    (folder / f"{stem}.json").write_text(sidecar_text(SCANS_COLUMNS))


NOT_DEFACED = "no"

SCANS_COLUMNS: dict[str, object] = {
    "acq_time": {"Description": "Date of the study, moved by the patient's offset; the time of day is not kept."},
    "series": {"Description": "The bank's keyed id of the series that the image was made of."},
    "defaced": {
        "Description": "Whether the face was removed from the image.",
        "Levels": {NOT_DEFACED: "The image shows whatever the scanner saw, faces included."},
    },
}


def scan_time(study_date: date | None) -> str:
    """A study date as BIDS writes a time, or `n/a`."""
    return f"{study_date.isoformat()}T00:00:00" if study_date else "n/a"


def _put_in_place(task: ConvertTask, layout: Layout, folders: _Folders) -> tuple[Path, Path]:
    """Swap the finished folders in; one that the study no longer has is removed."""
    session = layout.bids_session(task.patient, task.session)
    unsorted = layout.bids_unsorted(task.patient, task.session)
    for made, place in ((folders.unsorted, unsorted), (folders.session, session)):
        if made.is_dir():
            replace_folder(made, place)
        elif place.is_dir():
            shutil.rmtree(place)
            remove_empty_parents(place.parent, stop=layout.bids)
    return session, unsorted


def _result(
    task: ConvertTask, layout: Layout, named: tuple[Named, ...], failed: dict[str, str], places: tuple[Path, Path]
) -> ConvertResult:
    paths = sorted(path for place in places for path in place.rglob("*") if path.is_file())
    files = [(path, sha256(path)) for path in paths]
    for path, digest in files:
        hide_time(path, digest)
    return ConvertResult(
        series=tuple(_outcome(task, layout, series.series, named, failed) for series in task.series),
        files=tuple((layout.relative(path), digest) for path, digest in files),
    )


def _outcome(
    task: ConvertTask, layout: Layout, series: str, named: tuple[Named, ...], failed: dict[str, str]
) -> ConvertedSeries:
    if series in failed:
        return ConvertedSeries(series, "failed", failed[series], ())
    mine = [each for each in named if each.image.series == series]
    paths = tuple(layout.relative(_place(task, layout, each)) for each in mine)
    if any(each.in_bids for each in mine):
        return ConvertedSeries(series, "bids", "", paths)
    return ConvertedSeries(series, "unsorted", mine[0].reason, paths)


def _place(task: ConvertTask, layout: Layout, named: Named) -> Path:
    name = f"{named.stem}.nii.gz"
    if named.in_bids:
        return layout.bids_session(task.patient, task.session) / named.datatype / name
    return layout.bids_unsorted(task.patient, task.session) / name
