import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.phantoms.encode import ENCODERS
from hounsfield.phantoms.thorax import MATERIALS

SMALL = {"matrix": 64, "slices": 3}


def isolate(image, region):
    """The pixels of one region: between the bounds where no other material lies."""
    return hu.mask(image, region.above, region.below, fill=False, opening=0)


def test_measured_areas_and_means_are_the_truth(tmp_path):
    made = hu.phantom(tmp_path, matrix=128, slices=5)
    for index, path in enumerate(made.files):
        image = hu.read(path)
        for region in made.regions.values():
            found = hu.measure(image, isolate(image, region))
            assert found.pixels == region.pixels[index], region.name
            assert found.area_mm2 == region.area_mm2[index]
            if found.pixels:
                assert (found.mean, found.sd, found.unit) == (region.hu, 0, "HU")


def test_with_noise_areas_stay_exact_and_means_within_five_standard_errors(tmp_path):
    noise = 10
    made = hu.phantom(tmp_path, slices=1, noise=noise, seed=3)
    image = hu.read(made.files[0])
    for region in made.regions.values():
        found = hu.measure(image, isolate(image, region))
        assert found.pixels == region.pixels[0], region.name
        if region.name == "air":
            continue  # values below -1024 are cut off there
        assert abs(found.mean - region.hu) < 5 * noise / math.sqrt(found.pixels)
        assert found.sd == pytest.approx(noise, rel=0.25)


def test_ellipses_have_the_area_of_ellipses(tmp_path):
    """The counted truth against the formula: the lung of a middle slice, less what lies in it, cannot exceed it."""
    made = hu.phantom(tmp_path, matrix=512, slices=1)
    half = 512 * made.options.spacing / 2
    body = math.pi * 0.90 * 0.66 * half**2
    outside_air = made.regions["air"].area_mm2[0] - math.pi * 0.035**2 * half**2
    assert (2 * half) ** 2 - outside_air == pytest.approx(body, rel=2e-3)
    nodule = math.pi * 0.05**2 * half**2
    assert made.regions["nodule"].area_mm2[0] == pytest.approx(nodule, rel=0.02)


def test_every_pixel_belongs_to_one_region_and_volumes_add_up(tmp_path):
    made = hu.phantom(tmp_path, **SMALL, slice_spacing=2.5, missing=[1])
    assert [r.name for r in made.regions.values()] == [m.name for m in MATERIALS]
    for index in range(3):
        assert sum(region.pixels[index] for region in made.regions.values()) == 64 * 64
    total = 2 * 64 * 64 * made.options.spacing**2 * 2.5 / 1000
    assert sum(region.volume_ml for region in made.regions.values()) == pytest.approx(total)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    made = [hu.phantom(tmp_path / name, **SMALL, noise=5, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    first, second, third = ([path.read_bytes() for path in phantom.files] for phantom in made)
    assert first == second
    assert all(one != other for one, other in zip(first, third, strict=True))


@pytest.mark.parametrize("syntax", ENCODERS)
def test_every_transfer_syntax_holds_the_same_values(tmp_path, syntax):
    plain = hu.phantom(tmp_path / "plain", matrix=64, slices=1, noise=5)
    other = hu.phantom(tmp_path / "other", matrix=64, slices=1, noise=5, transfer_syntax=syntax)
    np.testing.assert_array_equal(hu.read(other.files[0]).values, hu.read(plain.files[0]).values)
    assert hu.info(other.files[0])["TransferSyntaxUID"] == ENCODERS[syntax]


@pytest.mark.parametrize("orientation", ["axial", "coronal", "sagittal", "oblique"])
@pytest.mark.parametrize("tilt", [0, 20])
def test_positions_and_directions_are_the_affines(tmp_path, orientation, tilt):
    made = hu.phantom(tmp_path, **SMALL, orientation=orientation, tilt=tilt)
    for index, path in enumerate(made.files):
        plane = hu.read(path).plane
        for row, column in ((0, 0), (10, 50)):
            expected = made.affine @ [index, row, column, 1]
            np.testing.assert_allclose(plane.to_lps(row, column), expected[:3], atol=1e-4)


def test_a_tilted_gantry_shears_and_keeps_the_table_axis(tmp_path):
    made = hu.phantom(tmp_path, **SMALL, tilt=20, slice_spacing=5)
    positions = [np.array(hu.read(path).plane.position) for path in made.files]
    np.testing.assert_allclose(np.diff(positions, axis=0), [[0, 0, 5]] * 2, atol=1e-6)
    normal = np.array(hu.read(made.files[0]).plane.normal)
    assert math.degrees(math.acos(normal[2])) == pytest.approx(20)
    assert pydicom.dcmread(made.files[0]).GantryDetectorTilt == 20


def test_missing_and_repeated_slices_and_phases_are_those_that_were_asked_for(tmp_path):
    made = hu.phantom(tmp_path / "a", **SMALL, missing=[1], repeated=[2])
    z = [hu.read(path).plane.position[2] for path in made.files]
    assert z == [-5, 5, 5]
    first, second = (pydicom.dcmread(path) for path in made.files[1:])
    assert first.PixelData == second.PixelData
    assert first.SOPInstanceUID != second.SOPInstanceUID
    phases = hu.phantom(tmp_path / "b", **SMALL, phases=2)
    sets = [pydicom.dcmread(path) for path in phases.files]
    assert [ds.AcquisitionNumber for ds in sets] == [1, 2] * 3
    assert [ds.TemporalPositionIdentifier for ds in sets] == [1, 2] * 3
    hearts = hu.phantom(tmp_path / "c", matrix=64, slices=1, phases=4)
    sizes = [hu.measure(image, isolate(image, hearts.regions["blood"])).pixels for image in map(hu.read, hearts.files)]
    assert sizes[1] > sizes[0] > sizes[3]


def validator():
    found = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip("dciodvfy is not installed")
    return found


# dciodvfy does not inflate: it reports errors on every deflated file.
@pytest.mark.long
@pytest.mark.parametrize("syntax", [name for name in ENCODERS if name != "deflated"])
def test_files_of_every_syntax_are_valid(tmp_path, syntax):
    made = hu.phantom(tmp_path, **SMALL, transfer_syntax=syntax, tilt=10, phases=2, repeated=[0])
    for path in made.files:
        done = subprocess.run([validator(), str(path)], capture_output=True, text=True, check=False)
        printed = done.stdout + done.stderr
        assert "CTImage" in printed
        assert [line for line in printed.splitlines() if line.startswith("Error")] == []


def test_existing_files_are_kept_unless_forced(tmp_path):
    hu.phantom(tmp_path, **SMALL)
    hu.phantom(tmp_path, **SMALL)  # the same bytes: nothing to replace
    with pytest.raises(hu.OutputError, match="kept"):
        hu.phantom(tmp_path, **SMALL, seed=1)
    hu.phantom(tmp_path, **SMALL, seed=1, force=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"matrix": 4}, {"slices": 0}, {"missing": [3]}, {"orientation": "upright"}, {"tilt": 90}, {"noise": -1},
        {"pixel_spacing": -1}, {"transfer_syntax": "zip"},
    ],
)  # fmt: skip
def test_impossible_options_are_refused_before_anything_is_written(tmp_path, wrong):
    with pytest.raises(ValueError, match=r"\w"):
        hu.phantom(tmp_path / "x", **{**SMALL, **wrong})
    assert not (tmp_path / "x").exists()
    with pytest.raises(TypeError):
        hu.phantom(tmp_path, colour="blue")
