"""Series of pretend MR files for the benchmark: 256 x 256 pixels of two bytes, about 200 elements, 144 kB."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from imagebank.dicom.csa import CsaField, build_csa

SIZE = 256
ROOT = "1.3.12.2.1107.5.2.19.45152"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
TEXTS = """
InstitutionName=Pretend_Hospital InstitutionAddress=1_Pretend_Lane ReferringPhysicianName=Doe^Jo
StationName=MRC45152 StudyDescription=MRI_Head_routine SeriesDescription=t1_mprage_sag_p2_iso
InstitutionalDepartmentName=Radiology PhysiciansOfRecord=Roe^Ann PerformingPhysicianName=Poe^Sam OperatorsName=Moe
ManufacturerModelName=Prisma Manufacturer=SIEMENS PatientName=Pretend^Patient PatientID=4857773456
PatientBirthName=Pretend AccessionNumber=E1234567 PatientAddress=2_Pretend_Road PatientComments=left_handed
ProtocolName=t1_mprage_sag SequenceName=*tfl3d1_16ns ScanningSequence=GR SequenceVariant=SP ScanOptions=IR
MRAcquisitionType=3D AngioFlag=N DeviceSerialNumber=45152 SoftwareVersions=syngo_MR_E11 TransmitCoilName=Body
InPlanePhaseEncodingDirection=ROW VariableFlipAngleFlag=N PatientPosition=HFS BodyPartExamined=BRAIN Modality=MR
ImagedNucleus=1H StudyID=1 PositionReferenceIndicator= PhotometricInterpretation=MONOCHROME2 PatientSex=F
RequestingPhysician=Doe^Jo RequestedProcedureDescription=MRI_Head PerformedProcedureStepDescription=MRI_Head
PerformedProcedureStepID=MR123 PerformedStationName=MRC45152 PerformedLocation=Room_2 RequestedProcedureID=R1
CurrentPatientLocation=Ward_3 MedicalAlerts=none Allergies=none EthnicGroup=A Occupation=baker AdmissionID=A12
ImageComments=motion PatientState=awake SpecialNeeds=none ReasonForStudy=memory RequestAttributesComments=none
LossyImageCompression=00 WindowCenterWidthExplanation=Algo1 RescaleType=US IssuerOfPatientID=HOSP
"""
NUMBERS = """
SliceThickness=1 RepetitionTime=2300 EchoTime=2.98 InversionTime=900 NumberOfAverages=1 ImagingFrequency=123.25
EchoNumbers=1 MagneticFieldStrength=3 SpacingBetweenSlices=1 NumberOfPhaseEncodingSteps=239 EchoTrainLength=1
PercentSampling=100 PercentPhaseFieldOfView=93.75 PixelBandwidth=240 SAR=0.04 dBdt=0 FlipAngle=9 SeriesNumber=4
AcquisitionNumber=1 TemporalPositionIdentifier=1 WindowCenter=300 WindowWidth=600 RescaleIntercept=0 RescaleSlope=1
PatientWeight=70 PatientSize=1.7
"""
DATES = "StudyDate SeriesDate AcquisitionDate ContentDate InstanceCreationDate PerformedProcedureStepStartDate"
TIMES = "StudyTime SeriesTime InstanceCreationTime PerformedProcedureStepStartTime"
SIEMENS = """
19 8 CS IMAGE_NUM_4; 19 9 LO 1.0; 19 B DS 1840.0; 19 F SH Fast; 19 11 SH No; 19 12 SL 0; 19 13 SL 0;
19 14 IS 0; 19 15 FD 1.0; 19 16 DS 2.1; 19 17 DS 1; 19 18 IS 8100; 51 8 CS IMAGE_NUM_4; 51 9 LO 1.0; 51 A LO TA_05.12;
51 B LO 256p*256; 51 C LO FoV_256*256; 51 D SH SP_H1.2; 51 E LO Sag; 51 F LO HEA;HEP; 51 11 LO p2; 51 12 SH TP_0;
51 13 SH +LPH; 51 15 SH R; 51 16 LO M/ND; 51 17 SH SL_1.0; 51 19 LO A1/IR
"""


def write_series(folder: Path, files: int, *, series: int = 1) -> list[Path]:
    """Write a series; returns its files in order."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(series)
    paths = [folder / f"{number:05d}.dcm" for number in range(files)]
    first = _first(series)
    for number, path in enumerate(paths):
        _change(first, series, number, noise)
        first.save_as(path, enforce_file_format=True)
    return paths


def _first(series: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, preamble=bytes(128), file_meta=meta)
    dataset.SpecificCharacterSet, dataset.SOPClassUID = "ISO_IR 100", MR_IMAGE
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "NORM"]
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.7", f"{ROOT}.7.{series}"
    dataset.FrameOfReferenceUID = f"{ROOT}.8"
    for told in (TEXTS + NUMBERS).split():
        keyword, _, value = told.partition("=")
        if keyword in keyword_dict:
            setattr(dataset, keyword, value.replace("_", " ") if dictionary_VR(keyword) != "CS" else value)
    for keywords, value in ((DATES, "20190314"), (TIMES, "101500.250000")):
        for keyword in keywords.split():
            setattr(dataset, keyword, value)
    dataset.PatientBirthDate, dataset.PatientAge = "19511202", "067Y"
    dataset.Rows = dataset.Columns = SIZE
    dataset.PixelSpacing, dataset.ImageOrientationPatient = [1, 1], [0.01, 0.99, 0, 0, 0.01, -0.99]
    dataset.AcquisitionMatrix = [0, 256, 240, 0]
    dataset.SamplesPerPixel, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 1, 16, 12, 11
    dataset.PixelRepresentation = dataset.SmallestImagePixelValue = 0
    _add_sequences(dataset)
    _add_private(dataset)
    return dataset


def _add_sequences(dataset: FileDataset) -> None:
    dataset.ReferencedImageSequence = Sequence([_reference(number) for number in range(3)])
    dataset.ReferencedStudySequence = Sequence([_reference(9)])
    dataset.ReferencedPerformedProcedureStepSequence = Sequence([_reference(10)])
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "MRBRAIN", "LOCAL", "MRI Brain"
    dataset.ProcedureCodeSequence = Sequence([code])
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = "R1", "S1"
    request.ScheduledProtocolCodeSequence = Sequence([code])
    dataset.RequestAttributesSequence = Sequence([request])
    source = _reference(11)
    source.PurposeOfReferenceCodeSequence = Sequence([code])
    dataset.SourceImageSequence = Sequence([source])


def _reference(number: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = MR_IMAGE, f"{ROOT}.9.{number}"
    return item


def _add_private(dataset: FileDataset) -> None:
    for told in SIEMENS.replace("HEA;HEP", "HEA,HEP").split(";"):
        group, element, vr, value = told.split()
        block = dataset.private_block(int(f"00{group:0>2}", 16), "SIEMENS MR HEADER", create=True)
        typed = int(value) if vr == "SL" else float(value) if vr == "FD" else value.replace("_", " ")
        block.add_new(int(element, 16), vr, typed)
    medcom = dataset.private_block(0x0029, "SIEMENS MEDCOM HEADER2", create=True)
    medcom.add_new(0x60, "LO", "com")
    series_header = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    series_header.add_new(0x18, "CS", "MR")
    series_header.add_new(0x20, "OB", b"### ASCCONV BEGIN ###".ljust(4000, b"x"))


def _change(dataset: FileDataset, series: int, number: int, noise: np.random.Generator) -> None:
    """Make the dataset the next instance of its series."""
    uid = f"{ROOT}.{series}.{number}.2019031410150025"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.file_meta.MediaStorageSOPClassUID = MR_IMAGE
    dataset.InstanceNumber = number + 1
    dataset.ContentTime = dataset.AcquisitionTime = f"1015{number % 60:02d}.{number * 977 % 1000000:06d}"
    dataset.SliceLocation = round(-80 + number * 0.93, 4)
    dataset.ImagePositionPatient = [round(-80 + number * 0.93, 4), -120.5, 130.25]
    dataset.LargestImagePixelValue = 500 + number % 97
    block = dataset.private_block(0x0029, "SIEMENS CSA HEADER")
    block.add_new(0x10, "OB", _csa(number))
    pixels = noise.integers(0, 500, SIZE * SIZE, dtype=np.uint16)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"


def _csa(number: int) -> bytes:
    """An image header of Siemens with as many fields as a real one, most of them empty."""
    told = {
        "ProtocolSliceNumber": str(number),
        "SliceMeasurementDuration": "1840.0",
        "PhaseEncodingDirectionPositive": "1",
    }
    names = [*told, *(f"Field{each}" for each in range(90))]
    values = {name: (told.get(name, ""),) * (6 if name in told else 1) for name in names}
    fields = [CsaField(name, 1, b"IS\0\0", 6, values[name]) for name in names]
    return build_csa(fields) + struct.pack("<I", 0)
