"""The step that turns the banked series of one study into a session of NIfTI images.

Runs in a worker process: values in, values out. A series that cannot be read or converted is `failed` with a reason and
never stops the study. The session is written beside its place and swapped in, so that a reader sees the old one or the
new one; the same series give the same bytes on any worker, at any time.
"""

from __future__ import annotations

import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from imagebank.core.files import disk_errors, hide_time, remove_empty_parents, replace_folder, sha256, temporary_beside
from imagebank.core.layout import Layout
from imagebank.imaging.bids import Named, name_images
from imagebank.imaging.dcm2niix import ConversionFailed, convert_folder
from imagebank.imaging.entities import part_of
from imagebank.imaging.labelling import context_table, derived_facts, read_volume_types
from imagebank.imaging.model import (
    Conversion,
    Converted,
    ConvertedSeries,
    ConvertResult,
    ConvertTask,
    Image,
    PlacedImage,
    SeriesToConvert,
)
from imagebank.imaging.sidecar import (
    HEADER_BYTES,
    BadNifti,
    clean_header,
    describe,
    image_words,
    is_echo_planar,
    sidecar_text,
)
from imagebank.imaging.unpacking import unpack
from imagebank.imaging.vocabulary import sequence_of

VERSION = "4"
"""Raised whenever the same series would give other files."""

COMPRESSION_LEVEL = 3
"""Of igzip: ten times quicker than zlib's usual level, files five percent larger."""

COPY_BYTES = 1 << 20
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, FileNotFoundError, EOFError, NotImplementedError)

HALF_DAY_S = 43_200.0


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


@dataclass(frozen=True)
class _Series:
    """What was made of one series."""

    series: SeriesToConvert
    conversion: Conversion
    volume_types: tuple[str, ...] = ()

    def images(self) -> Iterator[tuple[Image, Converted]]:
        """Each image as its name depends on it, and its files."""
        for number, converted in enumerate(self.conversion.images, start=1):
            yield _image(self, number, converted), converted


def _convert(task: ConvertTask, layout: Layout, folders: _Folders) -> ConvertResult:
    made: dict[str, _Series] = {}
    failed: dict[str, str] = {}
    for place, series in enumerate(task.series):
        try:
            made[series.series] = _convert_series(series, task.root, folders.work, stem=f"{place:04d}")
        except ConversionFailed as failure:
            failed[series.series] = failure.reason
    images = {image: converted for each in made.values() for image, converted in each.images()}
    named = name_images(task.patient, task.session, images)
    for each in named:
        _write_image(each, images[each.image], folders)
    _put_in_place(task, layout, folders)
    seconds = elapsed({image: converted.clock_s for image, converted in images.items()})
    placed = [_placed(task, layout, each, made[each.image.series], seconds) for each in named]
    return ConvertResult(
        series=tuple(_outcome(each.series, placed, failed) for each in task.series),
        files=_files(task, layout),
        images=tuple(sorted(placed, key=lambda each: each.path)),
    )


def _convert_series(series: SeriesToConvert, root: Path, work: Path, *, stem: str) -> _Series:
    """Unzip and convert one series. Raises ConversionFailed.

    All series of a study share two folders: making and removing folders costs more than the files of a small series.
    """
    dicom = work / "dicom"
    try:
        size = unpack(root / series.zip_path, dicom)
        conversion = convert_folder(dicom, work / "nifti", stem=stem, series_bytes=size)
        labelled = sequence_of(series.sequence).datatype == "perf"
        return _Series(series, conversion, read_volume_types(dicom.iterdir()) if labelled else ())
    except BadNifti:
        raise ConversionFailed("nifti-unreadable") from None
    except UNREADABLE:
        raise ConversionFailed("zip-unreadable") from None
    finally:
        for instance in dicom.iterdir():
            instance.unlink()


def _image(made: _Series, number: int, converted: Converted) -> Image:
    series, sidecar = made.series, converted.sidecar
    echo_time = sidecar.get("EchoTime")
    whole = len(made.volume_types) == converted.volumes
    return Image(
        series=series.series,
        number=number,
        series_number=series.series_number,
        sequence=series.sequence,
        plane=converted.plane if series.plane == "several" else series.plane,
        acquisition=series.acquisition,
        contrast=series.contrast,
        label=converted.label,
        volumes=converted.volumes,
        b_values=converted.b_values,
        echo_time_ms=round(1000 * echo_time, 3) if isinstance(echo_time, int | float) else None,
        direction=converted.direction,
        image_type=image_words(sidecar),
        echo_planar=is_echo_planar(sidecar),
        shape=converted.shape,
        known=frozenset(sidecar),
        volume_types=made.volume_types if whole else (),
        labelling=str(sidecar.get("ArterialSpinLabelingType", "")),
        doubt=made.conversion.doubt,
    )


def _write_image(named: Named, converted: Converted, folders: _Folders) -> None:
    folder = folders.session / named.datatype if named.in_bids else folders.unsorted
    folder.mkdir(parents=True, exist_ok=True)
    compress(converted.nifti, folder / f"{named.stem}.nii.gz")
    facts, part = dict(named.facts), part_of(named.image)
    if named.datatype == "perf":
        facts |= derived_facts(named.image.volume_types)
        context = named.stem.removesuffix("_asl") + "_aslcontext.tsv"
        (folder / context).write_text(context_table(named.image.volume_types))
    told = describe(converted.sidecar, datatype=named.datatype, part=part, facts=facts)
    (folder / f"{named.stem}.json").write_text(sidecar_text(told))
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


def elapsed(clocks_s: Mapping[Image, float | None]) -> dict[Image, float]:
    """Seconds since the first image of the session; a session that passes midnight goes on into the next day."""
    known = {image: clock for image, clock in clocks_s.items() if clock is not None}
    if not known:
        return {}
    past_midnight = max(known.values()) - min(known.values()) > HALF_DAY_S
    moved = {i: clock + 2 * HALF_DAY_S * (past_midnight and clock < HALF_DAY_S) for i, clock in known.items()}
    first = min(moved.values())
    return {image: round(clock - first, 3) for image, clock in moved.items()}


def _put_in_place(task: ConvertTask, layout: Layout, folders: _Folders) -> None:
    """Swap the finished folders in; one that the study no longer has is removed."""
    places = _places(task, layout)
    for made, place in zip((folders.session, folders.unsorted), places, strict=True):
        if made.is_dir():
            replace_folder(made, place)
        elif place.is_dir():
            shutil.rmtree(place)
            remove_empty_parents(place.parent, stop=layout.bids)


def _places(task: ConvertTask, layout: Layout) -> tuple[Path, Path]:
    """The folders of a session: what has a BIDS name, and what is unsorted."""
    return layout.bids_session(task.patient, task.session), layout.bids_unsorted(task.patient, task.session)


def _files(task: ConvertTask, layout: Layout) -> tuple[tuple[str, str], ...]:
    """Every file of the session with its SHA-256; the time of each is hidden."""
    paths = sorted(path for place in _places(task, layout) for path in place.rglob("*") if path.is_file())
    files = [(path, sha256(path)) for path in paths]
    for path, digest in files:
        hide_time(path, digest)
    return tuple((layout.relative(path), digest) for path, digest in files)


def _placed(
    task: ConvertTask, layout: Layout, named: Named, made: _Series, seconds: Mapping[Image, float]
) -> PlacedImage:
    session, unsorted = _places(task, layout)
    folder = session / named.datatype if named.in_bids else unsorted
    return PlacedImage(
        path=layout.relative(folder / f"{named.stem}.nii.gz"),
        series=named.image.series,
        sequence=named.image.sequence,
        reason=named.reason,
        seconds=seconds.get(named.image),
        notes=made.conversion.notes,
    )


def _outcome(series: str, placed: Iterable[PlacedImage], failed: Mapping[str, str]) -> ConvertedSeries:
    """What became of a series: `bids` as soon as one of its images has a name."""
    if series in failed:
        return ConvertedSeries(series, "failed", failed[series], ())
    mine = [each for each in placed if each.series == series]
    paths = tuple(each.path for each in mine)
    named = any(not each.reason for each in mine)
    return ConvertedSeries(
        series, "bids" if named else "unsorted", "" if named else mine[0].reason, paths, mine[0].notes
    )
