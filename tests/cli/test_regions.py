"""Regions of `hu stats` and `hu mask`: the numbers of pydicom and numpy, counted by hand."""

import json
import os
import shutil

import numpy as np
import pydicom
import pytest

import hounsfield

from cli_runner import hu_here

CT = "CT_small.dcm"


def by_hand(path, inside, frame=None):
    """Count, mean, standard deviation, least, greatest, and area, by pydicom and numpy only."""
    dataset = pydicom.dcmread(path)
    pixels = dataset.pixel_array if frame is None else dataset.pixel_array[frame]
    values = pixels.astype(float) * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
    rows, columns = np.indices(values.shape)
    spacing = [float(number) for number in dataset.get("PixelSpacing", [1, 1])]
    chosen = values[inside(columns, rows, spacing)]
    area = chosen.size * spacing[0] * spacing[1] if "PixelSpacing" in dataset else None
    return {
        "pixels": chosen.size, "mean": chosen.mean(), "sd": chosen.std(), "min": chosen.min(), "max": chosen.max(),
        "median": np.median(chosen), "area_mm2": area,
    }  # fmt: skip


def measured(*words, run=hu_here):
    code, out, err = run("stats", *words, "--json")
    assert code == 0, err
    return json.loads(out)


def same(part, expected):
    assert {key: part[key] for key in expected} == {
        key: value if value is None else pytest.approx(value, rel=1e-12) for key, value in expected.items()
    }


def circle(x, y, radius):
    return lambda columns, rows, spacing: (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def circle_mm(x, y, radius):
    return lambda columns, rows, spacing: np.hypot((columns - x) * spacing[1], (rows - y) * spacing[0]) <= radius


@pytest.mark.parametrize(
    ("name", "option", "inside"),
    [
        (CT, ["--circle", "88,11,7"], circle(88, 11, 7)),
        (CT, ["--circle", "88,11,5mm"], circle_mm(88, 11, 5)),
        (CT, ["--circle", "30.5, 90.25, 12.3px"], circle(30.5, 90.25, 12.3)),
        ("MR_small.dcm", ["--circle", "20,40,3.5mm"], circle_mm(20, 40, 3.5)),
        (CT, ["--rect", "60,70,20,10"], lambda x, y, s: (abs(x - 60) <= 10) & (abs(y - 70) <= 5)),
        (CT, ["--rect", "60,70,20,10mm"], lambda x, y, s: (abs(x - 60) * s[1] <= 10) & (abs(y - 70) * s[0] <= 5)),
        (CT, ["--ellipse", "60,70,20,10"], lambda x, y, s: ((x - 60) / 20) ** 2 + ((y - 70) / 10) ** 2 <= 1),
        # Turned by a right angle, what was wide is high.
        (
            CT,
            ["--ellipse", "60,70,20,10,90deg"],
            lambda x, y, s: ((x - 60) / 10) ** 2 + ((y - 70) / 20) ** 2 <= 1 + 1e-9,
        ),
    ],
)
def test_a_region_has_the_statistics_of_pydicom_and_numpy_by_hand(name, option, inside, sample):
    (region,) = measured(sample(name), *option)["regions"]
    same(region["measures"], by_hand(sample(name), inside))


def test_x_is_the_column_and_y_the_row(sample):
    (region,) = measured(sample(CT), "--circle", "88,11,5")["regions"]
    assert region["bounds"] == {"columns": [83, 93], "rows": [6, 16]}
    assert region["parameters"] == {"center": {"x": 88.0, "y": 11.0}, "center_in": "pixels", "radius": 5.0}


def test_a_result_says_what_was_measured_and_where(sample):
    regions = measured(sample(CT), "--circle", "aorta=88,11,5mm", "--rect", "30,40,9,7", "--circle", "1,2,9")["regions"]
    assert [(r["name"], r["kind"], r["unit"], r["spacing_kind"], r["partly_outside"]) for r in regions] == [
        ("aorta", "circle", "mm", "patient", False),
        ("circle 1,2,9", "circle", "px", "patient", True),
        ("rect 30,40,9,7", "rectangle", "px", "patient", False),
    ]
    assert regions[0]["steps"][-1]["detail"] == "circle, center (row 11, column 88), radius 5 mm (patient)"


def test_a_person_reads_a_row_for_each_region(sample):
    code, out, err = hu_here("stats", sample(CT), "--circle", "aorta=88,11,5mm", "--circle", "0,0,3")
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["region", "pixels", "mean", "(HU)", "sd", "min", "max", "median", "mm2"]
    assert rows[1] == ["aorta", "177", "162.898", "16.3358", "118", "211", "163", "77.4446"]
    assert "a part of circle 0,0,3 is outside of the image" in err


def test_what_of_a_region_is_in_the_image_is_measured(sample):
    (region,) = measured(sample(CT), "--circle", "2,126,10")["regions"]
    same(region["measures"], by_hand(sample(CT), circle(2, 126, 10)))
    assert region["partly_outside"]


def test_a_region_outside_of_the_image_is_an_error_that_says_so(sample):
    code, out, err = hu_here("stats", sample(CT), "--circle", "880,11,5")
    assert (code, out) == (1, "")
    assert "is outside of the image: 128 rows and 128 columns" in err


def test_millimetres_of_an_image_without_spacing_are_an_error(sample):
    code, out, err = hu_here("stats", sample("color-px.dcm"), "--circle", "20,20,5mm")
    assert (code, out) == (1, "")
    assert "pixel spacing is not known" in err


def test_with_a_mask_a_region_is_what_both_have(sample):
    (region,) = measured(sample(CT), "--above", "160", "--no-fill", "--opening", "0", "--circle", "88,11,7")["regions"]
    values = pydicom.dcmread(sample(CT)).pixel_array.astype(float) - 1024
    same(region["measures"], by_hand(sample(CT), lambda x, y, s: circle(88, 11, 7)(x, y, s) & (values > 160)))


def test_colours_are_measured_channel_by_channel(sample):
    (region,) = measured(sample("color-px.dcm"), "--circle", "40,30,9")["regions"]
    pixels = pydicom.dcmread(sample("color-px.dcm")).pixel_array
    rows, columns = np.indices(pixels.shape[:2])
    inside = circle(40, 30, 9)(columns, rows, None)
    for index, name in enumerate(("red", "green", "blue")):
        assert region["channels"][name]["mean"] == pytest.approx(pixels[inside][:, index].mean())


@pytest.mark.parametrize("frame", [0, 3, -1])
def test_one_frame_of_several(frame, sample):
    result = measured(sample("emri_small.dcm"), "--frame", frame, "--circle", "20,30,6")
    expected = by_hand(sample("emri_small.dcm"), circle(20, 30, 6), frame)
    expected.pop("area_mm2")  # its spacing is in a functional group
    same(result["regions"][0]["measures"], expected)
    assert result["frame"] == frame % 10


def test_each_frame_of_a_region(sample):
    (region,) = measured(sample("emri_small.dcm"), "--frames", "--circle", "20,30,6")["regions"]
    for index, part in enumerate(region["frames"]):
        expected = by_hand(sample("emri_small.dcm"), circle(20, 30, 6), index)
        assert (part["pixels"], part["mean"]) == (expected["pixels"], pytest.approx(expected["mean"]))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "ct"
    hounsfield.phantom(folder, matrix=64, slices=8, noise=20)
    return folder


def slices_of(folder):
    """The slices as pydicom has them, from the lowest z on, in HU."""
    files = sorted((pydicom.dcmread(path) for path in folder.rglob("*.dcm")), key=lambda f: f.ImagePositionPatient[2])
    return files, np.stack([f.pixel_array * float(f.RescaleSlope) + float(f.RescaleIntercept) for f in files])


def test_in_a_volume_a_circle_is_of_every_slice(study):
    (region,) = measured(study, "--circle", "20,30,6", run=listed)["regions"]
    files, values = slices_of(study)
    rows, columns = np.indices(values.shape[1:])
    chosen = values[:, circle(20, 30, 6)(columns, rows, None)]
    assert region["measures"]["pixels"] == chosen.size
    assert region["measures"]["mean"] == pytest.approx(chosen.mean())
    assert region["bounds"]["slices"] == [0, len(files) - 1]


def listed(*words):
    code, out, err = hu_here(*words[:-1], "--jsonl")
    return code, out.splitlines()[0], err


def test_one_slice_of_a_volume_has_an_area(study):
    result = measured(study, "--slice", "2", "--circle", "20,30,6", run=listed)
    files, values = slices_of(study)
    rows, columns = np.indices(values.shape[1:])
    chosen = values[2][circle(20, 30, 6)(columns, rows, None)]
    part = result["regions"][0]["measures"]
    spacing = [float(number) for number in files[2].PixelSpacing]
    assert (part["pixels"], part["slices"], result["slice"]) == (chosen.size, None, 2)
    assert part["mean"] == pytest.approx(chosen.mean())
    assert part["area_mm2"] == pytest.approx(chosen.size * spacing[0] * spacing[1])


def test_a_point_in_the_patient_is_measured_in_the_slice_that_it_is_in(study):
    files, values = slices_of(study)
    rows, columns = np.indices(values.shape[1:])
    x0, y0, z = (float(number) for number in files[5].ImagePositionPatient)
    spacing = [float(number) for number in files[5].PixelSpacing]
    x, y = x0 + 20.25 * spacing[1], y0 + 30.5 * spacing[0]
    result = measured(study, "--circle", f"{x},{y},{z + 0.4},12mm", run=listed)
    chosen = values[5][circle_mm(20.25, 30.5, 12)(columns, rows, spacing)]
    (region,) = result["regions"]
    assert region["bounds"]["slices"] == [5, 5]
    assert region["measures"]["pixels"] == chosen.size
    assert region["measures"]["mean"] == pytest.approx(chosen.mean())
    sphere = measured(study, "--sphere", f"{x},{y},{z},12mm", run=listed)["regions"][0]["measures"]
    far = [[float(f.ImagePositionPatient[2]) - z] for f in files]
    distance = np.sqrt(
        ((columns - 20.25) * spacing[1]) ** 2 + ((rows - 30.5) * spacing[0]) ** 2 + np.array(far)[..., None] ** 2
    )
    assert (sphere["pixels"], sphere["mean"]) == (np.sum(distance <= 12), pytest.approx(values[distance <= 12].mean()))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--circle", "1,2"], "is not X,Y,R"),
        (["--circle", "1,2,3,4"], "write mm or px after the extent"),
        (["--circle", "1mm,2,4"], "the middle is X,Y in pixels"),
        (["--circle", "1,2,-3"], "is positive"),
        (["--circle", "1,2,nan"], "is no number"),
        (["--circle", "1,2,3cm"], "is no number"),
        (["--circle", "1_0,5,3"], "is no number"),
        (["--circle", "1,2,\uff13"], "is no number"),
        (["--circle", "1,2,3,30deg"], "has no angle"),
        (["--circle", "=1,2,3"], "no name"),
        (["--circle", ""], "is no number"),
        (["--rect", "1,2,3"], "--rect"),
        (["--rect", "1,2,3px,4mm"], "one unit"),
        (["--sphere", "1,2,3,4px"], "in mm"),
        (["--circle", "a=1,2,3", "--circle", "a=4,5,6"], "two regions called 'a'"),
        (["--frame", "0", "--frames", "--circle", "1,2,3"], "--frame or --frames"),
        (["--roi", "nowhere.roi"], "--roi: nowhere.roi: No such file"),
    ],
)
def test_what_is_no_region_is_wrong_usage(words, said, sample):
    code, out, err = hu_here("stats", sample(CT), *words)
    assert (code, out) == (2, ""), err
    assert said in err


def test_slices_are_of_volumes_and_frames_of_images(sample, study):
    code, _, err = hu_here("stats", sample(CT), "--slice", "0")
    assert (code, "--slice is for volumes" in err) == (1, True)
    code, _, err = hu_here("stats", study, "--frame", "0")
    assert (code, "--frame is for images" in err) == (1, True)
    code, _, err = hu_here("stats", study, "--slice", "8")
    assert (code, "slice 8 is out of range" in err) == (1, True)


def test_a_polygon_of_a_file(sample, tmp_path):
    (tmp_path / "square.json").write_text("[[80, 5], [96, 5], [96, 17], [80, 17]]")
    (region,) = measured(sample(CT), "--polygon", tmp_path / "square.json")["regions"]
    same(region["measures"], by_hand(sample(CT), lambda x, y, s: (x >= 80) & (x <= 96) & (y >= 5) & (y <= 17)))
    assert (region["name"], region["kind"]) == ("square", "polygon")
    (tmp_path / "no.json").write_text("[[80, 5], [96, 5]]")
    code, _, err = hu_here("stats", sample(CT), "--polygon", tmp_path / "no.json")
    assert (code, "three or more [x, y] points" in err) == (2, True)
    np.save(tmp_path / "mask.npy", np.ones((128, 128), bool))
    code, _, err = hu_here("stats", sample(CT), "--polygon", tmp_path / "mask.npy")
    assert (code, "--roi takes other files" in err) == (2, True)


def test_a_region_is_a_mask(sample, tmp_path):
    shutil.copy(sample(CT), tmp_path / "ct.dcm")
    code, out, err = hu_here("mask", "ct.dcm", "--circle", "88,11,7", "--circle", "30,30,4", "--jsonl", cwd=tmp_path)
    assert code == 0, err
    same(
        json.loads(out)["measures"],
        by_hand(sample(CT), lambda x, y, s: circle(88, 11, 7)(x, y, s) | circle(30, 30, 4)(x, y, s)),
    )
    from PIL import Image

    rows, columns = np.indices((128, 128))
    drawn = np.asarray(Image.open(tmp_path / "hu-mask" / "ct.dcm.mask.png")) > 0
    assert np.array_equal(drawn, circle(88, 11, 7)(columns, rows, None) | circle(30, 30, 4)(columns, rows, None))
    code, out, _ = hu_here(
        "stats", "ct.dcm", "--roi", os.path.join("hu-mask", "ct.dcm.mask.png"), "--json", cwd=tmp_path
    )
    assert json.loads(out)["regions"][0]["measures"]["pixels"] == np.count_nonzero(drawn)


def test_what_shapes_a_selection_needs_one(sample):
    code, _, err = hu_here("mask", sample(CT), "--circle", "88,11,7", "--fill")
    assert (code, "--fill shapes what is selected by value" in err) == (2, True)


def test_a_circle_of_a_volume_is_said_to_be_a_cylinder(tmp_path):
    hounsfield.phantom(tmp_path / "ct", matrix=32, slices=6)
    words = ("stats", "ct", "--circle", "a=16,16,4")
    code, out, _ = hu_here(*words, cwd=tmp_path)
    assert code == 0
    assert "a through 6 slices  " in out
    (region,) = json.loads(hu_here(*words, "--json", cwd=tmp_path)[1])[0]["regions"]
    assert (region["name"], region["kind"], region["through_slices"]) == ("a", "circle", 6)
    assert region["steps"][0]["detail"].endswith(", through 6 slices")
    for more in (["--slice", "2"], ["--mip"]):
        assert "through" not in hu_here(*words, *more, cwd=tmp_path)[1]
    _, out, _ = hu_here("stats", "ct", "--circle", "0,0,-180,30mm", "--sphere", "0,0,-180,30mm", cwd=tmp_path)
    assert "through" not in out
    assert "through 6 slices" in hu_here("mask", "ct", "--circle", "16,16,4", "--no-figure", cwd=tmp_path)[1]
