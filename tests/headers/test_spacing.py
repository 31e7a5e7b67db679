import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.headers.spacing import pixel_spacing

from made import dataset, to_bytes

CM = {"PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}
STORAGE = "1.2.840.10008.5.1.4.1.1"
FACTOR = "EstimatedRadiographicMagnificationFactor"


@pytest.mark.parametrize(
    ("header", "spacing", "kind"),
    [
        ({"Modality": "CT", "PixelSpacing": [0.5, 0.25]}, (0.5, 0.25), "patient"),
        ({"Modality": "DX", "PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "detector"),
        ({"Modality": "DX", "PixelSpacing": [0.08, 0.08], "ImagerPixelSpacing": [0.1, 0.1]}, (0.08, 0.08), "calibrated"),
        ({"Modality": "CR", "PixelSpacing": [0.1, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, (0.1, 0.1), "calibrated"),
        ({"Modality": "CR", "PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), None),
        ({"Modality": "XA", "ImagerPixelSpacing": [0.2, 0.4]}, (0.2, 0.4), "detector"),
        (
            {"Modality": "MG", "ImagerPixelSpacing": [0.1, 0.2], "EstimatedRadiographicMagnificationFactor": 2.0},
            (0.05, 0.1),
            "calibrated",
        ),
        # Of what is no X-ray it is that of the paper (PS3.3 C.8.6.2).
        ({"Modality": "SC", "NominalScannedPixelSpacing": [0.3, 0.3]}, (0.3, 0.3), None),
        ({"Modality": "CR", "NominalScannedPixelSpacing": [0.3, 0.3]}, (0.3, 0.3), "detector"),
        ({"Modality": "RTIMAGE", "ImagePlanePixelSpacing": [0.4, 0.4]}, (0.4, 0.4), "detector"),
        ({"Modality": "US", "SequenceOfUltrasoundRegions": [{**CM, "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.03}]}, (0.3, 0.2), "region"),
        (
            {
                "Modality": "US",
                "SequenceOfUltrasoundRegions": [
                    {**CM, "PhysicalDeltaX": 0.02, "PhysicalDeltaY": 0.02},
                    {**CM, "PhysicalDeltaX": 0.05, "PhysicalDeltaY": 0.05},
                ],
            },
            None,
            None,
        ),
        # Slices reconstructed from projections: breast tomosynthesis, X-ray 3D angiographic and craniofacial.
        ({"Modality": "MG", "SOPClassUID": f"{STORAGE}.13.1.3", "PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "patient"),
        ({"Modality": "XA", "SOPClassUID": f"{STORAGE}.13.1.1", "PixelSpacing": [0.5, 0.4]}, (0.5, 0.4), "patient"),
        ({"Modality": "PX", "SOPClassUID": f"{STORAGE}.13.1.2", "PixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "patient"),
        # Projections of the same modalities.
        ({"Modality": "MG", "SOPClassUID": f"{STORAGE}.1.2", "PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), None),
        ({"Modality": "RG", "PixelSpacing": [0.1, 0.1]}, (0.1, 0.1), None),
        (
            {"Modality": "DX", "PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2], FACTOR: 1.25},
            (0.16, 0.16),
            "calibrated",
        ),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2], FACTOR: 0.5}, (0.2, 0.2), "detector"),
        ({"Modality": "DX", "ImagerPixelSpacing": [0.2, 0.2], FACTOR: 10**400}, (0.2, 0.2), "detector"),
        (
            {
                "Modality": "XA",
                "ImagerPixelSpacing": [0.3, 0.3],
                "ProjectionPixelCalibrationSequence": [{"ObjectPixelSpacingInCenterOfBeam": [0.2, 0.25]}],
            },
            (0.2, 0.25),
            "calibrated",
        ),
        # Ophthalmic photography and tomography, nuclear medicine: distances in the patient.
        *(({"Modality": m, "PixelSpacing": [0.01, 0.02]}, (0.01, 0.02), "patient") for m in "OP OPT NM IVOCT".split()),
        # Microscope slides, and segmentations and parametric maps of them; a microscope in surgery looks at the patient.
        ({"Modality": "SM", "PixelSpacing": [0.01, 0.02]}, (0.01, 0.02), "slide"),
        ({"Modality": "SC", "SOPClassUID": f"{STORAGE}.77.1.6", "PixelSpacing": [0.01, 0.02]}, (0.01, 0.02), "slide"),
        ({"Modality": "SEG", "TotalPixelMatrixColumns": 9, "PixelSpacing": [0.01, 0.02]}, (0.01, 0.02), "slide"),
        ({"Modality": "GM", "SOPClassUID": f"{STORAGE}.77.1.2", "PixelSpacing": [0.01, 0.02]}, (0.01, 0.02), "patient"),
        # An M-mode region has seconds on one axis; only the other region is a picture.
        (
            {
                "Modality": "IVUS",
                "SequenceOfUltrasoundRegions": [
                    {"PhysicalUnitsXDirection": 4, "PhysicalUnitsYDirection": 3, "PhysicalDeltaX": 0.01, "PhysicalDeltaY": 0.5},
                    {**CM, "PhysicalDeltaX": -0.002, "PhysicalDeltaY": 0.001},
                ],
            },
            (0.01, 0.02),
            "region",
        ),
        ({"Modality": "CT"}, None, None),
        ({"Modality": "CT", "PixelSpacing": b"12"}, None, None),
        ({"Modality": "CT", "PixelSpacing": [10**400, 1]}, None, None),
        ({"Modality": "US", "SequenceOfUltrasoundRegions": ["text", {}]}, None, None),
        ({"Modality": "CT", "PixelSpacing": [0.0, 0.5]}, None, None),
        ({"Modality": "CT", "PixelSpacing": [float("nan"), 0.5]}, None, None),
        ({"Modality": "CT", "PixelSpacing": 0.5}, None, None),
    ],
)  # fmt: skip
def test_spacing_has_a_kind_or_none_is_shown(header, spacing, kind):
    found, found_kind, _ = pixel_spacing(header)
    assert (found, found_kind) == (pytest.approx(spacing) if spacing else None, kind)


def test_doubt_is_said():
    for header in ({"Modality": "CR", "PixelSpacing": [0.1, 0.1]}, {"Modality": "CT", "PixelSpacing": [-1.0, 1.0]}):
        assert pixel_spacing(header)[2].outcome == "not done"


def test_a_region_beyond_the_image_says_that_its_scale_is_another_images(sample):
    """examples_ybr_color.dcm is color3d_jpeg_baseline.dcm at half its size, with the regions of the whole one."""
    with (
        hu.open_frames(sample("color3d_jpeg_baseline.dcm")) as whole,
        hu.open_frames(sample("examples_ybr_color.dcm")) as half,
    ):
        original, halved = whole[0], half[0]
    assert (original.size, halved.size) == ((480, 640), (240, 320))
    assert original.header["SequenceOfUltrasoundRegions"][0]["PhysicalDeltaX"] == pytest.approx(
        halved.header["SequenceOfUltrasoundRegions"][0]["PhysicalDeltaX"]
    )
    assert (original.spacing_kind, original.pixel_spacing) == ("region", pytest.approx((0.5104970, 0.5104970)))
    assert (halved.spacing_kind, halved.pixel_spacing) == (None, None)
    assert "beyond the image" in next(step.detail for step in halved.steps if step.name == "pixel spacing")


def test_a_bound_counted_as_excluded_is_let_pass(sample):
    assert hu.regions(sample("OBXXXX1A.dcm"))[0].columns.stop == 801  # the image has 800 columns
    assert hu.read(sample("OBXXXX1A.dcm")).spacing_kind == "region"


def _enhanced(spacings):
    made = dataset(np.zeros((len(spacings), 2, 2), np.int16), Modality="MR")
    made.PerFrameFunctionalGroupsSequence = []
    for spacing in spacings:
        group, measures = Dataset(), Dataset()
        measures.PixelSpacing = spacing
        group.PixelMeasuresSequence = [measures]
        made.PerFrameFunctionalGroupsSequence.append(group)
    return to_bytes(made)


def test_frames_of_unlike_spacing_have_none_in_common():
    alike = hu.read(_enhanced([[0.5, 0.4], [0.5, 0.4]]))
    assert (alike.pixel_spacing, alike.spacing_kind) == ((0.5, 0.4), "patient")
    unlike = hu.read(_enhanced([[0.5, 0.4], [0.25, 0.4]]))
    assert (unlike.pixel_spacing, unlike.frame(1).pixel_spacing) == (None, None)
    assert any("different spacings" in step.detail for step in unlike.steps)


def test_whole_slides_and_enhanced_angiography_keep_it_in_functional_groups():
    made = dataset(np.zeros((2, 2, 2), np.uint8), Modality="SM")
    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing = [0.0005, 0.0004]
    shared.PixelMeasuresSequence = [measures]
    made.SharedFunctionalGroupsSequence = [shared]
    assert hu.read(to_bytes(made), values="stored").pixel_spacing == (0.0005, 0.0004)
    made.Modality = "XA"
    del shared.PixelMeasuresSequence
    properties, calibration = Dataset(), Dataset()
    properties.ImagerPixelSpacing = [0.3, 0.3]
    shared.FramePixelDataPropertiesSequence = [properties]
    image = hu.read(to_bytes(made), values="stored")
    assert (image.pixel_spacing, image.spacing_kind) == ((0.3, 0.3), "detector")
    calibration.ObjectPixelSpacingInCenterOfBeam = [0.2, 0.2]
    shared.ProjectionPixelCalibrationSequence = [calibration]
    image = hu.read(to_bytes(made), values="stored")
    assert (image.pixel_spacing, image.spacing_kind) == (pytest.approx((0.2, 0.2)), "calibrated")
