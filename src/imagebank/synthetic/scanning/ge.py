"""GE: private blocks with timing, diffusion relative to the image, and the protocol as compressed text.

Newer software adds 1e9 to the b-values of its private element, so that a reader who does not know sees 1000001000.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

from imagebank.synthetic.scanning.elements import Header
from imagebank.synthetic.scanning.placing import Pose, Vector, dotted, place
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.standard import phase_direction
from imagebank.synthetic.scanning.volumes import Frame, Volume

B_OFFSET = 1_000_000_000
ECHO_SPACING_US = 636
PLANES = {"axial": 2, "sagittal": 4, "coronal": 8}
OPTIONS = {"DWI": "EPI, DIFF, Asset", "BOLD": "EPI, FMRI"}


def add_shared(header: Header, scan: Scan) -> None:
    """Private elements that the whole series shares."""
    told, protocol = scan.visit.told, scan.protocol
    internal = protocol.sequence_name.split("-")[0].upper()
    header.update(
        {
            0x00090010: ("LO", "GEMS_IDEN_01"),
            0x00091002: ("SH", scan.machine.station[:4]),
            0x00091004: ("SH", "SIGNA"),
            0x00091030: ("SH", scan.machine.serial),
            0x00110010: ("LO", "GEMS_PATI_01"),
            0x00111010: ("SS", 0),
            0x00111011: ("LT", f"{told.name} {told.patient_id}"),
            0x00190010: ("LO", "GEMS_ACQU_01"),
            0x00191011: ("SS", int(bool(scan.agent))),
            0x0019107E: ("SS", 2 if protocol.te2_ms else 1),
            0x0019109C: ("LO", protocol.sequence_name),
            0x0019109E: ("LO", internal),
            0x001910E0: ("DS", f"{protocol.directions:.6f}"),
            0x00210010: ("LO", "GEMS_RELA_01"),
            0x00250010: ("LO", "GEMS_SERS_01"),
            0x00251011: ("SS", 1),
            0x00270010: ("LO", "GEMS_IMAG_01"),
            0x00430010: ("LO", "GEMS_PARM_01"),
            0x00431001: ("SS", 4),
            0x0043102C: ("SS", ECHO_SPACING_US if protocol.kind in ("DWI", "BOLD") else 0),
            0x0043108A: ("CS", phase_direction(scan)),
            0x00431096: ("CS", "PRODUCT"),
            0x00180025: ("CS", "N"),
            0x00181315: ("CS", "N"),
        }
    )
    if protocol.kind in ("DWI", "BOLD"):
        header[0x00189034] = ("CS", "LINEAR")


def volume_elements(scan: Scan, volume: Volume, images: int) -> Header:
    """Private elements that the slices of one volume share; `images` counts those of the series."""
    grid = volume.grid
    protocol_block = _protocol_block(
        scan.wording.series, OPTIONS.get(scan.protocol.kind, "FAST"), grid.slices, scan.protocol.tr_ms
    )
    found: Header = {
        0x0019101E: ("DS", f"{grid.rows * grid.pixel_mm:.6f}"),
        0x00191017: ("SS", PLANES[grid.plane]),
        0x0021104F: ("SS", grid.slices),
        0x00251007: ("SL", images),
        0x0025101B: ("OB", protocol_block),
        0x00271035: ("SS", PLANES[grid.plane]),
        0x0043102F: ("SS", 1 if scan.protocol.kind == "SWI-phase" else 0),
        0x00431039: ("IS", f"{_private_b(scan, volume)}\\8\\0\\0"),
    }
    if scan.protocol.kind == "DWI":
        x, y, z = image_direction(scan, volume)
        found |= {0x001910BB: ("DS", f"{x:.6f}"), 0x001910BC: ("DS", f"{y:.6f}"), 0x001910BD: ("DS", f"{z:.6f}")}
        if scan.era.b_offset:
            found[0x00189087] = ("FD", volume.physics.b_value)
    return found


def _private_b(scan: Scan, volume: Volume) -> int:
    b_value = int(volume.physics.b_value) if scan.protocol.kind == "DWI" else 0
    return b_value + B_OFFSET if b_value and scan.era.b_offset else b_value


def image_direction(scan: Scan, volume: Volume) -> Vector:
    """The diffusion direction as GE states it: along frequency, phase and slice of the image, phase along columns."""
    direction = volume.physics.direction
    if direction is None:
        return (0.0, 0.0, 0.0)
    placement = place(scan.pose, volume.grid, 0)
    along_row, along_column = dotted(direction, placement.row), dotted(direction, placement.column)
    return (along_row, along_column, -dotted(direction, placement.normal))


def frame_elements(scan: Scan, volume: Volume, frame: Frame) -> Header:
    """Private elements of one image: when its slice was excited, and where it lies."""
    location = _superior(scan.pose, frame)
    found: Header = {
        0x00271040: ("SH", "S" if location >= 0 else "I"),
        0x00271041: ("FL", location),
        0x0021105E: ("DS", f"{frame.milliseconds * 10:.6f}" if scan.protocol.kind == "BOLD" else "0.000000"),
    }
    if scan.protocol.kind == "BOLD":
        found[0x00200100] = ("IS", str(volume.time))
    return found


def _superior(pose: Pose, frame: Frame) -> float:
    return round(dotted(frame.placement.origin, pose.superior), 4)


@lru_cache(maxsize=256)
def _protocol_block(description: str, options: str, slices: int, tr_ms: float) -> bytes:
    """The prescription as the console keeps it: compressed text behind its length."""
    lines = {
        "POSITION": "Supine",
        "ENTRY": "Head First",
        "SEDESC": description,
        "IMODE": "2D",
        "IOPT": options,
        "SLICEORDER": "1",
        "VIEWORDER": "1",
        "TR": f"{tr_ms:.1f}",
        "DELACQ": "0",
        "DELACQNOAV": "0",
        "NOSLC": f"{slices}",
        "MBACCEL": "1",
        "CONTRAST": "No",
    }
    text = "".join(f'{name} "{value}"\n' for name, value in lines.items())
    content = stored_gzip(text.encode("latin-1", errors="replace"))
    return struct.pack("<I", len(content)) + content


def stored_gzip(content: bytes) -> bytes:
    """A gzip file of stored blocks, so that its bytes depend on no version of zlib."""
    blocks = [content[start : start + 0xFFFF] for start in range(0, len(content), 0xFFFF)]
    body = b"".join(
        struct.pack("<BHH", index == len(blocks) - 1, len(block), len(block) ^ 0xFFFF) + block
        for index, block in enumerate(blocks)
    )
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<II", zlib.crc32(content), len(content))
