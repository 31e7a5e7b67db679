"""The page's pure functions, by Node, against values of the library."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import matplotlib
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from scipy.spatial.transform import Rotation

import hounsfield as hu
from hounsfield.display.shading import Shading
from hounsfield.display.voi import VoiTable, Window
from hounsfield.geometry import direction
from hounsfield.values.lut import LookUpTable
from hounsfield.web.viewer import regions_of

HERE = Path(__file__).parent / "js"
DTYPES = ["int16", "uint16", "uint8", "int32", "float32", "float64"]
WINDOWS = [
    Window(40, 400),
    Window(127.5, 255),
    Window(-600.5, 1500.25),
    Window(1, 1),
    Window(128, 256, "LINEAR_EXACT"),
    Window(0.3, 0.01, "LINEAR_EXACT"),
    Window(1000.1, 3333.3, "LINEAR_EXACT"),
    Window(40, 400, "SIGMOID"),
]


def _table(first, bits, size, seed):
    entries = np.sort(np.random.default_rng(seed).integers(0, 2**bits, size)).astype(np.int64)
    return LookUpTable(first=first, bits=bits, entries=entries)


def _json_table(table):
    return {"first": table.first, "bits": table.bits, "entries": table.entries.tolist()}


def _voi(voi):
    if isinstance(voi, Window):
        return {"center": voi.center, "width": voi.width, "function": voi.function}
    return {"center": None, "width": None, "function": "TABLE", "table": _json_table(voi.table)}


def _values(dtype):
    rng = np.random.default_rng(5)
    if dtype.startswith("float"):
        plain = np.r_[rng.normal(0, 500, 300), np.nan, np.inf, -np.inf, 0.5, 1.5, 2.5, np.arange(-9, 9) / 10]
        return plain.astype(dtype)
    bounds = np.iinfo(dtype)
    wide = rng.integers(bounds.min, bounds.max, 200, endpoint=True)
    narrow = rng.integers(max(-1200, bounds.min), min(2000, bounds.max), 3000)
    return np.r_[wide, narrow].astype(dtype)


def _shadings():
    cases = [(dtype, voi, None) for dtype in DTYPES for voi in WINDOWS]
    cases += [(dtype, VoiTable(_table(-50, 12, 300, 1)), None) for dtype in ("int16", "uint8", "float32")]
    cases += [(dtype, Window(40, 400), _table(0, 8, 256, 2)) for dtype in ("int16", "float32")]
    for dtype, voi, table in cases:
        for inverted in (False, True):
            values = _values(dtype)
            grey = Shading(voi, table, inverted).grey(values)
            yield {
                "name": f"{dtype} {_voi(voi)['function']} {voi} inverted={inverted}"[:120],
                "dtype": dtype,
                "raw": [None if np.isnan(v) else v if np.isfinite(v) else 1e300 * np.sign(v) for v in values.tolist()],
                "grey": grey.tolist(),
                "voi": _voi(voi),
                "inverted": inverted,
                "table": table and _json_table(table),
            }


def _maps():
    palettes = Path(pydicom.__file__).parent / "data" / "palettes"
    for name, file in (("hot iron", "hotiron.dcm"), ("PET", "pet.dcm")):
        dataset = pydicom.dcmread(palettes / file)
        parts = [dataset[f"{c}PaletteColorLookupTableData"].value for c in ("Red", "Green", "Blue")]
        yield name, {"rgb": np.stack([np.frombuffer(p, np.uint8) for p in parts], 1).tolist(), "within": 0}
    for name in ("viridis", "cividis", "magma", "inferno"):
        rgb = matplotlib.colormaps[name](np.arange(256))[:, :3] * 255
        yield name, {"rgb": np.round(rgb).astype(int).tolist(), "within": 2}


def _places(folder):
    for orientation in ("axial", "oblique"):
        hu.phantom(folder / orientation, matrix=16, slices=3, orientation=orientation)
        volume = list(hu.read_volumes(folder / orientation))[0]
        for index in ((0, 0, 0), (2, 5, 9), (1, 15, 3)):
            lps = volume.affine @ [*index, 1]
            yield {"affine": volume.affine.tolist(), "index": index, "lps": lps[:3].tolist()}


def _directions():
    rng = np.random.default_rng(8)
    for vector in [*rng.normal(size=(200, 3)), [1, 0.24, 0], [0.96, 0.27, 0.05], [-0.577, 0.577, 0.577], [0, -1, 0]]:
        unit = np.array(vector) / np.linalg.norm(vector)
        yield {"vector": unit.tolist(), "letters": direction(unit)}


def _on_both(here, other):
    """Pixels (row, column) of one frame at which the library says that the other lies, and ends."""
    step = 100
    rows, columns = here.shape[1:]
    edges = [np.linspace(-0.5, count - 0.5, step + 1) for count in (rows, columns)]
    found = []
    for fixed, along in ((0, 1), (1, 0)):  # along grid lines in both directions, where the index passes 0
        for at in edges[fixed]:
            ends = np.zeros((2, 4))
            ends[:, 3], ends[:, 1 + fixed] = 1, at
            ends[:, 1 + along] = edges[along][0], edges[along][-1]
            low, high = (other.to_index((here.affine @ end)[:3]) for end in ends)
            if low[0] * high[0] < -1e-12:  # two frames in one plane have no line
                part = low[0] / (low[0] - high[0])
                pixel = np.array([at, edges[along][0] + part * (edges[along][-1] - edges[along][0])])
                index = low + part * (high - low)
                if all(-0.5 <= i <= n - 0.5 for i, n in zip(index[1:], other.shape[1:], strict=True)):
                    found.append((pixel if fixed == 0 else pixel[::-1]).tolist())
    return found


def _lines(folder):
    hu.phantom(folder / "lines", matrix=24, slices=9, orientation="oblique", tilt=10)
    volume = list(hu.read_volumes(folder / "lines"))[0]
    turned = Rotation.from_euler("xyz", [10, -25, 40], degrees=True).as_matrix()
    planes = ["axial", "coronal", "sagittal", [*turned[:, 0], *turned[:, 1]]]
    slices = [made[i : i + 1] for made in map(volume.reformat, planes) for i in (len(made) // 3, len(made) // 2)]
    slices += [volume[2:3], volume.crop(slices=(2, 3), rows=(4, 15), columns=(6, 20))]
    for here in slices:
        for other in slices:
            if here is not other:
                said = [
                    {"affine": v.affine.tolist(), "rows": v.shape[1], "columns": v.shape[2], "index": 0}
                    for v in (here, other)
                ]
                yield {"here": said[0], "other": said[1], "on": _on_both(here, other)}


def _regions():
    for name in ("examples_palette.dcm", "examples_ybr_color.dcm"):
        found = hu.regions(get_testdata_file(name))
        places = [(row, column) for row in range(0, 360, 37) for column in range(0, 800, 61)]
        sent = regions_of(hu.read(get_testdata_file(name)))
        for row, column in places:
            region = found.at(row, column)
            yield {
                "regions": sent,
                "at": [row, column],
                "which": None if region is None else found.index(region),
                "physical": region.to_physical(row, column) if region is not None and region.reference_pixel else None,
            }


@pytest.mark.long
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_pure_functions_agree_with_the_library(tmp_path):
    values = {"shadings": list(_shadings()), "maps": dict(_maps()), "places": list(_places(tmp_path))}
    values |= {"directions": list(_directions()), "lines": list(_lines(tmp_path)), "regions": list(_regions())}
    written = tmp_path / "values.json"
    written.write_text(json.dumps(values), "utf-8")
    environment = {**os.environ, "HOUNSFIELD_PAGE_VALUES": str(written)}
    ran = subprocess.run(["node", "--test"], cwd=HERE, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert "# SKIP" not in ran.stdout
