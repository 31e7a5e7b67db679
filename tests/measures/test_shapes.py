"""`region`: by scikit-image, matplotlib's paths, and counting by hand."""

import numpy as np
import pydicom
import pytest
from matplotlib.path import Path as Outline
from pydicom.data import get_testdata_file
from skimage import draw

import hounsfield as hu

from volumes import phantom_volume


def image(rows=40, columns=50, spacing=(1.0, 1.0), kind="patient"):
    values = np.arange(rows * columns).reshape(rows, columns)
    return hu.Image(values, unit="HU", pixel_spacing=spacing, spacing_kind=kind if spacing else None)


@pytest.mark.parametrize(("center", "radius"), [((20, 25), 7.3), ((0.5, 3.25), 5.1), ((39, 49), 12.7)])
def test_a_circle_is_scikit_images_disk(center, radius):
    expected = np.zeros((40, 50), bool)
    expected[draw.disk(center, radius, shape=(40, 50))] = True
    assert np.array_equal(hu.region("circle", image(), center=center, radius=radius).values, expected)


def test_the_edge_belongs_to_it():
    circle = hu.region("circle", image(9, 9), center=(4, 4), radius=2)
    assert circle.values[4].tolist() == [False, False, True, True, True, True, True, False, False]
    assert np.count_nonzero(circle.values) == 13


def test_statistics_of_a_circle_are_those_of_pydicoms_pixels_counted_by_hand():
    path = get_testdata_file("CT_small.dcm")
    dataset = pydicom.dcmread(path)
    row, column, radius = 60, 70, 6.0
    spacing = [float(value) for value in dataset.PixelSpacing]
    chosen = [
        float(dataset.pixel_array[r, c]) - 1024
        for r in range(128)
        for c in range(128)
        if ((r - row) * spacing[0]) ** 2 + ((c - column) * spacing[1]) ** 2 <= radius**2
    ]
    ct = hu.read(path)
    stats = hu.measure(ct, hu.region("circle", ct, center=(row, column), radius_mm=radius))
    assert stats.pixels == len(chosen) > 200
    assert stats.mean == pytest.approx(np.mean(chosen), abs=1e-9)
    assert stats.sd == pytest.approx(np.std(chosen), abs=1e-9)
    assert stats.area_mm2 == pytest.approx(len(chosen) * spacing[0] * spacing[1])


def test_millimetres_make_circles_round_where_pixels_are_not_square():
    circle = hu.region("circle", image(spacing=(2.0, 0.5)), center=(20, 25), radius_mm=6)
    rows, columns = np.nonzero(circle.values)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (17, 23, 13, 37)
    assert circle.steps[-1].detail == "circle, center (row 20, column 25), radius 6 mm (patient)"


@pytest.mark.parametrize("angle", [0, 30, -75])
def test_a_turned_ellipse_is_scikit_images(angle):
    expected = np.zeros((40, 50), bool)
    expected[draw.ellipse(20.2, 24.7, 5.4, 13.3, shape=(40, 50), rotation=-np.deg2rad(angle))] = True
    found = hu.region("ellipse", image(), center=(20.2, 24.7), radii=(5.4, 13.3), angle=angle).values
    assert np.count_nonzero(found != expected) <= 2  # whether an edge belongs to it


def test_a_turned_rectangle_is_matplotlibs_path():
    rows, columns, angle = 11.3, 23.7, np.deg2rad(25)
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * [columns / 2, rows / 2] @ [
        [np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)],
    ] + [25.1, 20.3]  # fmt: skip
    grid = np.stack(np.meshgrid(np.arange(50), np.arange(40)), -1).reshape(-1, 2)
    expected = Outline(corners).contains_points(grid).reshape(40, 50)
    found = hu.region("rectangle", image(), center=(20.3, 25.1), size=(rows, columns), angle=25)
    assert np.array_equal(found.values, expected)


@pytest.mark.parametrize("seed", range(20))
def test_polygons_are_matplotlibs_paths(seed):
    random = np.random.default_rng(seed)
    turns = np.sort(random.uniform(0, 2 * np.pi, 9))
    reach = random.uniform(4, 18, 9)
    points = np.stack([20.21 + reach * np.sin(turns), 25.37 + reach * np.cos(turns)], -1)  # star-shaped
    grid = np.stack(np.meshgrid(np.arange(50), np.arange(40)), -1).reshape(-1, 2)
    expected = Outline(points[:, ::-1]).contains_points(grid).reshape(40, 50)
    assert np.array_equal(hu.region("polygon", image(), points=points.tolist()).values, expected)


def encloses(corners, row, column):
    """Whether a pixel is enclosed an odd number of times, or on an edge: by whole numbers, which nothing rounds."""
    odd = False
    for (y0, x0), (y1, x1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        cross = (x1 - x0) * (row - y0) - (column - x0) * (y1 - y0)
        if cross == 0 and min(y0, y1) <= row <= max(y0, y1) and min(x0, x1) <= column <= max(x0, x1):
            return True
        if (y0 <= row) != (y1 <= row):
            odd ^= (cross > 0) != (y1 > y0) if y1 != y0 else False
    return odd


@pytest.mark.parametrize("count", [3, 5, 9, 60])
def test_outlines_that_cross_themselves_often_or_not_enclose_what_whole_numbers_say(count):
    rng = np.random.default_rng(count)
    for _ in range(12):
        corners = rng.integers(-4, 18, (count, 2)).tolist()
        expected = [[encloses(corners, row, column) for column in range(14)] for row in range(11)]
        if np.any(expected):
            found = hu.region("polygon", image(11, 14), points=corners).values
            assert np.array_equal(found, expected), corners


def test_corners_and_edges_of_a_polygon_belong_to_it():
    square = hu.region("polygon", image(9, 9), points=[(2, 2), (2, 5), (6, 5), (6, 2)]).values
    expected = np.zeros((9, 9), bool)
    expected[2:7, 2:6] = True
    assert np.array_equal(square, expected)


def test_what_is_enclosed_twice_is_outside():
    star = [(0, 20), (36, 31), (14, 2), (14, 38), (36, 9)]
    assert not hu.region("polygon", image(), points=star).values[20, 20]


def test_a_sphere_holds_the_voxels_whose_centres_are_near_enough(tmp_path):
    volume, _ = phantom_volume(tmp_path, matrix=32, slices=9, tilt=15.0)
    sphere = hu.region("sphere", volume, center=(4, 16, 15), radius_mm=30)
    index = np.stack(np.meshgrid(*map(np.arange, volume.shape), indexing="ij"), -1)
    apart = np.linalg.norm(volume.to_lps(index) - volume.to_lps([4, 16, 15]), axis=-1)
    assert np.array_equal(sphere.values, apart <= 30)


def test_a_circle_in_a_volume_is_in_every_slice_and_in_many_frames_in_each(tmp_path):
    volume, _ = phantom_volume(tmp_path, matrix=32, slices=4)
    circle = hu.region("circle", volume, center=(9, 12), radius=4)
    one = hu.region("circle", image(32, 32), center=(9, 12), radius=4).values
    assert np.array_equal(circle.values, np.stack([one] * 4))
    frames = hu.Image(np.zeros((3, 32, 32)))
    assert np.array_equal(hu.region("circle", frames, center=(9, 12), radius=4).values, np.stack([one] * 3))
    assert hu.measure(volume, circle).slices == 4


@pytest.mark.parametrize(
    ("shape", "options", "says"),
    [
        ("square", {}, "a region is circle"),
        ("circle", {"center": (1, 1)}, "radius or radius_mm, once"),
        ("circle", {"center": (1, 1), "radius": 3, "radius_mm": 3}, "radius or radius_mm, once"),
        ("circle", {"center": (1, 1), "size": (3, 3)}, "a circle has no size"),
        ("circle", {"center": (1, 1, 1), "radius": 3}, "center is"),
        ("circle", {"center": (1, 1), "radius": -3}, "a positive number"),
        ("circle", {"center": (1, float("nan")), "radius": 3}, "center is"),
        ("circle", {"center": "here", "radius": 3}, "not made of numbers"),
        ("ellipse", {"center": (1, 1), "radii": 3}, "two positive numbers"),
        ("polygon", {"points": [(1, 1), (2, 2)]}, "three or more"),
    ],
)
def test_what_makes_no_shape_is_refused(shape, options, says):
    with pytest.raises(ValueError, match=says):
        hu.region(shape, image(), **options)


def test_millimetres_need_a_spacing_with_a_kind():
    with pytest.raises(hu.GeometryError, match="pixel spacing"):
        hu.region("circle", image(spacing=None), center=(1, 1), radius_mm=3)
    assert hu.region("circle", image(spacing=None), center=(1, 1), radius=3).is_mask
    with pytest.raises(hu.GeometryError, match="volume"):
        hu.region("sphere", image(), center=(1, 1, 1), radius_mm=3)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ("circle", {"centre": (5, 5), "radius": 2}),
        ("polygon", {"points_mm": [(0, 0), (0, 4), (4, 4)]}),
        ("circle", {"center": (5, 5), "radius": 2, "angle": 30}),
        ("ellipse", {"center": (5, 5), "radii": (2, 3), "angle": float("nan")}),
        ("ellipse", {"center": (5, 5), "radii": (2, 3), "angle": "x"}),
        ("circle", {"center": (10**400, 1), "radius": 2}),
        (["circle"], {"center": (5, 5), "radius": 2}),
    ],
)
def test_options_that_do_not_belong_to_a_shape_are_refused(shape, options):
    with pytest.raises(ValueError, match="has no|angle is|numbers|a region is"):
        hu.region(shape, image(), **options)


def test_a_sphere_may_be_larger_than_everything(tmp_path):
    volume, _ = phantom_volume(tmp_path, matrix=16, slices=3)
    assert hu.region("sphere", volume, center=(1, 8, 8), radius_mm=1e200).values.all()


def plane_image(thickness="5"):
    """An oblique image of pydicom's: rows along y + z, columns along x."""
    half = np.sqrt(0.5)
    header = {"ImagePositionPatient": [10.0, -20.0, 30.0], "ImageOrientationPatient": [1, 0, 0, 0, half, half]}
    header |= {"SliceThickness": thickness} if thickness else {}
    values = np.arange(40 * 50).reshape(40, 50)
    return hu.Image(values, pixel_spacing=(2.0, 0.5), spacing_kind="patient", header=from_values(header))


def from_values(values):
    dataset = pydicom.Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    from hounsfield.headers.dataset_header import DatasetHeader

    return DatasetHeader(dataset)


def test_a_middle_may_be_a_point_in_the_patient():
    picture = plane_image()
    point = picture.plane.to_lps(row=12.5, column=30.25)
    circle = hu.region("circle", picture, center_mm=point, radius_mm=6)
    assert np.array_equal(circle.values, hu.region("circle", picture, center=(12.5, 30.25), radius_mm=6).values)


@pytest.mark.parametrize(
    ("thickness", "off", "fits"), [("5", 2.4, True), ("5", 2.6, False), (None, 0.001, True), (None, 0.2, False)]
)
def test_a_point_is_in_an_image_within_half_its_slice(thickness, off, fits):
    picture = plane_image(thickness)
    point = np.array(picture.plane.to_lps(row=12, column=30)) + off * np.array(picture.plane.normal)
    if fits:
        assert hu.region("circle", picture, center_mm=point, radius=3).values[12, 30]
        return
    with pytest.raises(hu.GeometryError, match="off the plane of this image"):
        hu.region("circle", picture, center_mm=point, radius=3)


def test_in_a_volume_a_point_chooses_its_slice(tmp_path):
    volume, _ = phantom_volume(tmp_path)
    point = volume.to_lps((3.4, 20, 25))
    mask = hu.region("ellipse", volume, center_mm=point, radii_mm=(9, 14), angle=20)
    (slices,) = np.nonzero(mask.values.any(axis=(1, 2)))
    assert slices.tolist() == [3]
    assert np.array_equal(
        mask.values[3], hu.region("ellipse", volume[3], center=(20, 25), radii_mm=(9, 14), angle=20).values
    )
    sphere = hu.region("sphere", volume, center_mm=point, radius_mm=15)
    assert np.array_equal(sphere.values, hu.region("sphere", volume, center=(3.4, 20, 25), radius_mm=15).values)
    with pytest.raises(hu.GeometryError, match="outside of the volume"):
        hu.region("circle", volume, center_mm=volume.to_lps((-1, 20, 25)), radius=3)


def test_a_point_in_the_patient_needs_a_place():
    with pytest.raises(hu.GeometryError, match="position in the patient is not known"):
        hu.region("circle", image(), center_mm=(1, 2, 3), radius=3)


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ("circle", {"center": (60, 20), "radius": 4}),
        ("polygon", {"points": [(0, -1), (9, -1), (9, -5)]}),
        ("rectangle", {"center": (-9, 20), "size": (4, 4)}),
        ("circle", {"center": (1e300, 1e300), "radius": 5}),
    ],
)
def test_a_region_outside_of_the_image_is_an_error(shape, options):
    with pytest.raises(hu.GeometryError, match="outside of the image: 40 rows and 50 columns"):
        hu.region(shape, image(), **options)


def test_a_region_between_the_centres_of_pixels_is_an_error():
    with pytest.raises(hu.GeometryError, match="holds no centre of a pixel"):
        hu.region("circle", image(), center=(5.5, 5.5), radius=0.3)


@pytest.mark.parametrize(
    ("shape", "options", "beyond"),
    [
        ("circle", {"center": (5, 5), "radius": 5.5}, False),  # to the outer edge of the first pixel
        ("circle", {"center": (5, 5), "radius": 5.6}, True),
        ("rectangle", {"center": (19.5, 24.5), "size": (40, 50)}, False),
        ("rectangle", {"center": (19.5, 24.5), "size": (40, 50), "angle": 1}, True),
        ("ellipse", {"center": (19.5, 9), "radii": (18, 4), "angle": 10}, False),
        ("ellipse", {"center": (19.5, 9), "radii": (18, 4), "angle": 90}, True),
        ("polygon", {"points": [(0, 0), (9, 0), (9, -1)]}, True),
    ],
)
def test_a_step_says_where_a_region_reaches_beyond_the_image(shape, options, beyond):
    names = [step.name for step in hu.region(shape, image(), **options).steps]
    assert names == ["region", *(["beyond the image"] if beyond else [])]
