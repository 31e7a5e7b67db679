"""Random states of the page over many kinds of files: what is copied gives the same mask and the same measures."""

import json
import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

import hounsfield as hu
from modalities import write
from page_masks import Masks
from page_states import state_of
from programs import compare, ran, told

from conftest import corpus_folder
from viewing import shown

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.long]
#: Each with four states: eighty where the corpus is there.
CASES = (
    "CT, signed", "CT, JPEG 2000", "MR", "MR enhanced", "NM", "US colour, YBR, 30 frames", "US palette", "CR, MONOCHROME1",
    "RT dose, 32 bits", "MG, VOI LUT, MONOCHROME1", "XA, times of frames", "PT", "padding, fractions, high pixels",
    "float pixel data", "colour, YBR", "XA of the corpus", "MR enhanced of the corpus",
)  # fmt: skip
VOLUMES = ("axial", "gantry", "coronal")
STATES = int(os.environ.get("HOUNSFIELD_STATES", "4"))
#: Of so many states one is run as a process of its own.
WHOLE = 6


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("states")
    found = write(folder, corpus_folder())
    paths = {name: found[name] for name in CASES if name in found}
    hu.phantom(folder / "axial it's", matrix=40, slices=6)
    hu.phantom(folder / "gantry", matrix=32, slices=5, tilt=12.0)
    hu.phantom(folder / "oblique", matrix=36, slices=4, orientation="oblique", pixel_spacing=0.7, slice_spacing=1.3)
    return paths | {"axial": folder / "axial it's", "gantry": folder / "gantry", "oblique": folder / "oblique"}


class Shown:
    """A state as the page has it: its measures, its mask, and what was copied of it."""

    def __init__(self, page, name, seed):
        rng = np.random.default_rng(seed)
        masks = Masks(page)
        (item,) = page.state()["items"]
        self.name, self.seed, self.state = name, seed, state_of(rng, page, item)
        state, made = self.state, None
        if state.recipe is not None:
            answer = masks.ask("masks", {"scope": state.scope, "recipe": state.recipe, **state.place})
            assert answer.status_code in (200, 400, 422), answer.text
            made = answer.json().get("mask")  # None: colours have no mask, a polygon holds no pixel
        for stroke in state.strokes if made else []:
            answer = masks.ask(f"masks/{made['id']}/strokes", stroke)  # planes of a tilted gantry take none
            made = answer.json()["mask"] if answer.status_code == 200 else made
        answer = masks.ask("measures", state.measured)
        assert answer.status_code == 200, answer.text
        found = answer.json()["measures"]
        self.failed = sum("error" in each for each in found)
        self.measures = [each for one in found for each in told(one) or []]
        self.areas = [one for one in found if "pixels" in one]
        mask = {"mask": made["id"]} if made else {}
        answer = masks.ask("code", {**state.measured, "window": state.window, **mask})
        assert answer.status_code == 200, answer.text
        self.said, self.made, self.bits = answer.json(), made, None
        if made and state.scope == "volume":
            self.bits = masks.all_bits(made, page.json(f"items/{item['id']}")["frames"])
        elif made:
            self.bits = masks.bits(made, f"{state.view}/{state.frame}")

    @property
    def about(self):
        return f"{self.name}, seed {self.seed}: {self.state}\n{self.said['python']}"


@pytest.fixture(scope="module")
def states(files):
    with ExitStack() as stack:
        found = []
        for name, path in files.items():
            page = stack.enter_context(shown(path))
            found += [Shown(page, name, 1000 * seed + len(found)) for seed in range(STATES)]
    return found


def same_mask(one, mask):
    return mask.shape == one.bits.shape and bool((mask.astype(bool) == one.bits).all())


def test_programs_in_a_fresh_process_give_the_masks_and_measures_of_the_page(states, tmp_path):
    assert len(states) >= 50 and sum(one.bits is not None for one in states) >= 20
    masks, found = ran([one.said["python"] for one in states], tmp_path)
    for number, (one, results) in enumerate(zip(states, found, strict=True)):
        assert one.said["python"].count("# left out") == one.failed
        if one.bits is not None:
            assert same_mask(one, masks[str(number)]), one.about
            assert results.pop("measures") == one.made["measures"], one.about
        compare(results, one.measures, one.about)


def test_some_programs_are_run_as_they_are(states, tmp_path):
    for number, one in enumerate(states[::WHOLE]):
        saving = f"import numpy as np\nnp.save('mask{number}.npy', mask.values)\n" if one.bits is not None else ""
        (tmp_path / "copied.py").write_text(one.said["python"] + saving, "utf-8")
        call = [sys.executable, "-W", "ignore", "copied.py"]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + one.about
        if saving:
            assert same_mask(one, np.load(tmp_path / f"mask{number}.npy")), one.about
        for area in one.areas:
            text = str(area["area_mm2"]) if isinstance(area.get("values"), str) else ""
            for said in [text] if text else [f'"mean": {json.dumps(area["mean"])}', f'"sd": {json.dumps(area["sd"])}']:
                assert said in done.stdout, one.about


def measured(document):
    """All measures in what a command printed, in order."""
    if isinstance(document, dict) and "mean" in document and "pixels" in document:
        return [document]
    parts = document.values() if isinstance(document, dict) else document if isinstance(document, list) else []
    return [found for part in parts for found in measured(part)]


def test_commands_give_the_masks_and_measures_of_the_page(states, tmp_path):
    ran_ones = {"mask": 0, "stats": 0, "figure": 0}
    for number, one in enumerate(states):
        text = one.said["command"]
        if text is None:
            assert one.said["why_no_command"]
            continue
        words = shlex.split(text)
        kind, folder = words[1], tmp_path / str(number)
        if kind == "figure" and ran_ones[kind] >= 4:
            continue
        folder.mkdir()
        more = {"mask": ["--format", "npz"], "stats": ["--json"]}.get(kind, [])
        call = [sys.executable, "-m", "hounsfield", *words[1:], *more]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, text + done.stderr + one.about
        ran_ones[kind] += 1
        if kind == "mask":
            (written,) = Path(folder / "hu-mask").glob("*.npz")
            with np.load(written) as file:
                arrays = [file[name] for name in file.files if file[name].shape == one.bits.shape]
            assert any(same_mask(one, array) for array in arrays), text + one.about
        elif kind == "stats":
            wanted = [one.made["measures"]] if one.made else [each for _, each in one.measures]
            found = measured(json.loads(done.stdout))
            assert len(found) == len(wanted), done.stdout
            same = [{name: each[name] for name in wanted[0]} for each in found]
            assert all(each in same for each in wanted), text + one.about  # rectangles come first
    assert ran_ones["mask"] >= 3 and ran_ones["stats"] >= 2, ran_ones
