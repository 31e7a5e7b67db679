"""Measures that were drawn, as code: run in a fresh process it gives what the page has measured, to the last digit."""

import json

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from drawn import KINDS
from programs import compare, ran, told
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
        compare(results, expected, program)
