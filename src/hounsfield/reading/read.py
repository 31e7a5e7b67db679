"""`read`: from a source to an image, by way of header, stored values and modality values."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from numpy.typing import DTypeLike

from hounsfield.image import Image
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.reading.frames import Frames, Wanted
from hounsfield.sources.local import SourceLike, open_source
from hounsfield.steps import warn_of_assumptions
from hounsfield.values.spaces import check_space

if TYPE_CHECKING:
    pass


def read(
    source: SourceLike,
    *,
    values: str = "modality",
    dtype: DTypeLike | None = None,
    frames: int | slice | Sequence[int] | None = None,
    verify: bool = False,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Image:
    """Read a DICOM image: the right number in every pixel, with its unit.

    Parameters
    ----------
    source
        A path, a URL, bytes, a binary file object, or ``"-"`` for standard input; of a folder, a zip or a tar, its only
        file.
    values
        ``"modality"`` (default): slope and intercept or the modality LUT are applied, each frame's own in
        enhanced files. ``"stored"``: the numbers in the pixel data. Colour comes out as RGB with
        ``"modality"``, and as it is stored (palette indices too) with ``"stored"``. ``"real_world"``: by the
        file's real-world value mapping, ``"real_world:NAME"`` by the one of that label or unit. ``"suv"``:
        standardized uptake values by body weight; ``"suvlbm"`` (James), ``"suvlbmjames128"``, ``"suvlbmjanma"`` by
        lean body mass, ``"suvbsa"`` by body surface area. ``"subtracted"``: stored values minus those of the mask that
        the file names (PS3.3 C.7.6.10). ``"philips"``: a Philips MR scanner's floating point values, by its private
        scale slope.
    dtype
        Type of the values. By default the smallest that holds every value exactly: int16 or int32 for whole
        slopes and intercepts, else float32; stored values and colours keep the type they have in the file.
    frames
        0-based index of the one frame to read, or a slice, range or list of several; only those are decoded. By
        default all.
    verify
        Decode compressed frames again, with another decoder where there is one; a step says what it found, and a
        difference is a warning too.
    strict
        Refuse a file where something would have to be assumed, with an `AssumptionError`.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    Image
        `values` of shape (row, column) or (frame, row, column), with a last axis of 3 samples for colour.

    Raises
    ------
    SourceError, NotDicomError
        The file cannot be opened, or is not DICOM.
    MissingAttributeError, InvalidAttributeError
        An attribute that is needed is absent or impossible; also where the file has no pixel data.
    UnsupportedTransferSyntaxError, DecodeError, MissingDependencyError
        The pixel data cannot be decoded; of video, without the part that does it.
    LimitExceededError
        It would cost too much.
    AssumptionError
        `strict`, and something would have to be assumed.
    IndexError
        There is no such frame.

    Warns
    -----
    AssumptionWarning
        Something had to be assumed; `Image.steps` says the same.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> image = hu.read(get_testdata_file("CT_small.dcm"))
    >>> image
    Image(128 x 128 int16 HU, axes (row, column), pixel spacing (0.661468, 0.661468) mm patient)
    >>> for step in image.steps:
    ...     print(step)
    decode: native, little endian (PS3.5 8.1)
    stored values: 16 of 16 bits, signed (PS3.3 C.7.6.3.1)
    modality: Rescale Slope and Intercept: 1 x stored + -1024 -> HU (PS3.3 C.11.1.1.2)
    padding [not done]: no pixel has the padding value -2000
    """
    wanted = Wanted(check_space(values), dtype, verify, strict)
    with closing(open_source(source, limits)) as opened_source:
        image = Frames(opened_source, wanted, limits, lazy=frames is not None).read(frames)
        opened_source.check()
    warn_of_assumptions(image.steps, image.name, 2)
    return image


def open_frames(
    source: SourceLike,
    *,
    values: str = "modality",
    dtype: DTypeLike | None = None,
    strict: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Frames:
    """Open a file whose frames are decoded when they are asked for: cines, volumes, whole slides.

    Parameters
    ----------
    source, values, dtype, strict, limits
        As in `read`.

    Returns
    -------
    Frames
        A sequence of images, one a frame, and a context manager that closes the file.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> with hu.open_frames(get_testdata_file("rtdose_rle.dcm")) as frames:
    ...     print(len(frames), frames[7].unit, frames[7].frame_index)
    15 1 7
    """
    wanted = Wanted(check_space(values), dtype, strict=strict)
    opened_source = open_source(source, limits)
    try:
        return Frames(opened_source, wanted, limits)
    except BaseException:
        opened_source.close()
        raise
