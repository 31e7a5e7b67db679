"""Surfaces beside what SciPy's convex hulls, geometry and SimpleITK's statistics say, and STL as others read it."""

import struct
import sys

import numpy as np
import pytest
import SimpleITK
from scipy.spatial import ConvexHull

import hounsfield as hu

from volumes import phantom_volume, random_affine

pytest.importorskip("skimage")

AXIAL = np.eye(4)[[2, 1, 0, 3]]  # slices along z, rows along y, columns along x, 1 mm each


def ball(radius, spacing=(1.0, 1.0, 1.0), centre=(0.0, 0.0, 0.0)):
    """A sphere of a radius in mm, in a volume of voxels of these mm (slice, row, column)."""
    counts = [int(2 * radius / mm) + 5 for mm in spacing]
    affine = np.eye(4)
    affine[:3, :3] = AXIAL[:3, :3] * spacing
    affine[:3, 3] = centre - affine[:3, :3] @ (np.array(counts) - 1) / 2
    volume = hu.Volume(np.zeros(counts, bool), affine)
    at = volume.to_lps(np.moveaxis(np.indices(counts), 0, -1)) - centre
    return volume.with_values(np.linalg.norm(at, axis=-1) <= radius)


def read_stl(path):
    """Normals and corners by the description of the format: 80 bytes, a count, 50 bytes a triangle."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data, 80)
    assert len(data) == 84 + 50 * count
    numbers = [struct.unpack_from("<12fH", data, 84 + 50 * index) for index in range(count)]
    floats = np.array([row[:12] for row in numbers]).reshape(count, 4, 3)
    return floats[:, 0], floats[:, 1:]


def enclosed(triangles):
    """Volume by the divergence theorem: the tetrahedra from the origin to each triangle, with their signs."""
    return sum(np.linalg.det(triangle) for triangle in triangles) / 6


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.5, 0.7, 0.9)])
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_a_sphere_has_its_volume_area_and_place(tmp_path, spacing, smoothing):
    mask = ball(20.0, spacing, centre=(30.0, -40.0, 500.0))
    made = hu.surface(mask, smoothing=smoothing)
    assert made.volume_ml == pytest.approx(4 / 3 * np.pi * 20**3 / 1000, rel=0.015)
    # steps of voxels have more area than what they stand for
    assert made.area_mm2 == pytest.approx(4 * np.pi * 20**2, rel=0.12 if smoothing else 0.2)
    radii = np.linalg.norm(made.vertices - (30.0, -40.0, 500.0), axis=1)
    assert radii.min() > 20 - max(spacing)
    assert radii.max() < 20 + max(spacing)
    outward = np.einsum("ij,ij->i", made.normals, made.triangles.mean(axis=1) - (30.0, -40.0, 500.0))
    assert (outward > 0).all()
    _, triangles = read_stl(hu.write_stl(made, tmp_path / "x.stl").paths[0])
    assert enclosed(triangles) / 1000 == pytest.approx(made.volume_ml, rel=1e-4)


@pytest.mark.parametrize("left_handed", [False, True])
@pytest.mark.parametrize("sheared", [False, True])
def test_a_box_is_its_own_convex_hull_wherever_it_lies(left_handed, sheared):
    affine = random_affine(np.random.default_rng(8), sheared=sheared, left_handed=left_handed)
    mask = hu.Volume(np.ones((4, 5, 6), bool), affine)  # to the border on all sides
    made = hu.surface(mask)
    hull = ConvexHull(made.vertices)
    assert made.volume_ml * 1000 == pytest.approx(hull.volume, rel=1e-6)
    assert made.area_mm2 == pytest.approx(hull.area, rel=1e-6)
    # The box of 4 x 5 x 6 voxels lacks its edges, and is larger than what lies between the voxels' centres.
    voxels = abs(np.linalg.det(affine[:3, :3]))
    assert 3 * 4 * 5 * voxels < hull.volume < 4 * 5 * 6 * voxels
    index = mask.to_index(made.vertices)
    np.testing.assert_allclose(index.min(axis=0), -0.5, atol=1e-6)
    np.testing.assert_allclose(index.max(axis=0), np.array(mask.shape) - 0.5, atol=1e-6)
    assert np.einsum("ij,ij->", made.normals, made.triangles.mean(axis=1) - made.vertices.mean(axis=0)) > 0


def test_the_surface_of_any_mask_is_closed_each_edge_runs_as_often_there_as_back():
    rng = np.random.default_rng(9)
    mask = hu.Volume(rng.random((12, 13, 14)) > 0.5, random_affine(rng, left_handed=True))
    faces = hu.surface(mask).faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    there, back = (np.unique(way, axis=0, return_counts=True) for way in (edges, edges[:, ::-1]))
    np.testing.assert_array_equal(there[0], back[0])
    np.testing.assert_array_equal(there[1], back[1])
    assert (there[1] == 1).mean() > 0.99  # where two corners of voxels meet, an edge belongs to four


def test_a_hollow_is_not_counted():
    outer, inner = ball(15.0), ball(8.0)
    values = outer.values.copy()
    first = (np.array(outer.shape) - inner.shape) // 2
    values[tuple(slice(a, a + n) for a, n in zip(first, inner.shape, strict=True))] &= ~inner.values
    expected = hu.surface(outer).volume_ml - hu.surface(inner).volume_ml
    assert hu.surface(outer.with_values(values)).volume_ml == pytest.approx(expected, rel=0.01)


def test_the_lungs_of_the_phantom_have_the_volume_that_is_known(tmp_path):
    volume, made = phantom_volume(tmp_path, matrix=128, slices=24, slice_spacing=4.0, tilt=15)
    lung = made.regions["lung"]
    mask = volume.with_values((volume.values > lung.above) & (volume.values < lung.below))
    assert hu.surface(mask).volume_ml == pytest.approx(lung.volume_ml, rel=0.03)
    shape = SimpleITK.LabelShapeStatisticsImageFilter()
    upright = hu.Volume(mask.values, np.array([[0, 0, 3, 0], [0, 3, 0, 0], [4, 0, 0, 0], [0, 0, 0, 1.0]]))
    shape.Execute(upright.to_sitk())
    assert hu.surface(upright).volume_ml * 1000 == pytest.approx(shape.GetPhysicalSize(1), rel=0.03)


def test_stl_has_normals_little_endian_and_no_one_in_its_header(tmp_path):
    volume, made = phantom_volume(tmp_path / "dicom")
    bone = volume.with_values(volume.values > 200)
    paths = [hu.write_stl(bone, tmp_path / f"{name}.stl").paths[0] for name in "ab"]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    header = paths[0].read_bytes()[:80]
    assert header.rstrip(b"\0") == b"hounsfield binary STL, LPS mm"
    assert not header.startswith(b"solid")
    normals, triangles = read_stl(paths[0])
    across = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    area = np.linalg.norm(across, axis=1)
    big = area > 1e-3
    np.testing.assert_allclose(normals[big], across[big] / area[big, None], atol=1e-3)
    low, high = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
    lps = bone.to_lps(np.argwhere(bone.values))
    assert (low >= lps.min(axis=0) - 10).all()
    assert (high <= lps.max(axis=0) + 10).all()


def test_smoothing_takes_away_the_steps():
    mask = ball(12.0)
    rough, smooth = hu.surface(mask), hu.surface(mask, smoothing=1.0)
    sphere = 4 * np.pi * 12**2
    assert abs(smooth.area_mm2 - sphere) < abs(rough.area_mm2 - sphere)
    assert smooth.steps[-1].detail.startswith("blurred by 1 mm")


def test_what_has_no_surface_is_refused(tmp_path, monkeypatch):
    empty = hu.Volume(np.zeros((3, 4, 5), bool), np.eye(4))
    one = empty.with_values(np.arange(60).reshape(3, 4, 5) == 30)
    with pytest.raises(hu.GeometryError, match="the mask is empty: there is no surface"):
        hu.surface(empty)
    with pytest.raises(hu.GeometryError, match="the mask is empty after smoothing"):
        hu.surface(one, smoothing=3.0)
    with pytest.raises(hu.GeometryError, match="not known"):
        hu.surface(hu.Volume(one.values))
    with pytest.raises(TypeError, match="bool"):
        hu.surface(hu.Volume(np.zeros((3, 4, 5)), np.eye(4)))
    with pytest.raises(ValueError, match="smoothing"):
        hu.surface(one, smoothing=-1.0)
    with pytest.raises(ValueError, match="applies to masks"):
        hu.write_stl(hu.surface(one), tmp_path / "x.stl", smoothing=1.0)
    with pytest.raises(ValueError, match="ends with"):
        hu.write_stl(one, tmp_path / "x.obj")
    monkeypatch.setitem(sys.modules, "skimage.measure", None)
    with pytest.raises(hu.MissingDependencyError, match=r'pip install "hounsfield\[surfaces\]"'):
        hu.surface(one)
    assert list(tmp_path.iterdir()) == []
