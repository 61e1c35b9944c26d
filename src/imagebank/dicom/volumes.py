"""A series split into the volumes that it holds, before anything is said of what it shows.

Frames belong to one kind of volume when they agree in echo, component, frame type and matrix; within a kind, each
orientation, b-value and moment is a volume of its own. So two echoes, magnitude and phase, or three crossing planes in
one series are seen for what they are. Series numbers and descriptions never take part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.frames import Frame
from imagebank.dicom.geometry import plane
from imagebank.dicom.pulse import COMPONENT_WORDS

Kind = tuple[float, str, tuple[str, ...], int, int]
"""Echo time in ms (0 where untold), component, words of the frame type, rows and columns."""

NOT_OF_A_KIND = frozenset(COMPONENT_WORDS) | {"TE1", "TE2", "TE3", "TE4", "TE5", "MOSAIC"}
"""Words of ImageType that say the component, the echo or the storage: told apart by other means."""


@dataclass(frozen=True)
class Part:
    """The volumes of one kind in a series: what they have in common, and how many there are."""

    echo_time_ms: float | None
    component: str
    flavour: tuple[str, ...]
    plane: str
    b_values: tuple[float, ...]
    volumes: int
    slices: int
    images: tuple[Acquisition, ...]


def split_volumes(images: Sequence[Acquisition]) -> tuple[Part, ...]:
    """The kinds of volumes in a series, in the order of their echo, component and frame type."""
    kinds: dict[Kind, list[tuple[Acquisition, Frame]]] = {}
    for each in images:
        for frame in each.slice_frames or (Frame(flavour=each.image_type, component=each.component),):
            kinds.setdefault(_kind(each, frame), []).append((each, frame))
    return tuple(_part(kind, kinds[kind]) for kind in sorted(kinds))


def _kind(image: Acquisition, frame: Frame) -> Kind:
    return (frame.echo_time_ms or 0.0, frame.component, _words(frame.flavour), image.rows or 0, image.columns or 0)


@lru_cache(maxsize=1024)
def _words(flavour: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(flavour) - NOT_OF_A_KIND))


def _part(kind: Kind, members: Sequence[tuple[Acquisition, Frame]]) -> Part:
    frames = [frame for _, frame in members]
    positions = {(frame.orientation, frame.position) for frame in frames if frame.position}
    weights = {frame.b_value for frame in frames if frame.b_value is not None}
    stacks = {frame.orientation for frame in frames}
    volumes = max(1, round(len(frames) / len(positions))) * len(stacks) if positions else 1
    return Part(
        echo_time_ms=kind[0] or None,
        component=kind[1],
        flavour=kind[2],
        plane=plane(frame.orientation for frame in frames if frame.orientation),
        b_values=tuple(sorted(weights)),
        volumes=volumes,
        slices=max(image.mosaic_slices or len(positions) // max(1, len(stacks)) for image, _ in members) or 1,
        images=_alone(kind, members),
    )


def _alone(kind: Kind, members: Sequence[tuple[Acquisition, Frame]]) -> tuple[Acquisition, ...]:
    """The instances as if they held only the frames of this kind."""
    owned: dict[int, tuple[Acquisition, list[Frame]]] = {}
    for image, frame in members:
        owned.setdefault(id(image), (image, []))[1].append(frame)
    return tuple(_narrowed(kind, image, frames) for image, frames in owned.values())


def _narrowed(kind: Kind, image: Acquisition, frames: Sequence[Frame]) -> Acquisition:
    if len(frames) == len(image.slice_frames):
        return image
    places = dict.fromkeys(frame.position for frame in frames if frame.position)
    turns = dict.fromkeys(frame.orientation for frame in frames if frame.orientation)
    weights = [frame.b_value for frame in frames if frame.b_value is not None]
    return replace(
        image,
        image_type=tuple(dict.fromkeys(word for frame in frames for word in frame.flavour)),
        echo_time_ms=kind[0] or None,
        echo_times_ms=(kind[0],) if kind[0] else (),
        component=kind[1],
        b_value=max(weights, default=None),
        orientations=tuple(turns),
        positions=tuple(places),
        frames=len(frames),
        slice_frames=tuple(frames),
    )
