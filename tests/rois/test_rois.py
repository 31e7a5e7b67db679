"""`read_rois`: outlines and masks of other programs, on the grid of an image."""

import gzip
import io
import json
import tracemalloc
import zipfile

import nibabel
import numpy as np
import pydicom
import pytest
import roifile
from matplotlib.path import Path as Outline
from PIL import Image as Picture
from skimage import draw

import hounsfield as hu
from hounsfield.recipes.masking import Masking
from hounsfield.recipes.measured_regions import MeasuredRegion, masks_of

ROWS, COLUMNS = 40, 50


def image(**options):
    values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    return hu.Image(values, unit="HU", pixel_spacing=(1.0, 1.0), spacing_kind="patient", **options)


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def grid():
    """x and y of the pixels' centres."""
    rows, columns = np.indices((ROWS, COLUMNS))
    return columns, rows


# ---- JSON


TRIANGLE = [[5.2, 3.1], [30.7, 8.4], [12.3, 33.3]]


def inside(points, shift=0.0):
    columns, rows = grid()
    centers = np.stack([columns.ravel(), rows.ravel()], axis=1) + shift
    return Outline(points).contains_points(centers).reshape(ROWS, COLUMNS)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (TRIANGLE, "drawn"),
        ({"points": TRIANGLE}, "drawn"),
        ({"points": TRIANGLE, "name": "liver"}, "liver"),
        ([{"points": TRIANGLE, "name": "liver"}], "liver"),
        ({"type": "Polygon", "coordinates": [[*TRIANGLE, TRIANGLE[0]]]}, "drawn"),
        (
            {
                "type": "Feature",
                "properties": {"name": "liver"},
                "geometry": {"type": "Polygon", "coordinates": [TRIANGLE]},
            },
            "liver",
        ),
        (
            {
                "type": "FeatureCollection",
                "features": [
                    {
                        "type": "Feature",
                        "properties": {"classification": {"name": "liver"}},
                        "geometry": {"type": "MultiPolygon", "coordinates": [[TRIANGLE]]},
                    }
                ],
            },
            "liver",
        ),
    ],
)
def test_polygons_of_json_are_those_of_matplotlib(document, name, tmp_path):
    masks = hu.read_rois(written(tmp_path / "drawn.json", document), image())
    assert list(masks) == [name]
    assert np.array_equal(masks[name].values, inside(TRIANGLE))
    assert masks[name].steps[-1].detail == f"{name}, JSON file drawn.json"


def test_a_hole_is_outside(tmp_path):
    square, hole = (
        [[2.5, 2.5], [30.5, 2.5], [30.5, 30.5], [2.5, 30.5]],
        [[9.5, 9.5], [15.5, 9.5], [15.5, 15.5], [9.5, 15.5]],
    )
    mask = hu.read_rois(written(tmp_path / "a.json", {"type": "Polygon", "coordinates": [square, hole]}), image())["a"]
    assert np.count_nonzero(mask.values) == 28 * 28 - 6 * 6


def test_equal_names_are_told_apart(tmp_path):
    other = {"points": [[1, 1], [4, 1], [1, 4]], "name": "a"}
    assert list(hu.read_rois(written(tmp_path / "x.json", [other, other, other]), image())) == ["a", "a (2)", "a (3)"]


@pytest.mark.parametrize(
    "document",
    [
        [], {}, 3, [[1, 2], [3, 4]], [[1, 2, 3]] * 4, [["a", "b"]] * 3, [[1, 2], [3], [4, 5]], [[True, False]] * 3,
        {"type": "Point", "coordinates": [1, 2]}, {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": [3]}, {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}},
        {"type": "Feature", "geometry": None}, {"type": "Polygon", "coordinates": []}, {"type": "Polygon", "coordinates": [3]},
        {"type": "MultiPolygon", "coordinates": [3]}, {"points": "text"}, b"[[1, 2], [3, 4], [5, NaN]]", b"[" * 100_000, b"[1, 2",
        b"[[1, 2], [3, 4], [5, 1e999]]", [[1e300, 1], [5, 5], [-1e300, 9]], [[10**400, 1], [5, 5], [1, 9]], [{"points": [[1, 2]] * 3}, 5],
    ],
)  # fmt: skip
def test_what_is_no_outline_is_an_error_of_its_format(document, tmp_path):
    with pytest.raises(hu.FormatError):
        hu.read_rois(written(tmp_path / "a.json", document), image())


def test_outlines_have_bounds(tmp_path, monkeypatch):
    with pytest.raises(hu.LimitExceededError):
        hu.read_rois(written(tmp_path / "a.json", [[0, 1]] * 100_001), image())
    zigzag = [[x % 50, 0 if x % 2 else 39] for x in range(90_000)]
    with pytest.raises(hu.LimitExceededError, match="too costly"):
        hu.read_rois(written(tmp_path / "a.json", zigzag), image())


def test_an_outline_outside_of_the_image_is_an_error_and_one_partly_outside_is_said(tmp_path):
    with pytest.raises(hu.GeometryError, match="has no pixel of the image"):
        hu.read_rois(written(tmp_path / "a.json", [[90, 90], [99, 90], [90, 99]]), image())
    mask = hu.read_rois(written(tmp_path / "a.json", [[-9, 5], [9, 5], [9, 9]]), image())["a"]
    assert [step.name for step in mask.steps] == ["region", "beyond the image"]


# ---- ImageJ


def roi(path, points, name="", **attributes):
    made = roifile.ImagejRoi.frompoints(np.asarray(points), name=name or None)
    for key, value in attributes.items():
        setattr(made, key, value)
    return written(path, made.tobytes())


def box(kind, left, top, right, bottom, **attributes):
    made = roifile.ImagejRoi()
    made.roitype, made.left, made.top, made.right, made.bottom = kind, left, top, right, bottom
    for key, value in attributes.items():
        setattr(made, key, value)
    return made


def test_a_polygon_of_imagej_counts_from_the_corner_of_the_first_pixel(tmp_path):
    # As ImageJ does, roifile writes the corners of pixels: half a pixel before their centres.
    (mask,) = hu.read_rois(roi(tmp_path / "a.roi", TRIANGLE), image()).values()
    assert np.array_equal(mask.values, inside(np.asarray(TRIANGLE, np.float32), shift=0.5))


def test_a_rectangle_of_imagej_has_its_width_and_height(tmp_path):
    path = written(tmp_path / "r.roi", box(roifile.ROI_TYPE.RECT, 7, 4, 17, 24).tobytes())
    rows, columns = np.nonzero(hu.read_rois(path, image())["r"].values)
    assert (columns.min(), columns.max(), rows.min(), rows.max(), len(rows)) == (7, 16, 4, 23, 200)


def test_an_oval_of_imagej_is_an_ellipse(tmp_path):
    """ImageJ's rule (OvalRoi.getMask): the centre of the pixel is within the ellipse."""
    path = written(tmp_path / "o.roi", box(roifile.ROI_TYPE.OVAL, 7, 4, 17, 24).tobytes())
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[draw.ellipse(4 + 10 - 0.5, 7 + 5 - 0.5, 10, 5, shape=(ROWS, COLUMNS))] = True
    assert np.array_equal(hu.read_rois(path, image())["o"].values, expected)


def test_the_roi_manager_has_many_regions_with_names(tmp_path):
    path = tmp_path / "RoiSet.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("first.roi", box(roifile.ROI_TYPE.RECT, 1, 1, 5, 5).tobytes())
        archive.writestr("second.roi", box(roifile.ROI_TYPE.OVAL, 7, 4, 17, 24, name="aorta").tobytes())
    masks = hu.read_rois(path, image())
    assert {name: np.count_nonzero(mask.values) for name, mask in masks.items()} == {"first": 16, "aorta": 160}


def test_a_region_of_a_frame_is_on_that_frame(tmp_path):
    path = written(tmp_path / "r.roi", box(roifile.ROI_TYPE.RECT, 1, 1, 5, 5, position=3).tobytes())
    several = hu.Image(np.zeros((4, ROWS, COLUMNS)))
    assert hu.read_rois(path, several)["r"].values.sum(axis=(1, 2)).tolist() == [0, 0, 16, 0]
    assert np.count_nonzero(hu.read_rois(path, image())["r"].values) == 16
    with pytest.raises(hu.GeometryError, match="frame 2, and there are 2"):
        hu.read_rois(path, hu.Image(np.zeros((2, ROWS, COLUMNS))))
    with pytest.raises(hu.GeometryError, match="whose order the file does not say"):
        hu.read_rois(path, hu.Volume(np.zeros((4, ROWS, COLUMNS))))


@pytest.mark.parametrize("kind", ["LINE", "POLYLINE", "FREELINE", "ANGLE", "POINT"])
def test_shapes_without_an_area_are_refused(kind, tmp_path):
    made = roifile.ImagejRoi.frompoints(np.asarray(TRIANGLE))
    made.roitype = roifile.ROI_TYPE[kind]
    with pytest.raises(hu.FormatError, match="which has no area"):
        hu.read_rois(written(tmp_path / "a.roi", made.tobytes()), image())


def test_damaged_regions_of_imagej_are_errors_of_their_format(tmp_path):
    data = roifile.ImagejRoi.frompoints(np.asarray(TRIANGLE)).tobytes()
    rng = np.random.default_rng(1)
    for count in range(300):
        broken = bytearray(data[: int(rng.integers(4, len(data)))] if count % 2 else data)
        for _ in range(3):
            broken[int(rng.integers(4, len(broken)))] = int(rng.integers(256)) if len(broken) > 5 else 0
        try:
            hu.read_rois(written(tmp_path / "a.roi", bytes(broken)), image())
        except (hu.FormatError, hu.GeometryError, hu.LimitExceededError):
            pass


# ---- masks


def mask_values():
    values = np.zeros((ROWS, COLUMNS), np.uint8)
    values[10:20, 5:12] = 1
    return values


def npy(values):
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


@pytest.mark.parametrize("scale", [1, 255])
def test_a_mask_as_png_and_npy(scale, tmp_path):
    values = mask_values() * np.uint8(scale)
    Picture.fromarray(values).save(tmp_path / "m.png")
    Picture.fromarray(np.repeat(values[..., None], 3, 2)).save(tmp_path / "rgb.png")
    np.save(tmp_path / "m.npy", values)
    np.save(tmp_path / "f.npy", np.asfortranarray(values.astype(float)))
    np.save(tmp_path / "b.npy", values > 0)
    np.savez_compressed(tmp_path / "z.npz", mask=values > 0)
    for name in ("m.png", "rgb.png", "m.npy", "f.npy", "b.npy", "z.npz"):
        ((called, mask),) = hu.read_rois(tmp_path / name, image()).items()
        assert called == name.partition(".")[0]
        assert np.array_equal(mask.values, mask_values() > 0), name


def test_labels_are_a_region_each(tmp_path):
    values = mask_values()
    values[30:33, 30:33] = 7
    np.save(tmp_path / "organs.npy", values)
    masks = hu.read_rois(tmp_path / "organs.npy", image())
    assert {name: np.count_nonzero(mask.values) for name, mask in masks.items()} == {"organs 1": 70, "organs 7": 9}


def test_a_mask_of_one_frame_is_of_each(tmp_path):
    np.save(tmp_path / "m.npy", mask_values())
    assert hu.read_rois(tmp_path / "m.npy", hu.Volume(np.zeros((3, ROWS, COLUMNS))))["m"].values.sum() == 210
    three = np.zeros((3, ROWS, COLUMNS), bool)
    three[1] = mask_values()
    np.save(tmp_path / "m.npy", three)
    assert np.array_equal(hu.read_rois(tmp_path / "m.npy", hu.Image(np.zeros((3, ROWS, COLUMNS))))["m"].values, three)


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (npy(np.ones((ROWS, 3))), hu.GeometryError, "columns"),
        (npy(np.ones((2, ROWS, COLUMNS))), hu.GeometryError, "frames"),
        (npy(np.zeros((ROWS, COLUMNS))), hu.FormatError, "empty"),
        (npy(np.full((ROWS, COLUMNS), 0.5)), hu.FormatError, "fractions"),
        (npy(np.full((ROWS, COLUMNS), np.nan)), hu.FormatError, "fractions"),
        (npy(np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)), hu.FormatError, "not a mask"),
        (npy(np.array([[object()]], object)), hu.FormatError, "no mask"),
        (npy(np.ones((ROWS, COLUMNS)))[:-9], hu.FormatError, "cut off"),
        (npy(np.ones((1, 1))).replace(b"(1, 1)", b"(1000000000, 1000000000)"), hu.GeometryError, "columns"),
        (b"\x93NUMPY", hu.FormatError, "NPY"),
        (b"\x89PNG\r\n\x1a\n", hu.FormatError, "PNG"),
        (b"PK\x03\x04 nothing", hu.FormatError, "zip"),
        (b"Iout", hu.FormatError, "damaged"),
        (b"\x1f\x8b nothing", hu.FormatError, "NIfTI"),
        (gzip.compress(b"hello", mtime=0), hu.FormatError, "NIfTI"),
        (b"", hu.FormatError, "nothing that regions are read from"),
        (b"Dear colleague", hu.FormatError, "GeoJSON"),
    ],
)  # fmt: skip
def test_what_is_no_mask_is_a_typed_error(content, error, said, tmp_path):
    with pytest.raises(error, match=said) as raised:
        hu.read_rois(written(tmp_path / "m", content), image())
    assert str(tmp_path / "m") in str(raised.value)


def test_a_colour_picture_is_no_mask(tmp_path):
    Picture.fromarray(np.random.default_rng(1).integers(0, 255, (ROWS, COLUMNS, 3), np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(hu.FormatError, match="colours"):
        hu.read_rois(tmp_path / "m.png", image())


def test_a_missing_file_is_a_source_error(tmp_path):
    with pytest.raises(hu.SourceError):
        hu.read_rois(tmp_path / "nowhere.roi", image())


# ---- in the patient


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    hu.phantom(folder / "ct", matrix=48, slices=9, slice_spacing=4.0)
    return folder, hu.read_volumes(folder / "ct")[0]


def bone(volume):
    return hu.mask(volume, tissue="bone")


def test_nifti_in_any_orientation_comes_back_to_its_volume(study):
    folder, volume = study
    mask = bone(volume)
    whole = mask.to_nibabel()
    data, affine = np.asarray(whole.dataobj), whole.affine
    for codes in ("LPS", "RAS", "SAL", "PIR"):
        turn = nibabel.orientations.axcodes2ornt(codes)
        turned = nibabel.Nifti1Image(data, affine).as_reoriented(
            nibabel.orientations.ornt_transform(nibabel.io_orientation(affine), turn)
        )
        for name in ("m.nii", "m.nii.gz"):
            nibabel.save(turned, folder / name)
            (read,) = hu.read_rois(folder / name, volume).values()
            assert np.array_equal(read.values, mask.values), (codes, name)
    second = nibabel.Nifti2Image(data, affine)
    nibabel.save(second, folder / "two.nii")
    assert np.array_equal(hu.read_rois(folder / "two.nii", volume)["two"].values, mask.values)


def test_a_part_of_a_grid_is_put_in_its_place_and_what_is_beyond_is_said(study):
    folder, volume = study
    mask = bone(volume)
    nibabel.save(mask.crop(slices=(2, 6), rows=(3, 40)).to_nibabel(), folder / "part.nii")
    (read,) = hu.read_rois(folder / "part.nii", volume).values()
    expected = np.zeros_like(mask.values)
    expected[2:6, 3:40] = mask.values[2:6, 3:40]
    assert np.array_equal(read.values, expected)
    nibabel.save(mask.to_nibabel(), folder / "all.nii")
    (read,) = hu.read_rois(folder / "all.nii", volume[2:6]).values()
    assert np.array_equal(read.values, mask.values[2:6])
    assert read.steps[-1].name == "beyond the image"
    (read,) = hu.read_rois(folder / "all.nii", volume[4]).values()
    assert np.array_equal(read.values, mask.values[4])


def test_other_voxels_are_refused(study):
    folder, volume = study
    nibabel.save(
        volume.resample(3.0).with_values(np.ones(volume.resample(3.0).shape, bool)).to_nibabel(), folder / "o.nii"
    )
    with pytest.raises(hu.GeometryError, match="other voxels"):
        hu.read_rois(folder / "o.nii", volume)
    shifted = bone(volume).to_nibabel()
    moved = shifted.affine.copy()
    moved[0, 3] += 0.4 * volume.spacing[2]
    nibabel.save(nibabel.Nifti1Image(np.asarray(shifted.dataobj), moved), folder / "s.nii")
    with pytest.raises(hu.GeometryError, match="between the voxels"):
        hu.read_rois(folder / "s.nii", volume)


def test_segments_of_a_seg_come_to_their_volume_slices_and_files(study):
    folder, volume = study
    masks = {"bone": bone(volume), "lung": hu.mask(volume, tissue="lung")}
    hu.write_seg(masks, folder / "s.dcm", force=True)
    read = hu.read_rois(folder / "s.dcm", volume)
    assert list(read) == ["bone", "lung"]
    for name, mask in masks.items():
        assert np.array_equal(read[name].values, mask.values)
    one = hu.read_rois(folder / "s.dcm", volume[3])
    assert np.array_equal(one["lung"].values, masks["lung"].values[3])
    file = hu.read(volume.sources[3].path)
    assert np.array_equal(hu.read_rois(folder / "s.dcm", file)["bone"].values, masks["bone"].values[3])


def test_an_npz_of_ours_comes_back(study):
    folder, volume = study
    hu.write_npz(bone(volume), folder / "m.npz", force=True)
    assert np.array_equal(hu.read_rois(folder / "m.npz", volume)["m"].values, bone(volume).values)
    assert np.array_equal(hu.read_rois(folder / "m.npz", volume[1:3])["m"].values, bone(volume).values[1:3])


def test_dicom_that_is_no_segmentation_is_refused(study):
    _, volume = study
    with pytest.raises(hu.FormatError, match="no segmentation"):
        hu.read_rois(volume.sources[0].path, volume)


def test_a_tilted_volume_has_its_masks_back(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=6, tilt=15)
    volume = hu.read_volumes(tmp_path / "ct")[0]
    hu.write_nifti(bone(volume), tmp_path / "m.nii.gz")
    hu.write_seg(bone(volume), tmp_path / "s.dcm")
    for name in ("m.nii.gz", "s.dcm"):
        (read,) = hu.read_rois(tmp_path / name, volume).values()
        assert np.array_equal(read.values, bone(volume).values), name


# ---- segmentations of other slices, and images of one frame


def box_of(volume, slices):
    values = np.zeros(volume.shape, bool)
    values[slices, 10:20, 12:30] = True
    return volume.with_values(values, hu.Step("drawn", "a box"), unit="", padding=None)


@pytest.fixture(scope="module")
def stacks(tmp_path_factory):
    """Slices that are 2.5 mm and 5 mm thick, from the same first position; a box in a segmentation of each."""
    folder = tmp_path_factory.mktemp("stacks")
    volumes = {}
    for name, between, count in (("thin", 2.5, 9), ("thick", 5.0, 5)):
        hu.phantom(folder / name, matrix=48, slices=count, slice_spacing=between)
        for path in (folder / name).iterdir():  # two reconstructions of one acquisition
            header = pydicom.dcmread(path)
            header.FrameOfReferenceUID = "2.25.1"
            header.save_as(path)
        volumes[name] = hu.read_volumes(folder / name)[0]
        hu.write_seg(box_of(volumes[name], slice(1, 4)), folder / f"{name}.dcm")
    return folder, volumes


@pytest.mark.parametrize(("segmentation", "onto"), [("thick", "thin"), ("thin", "thick")])
def test_a_segmentation_of_thicker_or_thinner_slices_is_of_other_voxels(segmentation, onto, stacks):
    folder, volumes = stacks
    with pytest.raises(hu.GeometryError, match="other voxels|between the voxels"):
        hu.read_rois(folder / f"{segmentation}.dcm", volumes[onto])


@pytest.mark.parametrize("keep", [("SpacingBetweenSlices",), ("SliceThickness",), ()])
def test_a_segmentation_of_one_slice_is_as_thick_as_it_says(keep, stacks, tmp_path):
    folder, volumes = stacks
    hu.write_seg(box_of(volumes["thick"], slice(2, 3)).crop(slices=(2, 3)), tmp_path / "one.dcm")
    dataset = pydicom.dcmread(tmp_path / "one.dcm")
    (measures,) = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    measures.SpacingBetweenSlices = measures.SliceThickness = 5
    for keyword in {"SpacingBetweenSlices", "SliceThickness"} - set(keep):
        delattr(measures, keyword)
    dataset.save_as(tmp_path / "one.dcm")
    if keep:
        with pytest.raises(hu.GeometryError, match="other voxels"):
            hu.read_rois(tmp_path / "one.dcm", volumes["thin"])
        (mask,) = hu.read_rois(tmp_path / "one.dcm", volumes["thick"]).values()
    else:
        with pytest.warns(hu.AssumptionWarning, match="as thick as the slices of the volume"):
            (mask,) = hu.read_rois(tmp_path / "one.dcm", volumes["thick"]).values()
    assert np.array_equal(mask.values, box_of(volumes["thick"], slice(2, 3)).values)


def without_empty_frames(path):
    """Leave the frames of a segmentation out that have no pixel, as other programs do."""
    dataset = pydicom.dcmread(path)
    frames, groups = dataset.pixel_array, dataset.PerFrameFunctionalGroupsSequence
    kept = [index for index, frame in enumerate(frames) if frame.any()]
    assert len(kept) < len(frames)
    dataset.PerFrameFunctionalGroupsSequence = [groups[index] for index in kept]
    dataset.NumberOfFrames = len(kept)
    dataset.PixelData = np.packbits(frames[kept].ravel(), bitorder="little").tobytes()
    for group in dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence:
        del group.SpacingBetweenSlices
    dataset.save_as(path)


def test_empty_slices_that_were_left_out_stay_empty(stacks, tmp_path):
    _, volumes = stacks
    expected = box_of(volumes["thin"], slice(1, 8, 3))
    hu.write_seg(expected, tmp_path / "gaps.dcm")
    without_empty_frames(tmp_path / "gaps.dcm")
    (mask,) = hu.read_rois(tmp_path / "gaps.dcm", volumes["thin"]).values()
    assert np.array_equal(mask.values, expected.values)


def test_a_segmentation_comes_to_a_volume_that_was_turned_mirrored_or_cut(stacks):
    folder, volumes = stacks
    volume, mask = volumes["thin"], box_of(volumes["thin"], slice(1, 4))
    for change in (
        lambda grid: grid.reformat("coronal"),
        lambda grid: grid.reformat("sagittal"),
        lambda grid: grid.flip("row"),
        lambda grid: grid.flip("slice"),
        lambda grid: grid.crop(slices=(2, 7), rows=(12, 40)),
    ):
        (read,) = hu.read_rois(folder / "thin.dcm", change(volume)).values()
        assert np.array_equal(read.values, change(mask).values)
        one = change(volume)[len(change(volume)) // 3]
        if change(mask)[len(change(volume)) // 3].values.any():
            (read,) = hu.read_rois(folder / "thin.dcm", one).values()
            assert np.array_equal(read.values, change(mask)[len(change(volume)) // 3].values)


def test_a_single_image_takes_the_slice_in_its_plane(stacks):
    folder, volumes = stacks
    for index in (1, 3):
        image = hu.read(volumes["thin"].sources[index].path)
        (read,) = hu.read_rois(folder / "thin.dcm", image).values()
        assert np.array_equal(read.values, box_of(volumes["thin"], slice(1, 4)).values[index])
    with pytest.raises(hu.GeometryError, match="has no pixel"):
        hu.read_rois(folder / "thin.dcm", hu.read(volumes["thin"].sources[6].path))
    with pytest.raises(hu.GeometryError, match="between the voxels"):  # at -2.5 mm, between -5 and 0 mm
        hu.read_rois(folder / "thick.dcm", hu.read(volumes["thin"].sources[3].path))


def test_a_segmentation_comes_to_the_images_that_it_was_made_from(corpus):
    """24 x 38 x 3 pixels of dcmqi's tests, 2.5 mm apart: one segment, as files and as one file of three frames."""
    folder = corpus / "dcmqi/segmentations/24x38x3"
    (segment,) = hu.segments(folder / "seg/label.seg")
    (read,) = hu.read_rois(folder / "seg/label.seg", hu.read(folder / "multiframe/mf.dcm", values="stored")).values()
    assert np.array_equal(read.values, segment.mask.values)
    assert [bool(frame.any()) for frame in segment.mask.values] == [False, True, False]
    image = hu.read(folder / "image/IMG0002.dcm", values="stored")
    (read,) = hu.read_rois(folder / "seg/label.seg", image).values()
    assert np.array_equal(read.values, segment.mask.values[1])


# ---- NIfTI's units and forms


@pytest.mark.parametrize(("unit", "of_mm"), [("meter", 1e-3), ("mm", 1.0), ("micron", 1e3), ("unknown", 1.0)])
def test_units_of_nifti_are_those_of_its_header(unit, of_mm, study, tmp_path):
    _, volume = study
    mask = bone(volume)
    whole = mask.to_nibabel()
    affine = whole.affine.copy()
    affine[:3] *= of_mm
    made = nibabel.Nifti1Image(np.asarray(whole.dataobj), affine)
    made.header.set_xyzt_units(unit)
    nibabel.save(made, tmp_path / "m.nii")
    assert np.array_equal(hu.read_rois(tmp_path / "m.nii", volume)["m"].values, mask.values)
    assert hu.read_grid(tmp_path / "m.nii").spacing == pytest.approx(volume.spacing, rel=1e-5)


def test_forms_of_nifti_that_differ_are_said(study, tmp_path):
    """nibabel takes the sform, FSL too; SimpleITK the qform unless the sform's code is 1."""
    _, volume = study
    mask = bone(volume)
    whole = mask.to_nibabel()
    other = whole.affine.copy()
    other[2, 3] += 5
    made = nibabel.Nifti1Image(np.asarray(whole.dataobj), whole.affine)
    made.set_sform(whole.affine, code=2)
    made.set_qform(other, code=1)
    nibabel.save(made, tmp_path / "m.nii")
    with pytest.warns(hu.AssumptionWarning, match="differ by up to 5 mm; the sform is taken"):
        (read,) = hu.read_rois(tmp_path / "m.nii", volume).values()
    assert np.array_equal(read.values, mask.values)
    assert read.steps[-1].outcome == "assumed"
    with pytest.warns(hu.AssumptionWarning, match="the sform is taken"):
        grid = hu.read_grid(tmp_path / "m.nii")
    assert grid.affine == pytest.approx(volume.affine, abs=1e-3)
    made.set_sform(whole.affine, code=0)
    made.set_qform(whole.affine, code=1)
    nibabel.save(made, tmp_path / "q.nii")
    assert np.array_equal(hu.read_rois(tmp_path / "q.nii", volume)["q"].values, mask.values)


# ---- what a small file may cost


def peak_of(function):
    """The most memory, in bytes, that Python and numpy had allocated meanwhile."""
    tracemalloc.start()
    try:
        function()
    except hu.HounsfieldError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


def test_voxels_of_another_grid_are_refused_before_they_are_read(study, tmp_path):
    """20 MB of zeros take 20 kB when they are compressed."""
    _, volume = study
    large = np.zeros((20, 1000, 1000), np.uint8)
    large[0, 0, 0] = 1
    affine = volume.affine @ np.diag([1.0, 0.7, 1.0, 1.0])
    np.savez_compressed(tmp_path / "m.npz", mask=large, affine=affine)
    nibabel.save(nibabel.Nifti1Image(large.T, volume.to_nibabel().affine * [[0.7, 1, 1, 1]]), tmp_path / "m.nii.gz")
    np.savez_compressed(tmp_path / "shape.npz", mask=large)
    for name in ("m.npz", "m.nii.gz", "shape.npz"):
        with pytest.raises(hu.GeometryError):
            hu.read_rois(tmp_path / name, volume)
        assert peak_of(lambda name=name: hu.read_rois(tmp_path / name, volume)) < 4e6, name


def test_masks_of_whole_numbers_stay_small(study, tmp_path):
    _, volume = study
    large = np.zeros((20, 700, 1000), np.uint8)
    large[:9, :48, :48] = bone(volume).values
    np.savez_compressed(tmp_path / "m.npz", mask=large, affine=volume.affine)
    # The values, one label of them, and what reading needs meanwhile.
    assert peak_of(lambda: hu.read_rois(tmp_path / "m.npz", volume)) < 3.5 * large.nbytes
    (mask,) = hu.read_rois(tmp_path / "m.npz", volume).values()
    assert np.array_equal(mask.values, bone(volume).values)


def test_the_masks_of_a_file_together_have_a_bound(tmp_path):
    square = [{"points": [[1, 1], [4, 1], [1, 4]]}] * 50
    path = written(tmp_path / "a.json", square)
    assert len(hu.read_rois(path, image())) == 50
    with pytest.raises(hu.LimitExceededError, match="50 masks"):
        hu.read_rois(path, image(), limits=hu.Limits(image_bytes=49 * ROWS * COLUMNS))
    with pytest.raises(hu.LimitExceededError, match="50 masks"):
        hu.read_rois(path, hu.Volume(np.zeros((3, ROWS, COLUMNS))), limits=hu.Limits(volume_bytes=149 * ROWS * COLUMNS))
    values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS) % 51
    np.save(tmp_path / "labels.npy", values)
    with pytest.raises(hu.LimitExceededError, match="50 masks"):
        hu.read_rois(tmp_path / "labels.npy", image(), limits=hu.Limits(image_bytes=49 * ROWS * COLUMNS))


@pytest.mark.parametrize("command", ["stats", "mask"])
def test_the_command_makes_the_regions_of_a_file_one_at_a_time(command, tmp_path):
    """60 masks of 256 x 256 pixels are 3.9 MB."""
    hu.phantom(tmp_path / "ct", matrix=256, slices=1)
    (path,) = (tmp_path / "ct").iterdir()
    image = hu.read(path)
    many = [{"points": [[9, 9], [40 + at % 90, 9], [9, 40]], "name": str(at)} for at in range(60)]
    region = MeasuredRegion("roi", str(written(tmp_path / "a.json", many)))
    if command == "stats":
        assert peak_of(lambda: [hu.measure(image, mask).mean for *_, mask in masks_of([region], image, None)]) < 3e6
    else:
        assert peak_of(lambda: Masking(regions=(region,)).mask(image)) < 3e6
        expected = hu.union(*hu.read_rois(region.text, image).values())
        made = Masking(regions=(region,)).mask(image)
        assert np.array_equal(made.values, expected.values)
        assert made.steps == expected.steps


def test_an_atlas_has_more_labels_than_a_picture_has_shades(tmp_path):
    """TotalSegmentator's files have 117 labels; a picture without a place has as many shades, and is refused."""
    values = np.zeros((4, 20, 20), np.uint8)
    values[1, :10, :12] = np.arange(120).reshape(10, 12)
    volume = hu.Volume(np.zeros(values.shape, np.int16), np.diag([5.0, 2, 2, 1])[:, [2, 1, 0, 3]], unit="HU")
    atlas = volume.with_values(values, unit="")
    nibabel.save(atlas.to_nibabel(), tmp_path / "atlas.nii")
    found = hu.read_rois(tmp_path / "atlas.nii", volume)
    assert len(found) == 119
    assert sum(int(mask.values.sum()) for mask in found.values()) == 119
    np.save(tmp_path / "shades.npy", values)
    with pytest.raises(hu.FormatError, match="a picture, not a mask"):
        hu.read_rois(tmp_path / "shades.npy", volume)


def test_a_segmentation_of_another_space_is_refused(tmp_path):
    hu.phantom(tmp_path / "ct", matrix=32, slices=4)
    volume = hu.read_volumes(tmp_path / "ct")[0]
    hu.write_seg(hu.mask(volume, tissue="bone"), tmp_path / "seg.dcm")
    assert hu.read_rois(tmp_path / "seg.dcm", volume[2])
    header = pydicom.dcmread(tmp_path / "seg.dcm")
    header.FrameOfReferenceUID = "1.2.3.4"
    header.save_as(tmp_path / "other.dcm")
    for image in (volume, volume[2]):
        with pytest.raises(hu.GeometryError, match="frame of reference"):
            hu.read_rois(tmp_path / "other.dcm", image)


def test_an_affine_of_another_shape_is_no_place_that_could_be_left_out(tmp_path):
    volume = hu.Volume(np.zeros((2, 3, 4), np.int16), np.eye(4), unit="HU")
    np.savez(tmp_path / "m.npz", mask=np.ones((2, 3, 4), bool), affine=np.eye(3))
    with pytest.raises(hu.FormatError, match="affine is not 4 x 4"):
        hu.read_rois(tmp_path / "m.npz", volume)
