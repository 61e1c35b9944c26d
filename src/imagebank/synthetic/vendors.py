"""Private elements as the three makers write them: b-values and directions, and the places where names leak.

Layouts follow what converters read (dcm2niix); every private block is announced by its creator.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from pydicom.dataset import Dataset

from imagebank.synthetic.dicom_files import Values
from imagebank.synthetic.headers import Frame
from imagebank.synthetic.scanners import Protocol
from imagebank.synthetic.studies import SeriesPlan, StudyPlan, compact

CSA_MARK = 77  # what Siemens writes after each count
Vector = tuple[float, float, float]


def add_private(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    """Private elements that the whole series shares."""
    _SERIES[study.scanner.manufacturer](dataset, study, series)


def private_slice_elements(protocol: Protocol, frame: Frame, slice_number: int) -> Values:
    """Diffusion and slice number, which differ from image to image."""
    values: Values = {}
    maker = protocol.scanner.split("-")[0]
    if maker == "philips":
        values[0x2001100A] = ("IS", str(slice_number))
    if protocol.directions:
        values.update(_DIFFUSION[maker](frame))
    return values


def _siemens_series(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    dataset.add_new((0x0019, 0x0010), "LO", "SIEMENS MR HEADER")
    dataset.add_new((0x0019, 0x1008), "CS", "IMAGE NUM 4")
    dataset.add_new((0x0019, 0x100F), "SH", "Fast")
    dataset.add_new((0x0019, 0x1012), "SL", [0, 0, -1250])
    dataset.add_new((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER")
    dataset.add_new((0x0029, 0x0011), "LO", "SIEMENS MEDCOM HEADER2")
    dataset.add_new((0x0029, 0x1018), "CS", "MR")
    dataset.add_new((0x0029, 0x1019), "LO", compact(study.day))
    dataset.add_new((0x0029, 0x1020), "OB", csa_header({"MrPhoenixProtocol": ("UN", _phoenix(study, series))}))
    dataset.add_new((0x0029, 0x1160), "LO", "com")
    dataset.add_new((0x0051, 0x0010), "LO", "SIEMENS MR HEADER")
    dataset.add_new((0x0051, 0x100B), "LO", f"{series.protocol.rows}*{series.protocol.columns}")
    dataset.add_new((0x0051, 0x100E), "LO", {"axial": "Tra", "sagittal": "Sag"}.get(series.protocol.plane, "Tra"))


def _phoenix(study: StudyPlan, series: SeriesPlan) -> str:
    """The measurement protocol as text; it repeats who lies in the scanner."""
    return "\n".join(
        (
            "<XProtocol>",
            "### ASCCONV BEGIN ###",
            f'tProtocolName = "{series.protocol.protocol}"',
            f"alTR[0] = {int(series.protocol.tr * 1000)}",
            f'sPatient.tName = "{study.identity.name}"',
            f'sPatient.tId = "{study.identity.patient_id}"',
            f'sPatient.tBirthday = "{study.identity.birth_date}"',
            f'sSystem.tInstitution = "{study.scanner.institution}"',
            "### ASCCONV END ###",
        )
    )


def csa_header(tags: dict[str, tuple[str, str]]) -> bytes:
    """A Siemens CSA2 block with one text value a tag."""
    parts = [b"SV10\4\3\2\1", struct.pack("<II", len(tags), CSA_MARK)]
    for name, (vr, text) in tags.items():
        value = text.encode() + b"\0"
        count = 6  # Siemens always writes six items, mostly empty
        parts.append(struct.pack("<64sI4sIII", name.encode(), 1, vr.encode(), 0, count, CSA_MARK))
        for content in (value, *[b""] * (count - 1)):
            size = len(content)
            parts.append(struct.pack("<IIII", size, size, CSA_MARK, size) + content + b"\0" * (-size % 4))
    return b"".join(parts)


def _siemens_diffusion(frame: Frame) -> Values:
    b = float(frame.b_value)
    values: Values = {0x0019100C: ("IS", str(frame.b_value)), 0x0019100D: ("CS", "NONE")}
    if frame.direction:
        x, y, z = frame.direction
        values[0x0019100D] = ("CS", "DIRECTIONAL")
        values[0x0019100E] = ("FD", (x, y, z))
        values[0x00191027] = ("FD", (b * x * x, b * x * y, b * x * z, b * y * y, b * y * z, b * z * z))
    return values


def _ge_series(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    protocol = series.protocol
    dataset.add_new((0x0009, 0x0010), "LO", "GEMS_IDEN_01")
    dataset.add_new((0x0009, 0x1004), "SH", "SIGNA")
    dataset.add_new((0x0009, 0x1030), "SH", study.scanner.serial)
    dataset.add_new((0x0011, 0x0010), "LO", "GEMS_PATI_01")
    dataset.add_new((0x0011, 0x1010), "SS", 0)
    dataset.add_new((0x0011, 0x1011), "LT", f"{study.identity.name} {study.identity.patient_id}")
    dataset.add_new((0x0019, 0x0010), "LO", "GEMS_ACQU_01")
    dataset.add_new((0x0019, 0x109C), "LO", protocol.sequence_name)
    dataset.add_new((0x0019, 0x109E), "LO", protocol.sequence_name.split("-")[0].upper())
    dataset.add_new((0x0019, 0x10E0), "DS", str(protocol.directions))
    dataset.add_new((0x0021, 0x0010), "LO", "GEMS_RELA_01")
    dataset.add_new((0x0021, 0x104F), "SS", protocol.slices)
    dataset.add_new((0x0025, 0x0010), "LO", "GEMS_SERS_01")
    dataset.add_new((0x0025, 0x1007), "SL", protocol.slices * (1 + protocol.directions))
    dataset.add_new((0x0043, 0x0010), "LO", "GEMS_PARM_01")
    if not protocol.directions:
        dataset.add_new((0x0043, 0x1039), "IS", ["0", "0", "0", "0"])


def _ge_diffusion(frame: Frame) -> Values:
    x, y, z = frame.direction or (0.0, 0.0, 0.0)
    return {
        0x00431039: ("IS", f"{frame.b_value}\\8\\0\\0"),
        0x001910BB: ("DS", f"{x:.6f}"),
        0x001910BC: ("DS", f"{y:.6f}"),
        0x001910BD: ("DS", f"{z:.6f}"),
    }


def _philips_series(dataset: Dataset, study: StudyPlan, series: SeriesPlan) -> None:
    protocol = series.protocol
    dataset.add_new((0x2001, 0x0010), "LO", "Philips Imaging DD 001")
    dataset.add_new((0x2001, 0x100B), "CS", {"axial": "TRANSVERSAL"}.get(protocol.plane, protocol.plane.upper()))
    dataset.add_new((0x2001, 0x1013), "SL", 43 if protocol.directions else 1)
    dataset.add_new((0x2001, 0x1018), "SL", protocol.slices)
    dataset.add_new((0x2001, 0x1020), "LO", protocol.sequence_name)
    dataset.add_new((0x2001, 0x105F), "SQ", [_philips_stack(study)])
    dataset.add_new((0x2005, 0x0010), "LO", "Philips MR Imaging DD 001")
    dataset.add_new((0x2005, 0x100D), "FL", 0.0)
    dataset.add_new((0x2005, 0x100E), "FL", 1.0)
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "normalized"


def _philips_stack(study: StudyPlan) -> Dataset:
    """A private sequence whose item repeats the patient and the console's user."""
    item = Dataset()
    item.PatientName, item.PatientID = study.identity.name, study.identity.patient_id
    item.add_new((0x2001, 0x0010), "LO", "Philips Imaging DD 001")
    item.add_new((0x2001, 0x1032), "FL", 150.0)
    item.add_new((0x2001, 0x10C8), "LO", f"Exam of {study.identity.name} by {study.staff['operator']}")
    return item


def _philips_diffusion(frame: Frame) -> Values:
    x, y, z = frame.direction or (0.0, 0.0, 0.0)
    return {
        0x00189087: ("FD", (float(frame.b_value),)),
        0x00189089: ("FD", (x, y, z)),
        0x00200100: ("IS", str(frame.acquisition)),
        0x20011003: ("FL", (float(frame.b_value),)),
        0x20011004: ("CS", "O" if frame.direction else "N"),
        0x200510B0: ("FL", (x,)),
        0x200510B1: ("FL", (y,)),
        0x200510B2: ("FL", (z,)),
    }


_SERIES: dict[str, Callable[[Dataset, StudyPlan, SeriesPlan], None]] = {
    "SIEMENS": _siemens_series,
    "GE MEDICAL SYSTEMS": _ge_series,
    "Philips Medical Systems": _philips_series,
}
_DIFFUSION: dict[str, Callable[[Frame], Values]] = {
    "siemens": _siemens_diffusion,
    "ge": _ge_diffusion,
    "philips": _philips_diffusion,
}
