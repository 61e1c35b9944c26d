"""One examination becomes files: the series are painted, encoded and laid out as a PACS export would.

Folders carry names, hospital numbers or UIDs by turns, since paths are identifiers too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from imagebank.synthetic import brain
from imagebank.synthetic.dicom_files import (
    PIXELS,
    Elements,
    Envelope,
    encode,
    file_bytes,
    long_element,
    value_element,
    write,
)
from imagebank.synthetic.geometry import place, pose_of
from imagebank.synthetic.headers import MR_IMAGE, Frame, charset_of, diffusion_scheme, series_dataset, slice_elements
from imagebank.synthetic.plants import TURNS, plant
from imagebank.synthetic.streams import stream
from imagebank.synthetic.studies import SeriesPlan, StudyPlan, compact
from imagebank.synthetic.vendors import add_private, private_slice_elements

LARGEST = 4095  # of 12 bits


@dataclass(frozen=True)
class SeriesFiles:
    """What was written for one series: paths below the images folder, the shared header and its envelope."""

    study: StudyPlan
    series: SeriesPlan
    paths: tuple[Path, ...]
    header: Dataset
    envelope: Envelope


def write_study(images: Path, study: StudyPlan, *, seed: int) -> tuple[SeriesFiles, ...]:
    """Write every series of an examination below the folder `images`."""
    return tuple(write_series(images, study, series, seed=seed) for series in study.series)


def write_series(images: Path, study: StudyPlan, series: SeriesPlan, *, seed: int) -> SeriesFiles:
    """Write one series; returns what was written."""
    header = series_header(study, series)
    envelope = envelope_of(study, series)
    shared = encode(header, syntax=envelope.syntax, charset=charset_of(study))
    folder = series_folder(study, series)
    paths = []
    for frame, elements in instances(study, series, seed=seed):
        path = folder / file_name(study, series, frame.instance)
        content = file_bytes({**shared, **elements}, envelope, MR_IMAGE, f"{series.uid}.{frame.instance}")
        write(images / path, content)
        paths.append(path)
    return SeriesFiles(study, series, tuple(paths), header, envelope)


def series_header(study: StudyPlan, series: SeriesPlan) -> Dataset:
    """What all instances share, with private elements and planted identifiers."""
    header = series_dataset(study, series)
    add_private(header, study, series)
    plant(header, study, series)
    return header


def instances(study: StudyPlan, series: SeriesPlan, *, seed: int) -> Iterator[tuple[Frame, Elements]]:
    """Each image of a series with the encoded elements that are its own, pixels included."""
    pixels = _pixels(study, series, seed=seed)
    syntax = study.scanner.syntax
    for index, frame in enumerate(frames(study, series)):
        count = series.protocol.slices
        if series.keep and index % count not in series.keep:
            continue
        own = slice_elements(study, series, frame)
        own.update(private_slice_elements(series.protocol, frame, index % count + 1))
        elements = {tag: value_element(tag, vr, value, syntax=syntax) for tag, (vr, value) in own.items()}
        elements[PIXELS] = long_element(PIXELS, "OW", pixels[index].tobytes(), syntax=syntax)
        yield frame, elements


def frames(study: StudyPlan, series: SeriesPlan) -> list[Frame]:
    """The images of a series in order: stack by stack, volume by volume, slice by slice."""
    pose = pose_of(study.angles_deg)
    found: list[Frame] = []
    for acquisition, (b_value, direction) in enumerate(diffusion_scheme(series.protocol), start=1):
        for grid in _stacks(series):
            for index in range(grid.slices):
                found.append(Frame(len(found) + 1, acquisition, place(pose, grid, index), b_value, direction))
    return found


def _stacks(series: SeriesPlan) -> list[brain.Grid]:
    """One stack, or the three planes of a localizer."""
    protocol = series.protocol
    if protocol.plane != "several":
        return [protocol.grid(protocol.plane, protocol.slices)]
    return [protocol.grid(plane, protocol.slices // 3) for plane in ("axial", "sagittal", "coronal")]


def _pixels(study: StudyPlan, series: SeriesPlan, *, seed: int) -> Any:
    """All images of a series: painted, a little noisy, 12 bits, little endian."""
    chance = stream(seed, "pixels", series.uid)
    gain = chance.randrange(230, 300)  # in 1/256: receivers differ
    volumes = []
    for b_value, _ in diffusion_scheme(series.protocol):
        contrast = ("b1000" if b_value else "b0") if series.protocol.directions else series.protocol.sequence
        weight = gain + (chance.randrange(-12, 13) if b_value else 0)
        for grid in _stacks(series):
            painted = brain.paint(contrast, study.atrophy, grid, study.scale)
            grain = brain.noise(chance.randrange(1 << 30), painted.size).reshape(painted.shape)
            volumes.append(np.clip(np.abs(painted * weight // 256 + grain), 0, LARGEST).astype("<u2"))
    return np.concatenate(volumes)


def envelope_of(study: StudyPlan, series: SeriesPlan) -> Envelope:
    """Preamble and file meta information, leaky in one series of three."""
    leaky = (int(study.key.split("-")[0]) + series.number) % TURNS == 1
    told = study.identity
    return Envelope(
        syntax=study.scanner.syntax,
        preamble=f"{told.name} {told.patient_id}".encode() if leaky else bytes(128),
        source_title=study.scanner.station,
        private_information=f"{told.name} {told.birth_date}".encode() if leaky else b"",
        padding_bytes=126 if leaky else 0,
    )


def series_folder(study: StudyPlan, series: SeriesPlan) -> Path:
    """Four habits of exporting: by name, by hospital number and date, by UID, by plain counters."""
    person, number = study.person, int(study.key.split("-")[0])
    folder = f"{series.number:03d}_{series.protocol.sequence}"
    match number % 4:
        case 0:
            name = study.identity.name.replace("^", "_").replace(" ", "_")
            return Path("export") / f"{name}_{study.identity.patient_id}" / f"{study.day.isoformat()}_MRI_Head" / folder
        case 1:
            return Path(compact(study.day)[:4]) / person.hospital_number / compact(study.day) / folder
        case 2:
            return Path("archive") / study.uid / series.uid
        case _:
            return Path("DICOM") / f"PA{number:06d}" / f"ST{study.key.split('-')[1]:0>6}" / f"SE{series.number:06d}"


def file_name(study: StudyPlan, series: SeriesPlan, instance: int) -> str:
    """Some exports have an extension, others none."""
    match int(study.key.split("-")[0]) % 4:
        case 0:
            return f"IM-{series.number:04d}-{instance:04d}.dcm"
        case 1:
            return f"MR{instance:06d}"
        case 2:
            return f"{series.uid}.{instance}.dcm"
        case _:
            return f"IM{instance:06d}"
