"""Pixels of a volume: their values and their type; damage, and files that change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu

from series_made import (
    EXACT,
    accounted,
    affines_are,
    check_slices,
    ct,
    edit,
)

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")


def test_each_slice_of_a_pet_has_its_own_slope(tmp_path):
    made = ct(tmp_path)
    pet = {"Modality": "PT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "RescaleType": None, "RescaleIntercept": 0}
    for index, path in enumerate(made.files):
        edit(path, **pet, RescaleSlope=f"{0.1 + 0.37 * index:.5f}", Units="BQML")
    volume = hu.read_volumes(tmp_path)[0]
    assert (volume.unit, volume.values.dtype) == ("BQML", np.float32)
    for index, path in enumerate(made.files):
        dataset = pydicom.dcmread(path)
        assert np.allclose(volume.values[index], dataset.pixel_array * float(dataset.RescaleSlope), rtol=1e-7)
        assert np.array_equal(volume.values[index], hu.read(path).values)
    assert any("RescaleSlope" in step.detail or "slope" in step.detail.lower() for step in volume.steps)


@pytest.mark.parametrize(("lowest", "dtype"), [(-20_000, np.int16), (-32_768, np.int32)])
def test_values_get_the_type_that_holds_them_all(tmp_path, lowest, dtype):
    made = ct(tmp_path)

    def change(dataset: pydicom.Dataset) -> None:
        pixels = dataset.pixel_array.astype(np.int16)
        pixels[3, 4] = lowest
        dataset.PixelData = pixels.tobytes()
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 15, 1

    for index, path in enumerate(made.files):
        edit(path, change if index == 5 else lambda d: (change(d), d.__setattr__("PixelData", bytes(1152))))
    volume = hu.read_volumes(tmp_path)[0]
    assert volume.values.dtype == dtype
    assert volume.values[5, 3, 4] == lowest - 1024
    for index, path in enumerate(made.files):
        assert np.array_equal(volume.values[index], hu.read(path).values)


def test_signed_and_unsigned_slices_are_one_volume(tmp_path):
    made = ct(tmp_path)

    def signed(dataset: pydicom.Dataset) -> None:
        dataset.PixelData = (dataset.pixel_array.astype(np.int16) - 100).tobytes()
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit, dataset.RescaleIntercept = 1, 16, 15, -924

    before = hu.read_volumes(tmp_path)[0].values.copy()
    for path in made.files[::2]:
        edit(path, signed)
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    check_slices(volumes)
    assert np.array_equal(volumes[0].values, before)


def test_slices_of_different_units_are_no_volume(tmp_path):
    made = ct(tmp_path)
    for path in made.files[:3]:
        edit(path, RescaleSlope=None, RescaleIntercept=None)
    volumes = hu.read_volumes(tmp_path)
    with pytest.raises(hu.InvalidAttributeError, match="different units: no known unit, HU"):
        volumes[0]
    assert accounted(volumes, tmp_path) == {"volume": 8}


def test_the_stored_values_of_a_volume_are_those_of_its_files(tmp_path):
    made = ct(tmp_path)
    volume = hu.read_volumes(tmp_path, values="stored")[0]
    assert (volume.unit, volume.values.dtype) == ("", np.uint16)
    for index, path in enumerate(made.files):
        assert np.array_equal(volume.values[index], pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float32])
def test_the_type_that_is_asked_for_is_given(tmp_path, dtype):
    made = ct(tmp_path)
    volume = hu.read_volumes(tmp_path, dtype=dtype)[0]
    assert volume.values.dtype == dtype
    assert np.array_equal(volume.values[2], hu.read(made.files[2]).values)


def test_a_type_that_cannot_hold_the_values_is_refused(tmp_path):
    made = ct(tmp_path)
    with pytest.raises((hu.HounsfieldError, ValueError)) as alone:
        hu.read(made.files[0], dtype=np.uint8)
    with pytest.raises(type(alone.value)):
        hu.read_volumes(tmp_path, dtype=np.uint8)[0]


def test_slices_of_different_transfer_syntaxes_are_one_volume(tmp_path):
    made = ct(tmp_path / "0")
    same = {
        k: pydicom.dcmread(made.files[0])[k].value
        for k in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
    }
    syntaxes = ["explicit", "implicit", "big endian", "deflated", "rle", "jpeg lossless", "jpeg-ls", "jpeg 2000"]
    native = hu.read_volumes(tmp_path)
    check_slices(native)  # by pydicom, which does not decode all of the others
    before = native[0].values.copy()
    for index, syntax in enumerate(syntaxes):
        other = ct(tmp_path / syntax, transfer_syntax=syntax)
        for number, path in enumerate(other.files):
            edit(path, **same).rename(made.files[number]) if number == index else path.unlink()
    volumes = hu.read_volumes(tmp_path)
    affines_are(volumes, made.affine)
    assert np.array_equal(volumes[0].values, before)
    assert accounted(volumes, tmp_path) == {"volume": 8}


def test_what_is_assumed_of_every_slice_is_said_once_of_the_volume(tmp_path):
    made = ct(tmp_path)
    for path in made.files:
        edit(path, RescaleType="US")  # unspecified, as many scanners write it
    volumes = hu.read_volumes(tmp_path)
    with pytest.warns(hu.AssumptionWarning, match="taken as HU") as caught:
        volume = volumes[0]
    assert len(caught) == 1
    assert volume.unit == "HU"
    assert [step.name for step in volume.steps if step.outcome == "assumed"] == ["unit"]
    with pytest.raises(hu.AssumptionError, match="taken as HU"):
        hu.read_volumes(tmp_path, strict=True)[0]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-700])


def corrupt(path: Path) -> None:
    data = bytearray(path.read_bytes())
    start = data.rindex(b"\xff\xd8\xff")
    data[start : start + 400] = bytes(400)
    path.write_bytes(bytes(data))


def test_a_truncated_slice_is_read_as_it_is_alone(tmp_path):
    made = ct(tmp_path)
    truncate(made.files[3])
    alone = hu.read(made.files[3])
    volumes = hu.read_volumes(tmp_path)
    volume = volumes[0]
    assert np.array_equal(volume.values[3], alone.values)
    assert np.array_equal(volume.padding[3], alone.padding)
    assert not volume.padding[[0, 1, 2, 4, 5, 6, 7]].any()
    assert accounted(volumes, tmp_path) == {"volume": 8}
    assert np.abs(volume.affine - made.affine).max() <= EXACT


def test_a_slice_that_cannot_be_decoded_is_padding_and_reported(tmp_path):
    made = ct(tmp_path, transfer_syntax="jpeg-ls")
    corrupt(made.files[3])
    with pytest.raises(hu.HounsfieldError):
        hu.read(made.files[3])
    volumes = hu.read_volumes(tmp_path)
    with pytest.warns(hu.AssumptionWarning, match="slices 3 cannot be read and are marked as padding"):
        volume = volumes[0]
    assert volume.padding[3].all() and not volume.padding[2].any()
    assert np.abs(volume.affine - made.affine).max() <= EXACT
    assert accounted(volumes, tmp_path) == {"volume": 7, "unreadable": 1}
    assert volumes.report.of("unreadable")[0].path == str(made.files[3])
    with pytest.raises(hu.AssumptionError):
        hu.read_volumes(tmp_path, strict=True)[0]


def test_a_volume_of_which_no_slice_can_be_read_is_an_error(tmp_path):
    made = ct(tmp_path, transfer_syntax="jpeg-ls")
    for path in made.files:
        corrupt(path)
    volumes = hu.read_volumes(tmp_path)
    with pytest.raises(hu.HounsfieldError):
        volumes[0]


@pytest.mark.parametrize("syntax", ["explicit", "rle"])
@pytest.mark.parametrize("what", ["moved", "gone", "longer"])
def test_a_file_that_changed_since_it_was_walked_is_not_taken_for_what_it_was(tmp_path, syntax, what):
    made = ct(tmp_path, transfer_syntax=syntax)
    volumes = hu.read_volumes(tmp_path)
    if what == "gone":
        made.files[3].unlink()
    else:
        edit(made.files[3], **{"ImagePositionPatient": [0, 0, 0]} if what == "moved" else {"PatientComments": "x" * 60})
    with pytest.warns(hu.AssumptionWarning, match="slices 3 cannot be read"):
        volume = volumes[0]
    assert volume.padding[3].all()
    (outcome,) = volumes.report.of("unreadable")
    assert outcome.path == str(made.files[3])
    assert ("has changed since" in outcome.detail) == (what != "gone")
    others = [0, 1, 2, 4, 5, 6, 7]
    for index in others:
        assert np.array_equal(volume.values[index], hu.read(made.files[index]).values)
