"""Measures that were drawn, as code: run in a fresh process it gives what the page has measured, to the last digit."""

import json

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from drawn import KINDS
from programs import ran
from ultrasound import REGIONS

from made import dataset, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")
RNG = np.random.default_rng(17)
VALUES = RNG.integers(0, 4000, (60, 80)).astype(np.uint16)


def written(path, **attributes):
    path.write_bytes(to_bytes(dataset(VALUES, **attributes)))
    return path


FILES = {
    "CT": lambda folder: get_testdata_file("CT_small.dcm"),
    "US with regions": lambda folder: written(
        folder / "us.dcm",
        Modality="US",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.6.1",
        SequenceOfUltrasoundRegions=REGIONS,
    ),
    "US of colours": lambda folder: get_testdata_file("examples_ybr_color.dcm"),
    "MG": lambda folder: written(
        folder / "mg.dcm", Modality="MG", SOPClassUID="1.2.840.10008.5.1.4.1.1.1.2", ImagerPixelSpacing=[0.07, 0.07]
    ),
    "aspect": lambda folder: written(folder / "aspect.dcm", Modality="OT", PixelAspectRatio=[3, 2]),
    "not square": lambda folder: written(folder / "mr.dcm", Modality="MR", PixelSpacing=[2.0, 0.75]),
}


def drawn(rng, rows, columns):
    """A shape of each kind, near each other so that some lie in one ultrasound region."""
    for kind, count in KINDS.items():
        number = count if isinstance(count, int) else int(rng.integers(*count))
        size = (columns, rows) if rng.random() < 0.5 else (columns / 3, rows / 3)
        yield {"kind": kind, "points": np.round(rng.uniform(0.02, 0.95, (number, 2)) * size, 3).tolist()}


def told(found):
    """What the page says of a shape, as a program has it: the name of the result, and the numbers."""
    if "error" in found:
        return None
    if "length" in found and "values" not in found:
        return [("lengths", [found["length"]])]
    if "long" in found:
        return [("lengths", [found["long"], found["short"]])]
    if "degrees" in found:
        return [("angle", found["degrees"])]
    if "distances" in found:
        return [("profile", [found["unit"], *found["values"]])]
    if "row" in found:
        return [("point", {"lps": None, **{name: found[name] for name in found if name != "kind"}})]
    if isinstance(found.get("values"), str):
        return [("area", [found["pixels"], found["area_mm2"]])]
    names = ("pixels", "area_mm2", "mean", "sd", "min", "max", "median", "percentiles", "histogram", "unit")
    return [("measures", {name: found[name] for name in names})]


@pytest.mark.parametrize("by_user", [None, 0.3], ids=["as it is", "calibrated"])
@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_measure_is_copied_with_its_scale(name, by_user, tmp_path):
    with shown(FILES[name](tmp_path)) as page:
        (item,) = page.state()["items"]
        rng = np.random.default_rng(len(name))
        description = page.get(f"items/{item['id']}").json()
        rows, columns = description["rows"], description["columns"]
        scale = {} if by_user is None else {"calibration": {"mm_per_pixel": by_user}}
        programs, wanted = [], []
        for _ in range(4):
            shapes = list(drawn(rng, rows, columns))
            asked = {"view": "frames", "frame": 0, "shapes": shapes, **scale}
            measures = page.post(f"items/{item['id']}/measures", content=json.dumps(asked)).json()["measures"]
            said = page.post(f"items/{item['id']}/code", content=json.dumps(asked)).json()
            programs.append(said["python"])
            wanted.append([each for found in measures for each in told(found) or []])
            assert said["python"].count("# left out") == sum("error" in found for found in measures)
            assert said["command"] is None and said["why_no_command"]
    _, found = ran(programs, tmp_path)
    for program, expected, results in zip(programs, wanted, found, strict=True):
        in_order = sorted(results.items(), key=lambda one: int(one[0].partition("_")[2]))
        assert [name.partition("_")[0] for name, _ in in_order] == [name for name, _ in expected], program
        for (_, result), (kind, value) in zip(in_order, expected, strict=True):
            if kind == "lengths":
                result = [{**each, "spacing_kind": None} for each in result]
                value = [{**each, "spacing_kind": None} for each in value]
            if kind == "measures":
                result = {each: result[each] for each in value}
            assert result == value, program
