"""Volumes as objects of NumPy, nibabel, SimpleITK and xarray; those say where voxels lie by their own arithmetic."""

import json
import sys

import nibabel
import numpy as np
import pytest
import SimpleITK

import hounsfield as hu

from conftest import Lazily
from volumes import PLACES, indices, phantom_volume, random_affine

Lazily("xarray")


def numbers(dtype="int16", shape=(3, 4, 5)):
    return np.random.default_rng(5).integers(0, 100, shape).astype(dtype)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("int16", "int16"), (">i2", "int16"), ("uint16", "int32"), (">u2", "int32"), ("uint32", "int64"),
        ("uint64", "int64"), ("float32", "float32"), (">f4", "float32"), ("bool", "bool"), ("uint8", "uint8"),
    ],
)  # fmt: skip
def test_numpy_is_ready_for_torch(given, expected):
    values = numbers(given)[::-1, :, ::2]
    found = hu.Volume(values).to_numpy()
    assert (found.dtype, found.dtype.isnative) == (np.dtype(expected), True)
    assert found.flags.c_contiguous
    assert found.flags.writeable
    assert found.flags.owndata
    assert not np.shares_memory(found, values)
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize(
    ("values", "dtype", "why"),
    [
        ([2**63], None, "int64 cannot hold"),
        ([-1.0], "uint8", "uint8 cannot hold values from -1.0"),
        ([300], "uint8", "from 300"),
        ([0.5], "int16", "fractions"),
        ([np.nan], "int16", "infinity or NaN"),
        ([1e39], "float32", "float32 cannot hold"),
        ([70_000], "float16", "float16 cannot hold"),
        ([2], "bool", "bool cannot hold"),
        ([1], "U1", "cannot be converted to"),
    ],
)
def test_a_type_that_would_change_values_is_refused(values, dtype, why):
    array = np.array(values, "uint64" if values == [2**63] else None).reshape(1, 1, 1)
    with pytest.raises(hu.FormatError, match=why):
        hu.Volume(array).to_numpy(dtype)


def test_numpy_rounds_fractions_and_keeps_what_is_no_number():
    volume = hu.Volume(np.array([[[0.1, np.nan, np.inf]]]))
    assert volume.to_numpy("float32").tobytes() == volume.values.astype("float32").tobytes()
    assert hu.Volume(np.array([[[3.0]]])).to_numpy("int16").dtype == np.int16


@pytest.mark.parametrize("place", PLACES)
def test_nibabel_puts_each_voxel_where_it_lies(tmp_path, place):
    volume, _ = phantom_volume(tmp_path, **PLACES[place])
    image = volume.to_nibabel()
    stored = np.asarray(image.dataobj)
    at = np.stack(np.meshgrid(*(np.arange(n) for n in image.shape), indexing="ij"), -1)
    lps = nibabel.affines.apply_affine(image.affine, at) * (-1, -1, 1)
    index = np.rint(volume.to_index(lps)).astype(int)
    np.testing.assert_allclose(volume.to_lps(index), lps, atol=1e-4)
    np.testing.assert_array_equal(stored, volume.values[tuple(np.moveaxis(index, -1, 0))])
    # dcm2niix's order: the first axis is the column, the second the row from below
    assert image.shape == volume.shape[::-1]
    np.testing.assert_array_equal(stored[:, -1, 0], volume.values[0, 0])


def test_nibabel_has_no_qform_where_the_gantry_was_tilted(tmp_path):
    upright, _ = phantom_volume(tmp_path / "a")
    tilted, _ = phantom_volume(tmp_path / "b", tilt=20)
    assert [upright.to_nibabel().header[f"{form}_code"].item() for form in ("qform", "sform")] == [1, 1]
    assert [tilted.to_nibabel().header[f"{form}_code"].item() for form in ("qform", "sform")] == [0, 1]
    np.testing.assert_allclose(upright.to_nibabel().get_qform(), upright.to_nibabel().affine, atol=1e-4)
    assert upright.to_nibabel().header.get_xyzt_units()[0] == "mm"


def test_a_qform_is_also_that_of_a_left_handed_affine():
    image = hu.Volume(numbers(), random_affine(np.random.default_rng(1), left_handed=True)).to_nibabel()
    np.testing.assert_allclose(image.get_qform(coded=True)[0], image.get_sform(), atol=1e-3)


def test_nibabel_shares_memory_and_knows_when_no_place_is_known():
    volume = hu.Volume(numbers())
    image = volume.to_nibabel()
    assert np.shares_memory(np.asarray(image.dataobj), volume.values)
    assert [image.header[f"{form}_code"].item() for form in ("qform", "sform")] == [0, 0]


def test_long_axes_need_nifti_2():
    image = hu.Volume(np.zeros((1, 1, 32_768), np.uint8), np.eye(4)).to_nibabel()
    assert isinstance(image, nibabel.Nifti2Image)
    assert type(hu.Volume(np.zeros((1, 1, 32_767), np.uint8), np.eye(4)).to_nibabel()) is nibabel.Nifti1Image


@pytest.mark.parametrize("left_handed", [False, True])
def test_sitk_puts_each_voxel_where_it_lies(left_handed):
    volume = hu.Volume(numbers("int32"), random_affine(np.random.default_rng(2), left_handed=left_handed))
    image = volume.to_sitk()
    for s, r, c in indices(volume.shape).tolist():
        assert image[c, r, s] == volume.values[s, r, c]
        np.testing.assert_allclose(
            image.TransformIndexToPhysicalPoint((c, r, s)), volume.to_lps((s, r, c)), atol=1e-9, rtol=0
        )


def test_sitk_reads_the_same_from_the_files(tmp_path):
    volume, made = phantom_volume(tmp_path, orientation="oblique")
    read = SimpleITK.ReadImage([str(path) for path in made.files])
    ours = volume.to_sitk()
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(read), SimpleITK.GetArrayFromImage(ours))
    for name in ("GetOrigin", "GetSpacing", "GetDirection"):
        np.testing.assert_allclose(getattr(ours, name)(), getattr(read, name)(), atol=1e-6)


def test_sitk_refuses_what_it_cannot_say(tmp_path):
    tilted, _ = phantom_volume(tmp_path, tilt=20)
    with pytest.raises(hu.GeometryError, match=r"rectified\(\)"):
        tilted.to_sitk()
    with pytest.raises(hu.GeometryError, match="not known"):
        hu.Volume(numbers()).to_sitk()
    with pytest.raises(hu.FormatError, match="float128|longdouble"):
        hu.Volume(numbers("longdouble"), np.eye(4)).to_sitk()


def test_sitk_has_masks_as_bytes_and_colours_as_vectors():
    mask = hu.Volume(numbers() > 50, np.eye(4))
    assert mask.to_sitk().GetPixelID() == SimpleITK.sitkUInt8
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(mask.to_sitk()), mask.values)
    colour = hu.Volume(numbers("uint8", (2, 3, 4, 3)), np.eye(4), color=True)
    assert colour.to_sitk().GetPixelID() == SimpleITK.sitkVectorUInt8
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(colour.to_sitk()), colour.values)


@pytest.mark.parametrize("place", PLACES)
def test_coordinates_of_xarray_lead_to_the_place(tmp_path, place):
    volume, made = phantom_volume(tmp_path, **PLACES[place])
    array = volume.to_xarray()
    assert array.dims == ("slice", "row", "column")
    assert np.shares_memory(array.values, volume.values)
    for index in (0, 3):
        corner = array.isel(slice=index, row=0, column=0)
        along = [float(corner[axis]) for axis in ("slice", "row", "column")]
        # what the file of that slice says, by pydicom
        expected = hu.read(made.files[index]).header.dataset.ImagePositionPatient
        np.testing.assert_allclose(volume.direction @ along, np.array(expected, float), atol=1e-6)
    if place == "axial":
        np.testing.assert_allclose(array["slice"], [volume.to_lps((k, 0, 0))[2] for k in range(5)])
        assert array.sel(slice=float(array["slice"][2]), method="nearest").shape == (40, 40)


def test_xarray_carries_unit_affine_steps_and_padding():
    step = hu.Step("decode", "done")
    padding = np.zeros((3, 4, 5), bool)
    padding[0, 0, 0] = True
    array = hu.Volume(numbers(), np.eye(4), unit="HU", steps=(step,), padding=padding).to_xarray()
    assert (array.attrs["unit"], array["row"].attrs["units"]) == ("HU", "mm")
    np.testing.assert_array_equal(array.attrs["affine"], np.eye(4))
    assert json.loads(array.attrs["steps"]) == [step.to_dict()]
    assert int(array.where(~array["padding"]).count()) == 59
    colour = hu.Volume(numbers("uint8", (2, 3, 4, 3)), color=True).to_xarray()
    assert colour.sel(sample="blue").shape == (2, 3, 4)
    assert "affine" not in colour.attrs


@pytest.mark.parametrize(
    ("package", "method", "command"),
    [
        ("nibabel", "to_nibabel", "pip install --force-reinstall hounsfield"),
        ("SimpleITK", "to_sitk", r'pip install "hounsfield\[itk\]"'),
        ("xarray", "to_xarray", r'pip install "hounsfield\[xarray\]"'),
    ],
)
def test_a_missing_package_says_how_to_install_it(monkeypatch, package, method, command):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(hu.MissingDependencyError, match=command):
        getattr(hu.Volume(numbers(), np.eye(4)), method)()
