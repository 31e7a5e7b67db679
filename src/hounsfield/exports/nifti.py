"""`write_nifti`: a volume, or several as a fourth axis, as NIfTI."""

from __future__ import annotations

import gzip
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import FormatError, GeometryError, UnitError
from hounsfield.exports.files import Written, whole_file
from hounsfield.grids import require_volume
from hounsfield.image import Step, finite_number
from hounsfield.text import unit_words
from hounsfield.volume import Volume
from hounsfield.voxels.nifti import RGB24, NiftiGrid, narrowed, nifti_header, rgb_values

_ENDINGS = (".nii", ".nii.gz")
#: Attributes that are a time from one volume to the next, and how many ms their unit is. Echo and inversion times are
#: settings of the scanner, not moments at which the patient was looked at.
_TIMES = {
    "TriggerTime": 1.0,
    "NominalCardiacTriggerDelayTime": 1.0,
    "FrameReferenceTime": 1.0,
    "TemporalPositionTimeOffset": 1000.0,
}
#: Relative difference of steps up to which they are one step.
_EVEN = 1e-3
#: In mm: volumes whose corners are no farther apart lie at the same place.
_SAME_PLACE = 1e-3


def write_nifti(volume: Volume | Sequence[Volume], path: str | os.PathLike[str], *, force: bool = False) -> Written:
    """Write a volume as NIfTI: the values exactly, each voxel where it lies. The same volume gives the same bytes.

    The axes are stored as dcm2niix stores them, (column, row from the last one to the first, slice). The sform holds
    the affine, to RAS mm: LPS with x and y negated. A qform cannot hold the shear of a tilted gantry; its code is 0
    then.

    Parameters
    ----------
    volume
        The volume, or several of one geometry: they become the fourth axis, in the order given. Its step, in ms, is
        that of the attribute that separates them where this is a time, else 1.
    path
        Ends with .nii or .nii.gz. Its folders are made.
    force
        Replace a file that exists.

    Returns
    -------
    Written
        The file, and the steps from the source to it.

    Raises
    ------
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

    Notes
    -----
    Where the place in the patient is not known, both codes are 0, which is NIfTI's way to say so, and units are not
    given. Unit, padding and everything else stay behind: nothing in the file identifies a patient but the picture
    itself.

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
    if not isinstance(volume, Sequence):
        require_volume(volume, "write_nifti")
    volumes = [volume] if isinstance(volume, Volume) else list(volume)
    for each in volumes:
        require_volume(each, "write_nifti")
    _check_alike(volumes)
    first = volumes[0]
    several = None if isinstance(volume, Volume) else len(volumes)
    step, timed = (None, None) if several is None else _time_step(volumes)
    try:
        dtype = RGB24 if first.color else _common_type(volumes)
        plain = (rgb_values(v.values) if first.color else v.values for v in volumes)
        grid = NiftiGrid(first.shape[:3], first.affine, dtype, several, step)
        header, has_qform = nifti_header(grid)
        with whole_file(path, force=force) as temporary, _opened(temporary, path) as file:
            file.write(header.binaryblock + bytes(4))  # no extensions follow
            for values in plain:
                _write_values(file, values, np.dtype(header.get_data_dtype()))
    except FormatError as error:
        raise FormatError(error.message, source=first.name) from None
    steps = (timed, _padding_step(volumes), _place_step(first, has_qform), _write_step(header, first))
    return Written((path,), (*first.steps, *(step for step in steps if step is not None)))


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
            raise GeometryError(
                "volumes of one file must have the same shape and lie at the same place", source=other.name
            )
        if other.frame_of_reference and first.frame_of_reference not in ("", other.frame_of_reference):
            raise GeometryError("volumes of one file must have the same frame of reference", source=other.name)
        if other.unit != first.unit:
            raise UnitError(
                f"volumes of one file must have one unit, not {unit_words(first.unit)} and {unit_words(other.unit)}"
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
        raise FormatError("the volumes' values together need whole numbers of 64 bits, which few readers of NIfTI know")
    return dtype


def _time_step(volumes: list[Volume]) -> tuple[float | None, Step]:
    """Milliseconds from one volume to the next, where a time separates them, and the step that says so."""
    keyword = next(iter(volumes[0].separated_by), "")
    if keyword not in _TIMES:
        by = f"{keyword}, which is no time" if keyword else "nothing that is known"
        return None, Step("fourth axis", f"volumes are separated by {by}: steps of 1", "not done")
    found = [finite_number(volume.separated_by.get(keyword)) for volume in volumes]
    times = [time * _TIMES[keyword] for time in found if time is not None]
    steps = np.array([after - before for before, after in pairwise(times)])
    if len(times) < len(volumes) or not len(steps) or steps[0] <= 0 or np.ptp(steps) > _EVEN * steps[0]:
        return None, Step("fourth axis", f"{keyword} does not grow evenly: steps of 1", "not done")
    step = float(steps.mean())
    return step, Step("fourth axis", f"{step:g} ms from one volume to the next, by {keyword}")


def _padding_step(volumes: list[Volume]) -> Step | None:
    count = sum(0 if v.padding is None else int(np.count_nonzero(v.padding)) for v in volumes)
    detail = f"{count} voxels are no measurement; NIfTI cannot mark them, and has their values"
    return Step("padding", detail, "not done") if count else None


def _place_step(volume: Volume, has_qform: bool) -> Step:
    if volume.affine is None:
        return Step("place", "not known: the codes of sform and qform are 0, units are not given", "not done")
    detail = "sform and qform: RAS mm, LPS with x and y negated"
    if not has_qform:
        why = "the gantry was tilted" if volume.is_sheared else "the axes are not quite at right angles"
        detail = f"sform: RAS mm, LPS with x and y negated; no qform, which cannot hold it: {why}"
    return Step("place", detail, reference="nifti1.h, method 3")


def _write_step(header: Any, volume: Volume) -> Step:
    kind = "NIfTI-2" if header["sizeof_hdr"] == 540 else "NIfTI-1"
    dtype = "RGB24" if volume.color else header.get_data_dtype().name
    return Step("write", f"{kind}, the values as {dtype}")
