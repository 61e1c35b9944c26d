"""The stored values of a series: painted, spoiled where that is planned, a little noisy, 12 bits, little endian."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.scanning.lettering import Burned, burn
from imagebank.synthetic.scanning.painting import Image, as_received, spoil
from imagebank.synthetic.scanning.placing import Pose, dotted, pose_of
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.volumes import Volume, kept_slices
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import Grid, Physics

LARGEST = 4095  # of 12 bits
QUANTITIES = ("adc", "fa", "fieldmap-phase", "swi-phase")  # techniques whose numbers mean something: no gain, no noise
SPOILED = ("motion", "ghosting", "noise")  # what the painter does; other faults are of geometry
Stored = NDArray[np.uint16]
Painter = Callable[[Physics, Grid], Image]
RUN = re.compile(rb"(.)\1{2,127}", re.DOTALL)
MOST_LITERAL = 128
SLAB = 2  # slices to either side


def stored_volumes(scan: Scan, painter: Painter, volumes: tuple[Volume, ...], *, seed: int) -> list[Stored]:
    """The values of each volume (slices, rows, columns); one receiver gain and one coil for the whole series."""
    chance = stream(seed, "pixels", scan.ordered.uid)
    gain = chance.randrange(230, 300)  # in 1/256: receivers differ
    pose = pose_of(scan.visit.angles_deg)
    found: list[Stored] = []
    for volume in volumes:
        painted: NDArray[Any] = painter(_seen_from_the_head(volume.physics, pose), volume.grid)
        if scan.protocol.kind == "TOF-MIP":
            painted = projected(painted)
        if scan.ordered.fault in SPOILED:
            painted = spoil(painted, scan.ordered.fault, chance)
        if volume.physics.technique not in QUANTITIES:
            coil = stream(seed, "coil", scan.ordered.uid)
            painted = as_received(painted * gain // 256, volume.grid, coil, chance)
        found.append(_mirrored(scan, volume, np.clip(painted, 0, LARGEST).astype("<u2")))
    return found


def _seen_from_the_head(physics: Physics, pose: Pose) -> Physics:
    """The same with its diffusion direction along the patient's own axes, in which heads are painted."""
    if physics.direction is None:
        return physics
    x, y, z = (dotted(physics.direction, axis) for axis in (pose.left, pose.posterior, pose.superior))
    return replace(physics, direction=(x, y, z))


def projected(painted: NDArray[Any]) -> NDArray[Any]:
    """The brightest value of each slab of five slices, as a projection shows it."""
    padded = np.pad(painted, ((SLAB, SLAB), (0, 0), (0, 0)))
    slabs = [padded[k : k + len(painted)] for k in range(2 * SLAB + 1)]
    return np.asarray(np.max(slabs, axis=0))


def _mirrored(scan: Scan, volume: Volume, stored: Stored) -> Stored:
    """Left and right change places in the pixels, while the header says what it always says."""
    if scan.ordered.fault != "swapped-sides":
        return stored
    return np.ascontiguousarray(stored[::-1] if volume.grid.plane == "sagittal" else stored[:, :, ::-1])


def burn_in(scan: Scan, stored: list[Stored]) -> tuple[Burned, ...]:
    """Draw the patient's name, number and the day into every image, where that is planned."""
    if not scan.ordered.burned_in:
        return ()
    family, _, given = scan.visit.told.name.split("=")[0].partition("^")
    lines = (family, given.split("^")[0], scan.visit.told.patient_id, scan.visit.day.strftime("%d/%m/%Y"))
    told = tuple(line for line in lines if line)
    drawn = [burn(volume, told, LARGEST) for volume in stored]
    return drawn[0]


def mosaic(stored: Stored, kept: tuple[int, ...]) -> Stored:
    """All slices of a volume side by side on a square, as Siemens stores them; a missing slice is black."""
    slices, rows, columns = stored.shape
    across = mosaic_side(slices)
    tiles = np.zeros((across * across, rows, columns), dtype="<u2")
    tiles[list(kept)] = stored[list(kept)]
    square = tiles.reshape(across, across, rows, columns).transpose(0, 2, 1, 3)
    return square.reshape(across * rows, across * columns)


def mosaic_side(slices: int) -> int:
    """How many tiles stand in a row."""
    side = 1
    while side * side < slices:
        side += 1
    return side


def kept_frames(scan: Scan, volumes: tuple[Volume, ...]) -> list[tuple[int, ...]]:
    """The slices that exist, for each volume."""
    return [kept_slices(scan, volume.grid) for volume in volumes]


def run_length_frame(image: Stored) -> bytes:
    """One frame in DICOM's run length encoding: the high bytes, then the low bytes, row by row."""
    planes = [np.ascontiguousarray(image >> 8).astype("u1"), np.ascontiguousarray(image & 255).astype("u1")]
    segments = [b"".join([_packed(row.tobytes()) for row in plane]) for plane in planes]
    segments = [each + b"\0" * (len(each) % 2) for each in segments]
    offsets = [2, 64, 64 + len(segments[0])]
    return struct.pack("<16I", *offsets, *[0] * 13) + b"".join(segments)


def _packed(row: bytes) -> bytes:
    """PackBits of one row: runs of three and more, literals between them."""
    parts, at = [], 0
    for run in RUN.finditer(row):
        parts += [_literal(row[at : run.start()]), struct.pack("B", 257 - len(run[0])), run[1]]
        at = run.end()
    return b"".join([*parts, _literal(row[at:])])


def _literal(content: bytes) -> bytes:
    pieces = [content[k : k + MOST_LITERAL] for k in range(0, len(content), MOST_LITERAL)]
    return b"".join([struct.pack("B", len(piece) - 1) + piece for piece in pieces])


def encapsulated(frames: list[bytes]) -> bytes:
    """Compressed frames as the content of Pixel Data: an offset table, one fragment each, and the end."""
    offsets, at = [], 0
    for frame in frames:
        offsets.append(at)
        at += 8 + len(frame)
    table = struct.pack(f"<{len(frames)}I", *offsets)
    items = [struct.pack("<HHI", 0xFFFE, 0xE000, len(each)) + each for each in (table, *frames)]
    return b"".join([*items, struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)])
