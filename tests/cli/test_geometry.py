"""Other grids, parts and projections on the command line; nibabel, pydicom and the library's own parts are the oracles."""

import json
import shutil

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import hounsfield as hu

from cli_runner import hu_here


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A series, one of a tilted gantry, and the first as a zip."""
    folder = tmp_path_factory.mktemp("geometry")
    hu.phantom(folder / "ct", matrix=64, slices=10)
    hu.phantom(folder / "tilted", matrix=64, slices=10, tilt=15, seed=3)
    shutil.make_archive(str(folder / "ct"), "zip", folder / "ct")
    return folder


@pytest.fixture
def volume(folder):
    return hu.read_volumes(folder / "ct")[0]


def result_of(*words, cwd, code=0):
    command, *rest = words
    done, out, err = hu_here(command, "--jsonl", *rest, cwd=cwd)
    assert done == code, err
    (line,) = out.splitlines()
    return json.loads(line)


def nifti_of(result, cwd):
    (path,) = result["outputs"]
    return nibabel.load(cwd / path)


def test_a_spacing_is_that_of_the_file(folder, tmp_path, volume):
    result = result_of("convert", folder / "ct", "--to", "nifti", "--spacing", "4", cwd=tmp_path)
    made = nifti_of(result, tmp_path)
    np.testing.assert_allclose(made.header.get_zooms(), (4, 4, 4), rtol=1e-6)
    assert made.shape == (96, 96, 12)
    assert result["reshaped"]["spacing"] == [4, 4, 4]
    assert result["reshaped"]["shape"] == [12, 96, 96]
    assert "resample" in [step["name"] for step in result["steps"]]
    assert result["volume"]["shape"] == [10, 64, 64]  # the source's
    np.testing.assert_array_equal(made.get_fdata().transpose(2, 1, 0)[:, ::-1], volume.resample(4).values)
    between = result_of("convert", folder / "ct", "--to", "nifti", "--spacing", "10,3,3", "-o", "o", cwd=tmp_path)
    np.testing.assert_allclose(nifti_of(between, tmp_path).header.get_zooms(), (3, 3, 10), rtol=1e-6)


def test_a_tilted_series_is_made_rectangular(folder, tmp_path):
    result = result_of("convert", folder / "tilted", "--to", "nifti", "--rectify", cwd=tmp_path)
    axes = nifti_of(result, tmp_path).affine[:3, :3]
    np.testing.assert_allclose(axes.T @ axes, np.diag((axes**2).sum(axis=0)), atol=1e-3)


@pytest.mark.parametrize(
    ("plane", "columns", "rows"),
    [("axial", (1, 0, 0), (0, 1, 0)), ("coronal", (1, 0, 0), (0, 0, -1)), ("sagittal", (0, 1, 0), (0, 0, -1))],
)
def test_a_plane_has_its_directions(plane, columns, rows, folder, tmp_path):
    """As radiology looks at it: columns to the left or the back, rows to the back or the feet (LPS)."""
    result = result_of("convert", folder / "ct", "--to", "npz", "--plane", plane, cwd=tmp_path)
    affine, (_, between_rows, between_columns) = np.array(result["reshaped"]["affine"]), result["reshaped"]["spacing"]
    np.testing.assert_allclose(affine[:3, 2] / between_columns, columns, atol=1e-9)
    np.testing.assert_allclose(affine[:3, 1] / between_rows, rows, atol=1e-9)
    assert result["reshaped"]["plane"] == plane


@pytest.mark.parametrize("jobs", [[], ["-j", "2"]])
def test_on_the_grid_of_a_nifti_file_the_matrix_is_its_own(jobs, folder, tmp_path):
    matrix = np.diag([-3, 4, 5, 1.0])
    matrix[:3, 3] = (80, -100, -20)
    nibabel.save(nibabel.Nifti1Image(np.zeros((50, 40, 9), np.uint8), matrix), tmp_path / "other.nii.gz")
    code, out, err = hu_here(
        "convert", folder, "--to", "nifti", "--like", "other.nii.gz", "-o", "out", "--jsonl", *jobs, cwd=tmp_path
    )
    assert code == 0, err
    results = [json.loads(line) for line in out.splitlines()]
    assert len(results) >= 2
    for result in results:
        made = nifti_of(result, tmp_path)
        assert made.shape == (50, 40, 9)
        np.testing.assert_allclose(made.affine, matrix, atol=1e-5)
        assert result["reshaped"]["like"] == "other.nii.gz"


def test_on_the_grid_of_a_folder_voxels_lie_on_each_other(folder, tmp_path, volume):
    result = result_of("convert", folder / "tilted", "--to", "nifti", "--like", folder / "ct", cwd=tmp_path)
    np.testing.assert_allclose(result["reshaped"]["affine"], volume.affine)
    assert result["reshaped"]["shape"] == [10, 64, 64]


def test_a_grid_elsewhere_is_an_error(folder, tmp_path):
    matrix = np.diag([2, 2, 2, 1.0])
    matrix[:3, 3] = 5000
    nibabel.save(nibabel.Nifti1Image(np.zeros((10, 10, 10), np.uint8), matrix), tmp_path / "far.nii.gz")
    code, _, err = hu_here("stats", folder / "ct", "--like", "far.nii.gz", cwd=tmp_path)
    assert code == 1
    assert "do not overlap" in err
    nibabel.save(nibabel.Nifti1Image(np.zeros((10, 10, 10), np.uint8), np.diag([1e-30] * 3 + [1])), tmp_path / "s.nii")
    code, _, err = hu_here("stats", folder / "ct", "--like", "s.nii", cwd=tmp_path)
    assert code == 2
    assert "--like" in err


def test_a_box_is_a_part_of_the_values(folder, tmp_path, volume):
    box = "-60:45.5,,-10:12"
    result = result_of("convert", folder / "ct", "--to", "npy", "--crop", box, cwd=tmp_path)
    made = np.load(tmp_path / result["outputs"][0])
    places = volume.to_lps(np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1))
    inside = (places[..., 0] >= -60) & (places[..., 0] <= 45.5) & (places[..., 2] >= -10) & (places[..., 2] <= 12)
    np.testing.assert_array_equal(made.ravel(), volume.values[inside])
    assert result["reshaped"]["crop"] == [[-60, 45.5], None, [-10, 12]]


def test_a_mask_crops_before_anything_is_measured(folder, tmp_path, volume):
    words = ["--above", "-300", "--crop", "mask"]
    result = result_of("mask", folder / "ct", *words, "--no-figure", "-o", "out", cwd=tmp_path)
    whole = hu.mask(volume, above=-300)
    bounds = [np.flatnonzero(whole.values.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    assert result["reshaped"]["shape"] == [int(np.ptp(each)) + 1 for each in bounds]
    assert result["measures"]["pixels"] == np.count_nonzero(whole.values)
    stats = result_of("stats", folder / "ct", *words, cwd=tmp_path)
    assert stats["measures"] == result["measures"]
    converted = result_of("convert", folder / "ct", *words, "--to", "npy", cwd=tmp_path)
    box = tuple(slice(each[0], each[-1] + 1) for each in bounds)
    np.testing.assert_array_equal(np.load(tmp_path / converted["outputs"][0]), volume.values[box])
    wider = result_of("stats", folder / "ct", *words, "--margin-mm", "7", cwd=tmp_path)
    assert wider["measures"] == result["measures"]
    assert wider["reshaped"]["shape"][1] == min(result["reshaped"]["shape"][1] + 4, 64)


@pytest.mark.parametrize(("option", "how"), [("--mip", np.max), ("--minip", np.min), ("--mean", np.mean)])
def test_projections_are_numpys(option, how, folder, tmp_path, volume):
    result = result_of("convert", folder / "ct", "--to", "npy", option, "-o", "one", cwd=tmp_path)
    made = np.load(tmp_path / result["outputs"][0])
    np.testing.assert_allclose(made, how(volume.values, axis=0), rtol=1e-6)
    slabs = result_of("convert", folder / "ct", "--to", "npy", option, "20", "-o", "slabs", cwd=tmp_path)
    made = np.load(tmp_path / slabs["outputs"][0])  # of four slices of 5 mm
    np.testing.assert_allclose(made[1], how(volume.values[4:8], axis=0), rtol=1e-6)
    assert slabs["reshaped"][option[2:]] == 20


def test_a_rest_that_is_no_slab_is_left_out_and_greatest_values_have_no_millilitres(folder, tmp_path, volume):
    """Ten slices of 5 mm: 40 mm are eight of them, the ninth and the tenth are no slab."""
    result = result_of("stats", folder / "ct", "--mip", "40", "--above", "-500", cwd=tmp_path)
    projected = volume.values[:8].max(axis=0)
    assert result["reshaped"]["shape"] == [1, 64, 64]
    assert result["measures"]["volume_ml"] is None
    mask = hu.mask(hu.Image(projected, "HU"), above=-500)
    assert result["measures"]["area_mm2"] == pytest.approx(np.count_nonzero(mask.values) * 36)
    assert any("the last 2 slices (10 mm)" in step["detail"] for step in result["steps"])
    middle = volume.to_lps((3.5, 0, 0))
    np.testing.assert_allclose(np.array(result["reshaped"]["affine"])[:3, 3], middle)
    code, _, err = hu_here("mask", folder / "ct", "--mip", "--format", "stl", cwd=tmp_path)
    assert code == 2
    assert "--mip" in err


def test_the_whole_projected_is_one_picture(folder, tmp_path):
    result = result_of(
        "convert", folder / "ct", "--plane", "coronal", "--spacing", "2", "--mip", "-o", "m.png", cwd=tmp_path
    )
    assert result["outputs"] == ["m.png"]
    with Picture.open(tmp_path / "m.png") as picture:
        assert picture.size == (192, 25)


def test_where_the_number_of_a_slab_is_left_out_the_next_word_is_a_path(folder, tmp_path):
    for words in (["--mip", "ct"], ["--mip", "--", "ct"], ["ct", "--mip"], ["--mip", "all", "ct"], ["--mip=all", "ct"]):
        assert result_of("stats", *words, cwd=folder)["reshaped"]["mip"] == "all"
    for words in (["--mip", "20"], ["--mip", "20mm"], ["--mip=20mm"], ["--mip", "2e1"]):
        assert result_of("stats", *words, "ct", cwd=folder)["reshaped"]["mip"] == 20
    assert result_of("stats", "--mip", "ct/*.dcm", cwd=folder)["reshaped"]["mip"] == "all"


@pytest.mark.parametrize("option", ["--mip", "--minip", "--mean"])
@pytest.mark.parametrize("word", ["coronal", "20cm", "thick"])
def test_a_word_that_is_neither_a_thickness_nor_a_path_is_wrong_usage(option, word, folder, tmp_path):
    code, out, err = hu_here("convert", folder / "ct", option, word, "--to", "png", cwd=tmp_path)
    assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
    assert f"{option}: {word} is neither a thickness in mm, such as 20, nor a path" in err


def test_volumes_of_several_paths_are_named_by_their_folder(folder, tmp_path):
    shutil.copytree(folder / "ct", tmp_path / "a" / "ct")
    shutil.copytree(folder / "tilted", tmp_path / "b")
    code, out, _ = hu_here("stats", "a/ct", "b", "--volumes", cwd=tmp_path)
    assert (code, out.count("a/ct[0]"), out.count("b[1]")) == (0, 1, 1)
    files = sorted(f"a/ct/{path.name}" for path in (tmp_path / "a" / "ct").iterdir())
    assert "a/ct[0]:" in hu_here("stats", *files, "--volumes", cwd=tmp_path)[1]
    zipped = shutil.make_archive(str(tmp_path / "ct"), "zip", folder / "ct")
    assert "ct.zip[0]:" in hu_here("stats", "ct.zip", "b/0000.dcm", "--volumes", cwd=tmp_path)[1], zipped
    files = [path.name for path in sorted((tmp_path / "b").iterdir())]
    assert ".[0]:" in hu_here("stats", *files, "--volumes", cwd=tmp_path / "b")[1]


class TestSegmentations:
    """A mask that was made elsewhere comes back over the slices of its source."""

    def check(self, words, folder, tmp_path):
        result = result_of("mask", *words, "--format", "seg", "--no-figure", "-o", "out", cwd=tmp_path)
        path = tmp_path / result["outputs"]["mask"]
        source = hu.read_volumes(folder)[0]
        found = hu.read_volumes(path)[0]
        assert found.shape == source.shape
        np.testing.assert_allclose(found.affine, source.affine, atol=1e-4)
        file = pydicom.dcmread(path)
        referred = {one.ReferencedSOPInstanceUID for one in file.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
        assert referred == {header["SOPInstanceUID"] for header in source.slice_headers}
        assert result["steps"][-1]["name"] == "resample"
        return found.values.astype(bool), hu.mask(source, above=-300).values

    @pytest.mark.parametrize("name", ["ct", "tilted"])
    def test_at_another_spacing(self, name, folder, tmp_path):
        words = [folder / name, "--above", "-300", "--spacing", "2"]
        made, direct = self.check(words, folder / name, tmp_path)
        assert 2 * np.count_nonzero(made & direct) / (np.count_nonzero(made) + np.count_nonzero(direct)) >= 0.95

    def test_in_another_plane_and_cropped(self, folder, tmp_path):
        """No voxel is interpolated: what is filled is another thing, slice by slice."""
        words = [
            folder / "ct",
            "--above",
            "-300",
            "--plane",
            "sagittal",
            "--crop",
            "mask",
            "--no-fill",
            "--opening",
            "0",
        ]
        made, _ = self.check(words, folder / "ct", tmp_path)
        direct = hu.mask(hu.read_volumes(folder / "ct")[0], above=-300, fill=False, opening=0)
        np.testing.assert_array_equal(made, direct.values)

    def test_the_program_does_the_same(self, folder, tmp_path):
        words = [folder / "ct", "--above", "-300", "--spacing", "2", "--format", "seg", "--no-figure", "-o", "out"]
        text = hu_here("mask", *words, "--as-python", cwd=tmp_path)[1]
        assert "source = volume\n" in text
        assert "hu.write_seg(mask.resample(like=source), " in text


def test_a_part_of_a_single_image(sample, tmp_path):
    image = hu.read(sample("CT_small.dcm"))
    x, y, _ = image.plane.to_lps(10, 20)
    box = f"{x - 0.1}:{x + 20},{y - 0.1}:{y + 30},"
    result = result_of("convert", sample("CT_small.dcm"), "--to", "npy", "--crop", box, cwd=tmp_path)
    made = np.load(tmp_path / result["outputs"][0])
    np.testing.assert_array_equal(made, image.values[10:56, 20:51])
    assert (result["reshaped"]["rows"], result["reshaped"]["columns"]) == ([10, 56], [20, 51])


def test_an_archive_gives_what_the_folder_does(folder, tmp_path):
    words = ["--plane", "coronal", "--mean", "30", "--crop", "-90:60,,"]
    ours, theirs = (result_of("stats", folder / name, *words, cwd=tmp_path) for name in ("ct", "ct.zip"))
    assert ours["measures"] == theirs["measures"]


def test_outputs_are_called_as_they_were_asked_to(folder, tmp_path):
    words = ["--to", "nifti", "--spacing", "5", "--name", "{Modality}/5mm-{SeriesNumber:03}"]
    result = result_of("convert", folder / "ct", *words, "-o", "out", cwd=tmp_path)
    assert result["outputs"] == ["out/CT/5mm-001.nii.gz"]


def test_slices_of_a_figure_are_those_of_the_other_grid(folder, tmp_path):
    words = ["figure", folder / "ct", "--plane", "coronal", "--no-mask", "-o", "f.png"]
    result = result_of(*words, "--slice", "60", cwd=tmp_path)
    assert (result["slice"], result["reshaped"]["shape"]) == (60, [64, 10, 64])
    code, _, err = hu_here(*words, "--slice", "64", "--force", cwd=tmp_path)
    assert (code, "64 slices, counted from 0" in err) == (1, True)
    assert result_of(*words, "--montage", "12", "--force", cwd=tmp_path)["montage"] == 12


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["convert", "ct", "--spacing", "0"], "spacing"),
        (["convert", "ct", "--spacing", "1,2"], "Z,Y,X"),
        (["convert", "ct", "--spacing", "thin"], "Z,Y,X"),
        (["convert", "ct", "--plane", "oblique"], "--plane"),
        (["convert", "ct", "--mip", "--minip"], "one of the three"),
        (["convert", "ct", "--mip", "-5"], "--mip: a slab must"),
        (["convert", "ct", "--mip=-5"], "--mip"),
        (["convert", "ct", "--mip", "0"], "--mip"),
        (["convert", "ct", "--mip=thick"], "thickness"),
        (["convert", "ct", "--crop", "mask"], "needs a mask"),
        (["convert", "ct", "--above", "3"], "with --crop mask"),
        (["convert", "ct", "--crop", "0:1,,", "--tissue", "bone"], "with --crop mask"),
        (["convert", "ct", "--crop", "1:2,3:4"], "X0:X1,Y0:Y1,Z0:Z1"),
        (["convert", "ct", "--crop", ",,"], "X0:X1,Y0:Y1,Z0:Z1"),
        (["convert", "ct", "--crop", "5:2,,"], "the lower first"),
        (["convert", "ct", "--crop", "nan:2,,"], "X0:X1"),
        (["convert", "ct", "--like", "none.nii"], "--like"),
        (["convert", "ct", "--like", "."], "here are"),
        (["convert", "ct", "--like", "ct", "--spacing", "1"], "--like is a whole grid"),
        (["convert", "ct", "--frame", "3", "--plane", "axial"], "excludes --frame"),
        (["convert", "ct", "--presentation", "x", "--spacing", "1"], "presentation state"),
        (["convert", "ct", "--each", "--rectify"], "not with --each"),
        (["mask", "ct", "--margin-mm", "3"], "--crop mask"),
        (["mask", "ct", "--crop", "-5:5,,", "--margin-mm", "3"], "--crop mask"),
        (["mask", "ct", "--mip", "--format", "seg"], "not with --mip"),
        (["stats", "ct", "--crop", "mask"], "needs a mask"),
        (["figure", "ct", "--frame", "2", "--spacing", "2"], "--frame is of images"),
        (["figure", "ct", "--each", "--mip"], "--mip is of volumes"),
    ],
)
def test_nonsense_is_wrong_usage(words, why, folder):
    code, out, err = hu_here(*words, cwd=folder)
    assert (code, out) == (2, "")
    assert why in err


def test_what_has_no_place_fails_by_itself(sample, tmp_path):
    for name, words in (
        ("MR_small.dcm", []),
        ("color-px.dcm", ["--spacing", "2"]),
        ("US1_UNCR.dcm", ["--crop", "0:5,,"]),
    ):
        code, _, err = hu_here("stats", sample(name), *words, cwd=tmp_path)
        assert code == (1 if words else 0)
        assert "defect" not in err
    shutil.copytree(
        sample("color-px.dcm").parent, tmp_path / "some", ignore=lambda _, names: set(names) - {"color-px.dcm"}
    )
    code, _, err = hu_here("stats", "some", "--mip", cwd=tmp_path)
    assert (code, "colours have no" in err) == (1, True)


def pixels_of(path):
    with Picture.open(path) as picture:
        return picture.size[::-1]


def test_pictures_of_another_plane_have_their_true_shape(folder, tmp_path):
    """64 columns of 6 mm and 10 slices of 5 mm: 77 columns of 5 mm. Values are never resampled."""
    words = ("convert", folder / "ct", "--plane", "coronal", "--mip")
    result = result_of(*words, "-o", "mip.png", cwd=tmp_path)
    assert result["reshaped"]["spacing"][1:] == [5, 6]
    assert pixels_of(tmp_path / "mip.png") == (10, 77)
    assert [step["detail"] for step in result["steps"] if step["name"] == "render"][0].endswith(", pixels made square")
    result_of(*words, "-o", "mip.tif", cwd=tmp_path)
    assert pixels_of(tmp_path / "mip.tif") == (10, 64)
    result_of(*words, "-o", "x.tif", "--render", cwd=tmp_path)
    assert pixels_of(tmp_path / "x.tif") == (10, 77)
    result_of(*words, "-o", "mip.npy", cwd=tmp_path)
    assert np.load(tmp_path / "mip.npy").shape == (10, 64)


def test_pixels_that_stay_unequal_are_said_once(folder, tmp_path):
    words = ("convert", folder / "ct", "--plane", "coronal", "-o", "x", "--no-square")
    code, out, err = hu_here(*words, cwd=tmp_path)
    assert code == 0
    assert pixels_of(sorted((tmp_path / "x").glob("*.png"))[0]) == (10, 64)
    assert err.count("pixels are 5 x 6 mm, and not drawn square; --square gives them their true shape") == 1
    (tmp_path / "two").mkdir()
    for name in ("a.dcm", "b.dcm"):
        header = pydicom.dcmread(folder / "ct" / "0000.dcm")
        header.PixelSpacing = [6, 3]
        header.save_as(tmp_path / "two" / name)
    code, _, err = hu_here("convert", "two", "--each", "-o", "y", cwd=tmp_path)
    assert (code, err.count("--square")) == (0, 1)
    assert pixels_of(tmp_path / "y" / "a.dcm.png") == (64, 64)
    result = result_of("convert", "two/a.dcm", "--no-square", cwd=tmp_path)
    assert "not drawn square" in str(result["steps"])
    assert "square" not in str(result_of("convert", folder / "ct" / "0000.dcm", cwd=tmp_path)["steps"])


def circle_at(row, column, radius, shape):
    rows, columns = np.indices(shape)
    return (columns - column) ** 2 + (rows - row) ** 2 <= radius**2


@pytest.mark.parametrize("more", [[], ["--mip"], ["--plane", "coronal"]])
@pytest.mark.parametrize("margin", ["0", "12"])
def test_pixels_of_regions_are_those_of_what_comes_out(more, margin, folder, tmp_path, volume):
    """The same in both commands: column 20, row 4 of the cropped picture."""
    words = [folder / "ct", "--above", "-300", "--crop", "mask", "--margin-mm", margin, "--circle", "20,4,3", *more]
    masked = result_of("mask", *words, "--no-figure", "-o", "out", cwd=tmp_path)
    (region,) = result_of("stats", *words, cwd=tmp_path)["regions"]
    assert masked["measures"] == region["measures"]
    plane = volume.reformat("coronal") if "coronal" in more else volume
    whole = hu.mask(plane, above=-300)
    cropped = plane.crop(mask=whole, margin_mm=float(margin))
    values = cropped.values.max(axis=0, keepdims=True) if "--mip" in more else cropped.values
    inside = hu.mask(cropped.with_values(values), above=-300).values if "--mip" in more else None
    inside = whole.crop(mask=whole, margin_mm=float(margin)).values if inside is None else inside
    chosen = values[inside & circle_at(4, 20, 3, values.shape[1:])]
    assert chosen.size
    assert region["measures"]["pixels"] == chosen.size
    assert region["measures"]["mean"] == pytest.approx(chosen.mean())


def test_a_picture_is_cropped_to_regions_in_the_patient_only(folder, tmp_path, volume):
    words = ["mask", folder / "ct", "--crop", "mask", "--no-figure"]
    code, _, err = hu_here(*words, "--circle", "20,30,5", cwd=tmp_path)
    assert code == 2
    assert "--circle" in err
    assert "LPS mm" in err
    (tmp_path / "p.json").write_text("[[1, 1], [9, 1], [9, 9]]")
    for kind in ("--roi", "--polygon"):
        code, _, err = hu_here(*words, kind, "p.json", cwd=tmp_path)
        assert code == 2, err
        assert kind in err
    x, y, z = volume.to_lps((4, 30, 20))
    result = result_of(*words, "--sphere", f"{x},{y},{z},20mm", "-o", "o", cwd=tmp_path)
    places = volume.to_lps(np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1))
    assert result["measures"]["pixels"] == np.count_nonzero(np.linalg.norm(places - [x, y, z], axis=-1) <= 20)
    assert result["reshaped"]["shape"] == [9, 7, 7]
    by_file = result_of(*words, "--roi", result["outputs"]["mask"], "-o", "o2", cwd=tmp_path)
    assert by_file["reshaped"]["shape"] == [9, 7, 7]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["stats", "--like", "a", "--like", "b"], "--like"),
        (["mask", "--no-figure", "--title", "x"], "--title"),
        (["mask", "-o", "m.nii.gz", "--dpi", "200"], "--dpi"),
        (["mask", "--no-figure", "--language", "zh"], "--language"),
        (["mask", "--no-figure", "--outline"], "--outline"),
        (["mask", "--no-figure", "--window", "lung"], "--window"),
        (["mask", "--no-figure", "--figure-format", "svg"], "--figure-format"),
        (["figure", "--no-mask", "--above", "3"], "--above"),
        (["figure", "--no-mask", "--outline"], "--outline"),
        (["figure", "--no-mask", "--largest", "2"], "--largest"),
        (["stats", "--fill-3d"], "--fill-3d"),
        (["stats", "--opening", "3"], "--opening"),
        (["stats", "--fill"], "--fill"),
    ],
)
def test_options_that_would_do_nothing_are_wrong_usage(words, named, folder, tmp_path):
    code, out, err = hu_here(*words, folder / "ct", cwd=tmp_path)
    assert code == 2
    assert named in err.splitlines()[-1]
    assert not out
    assert not list(tmp_path.iterdir())
