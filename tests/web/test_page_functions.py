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

import hounsfield as hu
from hounsfield.display.shading import Shading
from hounsfield.display.voi import VoiTable, Window
from hounsfield.values.lut import LookUpTable

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
            if isinstance(voi, VoiTable):
                values = values[~np.isinf(values)]
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


@pytest.mark.long
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_pure_functions_agree_with_the_library(tmp_path):
    values = {"shadings": list(_shadings()), "maps": dict(_maps()), "places": list(_places(tmp_path))}
    written = tmp_path / "values.json"
    written.write_text(json.dumps(values), "utf-8")
    environment = {**os.environ, "HOUNSFIELD_PAGE_VALUES": str(written)}
    ran = subprocess.run(["node", "--test"], cwd=HERE, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
    assert "# SKIP" not in ran.stdout
