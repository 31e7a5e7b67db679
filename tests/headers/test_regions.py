"""Ultrasound regions of real files, with the numbers that stand in them."""

import pytest

import hounsfield as hu
from hounsfield.headers.regions import read_regions
from hounsfield.headers.spacing import pixel_spacing


def test_a_picture_and_a_trace_below_it(sample):
    picture, trace = hu.regions(sample("OBXXXX1A.dcm"))
    # In the file: 120, 60 to 800, 518; reference pixel 340, 36 of the region, which is 0 cm, 0 cm.
    assert (picture.rows, picture.columns) == (slice(60, 519), slice(120, 801))
    assert (picture.spatial_format, picture.data_type, picture.units) == ("2D", "tissue", ("cm", "cm"))
    assert picture.reference_pixel == (96, 460)
    assert picture.to_physical(96, 460) == (0, 0)
    assert picture.to_physical(196, 410) == pytest.approx((100 * 0.02622878766196998, -50 * 0.02622878766196998))
    assert (trace.data_type, trace.units) == ("ECG trace", ("", "s"))
    # Reference pixel -176, -522 of a region at 176, 522: the image's own corner.
    assert trace.reference_pixel == (0, 0)
    assert trace.to_physical(550, 700)[1] == pytest.approx(700 * 0.009642736608649534)
    assert (picture.high_priority, picture.scaling_protected) == (False, True)


def test_two_pictures_side_by_side_have_their_origins_at_like_places(sample):
    """Both name pixel 154, 21 as reference, which can only be counted from their own corners."""
    left, right, bar = hu.regions(sample("gdcm-US-ALOKA-16.dcm"))
    assert (left.columns, right.columns) == (slice(32, 336), slice(336, 640))
    assert (left.reference_pixel, right.reference_pixel) == ((45, 186), (45, 490))
    assert (bar.data_type, bar.reference_pixel) == ("gray bar", None)
    assert hu.regions(sample("gdcm-US-ALOKA-16_big.dcm")) == (left, right, bar)


def test_the_region_of_a_pixel(sample):
    found = hu.regions(sample("gdcm-US-ALOKA-16.dcm"))
    left, right, bar = found
    assert (found.at(200, 100), found.at(200, 400), found.at(0, 0)) == (left, right, None)
    assert found.at(50, 40) is bar  # over the left picture, of the same priority, and listed last
    assert (found.at(415, 335), found.at(416, 335)) == (left, None)


def test_high_priority_covers_low():
    below, above = (region(RegionFlags=flags) for flags in (1, 0))
    for items in ([below, above], [above, below]):
        assert read_regions({"SequenceOfUltrasoundRegions": items}, "").at(5, 5).high_priority


def test_a_picture_that_runs_to_the_left(corpus):
    whole, picture = hu.regions(corpus / "fo-dicom" / "DIRW0007")
    assert (whole.spatial_format, whole.units) == ("", ("", ""))
    assert picture.deltas[1] == -0.052478133506629575
    assert picture.to_physical(48, 27 + 261) == (0.0, 13.69679284523032)


def region(**attributes):
    return {
        "RegionSpatialFormat": 3,
        "RegionDataType": 3,
        "RegionFlags": 0b10110,
        "RegionLocationMinX0": 0,
        "RegionLocationMinY0": 0,
        "RegionLocationMaxX1": 10,
        "RegionLocationMaxY1": 10,
        "PhysicalUnitsXDirection": 4,
        "PhysicalUnitsYDirection": 7,
        "PhysicalDeltaX": 0.01,
        "PhysicalDeltaY": -1.5,
    } | attributes


def test_flags_of_a_doppler_region():
    """PS3.3 C.8.5.5.1.3: bit 0 priority, 1 scaling protected, 2 frequency scale, 3 and 4 scrolling."""
    (found,) = read_regions({"SequenceOfUltrasoundRegions": [region()]}, "")
    assert (found.high_priority, found.scaling_protected, found.doppler_scale) == (True, True, "frequency")
    assert (found.scrolling, found.units) == ("sweeping", ("cm/s", "s"))
    with pytest.raises(hu.MissingAttributeError):
        found.to_physical(1, 1)


@pytest.mark.parametrize(
    ("keyword", "value", "error"),
    [
        ("RegionLocationMinX0", None, hu.MissingAttributeError),
        ("RegionLocationMaxY1", -1, hu.InvalidAttributeError),
        ("RegionLocationMinY0", 11, hu.InvalidAttributeError),
        ("RegionLocationMinY0", "here", hu.InvalidAttributeError),
        ("PhysicalUnitsXDirection", 13, hu.InvalidAttributeError),
        ("PhysicalDeltaX", float("nan"), hu.InvalidAttributeError),
        ("PhysicalDeltaY", None, hu.MissingAttributeError),
    ],
)
def test_what_cannot_be_is_a_typed_error(keyword, value, error):
    with pytest.raises(error) as caught:
        read_regions({"SequenceOfUltrasoundRegions": [region(**{keyword: value})]}, "file")
    assert keyword[:20] in caught.value.attribute or keyword == "RegionLocationMinY0"


@pytest.mark.filterwarnings("ignore::hounsfield.errors.AssumptionWarning")
def test_regions_and_spacing_agree_on_every_real_file(real_image):
    try:
        found = hu.regions(real_image)
    except hu.HounsfieldError:
        return
    pictures = {tuple(abs(d) * 10 for d in r.deltas) for r in found if r.units == ("cm", "cm")}
    if not pictures:
        return
    image = hu.info(real_image)
    if image["SpacingKind"] == "region":
        assert pictures == {tuple(image["PixelSpacing"])}
    else:
        assert image["PixelSpacing"] is None
        rows, columns = image["Rows"], image["Columns"]
        beyond = any(r.rows.stop > rows + 1 or r.columns.stop > columns + 1 for r in found)
        assert beyond or len(pictures) > 1


def test_no_regions_is_no_error(sample):
    assert hu.regions(sample("CT_small.dcm")) == ()
    assert hu.regions(sample("CT_small.dcm")).at(0, 0) is None
    assert pixel_spacing({})[0] is None
