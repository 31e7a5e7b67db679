"""What a notebook shows of a volume: three planes as SimpleITK cuts them, facts, and nothing of the patient."""

import base64
import io
import re
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image as Picture

import hounsfield as hu

from made import file_bytes
from sitk_volumes import affine_of, as_sitk, rotation, tilted_ct
from volumes import PLACES, phantom_volume


def pictures(volume):
    """Title and picture of each image in a volume's HTML."""
    found = re.findall(r"title='([^']*)' src='data:image/png;base64,([^']+)'", volume._repr_html_())
    return {title: np.asarray(Picture.open(io.BytesIO(base64.b64decode(data)))) for title, data in found}


def cuts_by_sitk(volume):
    """The middle slices in the three planes, each as it is usually looked at, and the mm of a pixel's sides."""
    turned = sitk.DICOMOrient(as_sitk(volume), "LPS")  # column to the left, row to the back, slice to the head
    values = sitk.GetArrayFromImage(turned)
    across, down, along = turned.GetSpacing()
    slices, rows, columns = (n // 2 for n in values.shape[:3])
    return {
        "axial, the middle": (values[slices], down / across),
        "coronal, the middle": (values[::-1, rows], along / across),
        "sagittal, the middle": (values[::-1, :, columns], along / down),
    }


@pytest.mark.parametrize("place", [{}, PLACES["coronal"], PLACES["sagittal"], PLACES["oblique"]], ids=str)
def test_three_planes_with_their_true_shape(tmp_path, place):
    volume, _ = phantom_volume(tmp_path, matrix=48, slices=21, slice_spacing=7, **place)
    # Odd numbers, so that the middle is the middle from either side; no symmetry.
    volume = volume.crop(rows=(2, 41), columns=(5, 48))
    shown = pictures(volume)
    for title, (expected, aspect) in cuts_by_sitk(volume).items():
        height, width = shown[title].shape
        rows, columns = expected.shape
        assert max(height, width) == 192
        assert height / width == pytest.approx(rows * aspect / columns, rel=0.02)
        grey = np.interp(expected, (40 - 0.5 - 199.5, 40 - 0.5 + 199.5), (0, 255)).astype(np.uint8)
        theirs = Picture.fromarray(grey).resize((width, height), Picture.Resampling.BILINEAR)
        assert np.abs(np.asarray(theirs, int) - shown[title]).max() <= 2


def test_a_tilted_ct_is_shown_in_three_planes(corpus):
    volume, _ = tilted_ct(corpus)
    shown = pictures(volume)
    assert list(shown) == ["axial, the middle", "coronal, the middle", "sagittal, the middle"]
    html = volume._repr_html_()
    assert "sheared" in html
    assert "4.22 x 0.488281 x 0.488281 mm (slice, row, column)" in html
    assert "14 x 512 x 512 (slice, row, column)" in html
    assert "int16, HU" in html
    assert "slices towards H, rows towards PF, columns towards L" in html


def test_without_a_place_the_middle_slice_alone():
    values = np.random.default_rng(1).integers(-1000, 1000, (5, 96, 192), np.int16)
    shown = pictures(hu.Volume(values, unit="HU"))
    np.testing.assert_array_equal(
        shown["slice 3 of 5 (index 2)"], np.asarray(Picture.fromarray(hu.render(hu.Volume(values, unit="HU"))[2]))
    )
    assert len(shown) == 1
    assert "<th style='text-align:left'>Place</th><td>unknown</td>" in hu.Volume(values)._repr_html_()


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 40, 30), (3, 2, 900)])
def test_small_and_extreme_shapes(shape):
    affine = affine_of(rotation(10, 20, 30)[:, ::-1], (3, 1, 2))
    for volume in (hu.Volume(np.ones(shape), affine), hu.Volume(np.ones(shape, bool), affine)):
        assert len(pictures(volume)) == 3
    colours = hu.Volume(np.full((*shape, 3), 200, np.uint8), affine, color=True)
    assert all((picture == 200).all() and picture.ndim == 3 for picture in pictures(colours).values())


def test_nothing_to_show_is_no_error():
    assert "0 x 3 x 3" in hu.Volume(np.zeros((0, 3, 3)))._repr_html_()


def test_text_of_files_is_escaped_and_the_patient_hidden():
    file = file_bytes(np.zeros((4, 4), np.uint8), Modality="XSCRIPT", PatientName="Secret^Name", PatientID="77123")
    image = hu.read(file.replace(b"XSCRIPT", b"<SCRIPT"))
    unit = "<b onclick='x'>"
    step = hu.Step("<i>", "</li>")
    html = hu.Volume(image.values[None], np.eye(4), unit, (step,), header=image.header, name="Secret")._repr_html_()
    assert "&lt;SCRIPT" in html
    assert "&lt;b onclick=&#x27;x&#x27;&gt;" in html
    assert "&lt;i&gt;: &lt;/li&gt;" in html
    assert not any(word in html for word in ("<SCRIPT", "<b ", "<i>", "Secret", "77123"))


def test_the_public_name_has_it():
    code = "import hounsfield as hu; print(hu.Volume([[[1]]])._repr_html_()[:4])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "<div"


def test_matplotlib_is_not_needed_for_it():
    code = "import hounsfield as hu, sys; hu.Volume([[[1, 2]]])._repr_html_(); print('matplotlib' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_an_image_has_its_caption_and_tiny_pixels_are_squares(sample):
    html = hu.read(sample("examples_ybr_color.dcm"))._repr_html_()
    assert ">frame 16 of 30 (index 15), 0.5 s</figcaption>" in html
    checks = np.indices((8, 8)).sum(axis=0).astype(np.uint8) % 2
    (tiny,) = pictures(hu.Image(checks)).values()
    assert tiny.shape == (192, 192)
    np.testing.assert_array_equal(tiny, np.kron(tiny[::24, ::24], np.ones((24, 24), np.uint8)))
    assert len(np.unique(tiny)) == 2
