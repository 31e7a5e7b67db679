"""The fourth axis of NIfTI files against dcm2niix: time from volume to volume, b-values and directions, order."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.dataset import Dataset

import hounsfield as hu
from fourth_axis import AXIAL, ours, series, set_all, step_of, theirs
from oracles import dcm2niix
from oracles.outcomes import label_of

from conftest import package_folder, real_files
from made import dataset

# ---------------------------------------------------------------- diffusion

B_VALUES = [0, 1000, 2000, 3000]
DIRECTIONS = [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.6, 0.8), (-0.6, 0.48, 0.64)]
OBLIQUE = [0.8, 0.6, 0.0, -0.36, 0.48, 0.8]
ORIENTATIONS = {
    "axial": AXIAL, "sagittal": [0, 1, 0, 0, 0, -1], "coronal": [1, 0, 0, 0, 0, -1], "oblique": OBLIQUE,
    "turned over": [-1, 0, 0, 0, 1, 0], "rows up": [1, 0, 0, 0, -1, 0],
}  # fmt: skip


def standard(made, volume):
    set_all(
        made,
        Manufacturer="SIEMENS",
        DiffusionBValue=float(B_VALUES[volume]),
        DiffusionGradientOrientation=list(DIRECTIONS[volume]),
    )


def siemens(made, volume):
    made.Manufacturer = "SIEMENS"
    block = made.private_block(0x19, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", str(B_VALUES[volume]))
    if B_VALUES[volume]:
        block.add_new(0x0E, "FD", list(DIRECTIONS[volume]))


def philips(made, volume):
    made.Manufacturer = "Philips Medical Systems"
    made.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", float(B_VALUES[volume]))
    block = made.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    for element, value in zip((0xB0, 0xB1, 0xB2), DIRECTIONS[volume], strict=True):
        block.add_new(element, "FL", value)


def united_imaging(made, volume):
    made.Manufacturer = "UIH"
    block = made.private_block(0x65, "Image Private Header", create=True)
    block.add_new(0x09, "FD", float(B_VALUES[volume]))
    block.add_new(0x37, "FD", list(DIRECTIONS[volume]))


def ge(phase):
    def change(made, volume):
        set_all(made, Manufacturer="GE MEDICAL SYSTEMS", InPlanePhaseEncodingDirection=phase, PatientPosition="HFS")
        block = made.private_block(0x43, "GEMS_PARM_01", create=True)
        block.add_new(0x39, "IS", [1_000_000_000 + B_VALUES[volume], 8, 0, 0])
        block = made.private_block(0x19, "GEMS_ACQU_01", create=True)
        for element, value in zip((0xBB, 0xBC, 0xBD), DIRECTIONS[volume], strict=True):
            block.add_new(element, "DS", str(value))

    return change


VENDORS = {
    "standard": standard, "Siemens": siemens, "Philips": philips, "UIH": united_imaging, "GE, phase along columns": ge("COL"),
    "GE, phase along rows": ge("ROW"),
}  # fmt: skip


def same_gradients(written, their):
    bval, bvec = written.paths[1:]
    assert (bval.name, bvec.name) == ("x.bval", "x.bvec")
    np.testing.assert_allclose(np.loadtxt(bval), np.loadtxt(their.with_suffix(".bval")), rtol=1e-5)
    np.testing.assert_allclose(np.loadtxt(bvec), np.loadtxt(their.with_suffix(".bvec")), atol=2e-5)
    mine, other = nibabel.load(written.paths[0]), nibabel.load(their)
    np.testing.assert_allclose(mine.affine, other.affine, atol=1e-4)
    np.testing.assert_array_equal(mine.get_fdata(), other.get_fdata())  # in this order
    assert step_of(written.paths[0]) == step_of(their)


@pytest.mark.parametrize("orientation", ["axial", "oblique"])
@pytest.mark.parametrize("vendor", VENDORS)
def test_b_values_and_directions_are_those_of_dcm2niix(tmp_path, vendor, orientation):
    def change(made, volume):
        set_all(made, RepetitionTime=8000, ScanningSequence="EP")
        VENDORS[vendor](made, volume)

    series(tmp_path / "in", 4, change, ORIENTATIONS[orientation])
    written = ours(tmp_path / "in", tmp_path / "x.nii")
    (their,) = theirs(tmp_path / "in", tmp_path / "out")
    same_gradients(written, their)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_directions_follow_the_axes_of_the_file(tmp_path, orientation, reverse):
    def change(made, volume):
        set_all(made, RepetitionTime=8000, ScanningSequence="EP")
        standard(made, volume)

    series(tmp_path / "in", 4, change, ORIENTATIONS[orientation], reverse=reverse)
    written = ours(tmp_path / "in", tmp_path / "x.nii.gz")
    (their,) = theirs(tmp_path / "in", tmp_path / "out")
    same_gradients(written, their)


@pytest.mark.parametrize("orientation", ["sagittal", "coronal"])
@pytest.mark.parametrize("phase", ["COL", "ROW"])
def test_directions_of_ge_in_other_planes_are_said_to_be_assumed(tmp_path, orientation, phase):
    series(tmp_path / "in", 4, ge(phase), ORIENTATIONS[orientation])
    volumes = list(hu.read_volumes(tmp_path / "in"))
    with pytest.warns(hu.AssumptionWarning, match="GE's directions"):
        written = hu.write_nifti(volumes, tmp_path / "x.nii")
    (their,) = theirs(tmp_path / "in", tmp_path / "out")
    np.testing.assert_allclose(np.loadtxt(written.paths[2]), np.loadtxt(their.with_suffix(".bvec")), atol=2e-5)


def test_a_file_that_is_right_handed_in_ras_has_its_first_component_negated(tmp_path):
    """FSL's rule; checked against the world: direction in the patient from file, by its affine."""
    series(tmp_path / "in", 4, standard, OBLIQUE)
    volumes = [volume.flip("slice") for volume in hu.read_volumes(tmp_path / "in")]
    written = hu.write_nifti(volumes, tmp_path / "x.nii")
    affine = nibabel.load(written.paths[0]).affine[:3, :3]
    assert np.linalg.det(affine) > 0
    vectors = np.loadtxt(written.paths[2]) * [[-1], [1], [1]]
    lps = np.diag([-1, -1, 1]) @ (affine / np.linalg.norm(affine, axis=0)) @ vectors
    np.testing.assert_allclose(lps.T, DIRECTIONS, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda made, volume: set_all(made, DiffusionBValue=1000.0, DiffusionGradientOrientation=[0.6, 0.8, 0]), ("1000", [0.6, -0.8, 0])),
        (lambda made, volume: set_all(made, DiffusionBValue=1000.0), ("1000", [0, 0, 0])),
        (lambda made, volume: set_all(made, DiffusionBValue=0.0), None),
        (lambda made, volume: None, None),
    ],
)  # fmt: skip
def test_a_single_volume_has_its_own(tmp_path, change, expected):
    series(tmp_path / "in", 1, change)
    (volume,) = hu.read_volumes(tmp_path / "in")
    written = hu.write_nifti(volume, tmp_path / "x.nii")
    if expected is None:
        assert written.paths == (tmp_path / "x.nii",)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "x.nii"]
        return
    assert written.paths[1].read_text() == expected[0] + "\n"
    np.testing.assert_allclose(np.loadtxt(written.paths[2]), expected[1])
    hu.write_nifti(volume, tmp_path / "x.nii")  # the same again
    hu.write_nifti(volume.with_values(volume.values > 500), tmp_path / "mask.nii")
    assert not (tmp_path / "mask.bval").exists()


def test_files_beside_are_kept_as_the_file_is(tmp_path):
    series(tmp_path / "in", 1, lambda made, volume: standard(made, 1))
    (volume,) = hu.read_volumes(tmp_path / "in")
    (tmp_path / "x.bval").write_text("7\n")
    with pytest.raises(hu.OutputError, match=r"x\.bval.*kept"):
        hu.write_nifti(volume, tmp_path / "x.nii")
    assert (tmp_path / "x.bval").read_text() == "7\n"
    hu.write_nifti(volume, tmp_path / "x.nii", force=True)
    assert (tmp_path / "x.bval").read_text() == "1000\n"


def test_frames_of_an_enhanced_file_have_theirs(tmp_path):
    frames, groups = [], []
    for volume in range(4):
        for index in range(3):
            group = Dataset()
            position, diffusion, gradient = Dataset(), Dataset(), Dataset()
            position.ImagePositionPatient = [0, 0, 5 * index]
            diffusion.DiffusionBValue = float(B_VALUES[volume])
            diffusion.DiffusionDirectionality = "DIRECTIONAL" if B_VALUES[volume] else "NONE"
            gradient.DiffusionGradientOrientation = list(DIRECTIONS[volume])
            if B_VALUES[volume]:
                diffusion.DiffusionGradientDirectionSequence = [gradient]
            group.PlanePositionSequence, group.MRDiffusionSequence = [position], [diffusion]
            groups.append(group)
            frames.append(np.full((16, 12), 100 * volume + index, np.uint16))
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [2, 2], 5
    orientation.ImageOrientationPatient = AXIAL
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = [measures], [orientation]
    made = dataset(
        np.stack(frames), SOPClassUID="1.2.840.10008.5.1.4.1.1.4.1", Modality="MR", SeriesInstanceUID="1.2.3"
    )
    made.SharedFunctionalGroupsSequence, made.PerFrameFunctionalGroupsSequence = [shared], groups
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    written = ours(tmp_path / "a.dcm", tmp_path / "x.nii")
    np.testing.assert_array_equal(np.loadtxt(written.paths[1]), B_VALUES)
    np.testing.assert_allclose(np.loadtxt(written.paths[2]), np.array(DIRECTIONS).T * [[1], [-1], [1]], atol=1e-6)


# ---------------------------------------------------------------- real files

#: Series whose fourth axis differs from dcm2niix's: why.
EXPLAINED = {
    "pydicom/test_files/badVR.dcm": "a dose whose Number of Frames is no number is refused",
    "pydicom-data/MR2_J2KI.dcm": "copies of one image of a spin echo: its repetition time is no time between them",
    "corpus/dcmqi/paramaps/701-ADCb500/000000.dcm": "a map without directions: theirs has no .bvec, ours says 0 0 0",
}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
def test_the_fourth_axis_of_every_real_series_is_that_of_dcm2niix_or_explained(tmp_path):
    checked, said = 0, []
    for number, files in enumerate([*dcm2niix.all_series(real_files()), *_packed(tmp_path)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for index, path in enumerate(files):
            (folder / f"{index:04}.dcm").write_bytes(path.read_bytes())
        for their in theirs(folder, tmp_path / f"{number}.out"):
            image = nibabel.load(their)
            if image.ndim < 4 and not their.with_suffix(".bval").exists():
                continue
            checked += 1
            why = _difference(folder, their, tmp_path / f"{number}.nii")
            label = label_of(files[0])
            if why and label not in EXPLAINED:
                said.append(f"{label}: {why}")
            if not why and label in EXPLAINED:
                said.append(f"{label}: explained, but it is the same")
    assert checked
    assert not said, "\n".join(said)


def _packed(folder):
    """Siemens' mosaics of diffusion that come with nibabel."""
    import gzip

    found = package_folder("nibabel")
    packed = sorted((found / "nicom" / "tests" / "data").glob("siemens_dwi_*.dcm.gz")) if found else []
    made = []
    for path in packed:
        target = folder / path.name.removesuffix(".gz")
        target.write_bytes(gzip.decompress(path.read_bytes()))
        made.append(target)
    return [made] if made else []


def _difference(folder: Path, their: Path, path: Path) -> str:
    """In what our file of the same volumes differs; "" where it does not."""
    image = nibabel.load(their)
    try:
        volumes = list(hu.read_volumes(folder))
    except hu.HounsfieldError as error:
        return str(error)
    values = image.get_fdata()[..., None] if image.ndim < 4 else image.get_fdata()
    turned = [np.moveaxis(values[..., k], (2, 1, 0), (0, 1, 2))[:, ::-1] for k in range(values.shape[3])]
    order = [[k for k, v in enumerate(volumes) if v.shape == t.shape and np.array_equal(v.values, t)] for t in turned]
    if not all(order):
        return "other volumes"
    chosen: list[int] = []
    for found in order:  # the pixels of some are all zeros
        chosen.append(next((index for index in found if index not in chosen), found[0]))
    if chosen != sorted(chosen):
        return f"other order: {chosen}"
    alike = [volumes[index] for index in chosen]
    try:
        written = hu.write_nifti(alike if image.ndim > 3 else alike[0], path)
    except hu.HounsfieldError as error:
        return str(error)
    if image.ndim > 3 and step_of(path) != step_of(their):
        return f"step {step_of(path)}, theirs {step_of(their)}"
    texts = {side.suffix: side for side in written.paths[1:]}
    for ending, tolerance in ((".bval", 0.5), (".bvec", 2e-5)):
        if (ending in texts) != their.with_suffix(ending).exists():
            return f"{ending}: {ending in texts}"
        if ending in texts and not np.allclose(
            np.loadtxt(texts[ending]), np.loadtxt(their.with_suffix(ending)), atol=tolerance
        ):
            return f"{ending} differs"
    return ""
