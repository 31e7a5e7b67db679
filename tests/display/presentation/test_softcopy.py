import re
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from matplotlib.path import Path as Outline
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

import hounsfield as hu
from states import COLOR, CT, HU, PSEUDO, annotated, area, item, lut, reference, shown, state, window, words

from made import dataset, enhanced, to_bytes

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="DCMTK's dcmp2pgm is not installed")

RAMP = lut(list(range(0, 65535, 32)), first=100)
STATES = {
    "window": CT,
    "no VOI": HU,
    "no modality LUT": {"SoftcopyVOILUTSequence": [window(1000, 800)]},
    "nothing": {},
    "inverse": {**CT, "PresentationLUTShape": "INVERSE"},
    "other slope": {**CT, "RescaleSlope": 2.5, "RescaleIntercept": -2000},
    "modality LUT": {"ModalityLUTSequence": [RAMP], "SoftcopyVOILUTSequence": [window(30000, 30000)]},
    "modality LUT, no VOI": {"ModalityLUTSequence": [RAMP]},
    "VOI LUT": {
        **HU,
        "SoftcopyVOILUTSequence": [
            item(VOILUTSequence=[lut([int(2047 * (1 + np.sin(i / 50))) for i in range(500)], -300, 12, "SS")])
        ],
    },
    "presentation LUT": {
        **CT,
        "PresentationLUTShape": None,
        "PresentationLUTSequence": [lut([65535 - int((i / 4095) ** 0.5 * 65535) for i in range(4096)])],
    },
    "quarter turn": {**CT, "ImageRotation": 90, "ImageHorizontalFlip": "N"},
    "half turn": {**CT, "ImageRotation": 180, "ImageHorizontalFlip": "N"},
    "three quarters and flip": {**CT, "ImageRotation": 270, "ImageHorizontalFlip": "Y"},
    "flip": {**CT, "ImageRotation": 0, "ImageHorizontalFlip": "Y"},
}


@pytest.fixture(scope="module")
def ct(sample):
    return pydicom.dcmread(sample("CT_small.dcm"))


@pytest.fixture(scope="module")
def image(sample):
    return hu.read(sample("CT_small.dcm"))


def dcmtk(path, made, folder, frame=1):
    made.save_as(folder / "state.dcm", enforce_file_format=True)
    out = folder / "out.pgm"
    subprocess.run(
        ["dcmp2pgm", "-p", folder / "state.dcm", "-f", str(frame), path, out],
        capture_output=True,
        check=True,
        cwd=folder,  # it writes overlays beside itself
    )
    data = out.read_bytes()
    head = re.match(rb"P5\s(?:#.*\n)*(\d+) (\d+)\s+(\d+)\s", data)
    return np.frombuffer(data[head.end() :], np.uint8).reshape(int(head[2]), int(head[1])).astype(int)


def add_overlay(made, bits, group=0x6000, origin=(1, 1), layer=None):
    for element, vr, value in (
        (0x10, "US", bits.shape[0]),
        (0x11, "US", bits.shape[1]),
        (0x40, "CS", "G"),
        (0x50, "SS", list(origin)),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x3000, "OW", np.packbits(bits.ravel(), bitorder="little").tobytes()),
    ):
        made.add_new((group, element), vr, value)
    if layer:
        made.add_new((group, 0x1001), "CS", layer)
    return made


@needs_dcmtk
@pytest.mark.parametrize("name", STATES)
def test_states_look_as_dcmtk_shows_them(name, ct, image, sample, tmp_path):
    made = state(ct, **STATES[name])
    theirs = dcmtk(sample("CT_small.dcm"), made, tmp_path)
    assert np.abs(theirs - shown(image, made)).max() <= 1


@needs_dcmtk
@pytest.mark.parametrize(
    "name", ["MR_small.dcm", "examples_overlay.dcm", "RG3_UNCR.dcm", "JPEG2000_UNC.dcm", "emri_small.dcm"]
)
def test_states_of_other_images_look_as_dcmtk_shows_them(name, sample, tmp_path):
    path = sample(name)
    header = pydicom.dcmread(path)
    for attributes in ({}, {"SoftcopyVOILUTSequence": [window(500, 900)], "PresentationLUTShape": "INVERSE"}):
        made = state(header, **attributes)
        frame = hu.read(path).frame(-1)
        theirs = dcmtk(path, made, tmp_path, frame=(frame.frame_index or 0) + 1)
        assert np.abs(theirs - shown(frame, made)).max() <= 1


@needs_dcmtk
def test_a_bitmap_shutter_as_dcmtk_shows_it(ct, image, sample, tmp_path):
    bits = np.zeros(image.size, bool)
    bits[:30, :50] = bits[60:70, 10:120:3] = True
    for grey in (0x8000, 0xFFFF):
        made = state(ct, **CT, ShutterShape="BITMAP", ShutterOverlayGroup=0x6000, ShutterPresentationValue=grey)
        theirs = dcmtk(sample("CT_small.dcm"), add_overlay(made, bits), tmp_path)
        assert np.abs(theirs - shown(image, made)).max() <= 1


@needs_dcmtk
def test_an_overlay_of_the_image_lies_where_dcmtk_draws_it(sample, tmp_path):
    path = sample("MR-SIEMENS-DICOM-WithOverlays.dcm")
    header = pydicom.dcmread(path)
    made = state(header, SoftcopyVOILUTSequence=[window(450, 790)])
    made.add_new((0x6000, 0x1001), "CS", "L")
    out = tmp_path / "out.pgm"
    options = ["+O", "1", "+Omr", "+Wi", "1", "+op"]
    subprocess.run(["dcmj2pnm", *options, path, out], check=True, capture_output=True)
    data = out.read_bytes()
    theirs = np.frombuffer(data[-header.Rows * header.Columns :], np.uint8).reshape(header.Rows, header.Columns)
    assert np.abs(theirs.astype(int) - shown(hu.read(path), made)).max() <= 1


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("vr", ["OW", "OB"])
@pytest.mark.parametrize("of_state", [True, False])
def test_overlays_of_any_byte_order_are_those_of_hu_overlays(syntax, vr, of_state):
    bits = np.random.default_rng(0).random((16, 16)) < 0.3
    big = syntax == ExplicitVRBigEndian
    stored = np.full((16, 16), 0, ">u2" if big else "<u2")
    made = dataset(stored, SOPInstanceUID="1.2.3.4.5", Modality="OT", SOPClassUID=SecondaryCaptureImageStorage)
    shows = state(made)
    owner = shows if of_state else made
    add_overlay(owner, bits)
    if big and vr == "OW":  # words are in the byte order of the file (PS3.5 8.1.2), bytes are not
        owner[0x6000, 0x3000].value = np.frombuffer(owner[0x6000, 0x3000].value, "<u2").astype(">u2").tobytes()
    owner[0x6000, 0x3000].VR = vr
    shows.add_new((0x6000, 0x1001), "CS", "L")
    made.file_meta.TransferSyntaxUID = shows.file_meta.TransferSyntaxUID = syntax
    image, presentation = hu.read(to_bytes(made)), hu.presentation(to_bytes(shows))
    np.testing.assert_array_equal(hu.render(image, presentation=presentation) == 255, bits)
    (plane,) = hu.overlays(to_bytes(owner))
    np.testing.assert_array_equal(plane.bitmap, bits)


def test_a_truncated_overlay_of_a_state_is_said(ct, image):
    made = add_overlay(state(ct, **CT), np.ones((64, 64), bool), layer="L")
    made[0x6000, 0x3000].value = made[0x6000, 0x3000].value[:256]
    with pytest.warns(hu.AssumptionWarning, match="truncated"):
        picture = shown(image, made)
    assert (picture[:32, :64] == 255).all()
    assert not (picture[32:64, :64] == 255).all()


def test_the_lut_with_few_entries_is_followed_to_the_nearest_entry(ct, image):
    made = state(ct, **CT, PresentationLUTShape=None, PresentationLUTSequence=[lut([0, 255, 51], bits=8)])
    plain = hu.render(image, (40, 400)).astype(float) / 255
    nearest = np.array([0, 255, 51])[np.clip(np.round(plain * 2), 0, 2).astype(int)]
    assert (nearest == shown(image, made)).mean() > 0.99


def test_the_photometric_interpretation_is_ignored(sample):
    # PS3.4 N.2.1.4, note 1: the state's presentation LUT shape stands in its place.
    path = sample("RG3_UNCR.dcm")
    header, chest = pydicom.dcmread(path), hu.read(path)
    assert header.PhotometricInterpretation == "MONOCHROME1"
    voi = {"SoftcopyVOILUTSequence": [window(550, 1024)]}
    inverse = shown(chest, state(header, **voi, PresentationLUTShape="INVERSE"))
    assert np.array_equal(inverse, hu.render(chest, (550, 1024)))
    assert np.abs(shown(chest, state(header, **voi)).astype(int) + inverse - 255).max() <= 1


def test_a_sigmoid_is_followed(ct, image):
    # DCMTK leaves the function of a presentation state's window out; hu.render itself is held against it.
    made = state(ct, **HU, SoftcopyVOILUTSequence=[window(40, 400, VOILUTFunction="SIGMOID")])
    assert np.array_equal(shown(image, made), hu.render(image, hu.Window(40, 400, "SIGMOID")))


def test_what_is_read_as_stored_values_is_shown_alike(ct, image, sample):
    stored = hu.read(sample("CT_small.dcm"), values="stored")
    for name in ("window", "other slope", "modality LUT"):
        made = state(ct, **STATES[name])
        assert np.array_equal(shown(stored, made), shown(image, made))


def test_a_window_takes_the_place_of_the_states(ct, image):
    made = state(
        ct, **HU, SoftcopyVOILUTSequence=[window([40, -600], [400, 1500], WindowCenterWidthExplanation=["A", "B"])]
    )
    first = shown(image, made)
    assert np.array_equal(first, hu.render(image, (40, 400)))
    for choice in (1, "b", (-600, 1500), "lung"):
        assert np.array_equal(shown(image, made, window=choice), hu.render(image, "lung"))
    with pytest.raises(ValueError, match="window"):
        shown(image, made, window=2)


def test_each_frame_has_its_own_items():
    data = enhanced(np.full((2, 8, 8), 100, np.uint16), [(1, 0), (1, 0)])
    header = pydicom.dcmread(__import__("io").BytesIO(data))
    image = hu.read(data)
    items = [
        window(1000, 10, ReferencedImageSequence=[reference(header, [1])]),
        window(0, 10, ReferencedImageSequence=[reference(header, [2])]),
    ]
    made = state(header, SoftcopyVOILUTSequence=items)
    assert shown(image, made)[:, 0, 0].tolist() == [0, 255]
    assert shown(image.frame(1), made)[0, 0] == 255
    only = state(header, frames=[2])
    assert hu.presentation(to_bytes(only)).refers_to(image.frame(1))
    with pytest.raises(hu.InvalidAttributeError, match="frames"):
        shown(image, only)
    areas = [area(1, 1, n, n, ReferencedImageSequence=[reference(header, [n - 2])]) for n in (3, 4)]
    with pytest.raises(hu.GeometryError, match="sizes"):
        shown(image, state(header, DisplayedAreaSelectionSequence=areas))


# --- Shutters: DCMTK leaves these to the viewer, so their definition in PS3.3 C.7.6.11 speaks.

RECTANGLE = {
    "ShutterShape": "RECTANGULAR",
    "ShutterUpperHorizontalEdge": 20,
    "ShutterLowerHorizontalEdge": 90,
    "ShutterLeftVerticalEdge": 10,
    "ShutterRightVerticalEdge": 100,
}
CIRCLE = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [60, 70], "RadiusOfCircularShutter": 40}
POLYGON = {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [10, 20, 100, 30, 90, 110, 20, 90]}


def covered(image, ct, **shutter):
    black = {**HU, "SoftcopyVOILUTSequence": [window(20000, 10)]}
    return shown(image, state(ct, **black, **shutter, ShutterPresentationValue=0xFFFF)) == 255


def test_shutters_hide_what_lies_outside(ct, image):
    inside = ~covered(image, ct, **RECTANGLE)
    assert inside.sum() == 71 * 91
    assert inside[19, 9] and inside[89, 99] and not inside[18, 9] and not inside[89, 100]
    rows, columns = np.mgrid[1:129, 1:129]
    assert np.array_equal(covered(image, ct, **CIRCLE), np.hypot(rows - 60, columns - 70) > 40)
    corners = np.reshape(POLYGON["VerticesOfThePolygonalShutter"], (4, 2))
    points = np.column_stack([rows.ravel(), columns.ravel()])
    by_outline = Outline(corners).contains_points(points).reshape(128, 128)
    assert (~covered(image, ct, **POLYGON) != by_outline).sum() < 100  # along the edge only
    both = covered(image, ct, **{**RECTANGLE, **CIRCLE, "ShutterShape": ["RECTANGULAR", "CIRCULAR"]})
    assert np.array_equal(both, covered(image, ct, **RECTANGLE) | covered(image, ct, **CIRCLE))


def test_a_circle_is_round_in_millimetres(ct):
    made = dataset(np.zeros((40, 80), np.int16), PixelSpacing=[2, 1])
    circle = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [20, 40], "RadiusOfCircularShutter": 20}
    inside = ~covered(hu.read(to_bytes(made)), made, **circle)
    assert (inside.any(axis=0).sum(), inside.any(axis=1).sum()) == (41, 21)


# --- What is shown, and how it is turned


def test_the_displayed_area_is_cut_out_and_may_reach_beyond(ct, image):
    plain = hu.render(image, (40, 400))
    cut = shown(image, state(ct, **CT, DisplayedAreaSelectionSequence=[area(21, 11, 100, 60)]))
    assert np.array_equal(cut, plain[10:60, 20:100])
    beyond = shown(image, state(ct, **CT, DisplayedAreaSelectionSequence=[area(-9, 1, 128, 138)]))
    assert np.array_equal(beyond[:128, 10:], plain)
    assert beyond.shape == (138, 138) and not beyond[:, :10].any() and not beyond[128:].any()
    # After a half turn the top left corner is the bottom right pixel of the image (PS3.3 C.10.4).
    turned = state(ct, **CT, ImageRotation=180, DisplayedAreaSelectionSequence=[area(100, 60, 21, 11)])
    assert np.array_equal(shown(image, turned), plain[10:60, 20:100][::-1, ::-1])


def test_the_states_aspect_makes_square_pixels(ct, image):
    wide = area(1, 1, 128, 128)
    wide.PresentationPixelAspectRatio = [2, 1]
    made = state(ct, **CT, DisplayedAreaSelectionSequence=[wide])
    assert shown(image, made).shape == (128, 128)
    assert shown(image, made, square=True).shape == (256, 128)
    wide.PresentationPixelSpacing = [1, 4]
    made = state(ct, **CT, ImageRotation=90, DisplayedAreaSelectionSequence=[wide])
    assert shown(image, made, square=True).shape == (512, 128)


# --- Colour


def test_a_pseudo_colour_state_gives_colours_by_its_palette(ct, image):
    palette = {}
    for name, entries in (("Red", range(256)), ("Green", range(255, -1, -1)), ("Blue", [7] * 256)):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        palette[f"{name}PaletteColorLookupTableData"] = bytes(entries)
    picture = shown(image, state(ct, PSEUDO, **CT, **palette))
    grey = hu.render(image, (40, 400))
    assert picture.shape == (128, 128, 3)
    assert np.abs(picture[..., 0].astype(int) - grey).max() <= 1
    assert np.array_equal(picture[..., 1], 255 - picture[..., 0]) and (picture[..., 2] == 7).all()


def test_a_colour_state_turns_covers_and_annotates(sample):
    path = sample("examples_rgb_color.dcm")
    header, image = pydicom.dcmread(path), hu.read(path)
    red = [int(54.29 / 100 * 65535), int((80.81 + 128) / 255 * 65535), int((69.89 + 128) / 255 * 65535)]
    graphic = item(GraphicAnnotationUnits="PIXEL", GraphicData=[5.5, 5.5, 9.5, 5.5], GraphicType="POLYLINE")
    made = state(
        header,
        COLOR,
        ImageRotation=180,
        ImageHorizontalFlip="N",
        **{**RECTANGLE, "ShutterRightVerticalEdge": 300, "ShutterLowerHorizontalEdge": 230},
        ShutterPresentationValue=0,
        ShutterPresentationColorCIELabValue=red,
        GraphicAnnotationSequence=[item(GraphicLayer="A", GraphicObjectSequence=[graphic])],
        GraphicLayerSequence=[item(GraphicLayer="A", GraphicLayerOrder=1)],
    )
    picture = shown(image, made)[::-1, ::-1]
    assert np.array_equal(picture[19:230, 9:300], hu.render(image)[19:230, 9:300])
    assert np.abs(picture[0, 0].astype(int) - [255, 0, 0]).max() <= 2  # sRGB's red in CIELab
    assert picture[5, 7].tolist() == [255, 255, 255]


# --- What is refused


def test_states_that_are_for_something_else_are_refused(ct, image, sample):
    other = pydicom.dcmread(sample("MR_small.dcm"))
    with pytest.raises(hu.InvalidAttributeError, match="does not refer"):
        shown(image, state(other))
    with pytest.raises(hu.InvalidAttributeError, match="colo"):
        shown(image, state(ct, COLOR))
    with pytest.raises(hu.InvalidAttributeError, match="mask"):
        shown(hu.mask(image), state(ct))
    with pytest.raises(hu.InvalidAttributeError):
        shown(hu.Image([[1, 2]]), state(ct))
    with pytest.raises(hu.InvalidAttributeError, match="presentation state"):
        hu.presentation(sample("CT_small.dcm"))
    with pytest.raises(hu.InvalidAttributeError, match="subtracts"):
        hu.presentation(to_bytes(state(ct, MaskSubtractionSequence=[item(MaskOperation="AVG_SUB")])))


def test_values_of_a_modality_lut_cannot_be_gone_back_from():
    made = dataset(np.arange(16, dtype=np.uint16).reshape(4, 4), Modality="CR")
    made.ModalityLUTSequence = [lut([3, 3, 5])]
    made.ModalityLUTSequence[0].ModalityLUTType = "OD"
    with pytest.raises(hu.InvalidAttributeError, match="stored"):
        shown(hu.read(to_bytes(made)), state(made))
    assert shown(hu.read(to_bytes(made), values="stored"), state(made)).shape == (4, 4)


DAMAGED = {
    "shape": {"ShutterShape": "STAR"},
    "rectangle without edges": {"ShutterShape": "RECTANGULAR"},
    "circle without centre": {"ShutterShape": "CIRCULAR", "RadiusOfCircularShutter": 3},
    "polygon of two": {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 2, 2]},
    "bitmap nowhere": {"ShutterShape": "BITMAP", "ShutterOverlayGroup": 0x6002},
    "rotation": {"ImageRotation": 45},
    "huge area": {"DisplayedAreaSelectionSequence": [area(-60000, -60000, 60000, 60000)]},
    "impossible area": {"DisplayedAreaSelectionSequence": [area(1, 1, 2**31 - 1, 1)]},
    "no area": {"DisplayedAreaSelectionSequence": [item(PresentationSizeMode="SCALE TO FIT")]},
    "empty LUT": {"PresentationLUTSequence": [Dataset()]},
    "slope": {"RescaleSlope": 0, "RescaleIntercept": 0, "RescaleType": "HU"},
    "graphic": {
        "GraphicAnnotationSequence": [item(GraphicLayer="A", GraphicObjectSequence=[item(GraphicType="POINT")])]
    },
    "text": {
        "GraphicAnnotationSequence": [item(GraphicLayer="A", TextObjectSequence=[item(UnformattedTextValue="a")])]
    },
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_states_are_typed_errors(name, ct, image):
    with pytest.raises(hu.HounsfieldError) as caught:
        shown(image, state(ct, **DAMAGED[name]))
    assert caught.value.source == "<bytes>"


def test_damage_that_harms_nobody(ct, image):
    far = [("POLYLINE", [1e30, -1e30, 5.5, 5.5], "N"), ("CIRCLE", [0, 0, 1e30, 0], "Y")]
    assert annotated(image, ct, far).shape == (128, 128)
    assert annotated(image, ct, texts=[words("x" * 1000, [1e9, 1e9, 2e9, 2e9])]).shape == (128, 128)
    made = state(ct, **CT)
    del made.DisplayedAreaSelectionSequence
    assert np.array_equal(shown(image, made), hu.render(image, (40, 400)))


@pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning")
def test_mutants_are_pictures_or_typed_errors(ct):
    chance = np.random.default_rng(0)
    small = dataset(np.arange(256, dtype=np.uint16).reshape(16, 16), SOPInstanceUID="1.2.3.9", Modality="MR")
    image = hu.read(to_bytes(small))
    graphics = [
        item(
            GraphicAnnotationUnits="PIXEL", GraphicData=[1.0, 2, 5, 6, 7, 3, 4, 4], GraphicType=kind, GraphicFilled="Y"
        )
        for kind in ("POINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE")
    ]
    group = item(GraphicLayer="A", GraphicObjectSequence=graphics, TextObjectSequence=[words("a\r\nb", [1, 1, 10, 9])])
    made = {**CT, **RECTANGLE, **CIRCLE, **POLYGON, "ShutterShape": ["RECTANGULAR", "CIRCULAR", "POLYGONAL"]}
    whole = to_bytes(
        add_overlay(state(small, **made, GraphicAnnotationSequence=[group]), np.ones((5, 5), bool), layer="A")
    )
    pictures = 0
    for _ in range(300):
        mutant = bytearray(whole)
        for at in chance.integers(300, len(whole), 3):
            mutant[at] = chance.choice([0, 255, 0x5C, 0x2D, chance.integers(256)])
        try:
            pictures += hu.render(image, presentation=hu.presentation(bytes(mutant)), square=True).dtype == np.uint8
        except hu.HounsfieldError:
            continue
    assert 0 < pictures < 300
