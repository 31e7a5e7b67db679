"""b-values in the vendors' own elements part passes as the standard's attribute does."""

import pydicom
import pytest

import hounsfield as hu

PRIVATE = {
    "siemens": (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", [0, 1000, 2000]),
    "ge": (0x0043, "GEMS_PARM_01", 0x39, "IS", [[0, 8, 0, 0], [1000001000, 8, 0, 0], [2000, 8, 0, 0]]),
    "philips": (0x2001, "Philips Imaging DD 001", 0x03, "FL", [0.0, 1000.0, 2000.0]),
}


@pytest.mark.parametrize("vendor", PRIVATE)
@pytest.mark.parametrize("creator", [True, False])
def test_private_b_values(tmp_path, vendor, creator):
    made = hu.phantom(tmp_path, matrix=64, slices=4, phases=3)
    group, name, element, vr, values = PRIVATE[vendor]
    for index, path in enumerate(made.files):
        dataset = pydicom.dcmread(path)
        dataset.Modality = "MR"
        dataset.AcquisitionNumber = 1
        del dataset.TemporalPositionIdentifier
        block = dataset.private_block(group, name if creator else "SOMEBODY ELSE", create=True)
        block.add_new(element, vr, values[index % 3])
        dataset.save_as(path)
    volumes = hu.read_volumes(tmp_path)
    assert [facts.shape[0] for facts in volumes.facts] == [4, 4, 4]
    by = [facts.separated_by for facts in volumes.facts]
    if creator:
        assert by == [{"DiffusionBValue": b} for b in (0, 1000, 2000)]
    else:  # another vendor's element of that number means something else
        assert all("DiffusionBValue" not in each for each in by)
