"""`phantom`: a synthetic thorax CT as a valid DICOM series, of which the truth is known."""

from __future__ import annotations

import hashlib
import io
import math
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, CTImageStorage

from hounsfield.outputs import write_whole
from hounsfield.phantoms.encode import ENCODERS, encode_frame, find_syntax, is_native
from hounsfield.phantoms.thorax import MATERIALS, draw_labels

Orientation = Literal["axial", "coronal", "sagittal", "oblique"]
_INTERCEPT = -1024
_STORED_BITS = 12
_FIELD_OF_VIEW = 384.0


def _rotated() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Row and column direction of a plane turned by 30 degrees about z, then 20 about the row."""
    a, b = math.radians(30), math.radians(20)
    row = (math.cos(a), math.sin(a), 0.0)
    column = (-math.sin(a) * math.cos(b), math.cos(a) * math.cos(b), math.sin(b))
    return row, column


_DIRECTIONS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "axial": ((1, 0, 0), (0, 1, 0)),
    "coronal": ((1, 0, 0), (0, 0, -1)),
    "sagittal": ((0, 1, 0), (0, 0, -1)),
    "oblique": _rotated(),
}


@dataclass(frozen=True)
class PhantomOptions:
    """The properties of the phantom.

    Attributes
    ----------
    matrix
        Rows and columns.
    slices
        Number of slices before any is left out.
    pixel_spacing
        mm between rows and columns; by default a field of view of 384 mm.
    slice_spacing
        mm between slices: along the normal, or along the table where the gantry is tilted.
    orientation
        ``"axial"``, ``"coronal"``, ``"sagittal"`` or ``"oblique"``: where the slices lie in the patient. The picture in
        them is the same: the phantom turns with them.
    tilt
        Gantry tilt in degrees: the slices turn about their row, their positions stay on the table's axis.
    missing
        0-based slices to leave out.
    repeated
        0-based slices to write twice: the same pixels under another SOP Instance UID.
    phases
        How often the series passes each position, with a beating heart; told apart by Acquisition Number and
        Temporal Position Identifier.
    transfer_syntax
        UID, or ``"implicit"``, ``"explicit"``, ``"big endian"``, ``"deflated"``, ``"rle"``, ``"jpeg lossless"``,
        ``"jpeg-ls"``, ``"jpeg 2000"`` or ``"htj2k"``; all are lossless.
    noise
        Standard deviation in HU of white noise; values are rounded to whole HU.
    seed
        Seed of the noise and the UIDs. The same options and seed give the same bytes.
    """

    matrix: int = 256
    slices: int = 16
    pixel_spacing: float | None = None
    slice_spacing: float = 5.0
    orientation: Orientation = "axial"
    tilt: float = 0.0
    missing: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()
    phases: int = 1
    transfer_syntax: str = "explicit"
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for field in ("missing", "repeated"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        bounds = {"matrix": (16, 4096), "slices": (1, 10_000), "phases": (1, 100)}
        for field, (low, high) in bounds.items():
            if not low <= getattr(self, field) <= high:
                raise ValueError(f"{field} must be from {low} to {high}, got {getattr(self, field)}")
        if not all(0 <= k < self.slices for k in (*self.missing, *self.repeated)):
            raise ValueError("missing and repeated slices are counted from 0 to slices - 1")
        if self.orientation not in _DIRECTIONS:
            raise ValueError(f"orientation must be one of {', '.join(_DIRECTIONS)}, got {self.orientation!r}")
        if self.spacing <= 0 or self.slice_spacing <= 0 or self.noise < 0 or not -60 <= self.tilt <= 60:
            raise ValueError("spacings must be positive, noise not negative, tilt between -60 and 60 degrees")

    @property
    def spacing(self) -> float:
        """Millimetres between rows and between columns, rounded to what the file can hold."""
        return round(self.pixel_spacing or _FIELD_OF_VIEW / self.matrix, 6)


@dataclass(frozen=True)
class MaterialTruth:
    """The truth about one material of the phantom.

    Attributes
    ----------
    name, hu
        What it is, and its value without noise.
    above, below
        Bounds in HU between which no other material lies.
    pixels
        Number of pixels in each slice (first phase), missing slices included.
    area_mm2
        Area in each slice.
    volume_ml
        Volume in all slices that are present.
    """

    name: str
    hu: int
    above: float
    below: float
    pixels: tuple[int, ...]
    area_mm2: tuple[float, ...]
    volume_ml: float


@dataclass(frozen=True)
class Phantom:
    """A phantom that was written.

    Attributes
    ----------
    folder
        The folder of the files.
    files
        Its files, in the order of position, then phase.
    options
        Its properties.
    regions
        The true values of each region, by name.
    affine
        4x4 matrix from (slice, row, column, 1) to LPS mm.
    """

    folder: Path
    files: tuple[Path, ...]
    options: PhantomOptions
    regions: dict[str, MaterialTruth]
    affine: NDArray[np.float64]


def phantom(
    folder: str | os.PathLike[str],
    options: PhantomOptions | None = None,
    *,
    force: bool = False,
    **changes: Any,
) -> Phantom:
    """Write a synthetic thorax CT and return the truth about it.

    Parameters
    ----------
    folder
        Where the files go: ``0000.dcm``, ``0001.dcm``, ...
    options
        Its properties; by default 16 axial slices of 256 x 256.
    force
        Replace files that exist.
    **changes
        Fields of `PhantomOptions`, in place of those in `options`.

    Raises
    ------
    OutputError
        A file exists or cannot be written.
    ValueError, TypeError
        An option is impossible or unknown.

    Examples
    --------
    >>> import hounsfield as hu, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = hu.phantom(folder, matrix=64, slices=1)
    ...     image = hu.read(made.files[0])
    >>> lung = made.regions["lung"]
    >>> mask = hu.mask(image, lung.above, lung.below, fill=False, opening=0)
    >>> hu.measure(image, mask).mean == lung.hu, hu.measure(image, mask).pixels == lung.pixels[0]
    (True, True)
    """
    chosen = replace(options or PhantomOptions(), **changes)
    folder = Path(folder)
    uids, affine = _PhantomUids(chosen), _affine(chosen)
    counts = np.zeros((chosen.slices, len(MATERIALS)), np.int64)
    files: list[Path] = []
    for index in range(chosen.slices):
        for phase in range(chosen.phases):
            labels = draw_labels(chosen.matrix, _height(index, chosen), _pulse(phase, chosen))
            if phase == 0:
                counts[index] = np.bincount(labels.ravel(), minlength=len(MATERIALS))
            pixels = _pixels(labels, index, phase, chosen)
            for copy in range(_copies(index, chosen)):
                path = folder / f"{len(files):04}.dcm"
                data = _file(pixels, _Place(index, phase, copy, len(files)), chosen, uids, affine)
                write_whole(path, data, force=force)
                files.append(path)
    return Phantom(folder, tuple(files), chosen, _regions(counts, chosen, affine), affine)


@dataclass(frozen=True)
class _Place:
    """The place of an instance: slice, phase, first or second copy, running number."""

    index: int
    phase: int
    copy: int
    number: int


def _copies(index: int, options: PhantomOptions) -> int:
    return 0 if index in options.missing else 2 if index in options.repeated else 1


def _height(index: int, options: PhantomOptions) -> float:
    return (2 * index + 1 - options.slices) / options.slices


def _pulse(phase: int, options: PhantomOptions) -> float:
    return 1 + 0.1 * math.sin(2 * math.pi * phase / options.phases)


def _pixels(labels: NDArray[np.uint8], index: int, phase: int, options: PhantomOptions) -> NDArray[np.uint16]:
    """Stored values: HU less the intercept, with noise."""
    hu = np.array([material.hu for material in MATERIALS], np.float64)[labels]
    if options.noise:
        generator = np.random.default_rng((options.seed, index, phase))
        hu = hu + generator.normal(0, options.noise, hu.shape)
    return np.clip(np.rint(hu) - _INTERCEPT, 0, 2**_STORED_BITS - 1).astype(np.uint16)


def _affine(options: PhantomOptions) -> NDArray[np.float64]:
    row, column = (np.array(v, np.float64) for v in _DIRECTIONS[options.orientation])
    normal = np.cross(row, column)
    angle = math.radians(options.tilt)
    tilted = math.cos(angle) * column - math.sin(angle) * normal
    affine = np.eye(4)
    affine[:3, 0] = normal * options.slice_spacing
    affine[:3, 1] = tilted * options.spacing
    affine[:3, 2] = row * options.spacing
    middle = np.array([options.slices - 1, options.matrix - 1, options.matrix - 1]) / 2
    affine[:3, 3] = -affine[:3, :3] @ middle
    return affine


def _regions(
    counts: NDArray[np.int64], options: PhantomOptions, affine: NDArray[np.float64]
) -> dict[str, MaterialTruth]:
    pixel = options.spacing**2
    voxel = abs(float(np.linalg.det(affine[:3, :3]))) / 1000
    present = [index for index in range(options.slices) if index not in options.missing]
    return {
        m.name: MaterialTruth(
            m.name,
            m.hu,
            m.above,
            m.below,
            pixels=tuple(int(n) for n in counts[:, label]),
            area_mm2=tuple(float(n) * pixel for n in counts[:, label]),
            volume_ml=float(counts[present, label].sum()) * voxel,
        )
        for label, m in enumerate(MATERIALS)
    }


class _PhantomUids:
    """UIDs that depend on the options alone (PS3.5 B.2: 2.25 and a number of 128 bits)."""

    def __init__(self, options: PhantomOptions) -> None:
        self._base = repr(sorted(asdict(options).items()))

    def make(self, *what: object) -> str:
        digest = hashlib.sha256(f"{self._base}{what}".encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16], 'big') >> 1}"


def _decimal(value: float) -> str:
    """A decimal string of at most 16 characters; no negative zero."""
    text = f"{value:.9f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text if len(text) <= 16 else f"{value:.8e}"


def _file(
    pixels: NDArray[np.uint16],
    place: _Place,
    options: PhantomOptions,
    uids: _PhantomUids,
    affine: NDArray[np.float64],
) -> bytes:
    dataset = Dataset()
    _patient_and_study(dataset, options, uids)
    _series_and_frame(dataset, place, options, uids)
    _image(dataset, place, options, affine)
    syntax = UID(find_syntax(options.transfer_syntax))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Rows, dataset.Columns = pixels.shape
    if is_native(syntax):
        dataset.PixelData = pixels.astype(">u2" if syntax == ENCODERS["big endian"] else "<u2").tobytes()
        dataset["PixelData"].VR = "OW"
    else:
        encode_frame(dataset, pixels, syntax)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _patient_and_study(dataset: Dataset, options: PhantomOptions, uids: _PhantomUids) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Phantom^Thorax"
    dataset.PatientID = f"PHANTOM-{options.seed}"
    dataset.PatientBirthDate = "19700101"
    dataset.PatientSex = "O"
    dataset.StudyInstanceUID = uids.make("study")
    dataset.StudyID = "1"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = "20260101"
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "120000"
    dataset.StudyDescription = "Synthetic thorax"
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.InstitutionName = "hounsfield phantom"
    dataset.Manufacturer = "hounsfield"
    dataset.ManufacturerModelName = "phantom"
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = "1"


def _series_and_frame(dataset: Dataset, place: _Place, options: PhantomOptions, uids: _PhantomUids) -> None:
    dataset.Modality = "CT"
    dataset.SeriesInstanceUID = uids.make("series")
    dataset.SeriesNumber = 1
    dataset.SeriesDescription = f"Phantom {options.orientation}"
    dataset.BodyPartExamined = "CHEST"
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = uids.make("frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = uids.make("instance", place.index, place.phase, place.copy)
    dataset.InstanceNumber = place.number + 1
    dataset.AcquisitionNumber = place.phase + 1
    if options.phases > 1:
        dataset.TemporalPositionIdentifier = place.phase + 1
        dataset.NumberOfTemporalPositions = options.phases


def _image(dataset: Dataset, place: _Place, options: PhantomOptions, affine: NDArray[np.float64]) -> None:
    position = affine @ np.array([place.index, 0, 0, 1])
    row, column = affine[:3, 2] / options.spacing, affine[:3, 1] / options.spacing
    dataset.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    dataset.DerivationDescription = "drawn, not acquired"
    dataset.ImagePositionPatient = [_decimal(v) for v in position[:3]]
    dataset.ImageOrientationPatient = [_decimal(v) for v in (*row, *column)]
    dataset.PixelSpacing = [_decimal(options.spacing)] * 2
    dataset.SliceThickness = _decimal(options.slice_spacing)
    dataset.GantryDetectorTilt = _decimal(options.tilt)
    dataset.KVP = "120"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, _STORED_BITS, _STORED_BITS - 1
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = "1", str(_INTERCEPT)
    dataset.RescaleType = "HU"
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
