import pytest

from hounsfield.headers.spacing import pixel_spacing

CM = {"PhysicalUnitsXDirection": 3, "PhysicalUnitsYDirection": 3}


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
        ({"Modality": "SC", "NominalScannedPixelSpacing": [0.3, 0.3]}, (0.3, 0.3), "detector"),
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
        (
            {"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.3", "PixelSpacing": [0.1, 0.1]},
            (0.1, 0.1),
            "patient",
        ),
        (
            {"Modality": "MG", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.4", "PixelSpacing": [0.1, 0.1]},
            (0.1, 0.1),
            None,
        ),
        ({"Modality": "CT"}, None, None),
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
