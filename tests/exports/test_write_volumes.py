"""What `write` makes of volumes, read back by programs that we did not write."""

import json
import warnings

import av
import imagecodecs
import numpy as np
import pytest
from PIL import Image as Picture

import hounsfield as hu
from hounsfield.exports.write import find_format

from sitk_volumes import tilted_ct
from volumes import phantom_volume


@pytest.fixture
def volume(tmp_path):
    return phantom_volume(tmp_path / "dicom", slices=6, tilt=15.0)[0]


def open_pictures(paths):
    return np.stack([np.asarray(Picture.open(path)) for path in paths])


def test_a_picture_for_each_slice(volume, tmp_path):
    written = hu.write(volume, tmp_path / "x.png", window="bone")
    assert [path.name for path in written.paths] == [f"x.frame{index:04}.png" for index in range(6)]
    np.testing.assert_array_equal(open_pictures(written.paths), hu.render(volume, "bone"))
    assert written.steps[-2].detail.startswith("window center 400, width 1800, LINEAR")
    lossy = open_pictures(hu.write(volume, tmp_path / "x.jpg", quality=95, window="bone").paths)
    assert np.abs(lossy.astype(int) - hu.render(volume, "bone")).mean() < 3


def test_values_in_png(volume, tmp_path):
    with pytest.raises(hu.FormatError, match="0 to 65535"):
        hu.write(volume, tmp_path / "x.png", values=True)
    shifted = volume.with_values((volume.values + 1024).astype(np.uint16), unit="")
    written = hu.write(shifted, tmp_path / "x.png", values=True)
    np.testing.assert_array_equal(open_pictures(written.paths), shifted.values)
    mask = hu.mask(volume)
    np.testing.assert_array_equal(open_pictures(hu.write(mask, tmp_path / "mask.png").paths) == 255, mask.values)


def test_a_real_ct_in_a_tiff(corpus, tmp_path):
    volume, _ = tilted_ct(corpus)
    hu.write(volume, tmp_path / "x.tif")
    np.testing.assert_array_equal(imagecodecs.tiff_decode((tmp_path / "x.tif").read_bytes(), index=None), volume.values)
    with Picture.open(tmp_path / "x.tif") as pages:
        assert pages.n_frames == 14
        said = json.loads(pages.tag_v2[270])
        assert pages.tag_v2[282] == pytest.approx(10 / volume.pixel_spacing[1], rel=1e-6)
    assert said["axes"] == ["slice", "row", "column"]
    assert (said["shape"], said["unit"]) == ([14, 512, 512], "HU")
    np.testing.assert_array_equal(said["affine"], volume.affine)


def test_a_tiff_without_a_place_or_of_a_rendering(volume, tmp_path):
    hu.write(hu.Volume(volume.values), tmp_path / "x.tif")
    with Picture.open(tmp_path / "x.tif") as pages:
        assert json.loads(pages.tag_v2[270])["affine"] is None
    hu.write(volume, tmp_path / "y.tif", values=False, square=True)
    again = imagecodecs.tiff_decode((tmp_path / "y.tif").read_bytes(), index=None)
    np.testing.assert_array_equal(again, hu.render(volume, square=True))


def test_arrays(volume, tmp_path):
    hu.write(volume, tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy", allow_pickle=False), volume.values)
    written = hu.write(volume, tmp_path / "x.npz")
    by_name = hu.write_npz(volume, tmp_path / "y.npz")
    assert written.paths[0].read_bytes() == by_name.paths[0].read_bytes()
    assert written.steps == by_name.steps
    with pytest.raises(hu.OutputError, match="kept"):
        hu.write(volume.with_values(volume.values + 1), tmp_path / "x.npz")
    hu.write(volume.with_values(volume.values + 1), tmp_path / "x.npz", force=True)
    with np.load(tmp_path / "x.npz") as file:
        np.testing.assert_array_equal(file["values"], volume.values + 1)
        np.testing.assert_array_equal(file["affine"], volume.affine)


@pytest.mark.parametrize(("options", "hundredths"), [({}, 10), ({"fps": 4}, 25)])
def test_a_gif_runs_through_the_slices(volume, tmp_path, options, hundredths):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # slices have no times: nothing is assumed
        written = hu.write(volume, tmp_path / "x.gif", window="lung", **options)
    with Picture.open(tmp_path / "x.gif") as pages:
        assert pages.n_frames == 6
        for index, expected in enumerate(hu.render(volume, "lung")):
            pages.seek(index)
            assert pages.info["duration"] == hundredths * 10
            np.testing.assert_array_equal(np.asarray(pages.convert("L")), expected)
    step = next(step for step in written.steps if step.name == "frame times")
    assert step.outcome == "done"


def test_an_mp4_runs_through_the_slices(volume, tmp_path):
    hu.write(volume, tmp_path / "x.mp4", window="lung")
    with av.open(str(tmp_path / "x.mp4")) as video:
        frames = [frame.to_ndarray(format="gray") for frame in video.decode(video=0)]
        assert float(video.streams.video[0].average_rate) == pytest.approx(10)
    assert np.abs(np.stack(frames).astype(int) - hu.render(volume, "lung")).mean() < 6


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_volumes_of_colours(tmp_path, dtype):
    values = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (3, 6, 5, 3), dtype, endpoint=True)
    volume = hu.Volume(values, color=True)
    hu.write(volume, tmp_path / "x.tif")
    np.testing.assert_array_equal(imagecodecs.tiff_decode((tmp_path / "x.tif").read_bytes(), index=None), values)
    np.testing.assert_array_equal(open_pictures(hu.write(volume, tmp_path / "x.png").paths), hu.render(volume))


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_nifti_is_what_write_nifti_writes(volume, tmp_path, ending):
    written = hu.write(volume, tmp_path / f"x{ending}")
    assert written.paths[0].read_bytes() == hu.write_nifti(volume, tmp_path / f"y{ending}").paths[0].read_bytes()


@pytest.mark.parametrize("ending", [".nii.gz", ".zarr"])
def test_formats_of_volumes_refuse_images(volume, tmp_path, ending):
    with pytest.raises(hu.FormatError, match="holds volumes, and this is an image"):
        hu.write(volume[0], tmp_path / f"x{ending}")
    assert not (tmp_path / f"x{ending}").exists()


def test_one_slice_is_one_frame(volume, tmp_path):
    written = hu.write(volume[2:3], tmp_path / "x.png")
    assert [path.name for path in written.paths] == ["x.frame0000.png"]
    np.testing.assert_array_equal(open_pictures(written.paths)[0], hu.render(volume)[2])


def test_no_patient_in_what_is_written(volume, tmp_path):
    assert volume.header["PatientID"]
    for name in ("x.tif", "x.npz", "x.gif", "x.png"):
        for path in hu.write(volume, tmp_path / name).paths:
            written = path.read_bytes()
            assert not any(volume.header[keyword].encode() in written for keyword in ("PatientID", "PatientName"))
            assert str(tmp_path).encode() not in written


def test_endings():
    assert find_format("x.PNG").name == "png"
    assert find_format("archive.tar.gif").name == "gif"
    assert find_format(".png") is None
    assert find_format("png") is None
    assert find_format("x.NII.gz").name == "nifti"
    assert find_format("x.gz") is None
    assert find_format(".nii.gz") is None
