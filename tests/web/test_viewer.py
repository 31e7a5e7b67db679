"""Items, frames, planes and pictures are those of the library."""

import io

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.geometry import direction
from hounsfield.text import printable

from made import dataset, enhanced, file_bytes, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")

FILES = [
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "examples_ybr_color.dcm",
    "examples_palette.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "rtdose_1frame.dcm",
    "liver_1frame.dcm",
    "emri_small.dcm",
    "RG3_J2KI.dcm",
    "mlut_18.dcm",
    "vlut_04.dcm",
    "examples_overlay.dcm",
    "OT-PAL-8-face.dcm",
    "eCT_Supplemental.dcm",
    "bad_sequence.dcm",
]


def existing(name):
    path = get_testdata_file(name, download=False)
    return path or pytest.skip(f"{name} is not installed")


def grey(values, window, *, inverted):
    """PS3.3 C.11.2.1.2 in double precision, written down again."""
    center, width, x = window["center"], window["width"], values.astype(np.float64)
    if window["function"] == "SIGMOID":
        y = 1 / (1 + np.exp(-4 * (x - center) / width))
    elif window["function"] == "LINEAR":
        y = np.clip((x - (center - 0.5)) / max(width - 1, 1e-300) + 0.5, 0, 1)
    else:
        y = np.clip((x - center) / width + 0.5, 0, 1)
    return (1 - y if inverted else y) * 255


@pytest.mark.parametrize("name", FILES)
def test_frames_and_descriptions_are_those_of_the_library(name):
    path = existing(name)
    image = hu.read(path)
    with shown(path) as page:
        (item,) = page.state()["items"]
        if item["kind"] == "volume":  # its slices are sorted by their place
            (volume,) = hu.read_volumes(path)
            image = volume.as_image()
        assert item["frames"] == image.frames and item["color"] == image.color
        for index in {0, image.frames - 1}:
            values, frame = page.values(f"items/{item['id']}/frames/{index}"), image.frame(index)
            expected = hu.render(frame) if image.color and frame.values.dtype != np.uint8 else frame.values
            assert values.dtype.name in ("uint8", "int16", "uint16", "int32", "float32", "float64")
            assert np.array_equal(values, expected)
            described = page.json(f"items/{item['id']}?frame={index}")
            assert described["dtype"] == values.dtype.name
            assert [(s["name"], s["outcome"]) for s in described["steps"]][:2] == [
                (s.name, s.outcome) for s in frame.steps
            ][:2]
        assert described["unit"] == image.unit
        assert (described["rows"], described["columns"]) == image.size
        assert described["spacing_kind"] == image.spacing_kind
        if image.pixel_spacing is not None and image.spacing_kind is not None:
            assert described["pixel_spacing"] == pytest.approx(image.pixel_spacing)


@pytest.mark.parametrize(
    "name", ["CT_small.dcm", "MR_small.dcm", "RG3_J2KI.dcm", "examples_overlay.dcm", "rtdose_1frame.dcm"]
)
def test_the_window_that_is_described_makes_the_grey_levels_of_render(name):
    path = existing(name)
    image = hu.read(path)
    with shown(path) as page:
        (item,) = page.state()["items"]
        described = page.json(f"items/{item['id']}")
        values = page.values(f"items/{item['id']}/frames/0")
        assert described["presentation_table"] is None
        expected = hu.render(image).astype(float)
        made = grey(values, described["default_window"], inverted=described["inverted"])
        assert np.abs(made - expected).max() < 0.5 + 1e-2
        picture = np.asarray(Picture.open(io.BytesIO(page.get(f"items/{item['id']}/picture").content)))
        assert np.array_equal(picture, hu.render(image))
        narrow = page.get(f"items/{item['id']}/picture?center=40&width=80&frame=0").content
        assert np.array_equal(np.asarray(Picture.open(io.BytesIO(narrow))), hu.render(image, (40, 80)))
        small = Picture.open(io.BytesIO(page.get(f"items/{item['id']}/thumbnail").content))
        assert max(small.size) <= 96


def test_a_picture_may_have_what_the_library_writes_around_it():
    with shown(existing("CT_small.dcm")) as page:
        (item,) = page.state()["items"]
        annotated = Picture.open(io.BytesIO(page.get(f"items/{item['id']}/picture?annotations=1").content))
    expected = hu.figure(hu.read(existing("CT_small.dcm")))
    assert annotated.size == pytest.approx(tuple(expected.get_size_inches() * expected.dpi), abs=1)


def test_the_files_own_windows_have_their_names():
    with shown(existing("examples_overlay.dcm")) as page:
        (item,) = page.state()["items"]
        windows = page.json(f"items/{item['id']}")["windows"]
    assert [(w["label"], w["center"], w["width"], w["default"]) for w in windows] == [
        ("WINDOW1", 450.0, 790.0, True),
        ("WINDOW2", 200.0, 443.0, False),
    ]


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    hu.phantom(folder, matrix=48, slices=10, missing=())
    (volume,) = hu.read_volumes(folder)
    with shown(folder) as page:
        yield volume, page


def test_a_volume_is_an_item_and_its_frames_are_its_slices(series):
    volume, page = series
    (item,) = page.state()["items"]
    assert (item["kind"], item["shape"], item["files"]) == ("volume", [10, 48, 48], 10)
    before = [page.values(f"items/{item['id']}/frames/{n}") for n in range(10)]
    assert np.array_equal(np.stack(before), volume.values)
    page.viewing.assembler.submit(lambda: None).result(30)
    assert page.state()["items"][0]["assembled"]
    after = [page.values(f"items/{item['id']}/frames/{n}") for n in range(10)]
    assert np.array_equal(np.stack(after), volume.values)
    described = page.json(f"items/{item['id']}")
    assert np.allclose(described["affine"], volume.affine, rtol=0, atol=1e-9)
    assert (described["letters"], described["planes"]) == (
        {"left": "R", "right": "L", "top": "A", "bottom": "P"},
        ["axial", "coronal", "sagittal"],
    )
    assert described["default_window"] | {"center": 40, "width": 400} == described["default_window"]
    assert [preset["label"] for preset in described["presets"]][:2] == ["soft tissue", "lung"]


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_planes_are_those_of_reformat(series, plane):
    volume, page = series
    (item,) = page.state()["items"]
    expected = volume.reformat(plane)
    described = page.json(f"items/{item['id']}/planes/{plane}")
    assert tuple(described["shape"]) == expected.shape
    assert np.allclose(described["affine"], expected.affine)
    assert described["interpolated"] is False
    for index in (0, len(expected) // 2, len(expected) - 1):
        assert np.array_equal(page.values(f"items/{item['id']}/planes/{plane}/{index}"), expected[index].values)
    assert page.get(f"items/{item['id']}/planes/{plane}/{len(expected)}").status_code == 404


@pytest.mark.parametrize("how", ["max", "min", "mean"])
def test_slabs_are_those_of_project(series, how):
    volume, page = series
    (item,) = page.state()["items"]
    coronal = volume.reformat("coronal")
    thick = 3 * coronal.spacing_between_slices
    expected = coronal[19:22].project(how)[0].values
    assert np.array_equal(page.values(f"items/{item['id']}/planes/coronal/20?slab={thick}&how={how}"), expected)
    for wrong in ("slab=0", "slab=-1", "slab=nan", "slab=x", "slab=5&how=median"):
        assert page.get(f"items/{item['id']}/planes/coronal/20?{wrong}").status_code == 400


def test_planes_of_a_tilted_volume_are_interpolated_as_by_reformat(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=6, tilt=20)
    (volume,) = hu.read_volumes(tmp_path)
    expected = volume.reformat("sagittal")
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        described = page.json(f"items/{item['id']}/planes/sagittal")
        assert (tuple(described["shape"]), described["dtype"]) == (expected.shape, expected.values.dtype.name)
        for index in range(0, len(expected), 5):
            got = page.values(f"items/{item['id']}/planes/sagittal/{index}")
            assert np.allclose(got, expected[index].values, rtol=0, atol=1e-3)


def test_a_multi_frame_image_says_when_frames_were_taken():
    path = existing("examples_ybr_color.dcm")
    times = hu.frame_times(path)
    with shown(path) as page:
        (item,) = page.state()["items"]
        described = page.json(f"items/{item['id']}")
    assert item["kind"] == "image" and item["frames"] == 30
    assert described["frame_times"]["ms"] == pytest.approx(times.milliseconds.tolist())
    assert described["frame_times"]["per_second"] == pytest.approx(30, abs=0.1)
    assert described["frame_times"]["origin"] == times.origin


def test_values_that_no_small_type_holds_are_sent_exactly(tmp_path):
    stored = np.array([[0, 1], [2**31, 2**32 - 1]], np.uint32)
    (tmp_path / "a.dcm").write_bytes(file_bytes(stored, Modality="OT"))
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert page.values(f"items/{item['id']}/frames/0").tolist() == stored.tolist()


def test_a_palette_can_still_be_looked_up():
    path = existing("OT-PAL-8-face.dcm")
    with shown(path, existing("CT_small.dcm")) as page:
        face, ct = sorted(page.state()["items"], key=lambda item: not item["color"])
        answer = page.get(f"items/{face['id']}/frames/0/palette")
        assert answer.headers["X-Palette"] == "1"
        assert page.get(f"items/{face['id']}/frames/0").headers["X-Palette"] == "1"
        assert "X-Palette" not in page.get(f"items/{ct['id']}/frames/0").headers
        stored = hu.read(path, values="stored").values
        assert np.array_equal(page.values(f"items/{face['id']}/frames/0/palette"), stored)
        assert page.get(f"items/{ct['id']}/frames/0/palette").status_code == 404
        assert page.get(f"items/{face['id']}/frames/1/palette").status_code == 404


def test_padding_is_a_range_of_the_values_that_are_sent(tmp_path):
    stored = np.array([[-2000, 0], [5, 100]], np.int16)
    attributes = {"RescaleSlope": 1, "RescaleIntercept": -1024, "PixelPaddingValue": -2000}
    made = dataset(stored)
    made.RescaleSlope, made.RescaleIntercept = 1, -1024
    made.add_new("PixelPaddingValue", "SS", attributes["PixelPaddingValue"])
    (tmp_path / "a.dcm").write_bytes(to_bytes(made))
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        described = page.json(f"items/{item['id']}")
        values = page.values(f"items/{item['id']}/frames/0")
    assert described["padding"] == {"first": -3024, "last": -3024}
    inside = (values >= described["padding"]["first"]) & (values <= described["padding"]["last"])
    assert inside.tolist() == hu.read(tmp_path / "a.dcm").padding.tolist()


def test_the_header_is_that_of_tags_and_can_be_searched():
    path = existing("CT_small.dcm")
    with shown(path) as page:
        (item,) = page.state()["items"]
        answer = page.json(f"items/{item['id']}/header")
        found = page.json(f"items/{item['id']}/header?search=rescale")["rows"]
    rows = hu.tags(path)
    assert [(row["tag"], row["depth"], row["value"]) for row in answer["rows"]] == [
        (r.tag, r.level, r.value) for r in rows
    ]
    assert answer["more"] is False
    assert [row["keyword"] for row in found] == ["RescaleIntercept", "RescaleSlope"]


def test_one_damaged_frame_is_a_sentence_and_the_others_go_on(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=4)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        sorted(tmp_path.iterdir())[1].write_bytes(b"junk" * 100)
        for _ in range(2):  # before and after the volume is assembled
            answers = [page.get(f"items/{item['id']}/frames/{n}") for n in range(4)]
            assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 422]
            (error,) = [answer.json()["error"] for answer in answers if answer.status_code == 422]
            assert str(tmp_path) not in error
            page.viewing.assembler.submit(lambda: None).result(30)
            assert page.get(f"items/{item['id']}").status_code == 200


def test_text_of_files_is_escaped_json_and_nothing_else(tmp_path):
    hostile = "<script>alert(1)</script>\x1b[2J\u202egnp\u2028\"'&"
    made = pydicom.dcmread(existing("CT_small.dcm"))
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in (
        "PatientName",
        "PatientID",
        "SeriesDescription",
        "StudyDescription",
        "WindowCenterWidthExplanation",
    ):
        setattr(made, keyword, hostile)
    made.WindowCenter, made.WindowWidth = 40, 400
    path = tmp_path / "<img src=x onerror=alert(1)>.dcm"
    made.save_as(path)
    (tmp_path / "<b>junk<b>").write_bytes(b"junk")
    with shown(tmp_path) as page:
        state = page.state()
        (item,) = state["items"]
        # The escape character belongs to the encoding of text (ISO 2022): it is no part of it, or is written in letters.
        for text in (item["patient"]["name"], item["description"]):
            assert text.replace("\\x1b", "") == printable(hostile.replace("\x1b", ""))
        assert state["report"]["others"][0]["name"] == "<b>junk<b>"
        for path in (f"items/{item['id']}", f"items/{item['id']}/header"):
            answer = page.get(path)
            assert answer.headers["content-type"] == "application/json"
            assert not set(answer.text) & set("\x1b\u202e\u2028")


def test_an_unknown_place_is_not_a_place(tmp_path):
    """A volume without a place has no planes, and says so."""
    (tmp_path / "a.dcm").write_bytes(file_bytes(np.zeros((4, 8, 8), np.int16), Modality="OT"))
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        described = page.json(f"items/{item['id']}")
        assert (described["affine"], described["letters"], described["planes"]) == (None, None, [])
        assert page.get(f"items/{item['id']}/planes/axial/0").status_code == 404


def test_frames_that_lie_everywhere_are_one_image(tmp_path):
    """A file of many frames of which no two are of one stack is not shown in pieces."""
    turned = [(0, 0, 1), (0, 1, 0), (1, 0, 0)]
    stored = np.arange(3 * 64, dtype=np.uint16).reshape(3, 8, 8)
    frames = [(2.0, n) for n in range(3)]
    made = pydicom.dcmread(io.BytesIO(enhanced(stored, frames)))
    for number, (item, normal) in enumerate(zip(made.PerFrameFunctionalGroupsSequence, turned, strict=True)):
        across, down = turned[number - 1], turned[number - 2]
        orientation, position = Dataset(), Dataset()
        orientation.ImageOrientationPatient = [*across, *down]
        position.ImagePositionPatient = list(normal)
        item.PlaneOrientationSequence, item.PlanePositionSequence = [orientation], [position]
    made.save_as(tmp_path / "a.dcm")
    image = hu.read(tmp_path / "a.dcm")
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        assert (item["kind"], item["shape"]) == ("image", [3, 8, 8])
        for index in range(3):
            assert np.array_equal(page.values(f"items/{item['id']}/frames/{index}"), image.values[index])
            described = page.json(f"items/{item['id']}?frame={index}")
            assert described["orientation"]["row"] == list(turned[index - 1])
            assert described["affine"] is None
            own = image.frame(index).plane
            assert np.allclose(np.array(described["frame_affine"])[:, [1, 2, 0, 3]], own.affine)
            assert described["letters"]["right"] == direction(np.array(own.orientation[:3]))
