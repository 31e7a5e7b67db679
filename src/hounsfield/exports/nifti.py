"""`write_nifti`: a volume, or several as a fourth axis, as NIfTI."""

from __future__ import annotations

import gzip
import os
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import AssumptionError, FormatError, GeometryError, UnitError
from hounsfield.exports.gradients import gradients_of, side_paths
from hounsfield.exports.nifti_time import time_step
from hounsfield.header import finite_number
from hounsfield.imagelike import require_volume
from hounsfield.outputs import Written, whole_file
from hounsfield.steps import Step, warn_of_assumptions
from hounsfield.text import unit_words
from hounsfield.volume import Volume
from hounsfield.voxels.nifti_space import RGB24, NiftiGrid, has_qform, narrowed, nifti_header, rgb_values

_ENDINGS = (".nii", ".nii.gz")
#: In mm: volumes whose corners are no farther apart lie at the same place.
_SAME_PLACE = 1e-3
#: In mm: no slice is thicker.
_LARGEST = 1e5


def write_nifti(
    volume: Volume | Sequence[Volume], path: str | os.PathLike[str], *, force: bool = False, strict: bool = False
) -> Written:
    """Write a volume as NIfTI: the values exactly, each voxel where it lies. The same volume gives the same bytes.

    The axes are stored as dcm2niix stores them, (column, row from the last one to the first, slice). The sform holds
    the affine, to RAS mm: LPS with x and y negated. A qform is given where it puts no voxel farther than 0.05 mm from
    there: it cannot hold the shear of a tilted gantry.

    Parameters
    ----------
    volume
        The volume, or several of one geometry: they become the fourth axis, in the order given. Its step, in seconds,
        is what their headers say of the time between them (see Notes), else 1 of no unit.
    path
        Ends with .nii or .nii.gz. Missing folders are created.
    force
        Replace files that exist.
    strict
        Refuse to write what rests on an assumption: the size of voxels whose position is not known.

    Returns
    -------
    Written
        The file, then its .bval and .bvec where it is weighted by diffusion; and the steps from the source to it.

    Raises
    ------
    AssumptionError
        `strict`, and something would have to be assumed.
    FormatError
        NIfTI has no type that holds these values exactly: bool becomes uint8, and whole numbers of 64 bits, which few
        readers know, uint8, int16 or int32; colours need 8 bits.
    GeometryError, UnitError
        Several volumes differ in shape, place, frame of reference or unit.
    MissingDependencyError
        nibabel is not installed.
    OutputError
        The file exists or cannot be written.
    ValueError
        The path ends otherwise, or there is no volume.

    Warns
    -----
    AssumptionWarning
        The position in the patient is not known, or the axes of the gradients are not certain.

    Notes
    -----
    Where the place in the patient is not known, both codes are 0, which is NIfTI's way to say so; voxels have the size
    as far as it is known. Unit, padding and everything else stay behind: nothing in the file identifies a patient but
    the picture itself.

    The time between volumes is, in this order, that of Trigger Time, Frame Reference Time or the like where it grows
    evenly; the Repetition Time of echo planar images; date and time of acquisition; Temporal Resolution. Volumes that
    are separated by a setting of the scanner, as echoes are, have none.

    Where volumes have b-values, ``.bval`` and ``.bvec`` are written beside the file in FSL's convention: directions are
    along the axes of its voxels, the first component negated where these are right-handed in RAS.

    Examples
    --------
    >>> import hounsfield as hu, nibabel, numpy as np, pathlib, tempfile
    >>> volume = hu.Volume(np.arange(24, dtype=np.int16).reshape(2, 3, 4), affine=np.eye(4)[[2, 1, 0, 3]], unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = hu.write_nifti(volume, pathlib.Path(folder) / "ct.nii.gz")
    ...     print(nibabel.load(written.paths[0]).get_fdata()[0, 2])
    [ 0. 12.]
    """
    path = Path(path)
    if not path.name.lower().endswith(_ENDINGS):
        raise ValueError(f"a NIfTI file ends with {' or '.join(_ENDINGS)}")
    volumes = _volumes(volume)
    first = volumes[0]
    several = None if isinstance(volume, Volume) else len(volumes)
    timed = None if several is None else time_step(volumes)
    sized = _voxel_size(first) if first.affine is None else None
    gradients = gradients_of(volumes)
    told = [step for step in (sized and sized[1], gradients and gradients.step) if step and step.outcome == "assumed"]
    if strict and told:
        raise AssumptionError(f"strict refuses this assumption: {told[0].detail}", source=first.name)
    texts = {} if gradients is None else dict(zip(side_paths(path), (gradients.bval, gradients.bvec), strict=True))
    voxel = None if sized is None else sized[0]
    try:
        dtype = RGB24 if first.color else _common_type(volumes)
        grid = NiftiGrid(first.shape[:3], first.affine, dtype, several, timed and timed.milliseconds, voxel)
        header, off = nifti_header(grid)
        _write_files(path, texts, volumes, header, force)
    except FormatError as error:
        raise FormatError(error.message, source=first.name) from None
    warn_of_assumptions(told, first.name, 2)
    steps = (
        timed and timed.step,
        _padding_step(volumes),
        _place_step(first, off),
        sized and sized[1],
        gradients and gradients.step,
        _write_step(header, first),
    )
    return Written((path, *texts), (*first.steps, *(step for step in steps if step is not None)))


def _volumes(volume: Volume | Sequence[Volume]) -> list[Volume]:
    """Return one or several volumes as a list; an error where they cannot be in one file."""
    if not isinstance(volume, Sequence):
        require_volume(volume, "write_nifti")
    volumes = [volume] if isinstance(volume, Volume) else list(volume)
    for each in volumes:
        require_volume(each, "write_nifti")
    _check_alike(volumes)
    return volumes


def _write_files(path: Path, texts: dict[Path, str], volumes: list[Volume], header: Any, force: bool) -> None:
    """Write the file and those beside it; whether the file may take its place is the first thing that shows."""
    plain = (rgb_values(v.values) if v.color else v.values for v in volumes)
    with ExitStack() as files:
        for side, text in texts.items():
            files.enter_context(whole_file(side, force=force)).write_text(text, encoding="ascii", newline="\n")
        temporary = files.enter_context(whole_file(path, force=force))
        with _opened(temporary, path) as file:
            file.write(header.binaryblock + bytes(4))  # no extensions follow
            for values in plain:
                _write_values(file, values, np.dtype(header.get_data_dtype()))


def _voxel_size(volume: Volume) -> tuple[tuple[float, float, float] | None, Step]:
    """Return the known size of voxels whose place is not, along (slice, row, column), and the step that says it."""
    if volume.pixel_spacing is None:
        detail = "the voxel size is not known; written as 1, without a unit"
        return None, Step("voxel size", detail, "assumed")
    rows, columns = volume.pixel_spacing
    between, source = 1.0, "not known and taken as 1 mm"
    keywords = ("SpacingBetweenSlices", "SliceThickness")
    for keyword in keywords[1 if len(volume) == 1 else 0 :]:
        number = finite_number(volume.header.get(keyword))
        if number is not None and 0 < number < _LARGEST:
            between, source = number, f"taken from {keyword}"
            break
    kind = f" ({volume.spacing_kind})" if volume.spacing_kind not in (None, "patient") else ""
    detail = f"voxels of {between:.6g} x {rows:.6g} x {columns:.6g} mm (slice, row, column), at an unknown position: "
    detail += f"pixel spacing as in the file{kind}; the distance between slices is {source}"
    return (between, rows, columns), Step("voxel size", detail, "assumed")


@contextmanager
def _opened(temporary: Path, path: Path) -> Generator[BinaryIO]:
    """The file to write to; gzip's header names neither file nor time, so that the bytes are the same again."""
    with open(temporary, "wb") as file:
        if path.suffix.lower() != ".gz":
            yield file
            return
        with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            yield packed  # pyright: ignore[reportReturnType]  it is written to as a file


def _write_values(file: BinaryIO, values: NDArray[Any], dtype: np.dtype[Any]) -> None:
    """Write slices one by one, the last row first: no second copy of the volume is made."""
    for frame in values:
        file.write(np.ascontiguousarray(frame[::-1], dtype).tobytes())


def _check_alike(volumes: list[Volume]) -> None:
    if not volumes:
        raise ValueError("there is no volume to write")
    first = volumes[0]
    for other in volumes[1:]:
        if other.shape != first.shape or other.color != first.color or not _same_place(first, other):
            raise GeometryError("the volumes of one file must have the same shape and position", source=other.name)
        if other.frame_of_reference and first.frame_of_reference not in ("", other.frame_of_reference):
            raise GeometryError("the volumes of one file must have the same frame of reference", source=other.name)
        if other.unit != first.unit:
            raise UnitError(
                f"the volumes of one file must have one unit, not {unit_words(first.unit)} and {unit_words(other.unit)}"
            )


def _same_place(one: Volume, other: Volume) -> bool:
    if one.affine is None or other.affine is None:
        return one.affine is None and other.affine is None
    corners = [[i, j, k] for i in (0, one.shape[0] - 1) for j in (0, one.shape[1] - 1) for k in (0, one.shape[2] - 1)]
    return bool(np.linalg.norm(one.to_lps(corners) - other.to_lps(corners), axis=1).max() <= _SAME_PLACE)


def _common_type(volumes: list[Volume]) -> np.dtype[Any]:
    """The narrowest type that holds the values of all volumes."""
    dtype = np.result_type(*(narrowed(volume.values) for volume in volumes))
    if dtype.kind in "iu" and dtype.itemsize > 4:
        raise FormatError("the values of all volumes together need 64-bit integers, which few NIfTI readers support")
    return dtype


def _padding_step(volumes: list[Volume]) -> Step | None:
    count = sum(0 if v.padding is None else int(np.count_nonzero(v.padding)) for v in volumes)
    detail = f"{count} voxels are padding; NIfTI cannot mark them and holds their values"
    return Step("padding", detail, "not done") if count else None


def _place_step(volume: Volume, off: float) -> Step:
    if volume.affine is None:
        return Step("place", "not known: sform_code and qform_code are 0", "not done")
    detail = "sform and qform: RAS mm, LPS with x and y negated"
    if not has_qform(off):
        why = (
            "the axes are not at right angles, as with a tilted gantry"
            if volume.is_sheared
            else "its numbers are rounded"
        )
        detail = f"sform: RAS mm, LPS with x and y negated; no qform, which would be off by {off:.2g} mm: {why}"
    return Step("place", detail, reference="nifti1.h, method 3")


def _write_step(header: Any, volume: Volume) -> Step:
    kind = "NIfTI-2" if header["sizeof_hdr"] == 540 else "NIfTI-1"
    dtype = "RGB24" if volume.color else header.get_data_dtype().name
    return Step("write", f"{kind}, the values as {dtype}")
