"""Siemens classic: CSA headers, the measurement protocol as text, mosaics, and diffusion in private elements."""

from __future__ import annotations

from imagebank.synthetic.scanning import csa
from imagebank.synthetic.scanning.elements import Header
from imagebank.synthetic.scanning.pixels import mosaic_side
from imagebank.synthetic.scanning.placing import Vector, added, decimals, scaled
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.volumes import Frame, Volume
from imagebank.synthetic.visits import compact

MOSAICS = ("DWI", "BOLD")
TABLE_MM = -1250
PLANES = {"axial": "Tra", "sagittal": "Sag", "coronal": "Cor"}
ULTIMATE_VERSIONS = {"syngo MR B15": 21510000, "syngo MR B17": 21710006, "syngo MR B19": 21710006}


def add_shared(header: Header, scan: Scan) -> None:
    """Private elements that the whole series shares."""
    header[0x00190010] = ("LO", "SIEMENS MR HEADER")
    header[0x00191008] = ("CS", "IMAGE NUM 4")
    header[0x00191009] = ("LO", "1.0")
    header[0x0019100F] = ("SH", "Fast")
    header[0x00191011] = ("SH", "No")
    header[0x00191012] = ("SL", (0, 0, TABLE_MM))
    header[0x00191013] = ("SL", (0, 0, TABLE_MM))
    header[0x00191014] = ("IS", "0\\0\\0")
    header[0x00191017] = ("DS", "1")
    header[0x00290010] = ("LO", "SIEMENS CSA HEADER")
    header[0x00290011] = ("LO", "SIEMENS MEDCOM HEADER2")
    header[0x00291008] = ("CS", "IMAGE NUM 4")
    header[0x00291009] = ("LO", compact(scan.visit.day))
    header[0x00291018] = ("CS", "MR")
    header[0x00291019] = ("LO", compact(scan.visit.day))
    header[0x00291020] = ("OB", csa.block(_series_fields(scan)))
    header[0x00291160] = ("LO", "com")
    header[0x00510010] = ("LO", "SIEMENS MR HEADER")
    header[0x00511008] = ("CS", "IMAGE NUM 4")
    header[0x00511009] = ("LO", "1.0")
    header[0x0051100F] = ("LO", "HEA;HEP")
    header[0x00511012] = ("SH", "TP 0")
    header[0x00511013] = ("SH", "+LPH")
    header[0x00511016] = ("LO", "/".join(scan.protocol.image_type.split("\\")[2:]))


def _series_fields(scan: Scan) -> list[csa.Field]:
    return [
        csa.numbers("UsedPatientWeight", "IS", 52 + scan.visit.seconds % 45),
        csa.numbers("NumberOfPrescans", "IS", 0),
        csa.numbers("TransmitterCalibration", "DS", 316.97),
        csa.Field("SequenceFileOwner", "SH", ("SIEMENS",)),
        csa.Field("CoilForGradient2", "SH", ("AS05",)),
        csa.numbers("MrProtocolVersion", "IS", ULTIMATE_VERSIONS.get(scan.era.software, 21710006)),
        csa.Field("PositivePCSDirections", "SH", ("+LPH",)),
        csa.numbers("RelTablePosition", "IS", 0, 0, 0),
        csa.numbers("ReadoutOS", "FD", 2.0),
        csa.Field("LongModelName", "LO", ("NUMARIS/4",)),
        csa.numbers("SliceResolution", "DS", 1.0),
        csa.numbers("AbsTablePosition", "IS", TABLE_MM),
        csa.Field("CoilString", "LO", ("HEA;HEP",)),
        csa.Field("PATModeText", "LO", ()),
        csa.Field("PatReinPattern", "ST", (f"1;HFS;{52 + scan.visit.seconds % 45}.00;8.00;3;0;2;-1023293410",)),
        csa.numbers("ProtocolChangeHistory", "US", 0),
        csa.numbers("Isocentered", "US", 0),
        csa.Field("MrPhoenixProtocol", "UN", (phoenix(scan),)),
        csa.Field("GradientMode", "SH", ("Fast",)),
        csa.Field("FlowCompensation", "SH", ("No",)),
        csa.numbers("TablePositionOrigin", "SL", 0, 0, TABLE_MM),
        csa.numbers("EchoTrainLength", "IS", scan.protocol.etl),
    ]


def phoenix(scan: Scan) -> str:
    """The measurement protocol as text; it repeats who lies in the scanner."""
    told, protocol = scan.visit.told, scan.protocol
    name = protocol.sequence_name.strip("*").split("_")[0]
    return "\n".join(
        (
            '<XProtocol> \n{\n  <Name> "PhoenixMetaProtocol" \n  <ID> 1000002 \n  <Userversion> 2.0 \n}\n',
            "### ASCCONV BEGIN ###",
            f"ulVersion                                = 0x{ULTIMATE_VERSIONS.get(scan.era.software, 51130001):x}",
            f'tSequenceFileName                        = "%SiemensSeq%\\{name}"',
            f'tProtocolName                            = "{scan.wording.protocol}"',
            f"alTR[0]                                  = {protocol.tr_ms * 1000:.0f}",
            f"alTE[0]                                  = {protocol.te_ms * 1000:.0f}",
            f"lContrasts                               = {2 if protocol.te2_ms else 1}",
            f'sPatient.tName                           = "{told.name}"',
            f'sPatient.tId                             = "{told.patient_id}"',
            f'sPatient.tBirthday                       = "{told.birth_date}"',
            f'sSystem.tInstitution                     = "{scan.machine.site}"',
            "### ASCCONV END ###\n",
        )
    )


def volume_elements(scan: Scan, volume: Volume) -> Header:
    """Private elements that the slices of one volume share."""
    grid = volume.grid
    found: Header = {
        0x0051100B: ("LO", f"{grid.rows}*{grid.columns}"),
        0x0051100C: ("LO", f"FoV {grid.rows * grid.pixel_mm:.0f}*{grid.columns * grid.pixel_mm:.0f}"),
        0x0051100E: ("LO", PLANES[grid.plane]),
        0x00511017: ("SH", f"SL {grid.thickness_mm:g}"),
    }
    if scan.protocol.kind in ("DWI", "BOLD"):
        found[0x00191028] = ("FD", _bandwidth_of_phase(volume))
    if scan.protocol.kind == "DWI":
        found.update(_diffusion(volume))
        suffix = f"#{volume.time - 1}" if volume.physics.b_value else ""
        found[0x00180024] = ("SH", f"*ep_b{volume.physics.b_value:.0f}{suffix}")
    if scan.protocol.kind in ("fieldmap", "SWI-phase") and volume.component == "P":
        found |= {0x00281052: ("DS", "-4096"), 0x00281053: ("DS", "2"), 0x00281054: ("LO", "US")}
    return found


def _bandwidth_of_phase(volume: Volume) -> float:
    return round(1e6 / (680 * volume.grid.rows), 3)  # 680 us from echo to echo


def b_matrix(volume: Volume) -> tuple[float, ...]:
    """Six numbers, s/mm2: xx, xy, xz, yy, yz, zz."""
    b = volume.physics.b_value
    x, y, z = volume.physics.direction or (0.0, 0.0, 0.0)
    return (b * x * x, b * x * y, b * x * z, b * y * y, b * y * z, b * z * z)


def _diffusion(volume: Volume) -> Header:
    found: Header = {0x0019100C: ("IS", f"{volume.physics.b_value:.0f}"), 0x0019100D: ("CS", "NONE")}
    if volume.physics.direction:
        found[0x0019100D] = ("CS", "DIRECTIONAL")
        found[0x0019100E] = ("FD", volume.physics.direction)
        found[0x00191027] = ("FD", b_matrix(volume))
    return found


def frame_elements(scan: Scan, volume: Volume, frame: Frame, times: tuple[float, ...]) -> Header:
    """Private elements of one image; `times` are those of all slices when the image is a mosaic, else empty."""
    placement = frame.placement
    seconds = ((volume.time - 1) * scan.protocol.tr_ms + frame.milliseconds) / 1000
    fields = [
        csa.Field("ICE_Dims", "LO", (f"X_{volume.echo}_1_1_{volume.time}_1_1_1_1_1_1_1_{frame.slice + 1}",)),
        csa.numbers("ProtocolSliceNumber", "IS", frame.slice),
        csa.Field("AcquisitionMatrixText", "SH", (f"{volume.grid.rows}*{volume.grid.columns}",)),
        csa.numbers("PhaseEncodingDirectionPositive", "IS", 1),
        csa.numbers("SliceNormalVector", "FD", *placement.normal),
        csa.numbers("TimeAfterStart", "DS", seconds),
        csa.Field("ImaCoilString", "LO", ("HEA;HEP",)),
        csa.numbers("ImaAbsTablePosition", "SL", 0, 0, TABLE_MM),
        csa.numbers("ImagePositionPatient", "DS", *placement.origin),
        csa.numbers("ImageOrientationPatient", "DS", *placement.row, *placement.column),
        *_mosaic_fields(volume, times),
        *_diffusion_fields(scan, volume),
    ]
    found: Header = {0x00191016: ("DS", decimals((seconds,))), 0x00291010: ("OB", csa.block(fields))}
    if times:
        found[0x0019100A] = ("US", volume.grid.slices)
        found[0x00191029] = ("FD", times)
    return found


def _mosaic_fields(volume: Volume, times: tuple[float, ...]) -> list[csa.Field]:
    if not times:
        return []
    return [
        csa.numbers("NumberOfImagesInMosaic", "US", volume.grid.slices),
        csa.numbers("MosaicRefAcqTimes", "FD", *times),
        csa.numbers("BandwidthPerPixelPhaseEncode", "FD", _bandwidth_of_phase(volume)),
    ]


def _diffusion_fields(scan: Scan, volume: Volume) -> list[csa.Field]:
    if scan.protocol.kind != "DWI":
        return []
    found = [csa.numbers("B_value", "IS", volume.physics.b_value)]
    if volume.physics.direction:
        found += [
            csa.numbers("DiffusionGradientDirection", "FD", *volume.physics.direction),
            csa.numbers("B_matrix", "FD", *b_matrix(volume)),
            csa.Field("DiffusionDirectionality", "CS", ("DIRECTIONAL",)),
        ]
    return found


def mosaic_origin(frame: Frame, volume: Volume) -> Vector:
    """Where the console puts the first pixel of a mosaic: as if the whole square were one image around the slice."""
    grid, placement = volume.grid, frame.placement
    more = (mosaic_side(grid.slices) - 1) / 2 * grid.pixel_mm
    return added(
        placement.origin, scaled(placement.row, -more * grid.columns), scaled(placement.column, -more * grid.rows)
    )
