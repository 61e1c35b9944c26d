"""Philips classic: private scaling, stacks, diffusion, and a private sequence that repeats the patient."""

from __future__ import annotations

from imagebank.synthetic.scanning.elements import Header, header_of
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.volumes import Frame, Volume

IMAGING_1, IMAGING_2 = "Philips Imaging DD 001", "Philips Imaging DD 002"
MR_1, MR_5 = "Philips MR Imaging DD 001", "Philips MR Imaging DD 005"
PLANES = {"axial": "TRANSVERSAL", "sagittal": "SAGITTAL", "coronal": "CORONAL"}
AXES = {"axial": "FH", "sagittal": "RL", "coronal": "AP"}
SLOPE = 1.2915751  # displayed value = stored x slope
SCALE_SLOPE = 0.0046118  # floating point value = displayed / (slope x this)
EPI_FACTOR = 43
B_VALUE_EVERYWHERE = "5."  # software that states a b-value of 0 in images that have none


def add_shared(header: Header, scan: Scan) -> None:
    """Private elements that the whole series shares."""
    header.update(private_series(scan))
    header[0x2001105F] = ("SQ", [_stack(scan)])
    header[0x20050010] = ("LO", MR_1)
    header[0x20050014] = ("LO", MR_5)
    header[0x2005106F] = ("CS", "MS" if scan.protocol.acquisition == "2D" else "3D")


def private_series(scan: Scan) -> Header:
    """The private block that both classic and enhanced files have at their top."""
    protocol = scan.protocol
    return {
        0x20010010: ("LO", IMAGING_1),
        0x20010011: ("LO", IMAGING_2),
        0x20011010: ("CS", "NO"),
        0x20011012: ("CS", "Y" if protocol.kind == "BOLD" else "N"),
        0x20011013: ("SL", EPI_FACTOR if protocol.kind in ("DWI", "BOLD") else 1),
        0x20011014: ("SL", 2 if protocol.te2_ms else 1),
        0x20011020: ("LO", protocol.sequence_name),
        0x20011021: ("CS", "Y" if "FS" in protocol.scan_options else "N"),
        0x20011022: ("FL", 1.2),
        0x20011060: ("SL", 1),
        0x2001107B: ("IS", str(scan.ordered.number)),
        0x200110C8: ("LO", f"Exam of {scan.visit.told.name} {scan.visit.told.patient_id}"),
    }


def _stack(scan: Scan) -> Header:
    """A private sequence whose item repeats the patient and the console's user."""
    told = scan.visit.told
    plane = scan.protocol.plane if scan.protocol.plane != "several" else "axial"
    item = header_of(PatientName=told.name, PatientID=told.patient_id)
    item[0x20010010] = ("LO", IMAGING_1)
    item[0x20011032] = ("FL", 150.0)
    item[0x20011033] = ("CS", AXES[plane])
    item[0x20011036] = ("CS", "PARALLEL")
    item[0x200110C8] = ("LO", f"Exam of {told.name} by {scan.visit.staff_of('operator')}")
    return item


def volume_elements(scan: Scan, volume: Volume) -> Header:
    """Private elements that the slices of one volume share, and the scaling."""
    found: Header = {
        0x2001100B: ("CS", PLANES[volume.grid.plane]),
        0x20011018: ("SL", volume.grid.slices),
        0x20011081: ("IS", str(volume.time)),
        **scaling(scan, volume),
    }
    if scan.era.software.startswith(B_VALUE_EVERYWHERE):
        found |= {0x00189087: ("FD", 0.0), 0x00189089: ("FD", (0.0, 0.0, 0.0))}
    if scan.protocol.kind in ("DWI", "BOLD"):
        found[0x00200100] = ("IS", str(volume.time))
    if scan.protocol.kind == "DWI":
        found.update(diffusion(volume))
        found[0x00189087] = ("FD", volume.physics.b_value)
        if volume.physics.direction:
            found[0x00189089] = ("FD", volume.physics.direction)
    return found


def scaling(scan: Scan, volume: Volume) -> Header:
    """What a stored value means: displayed by the standard's slope, physical by the private one."""
    slope, intercept, unit = slope_of(scan, volume)
    return {
        0x00281052: ("DS", f"{intercept:g}"),
        0x00281053: ("DS", f"{slope:.7g}"),
        0x00281054: ("LO", unit),
        0x2005100D: ("FL", intercept),
        0x2005100E: ("FL", SCALE_SLOPE),
    }


def slope_of(scan: Scan, volume: Volume) -> tuple[float, float, str]:
    """Slope, intercept and unit of the displayed value; a phase is in mrad."""
    if volume.component == "P":
        return (2 * 3141.59 / 4095, -3141.59, "mrad")
    if scan.protocol.kind in ("ADC", "FA"):
        return (1.0, 0.0, "US")
    return (SLOPE, 0.0, "normalized")


def diffusion(volume: Volume) -> Header:
    """b-value and direction in Philips' own elements, in patient coordinates."""
    x, y, z = volume.physics.direction or (0.0, 0.0, 0.0)
    return {
        0x20011003: ("FL", volume.physics.b_value),
        0x20011004: ("CS", "O" if volume.physics.direction else "N"),
        0x200510B0: ("FL", x),
        0x200510B1: ("FL", y),
        0x200510B2: ("FL", z),
    }


def frame_elements(_scan: Scan, _volume: Volume, frame: Frame) -> Header:
    """Private elements of one image: its number within the stack."""
    return {0x2001100A: ("IS", str(frame.slice + 1))}
