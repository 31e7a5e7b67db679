"""What the server says and sends of planes that lie anywhere in a volume: the library's planes."""

import json

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.geometry import image_plane

from viewing import shown

PHANTOMS = {
    "straight": {},
    "oblique": {"orientation": "oblique"},
    "tilted": {"tilt": 20},
    "oblique tilted": {"orientation": "oblique", "tilt": -15},
}
PLANES = ["axial", "coronal", "sagittal"]
#: Directions at right angles that are no axes of any of these volumes.
TURNED = [0.9, 0.3, np.sqrt(0.1), -0.3162277660168379, 0.9486832980505138, 0.0]


@pytest.fixture(scope="module", params=PHANTOMS)
def series(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    hu.phantom(folder, **({"matrix": 40, "slices": 8, "slice_spacing": 3.0} | PHANTOMS[request.param]))
    (volume,) = hu.read_volumes(folder)
    with shown(folder) as page:
        yield volume, page, page.state()["items"][0]["id"]


def query(cosines, **more):
    row, column = (",".join(map(repr, map(float, part))) for part in (cosines[:3], cosines[3:]))
    return "&".join(f"{name}={value}" for name, value in {"row": row, "column": column, **more}.items())


def same(sent, wanted):
    assert sent.shape == wanted.shape
    return np.allclose(sent, wanted, rtol=0, atol=2e-3)


def test_oblique_planes_are_those_of_reformat(series):
    volume, page, name = series
    wanted = volume.reformat(TURNED)
    said = page.json(f"items/{name}/oblique?{query(TURNED)}")
    assert tuple(said["shape"]) == wanted.shape
    assert np.allclose(said["affine"], wanted.affine, rtol=0, atol=1e-9)
    assert said["interpolated"]
    assert [said["orientation"][which] for which in ("row", "column")] == [
        pytest.approx(TURNED[:3], abs=1e-9),
        pytest.approx(TURNED[3:], abs=1e-9),
    ]
    for index in (0, len(wanted) // 3, len(wanted) // 2, len(wanted) - 1):
        assert same(page.values(f"items/{name}/oblique/{index}?{query(TURNED)}"), wanted[index].values)
    assert page.get(f"items/{name}/oblique/{len(wanted)}?{query(TURNED)}").status_code == 404


def test_a_plane_goes_through_a_point_and_says_where_it_lies(series):
    volume, page, name = series
    point = tuple(float(v) for v in (volume.affine @ [3.3, 17.2, 22.9, 1])[:3])
    asked = query(TURNED, through=",".join(map(repr, point)))
    answer = page.get(f"items/{name}/oblique/through?{asked}")
    said = json.loads(answer.headers["X-Plane"])
    spacing = volume.reformat(TURNED).spacing
    wanted = volume.reformat(image_plane(point, TURNED, spacing[1:]))
    assert tuple(said["shape"]) == wanted.shape
    assert np.allclose(said["affine"], wanted.affine, rtol=0, atol=1e-9)
    at = np.linalg.solve(np.array(said["affine"]), [*point, 1])[:3]
    assert np.allclose(at, np.rint(at), atol=1e-6)
    assert said["index"] == round(at[0])
    assert same(page.values(f"items/{name}/oblique/through?{asked}"), wanted[said["index"]].values)
    assert same(page.values(f"items/{name}/oblique/{said['index']}?{asked}"), wanted[said["index"]].values)


def test_a_plane_of_larger_pixels_is_that_of_reformat(series):
    volume, page, name = series
    point = tuple(float(v) for v in (volume.affine @ [4, 20, 20, 1])[:3])
    asked = query(TURNED, through=",".join(map(repr, point)), every=3)
    said = json.loads(page.get(f"items/{name}/oblique/through?{asked}").headers["X-Plane"])
    spacing = [3 * mm for mm in volume.reformat(TURNED).spacing[1:]]
    wanted = volume.reformat(image_plane(point, TURNED, spacing))
    assert said["pixel_spacing"] == pytest.approx(spacing)
    assert same(page.values(f"items/{name}/oblique/through?{asked}"), wanted[said["index"]].values)


def test_what_lies_beyond_the_volume_is_padding_and_said_so(series):
    volume, page, name = series
    wanted = volume.reformat(TURNED)
    index = len(wanted) // 2
    answer = page.get(f"items/{name}/oblique/{index}?{query(TURNED)}")
    rows, columns = wanted.shape[1:]
    assert answer.headers["X-Padding"] == "bits"
    size = rows * columns
    bits = np.unpackbits(np.frombuffer(answer.content[4 * size :], np.uint8), count=size, bitorder="little")
    assert answer.headers["X-Dtype"] == "float32"
    assert np.array_equal(bits.reshape(rows, columns).astype(bool), wanted.padding[index])
    said = page.json(f"items/{name}/oblique?{query(TURNED)}")
    assert f"{wanted.padding[index].sum()} voxels are padding, value -1024" in said["steps"][-1]["detail"]
    assert [step["name"] for step in said["steps"]] == [step.name for step in wanted.steps]


def test_axes_of_the_acquisition_give_its_own_slices(series):
    volume, page, name = series
    said = page.json(f"items/{name}/axes")
    assert said["sheared"] == volume.is_sheared
    assert said["differ"] == (volume.reformat("axial").affine[:3, :3].tolist() != volume.affine[:3, :3].tolist())
    flat = volume.rectified()
    for plane in PLANES:
        wanted = flat.reorder(plane)
        described = page.json(f"items/{name}/oblique?{query(said['own'][plane])}")
        assert tuple(described["shape"]) == wanted.shape
        assert np.allclose(described["affine"], wanted.affine, rtol=0, atol=1e-6)
        for index in (0, len(wanted) // 2):
            assert same(page.values(f"items/{name}/oblique/{index}?{query(said['own'][plane])}"), wanted[index].values)


@pytest.mark.parametrize("plane", PLANES)
def test_a_rectified_volume_is_cut_on_demand(series, plane):
    volume, page, name = series
    wanted = volume.rectified().reformat(plane)
    said = page.json(f"items/{name}/planes/{plane}?rectified=1")
    assert np.allclose(said["affine"], wanted.affine, rtol=0, atol=1e-9)
    (step,) = [step for step in said["steps"] if step["name"] == "rectify"]
    assert step["outcome"] == ("done" if volume.is_sheared else "not done")
    index = len(wanted) // 2
    assert same(page.values(f"items/{name}/planes/{plane}/{index}?rectified=1"), wanted[index].values)


@pytest.mark.long
@pytest.mark.parametrize("how", ["max", "min", "mean"])
@pytest.mark.parametrize("plane", [*PLANES, "turned"])
def test_slabs_in_every_plane_are_those_of_project(series, plane, how):
    volume, page, name = series
    wanted = volume.project(how, plane if plane in PLANES else TURNED, slab=30)
    stack = volume.reformat(plane if plane in PLANES else TURNED)
    thick = round(30 / stack.spacing_between_slices)
    thick = min(thick, len(stack))
    assert thick > 1
    for number in range(0, len(wanted), max(1, len(wanted) // 3)):
        index = number * thick + (thick - 1) // 2
        end = f"slab=30&how={how}"
        address = f"planes/{plane}/{index}?{end}" if plane in PLANES else f"oblique/{index}?{query(TURNED)}&{end}"
        assert same(page.values(f"items/{name}/{address}"), wanted[number].values)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "row=1,0,0",
        "row=1,0,0&column=0,1",
        "row=1,0,0&column=1,0,0",
        "row=2,0,0&column=0,1,0",
        "row=1,0,0&column=0.1,1,0",
        "row=nan,0,0&column=0,1,0",
        "row=1,0,0&column=0,inf,0",
        "row=x,0,0&column=0,1,0",
        "row=1,0,0&column=0,1,0&through=1e9,0,0",
        "row=1,0,0&column=0,1,0&through=1,2",
        "row=1,0,0&column=0,1,0&every=0",
        "row=1,0,0&column=0,1,0&every=100",
        "row=1,0,0&column=0,1,0&every=-1",
    ],
)
def test_directions_that_are_none_are_refused(series, asked):
    _, page, name = series
    for frame in ("", "/0", "/through"):
        answer = page.get(f"items/{name}/oblique{frame}?{asked}")
        assert answer.status_code == 400 and answer.json()["error"]


def test_a_point_beyond_the_volume_has_no_slice(series):
    _, page, name = series
    asked = query([1, 0, 0, 0, 1, 0], through="0,0,99999")
    assert page.get(f"items/{name}/oblique/through?{asked}").status_code == 404


def test_a_picture_has_no_oblique_planes(tmp_path):
    hu.phantom(tmp_path, matrix=32, slices=1)
    with shown(tmp_path) as page:
        (item,) = page.state()["items"]
        answer = page.get(f"items/{item['id']}/oblique?{query([1, 0, 0, 0, 1, 0])}")
        assert answer.status_code == (200 if item["kind"] == "volume" else 404)
