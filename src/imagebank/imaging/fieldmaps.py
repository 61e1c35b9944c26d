"""What each image of a field map is, which belong together, and which images each field map is for.

Pure. A field map is one or two series: magnitudes, and after them the phases. An image joins the field map before it
where that still lacks its role and has the same matrix, and else begins a new one; so what comes later never changes
what was decided before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from imagebank.imaging.entities import part_of
from imagebank.imaging.model import Image

READOUT = frozenset({"TotalReadoutTime", "EffectiveEchoSpacing"})
PHASES = ("phasediff", "phase1", "phase2", "fieldmap")
SERVED = ("func", "dwi", "perf")
"""The datatypes that are distorted by an uneven field, and so have a field map."""


@dataclass(frozen=True)
class Role:
    """What one image of a field map is: its BIDS suffix, or a reason code why it has none."""

    image: Image
    suffix: str
    reason: str = ""


@dataclass
class _Map:
    """A field map under way: images by suffix."""

    images: dict[str, Image] = field(default_factory=dict)

    def lacks(self, role: Role) -> bool:
        """Whether an image of a later series may complete it."""
        last = next(reversed(self.images.values()))
        if role.suffix in self.images or last.shape[:3] != role.image.shape[:3]:
            return False
        return last.series == role.image.series or (role.suffix in PHASES and not set(PHASES) & set(self.images))


@dataclass(frozen=True)
class FieldMap:
    """One field map: its number in the session and its images by suffix."""

    number: int
    images: tuple[tuple[str, Image], ...]

    @property
    def echo_times_ms(self) -> tuple[float, ...]:
        """The different echo times of its images, the shortest first: a phase difference names the longer one."""
        times = {image.echo_time_ms for _, image in self.images}
        return tuple(sorted(time for time in times if time is not None))


def roles(images: Sequence[Image]) -> list[Role]:
    """The role of every field-map image, series by series."""
    return [
        role for _, series in groupby(images, key=lambda image: image.series) for role in _roles_of_series(list(series))
    ]


def field_maps(found: Iterable[Role]) -> tuple[FieldMap, ...]:
    """Put images that belong together into one field map; images by opposed phase encoding are none of these."""
    maps: list[_Map] = []
    for role in found:
        if role.reason or role.suffix == "epi":
            continue
        if not maps or not maps[-1].lacks(role):
            maps.append(_Map())
        maps[-1].images[role.suffix] = role.image
    return tuple(FieldMap(number, tuple(each.images.items())) for number, each in enumerate(maps, start=1))


def _roles_of_series(series: list[Image]) -> list[Role]:
    parts = {image.number: part_of(image) for image in series}
    echoes = {
        part: sorted({image.echo_time_ms or 0.0 for image in series if parts[image.number] == part})
        for part in set(parts.values())
    }
    in_hertz = "hertz" in echoes
    return [_role(image, parts[image.number], echoes[parts[image.number]], in_hertz=in_hertz) for image in series]


def _role(image: Image, part: str, echoes: list[float], *, in_hertz: bool) -> Role:
    rank = echoes.index(image.echo_time_ms or 0.0) + 1
    if part in ("real", "imag"):
        return Role(image, "", "complex-field-map")
    if part == "hertz":
        return Role(image, "fieldmap")
    if image.echo_planar and not part and not in_hertz:
        known = image.direction and READOUT & image.known
        return Role(image, "epi") if known else Role(image, "", "no-direction")
    if rank > 2:
        return Role(image, "", "several-echoes")
    if image.volumes != 1:
        return Role(image, "", "several-volumes")
    if part == "phase":
        return Role(image, f"phase{rank}" if len(echoes) == 2 else "phasediff")
    return Role(image, "magnitude" if in_hertz else f"magnitude{rank}")


def identifier(number: int, kind: str) -> str:
    """How the sidecars of a session name one field map."""
    return f"{kind}{number:02d}"


def pair_opposed(images: Sequence[Image]) -> dict[tuple[str, int], int]:
    """The number of the opposed field map that each image belongs to: a new one begins when a direction comes again."""
    numbers: dict[tuple[str, int], int] = {}
    number, seen = 0, set[str]()
    for image in images:
        if not number or image.direction in seen:
            number, seen = number + 1, set()
        seen.add(image.direction)
        numbers[image.series, image.number] = number
    return numbers
