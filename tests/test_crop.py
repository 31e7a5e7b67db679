"""A part of an image is the same part of everything that is made of it: positions, overlays, regions, pictures."""

import io
import warnings

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from hounsfield.header import Header
from states import state

from conftest import SOME_OR_ALL, facts_of, name_of
from made import to_bytes


@pytest.fixture
def ct(sample):
    return hu.read(sample("CT_small.dcm"))


def parts_of(size, name):
    """Two parts, the same for the same file: one somewhere in the picture, and one that takes its first pixel."""
    random = np.random.default_rng(sum(map(ord, name)))
    for first in (random.integers(0, np.array(size)), np.zeros(2, int)):
        last = random.integers(first, size)
        yield tuple((int(a), int(b) + 1) for a, b in zip(first, last, strict=True))


def quietly(function, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def image_of(path):
    try:
        return quietly(hu.read, path)
    except hu.HounsfieldError:
        return None


@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_every_real_file(files, record_property):
    compared = 0
    for path in files():
        image = image_of(path) if facts_of(path).pixels else None
        if image is None or image.values.size > 20_000_000:
            continue
        for rows, columns in parts_of(image.size, path.name):
            part = image.crop(rows, columns)
            inside = (..., slice(*rows), slice(*columns))
            check_values(image, part, inside)
            check_place(image, part, rows[0], columns[0])
            check_overlays(image, part, inside)
            check_regions(image, part, rows[0], columns[0])
            check_segments(image, part, inside)
            check_picture(image, part, rows, columns, name_of(path))
            check_measures(image, part, inside)
            compared += 1
    assert compared > 20
    record_property("summary", f"parts of images: {compared} are the same parts of what is made of them")


def check_values(image, part, inside):
    whole = np.moveaxis(image.values, -1, 0) if image.color else image.values
    ours = np.moveaxis(part.values, -1, 0) if part.color else part.values
    np.testing.assert_array_equal(ours, whole[inside])
    assert np.shares_memory(part.values, image.values) or image.values.size == 0
    same = ("unit", "pixel_spacing", "spacing_kind", "color", "name", "frame_index", "frame_indices")
    assert [getattr(part, name) for name in same] == [getattr(image, name) for name in same]
    assert (part.padding is None) == (image.padding is None)
    if part.padding is not None:
        np.testing.assert_array_equal(part.padding, image.padding[inside])
    assert part.steps[:-1] == image.steps
    assert (part.header["Rows"], part.header["Columns"]) == part.size
    assert {keyword for keyword in part.header} <= {keyword for keyword in image.header}


def check_place(image, part, top, left):
    for index in {0, image.frames - 1}:
        whole, ours = image.frame(index), part.frame(index)
        assert (whole.plane is None) == (ours.plane is None)
        if whole.plane is not None:
            np.testing.assert_allclose(ours.plane.position, whole.plane.to_lps(top, left), atol=1e-9)
            assert ours.header["ImagePositionPatient"] == list(ours.plane.position)
        if whole.slide_plane is not None:
            np.testing.assert_allclose(ours.slide_plane.position[:2], whole.slide_plane.to_slide(top, left)[:2])


def check_overlays(image, part, inside):
    try:
        whole = quietly(hu.overlays, image)
    except hu.HounsfieldError:
        return
    for before, after in zip(whole, quietly(hu.overlays, part), strict=True):
        np.testing.assert_array_equal(after.mask.values, before.mask.values[inside])


def check_regions(image, part, top, left):
    try:
        whole = hu.regions(image)
    except hu.HounsfieldError:
        return
    ours = hu.regions(part)
    for row, column in ((0, 0), (part.size[0] - 1, part.size[1] - 1), (part.size[0] // 2, part.size[1] // 3)):
        before, after = whole.at(row + top, column + left), ours.at(row, column)
        assert (before is None) == (after is None)
        if before is not None:
            assert (before.units, before.deltas, before.data_type) == (after.units, after.deltas, after.data_type)
            if before.reference_pixel is not None:
                expected = before.to_physical(row + top, column + left)
                assert after.to_physical(row, column) == pytest.approx(expected)


def check_segments(image, part, inside):
    try:
        whole = hu.segments(image)
    except hu.HounsfieldError:
        return
    for before, after in zip(whole, hu.segments(part), strict=True):
        np.testing.assert_array_equal(after.mask.values, before.mask.values[inside])


def check_picture(image, part, rows, columns, name):
    """With a window, and by default where the file says which."""
    windows = [(40, 400)] if not image.color else [None]
    windows += [None] if quietly(hu.windows, image) else []
    for window in windows:
        try:
            whole = quietly(hu.render, image, window=window)
        except hu.HounsfieldError:
            continue
        ours = quietly(hu.render, part, window=window)
        axis = 1 if image.multi_frame else 0
        expected = np.take(np.take(whole, range(*rows), axis), range(*columns), axis + 1)
        np.testing.assert_array_equal(ours, expected, err_msg=name)


def check_measures(image, part, inside):
    if image.color or image.is_mask:
        return
    chosen = np.zeros(image.shape, bool)
    chosen[inside] = True
    whole, ours = hu.measure(image, chosen).to_dict(), hu.measure(part).to_dict()
    for key in ("pixels", "area_mm2", "mean", "sd", "min", "max", "median"):
        assert ours[key] == pytest.approx(whole[key], nan_ok=True), key
    before = hu.mask(image, above=1, fill=False, opening=0).values[inside]
    np.testing.assert_array_equal(hu.mask(part, above=1, fill=False, opening=0).values, before)


def test_where_it_lies_is_what_pydicom_says(sample, ct):
    """PS3.3 equation C.7.6.2.1-1."""
    file = pydicom.dcmread(sample("CT_small.dcm"))
    position, orientation = np.array(file.ImagePositionPatient, float), np.array(file.ImageOrientationPatient, float)
    between_rows, between_columns = map(float, file.PixelSpacing)
    expected = position + 30 * between_columns * orientation[:3] + 12 * between_rows * orientation[3:]
    part = ct[12:60, 30:90]
    assert part.plane.position == pytest.approx(tuple(expected), abs=1e-9)
    assert part[5:, 7:].plane.position == pytest.approx(ct.plane.to_lps(17, 37))
    assert part[5:, 7:].header.cut == ((17, 60), (37, 90))


def test_square_brackets_count_as_python_does(ct):
    np.testing.assert_array_equal(ct[:, -20:].values, ct.values[:, -20:])
    np.testing.assert_array_equal(ct[100:5000, 3:4].values, ct.values[100:, 3:4])


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (np.s_[::2, :], "a step of 2 would change the pixel spacing"),
        (np.s_[:, ::-1], "a step of -1"),
        (np.s_[5:5, :], "nothing is selected"),
        (np.s_[3, :], "two slices"),
        (np.s_[3], "image.frame"),
        (np.s_[3:5], "two slices"),
        (np.s_[1:2, 1:2, 1:2], "two slices"),
        (np.s_[..., 1:2], "two slices"),
        ("rows", "two slices"),
    ],
)
def test_other_indices_are_refused_with_the_reason(ct, part, why):
    with pytest.raises(IndexError, match=why):
        ct[part]


def test_an_image_is_not_iterable(ct):
    """With square brackets alone Python would try, and quietly find nothing."""
    with pytest.raises(TypeError, match="not iterable"):
        list(ct)


@pytest.mark.parametrize("bounds", [(-1, 5), (3, 3), (0, 129), (9, 4)])
def test_bounds_beyond_the_image_are_refused(ct, bounds):
    with pytest.raises(IndexError, match="from 0 to 128"):
        ct.crop(rows=bounds)


def test_a_mask_crops_to_what_it_selects(ct):
    chosen = np.zeros(ct.shape, bool)
    chosen[20:31, 40:62] = True
    part = ct.crop(mask=chosen)
    assert part.header.cut == ((20, 31), (40, 62))
    assert str(part.steps[-1]).startswith("crop: around the mask: rows 20 to 30, columns 40 to 61")
    assert ct.crop(mask=ct.with_values(chosen, hu.Step("mask", ""))).header.cut == part.header.cut
    # 3 mm are 4.53 pixels: at least so much is left.
    assert ct.crop(mask=chosen, margin_mm=3).header.cut == ((15, 36), (35, 67))
    assert ct.crop(mask=chosen, margin_mm=1e6).size == ct.size


def test_a_box_in_the_patient_holds_every_pixel_whose_centre_lies_in_it(ct):
    places = np.array([[ct.plane.to_lps(row, column) for column in range(128)] for row in range(128)])
    x, y = places[5, 20, 0], places[90, 0, 1]
    inside = (places[..., 0] >= x) & (places[..., 0] <= x + 30) & (places[..., 1] >= y - 12) & (places[..., 1] <= y)
    rows, columns = np.nonzero(inside)
    part = ct.crop(box_mm=((x, x + 30), (y - 12, y), None))
    assert part.header.cut == ((rows.min(), rows.max() + 1), (columns.min(), columns.max() + 1))
    z = ct.plane.position[2]
    assert ct.crop(box_mm=((x, x + 30), (y - 12, y), (z - 1, z))).size == part.size
    with pytest.raises(hu.GeometryError, match="no pixel lies in the box"):
        ct.crop(box_mm=((x, x + 30), (y - 12, y), (z + 1, z + 2)))


def test_what_cannot_be_known_is_refused(ct, sample):
    with pytest.raises(hu.GeometryError, match="selects nothing"):
        ct.crop(mask=np.zeros(ct.shape, bool))
    with pytest.raises(hu.GeometryError, match="shape"):
        ct.crop(mask=np.zeros((3, 3), bool))
    with pytest.raises(ValueError, match="give one of"):
        ct.crop(rows=(1, 2), mask=np.ones(ct.shape, bool))
    with pytest.raises(hu.GeometryError, match="place is not known"):
        hu.Image(np.zeros((4, 4))).crop(box_mm=(None, None, None))
    with pytest.raises(hu.GeometryError, match="planes of their own"):
        hu.read(sample("emri_small.dcm")).crop(box_mm=(None, None, None))
    with pytest.raises(hu.GeometryError, match="spacing is not known"):
        hu.Image(np.zeros((4, 4))).crop(mask=np.ones((4, 4), bool), margin_mm=2)
    for box in [(None, None), ((1, 2), (3, 4), (6, 5)), ((1, 2), (3, 4), (float("nan"), 5)), ("a", None, None)]:
        with pytest.raises(ValueError, match="three pairs"):
            ct.crop(box_mm=box)
    for margin in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="margin_mm"):
            ct.crop(mask=np.ones(ct.shape, bool), margin_mm=margin)


def test_shutters_of_the_image_move_along(ct):
    """PS3.3 C.7.6.11: edges and vertices count pixels from 1, row first."""

    class Shuttered(Header):
        own = {  # noqa: RUF012
            "ShutterLeftVerticalEdge": 11, "ShutterUpperHorizontalEdge": 6, "CenterOfCircularShutter": [20, 30],
            "RadiusOfCircularShutter": 9, "VerticesOfThePolygonalCollimator": [1, 2, 30, 40, 50, 60],
            "CollimatorRightVerticalEdge": 100, "ShutterOverlayGroup": 0x6000, "LargestImagePixelValue": 3000,
            "KVP": 120, "RowPositionInTotalImagePixelMatrix": 257, "CenterOfCircularOutline": "damaged",
        }  # fmt: skip
        dataset = None

        def for_frame(self, index):
            return self

        def __getitem__(self, keyword):
            return self.own[keyword]

        def __iter__(self):
            return iter(self.own)

        def __len__(self):
            return len(self.own)

    part = hu.Image(np.zeros((128, 128)), header=Shuttered())[5:, 10:]
    assert dict(part.header) == {
        "ShutterLeftVerticalEdge": 1, "ShutterUpperHorizontalEdge": 1, "CenterOfCircularShutter": [15, 20],
        "RadiusOfCircularShutter": 9, "VerticesOfThePolygonalCollimator": [-4, -8, 25, 30, 45, 50],
        "CollimatorRightVerticalEdge": 90, "KVP": 120, "RowPositionInTotalImagePixelMatrix": 262,
    }  # fmt: skip


def test_a_presentation_state_of_the_whole_is_refused_for_a_part(ct, sample):
    shown = hu.presentation(io.BytesIO(to_bytes(state(pydicom.dcmread(sample("CT_small.dcm"))))))
    hu.render(ct, presentation=shown)
    for part in (ct[:, 3:], ct[:, 3:].frame(0)):
        with pytest.raises(hu.GeometryError, match="render first, then crop"):
            hu.render(part, presentation=shown)


def test_a_figure_of_a_part_is_drawn(ct):
    figure = hu.figure(ct[20:60, 30:100])
    assert figure.axes[0].images[0].get_array().shape[:2] == (40, 70)


def test_a_part_is_written(ct, tmp_path):
    hu.write(ct[20:60, 30:100], tmp_path / "part.npy", values=True)
    np.testing.assert_array_equal(np.load(tmp_path / "part.npy"), ct.values[20:60, 30:100])


class TestVolumes:
    @pytest.fixture
    def volume(self, tmp_path):
        hu.phantom(tmp_path, matrix=64, slices=8, tilt=12)
        return hu.read_volumes(tmp_path)[0]

    def test_slices_of_a_part_are_parts_of_slices(self, volume):
        part = volume.crop(slices=(2, 7), rows=(10, 40), columns=(5, 64))
        for index, image in enumerate(part):
            expected = volume[index + 2].crop(rows=(10, 40), columns=(5, 64))
            np.testing.assert_array_equal(image.values, expected.values)
            assert (image.header["Rows"], image.header["Columns"]) == (30, 59)
            np.testing.assert_allclose(image.plane.position, expected.plane.position, atol=1e-9)
            assert image.header.cut == expected.header.cut
        again = part.crop(rows=(3, 9))
        assert again[0].header.cut == ((13, 19), (5, 64))
        assert part.flip("row")[0].header.cut == ((10, 40), (5, 64))

    def test_a_mask_crops_to_what_it_selects(self, volume):
        chosen = np.zeros(volume.shape, bool)
        chosen[2:5, 20:31, 40:62] = True
        part = volume.crop(mask=chosen)
        assert part.shape == (3, 11, 22)
        np.testing.assert_array_equal(part.values, volume.values[2:5, 20:31, 40:62])
        mask = volume.with_values(chosen)
        assert volume.crop(mask=mask, margin_mm=6).shape == (7, 13, 24)
        moved = mask.affine.copy()
        moved[0, 3] += 5
        with pytest.raises(hu.GeometryError, match="lies elsewhere"):
            volume.crop(mask=hu.Volume(chosen, moved))

    def test_a_box_holds_every_voxel_whose_centre_lies_in_it(self, volume):
        low, high = np.array([-50.0, -70.0, -12.0]), np.array([30.0, 10.0, 9.0])
        part = volume.crop(box_mm=tuple(zip(low, high, strict=True)))
        index = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), axis=-1)
        places = volume.to_lps(index)
        inside = ((places >= low) & (places <= high)).all(axis=-1)
        first, last = part.origin, part.to_lps(np.array(part.shape) - 1)
        start, end = volume.to_index(first).round().astype(int), volume.to_index(last).round().astype(int)
        chosen = np.argwhere(inside)
        assert (start <= chosen.min(axis=0)).all()
        assert (end >= chosen.max(axis=0)).all()
        straight = volume.rectified()
        exact = straight.crop(box_mm=tuple(zip(low, high, strict=True)))
        corners = straight.to_index(exact.origin).round().astype(int)
        index = np.stack(np.meshgrid(*map(np.arange, straight.shape), indexing="ij"), axis=-1)
        places = straight.to_lps(index)
        chosen = np.argwhere(((places >= low) & (places <= high)).all(axis=-1))
        assert corners.tolist() == chosen.min(axis=0).tolist()
        assert exact.shape == tuple(np.ptp(chosen, axis=0) + 1)

    def test_a_segmentation_of_a_part_lies_where_the_part_does(self, volume, tmp_path):
        part = volume.crop(rows=(10, 40), columns=(5, 50))
        mask = hu.mask(part.rectified() if part.is_sheared else part, above=-200)
        hu.write_seg(mask, tmp_path / "part.dcm", source=part[3])
        file = pydicom.dcmread(tmp_path / "part.dcm")
        found = hu.read_volumes(tmp_path / "part.dcm")[0]
        assert (file.Rows, file.Columns) == mask.size
        np.testing.assert_allclose(found.affine, mask.affine, atol=1e-4)
        np.testing.assert_array_equal(found.values.astype(bool), mask.values)


def test_a_mask_of_another_part_is_refused_as_volumes_refuse_it(ct):
    one, other = ct[10:60, 10:60], ct[20:70, 15:65]
    mask = hu.mask(one, above=0, opening=0)
    uses = [
        lambda image: hu.measure(image, mask),
        lambda image: image.crop(mask=mask),
        lambda image: hu.apply_mask(image, mask),
        lambda image: hu.figure(image, mask),
        lambda image: hu.union(hu.mask(image, above=0, opening=0), mask),
        lambda image: hu.intersection(hu.mask(image, above=0, opening=0), mask),
    ]
    for use in uses:
        use(ct.crop(rows=(10, 60), columns=(10, 60)))
        with pytest.raises(hu.GeometryError, match="of another part"):
            use(other)
    # Without knowledge of a place only the shape counts.
    for values in (mask.values, hu.Image(mask.values)):
        assert hu.measure(other, values).pixels == np.count_nonzero(mask.values)


def test_a_mask_of_another_part_is_refused_where_no_place_in_the_patient_is_known(sample):
    image = hu.read(sample("examples_rgb_color.dcm")).channel(0)
    assert image.plane is None
    mask = hu.mask(image[10:60, 10:60], above=0, opening=0)
    assert hu.measure(image[10:60, 10:60], mask).pixels
    with pytest.raises(hu.GeometryError, match="of another part"):
        hu.measure(image[11:61, 10:60], mask)
    several = hu.read(sample("examples_ybr_color.dcm")).channel(0)
    mask = hu.mask(several[10:60, 10:60], above=0, opening=0)
    with pytest.raises(hu.GeometryError, match="of another part"):
        hu.measure(several[10:60, 20:70], mask)
    # A part of one frame on the same part of another one, whose place is not known to be another.
    assert hu.measure(several[10:60, 10:60].frame(3), mask.frame(2)).mean


def test_a_mask_that_lies_elsewhere_is_refused(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=4)
    volume = hu.read_volumes(tmp_path)[0]
    mask = hu.mask(volume[1], above=-500, opening=0)
    assert hu.measure(hu.read(volume.sources[1].path), mask).pixels
    for image in (volume[2], volume.flip("row")[1], hu.read(volume.sources[3].path)):
        with pytest.raises(hu.GeometryError, match="lies elsewhere"):
            hu.measure(image, mask)
    stack = volume.as_image()
    assert hu.measure(stack, volume.with_values(volume.values > 0, hu.Step("mask", "")).as_image()).pixels
