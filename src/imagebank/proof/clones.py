"""Clones of a file with canaries in them: as many clones as there are ways of hiding that do not go together."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pydicom
from pydicom.dataset import FileDataset
from pydicom.tag import Tag

from imagebank.dicom.deidentify import transfer_syntax
from imagebank.dicom.policy import Policy
from imagebank.proof.canaries import Canaries, Plant
from imagebank.proof.planting import plant_elements
from imagebank.proof.planting_numbers import plant_letters, plant_long_numbers, plant_own_numbers
from imagebank.proof.planting_pixels import (
    TIMES,
    plain_pixels,
    plant_behind_pixels,
    plant_high_bits,
    plant_overlays,
    plant_text,
)
from imagebank.proof.planting_places import plant_after_end, plant_behind, plant_name, plant_places
from imagebank.proof.planting_texts import CHARACTER_SETS, plant_characters, plant_csa, plant_kept_texts

SMALL = 96  # rows and columns of a clone's image
Planter = Callable[[FileDataset], Iterable[Plant]]


@dataclass(frozen=True)
class Clone:
    """A file that holds canaries, where it should lie, and what was hidden in it and in its name."""

    path: str = field(repr=False)
    content: bytes = field(repr=False)
    plants: tuple[Plant, ...] = field(repr=False)


def clones_of(content: bytes, patient_id: str, canaries: Canaries, policy: Policy) -> Iterator[Clone]:
    """Every clone of a file, all of one invented patient. Raises what pydicom raises for a file that it cannot read."""
    planters: list[Planter] = [
        lambda dataset: plant_elements(dataset, canaries, policy),
        lambda dataset: plant_kept_texts(dataset, canaries, policy),
        lambda dataset: plant_csa(dataset, canaries),
        lambda dataset: plant_overlays(dataset, canaries),
        lambda dataset: plant_high_bits(dataset, canaries),
        lambda dataset: plant_behind_pixels(dataset, canaries),
        lambda dataset: plant_long_numbers(dataset, canaries, policy),
        lambda dataset: plant_own_numbers(dataset, canaries, policy),
        lambda dataset: plant_letters(dataset, canaries, policy),
    ]
    planters += [_text(kind, canaries) for kind in TIMES]
    planters += [_characters(name, canaries) for name in CHARACTER_SETS]
    for planter in planters:
        dataset = _read(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # canaries are no valid dates and times
            plants = list(planter(dataset))
        if plants:
            yield _clone(dataset, patient_id, canaries, plants)
    yield from _outside(content, patient_id, canaries)


def lighten(dataset: FileDataset) -> None:
    """Cut plain pixels to a small square of one frame, and the frames' headers to two: the header is what is tested."""
    pixels = plain_pixels(dataset)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if pixels is not None and len(pixels) >= rows * columns:
        small = pixels[: rows * columns].reshape(rows, columns)[:SMALL, :SMALL]
        dataset.Rows, dataset.Columns = small.shape
        dataset[Tag(0x7FE00010)].value = small.tobytes() + b"\0" * (small.nbytes % 2)
        if "NumberOfFrames" in dataset:
            dataset.NumberOfFrames = 1
    for tag in [tag for tag in dataset.keys() if tag.group == 0]:  # noqa: SIM118 - iterating would decode
        del dataset[tag]  # left over from the network; pydicom does not write it
    if "PerFrameFunctionalGroupsSequence" in dataset:
        dataset.PerFrameFunctionalGroupsSequence = list(dataset.PerFrameFunctionalGroupsSequence)[:2]


def _characters(name: str, canaries: Canaries) -> Planter:
    return lambda dataset: plant_characters(dataset, canaries, name)


def _text(kind: str, canaries: Canaries) -> Planter:
    return lambda dataset: plant_text(dataset, canaries, kind)


def _outside(content: bytes, patient_id: str, canaries: Canaries) -> Iterator[Clone]:
    """Clones whose canaries lie outside the dataset."""
    first = _read(content)
    implicit, compressed = bool(first.original_encoding[0]), transfer_syntax(first).is_encapsulated
    for index in range(2 if compressed else 3):  # what follows compressed pixels cannot be told from them
        dataset = _read(content)
        clone = _clone(dataset, patient_id, canaries, [])
        if index == 0:
            changed, plants = plant_places(clone.content, canaries)
        elif index == 1:
            changed, plants = plant_behind(clone.content, canaries, implicit=implicit)
        else:
            changed, plants = plant_after_end(clone.content, canaries)
        yield Clone(clone.path, changed, (*clone.plants, *plants))


def _read(content: bytes) -> FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(io.BytesIO(content), force=content[128:132] != b"DICM")
        lighten(dataset)
        return dataset


def _clone(dataset: FileDataset, patient_id: str, canaries: Canaries, plants: list[Plant]) -> Clone:
    """The file of a dataset, under UIDs and a path of its own, which are canaries as well."""
    kept = {plant.place for plant in plants}
    uids = ("StudyInstanceUID", "(0020,000D)"), ("SeriesInstanceUID", "(0020,000E)"), ("SOPInstanceUID", "(0008,0018)")
    for keyword, place in uids:
        if place not in kept:
            setattr(dataset, keyword, canaries.uid())
            plants.append(Plant("UID", place, 0, str(dataset[keyword].value)))
    dataset.PatientID = patient_id
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    name, more = plant_name(canaries)
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(buffer, enforce_file_format=True)
    known = {plant for plant in plants if plant.place != "(0010,0020)"}
    ordered = [plant for plant in plants if plant in known]
    return Clone(name, buffer.getvalue(), (*ordered, *more, Plant("patient id or name", "(0010,0020)", 0, patient_id)))
