"""Overlays: those of real files as pydicom unpacks and DCMTK draws them, and made ones for what no real file has."""

import re
import shutil
import subprocess
import warnings
import zlib

import numpy as np
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

import hounsfield as hu
from hounsfield.errors import AssumptionWarning, DecodeError, LimitExceededError, MissingAttributeError
from hounsfield.values.overlays import Cells, read_overlay

from made import dataset, encoded, to_bytes

RANDOM = np.random.default_rng(7)
WITH_OVERLAYS = ["examples_overlay.dcm", "MR-SIEMENS-DICOM-WithOverlays.dcm"]

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="DCMTK is not installed")


def add_overlay(made, group, bits=None, *, size=None, origin=(1, 1), frames=None, first=None, position=0):
    rows, columns = size or bits.shape[-2:]
    made.add_new((group, 0x0010), "US", rows)
    made.add_new((group, 0x0011), "US", columns)
    made.add_new((group, 0x0040), "CS", "G")
    made.add_new((group, 0x0050), "SS", list(origin))
    made.add_new((group, 0x0100), "US", 16 if position else 1)
    made.add_new((group, 0x0102), "US", position)
    if frames is not None:
        made.add_new((group, 0x0015), "IS", frames)
    if first is not None:
        made.add_new((group, 0x0051), "US", first)
    if bits is not None:
        packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
        made.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))


def dcmtk_draws(path, number, frame=0):
    """Where DCMTK draws an overlay: the pixels that change when its colour does."""
    white, black = (_rendered(path, number, density, frame) for density in ("1", "0"))
    return white != black


def _rendered(path, number, density, frame):
    target = path.parent / "drawn.pgm"
    options = ["+op", "+F", str(frame + 1), "+Wm", "+O", str(number), "+Omr", "+Osf", density]
    subprocess.run(["dcmj2pnm", *options, str(path), str(target)], check=True, capture_output=True)
    data = target.read_bytes()
    head = re.match(rb"P5\s+(?:#.*\n)?(\d+)\s+(\d+)\s+\d+\s", data)
    columns, rows = (int(number) for number in head.groups())
    return np.frombuffer(data[head.end() :], np.uint8).reshape(rows, columns)


@pytest.mark.parametrize(("name", "pixels"), [(WITH_OVERLAYS[0], 222), (WITH_OVERLAYS[1], 323)])
def test_real_overlays_are_those_of_pydicom(sample, name, pixels):
    path = sample(name)
    (overlay,) = hu.overlays(path)
    assert np.array_equal(overlay.bitmap, pydicom.dcmread(path).overlay_array(0x6000).astype(bool))
    assert overlay.bitmap.sum() == pixels
    assert (overlay.type, overlay.origin, overlay.description) == ("G", (1, 1), "Siemens MedCom Object Graphics")


def test_an_overlay_beyond_the_image_is_cut(corpus, tmp_path):
    path = corpus / "fo-dicom" / "OutOfBoundsOverlay.dcm"
    inside, outside = hu.overlays(path)
    dataset = pydicom.dcmread(path)
    for overlay in (inside, outside):
        assert np.array_equal(overlay.bitmap, dataset.overlay_array(overlay.group).astype(bool))
    # The file's own account: 101 x 101 at 704\409, and at -25\-25; the image has 788 rows.
    assert (inside.origin, outside.origin) == ((704, 409), (-25, -25))
    assert np.array_equal(inside.mask.values[703:, 408:509], inside.bitmap[: 788 - 703])
    assert np.array_equal(outside.mask.values[:75, :75], outside.bitmap[26:, 26:])
    assert (inside.mask.values.sum(), outside.mask.values.sum()) == (185, 149)


@needs_dcmtk
@pytest.mark.parametrize(
    ("name", "number"),
    [("OutOfBoundsOverlay.dcm", 1), ("OutOfBoundsOverlay.dcm", 2), ("GH1728.dcm", 1), *((n, 1) for n in WITH_OVERLAYS)],
)
def test_masks_are_what_dcmtk_draws(corpus, sample, tmp_path, name, number):
    path = sample(name) if name in WITH_OVERLAYS else corpus / "fo-dicom" / name
    copy = tmp_path / "file.dcm"
    copy.write_bytes(path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AssumptionWarning)
        overlay = hu.overlays(copy)[number - 1]
    assert np.array_equal(dcmtk_draws(copy, number), overlay.mask.values)


def test_the_mask_has_the_images_geometry_and_measures_it(sample):
    path = sample(WITH_OVERLAYS[0])
    image = hu.read(path)
    (overlay,) = hu.overlays(image)
    assert (overlay.mask.pixel_spacing, overlay.mask.plane) == (image.pixel_spacing, image.plane)
    assert np.array_equal(overlay.mask.values, hu.overlays(path)[0].mask.values)
    assert hu.measure(image, overlay.mask).pixels == 222


def test_overlay_data_that_ends_too_early_is_taken_with_a_warning(corpus):
    # 567 x 652 bits are 46,210 bytes and a half; the file has 46,210.
    with pytest.warns(AssumptionWarning, match="46210 of 46211 bytes"):
        (overlay,) = hu.overlays(corpus / "fo-dicom" / "GH1728.dcm")
    assert [step.outcome for step in overlay.steps] == ["assumed", "done"]
    assert (overlay.label, overlay.bitmap.shape) == ("NMS_OVERLAY", (567, 652))


def test_an_overlay_without_data_is_left_out_with_a_warning(corpus):
    with pytest.warns(AssumptionWarning, match="group 6000 has no Overlay Data"):
        assert hu.overlays(corpus / "fo-dicom" / "IM-0001-0001-0001.dcm") == ()


def test_no_overlay_is_no_error(sample):
    assert hu.overlays(sample("CT_small.dcm")) == ()
    assert hu.overlays(hu.Image(np.zeros((2, 2)))) == ()


SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


def _old_file(path, syntax):
    """12 bit values, overlays in bits 12 and 15 of their cells, and one beside them that begins above the image."""
    values = RANDOM.integers(0, 4096, (40, 30)).astype(np.uint16)
    low, high, beside = (RANDOM.random(size) > 0.6 for size in ((40, 30), (40, 30), (7, 9)))
    cells = values | low.astype(np.uint16) << 12 | high.astype(np.uint16) << 15
    made = dataset(cells, BitsStored=12, HighBit=11)
    add_overlay(made, 0x6000, size=(40, 30), position=12)
    add_overlay(made, 0x6002, size=(40, 30), position=15)
    add_overlay(made, 0x6004, beside, origin=(-2, 25))
    made.file_meta.TransferSyntaxUID = syntax
    little = syntax != ExplicitVRBigEndian
    if not little:
        made.PixelData = cells.astype(">u2").tobytes()
        made[0x60043000].value = np.frombuffer(made[0x60043000].value, "<u2").astype(">u2").tobytes()
    implicit = syntax == ImplicitVRLittleEndian
    pydicom.dcmwrite(path, made, enforce_file_format=True, little_endian=little, implicit_vr=implicit)
    return values, (low, high, beside)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_old_overlays_lie_in_unused_bits_of_the_pixels(tmp_path, syntax):
    path = tmp_path / "old.dcm"
    values, bitmaps = _old_file(path, syntax)
    overlays = hu.overlays(path)
    assert [overlay.group for overlay in overlays] == [0x6000, 0x6002, 0x6004]
    for overlay, bitmap in zip(overlays, bitmaps, strict=True):
        assert np.array_equal(overlay.bitmap, bitmap)
    assert np.array_equal(hu.read(path, values="stored").values, values)
    if shutil.which("dcmj2pnm"):
        for number, overlay in enumerate(overlays, 1):
            assert np.array_equal(dcmtk_draws(path, number), overlay.mask.values)


@needs_dcmtk
@pytest.mark.parametrize("command", [["dcmcrle"], ["dcmcjpeg", "+e1"], ["dcmcjpls"]], ids=lambda command: command[0])
def test_old_overlays_outlast_lossless_compression(tmp_path, command):
    path, packed = tmp_path / "old.dcm", tmp_path / "packed.dcm"
    _, (low, high, _) = _old_file(path, ExplicitVRLittleEndian)
    subprocess.run([*command, str(path), str(packed)], check=True)
    found = hu.overlays(packed)
    assert np.array_equal(found[0].bitmap, low)
    assert np.array_equal(found[1].bitmap, high)


def test_an_image_no_longer_has_the_unused_bits(tmp_path):
    _old_file(tmp_path / "old.dcm", ExplicitVRLittleEndian)
    with pytest.raises(MissingAttributeError, match="pass the file"):
        hu.overlays(hu.read(tmp_path / "old.dcm"))


@pytest.mark.parametrize(
    ("cells", "error", "says"),
    [
        (Cells(np.zeros((1, 2, 2), np.uint16), range(12), 12), DecodeError, "lost"),
        (Cells(np.zeros((1, 2, 2), np.uint16), range(16), 16), hu.InvalidAttributeError, "not an unused bit"),
        (Cells(np.zeros((1, 2, 2), np.uint8), range(8), 8), hu.InvalidAttributeError, "not an unused bit"),
        (Cells(np.zeros((1, 3, 2), np.uint16), range(8), 16), hu.InvalidAttributeError, "differ"),
    ],
)
def test_bits_that_are_not_there_are_refused(cells, error, says):
    header = {"OverlayRows": 2, "OverlayColumns": 2, "OverlayBitPosition": 12}
    with pytest.raises(error, match=says) as caught:
        read_overlay(0x6002, header, (None, 1), lambda: cells, "file", hu.Limits())
    assert "6002" in str(caught.value)


def test_lossy_pixels_have_lost_the_overlay(sample, tmp_path):
    made = pydicom.dcmread(sample("JPGExtended.dcm"))
    add_overlay(made, 0x6000, size=(1024, 256), position=14)
    made.save_as(tmp_path / "lossy.dcm")
    with pytest.raises(DecodeError, match="with loss"):
        hu.overlays(tmp_path / "lossy.dcm")


def test_frames_of_an_overlay_lie_over_the_images_frames_by_number(tmp_path):
    """PS3.3 C.9.3.1: Image Frame Origin counts from 1; without a number of frames, a plane lies over all."""
    made = dataset(RANDOM.integers(0, 255, (4, 10, 12)).astype(np.uint8))
    two, one = RANDOM.random((2, 5, 7)) > 0.5, RANDOM.random((10, 12)) > 0.5
    add_overlay(made, 0x6000, two, origin=(3, 4), frames=2, first=2)
    add_overlay(made, 0x6002, one)
    add_overlay(made, 0x6004, one, frames=1, first=3)
    path = tmp_path / "frames.dcm"
    path.write_bytes(to_bytes(made))
    overlays = hu.overlays(path)
    assert [list(overlay.frame_index) for overlay in overlays] == [[1, 2], [0, 1, 2, 3], [2]]
    moving, still, third = (overlay.mask.values for overlay in overlays)
    assert np.array_equal(moving[1:3, 2:7, 3:10], two)
    assert moving.sum() == two.sum()  # 35 bits a frame: the second begins inside a byte
    assert np.array_equal(still, np.stack([one] * 4))
    assert np.array_equal(third[2], one)
    assert third.sum() == one.sum()
    assert np.array_equal(overlays[0].bitmap, made.overlay_array(0x6000).astype(bool))
    image = hu.read(path)
    for index in range(4):
        for overlay, own in zip(overlays, hu.overlays(image.frame(index)), strict=True):
            assert np.array_equal(own.mask.values, overlay.mask.values[index])
    if shutil.which("dcmj2pnm"):
        for number, overlay in enumerate(overlays, 1):
            for index in range(4):
                assert np.array_equal(dcmtk_draws(path, number, index), overlay.mask.values[index])


def test_an_overlay_needs_no_image():
    """A presentation state has overlays of its own."""
    made = dataset()
    add_overlay(made, 0x6000, np.eye(5, dtype=bool))
    (overlay,) = hu.overlays(to_bytes(made))
    assert overlay.mask is None
    assert np.array_equal(overlay.bitmap, np.eye(5, dtype=bool))


def _damaged(**attributes):
    made = dataset(np.zeros((4, 4), np.uint8))
    add_overlay(made, 0x6000, np.eye(4, dtype=bool))
    numbers = {"rows": 0x10, "columns": 0x11, "frames": 0x15, "origin": 0x50, "data": 0x3000}
    for name, value in attributes.items():
        tag = 0x60000000 | numbers[name]
        if value is None:
            del made[tag]
        else:
            made.add_new(tag, {"origin": "SS", "frames": "IS", "data": "OW"}.get(name, "US"), value)
    return to_bytes(made)


@pytest.mark.parametrize(
    ("damage", "error", "attribute"),
    [
        ({"rows": None}, hu.MissingAttributeError, "OverlayRows"),
        ({"columns": 0}, hu.InvalidAttributeError, "OverlayColumns"),
        ({"frames": -1}, hu.InvalidAttributeError, "NumberOfFramesInOverlay"),
        ({"origin": [1]}, hu.InvalidAttributeError, "OverlayOrigin"),
        ({"rows": 65535, "columns": 65535, "frames": 100000}, LimitExceededError, "OverlayRows"),
        ({"columns": 40000}, DecodeError, "OverlayData"),
    ],
)
def test_damage_is_a_typed_error_that_names_group_and_attribute(damage, error, attribute):
    with pytest.raises(error, match="6000") as caught:
        hu.overlays(_damaged(**damage))
    assert caught.value.attribute == attribute


def test_without_an_origin_the_first_pixel_is_assumed():
    with pytest.warns(AssumptionWarning, match="Overlay Origin"):
        (overlay,) = hu.overlays(_damaged(origin=None))
    assert np.array_equal(overlay.mask.values, np.eye(4, dtype=bool))


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"])
def test_overlays_in_unused_bits_are_read_from_what_was_compressed_without_loss(tmp_path, syntax):
    """PS3.5 A.4.11 and A.4.13 keep every bit; earlier versions said that they had lost the overlay."""
    drawn = RANDOM.random((6, 8)) > 0.5
    cells = RANDOM.integers(0, 4096, (6, 8)).astype("<u2") | (drawn.astype("<u2") << 15)
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    frame = cells.tobytes() if syntax.endswith("98") else deflate.compress(cells.tobytes()) + deflate.flush()
    overlay = pydicom.Dataset()
    add_overlay(overlay, 0x6000, size=drawn.shape, position=15)
    written = DicomBytesIO()
    written.is_little_endian, written.is_implicit_VR = True, False
    write_dataset(written, overlay)
    before, pixels, after = encoded(cells, [frame], syntax, BitsStored=12, HighBit=11).rpartition(b"\xe0\x7f\x10\x00")
    path = tmp_path / "kept.dcm"
    path.write_bytes(before + written.getvalue() + pixels + after)
    (found,) = hu.overlays(path)
    assert np.array_equal(found.mask.values, drawn)
