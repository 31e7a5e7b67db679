"""What is drawn over frames, as the server sends it: overlays, shutters, presentation states, padding, windows."""

import io

import numpy as np
import pytest
from PIL import Image as Picture
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.display.voi import window_of_values
from states import CT, PSEUDO, item, lut, state, window, words

from made import dataset, to_bytes
from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
OVERLAY = get_testdata_file("examples_overlay.dcm")


def only(page):
    (item,) = page.state()["items"]
    return f"items/{item['id']}"


def layer(page, path):
    answer = page.get(path)
    if answer.status_code == 204:
        return None, None
    assert answer.status_code == 200, answer.text
    rgba = np.asarray(Picture.open(io.BytesIO(answer.content)))
    assert rgba.shape[-1] == 4
    return rgba, [int(part) for part in answer.headers["X-Origin"].split(",")]


def written(folder, **files):
    for name, made in files.items():
        (folder / f"{name}.dcm").write_bytes(to_bytes(made))
    return folder


def test_overlays_are_listed_and_sent():
    with shown(OVERLAY) as page:
        base = only(page)
        listed = page.json(f"{base}/frames/0/over")
        assert [(each["group"], each["roi"]) for each in listed["overlays"]] == [(0x6000, False)]
        assert listed["states"] == [] and listed["shutter"] is False and listed["problem"] is None
        rgba, origin = layer(page, f"{base}/frames/0/layer?overlays=24576")
        bits = hu.overlays(OVERLAY)[0].mask.values
        assert origin == [0, 0] and np.array_equal(rgba[..., 3] == 255, bits) and (rgba[bits] == 255).all()
        assert layer(page, f"{base}/frames/0/layer") == (None, None)
        assert layer(page, f"{base}/frames/0/layer?overlays=24578") == (None, None)
        for wrong in ("overlays=x", "overlays=1,,2", "overlays=-1", "overlays=" + "1," * 200 + "1"):
            assert page.get(f"{base}/frames/0/layer?{wrong}").status_code == 400
        assert page.get(f"{base}/frames/1/layer").status_code == 404
        assert page.get(f"{base}/frames/1/over").status_code == 404


def test_overlays_in_unused_bits_are_sent(tmp_path):
    values = np.arange(12, dtype=np.uint16).reshape(3, 4)
    bits = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0]], np.uint16)
    made = dataset(values | bits << 15, BitsStored=12, HighBit=11)
    for element, vr, value in (
        (0x10, "US", 3),
        (0x11, "US", 4),
        (0x40, "CS", "R"),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 16),
        (0x102, "US", 15),
    ):
        made.add_new(0x60020000 | element, vr, value)
    with shown(written(tmp_path, one=made)) as page:
        base = only(page)
        assert [(each["group"], each["roi"]) for each in page.json(f"{base}/frames/0/over")["overlays"]] == [
            (0x6002, True)
        ]
        rgba, _ = layer(page, f"{base}/frames/0/layer?overlays=24578")
        assert np.array_equal(rgba[..., 3] == 255, bits.astype(bool))
        assert np.array_equal(page.values(f"{base}/frames/0"), values)


def annotation(text="Secret^Name"):
    group = item(GraphicLayer="A", TextObjectSequence=[words(text, box=[4.0, 4.0, 60.0, 16.0])])
    group.GraphicObjectSequence = [
        item(
            GraphicAnnotationUnits="PIXEL",
            GraphicDimensions=2,
            NumberOfGraphicPoints=2,
            GraphicData=[20.0, 30.0, 40.0, 24.0],
            GraphicType="POLYLINE",
            GraphicFilled="N",
        )
    ]
    layers = [item(GraphicLayer="A", GraphicLayerOrder=1)]
    return {"GraphicAnnotationSequence": [group], "GraphicLayerSequence": layers}


@pytest.fixture
def annotated(tmp_path):
    values = np.random.default_rng(1).integers(800, 1300, (40, 80)).astype(np.uint16)
    ct = dataset(
        values, SOPClassUID="1.2.840.10008.5.1.4.1.1.2", RescaleSlope=1, RescaleIntercept=-1024, PatientName="A^B"
    )
    made = state(ct, **CT, **annotation(), ImageRotation=90, ImageHorizontalFlip="Y", ContentLabel="SECRETLABEL")
    return written(tmp_path, ct=ct, pr=made)


def test_states_are_listed_by_their_label_and_followed(annotated):
    with shown(annotated) as page:
        base = only(page)
        (listed,) = page.json(f"{base}/frames/0/over")["states"]
        assert listed["label"] == "SECRETLABEL" and listed["kind"] == "grayscale"
        told = page.json(f"{base}/states/{listed['id']}")
        assert (told["turns"], told["flipped"], told["area"]) == (1, True, [0, 0, 40, 80])
        assert told["default_window"]["center"] == 40 and told["default_window"]["width"] == 400
        assert told["unit"] == "HU" and not told["inverted"] and not told["color"]
        image = hu.read(annotated / "ct.dcm")
        values = page.values(f"{base}/states/{listed['id']}/frames/0")
        assert np.array_equal(values, image.values)
        rgba, origin = layer(page, f"{base}/states/{listed['id']}/frames/0/layer")
        assert origin == [0, 0] and rgba.shape == (40, 80, 4)
        shown_as = hu.presentation(annotated / "pr.dcm")
        expected = hu.render(image, presentation=shown_as)
        solid = np.rot90(rgba, -1)[:, ::-1]
        assert np.array_equal(solid[..., 0][solid[..., 3] == 255], expected[solid[..., 3] == 255])
        assert layer(page, f"{base}/states/{listed['id']}/frames/0/layer?annotations=0") == (None, None)
        assert page.get(f"{base}/states/nobody").status_code == 404
        assert page.get(f"{base}/states/{listed['id']}/frames/7").status_code == 404


def test_while_the_patient_is_hidden_no_text_and_no_overlay_leaves(annotated):
    with shown(annotated, no_phi=True) as page:
        base = only(page)
        answer = page.get(f"{base}/frames/0/over")
        assert b"SECRET" not in answer.content
        (listed,) = answer.json()["states"]
        assert listed["label"] == ""
        assert b"SECRET" not in page.get(f"{base}/states/{listed['id']}").content
        rgba, _ = layer(page, f"{base}/states/{listed['id']}/frames/0/layer")
        assert rgba[..., 3].any() and not rgba[4:16, 4:19, 3].any()  # the line is there, the text is not
    with shown(OVERLAY, no_phi=True) as page:
        assert layer(page, f"{only(page)}/frames/0/layer?overlays=24576") == (None, None)


def test_a_state_for_other_frames_is_refused_in_words(tmp_path):
    ct = dataset(np.zeros((3, 8, 8), np.uint16), SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3", Modality="OT")
    made = state(ct, frames=[2], SoftcopyVOILUTSequence=[window(40, 400)])
    with shown(written(tmp_path, a=ct, b=made)) as page:
        base = only(page)
        assert page.json(f"{base}/frames/0/over")["states"] == []
        (listed,) = page.json(f"{base}/frames/1/over")["states"]
        answer = page.get(f"{base}/states/{listed['id']}/frames/0")
        assert answer.status_code == 422 and "does not refer to this frame" in answer.json()["error"]
        assert page.get(f"{base}/states/{listed['id']}/frames/1").status_code == 200


def test_colours_of_pseudo_colour_states_are_sent(tmp_path):
    ct = dataset(np.arange(64, dtype=np.uint16).reshape(8, 8), SOPClassUID="1.2.840.10008.5.1.4.1.1.2")
    tables = {}
    for colour, entries in (("Red", range(256)), ("Green", [0] * 256), ("Blue", range(255, -1, -1))):
        tables[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        tables[f"{colour}PaletteColorLookupTableData"] = bytes(entries)
    made = state(ct, PSEUDO, SoftcopyVOILUTSequence=[window(32, 64)], **tables)
    with shown(written(tmp_path, a=ct, b=made)) as page:
        base = only(page)
        (listed,) = page.json(f"{base}/frames/0/over")["states"]
        assert page.json(f"{base}/states/{listed['id']}")["color"] is True
        expected = hu.render(hu.read(tmp_path / "a.dcm"), presentation=hu.presentation(tmp_path / "b.dcm"))
        assert np.array_equal(page.values(f"{base}/states/{listed['id']}/frames/0"), expected)


def test_padding_is_sent_as_bits(tmp_path):
    values = np.arange(30, dtype=np.uint16).reshape(5, 6)
    made = dataset(values, PixelPaddingValue=3, PixelPaddingRangeLimit=9)
    with shown(written(tmp_path, one=made)) as page:
        base = only(page)
        answer = page.get(f"{base}/frames/0/padding")
        assert answer.headers["X-Shape"] == "5,6"
        bits = np.unpackbits(np.frombuffer(answer.content, np.uint8), count=30, bitorder="little").reshape(5, 6)
        assert np.array_equal(bits.astype(bool), hu.read(tmp_path / "one.dcm").padding)
    with shown(OVERLAY) as page:
        assert page.get(f"{only(page)}/frames/0/padding").status_code == 204


def test_a_window_for_a_region_is_the_librarys(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=6)
    volume = next(iter(hu.read_volumes(tmp_path / "ct")))
    with shown(tmp_path / "ct") as page:
        base = only(page)
        told = page.json(f"{base}/frames/3/window?top=8&bottom=20&left=4&right=30")
        expected = window_of_values(hu.Image(volume.values[3, 8:20, 4:30]))
        assert (told["center"], told["width"], told["function"]) == (expected.center, expected.width, "LINEAR_EXACT")
        cut = volume.reformat("coronal")[11]
        told = page.json(f"{base}/planes/coronal/11/window?top=1&bottom=5&left=4&right=30")
        expected = window_of_values(hu.Image(cut.values[1:5, 4:30]))
        assert (told["center"], told["width"]) == (expected.center, expected.width)
        for wrong in ("top=5&bottom=5", "top=0&bottom=33", "left=x", "right=-1", "top=9&bottom=3"):
            assert page.get(f"{base}/frames/3/window?{wrong}").status_code == 400
        assert page.get(f"{base}/frames/6/window").status_code == 404
    with shown(get_testdata_file("examples_rgb_color.dcm")) as page:
        assert page.get(f"{only(page)}/frames/0/window").status_code == 400


def test_regions_are_told():
    path = get_testdata_file("examples_palette.dcm")
    with shown(path) as page:
        base = only(page)
        told = page.json(base)["regions"]
        assert told == page.json(f"{base}/frames/0/regions")["regions"]
        for each, region in zip(told, hu.regions(path), strict=True):
            assert each["rows"] == [region.rows.start, region.rows.stop] and each["type"] == region.data_type
            assert tuple(each["units"]) == region.units and tuple(each["deltas"]) == region.deltas
    with shown(OVERLAY) as page:
        assert page.json(only(page))["regions"] == []


@pytest.mark.parametrize("name", ["examples_palette.dcm", "OBXXXX1A_2frame.dcm"])
def test_every_frame_of_a_palette_says_so(name):
    path = get_testdata_file(name) or pytest.skip("pydicom-data is not installed")
    with shown(path) as page:
        base = only(page)
        for index in range(page.state()["items"][0]["frames"]):
            assert page.get(f"{base}/frames/{index}").headers["X-Palette"] == "1"
            stored = hu.read(path, values="stored")
            assert np.array_equal(page.values(f"{base}/frames/{index}/palette"), stored.frame(index).values)
    with shown(OVERLAY) as page:
        assert "X-Palette" not in page.get(f"{only(page)}/frames/0").headers


def test_slices_of_a_palette_series_say_so(tmp_path):
    table = np.arange(256, dtype=np.uint8)
    for number in range(3):
        made = dataset(
            np.full((8, 8), number * 10, np.uint8), PhotometricInterpretation="PALETTE COLOR", InstanceNumber=number
        )
        made.SeriesInstanceUID, made.StudyInstanceUID, made.FrameOfReferenceUID = "1.2.3", "1.2", "1.2.4"
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        made.ImageOrientationPatient, made.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number]
        made.PixelSpacing = [1, 1]
        for colour in ("Red", "Green", "Blue"):
            made.__setattr__(f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 8])
            made.__setattr__(f"{colour}PaletteColorLookupTableData", table.tobytes())
        written(tmp_path, **{f"s{number}": made})
    with shown(tmp_path) as page:
        (told,) = page.state()["items"]
        assert told["frames"] == 3
        for index in range(3):
            assert page.get(f"items/{told['id']}/frames/{index}").headers["X-Palette"] == "1"


def test_supplemental_colours_lie_over_the_grey():
    path = get_testdata_file("eCT_Supplemental.dcm") or pytest.skip("pydicom-data is not installed")
    with shown(path) as page:
        for told in page.state()["items"]:
            base = f"items/{told['id']}"
            described = page.json(base)
            assert described["coloured"] is True
            rgba, _ = layer(page, f"{base}/frames/0/layer")
            assert (rgba[..., 3] == 255).any() and not (rgba[..., 3] == 255).all()


def test_the_default_window_of_frames_that_do_not_fit_is_that_of_all(tmp_path, monkeypatch):
    values = (
        np.random.default_rng(2).integers(0, 4000, (12, 16, 16)).astype(np.uint16)
        + np.arange(12, dtype=np.uint16)[:, None, None] * 100
    )
    made = dataset(values, SOPClassUID="1.2.840.10008.5.1.4.1.1.7.3", Modality="OT")
    monkeypatch.setattr("hounsfield.web.item_making.fits_in_memory", lambda shape, samples: False)
    with shown(written(tmp_path, one=made)) as page:
        expected = hu.render(hu.read(tmp_path / "one.dcm"))
        told = page.json(f"{only(page)}?frame=3")["default_window"]
        chosen = hu.Window(told["center"], told["width"], told["function"])
        assert np.array_equal(hu.render(hu.read(tmp_path / "one.dcm"), chosen), expected)


@pytest.mark.parametrize(
    "attributes",
    [
        {"WindowCenter": [40, 1000], "WindowWidth": [400, 2000], "WindowCenterWidthExplanation": ["A", "B"]},
        {"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "SIGMOID"},
        {"WindowCenter": 40, "WindowWidth": 400, "VOILUTFunction": "LINEAR_EXACT"},
        {"WindowCenter": 0.25, "WindowWidth": 0.5, "RescaleSlope": "0.001", "RescaleIntercept": 0, "Modality": "MR"},
        {"WindowCenter": -300, "WindowWidth": 500, "RescaleSlope": -10, "RescaleIntercept": 0, "Modality": "CR"},
        {"WindowCenter": 30000, "WindowWidth": 65535, "Modality": "CR"},
        {"WindowCenter": 40, "WindowWidth": 400, "PhotometricInterpretation": "MONOCHROME1"},
        {
            "WindowCenter": 40,
            "WindowWidth": 400,
            "PhotometricInterpretation": "MONOCHROME1",
            "PresentationLUTShape": "INVERSE",
        },
        {"VOILUTSequence": [lut(list(range(0, 65536, 256)), 100)]},
    ],
)
def test_windows_of_the_file_are_told_by_name(tmp_path, attributes):
    values = np.random.default_rng(3).integers(0, 900, (8, 8)).astype(np.uint16)
    made = dataset(values, **attributes)
    with shown(written(tmp_path, one=made)) as page:
        told = page.json(only(page))
        image = hu.read(tmp_path / "one.dcm")
        own = hu.windows(image)
        assert len(told["windows"]) == len(own) > 0
        for each, voi in zip(told["windows"], own, strict=True):
            assert each["label"] == (voi.explanation or each["label"])
            if each["function"] != "TABLE":
                grey = hu.render(image, hu.Window(each["center"], each["width"], each["function"]))
                assert np.array_equal(grey, hu.render(image, voi))
        inverted = attributes.get("PhotometricInterpretation") == "MONOCHROME1"
        assert told["inverted"] is inverted
        assert told["default_window"]["function"] == told["windows"][0]["function"]
