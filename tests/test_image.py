import numpy as np
import pytest

import hounsfield as hu

from made import enhanced, file_bytes


@pytest.fixture
def cine():
    pixels = np.arange(3 * 2 * 4, dtype=np.uint16).reshape(3, 2, 4)
    return hu.read(enhanced(pixels, [(1, 0), (2, -10), (0.5, 3)], PatientName="Doe^Jane"))


def test_axes_and_shape_of_each_kind():
    assert hu.Image(np.zeros((2, 3))).axes == ("row", "column")
    assert hu.Image(np.zeros((5, 2, 3))).axes == ("frame", "row", "column")
    colour = hu.Image(np.zeros((5, 2, 3, 3)), color=True)
    assert (colour.axes, colour.frames, colour.size) == (("frame", "row", "column", "sample"), 5, (2, 3))


@pytest.mark.parametrize(("shape", "color"), [((3,), False), ((2, 2, 2, 2), False), ((2, 2, 4), True)])
def test_what_is_no_image_is_refused(shape, color):
    with pytest.raises(ValueError, match="not an image"):
        hu.Image(np.zeros(shape), color=color)


def test_a_frame_shares_memory_and_has_its_own_header(cine):
    frame = cine.frame(1)
    assert np.shares_memory(frame.values, cine.values)
    assert (frame.frame_index, frame.header["RescaleSlope"], frame.plane.position) == (1, 2.0, (0.0, 0.0, 5.0))
    assert cine.plane is None
    assert cine.frame(-1).frame_index == 2


def test_a_frame_that_is_not_there_is_an_index_error(cine):
    for index in (3, -4):
        with pytest.raises(IndexError, match="3 frames"):
            cine.frame(index)


def test_repr_is_one_line_with_unit_shape_axes_and_spacing(cine):
    assert repr(cine) == (
        "Image(3 x 2 x 4 float32 HU, axes (frame, row, column), pixel spacing (0.5, 0.25) mm patient)"
    )
    assert "mask" in repr(hu.mask(cine))


def test_html_has_picture_facts_and_steps_and_hides_the_patient(cine):
    html = cine._repr_html_()
    assert "data:image/png;base64," in html
    assert "0.5 x 0.25 mm, patient" in html
    assert "slope and intercept of each of 3 frames" in html
    assert "Doe" not in html


def test_html_escapes_what_the_file_says():
    image = hu.read(
        file_bytes(
            np.zeros((2, 2), np.uint16),
            SpecificCharacterSet="ISO_IR 192",
            RescaleType="<SCRIPT",
            RescaleSlope=1,
            RescaleIntercept=0,
        )
    )
    assert "<SCRIPT" not in image._repr_html_()
    assert "&lt;SCRIPT" in image._repr_html_()


def test_header_is_a_mapping_with_python_values_and_the_dataset(cine):
    assert cine.header["Rows"] == 2
    assert cine.header["PatientName"] == "Doe^Jane"
    assert "PatientWeight" not in cine.header
    assert cine.header.dataset.PatientName == "Doe^Jane"
    assert "PixelData" not in cine.header.dataset
    assert dict(cine.header)["Columns"] == 4


def test_with_values_keeps_the_steps():
    image = hu.Image([[1, 2]])
    changed = image.with_values(image.values * 2, hu.Step("double", "times 2"))
    assert [str(step) for step in changed.steps] == ["double: times 2"]


def test_steps_are_sentences_and_json():
    step = hu.Step("unit", "taken as HU", "assumed", "PS3.3 C.8.2.1")
    assert str(step) == "unit [assumed]: taken as HU (PS3.3 C.8.2.1)"
    assert step.to_dict()["outcome"] == "assumed"


def test_numpy_takes_the_values():
    image = hu.Image(np.array([[1, 2]], np.int16))
    assert np.asarray(image) is image.values
    assert np.asarray(image, np.float32).dtype == np.float32
    assert np.mean(image) == 1.5
    copy = np.array(image)
    assert not np.shares_memory(copy, image.values)


@pytest.mark.parametrize("wrong", ["slice.dcm", np.zeros((4, 4)), None])
@pytest.mark.parametrize("name", ["render", "windows", "figure", "measure", "mask", "write"])
def test_what_is_no_image_is_said_with_the_way_to_one(name, wrong):
    more = ("x.png",) if name == "write" else ()
    with pytest.raises(TypeError, match=f"{name} takes an Image or a Volume, not {type(wrong).__name__}; hu.read"):
        getattr(hu, name)(wrong, *more)


def test_a_single_frame_is_counted_as_one(sample):
    with pytest.raises(IndexError, match="frame 3 is out of range: 1 frame, counted from 0"):
        hu.read(sample("CT_small.dcm")).frame(3)
