"""The converter's authors ship what it must make of their files: our conversion of whole series says the same.

Compared is every fact that the bank keeps and a reference tells, the b-values and directions to the digit, and through
them the order of the volumes. No reference ships an image.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real import DATA, needs_data

from imagebank.imaging.dcm2niix import convert_folder
from imagebank.imaging.sidecar import kept_keys

pytestmark = needs_data

WHOLE = {
    "dcm_qa/In/Orientation/axmb/AxAsc36mb2a": {"": "fMRI_MB_asc_25"},
    "dcm_qa/In/Orientation/cor/corasc35": {"": "cor_asc_35sl_16"},
    "dcm_qa_canon_61/In/enh": {"": "3000_DTI_PA-ortho_enh"},
    "dcm_qa_enh/In/Philips": {"e1": "Philips_WIP_B0_NS_801_e1", "e2_fieldmaphz": "Philips_WIP_B0_NS_801_e2_fieldmaphz"},
    "dcm_qa_enh/In/Siemens/XA10": {"": "Siemens_REST1_w_SMS_PF7-8_6"},
    "dcm_qa_fmap/In": {"": "GE_6_CV_Neuro_HH_Adv", "fieldmaphz": "GE_6_CV_Neuro_HH_Adv_fieldmaphz"},
    "dcm_qa_ge/In": {"": "Ax_DWI_TENSOR_R2_1"},
    "dcm_qa_me/In": {"e1": "me_fMRI_4_e1", "e2": "me_fMRI_4_e2"},
    "dcm_qa_nih/In/20180918GE/mr_0004": {"": "DCM2NIIX_regression_test_4"},
    "dcm_qa_nih/In/20180918Si/mr_0003": {"": "EPI_PE=AP_3"},
    "dcm_qa_philips_enh/In/cl": {"": "1301_WIP_ADNI_Sag3D_MPRAGE_cl"},
    "dcm_qa_uih/In": {"": "dti_tra_dir16_PA_rot_12_132222"},
    "dcm_qa_xa30/In/11_DWI_dir80_PA": {"": "11_DWI_dir80_PA"},
    "dcm_qa_xa30/In/12_DWI_dir80_PA": {"": "12_DWI_dir80_PA"},
    "dcm_qa_xa30/In/13_DWI_dir80_PA": {"": "13_DWI_dir80_PA"},
    "dcm_qa_xa30/In/14_DWI_dir80_PA": {"": "14_DWI_dir80_PA"},
    "dcm_qa_xa30/In/16_DWI_dir80_PA": {"": "16_DWI_dir80_PA"},
    "dcm_qa_xa30/In/25_asl_2d_tra": {"": "25_asl_2d_tra"},
    "dcm_qa_xa30/In/27_asl_2d_tra": {"": "27_asl_2d_tra"},
    "dcm_qa_xa30/In/28_asl_2d_tra": {"": "28_asl_2d_tra"},
    "dcm_qa_xa30/In/5_anat-T1w_acq-tfl": {"": "5_anat-T1w_acq-tfl"},
    "dcm_qa_xa30/In/6_anat-T1w_acq-tfl": {"": "6_anat-T1w_acq-tfl"},
    "dcm_qa_xa30/In/8_gre_field_mapping": {"e1": "8_gre_field_mapping_e1", "e2": "8_gre_field_mapping_e2"},
    "dcm_qa_xa30/In/9_gre_field_mapping": {"e2_ph": "9_gre_field_mapping_e2_ph"},
}
"""Each whole series of the shared files that has a reference: its folder, and the reference of each label."""

TOLD_BY_NEWER_VERSIONS = {
    "AcquisitionDuration",
    "FrequencyEncodingSteps",
    "InternalPulseSequenceName",
    "NumberOfKSpaceTrajectories",
    "ParallelReductionFactorInPlane",
    "ParallelReductionFactorOutOfPlane",
    "PhaseEncodingAxis",
    "PhaseEncodingPolarityGE",
    "PhaseEncodingSteps",
    "PulseSequenceType",
    "SequenceName",
    "SliceTiming",
    "SpoilingState",
}
"""Facts that the installed version tells beyond the references, which were made from 2021 to 2026."""

NO_LONGER_TOLD = {
    "PartialFourier": "left out where the whole of k-space was read, which the references tell as 1",
    "PulseSequenceName": "is SequenceName now",
    "NumberOfExcitations": "is NumberOfAverages in the standard; left out where it is 1",
    "AcquisitionMatrixPE": "left out of enhanced Canon images, where it was taken from the wrong axis",
}

TOLD_OTHERWISE = {
    "ConversionSoftwareVersion": "the references were made by other versions",
    "ImagingFrequency": "has more digits now",
    "ImageType": "newer versions add MAGNITUDE where the header does not say it",
}

GE_ASSET = {
    "EffectiveEchoSpacing": "the formula for GE with ASSET changed after the reference of 2021: twice as long now",
    "TotalReadoutTime": "follows from EffectiveEchoSpacing",
}
EXCEPTIONS = {"dcm_qa_ge/In": GE_ASSET}
"""Facts of one series that differ, each with its reason."""

Facts = dict[str, object]


def differences(made: Facts, reference: Facts, allowed: set[str]) -> dict[str, tuple[object, object]]:
    """What a reference tells otherwise, of the facts that the bank keeps and both tell."""
    compared = (kept_keys() & made.keys() & reference.keys()) - allowed
    return {key: (made[key], reference[key]) for key in sorted(compared) if made[key] != reference[key]}


def is_told_again(made: Facts, reference: Facts) -> bool:
    """Whether what is told otherwise by a known reason still says the same."""
    sequence = reference.get("PulseSequenceName", made.get("SequenceName"))
    words = set(reference.get("ImageType", [])) <= set(made.get("ImageType", []))  # type: ignore[call-overload]
    digits = [f"{float(each.get('ImagingFrequency', 0)):.4g}" for each in (made, reference)]  # type: ignore[arg-type]
    return bool(sequence == made.get("SequenceName", sequence) and words and len(set(digits)) == 1)


@pytest.mark.parametrize("folder", sorted(WHOLE))
def test_a_whole_series_converts_as_the_converters_authors_say(folder: str, tmp_path: Path) -> None:
    place = DATA / f"neurolabusc+{folder}"
    references = DATA / f"neurolabusc+{folder.split('/')[0]}" / "Ref"
    images = convert_folder(place, tmp_path / "out").images
    assert sorted(image.label for image in images) == sorted(WHOLE[folder])
    for image in images:
        reference = references / WHOLE[folder][image.label]
        made, told = dict(image.sidecar), json.loads(Path(f"{reference}.json").read_text())
        allowed = TOLD_OTHERWISE.keys() | EXCEPTIONS.get(folder, {}).keys()
        assert differences(made, told, allowed) == {}
        assert is_told_again(made, told)
        assert made.keys() - told.keys() <= TOLD_BY_NEWER_VERSIONS
        assert (kept_keys() & told.keys()) - made.keys() <= NO_LONGER_TOLD.keys()
        for table in image.tables:
            assert table.read_text().split() == Path(f"{reference}{table.suffix}").read_text().split()


def test_diffusion_series_have_all_their_b_values(tmp_path: Path) -> None:
    for number, folder in enumerate(("dcm_qa_canon_61/In/enh", "dcm_qa_ge/In", "dcm_qa_uih/In")):
        (image,) = convert_folder(DATA / f"neurolabusc+{folder}", tmp_path / str(number)).images
        assert image.b_values == image.volumes > 1
