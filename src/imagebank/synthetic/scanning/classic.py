"""Classic MR images: one file for each slice, or a mosaic for each volume."""

from __future__ import annotations

from collections.abc import Iterator

from imagebank.synthetic.scanning import ge, philips, siemens
from imagebank.synthetic.scanning.elements import Coding, Elements, Header, encode_each, framed, header_of
from imagebank.synthetic.scanning.part10 import PIXELS
from imagebank.synthetic.scanning.pixels import (
    Stored,
    encapsulated,
    kept_frames,
    mosaic,
    mosaic_side,
    run_length_frame,
)
from imagebank.synthetic.scanning.placing import decimals
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.standard import frame_elements, shared_header, volume_elements
from imagebank.synthetic.scanning.volumes import Frame, Volume, excitations_ms, frames_of

Instances = Iterator[tuple[int, str, Elements]]


def shared(scan: Scan) -> Header:
    """What all instances share, private elements included."""
    header = shared_header(scan)
    {"siemens": siemens, "ge": ge, "philips": philips}[scan.machine.maker].add_shared(header, scan)
    return header


def instances(
    scan: Scan, header: Header, volumes: tuple[Volume, ...], stored: list[Stored], coding: Coding
) -> Instances:
    """Each file of a series: instance number, UID, encoded elements."""
    base = encode_each(header, coding)
    frames = frames_of(scan, volumes)
    images = len(frames)
    for number, volume in enumerate(volumes):
        own = {**base, **encode_each(_of_volume(scan, volume, images), coding)}
        mine = [frame for frame in frames if frame.volume == number]
        if scan.machine.maker == "siemens" and scan.protocol.kind in siemens.MOSAICS:
            yield _mosaic(scan, volume, number + 1, mine, stored[number], own, coding)
            continue
        kept = kept_frames(scan, volumes)[number]
        for frame in mine:
            if frame.slice in kept:
                yield _slice(scan, volume, frame, stored[number], own, coding)


def own_of_first(scan: Scan, volumes: tuple[Volume, ...]) -> Header:
    """What the first image says beside what all share."""
    frames = frames_of(scan, volumes)
    return _of_volume(scan, volumes[0], len(frames)) | _of_frame(scan, volumes[0], frames[0])


def _of_volume(scan: Scan, volume: Volume, images: int) -> Header:
    standard = volume_elements(scan, volume)
    match scan.machine.maker:
        case "siemens":
            return standard | siemens.volume_elements(scan, volume)
        case "ge":
            return standard | ge.volume_elements(scan, volume, images)
    return standard | philips.volume_elements(scan, volume)


def _of_frame(scan: Scan, volume: Volume, frame: Frame) -> Header:
    standard = frame_elements(scan, volume, frame)
    match scan.machine.maker:
        case "siemens":
            return standard | siemens.frame_elements(scan, volume, frame, ())
        case "ge":
            return standard | ge.frame_elements(scan, volume, frame)
    return standard | philips.frame_elements(scan, volume, frame)


def _slice(
    scan: Scan, volume: Volume, frame: Frame, stored: Stored, own: Elements, coding: Coding
) -> tuple[int, str, Elements]:
    elements = {**own, **encode_each(_of_frame(scan, volume, frame), coding)}
    elements[PIXELS] = pixel_element([stored[frame.slice]], scan.machine.syntax)
    return frame.instance, scan.instance_uid(frame.instance), elements


def _mosaic(
    scan: Scan, volume: Volume, instance: int, frames: list[Frame], stored: Stored, own: Elements, coding: Coding
) -> tuple[int, str, Elements]:
    first, grid = frames[0], volume.grid
    times = excitations_ms(scan, grid.slices)
    kept = kept_frames(scan, (volume,))[0]
    values = frame_elements(scan, volume, first) | siemens.frame_elements(scan, volume, first, times)
    side = mosaic_side(grid.slices)
    values |= header_of(
        SOPInstanceUID=scan.instance_uid(instance),
        InstanceNumber=str(instance),
        ImageType=f"{scan.protocol.image_type}\\MOSAIC",
        Rows=side * grid.rows,
        Columns=side * grid.columns,
        ImagePositionPatient=decimals(siemens.mosaic_origin(first, volume)),
    )
    values[0x0051100B] = ("LO", f"{grid.rows}p*{grid.columns}")
    elements = {**own, **encode_each(values, coding)}
    elements[PIXELS] = pixel_element([mosaic(stored, kept)], scan.machine.syntax)
    return instance, scan.instance_uid(instance), elements


def pixel_element(images: list[Stored], syntax: str) -> bytes:
    """Pixel Data of one or many frames; compressed, it has no length of its own."""
    if syntax == "rle":
        element = framed(PIXELS, "OB", encapsulated([run_length_frame(image) for image in images]), implicit=False)
        return element[:8] + b"\xff\xff\xff\xff" + element[12:]
    return framed(PIXELS, "OW", b"".join([image.tobytes() for image in images]), implicit=syntax == "implicit")
