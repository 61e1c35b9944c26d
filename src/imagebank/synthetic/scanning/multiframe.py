"""Enhanced MR images: one file for each volume (Siemens XA) or for the whole series (Philips)."""

from __future__ import annotations

from collections.abc import Iterator

from imagebank.synthetic.scanning.classic import pixel_element
from imagebank.synthetic.scanning.elements import Coding, Elements, Header, encode_each, encode_item, framed, named
from imagebank.synthetic.scanning.enhanced import file_elements, files_of, shared_header
from imagebank.synthetic.scanning.functional import frame_groups, shared_groups
from imagebank.synthetic.scanning.part10 import PIXELS
from imagebank.synthetic.scanning.philips import private_series
from imagebank.synthetic.scanning.pixels import Stored, kept_frames
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.volumes import Frame, Volume, frames_of

SHARED_GROUPS = named("SharedFunctionalGroupsSequence")[0]
FRAME_GROUPS = named("PerFrameFunctionalGroupsSequence")[0]


def shared(scan: Scan) -> Header:
    """What all files of a series share, and the groups that all frames share."""
    header = shared_header(scan)
    if scan.machine.maker == "philips":
        header.update(private_series(scan))
    return header


def instances(
    scan: Scan, header: Header, volumes: tuple[Volume, ...], stored: list[Stored], coding: Coding
) -> Iterator[tuple[int, str, Elements]]:
    """Each file of a series: instance number, UID, encoded elements."""
    base = encode_each(header, coding)
    kept = kept_frames(scan, volumes)
    for instance, frames in enumerate(files_of(scan, volumes, frames_of(scan, volumes)), start=1):
        present = [frame for frame in frames if frame.slice in kept[frame.volume]]
        values = file_elements(scan, volumes, present, instance)
        values[SHARED_GROUPS] = ("SQ", [shared_groups(scan, volumes[present[0].volume])])
        elements = {**base, **encode_each(values, coding)}
        elements[FRAME_GROUPS] = _per_frame(scan, volumes, present, coding)
        elements[PIXELS] = pixel_element([stored[each.volume][each.slice] for each in present], scan.machine.syntax)
        yield instance, scan.instance_uid(instance), elements


def own_of_first(scan: Scan, volumes: tuple[Volume, ...]) -> Header:
    """What the first file says beside what all share: of its frames the first."""
    frames = frames_of(scan, volumes)
    return file_elements(scan, volumes, frames, 1) | {
        SHARED_GROUPS: ("SQ", [shared_groups(scan, volumes[0])]),
        FRAME_GROUPS: ("SQ", [frame_groups(scan, volumes[0], frames[0], 1)]),
    }


def _per_frame(scan: Scan, volumes: tuple[Volume, ...], frames: list[Frame], coding: Coding) -> bytes:
    """The groups of each frame, encoded."""
    places: dict[int, int] = {}
    items = []
    for frame in frames:
        places[frame.volume] = places.get(frame.volume, 0) + 1
        groups = frame_groups(scan, volumes[frame.volume], frame, places[frame.volume])
        items.append(encode_item(groups, coding))
    return framed(FRAME_GROUPS, "SQ", b"".join(items), implicit=coding.implicit)
