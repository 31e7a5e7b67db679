"""What the page shows as code: the program, and the command, in processes of their own, give the same numbers."""

import json
import shlex
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from fourth_axis import series
from page_masks import Masks
from programs import ran

from made import enhanced
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
SLICES, MATRIX = 6, 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("copied") / "a study's slices"
    hu.phantom(folder, matrix=MATRIX, slices=SLICES)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    with shown(folder) as opened:
        yield Masks(opened)


def code(page, **asked):
    answer = page.ask("code", asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---- states of the page


def number(rng, low, high):
    """Numbers as a mouse and a slider make them: whole, with a fraction, or any."""
    value = float(rng.uniform(low, high))
    return (round(value), round(value, 2), value)[int(rng.integers(3))]


def shape(rng, kinds):
    kind = str(rng.choice(kinds))
    count = {"rectangle": 2, "ellipse": 2, "distance": 2, "profile": 2, "bidirectional": 4}.get(kind)
    count = int(rng.integers(3, 9)) if count is None else count
    points = [[number(rng, 2, MATRIX - 3), number(rng, 2, MATRIX - 3)] for _ in range(count)]
    if kind in ("rectangle", "ellipse"):  # with a pixel in it
        points[1] = [points[0][0] + number(rng, 3, 20), points[0][1] + number(rng, 3, 20)]
    return {"kind": kind, "points": points}


AREAS, LENGTHS = ("rectangle", "ellipse", "polygon", "freehand"), ("distance", "bidirectional", "profile")


def recipe(rng, scope):
    chosen = [
        {}, {"above": number(rng, -900, 300)}, {"below": number(rng, -900, 300)},
        {"above": number(rng, -900, 0), "below": number(rng, 1, 900)}, {"method": "otsu"},
        {"tissue": str(rng.choice(["bone", "soft tissue", "lung", "fat", "air"]))},
    ][int(rng.integers(6))]  # fmt: skip
    chosen |= [{}, {"fill": True}, {"fill": False}, {"fill_3d": scope == "volume"}][int(rng.integers(4))]
    chosen |= [{}, {"opening": int(rng.integers(0, 5))}][int(rng.integers(2))]
    size = {"min_ml": number(rng, 0, 3)} if scope == "volume" else {"min_mm2": number(rng, 0, 40)}
    chosen |= [{}, {"largest": int(rng.integers(1, 4))}, size][int(rng.integers(3))]
    if rng.random() < 0.4:
        chosen["regions"] = [shape(rng, AREAS) for _ in range(int(rng.integers(1, 4)))]
        shaped = {"fill", "opening", "fill_3d"} & chosen.keys()
        if not {"above", "below", "tissue", "method", "largest", "min_ml", "min_mm2"} & chosen.keys():
            chosen = {key: value for key, value in chosen.items() if key not in shaped}
    return chosen


def state(rng, planes):
    view = str(rng.choice(["frames", "frames", *planes]))
    frame = int(rng.integers(SLICES if view in ("frames", "planes/axial") else MATRIX))
    return {"view": view, "frame": frame}


def drawn(page, made, rng, place):
    for _ in range(int(rng.integers(1, 5))):
        on = place if made["scope"] == "frame" else state(rng, ["planes/coronal", "planes/sagittal"])
        points = [[number(rng, 0, MATRIX), number(rng, 0, SLICES * 2)] for _ in range(int(rng.integers(1, 5)))]
        stroke = {**on, "erase": bool(rng.random() < 0.4), "radius": number(rng, 1, 9), "points": points}
        made = page.did(f"masks/{made['id']}/strokes", stroke)
    return page.did(f"masks/{made['id']}/undo") if rng.random() < 0.3 else made


def check_states(page, folder, tmp_path, seeds, planes=("planes/coronal", "planes/sagittal", "planes/axial")):
    """Compare programs of random states with what the page has: every pixel, every digit."""
    (volume,) = hu.read_volumes(folder)
    states, programs = [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        place, scope = state(rng, planes), str(rng.choice(["volume", "frame"]))
        wanted = recipe(rng, scope)
        if scope == "volume" and "regions" in wanted:
            place = state(rng, [])
        answer = page.ask("masks", {"scope": scope, "recipe": wanted, **place})
        assert answer.status_code in (200, 422), (wanted, answer.text)
        made = answer.json().get("mask")  # None: a polygon holds no pixel, say
        made = drawn(page, made, rng, place) if made and rng.random() < 0.5 else made
        shapes = [shape(rng, AREAS + LENGTHS) for _ in range(int(rng.integers(0, 4)))]
        window = {"center": number(rng, -600, 300), "width": number(rng, 1, 2000)}
        asked = {**place, "shapes": shapes, "window": window} | ({"mask": made["id"]} if made else {})
        said = code(page, **asked)
        values = page.page.viewing.masks.values(page.page.viewing.masks.get(item_of(page), made["id"])).values if made else None  # fmt: skip  # noqa: E501
        states.append((place, made, shapes, (window["center"], window["width"]), said, values))
        programs.append(said["python"])
        if made:
            page.ask(f"masks/{made['id']}/delete")
    masks, measured = ran(programs, tmp_path)
    for index, (place, made, shapes, window, said, values) in enumerate(states):
        plane = place["view"].partition("/")[2]
        image = (volume.reformat(plane) if plane else volume)[place["frame"]]
        assert (masks[f"picture{index}"] == hu.render(image, window)).all()
        found = measured[index]
        if made:
            assert masks[str(index)].shape == values.shape and (masks[str(index)] == values).all(), said["python"]
            assert found.pop("measures") == made["measures"]
        expected = [by_library(image, one) for one in shapes]
        in_order = sorted(found.items(), key=lambda one: int(one[0].partition("_")[2]))
        assert [one for _, one in in_order] == [one for one in expected if one is not None], said["python"]
        assert said["python"].count("# left out") >= (None in expected)
    return states


def item_of(page):
    return next(iter(page.page.viewing.discovery.items))


def by_library(image, one):
    """Return what the library's functions measure, called here; None where there is nothing to be measured."""
    points = [(y, x) for x, y in one["points"]]
    try:
        if one["kind"] in AREAS:
            return json.loads(json.dumps(hu.measure(image, by_user(one, points, image)).to_dict()))
        if one["kind"] == "profile":
            profile = hu.profile(image, *points)
            return [profile.unit, *profile.values.tolist()]
    except hu.GeometryError:
        return None
    lengths = [hu.distance(image, *pair) for pair in zip(points[::2], points[1::2], strict=True)]
    return [{"px": one.pixels, "mm": one.mm, "spacing_kind": one.spacing_kind} for one in lengths]


def by_user(one, points, image):
    if one["kind"] in ("polygon", "freehand"):
        return hu.region("polygon", image, points=points)
    (y0, x0), (y1, x1) = points
    center, high, wide = ((y0 + y1) / 2, (x0 + x1) / 2), abs(y1 - y0), abs(x1 - x0)
    if one["kind"] == "rectangle":
        return hu.region("rectangle", image, center=center, size=(high, wide))
    return hu.region("ellipse", image, center=center, radii=(high / 2, wide / 2))


def test_programs_of_ten_states_give_what_the_page_has(page, folder, tmp_path):
    states = check_states(page, folder, tmp_path, range(10))
    assert sum(made is not None for _, made, *_ in states) >= 8


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
def test_programs_of_many_states_give_what_the_page_has(page, folder, tmp_path, part):
    check_states(page, folder, tmp_path, range(1000 + part * 40, 1040 + part * 40))


# ---- commands


def command(text, folder):
    words = shlex.split(text)
    assert words[0] == "hu"
    done = subprocess.run([sys.executable, "-m", "hounsfield", *words[1:]], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.long
def test_a_command_writes_the_mask_of_a_volume(page, folder, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    regions = [
        {"kind": "ellipse", "points": [[3.5, 4], [30.25, 33.1]]},
        {"kind": "rectangle", "points": [[1, 1], [9, 9]]},
    ]
    made = page.make({"above": 90.5, "fill_3d": True, "opening": 3, "regions": regions})
    said = code(page, mask=made["id"])
    assert said["why_no_command"] is None and said["python"].startswith(f"# {said['command']}\n")
    command(said["command"] + " --no-figure", tmp_path)
    (written,) = (tmp_path / "hu-mask").glob("*.nii.gz")
    (volume,) = hu.read_volumes(folder)
    values = page.all_bits(made, SLICES)
    hu.write_nifti(hu.Volume(values, affine=volume.affine), tmp_path / "own.nii.gz")
    one, own = (np.asanyarray(nibabel.load(path).dataobj) for path in (written, tmp_path / "own.nii.gz"))
    assert (one == own).all() and one.sum() == made["measures"]["pixels"] > 0


@pytest.mark.long
@pytest.mark.parametrize(("view", "frame"), [("frames", 2), ("planes/coronal", 17), ("planes/axial", 4)])
def test_a_command_measures_one_slice(page, folder, tmp_path, view, frame):
    made = page.make({"tissue": "soft tissue", "opening": 2}, "frame", view=view, frame=frame)
    text = code(page, mask=made["id"], view=view, frame=frame)["command"]
    numbers = json.loads(command(text + " --json", tmp_path))
    numbers = numbers[0] if isinstance(numbers, list) else numbers
    assert made["measures"].items() <= found_in(numbers).items()
    shapes = [{"kind": "rectangle", "points": [[4, 1], [21.5, 3.75]]}, {"kind": "ellipse", "points": [[3, 0], [30, 5]]}]
    text = code(page, shapes=shapes, view=view, frame=frame)["command"]
    printed = command(text + " --json", tmp_path)
    (volume,) = hu.read_volumes(folder)
    image = volume[frame] if view == "frames" else volume.reformat(view.partition("/")[2])[frame]
    for one in shapes:
        measures = hu.measure(image, by_user(one, [(y, x) for x, y in one["points"]], image))
        assert json.dumps(measures.mean) in printed and json.dumps(measures.sd) in printed


def found_in(document):
    """The measures in what a command printed, however deep."""
    if isinstance(document, dict):
        if "mean" in document:
            return document
        document = list(document.values())
    if isinstance(document, list):
        return next((found for found in map(found_in, document) if found), {})
    return {}


def test_what_no_command_can_say_is_said(page):
    made = page.make({"above": 90})
    page.did(f"masks/{made['id']}/strokes", {"radius": 3, "points": [[9, 9]]})
    assert "brush" in code(page, mask=made["id"])["why_no_command"]
    outline = {"kind": "freehand", "points": [[1, 1], [20, 2], [9, 30]]}
    made = page.make({"above": 90, "regions": [outline]})
    assert "outlines" in code(page, mask=made["id"])["why_no_command"]
    assert "lines" in code(page, shapes=[{"kind": "distance", "points": [[1, 1], [5, 5]]}])["why_no_command"]
    otsu = page.make({"method": "otsu"}, "frame", frame=2)
    assert "one slice" in code(page, mask=otsu["id"], frame=2)["why_no_command"]
    assert code(page, mask=otsu["id"], frame=2)["command"] is None
    area = {"kind": "rectangle", "points": [[1, 1], [9, 9]]}
    said = code(page, shapes=[area], calibration={"mm_per_pixel": 0.5})
    assert "known length" in said["why_no_command"] and "hu.calibrated(image, 0.5)" in said["python"]
    said = code(page, shapes=[{"kind": "angle", "points": [[1, 1], [1, 1], [9, 1]]}])
    assert "# left out: the angle is not within the image, or has no extent" in said["python"]
    assert page.ask("code", {"mask": otsu["id"], "frame": 3}).status_code == 400


# ---- where things come from


def test_files_by_themselves_are_read_by_their_names(tmp_path):
    path = get_testdata_file("CT_small.dcm")
    with shown(path) as opened:
        page = Masks(opened)
        made = page.make({"above": 90}, "frame")
        said = code(page, mask=made["id"], window={"center": 40, "width": 400, "function": "SIGMOID"})
        assert said["command"] == f"hu mask --above 90 --window 40,400 {path}" or said["why_no_command"]
        said = code(page, mask=made["id"], window={"center": 40, "width": 400})
        masks, _ = ran([said["python"]], tmp_path)
        assert (masks["0"] == page.bits(made, "frames/0")).all()
        assert said["command"] == f"hu mask --above 90 --window 40,400 {path}"


@pytest.mark.long
def test_one_volume_among_others_is_found_again(tmp_path):
    for number in range(3):
        hu.phantom(tmp_path / f"s{number}", matrix=16, slices=22 + number)
        for path in (tmp_path / f"s{number}").iterdir():
            dataset = pydicom.dcmread(path)
            dataset.SeriesInstanceUID = f"1.2.3.{number}"
            dataset.SOPInstanceUID += f".{number}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(path)
    with shown(tmp_path) as opened:
        items = opened.state()["items"]
        assert len(items) == 3
        programs = []
        for item in items:
            answer = opened.post(f"items/{item['id']}/code", content=json.dumps({"frame": 3, "window": {"center": 40, "width": 400}}))  # fmt: skip  # noqa: E501
            programs.append(answer.json()["python"])
            assert "--series 1.2.3." in answer.json()["command"]
        pictures, _ = ran(programs, tmp_path)
        for number, item in enumerate(items):
            values = opened.values(f"items/{item['id']}/frames/3")
            assert (pictures[f"picture{number}"] == hu.render(hu.Image(values, unit="HU"), (40, 400))).all()


def zipped(folder, tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"inside/{file.name}")
    return path


def several_at_one_place(folder, tmp_path):
    (tmp_path / "phases").mkdir()
    series(tmp_path / "phases", 3, lambda made, volume: setattr(made, "TriggerTime", 50 * volume))
    return tmp_path / "phases"


def frames_of_one_file(folder, tmp_path):
    values = np.random.default_rng(1).integers(0, 500, (4, 8, 8)).astype(np.uint16)
    (tmp_path / "a.dcm").write_bytes(enhanced(values, [(1, 0)] * 4))
    return tmp_path / "a.dcm"


@pytest.mark.long
@pytest.mark.parametrize(
    "what",
    [zipped, several_at_one_place, frames_of_one_file, "emri_small.dcm", "MR_small.dcm", "DICOMDIR"],
    ids=lambda what: getattr(what, "__name__", what),
)
def test_programs_find_images_of_all_kinds(folder, tmp_path, what):
    path = get_testdata_file(what) if isinstance(what, str) else what(folder, tmp_path)
    with shown(path) as opened:
        programs, values = [], []
        ids = [key for item in opened.state()["items"] for key in (item["phases"] or {"ids": [item["id"]]})["ids"]]
        for key in ids:
            count = opened.json(f"items/{key}")["frames"]
            for frame in {0, count // 2, count - 1}:
                document = {"frame": frame, "recipe": {"method": "otsu", "fill": False, "opening": 0}}
                answer = opened.post(f"items/{key}/masks", content=json.dumps(document))
                if answer.status_code == 422:  # colours, or all values are equal
                    continue
                made = answer.json()["mask"]
                text = opened.post(f"items/{key}/code", content=json.dumps({"frame": frame, "mask": made["id"]})).json()
                programs.append(text["python"])
                item = opened.viewing.discovery.items.get(key)
                values.append((opened.viewing.masks.values(opened.viewing.masks.get(item, made["id"])), made))
        masks, measured = ran(programs, tmp_path)
        assert len(values) >= 1
        for number, (expected, made) in enumerate(values):
            assert (masks[str(number)] == expected.values).all()
            assert measured[number]["measures"] == made["measures"]


def test_paths_are_not_said_while_the_patient_is_hidden(folder):
    with shown(folder, no_phi=True) as opened:
        page = Masks(opened)
        made = page.make({"above": 90})
        said = code(page, mask=made["id"])
        assert str(folder) not in str(said) and "study" not in str(said)
        assert 'hu.read_volumes("PATH")' in said["python"] and "not said while the patient is hidden" in said["python"]
        assert said["command"].endswith(" PATH")


def test_code_without_paths_takes_no_other_volume_that_lies_in_the_place_of_path(folder, tmp_path):
    hu.phantom(tmp_path / "both" / "other", matrix=24, slices=4, noise=3)
    shutil.copytree(folder, tmp_path / "both" / "own")
    with shown(folder, no_phi=True) as opened:
        page = Masks(opened)
        program = code(page, mask=page.make({"above": 90})["id"])["python"]
    for place, ends_well in ((folder, True), (tmp_path / "both", False)):
        script = tmp_path / "copied.py"
        script.write_text(program.replace('"PATH"', repr(str(place))), "utf-8")
        ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
        assert (ran.returncode == 0) is ends_well, ran.stderr


BAD = [
    {"window": 5}, {"window": {}}, {"window": {"center": 1, "width": 0}}, {"window": {"center": "1", "width": 5}},
    {"window": {"center": 1, "width": 5, "function": "CUBIC"}}, {"window": {"center": float("nan"), "width": 5}},
    {"shapes": 5}, {"shapes": [{"kind": "star", "points": []}]}, {"shapes": [{"kind": "angle", "points": [[1, 1]]}]},
    {"view": "oblique"},
]  # fmt: skip


@pytest.mark.parametrize("asked", BAD, ids=repr)
def test_what_cannot_be_copied_is_refused(page, asked):
    answer = page.ask("code", asked)
    assert answer.status_code == 400 and answer.json()["error"]
    assert page.ask("code", {"frame": 99}).status_code == 404
    assert page.ask("code", {"mask": "x"}).status_code == 404
