"""Segments of segmentations as masks of the page: which are listed, where they lie, and what is refused."""

import json

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.exports.seg import write_seg
from page_masks import Masks

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
MATRIX, SLICES = 40, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segments")
    hu.phantom(folder / "ct", matrix=MATRIX, slices=SLICES)
    (volume,) = hu.read_volumes(folder / "ct")
    masks = {"left": hu.mask(volume, tissue="lung"), "right": hu.mask(volume, tissue="bone")}
    write_seg(masks, folder / "seg.dcm", segments=None)
    return folder


@pytest.fixture(scope="module")
def volume(folder):
    return hu.read_volumes(folder / "ct")[0]


class Of(Masks):
    """The masks of the item of a modality."""

    def __init__(self, page, modality="CT"):
        self.page = page
        item = next(each for each in page.state()["items"] if each["modality"] == modality)
        self.base = f"items/{item['id']}"

    def listed(self):
        return self.page.json(f"{self.base}/segments")["segmentations"]

    def of_segment(self, segmentation, number, scope="volume", **more):
        return self.make({"segment": {"file": segmentation["id"], "number": number}}, scope, **more)


@pytest.fixture(scope="module")
def opened(folder):
    with shown(folder) as page:
        yield page


@pytest.fixture
def page(opened):
    opened.viewing.masks.clear()
    opened.viewing.hiding.hidden = False
    return Of(opened)


def test_segments_are_masks_of_the_series_that_they_are_of(page, folder, volume):
    (found,) = page.listed()
    segments = hu.segments(folder / "seg.dcm")
    assert [(each["number"], each["label"]) for each in found["segments"]] == [(s.number, s.label) for s in segments]
    for segment, told in zip(segments, found["segments"], strict=True):
        mask = page.of_segment(found, segment.number)
        assert mask["name"] == segment.label and mask["scope"] == "volume" and mask["recipe"]["segment"]
        if segment.color is not None:
            assert told["color"] == mask["color"] == "#{:02x}{:02x}{:02x}".format(*segment.color)
        expected = np.zeros(volume.shape, bool)
        for frame, plane in zip(segment.mask.values, segment.planes, strict=True):
            expected[round(volume.to_index(plane.position)[0])] = frame
        assert (page.all_bits(mask, SLICES) == expected).all() and expected.any()
        selected = hu.mask(volume, tissue={1: "lung", 2: "bone"}[segment.number])
        assert (expected == selected.values).all()
        assert mask["measures"] == json.loads(json.dumps(hu.measure(volume, selected).to_dict()))
        cut = selected.reformat("coronal")
        assert (page.bits(mask, "planes/coronal/11") == cut.values[11]).all()
        code = page.ask("code", {"view": "frames", "frame": 0, "mask": mask["id"]})
        assert code.status_code == 400 and "hounsfield.segments" in code.json()["error"]
        drawn = page.did(f"masks/{mask['id']}/strokes", {"frame": 1, "radius": 3, "points": [[9, 9]]})
        assert drawn["edited"] and (page.did(f"masks/{mask['id']}/undo")["measures"] == mask["measures"])


def test_a_segmentation_by_itself_shows_its_segments(folder):
    with shown(folder / "seg.dcm") as alone:
        items = alone.state()["items"]
        assert {each["modality"] for each in items} == {"SEG"}
        for each in items:
            page = Of(alone, "SEG")
            page.base = f"items/{each['id']}"
            (found,) = page.listed()
            for segment in hu.segments(folder / "seg.dcm"):
                mask = page.of_segment(found, segment.number)
                bits = page.all_bits(mask, each["frames"])
                assert bits.sum() == segment.mask.values.sum() > 0


def test_one_image_has_the_part_that_lies_on_it(folder, volume, tmp_path):
    slices = sorted((folder / "ct").rglob("*.dcm"))
    with shown(slices[2], folder / "seg.dcm") as two:
        page = Of(two)
        (found,) = page.listed()
        item = next(each for each in two.state()["items"] if each["modality"] == "CT")
        mask = page.of_segment(found, 1, "volume" if item["kind"] == "volume" else "frame")
        at = round(volume.to_index(hu.read(slices[2]).plane.position)[0])
        assert (page.bits(mask, "frames/0") == hu.mask(volume, tissue="lung").values[at]).all()


def test_parts_of_a_frame_are_placed_and_what_lies_beside_is_left_out(folder, volume, tmp_path):
    dataset = pydicom.dcmread(folder / "seg.dcm")
    for group in dataset.PerFrameFunctionalGroupsSequence:
        position = group.PlanePositionSequence[0].ImagePositionPatient
        step = volume.spacing[2]
        position[0], position[1] = position[0] + 3 * step, position[1] - 2 * step
    dataset.save_as(tmp_path / "shifted.dcm")
    with shown(folder / "ct", tmp_path / "shifted.dcm") as page:
        page = Of(page)
        (found,) = page.listed()
        mask = page.of_segment(found, 1)
        lung = hu.mask(volume, tissue="lung").values
        expected = np.zeros_like(lung)
        expected[:, :-2, 3:] = lung[:, 2:, :-3]
        assert (page.all_bits(mask, SLICES) == expected).all() and expected.any()


@pytest.mark.parametrize("turned", [False, True])
def test_on_other_voxels_it_is_resampled_as_the_library_does(folder, volume, tmp_path, turned):
    dataset = pydicom.dcmread(folder / "seg.dcm")
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = [5, 6.5]
    if turned:
        shared.PlaneOrientationSequence[0].ImageOrientationPatient = [0, 1, 0, 1, 0, 0]
    dataset.save_as(tmp_path / "other.dcm")
    lung = hu.mask(volume, tissue="lung")
    affine = np.array(volume.affine)
    rows, columns = affine[:3, 1] / volume.spacing[1], affine[:3, 2] / volume.spacing[2]
    if turned:
        rows, columns = columns, rows
    affine[:3, 1], affine[:3, 2] = rows * 5, columns * 6.5
    expected = hu.Volume(lung.values, affine=affine).resample(like=volume, order=0).values
    with shown(folder / "ct", tmp_path / "other.dcm") as page:
        page = Of(page)
        (found,) = page.listed()
        mask = page.of_segment(found, 1)
        assert (page.all_bits(mask, SLICES) == expected).all() and expected.any()
        assert "resample" in [step["name"] for step in mask["steps"]]


def damaged_ones(dataset):
    """Segmentations that are not as they should be."""

    def moved(by):
        def change(d):
            for group in d.PerFrameFunctionalGroupsSequence:
                position = group.PlanePositionSequence[0].ImagePositionPatient
                group.PlanePositionSequence[0].ImagePositionPatient = [float(v) + by for v in position]

        return change

    def without(*keywords):
        def change(d):
            for keyword in keywords:
                if keyword in d:
                    del d[keyword]

        return change

    def unplaced(d):
        for group in d.PerFrameFunctionalGroupsSequence:
            del group.PlanePositionSequence

    def turned(d):
        shared = d.SharedFunctionalGroupsSequence[0]
        shared.PlaneOrientationSequence[0].ImageOrientationPatient = [0, 1, 0, 1, 0, 0]

    def finer(d):
        d.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [1, 1]

    def number(d):
        for group in d.PerFrameFunctionalGroupsSequence:
            group.SegmentIdentificationSequence[0].ReferencedSegmentNumber = 77

    def cut_off(d):
        d.PixelData = d.PixelData[:6]

    def huge(d):
        d.NumberOfFrames = 2**31 - 1

    return {
        "half a pixel beside": moved(0.5 * 9), "far away": moved(1e7), "unplaced": unplaced, "turned": turned,
        "finer": finer, "unknown number": number, "cut off": cut_off, "huge": huge,
        "no pixels": without("PixelData"), "no type": without("SegmentationType"), "no rows": without("Rows"),
        "no groups": without("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence"),
        "no frame of reference": without("FrameOfReferenceUID", "ReferencedSeriesSequence"),
        "no segments": without("SegmentSequence"),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(damaged_ones(None)))
def test_damaged_ones_are_refused_in_a_sentence_or_not_listed(folder, tmp_path, name):
    dataset = pydicom.dcmread(folder / "seg.dcm")
    damaged_ones(None)[name](dataset)
    (tmp_path / "damaged").mkdir()
    dataset.save_as(tmp_path / "damaged/seg.dcm")
    with shown(folder / "ct", tmp_path / "damaged") as opened:
        page = Of(opened)
        for found in page.listed():
            for segment in found["segments"]:
                recipe = {"segment": {"file": found["id"], "number": segment["number"]}}
                answer = page.ask("masks", {"scope": "volume", "recipe": recipe})
                if answer.status_code == 200:  # nothing of it lies here, or it says what was assumed
                    mask = answer.json()["mask"]
                    assumed = any(step["outcome"] == "assumed" for step in mask["steps"])
                    resampled = mask["steps"][-1]["name"] == "resample"
                    assert (name == "far away" and mask["measures"]["pixels"] == 0) or assumed or resampled, mask[
                        "steps"
                    ]
                    continue
                sentence = answer.json()["error"]
                assert 400 <= answer.status_code < 500, (name, answer.text)
                assert sentence and "Traceback" not in sentence and "defect" not in sentence and "/" not in sentence
                assert page.page.get(f"{page.base}/masks").json()["masks"] == []


HOSTILE = [
    {"segment": 5}, {"segment": []}, {"segment": {}}, {"segment": "x"}, {"segment": {"file": "x", "number": 1}},
    {"segment": {"file": None, "number": 1}}, {"segment": {"file": ["x"], "number": 1}}, {"segment": True},
    {"segment": {"file": "FILE", "number": 99}}, {"segment": {"file": "FILE", "number": "1"}},
    {"segment": {"file": "FILE", "number": True}}, {"segment": {"file": "FILE", "number": 1.0}},
    {"segment": {"file": "FILE", "number": -1}}, {"segment": {"file": "FILE", "number": 10**30}},
    {"segment": {"file": "FILE", "number": None}}, {"segment": {"file": "../../x", "number": 1}},
    {"segment": {"file": "FILE", "number": 1}, "above": 90}, {"segment": {"file": "FILE", "number": 1}, "fill": True},
    {"segment": {"file": "FILE", "number": 1}, "drawn": True}, {"segment": {"file": "FILE", "number": [1]}},
    {"segment": {"file": "FILE", "number": 1}, "regions": [{"kind": "rectangle", "points": [[0, 0], [5, 5]]}]},
]  # fmt: skip


@pytest.mark.parametrize("recipe", HOSTILE, ids=map(str, range(len(HOSTILE))))
def test_what_is_no_segment_is_refused(page, recipe):
    (found,) = page.listed()
    document = json.loads(json.dumps({"scope": "volume", "recipe": recipe}).replace("FILE", found["id"]))
    answer = page.ask("masks", document)
    assert answer.status_code in (400, 404), answer.text
    sentence = answer.json()["error"]
    assert sentence and "Traceback" not in sentence and "defect" not in sentence and len(sentence) < 300


def test_names_of_segments_are_hidden_with_the_patient(page, folder):
    page.of_segment(page.listed()[0], 1)
    assert "left" in json.dumps(page.listed())
    page.page.viewing.hiding.hidden = True
    (found,) = page.listed()
    masks = page.page.get(f"{page.base}/masks").json()["masks"]
    assert "left" not in json.dumps([found, masks]) and [mask["name"] for mask in masks] == ["mask 1"]
    made = page.of_segment(found, 2)
    assert made["name"] == "mask 2"
    page.page.viewing.hiding.hidden = False
    assert [mask["name"] for mask in page.page.get(f"{page.base}/masks").json()["masks"]] == ["left", "right"]


def test_a_real_one_by_itself():
    path = get_testdata_file("liver_1frame.dcm")
    (segment,) = hu.segments(path)
    with shown(path) as opened:
        page = Of(opened, "SEG")
        (found,) = page.listed()
        assert (found["segments"][0]["label"], found["segments"][0]["color"]) == ("Liver", "#dd8265")
        item = opened.state()["items"][0]
        mask = page.of_segment(found, segment.number, "volume" if item["kind"] == "volume" else "frame")
        assert page.bits(mask, "frames/0").sum() == segment.mask.values.sum() > 0
        assert (mask["name"], mask["color"]) == ("Liver", "#dd8265")
