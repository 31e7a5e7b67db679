"""What `write_nifti` writes, read back by nibabel and SimpleITK, and beside what dcm2niix makes of the same files."""

import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from scipy import ndimage

import hounsfield as hu

from made import file_bytes
from volumes import PLACES, phantom_volume, random_affine

UPRIGHT = [place for place in PLACES if "tilted" not in place]


def voxels_in_lps(image):
    """x, y, z in LPS mm of every stored voxel, by nibabel: (column, row, slice, 3)."""
    at = np.stack(np.meshgrid(*(np.arange(n) for n in image.shape[:3]), indexing="ij"), -1)
    return nibabel.affines.apply_affine(image.affine, at) * (-1, -1, 1)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("place", PLACES)
def test_each_value_lies_where_its_file_says(tmp_path, place, ending):
    volume, made = phantom_volume(tmp_path / "dicom", **PLACES[place])
    written = hu.write_nifti(volume, tmp_path / f"x{ending}")
    image = nibabel.load(written.paths[0])
    lps, stored = voxels_in_lps(image), np.asarray(image.dataobj)
    for k, path in enumerate(made.files):
        read = hu.read(path)
        for r, c in ((0, 0), (39, 0), (0, 39), (17, 23)):
            np.testing.assert_allclose(lps[c, 39 - r, k], read.plane.to_lps(r, c), atol=1e-4, rtol=0)
        np.testing.assert_array_equal(stored[:, ::-1, k].T, read.values)
    assert (stored.dtype, image.dataobj.slope, image.dataobj.inter) == (np.int16, 1, 0)


def test_any_affine_of_either_hand_survives(tmp_path):
    rng = np.random.default_rng(7)
    values = rng.integers(0, 1000, (3, 4, 5)).astype(np.int16)
    for index in range(20):
        volume = hu.Volume(values, random_affine(rng, sheared=index % 3 == 0, left_handed=index % 2 == 0))
        image = nibabel.load(hu.write_nifti(volume, tmp_path / f"{index}.nii").paths[0])
        for s, r, c in ((0, 0, 0), (2, 3, 4), (1, 0, 3)):
            ras = image.affine @ (c, 3 - r, s, 1)
            np.testing.assert_allclose(ras[:3] * (-1, -1, 1), volume.to_lps((s, r, c)), atol=1e-4, rtol=0)
            assert image.dataobj[c, 3 - r, s] == values[s, r, c]
        assert int(image.header["qform_code"]) == (not volume.is_sheared)


@pytest.mark.parametrize("place", UPRIGHT)
def test_simpleitk_reads_the_same_points_and_values(tmp_path, place):
    volume, _ = phantom_volume(tmp_path / "dicom", **PLACES[place])
    image = SimpleITK.ReadImage(str(hu.write_nifti(volume, tmp_path / "x.nii.gz").paths[0]))
    for s, r, c in ((0, 0, 0), (4, 39, 39), (2, 10, 30)):
        point = image.TransformPhysicalPointToIndex(volume.to_lps((s, r, c)).tolist())
        assert image[point] == volume.values[s, r, c]
        np.testing.assert_allclose(
            image.TransformIndexToPhysicalPoint(point), volume.to_lps((s, r, c)), atol=1e-3, rtol=0
        )


def test_simpleitk_takes_a_volume_through_nrrd(tmp_path):
    volume, _ = phantom_volume(tmp_path / "dicom", orientation="oblique")
    SimpleITK.WriteImage(volume.to_sitk(), str(tmp_path / "x.nrrd"))
    nrrd = SimpleITK.ReadImage(str(tmp_path / "x.nrrd"))
    nifti = SimpleITK.ReadImage(str(hu.write_nifti(volume, tmp_path / "x.nii").paths[0]))
    same = SimpleITK.Resample(nifti, nrrd, SimpleITK.Transform(), SimpleITK.sitkNearestNeighbor)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(same), SimpleITK.GetArrayFromImage(nrrd))


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("uint8", "uint8"), ("int8", "int8"), ("int16", "int16"), (">i2", "int16"), ("uint16", "uint16"),
        ("int32", "int32"), ("uint32", "uint32"), ("float32", "float32"), (">f8", "float64"), ("float16", "float32"),
        ("bool", "uint8"), ("int64", "uint8"), ("uint64", "uint8"),
    ],
)  # fmt: skip
def test_every_type_is_exact(tmp_path, given, stored):
    values = np.random.default_rng(3).integers(0, 2, (2, 3, 4)).astype(given)
    if values.dtype.kind in "iuf" and values.dtype.itemsize < 8:
        info = np.finfo(given) if values.dtype.kind == "f" else np.iinfo(given)
        values[0, 0, :2] = info.min, info.max
    image = nibabel.load(hu.write_nifti(hu.Volume(values, np.eye(4)), tmp_path / "x.nii").paths[0])
    assert image.get_data_dtype() == stored
    np.testing.assert_array_equal(np.asarray(image.dataobj)[:, ::-1].transpose(2, 1, 0), values)


@pytest.mark.parametrize(("most", "stored"), [(255, "uint8"), (256, "int16"), (2**31 - 1, "int32"), (2**31, None)])
def test_whole_numbers_of_64_bits_are_narrowed_exactly_or_refused(tmp_path, most, stored):
    volume = hu.Volume(np.array([[[0, most]]]), np.eye(4))
    if stored is None:
        with pytest.raises(hu.FormatError, match="not values from 0 to 2147483648"):
            hu.write_nifti(volume, tmp_path / "x.nii")
        assert list(tmp_path.iterdir()) == []
    else:
        image = nibabel.load(hu.write_nifti(volume, tmp_path / "x.nii").paths[0])
        assert (image.get_data_dtype(), image.dataobj[1, 0, 0]) == (stored, most)


def test_what_is_no_number_survives(tmp_path):
    values = np.array([[[np.nan, -np.inf, 0.1]]], np.float32)
    image = nibabel.load(hu.write_nifti(hu.Volume(values, np.eye(4)), tmp_path / "x.nii").paths[0])
    assert np.asarray(image.dataobj)[:, 0, 0].tobytes() == values.tobytes()


def test_colours_are_rgb24(tmp_path):
    values = np.random.default_rng(1).integers(0, 256, (2, 3, 4, 3), np.uint8)
    path = hu.write_nifti(hu.Volume(values, np.eye(4), color=True), tmp_path / "x.nii").paths[0]
    image = nibabel.load(path)
    stored = np.asarray(image.dataobj)
    for index, sample in enumerate("RGB"):
        np.testing.assert_array_equal(stored[sample][:, ::-1].transpose(2, 1, 0), values[..., index])
    assert SimpleITK.ReadImage(str(path)).GetNumberOfComponentsPerPixel() == 3
    with pytest.raises(hu.FormatError, match="8 bits"):
        hu.write_nifti(hu.Volume(values.astype(np.uint16), np.eye(4), color=True), tmp_path / "y.nii")


def phases(values, keyword="TriggerTime", **changes):
    shape = np.zeros((2, 3, 4), np.int16)
    return [
        hu.Volume(shape + index, np.eye(4), separated_by={keyword: value}, unit="HU", **changes)
        for index, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("volumes", "step", "unit"),
    [
        (phases([0.0, 40.0, 80.0]), 0.04, "sec"),
        (phases([0.5, 1.0, 1.5], "TemporalPositionTimeOffset"), 0.5, "sec"),
        (phases([0.0, 40.0, 90.0]), 1, "unknown"),
        (phases([80.0, 40.0, 0.0]), 1, "unknown"),
        (phases([0.0, None, 80.0]), 1, "unknown"),
        (phases([10.0, 20.0, 30.0], "EchoTime"), 1, "unknown"),
    ],
)
def test_several_volumes_are_a_fourth_axis(tmp_path, volumes, step, unit):
    written = hu.write_nifti(volumes, tmp_path / "x.nii.gz")
    image = nibabel.load(written.paths[0])
    assert image.shape == (4, 3, 2, 3)
    assert image.header["pixdim"][4] == np.float32(step)
    assert image.header.get_xyzt_units() == ("mm", unit)
    for index in range(3):
        assert (np.asarray(image.dataobj)[..., index] == index).all()
    assert [s.outcome for s in written.steps if s.name == "fourth axis"] == ["done" if unit == "sec" else "not done"]
    sitk = SimpleITK.ReadImage(str(written.paths[0]))
    assert sitk.GetSize() == (4, 3, 2, 3)


def test_types_of_several_volumes_meet_in_one_that_holds_all(tmp_path):
    small, large = (
        hu.Volume(np.full((1, 1, 2), 200, np.uint8), np.eye(4)),
        hu.Volume(np.full((1, 1, 2), -5, np.int16), np.eye(4)),
    )
    image = nibabel.load(hu.write_nifti([small, large], tmp_path / "x.nii").paths[0])
    assert (image.get_data_dtype(), np.asarray(image.dataobj)[0, 0, 0].tolist()) == (np.int16, [200, -5])
    wide = hu.Volume(np.full((1, 1, 2), 2**32 - 1, np.uint32), np.eye(4))
    with pytest.raises(hu.FormatError, match="64-bit integers"):
        hu.write_nifti([large, wide], tmp_path / "y.nii")


def test_volumes_that_do_not_belong_together_are_refused(tmp_path):
    one = hu.Volume(np.zeros((2, 3, 4), np.int16), np.eye(4), unit="HU", frame_of_reference="1.2")
    moved = np.eye(4)
    moved[0, 3] = 0.1
    for other, kind in (
        (hu.Volume(np.zeros((2, 3, 5), np.int16), np.eye(4), unit="HU"), hu.GeometryError),
        (hu.Volume(one.values, moved, unit="HU"), hu.GeometryError),
        (hu.Volume(one.values, unit="HU"), hu.GeometryError),
        (hu.Volume(one.values, np.eye(4), unit="HU", frame_of_reference="1.3"), hu.GeometryError),
        (hu.Volume(one.values, np.eye(4), unit="BQML"), hu.UnitError),
    ):
        with pytest.raises(kind):
            hu.write_nifti([one, other], tmp_path / "x.nii")
    with pytest.raises(ValueError, match="no volume"):
        hu.write_nifti([], tmp_path / "x.nii")
    with pytest.raises(ValueError, match="ends with"):
        hu.write_nifti(one, tmp_path / "x.img")


def test_a_place_that_is_not_known_is_said_to_be_so(tmp_path):
    volume = hu.Volume(np.zeros((2, 3, 4), np.int16))
    with pytest.warns(hu.AssumptionWarning, match="the voxel size is not known"):
        written = hu.write_nifti(volume, tmp_path / "x.nii")
    with pytest.raises(hu.AssumptionError, match="the voxel size is not known"):
        hu.write_nifti(volume, tmp_path / "y.nii", strict=True)
    assert not (tmp_path / "y.nii").exists()
    header = nibabel.load(written.paths[0]).header
    assert header.get_zooms() == (1, 1, 1)
    assert (int(header["qform_code"]), int(header["sform_code"]), header.get_xyzt_units()[0]) == (0, 0, "unknown")
    assert any(step.name == "place" and step.outcome == "not done" for step in written.steps)


@pytest.mark.parametrize(
    ("attributes", "slices", "between"),
    [
        ({"SpacingBetweenSlices": 0.7, "SliceThickness": 0.5}, 3, 0.7),
        ({"SliceThickness": 0.5}, 3, 0.5),
        ({"SpacingBetweenSlices": 0.7, "SliceThickness": 0.5}, 1, 0.5),
        ({}, 3, 1),
    ],
)
def test_the_pixel_spacing_of_slices_without_place_is_kept(tmp_path, attributes, slices, between):
    """PS3.3 10.7.1.1: Pixel Spacing is in mm, whether or not it is known where the plane lies."""
    pixels = np.zeros((slices, 6, 8), np.int16)
    source = tmp_path / "a.dcm"
    source.write_bytes(file_bytes(pixels, PixelSpacing=[0.3, 0.2], RescaleSlope=1, RescaleIntercept=0, **attributes))
    volume = hu.read_volumes(source)[0]
    assert volume.affine is None
    with pytest.warns(hu.AssumptionWarning, match="at an unknown position"):
        written = hu.write_nifti(volume, tmp_path / "x.nii")
    stored = nibabel.load(written.paths[0]).header
    np.testing.assert_allclose(stored.get_zooms(), (0.2, 0.3, between), rtol=1e-6)
    assert (int(stored["qform_code"]), int(stored["sform_code"]), stored.get_xyzt_units()[0]) == (0, 0, "mm")
    with pytest.raises(hu.AssumptionError, match="at an unknown position"):
        hu.write(volume, tmp_path / "y.nii", strict=True)


@pytest.mark.parametrize("degrees", [0, 0.3, 0.6, 0.8, 1, 1.2, 2, 5, 90])
def test_a_qform_is_written_where_it_holds(tmp_path, degrees):
    """A quaternion of 32 bits cannot hold every rotation: nibabel, which makes one, says how far it is off."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ [[1, 0, 0], [0, cos, -sin], [0, sin, cos]]
    affine = np.eye(4)
    affine[:3, :3] = 3 * turn[:, ::-1]
    affine[:3, 3] = -120, -120, -60
    volume = hu.Volume(np.zeros((40, 120, 120), np.int8), affine)
    written = hu.write_nifti(volume, tmp_path / "x.nii")
    header = nibabel.load(written.paths[0]).header
    made = nibabel.Nifti1Header()
    made.set_data_shape((120, 120, 40))
    made.set_qform(header.get_sform(), 1)
    corners = np.array([(i, j, k, 1) for i in (0, 119) for j in (0, 119) for k in (0, 39)])
    off = np.linalg.norm(corners @ (made.get_qform() - header.get_sform()).T, axis=1).max()
    assert bool(header["qform_code"]) == (off <= 0.05)
    (place,) = [step.detail for step in written.steps if step.name == "place"]
    assert ("rounded" in place) == (off > 0.05)
    assert "right angles" not in place


def test_the_steps_tell_of_what_stays_behind(tmp_path):
    padding = np.zeros((2, 3, 4), bool)
    padding[0, 0] = True
    sheared = random_affine(np.random.default_rng(0), sheared=True)
    written = hu.write_nifti(hu.Volume(np.zeros((2, 3, 4), np.int16), sheared, padding=padding), tmp_path / "x.nii")
    text = [str(step) for step in written.steps]
    assert any("4 voxels are padding; NIfTI cannot mark them" in line for line in text)
    assert any("as with a tilted gantry" in line for line in text)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_the_same_volume_gives_the_same_bytes_and_no_one_is_named(tmp_path, ending):
    volume, made = phantom_volume(tmp_path / "dicom")
    paths = [hu.write_nifti(volume, tmp_path / name / f"x{ending}").paths[0] for name in ("a", "b")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    header = nibabel.load(paths[0]).header
    texts = b"".join(header[name].item() for name in ("descrip", "aux_file", "intent_name", "db_name"))
    assert texts == b"hounsfield"
    assert header.extensions == []
    with pytest.raises(hu.OutputError, match="kept"):
        hu.write_nifti(volume.with_values(volume.values + 1), paths[0])
    hu.write_nifti(volume.with_values(volume.values + 1), paths[0], force=True)


def test_nibabel_finds_nothing_to_mend_in_the_header(tmp_path):
    written = hu.write_nifti(hu.Volume(np.zeros((2, 3, 4), np.int16), np.eye(4)), tmp_path / "x.nii")
    data = written.paths[0].read_bytes()
    assert nibabel.Nifti1Header.diagnose_binaryblock(data[:348]) == ""
    assert len(data) == 352 + 48


def dcm2niix(folder, out):
    found = shutil.which("dcm2niix") or shutil.which("dcm2niix", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("dcm2niix is not installed")
    out.mkdir()
    command = [found, "-b", "n", "-f", "x", "-w", "1", "-o", str(out), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return {path.stem: nibabel.load(path) for path in out.glob("*.nii")}


@pytest.mark.parametrize("place", UPRIGHT)
def test_dcm2niix_stores_the_same_voxels_in_the_same_order(tmp_path, place):
    volume, made = phantom_volume(tmp_path / "dicom", **PLACES[place])
    theirs = dcm2niix(made.folder, tmp_path / "out")["x"]
    ours = nibabel.load(hu.write_nifti(volume, tmp_path / "x.nii").paths[0])
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-4)
    np.testing.assert_allclose(voxels_in_lps(ours), voxels_in_lps(theirs), atol=1e-3)
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())  # theirs are stored values and a slope
    np.testing.assert_allclose(ours.get_qform(), theirs.get_qform(), atol=1e-3)


def test_dcm2niix_makes_the_same_fourth_axis_of_phases(tmp_path):
    made = hu.phantom(tmp_path / "dicom", matrix=40, slices=5, phases=3, noise=20)
    images = [hu.read(path) for path in made.files]
    volumes = [
        hu.Volume(np.stack([i.values for i in images if i.header["AcquisitionNumber"] == phase]), made.affine)
        for phase in (1, 2, 3)
    ]
    theirs = dcm2niix(made.folder, tmp_path / "out")["x"]
    ours = nibabel.load(hu.write_nifti(volumes, tmp_path / "x.nii").paths[0])
    assert ours.shape == theirs.shape == (40, 40, 5, 3)
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-4)


def differences_from_corrected(volume, theirs):
    """How far values of dcm2niix's corrected file are from the volume's, interpolated along the columns at its places.

    dcm2niix moves each slice of a tilted series along its columns, by linear interpolation, until axes are at right
    angles. Left out are voxels within a row of the border, and of padding, beside which it takes the nearest value.
    """
    at = volume.to_index(voxels_in_lps(theirs)).reshape(-1, 3)
    for axis, within in ((0, 1e-3), (2, 1e-3)):  # in the plane of one of our slices, in one of our columns
        np.testing.assert_allclose(at[:, axis], np.rint(at[:, axis]), atol=within)
    padding = np.zeros(volume.shape) if volume.padding is None else volume.padding.astype(float)
    apart = ndimage.map_coordinates(padding, at.T, order=1, mode="nearest") == 0
    (inside,) = np.nonzero((at[:, 1] >= 1) & (at[:, 1] <= volume.shape[1] - 2) & apart)
    assert len(inside) > 0.7 * volume.values.size
    ours = ndimage.map_coordinates(volume.values.astype(float), at[inside].T, order=1, mode="nearest")
    return np.abs(ours - theirs.get_fdata().reshape(-1)[inside])


@pytest.mark.parametrize("options", [{"tilt": 20.0}, {"tilt": 15.0, "orientation": "sagittal"}])
def test_dcm2niix_corrects_a_tilted_gantry_to_the_same_places(tmp_path, options):
    volume, made = phantom_volume(tmp_path / "dicom", matrix=64, **options)
    files = dcm2niix(made.folder, tmp_path / "out")
    assert differences_from_corrected(volume, files["x_Tilt_1"]).max() <= 0.6  # theirs are rounded, places to float32


@pytest.mark.parametrize("place", ["tilted", "oblique tilted"])
def test_dcm2niix_has_the_same_first_slice_where_it_does_not_correct(tmp_path, place):
    """Its file without correction has right angles: every other slice lies elsewhere than its header says.

    With a negative tilt, and with one about another axis than the patient's x, the places of its corrected file are off
    as well: there is nothing more to compare then.
    """
    volume, made = phantom_volume(tmp_path / "dicom", **PLACES[place])
    theirs = dcm2niix(made.folder, tmp_path / "out")["x"]
    ours = nibabel.load(hu.write_nifti(volume, tmp_path / "x.nii").paths[0])
    np.testing.assert_array_equal(ours.get_fdata(), theirs.get_fdata())
    np.testing.assert_allclose(voxels_in_lps(ours)[:, :, 0], voxels_in_lps(theirs)[:, :, 0], atol=1e-3)
    said = [hu.read(path).plane.position for path in made.files]
    np.testing.assert_allclose(voxels_in_lps(ours)[0, -1], said, atol=1e-4)
    assert np.abs(voxels_in_lps(theirs)[0, -1] - said).max() > 0.1


def test_a_real_tilted_series_lies_where_dcm2niix_puts_it(tmp_path, corpus):
    """The slices of one head CT that are evenly apart: its others are farther apart."""
    images = sorted(
        (hu.read(path) for path in (corpus / "gantry-tilt-ct").glob("*.dcm")), key=lambda i: i.plane.position[2]
    )
    steps = np.diff([image.plane.position[2] for image in images])
    count = 1 + int(np.argmax(np.abs(steps - steps[0]) > 1e-3))
    images = images[:count]
    assert count >= 5
    (tmp_path / "dicom").mkdir()
    for image in images:
        shutil.copy(image.name, tmp_path / "dicom")
    matrix = images[0].plane.affine[:, [2, 0, 1, 3]]
    matrix[:3, 0] = np.subtract(images[-1].plane.position, images[0].plane.position) / (count - 1)
    padding = np.stack([image.padding for image in images])
    volume = hu.Volume(np.stack([image.values for image in images]), matrix, unit="HU", padding=padding)
    files = dcm2niix(tmp_path / "dicom", tmp_path / "out")
    ours = nibabel.load(hu.write_nifti(volume, tmp_path / "x.nii").paths[0])
    np.testing.assert_array_equal(ours.get_fdata(), files["x"].get_fdata())
    assert differences_from_corrected(volume, files["x_Tilt_1"]).max() <= 0.6
