"""Files of many frames: the same volumes as the same slices in files of their own; doses, tomograms, segmentations."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from classes_enhanced import anatomy, enhanced, enhanced_ct, enhanced_mr, enhanced_pet, measures, plane, rescale

from made import dataset, to_bytes
from series_made import EXACT, accounted, ct, part

pytestmark = [
    pytest.mark.filterwarnings("ignore::hounsfield.AssumptionWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:pydicom"),
]


def write(path: Path, made: Dataset) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_bytes(made))
    return path


def only(folder: Path, count: int = 1) -> Any:
    volumes = hu.read_volumes(folder)
    assert len(volumes) == count
    return volumes[0] if count == 1 else list(volumes)


# ---------------------------------------------------------------- an independent maker: highdicom


@pytest.mark.parametrize(
    "options", [{}, {"tilt": 15}, {"orientation": "oblique"}, {"orientation": "sagittal"}], ids=str
)
@pytest.mark.parametrize("order", ["as they lie", "shuffled"])
def test_what_highdicom_converts_is_the_volume_of_its_slices(tmp_path, options, order):
    legacy = pytest.importorskip("highdicom.legacy", reason="highdicom is not installed")
    made = ct(tmp_path / "slices", matrix=32, **options)
    datasets = [pydicom.dcmread(path) for path in made.files]
    if order == "shuffled":
        random.Random(1).shuffle(datasets)
    for number, each in enumerate(datasets):
        each.RescaleIntercept = -1024 + number  # an intercept for each frame
        each.LossyImageCompression = "00"
        each.save_as(made.files[0].parent / f"{each.SOPInstanceUID}.dcm")
    for path in made.files:
        path.unlink()
    whole = legacy.LegacyConvertedEnhancedCTImage(
        datasets, series_instance_uid="1.2.3.4", series_number=5, sop_instance_uid="1.2.3.5", instance_number=1
    )
    (tmp_path / "whole").mkdir()
    whole.save_as(tmp_path / "whole" / "one.dcm")
    single, frames = only(tmp_path / "slices"), only(tmp_path / "whole")
    assert np.array_equal(single.values, frames.values)
    assert np.abs(single.affine - frames.affine).max() <= EXACT
    assert np.abs(single.affine - made.affine).max() <= EXACT
    assert (single.unit, single.frame_of_reference) == (frames.unit, frames.frame_of_reference)
    assert accounted(hu.read_volumes(tmp_path / "whole"), tmp_path / "whole") == {"volume": 1}


# ---------------------------------------------------------------- made ones of each kind


@pytest.mark.parametrize("maker", [enhanced_ct, enhanced_mr, enhanced_pet], ids=lambda maker: maker.__name__)
def test_an_enhanced_file_is_the_volume_of_its_frames(tmp_path, maker):
    made = maker()
    write(tmp_path / "one", made.dataset)
    volume = only(tmp_path)
    assert np.allclose(volume.values, made.values)
    assert volume.unit == made.unit
    assert np.abs([volume.to_lps((k, 0, 0)) for k in range(len(volume))] - np.array(made.positions)).max() <= EXACT
    assert volume.spacing[1:] == pytest.approx(made.spacing)
    assert [source.frame_index for source in volume.sources] == list(range(len(volume)))


AXIAL = {"PlaneOrientationSequence": [{"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}]}
CLASSES = {"CT": "2.1", "MR": "4.1", "PT": "130", "XA": "13.1.1"}
UNITS = {"CT": "HU", "PT": "BQML"}


def frames(depths: list[float], more: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    more = more or [{}] * len(depths)
    return [plane(-20, -10, z) | each for z, each in zip(depths, more, strict=True)]


def make(
    modality: str,
    depths: list[float],
    more: list[dict[str, Any]] | None = None,
    shared: dict[str, Any] | None = None,
    **attributes: Any,
) -> Dataset:
    """An enhanced file whose frame k is filled with 100 times its depth, and its number."""
    pixels = np.zeros((len(depths), 6, 8), np.uint16)
    for index, z in enumerate(depths):
        pixels[index] = 1000 + round(10 * z) + np.arange(8)
        pixels[index, 0, 0] = index
    groups = (
        measures(2, 3, 5) | AXIAL | rescale(1, -1000, UNITS.get(modality, "US")) | anatomy("1", "x") | (shared or {})
    )
    name = CLASSES[modality]
    return enhanced(name, modality, pixels, groups, frames(depths, more), **attributes)


TRUTH = np.array([[0, 0, 3, -20], [0, 2, 0, -10], [5, 0, 0, 0], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("modality", CLASSES)
def test_frames_out_of_order_are_sorted_by_position(tmp_path, modality):
    depths = [10, 0, 25, 5, 20, 15]
    write(tmp_path / "one", make(modality, depths))
    volume = only(tmp_path)
    assert np.abs(volume.affine - TRUTH).max() <= EXACT
    assert volume.values[:, 1, 1].tolist() == [10 * z + 1 for z in sorted(depths)]
    assert [source.frame_index for source in volume.sources] == np.argsort(depths).tolist()
    assert [float(header["ImagePositionPatient"][2]) for header in volume.slice_headers] == sorted(depths)
    assert volume.unit == UNITS.get(modality, "")


@pytest.mark.parametrize("modality", CLASSES)
def test_a_single_frame_has_its_place(tmp_path, modality):
    made = make(modality, [15])
    write(tmp_path / "one", made)
    volume = only(tmp_path)
    assert np.abs(volume.affine - part(TRUTH, 3)).max() <= EXACT


def test_files_of_one_frame_each_are_one_volume(tmp_path):
    for index, depth in enumerate([10, 0, 5, 15]):
        made = make("CT", [depth])
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{index + 1}"
        write(tmp_path / f"{index}", made)
    volume = only(tmp_path)
    assert np.abs(volume.affine - TRUTH).max() <= EXACT
    assert volume.values[:, 1, 1].tolist() == [1, 51, 101, 151]


def test_a_frame_that_is_missing_splits_the_volume(tmp_path):
    write(tmp_path / "one", make("CT", [0, 5, 10, 20, 25]))
    volumes = hu.read_volumes(tmp_path)
    assert [len(volume) for volume in volumes] == [3, 2]
    assert volumes.report.missing[0].positions == ((-20.0, -10.0, 15.0),)
    resampled = hu.read_volumes(tmp_path, gaps="resample")[0]
    assert np.abs(resampled.affine - TRUTH).max() <= EXACT
    assert resampled.values[3, 1, 1] == pytest.approx(151)


def diffusion(b_value: float, direction: list[float] | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {
        "DiffusionBValue": b_value,
        "DiffusionDirectionality": "DIRECTIONAL" if direction else "NONE",
    }
    if direction:
        item["DiffusionGradientDirectionSequence"] = [{"DiffusionGradientOrientation": direction}]
    return {"MRDiffusionSequence": [item]}


DIMENSIONS: dict[str, list[dict[str, Any]]] = {
    "TemporalPositionIndex": [{"FrameContentSequence": [{"TemporalPositionIndex": n + 1}]} for n in range(3)],
    "TemporalPositionTimeOffset": [
        {"TemporalPositionSequence": [{"TemporalPositionTimeOffset": 1.5 * n}]} for n in range(3)
    ],
    "DiffusionBValue": [diffusion(b) for b in (0, 500, 1000)],
    "DiffusionGradientOrientation": [diffusion(1000, d) for d in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0])],
    "EffectiveEchoTime": [{"MREchoSequence": [{"EffectiveEchoTime": 10.0 * n}]} for n in (1, 2, 3)],
    "InversionTimes": [{"MRModifierSequence": [{"InversionTimes": 100.0 * n}]} for n in (1, 2, 3)],
    "NominalCardiacTriggerDelayTime": [
        {"CardiacSynchronizationSequence": [{"NominalCardiacTriggerDelayTime": 100.0 * n}]} for n in (1, 2, 3)
    ],
    "ComplexImageComponent": [
        {"MRImageFrameTypeSequence": [{"ComplexImageComponent": c}]} for c in ("MAGNITUDE", "PHASE", "REAL")
    ],
    "StackID": [{"FrameContentSequence": [{"StackID": s}]} for s in ("1", "2", "3")],
    "FrameAcquisitionNumber": [{"FrameContentSequence": [{"FrameAcquisitionNumber": n}]} for n in (1, 2, 3)],
}


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("keyword", DIMENSIONS)
def test_frames_at_one_position_are_volumes_by_what_tells_them_apart(tmp_path, keyword, shuffled):
    several = [(z, n) for n in range(3) for z in (0, 5, 10, 15)]
    if shuffled:
        random.Random(2).shuffle(several)
    made = make("MR", [z for z, _ in several], [DIMENSIONS[keyword][n] for _, n in several])
    write(tmp_path / "one", made)
    volumes = only(tmp_path, 3)
    for volume in volumes:
        assert np.abs(volume.affine - TRUTH).max() <= EXACT
        assert list(volume.separated_by)[0] == keyword
        numbers = [several[source.frame_index][1] for source in volume.sources]
        assert len(set(numbers)) == 1
        assert volume.values[:, 0, 0].tolist() == [source.frame_index - 1000 for source in volume.sources]
    assert hu.read_volumes(tmp_path).stacked().shape == (3, 4, 6, 8)


def test_directions_and_b_values_together(tmp_path):
    """As scanners write diffusion: one volume without, several directions with weighting."""
    kinds = [diffusion(0), *(diffusion(b, d) for b in (500, 1000) for d in ([1.0, 0, 0], [0, 1.0, 0]))]
    made = make("MR", [0, 5, 10] * 5, [kind for kind in kinds for _ in range(3)])
    write(tmp_path / "one", made)
    volumes = only(tmp_path, 5)
    found = [(v.separated_by["DiffusionBValue"], v.separated_by.get("DiffusionGradientOrientation")) for v in volumes]
    assert sorted(found, key=str) == sorted(
        [(0, None), *((b, d) for b in (500, 1000) for d in ((1, 0, 0), (0, 1, 0)))], key=str
    )
    for volume in volumes:
        start = volume.sources[0].frame_index
        assert [source.frame_index for source in volume.sources] == [start, start + 1, start + 2]


def test_equal_frames_of_one_file_are_no_copies(tmp_path):
    made = make("MR", [0, 5, 0, 5], [DIMENSIONS["TemporalPositionIndex"][n] for n in (0, 0, 1, 1)])
    made.PixelData = bytes(len(made.PixelData))
    for group in made.PerFrameFunctionalGroupsSequence:
        del group.FrameContentSequence
    write(tmp_path / "one", made)
    volumes = only(tmp_path, 2)
    assert [len(volume) for volume in volumes] == [2, 2]


@pytest.mark.parametrize("differs", ["nothing", "a later frame", "a later position"])
def test_files_of_one_uid_are_compared_to_their_last_frame(tmp_path, differs):
    made = make("CT", [0, 5, 10])
    write(tmp_path / "a", made)
    if differs == "a later frame":
        made.PixelData = made.PixelData[:-2] + b"\1\0"
    if differs == "a later position":
        made.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0].ImagePositionPatient[2] = 11
    write(tmp_path / "b", made)
    volumes = hu.read_volumes(tmp_path)
    if differs == "nothing":
        assert accounted(volumes, tmp_path) == {"volume": 1, "duplicate": 1}
        return
    assert accounted(volumes, tmp_path) == {"volume": 2}
    assert len(volumes.report.conflicts) == 1
    assert sum(len(volume) for volume in volumes) == 6


# ---------------------------------------------------------------- segmentations


def segmentation(tmp_path: Path, made: Any, mask: np.ndarray, **options: Any) -> Any:
    highdicom = pytest.importorskip("highdicom", reason="highdicom is not installed")
    sources = [pydicom.dcmread(path) for path in made.files]
    code = highdicom.sr.CodedConcept("85756007", "SCT", "Tissue")
    described = [
        highdicom.seg.SegmentDescription(n + 1, f"segment {n + 1}", code, code, "MANUAL")
        for n in range(mask.shape[-1] if mask.ndim == 4 else 1)
    ]
    seg = highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=mask,
        segmentation_type="BINARY",
        segment_descriptions=described,
        series_instance_uid="1.2.3.4",
        series_number=2,
        sop_instance_uid="1.2.3.5",
        instance_number=1,
        manufacturer="made",
        manufacturer_model_name="made",
        software_versions="1",
        device_serial_number="1",
        **options,
    )
    (tmp_path / "seg").mkdir(exist_ok=True)
    seg.save_as(tmp_path / "seg" / "seg.dcm")
    return hu.read_volumes(tmp_path / "seg")


@pytest.mark.parametrize("options", [{}, {"tilt": 15}, {"orientation": "coronal"}], ids=str)
@pytest.mark.parametrize("omit", [True, False])
def test_segments_that_highdicom_writes_lie_on_their_image(tmp_path, options, omit):
    made = ct(tmp_path / "image", slices=9, **options)
    image = only(tmp_path / "image")
    mask = np.zeros((9, 24, 24, 3), np.uint8)
    mask[[1, 2, 5], 4:9, 3:8, 0] = 1  # sparse
    mask[:, 10:12, 5:9, 1] = 1
    mask[3:5, 15:18, 2:20, 2] = 1  # nothing in common with the first
    volumes = segmentation(tmp_path, made, mask, omit_empty_frames=omit)
    assert [volume.separated_by["ReferencedSegmentNumber"] for volume in volumes] == [1, 2, 3]
    for number, volume in enumerate(volumes):
        places = [np.rint(image.to_index(volume.to_lps((k, 0, 0)))).astype(int) for k in range(len(volume))]
        for k, (index, row, column) in enumerate(places):
            assert (row, column) == (0, 0)
            assert np.array_equal(volume.values[k], mask[index, ..., number])
            for pixel in ((0, 23), (23, 0)):
                assert np.abs(volume.to_lps((k, *pixel)) - image.to_lps((index, *pixel))).max() < 1e-4
        covered = {int(index) for index, _, _ in places}
        assert {int(k) for k in np.flatnonzero(mask[..., number].any(axis=(1, 2)))} <= covered
    if omit:
        assert any(step.name == "absent frames" for step in volumes[0].steps)
    assert accounted(volumes, tmp_path / "seg") == {"volume": 1}


def test_segments_without_a_position_in_common_are_not_one_volume(tmp_path):
    made = ct(tmp_path / "image", slices=6)
    mask = np.zeros((6, 24, 24, 2), np.uint8)
    mask[:3, 5:9, 5:9, 0] = 1
    mask[3:, 5:9, 5:9, 1] = 1
    volumes = segmentation(tmp_path, made, mask)
    assert [len(volume) for volume in volumes] == [3, 3]
    assert [volume.separated_by["ReferencedSegmentNumber"] for volume in volumes] == [1, 2]


def test_the_segments_of_a_real_file_are_not_mixed(corpus):
    """What `hu.segments` (and highdicom, see its tests) finds in each segment."""
    path = corpus / "dcmqi" / "segmentations" / "partial_overlaps.dcm"
    volumes = hu.read_volumes(path)
    segments = {segment.number: segment for segment in hu.segments(path)}
    assert [volume.separated_by["ReferencedSegmentNumber"] for volume in volumes] == sorted(segments)
    for volume in volumes:
        segment = segments[volume.separated_by["ReferencedSegmentNumber"]]
        assert np.array_equal(volume.values == 1, segment.mask.values)
        for k, place in enumerate(segment.planes):
            assert np.abs(volume.to_lps((k, 0, 0)) - place.position).max() < 1e-5


# ---------------------------------------------------------------- doses and nuclear medicine


def test_a_dose_lies_where_its_offsets_say(sample, tmp_path):
    """The rule of dicompyler-core: the plane of offset z lies at the z of the position, and the offset."""
    path = sample("rtdose.dcm")
    header = pydicom.dcmread(path)
    volume = hu.read_volumes(path)[0]
    x, y, z = header.ImagePositionPatient
    expected = [(x, y, z + offset) for offset in header.GridFrameOffsetVector]
    assert np.abs(np.array([volume.to_lps((k, 0, 0)) for k in range(len(volume))]) - expected).max() < 1e-4
    assert np.allclose(volume.values, header.pixel_array * float(header.DoseGridScaling), rtol=1e-12)
    assert volume.spacing[1:] == tuple(header.PixelSpacing)
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    image = sitk.ReadImage(str(path))
    for index in ((0, 0, 0), (14, 9, 9), (7, 0, 3)):
        assert np.abs(volume.to_lps(index) - image.TransformIndexToPhysicalPoint(index[::-1])).max() < 1e-3
    assert np.allclose(sitk.GetArrayFromImage(image) * float(header.DoseGridScaling), volume.values, rtol=1e-12)


def dose(offsets: list[float], **attributes: Any) -> Dataset:
    pixels = np.arange(len(offsets) * 12, dtype=np.uint32).reshape(len(offsets), 3, 4)
    return dataset(
        pixels,
        **{
            "Modality": "RTDOSE",
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2",
            "SeriesInstanceUID": "1.2.3",
            "FrameOfReferenceUID": "1.2.4",
            "ImagePositionPatient": [-10, -20, -30],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [2, 3],
            "DoseGridScaling": 0.01,
            "DoseUnits": "GY",
            "DoseType": "PHYSICAL",
            "GridFrameOffsetVector": offsets,
        }
        | attributes,
    )


OFFSETS: dict[str, tuple[list[float], dict[str, Any], list[float]]] = {
    "offsets": ([0, 5, 10, 15], {}, [-30, -25, -20, -15]),
    "places": ([-30, -25, -20, -15], {}, [-30, -25, -20, -15]),
    "downwards": ([0, -5, -10, -15], {}, [-45, -40, -35, -30]),
    "places downwards": ([-30, -35, -40, -45], {}, [-45, -40, -35, -30]),
    "prone": ([0, 5, 10], {"ImageOrientationPatient": [-1, 0, 0, 0, -1, 0]}, [-30, -25, -20]),
}


@pytest.mark.parametrize("case", OFFSETS)
def test_offsets_of_a_dose_may_be_places_and_run_downwards(tmp_path, case):
    offsets, changes, depths = OFFSETS[case]
    write(tmp_path / "one", dose(offsets, **changes))
    volume = only(tmp_path)
    assert [volume.to_lps((k, 0, 0))[2] for k in range(len(volume))] == pytest.approx(depths)
    order = [-1, 1][offsets[-1] > offsets[0]]
    values = np.arange(len(offsets) * 12).reshape(-1, 3, 4)[::order] * 0.01
    assert np.allclose(volume.values, values)


def test_doses_of_one_series_are_volumes_of_their_own(tmp_path):
    """Doses of beams: the second one's grid goes on where the first ends."""
    write(tmp_path / "a", dose([0, 5, 10]))
    other = dose([0, 5, 10], ImagePositionPatient=[-10, -20, -15])
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = "1.2.3.9"
    write(tmp_path / "b", other)
    assert [len(volume) for volume in only(tmp_path, 2)] == [3, 3]


@pytest.mark.parametrize("offsets", [[0, 5], [], [0, 5, "nan"]], ids=str)
def test_a_dose_whose_offsets_do_not_tell_has_no_place(tmp_path, offsets):
    made = dose([0, 5, 10])
    made.GridFrameOffsetVector = offsets if "nan" not in offsets else [0, 5, 10]
    path = write(tmp_path / "one", made)
    if "nan" in offsets:
        path.write_bytes(path.read_bytes().replace(b"0\\5\\10", b"0\\5\\nn"))
    volumes = hu.read_volumes(tmp_path)
    assert accounted(volumes, tmp_path) == {"volume": 1}
    if "nan" not in offsets:
        assert volumes[0].affine is None


def nuclear(spacing: float, image_type: str = "RECON TOMO", **attributes: Any) -> Dataset:
    pixels = np.arange(4 * 12, dtype=np.uint16).reshape(4, 3, 4)
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-10, -20, 30], [1, 0, 0, 0, 1, 0]
    return dataset(
        pixels,
        **{
            "Modality": "NM",
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.20",
            "ImageType": ["ORIGINAL", "PRIMARY", image_type, "EMISSION"],
            "PixelSpacing": [2, 3],
            "SpacingBetweenSlices": spacing,
            "SliceThickness": abs(spacing),
            "DetectorInformationSequence": [detector],
            "SliceVector": [1, 2, 3, 4],
        }
        | attributes,
    )


@pytest.mark.parametrize("spacing", [4, -4])
def test_a_reconstructed_tomogram_goes_on_in_steps_of_its_spacing(tmp_path, spacing):
    """PS3.3 C.8.4.15: a positive spacing is behind the first slice, along the normal, a negative one in front of it."""
    write(tmp_path / "one", nuclear(spacing))
    volume = only(tmp_path)
    depths = sorted(30 + spacing * k for k in range(4))
    assert [tuple(volume.to_lps((k, 0, 0))) for k in range(4)] == [(-10, -20, z) for z in depths]
    values = np.arange(4 * 12).reshape(4, 3, 4)
    assert np.array_equal(volume.values, values if spacing > 0 else values[::-1])


def test_a_gated_tomogram_is_a_volume_for_each_slot(tmp_path):
    made = nuclear(4, "RECON GATED TOMO", SliceVector=[1, 2, 1, 2], TimeSlotVector=[1, 1, 2, 2])
    write(tmp_path / "one", made)
    volumes = only(tmp_path, 2)
    values = np.arange(4 * 12).reshape(4, 3, 4)
    for volume, some in zip(volumes, (values[:2], values[2:]), strict=True):
        assert np.array_equal(volume.values, some)
        assert volume.affine[2].tolist() == [4, 0, 0, 30]


def test_projections_of_a_camera_have_no_place(tmp_path):
    write(tmp_path / "one", nuclear(4, "TOMO"))
    assert only(tmp_path).affine is None


@pytest.mark.parametrize("broken", [[4], [0, 1, 9], list(range(10))], ids=str)
def test_a_damaged_frame_takes_no_others_along(tmp_path, sample, broken):
    """As a damaged file among files of one slice: its place is padding, and the others are as they were."""
    path = sample("emri_small_jpeg_ls_lossless.dcm")
    whole = hu.read_volumes(path)[0].values
    data = bytearray(path.read_bytes())
    starts = [k for k in range(len(data) - 3) if data[k : k + 4] == b"\xff\xd8\xff\xf7"]
    assert len(starts) == 10
    for index in broken:
        data[starts[index] : starts[index] + 60] = bytes(60)
    (tmp_path / "one").write_bytes(bytes(data))
    volumes = hu.read_volumes(tmp_path)
    if len(broken) == 10:
        with pytest.raises(hu.DecodeError):
            volumes[0]
        assert volumes.report.counts["unreadable"] == 1
        return
    volume = volumes[0]
    good = [k for k in range(10) if k not in broken]
    assert np.array_equal(volume.values[good], whole[good])
    assert volume.padding[broken].all() and not volume.padding[good].any()
    assert any(step.name == "missing" and step.outcome == "assumed" for step in volume.steps)
    (file,) = volumes.report.files
    assert file.outcome == "volume" and "frames cannot be read" in file.detail
