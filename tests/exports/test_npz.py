"""What `write_npz` writes, read back by NumPy."""

import json

import numpy as np
import pytest

import hounsfield as hu

from volumes import phantom_volume


@pytest.mark.parametrize("options", [{}, {"tilt": 20.0}, {"orientation": "oblique"}])
def test_numpy_finds_values_and_what_belongs_to_them(tmp_path, options):
    volume, made = phantom_volume(tmp_path / "dicom", **options)
    written = hu.write_npz(volume, tmp_path / "x.npz")
    with np.load(written.paths[0], allow_pickle=False) as file:
        np.testing.assert_array_equal(file["values"], np.stack([hu.read(path).values for path in made.files]))
        for k, path in enumerate(made.files):
            np.testing.assert_allclose(
                (file["affine"] @ (k, 7, 9, 1))[:3], hu.read(path).plane.to_lps(7, 9), atol=1e-6, rtol=0
            )
        assert (str(file["unit"]), file["axes"].tolist()) == ("HU", ["slice", "row", "column"])
        assert json.loads(str(file["steps"])) == [step.to_dict() for step in written.steps]
        assert str(file["spacing_kind"]) == "patient"
        assert "padding" not in file


def test_masks_colours_and_padding(tmp_path):
    values = np.random.default_rng(2).integers(0, 256, (2, 3, 4, 3), np.uint8)
    padding = values[..., 0] > 200
    with np.load(hu.write_npz(hu.Volume(values, color=True, padding=padding), tmp_path / "x.npz").paths[0]) as file:
        np.testing.assert_array_equal(file["values"], values)
        np.testing.assert_array_equal(file["padding"], padding)
        assert "affine" not in file
        assert np.isnan(file["pixel_spacing"]).all()
    with np.load(hu.write_npz(hu.Volume(padding), tmp_path / "y.npz").paths[0]) as file:
        assert file["values"].dtype == bool


def test_the_same_volume_gives_the_same_bytes_and_no_one_is_named(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    first, again = (hu.write_npz(volume, tmp_path / f"{name}.npz").paths[0] for name in "ab")
    assert first.read_bytes() == again.read_bytes()
    with np.load(first) as file:
        said = " ".join(str(file[name]) for name in file.files if file[name].dtype.kind == "U")
    assert not any(word in said for word in ("Phantom", "PHANTOM", "2.25.", str(tmp_path)))
    with pytest.raises(hu.OutputError, match="kept"):
        hu.write_npz(volume.with_values(volume.values + 1), first)
    with pytest.raises(ValueError, match="ends with"):
        hu.write_npz(volume, tmp_path / "x.npy")
