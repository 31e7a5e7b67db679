"""`read_rois`: the regions of a file, whatever program it is of, as masks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, overload

import numpy as np

from hounsfield.errors import FormatError, GeometryError, LimitExceededError, SourceError
from hounsfield.image import Image
from hounsfield.imagelike import require_grid
from hounsfield.limits import DEFAULT_LIMITS, Limits
from hounsfield.measures.extents import BEYOND
from hounsfield.rois.imagej import MAGIC, outline_of, zipped_outlines
from hounsfield.rois.mask_files import array_masks, nifti_masks, packed_masks, picture_masks
from hounsfield.rois.outlines import Outline, json_outlines
from hounsfield.rois.placing import PlacedRegion, PlacedRegions, check_number
from hounsfield.rois.segment_masks import segment_masks
from hounsfield.steps import Step, say_assumptions
from hounsfield.volume import Volume

Kind = Literal["ImageJ", "ROI Manager", "JSON", "PNG", "NPY", "NPZ", "NIfTI", "DICOM"]
#: Of these kinds a file is read as a whole before it is understood.
_OUTLINES: tuple[Kind, ...] = ("ImageJ", "ROI Manager", "JSON")
_MAGIC: dict[bytes, Kind] = {MAGIC: "ImageJ", b"\x93NUMPY": "NPY", b"\x89PNG\r\n\x1a\n": "PNG"}
_MOST_BYTES = 64 * 2**20
_LOOK = 400
_PART = 2**18
_KNOWN = "JSON and GeoJSON, ImageJ's .roi and .zip, PNG, NPY, NPZ, NIfTI and DICOM segmentations"


@overload
def read_rois(path: str | os.PathLike[str], image: Image, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Image]: ...
@overload
def read_rois(path: str | os.PathLike[str], image: Volume, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Volume]: ...
def read_rois(
    path: str | os.PathLike[str], image: Image | Volume, *, limits: Limits = DEFAULT_LIMITS
) -> dict[str, Image] | dict[str, Volume]:
    """Return the regions that were drawn in another program, as masks by their names.

    What the file is, its content tells:

    - JSON: a list of [x, y] points; objects with ``points`` and a ``name``; GeoJSON with polygons in pixels. x is the
      column, y the row, counted from 0; whole numbers are centres of pixels.
    - a ``.roi`` of ImageJ or Fiji, or the zip of its ROI Manager (needs the extra ``imagej``).
    - PNG, NPY, or NPZ that hounsfield has written: each value other than 0 is a region, in each frame or slice where
      the file has only one.
    - NIfTI, DICOM segmentation: where their voxels lie in the patient, cut off where the image ends. They must be those
      of the image; nothing is interpolated.

    Parameters
    ----------
    path
        The file.
    image
        The image or volume that the masks are for.
    limits
        Bounds on what the file may cost.

    Returns
    -------
    dict
        Masks by name, in the order of the file. Where it gives no name, a region is called like the file.

    Raises
    ------
    SourceError
        It cannot be opened.
    FormatError
        It is nothing of these, it is damaged, or holds a shape without an area.
    GeometryError
        A region has no pixel of the image, has other voxels, or was drawn on one slice of a stack, whose order is not
        known: take the slice, ``volume[i]``.
    LimitExceededError
        It is too large.
    MissingDependencyError
        Something has to be installed to read it.

    Warns
    -----
    AssumptionWarning
        Where its voxels lie, or how thick they are, had to be assumed.

    Examples
    --------
    >>> import hounsfield as hu, json, pathlib, tempfile
    >>> image = hu.Image([[0, 10, 20], [30, 40, 50], [60, 70, 80]], unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "corner.json"
    ...     text = file.write_text(json.dumps([[0, 0], [2, 0], [0, 2]]))
    ...     rois = hu.read_rois(file, image)
    >>> {name: hu.measure(image, mask).mean for name, mask in rois.items()}
    {'corner': 26.666666666666668}
    """
    require_grid(image, "read_rois")
    source = os.fspath(path)
    kind = kind_of_rois(source)
    found = _found(kind, source, image, limits)
    check_number(found.number, image, source, limits)
    masks = dict(_made(found, kind, source, image))
    say_assumptions((step for mask in masks.values() for step in mask.steps[len(image.steps) :]), source)
    return masks  # pyright: ignore[reportReturnType]  all of one type: that of the image


def each_roi(path: str, image: Image | Volume) -> Iterator[tuple[str, Image | Volume]]:
    """Yield what `read_rois` returns, each mask when it is its turn: a file may have more than fit into memory.

    Raises
    ------
    SourceError, FormatError, GeometryError, LimitExceededError, MissingDependencyError
        As of `read_rois`, when the first mask is asked for or a later one.

    Warns
    -----
    AssumptionWarning
        As of `read_rois`, once, after the last mask.
    """
    kind = kind_of_rois(path)
    steps: dict[Step, None] = {}
    for name, mask in _made(_found(kind, path, image, DEFAULT_LIMITS), kind, path, image):
        steps |= dict.fromkeys(mask.steps[len(image.steps) :])
        yield name, mask
    say_assumptions(steps, path)


def _found(kind: Kind, source: str, image: Image | Volume, limits: Limits) -> PlacedRegions:
    called = Path(source).name.partition(".")[0] or "region"
    if kind not in _OUTLINES:
        return _masks(kind, source, image, called, limits)
    outlines = outlines_of(source, kind)
    return PlacedRegions(len(outlines), (_drawn(outline, image, called, source) for outline in outlines))


def _made(found: PlacedRegions, kind: Kind, source: str, image: Image | Volume) -> Iterator[tuple[str, Image | Volume]]:
    """Yield the name and the mask of each region; names that occur again get a number."""
    taken: set[str] = set()
    for region in found.regions:
        name = _unique(region.name, taken)
        taken.add(name)
        yield name, _mask(image, region, f"{name}, {kind} file {Path(source).name}")


def outlines_of(source: str, kind: Kind) -> list[Outline]:
    """Return the outlines of a file that has such.

    Raises
    ------
    FormatError, LimitExceededError, SourceError, MissingDependencyError
        As of `read_rois`.
    """
    data = _content(source, _MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise LimitExceededError(f"a file of outlines has not more than {_MOST_BYTES} bytes", source=source)
    if kind == "JSON":
        return json_outlines(data, source)
    return zipped_outlines(data, source) if kind == "ROI Manager" else [outline_of(data, source)]


def check_rois(path: str) -> None:
    """Raise what `read_rois` raises of a file, as far as that does not depend on the image."""
    kind = kind_of_rois(path)
    if kind in _OUTLINES:
        outlines_of(path, kind)


def kind_of_rois(path: str) -> Kind:
    """Tell what a file is by its content.

    Raises
    ------
    SourceError
        It cannot be opened.
    FormatError
        It is nothing that regions are read from.
    """
    head = _content(path, _LOOK)
    if head[128:132] == b"DICM":
        return "DICOM"
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(b"\x1f\x8b") or head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0":
        return "NIfTI"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{"):
        return "JSON"
    raise FormatError(f"is nothing that regions are read from, which are {_KNOWN}", source=path)


def _kind_of_zip(path: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        raise FormatError("is a zip that cannot be read", source=path) from None
    if any(name.lower().endswith(".roi") for name in names):
        return "ROI Manager"
    if any(name.endswith(".npy") for name in names):
        return "NPZ"
    raise FormatError(f"is a zip without regions, which are read from {_KNOWN}", source=path)


def _content(path: str, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            parts: list[bytes] = []
            # Bit by bit: what is asked for at once is allocated at once, however short the file is.
            while most > 0 and (part := file.read(min(most, _PART))):
                parts.append(part)
                most -= len(part)
            return b"".join(parts)
    except OSError as error:
        raise SourceError(error.strerror or "cannot be opened", source=path) from None


def _masks(kind: Kind, source: str, image: Image | Volume, called: str, limits: Limits) -> PlacedRegions:
    if kind == "PNG":
        return picture_masks(source, image, called, source)
    if kind == "NIfTI":
        return nifti_masks(source, image, called, source, limits)
    if kind == "DICOM":
        return segment_masks(source, image, called, source, limits)
    with open(source, "rb") as file:
        return (array_masks if kind == "NPY" else packed_masks)(file, image, called, source, limits)


def _drawn(outline: Outline, image: Image | Volume, called: str, source: str) -> PlacedRegion:
    """The pixels within an outline: on the frame that it was drawn on, or on all."""
    rows, columns = image.size
    name = outline.name or called
    inside = outline.pixels(rows, columns, source)
    frames = image.shape[0] if isinstance(image, Volume) else image.frames
    only = outline.frame if frames > 1 else None
    if only is not None and isinstance(image, Volume):
        detail = f"{name} was drawn on slice {only + 1} of a stack, whose order the file does not say: take a slice"
        raise GeometryError(detail, source=source)
    if only is not None and only >= frames:
        raise GeometryError(f"{name} was drawn on frame {only}, and there are {frames}, counted from 0", source=source)
    values = np.zeros((frames, rows, columns), np.bool_)
    values[slice(None) if only is None else only] = inside
    several = isinstance(image, Volume) or image.multi_frame
    return PlacedRegion(name, values if several else values[0], outline.reaches_beyond(rows, columns))


def _unique(name: str, taken: set[str]) -> str:
    number, unique = 2, name
    while unique in taken:
        unique, number = f"{name} ({number})", number + 1
    return unique


def _mask(image: Image | Volume, region: PlacedRegion, what: str) -> Image | Volume:
    """A mask with the steps that made it.

    Raises
    ------
    GeometryError
        It is empty.
    """
    if not region.values.any():
        raise GeometryError(f"the region ({what}) has no pixel of the image", source=image.name)
    made = image.with_values(region.values, Step("region", what), unit="", padding=None, color=False)
    steps = region.steps
    if region.beyond:
        steps += (Step(BEYOND, f"a part of the region ({what}) is outside, and has no pixels", "not done"),)
    for step in steps:
        made = made.with_values(region.values, step)
    return made
