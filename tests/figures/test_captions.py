"""Captions, titles and labels: their words, by headers; fonts for their characters."""

import warnings

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from hounsfield.figures import fonts
from hounsfield.figures.captions import image_caption, montage_caption, plane_words, slice_caption
from hounsfield.figures.labels import Lettering, has_font
from hounsfield.figures.titles import check_title, filled_title
from hounsfield.figures.words import WORDS
from hounsfield.headers.dataset_header import DatasetHeader

EN, ZH = WORDS["en"], WORDS["zh"]
AXIAL, CORONAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]
#: A row towards left and back, a column towards the feet: 36.87 degrees from coronal.
OBLIQUE = [0.8, 0.6, 0, 0, 0, -1]
needs_chinese = pytest.mark.skipif(not has_font("zh"), reason="no font with Chinese characters is installed")


def image(frame_index=None, kind="patient", **attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return hu.Image(
        np.zeros((4, 4)),
        pixel_spacing=(1.0, 1.0),
        spacing_kind=kind,
        header=DatasetHeader(dataset),
        frame_index=frame_index,
    )


@pytest.mark.parametrize(
    ("orientation", "english", "chinese"),
    [
        (AXIAL, "axial slice, z = -123.5 mm (feet to head)", "轴位层面，z = -123.5 mm（从足到头）"),
        (CORONAL, "coronal slice, y = 20 mm (front to back)", "冠状位层面，y = 20 mm（从前到后）"),
        (SAGITTAL, "sagittal slice, x = 10.25 mm (right to left)", "矢状位层面，x = 10.25 mm（从右到左）"),
        # (10.25, 20, -123.5) along (-0.6, 0.8, 0): -6.15 + 16
        (
            OBLIQUE,
            "slice, oblique (37° from coronal), 9.85 mm along the normal",
            "层面，斜位（与冠状位夹角 37°），沿法线 9.85 mm",
        ),
    ],
)
def test_the_plane_and_the_place_in_words(orientation, english, chinese):
    shown = image(ImagePositionPatient=[10.25, 20, -123.5], ImageOrientationPatient=orientation)
    assert image_caption(shown, EN) == english
    assert image_caption(shown, ZH) == chinese


def headings(figure):
    return " ".join(text.get_text() for text in [*figure.texts, *(axes.title for axes in figure.axes)])


def test_a_projection_is_no_slice_in_words():
    affine = np.diag([1.5, 1.5, 5.0, 1])[:, [2, 1, 0, 3]]
    volume = hu.Volume(np.zeros((8, 6, 5), np.int16), affine, unit="HU")
    slabs = volume.project("max", slab=20)  # 4 slices of 5 mm each
    mip = "maximum intensity projection of 20 mm (4 slices)"
    # In the middle of slices at 0, 5, 10 and 15 mm.
    assert slice_caption(slabs, 0, EN) == f"axial slice 1 of 2 (index 0), z = 7.5 mm (feet to head), {mip}"
    assert image_caption(slabs[0], EN).endswith(mip)
    assert mip in montage_caption(slabs, 2, False, EN)
    assert "最大密度投影：20 mm（4 层）" in slice_caption(slabs, 0, ZH)
    for further in (slabs.crop(rows=(1, 3)), slabs[1:], slabs.resample(1.0), slabs.reformat("coronal")):
        assert mip in slice_caption(further, 0, EN)
    assert mip in headings(hu.figure(slabs.crop(rows=(1, 3)))).replace("\n", " ")
    assert mip in headings(hu.figure(slabs, slabs.values > 5, montage=2)).replace("\n", " ")


@pytest.mark.parametrize(
    ("how", "word", "chinese"), [("max", "maximum", "最大"), ("min", "minimum", "最小"), ("mean", "mean", "平均")]
)
def test_each_projection_of_everything_in_words(how, word, chinese):
    volume = hu.Volume(np.zeros((24, 2, 2)), unit="HU")
    whole = volume.project(how)
    assert slice_caption(whole, 0, EN).endswith(f", {word} intensity projection of all 24 slices")
    assert slice_caption(whole, 0, ZH).endswith(f"，{chinese}密度投影：全部 24 层")
    assert image_caption(whole[0], EN) == f"{word} intensity projection of all 24 slices"
    assert "projection" not in slice_caption(volume, 0, EN)


def test_the_slice_of_a_volume_in_words():
    affine = np.diag([1.0, 1, 2, 1])[:, [2, 1, 0, 3]]
    affine[2, 3] = -203.5
    volume = hu.Volume(np.zeros((80, 4, 4), np.int16), affine)
    (caption,) = hu.figure(volume).texts
    assert caption.get_text() == "axial slice 41 of 80 (index 40), z = -123.5 mm (feet to head)"
    nowhere = hu.figure(hu.Volume(np.zeros((80, 4, 4), np.int16)), slice_index=-1).texts[0].get_text()
    assert nowhere == "slice 80 of 80 (index 79); scale not known"


def test_the_frame_and_its_time_in_words(sample):
    cine = hu.read(sample("examples_ybr_color.dcm"))
    assert pydicom.dcmread(sample("examples_ybr_color.dcm")).FrameTime == 33.333
    assert image_caption(cine.frame(2), EN) == "frame 3 of 30 (index 2), 0.06667 s"
    assert image_caption(cine.frame(0), EN) == "frame 1 of 30 (index 0), 0 s"
    assert image_caption(cine.frame(29), ZH) == "第 30 帧，共 30 帧（索引 29），0.9667 s"


@pytest.mark.parametrize(
    ("attributes", "caption"),
    [
        # How fast frames are to be shown is not when they were acquired (PS3.3 C.7.6.5).
        ({"NumberOfFrames": 30, "CineRate": 15}, "frame 3 of 30 (index 2)"),
        ({"NumberOfFrames": 30, "FrameTime": 40}, "frame 3 of 30 (index 2)"),  # no pointer names it: assumed
        (
            {"NumberOfFrames": 30, "FrameTime": 40, "FrameIncrementPointer": 0x00181063},
            "frame 3 of 30 (index 2), 0.08 s",
        ),
        ({"NumberOfFrames": 30, "FrameTime": -1, "FrameIncrementPointer": 0x00181063}, "frame 3 of 30 (index 2)"),
        ({"NumberOfFrames": 2}, "frame 3 (index 2)"),
        ({}, "frame 3 (index 2)"),
    ],
)
def test_nothing_is_assumed_of_frames(attributes, caption):
    assert image_caption(image(2, **attributes), EN) == caption


def test_frames_with_planes_of_their_own(sample):
    enhanced = hu.read(sample("eCT_Supplemental.dcm"))
    groups = pydicom.dcmread(sample("eCT_Supplemental.dcm")).PerFrameFunctionalGroupsSequence
    for index, group in enumerate(groups):
        place = float(group.PlanePositionSequence[0].ImagePositionPatient[2])
        caption = image_caption(enhanced.frame(index), EN)
        assert caption == f"frame {index + 1} of 2 (index {index}), axial slice, z = {place:g} mm (feet to head)"


SCOUT = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "ImagePositionPatient": [0, 0, 0]}
XA = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.12.1", "Modality": "XA"}


@pytest.mark.parametrize(
    ("attributes", "caption"),
    [
        ({**SCOUT, "Modality": "CT", "ImageOrientationPatient": CORONAL}, "localizer, coronal"),
        (
            {**SCOUT, "Modality": "MR", "ImageOrientationPatient": SAGITTAL},
            "localizer, sagittal slice, x = 0 mm (right to left)",
        ),
        ({"ViewPosition": "PA"}, "PA view"),
        ({"ViewPosition": "SMITH"}, ""),
        ({**XA, "PositionerPrimaryAngle": 30, "PositionerSecondaryAngle": -5.5}, "LAO 30°, CAU 5.5°"),
        ({**XA, "PositionerPrimaryAngle": -12.04, "PositionerSecondaryAngle": 0}, "RAO 12°, CRA/CAU 0°"),
        ({**XA, "PositionerPrimaryAngle": 30, "PositionerMotion": "DYNAMIC"}, ""),
        ({}, ""),
    ],
)
def test_localizers_and_projections_in_words(attributes, caption):
    assert image_caption(image(**attributes), EN) == caption


def test_a_small_tilt_has_no_degrees():
    tilted = np.array([0, np.sin(np.radians(0.4)), np.cos(np.radians(0.4))])
    assert plane_words(tilted, EN) == ("axial", "")
    assert plane_words(-tilted, EN) == ("axial", "")


def test_both_languages_have_the_same_words_and_the_same_gaps():
    assert EN.keys() == ZH.keys()
    for key, english in EN.items():
        gaps = [{part.split("}")[0] for part in text.split("{")[1:]} for text in (english, ZH[key])]
        assert gaps[0] == gaps[1], key


# ---- titles


def test_titles_are_filled_from_the_header(sample):
    ct = hu.read(sample("CT_small.dcm"))
    figure = hu.figure(
        ct, title="{Modality}, {KVP} kV, {ImageType}, series {SeriesNumber:03}: {BodyPartExamined}, $x_2$"
    )
    assert (
        figure.texts[0].get_text().replace("\n", " ") == "CT, 120 kV, ORIGINAL, PRIMARY, AXIAL, series 001: none, $x_2$"
    )
    assert figure.texts[0].get_parse_math() is False


@pytest.mark.parametrize(
    "title", ["{", "}", "{a b}", "{PatientNam}", "{PixelData}", "{0.__class__}", "{Rows!r}", "{Rows:99}"]
)
def test_braces_hold_keywords_only(title, sample):
    with pytest.raises(ValueError, match="attribute|braces"):
        check_title(title)
    with pytest.raises(ValueError, match="attribute|braces"):
        hu.figure(hu.Image([[1]]), title=title)


@pytest.mark.parametrize(
    "keyword", ["PatientName", "StudyDate", "SeriesDescription", "StudyInstanceUID", "StationName"]
)
def test_titles_do_not_identify_where_that_is_to_be_hidden(keyword):
    check_title(f"{{{keyword}}}")
    with pytest.raises(ValueError, match=f"{{{keyword}}} may identify the patient"):
        check_title(f"{{{keyword}}}", phi=False)


def test_values_are_never_read_as_templates():
    assert (
        filled_title("{SeriesDescription}", {"SeriesDescription": "{PatientName}", "PatientName": "x"})
        == "{PatientName}"
    )
    assert len(filled_title("{SeriesDescription}" * 9, {"SeriesDescription": "x" * 10_000})) <= 400


def test_long_titles_are_broken_and_cut(sample):
    figure = hu.figure(hu.Image(np.zeros((9, 9))), title="word " * 200)
    lines = figure.texts[0].get_text().split("\n")
    assert len(lines) == 3 and lines[-1].endswith("...")


def test_controls_in_titles_are_escaped():
    assert hu.figure(hu.Image([[1]]), title="a\x1b[2J\nb").texts[0].get_text() == r"a\x1b[2J\nb"


# ---- fonts


@pytest.mark.parametrize(
    "title", ["胸部 平扫", "ひらがな 撮影", "흉부 검사", "صدر", "грудь", "θώραξ", "\U0001fac1 \U00012345"]
)
def test_no_title_raises_a_warning_of_missing_glyphs(title):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = hu.figure(hu.Image(np.zeros((9, 9))), title=title)
        figure.canvas.draw()
    said = [str(warning.message) for warning in caught]
    assert not [text for text in said if "Glyph" in text or "missing from" in text]
    # What no font has is replaced, and said.
    assert ("?" in figure.texts[0].get_text()) == any("no installed font has" in text for text in said)


@needs_chinese
def test_labels_in_chinese(sample):
    ct = hu.read(sample("CT_small.dcm"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = hu.figure(ct, hu.mask(ct), language="zh", outline=True)
        figure.canvas.draw()
    assert [axes.get_title() for axes in figure.axes] == ["原图", "掩膜", "结果", ""]
    assert figure.texts[0].get_text() == "轴位层面，z = -75.7 mm（从足到头）；轮廓线：掩膜"
    assert hu.figure(hu.Image([[1, 2]]), language="zh").axes[-1].get_ylabel() == "数值（单位未知）"


@pytest.fixture
def no_fonts(monkeypatch):
    """As where only matplotlib's own fonts are installed."""
    monkeypatch.setattr(fonts, "_listed", lambda: {fonts.BASE})
    monkeypatch.setattr(fonts, "_add_new", lambda: None)


def test_without_a_font_labels_are_english_and_a_warning_says_which_to_install(no_fonts):
    with pytest.warns(UserWarning, match="fonts-noto-cjk") as caught:
        figure = hu.figure(hu.Image([[1, 2]]), hu.Image([[True, False]]), language="zh", title="胸 x")
    assert [axes.get_title() for axes in figure.axes] == ["Original", "Mask", "Result", ""]
    assert figure.texts[0].get_text() == "? x"
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("character", ["\U00012345", "\U0010fffd", "\ue123"])
def test_boxes_are_no_characters(character):
    """matplotlib has a font whose every character is a box with its script's name."""
    assert fonts.families_for(character) == (fonts.BASE,)
    assert fonts.unwritable(character, (fonts.BASE,)) == {character}


def test_languages_that_there_are():
    with pytest.raises(ValueError, match='"en" or "zh"'):
        hu.figure(hu.Image([[1]]), language="fr")


def test_fonts_that_were_installed_after_matplotlib_listed_them_are_found(monkeypatch):
    """matplotlib writes its list once and does not look again."""
    added = []
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: ["/new/font.ttf", "/new/broken.ttf"])

    def add(path):
        if "broken" in path:
            raise RuntimeError("Can not load face")
        added.append(path)

    monkeypatch.setattr(fonts.fontManager, "addfont", add)
    fonts._add_new.__wrapped__()
    assert added == ["/new/font.ttf"]


def test_lines_break_between_words_and_between_ideographs():
    letters = Lettering(EN)
    lines = letters.lines("one two three four", 0.7, 9, 9)
    assert len(lines) > 1 and " ".join(lines) == "one two three four"
    assert "".join(letters.lines("x" * 50, 0.7, 9, 99)) == "x" * 50
    assert letters.lines("", 1, 9, 3) == [""]
