"""`write`: an image or a volume to a file of another format, as values or as a rendering."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.render import render
from hounsfield.display.voi import WindowLike, frame_vois
from hounsfield.errors import AssumptionError, FormatError
from hounsfield.exports.pictures import png_values, write_jpeg, write_png
from hounsfield.exports.render_steps import render_steps
from hounsfield.image import Image
from hounsfield.imagelike import as_frames, as_image, require_grid
from hounsfield.interrupt import check_interrupt
from hounsfield.outputs import Written, whole_file
from hounsfield.steps import Step, warn_of_assumptions
from hounsfield.volume import Volume

if TYPE_CHECKING:
    from hounsfield.display.presentation.state import PresentationState

__all__ = ["FORMATS", "Format", "Written", "check_options", "find_format", "write"]

_DEFAULT_QUALITY = 90


@dataclass(frozen=True)
class Format:
    """A file format, and what it can hold.

    Attributes
    ----------
    name
        As options and endings call it.
    values
        True where it holds values only, False where it holds renderings only, None where both.
    by_default
        Whether values are written where nobody says what.
    frames
        How several frames are written: ``"files"``, one for each; ``"together"``; ``"cine"``, with their times; or
        ``"volume"``, where they are slices of one, and nothing else is.
    endings
        Of file names, the usual one first; of two parts, as ``.tar.gz`` is, where that is usual.
    write
        Writes an image, or a volume where there is no `write_volume`: the image, a path, what was asked for, and
        whether a file there is replaced. None where only volumes are held.
    write_volume
        Writes a volume with what images have not, the place: the volume, a path, `force`, `strict`. It warns by itself.
    """

    name: str
    values: bool | None
    by_default: bool
    frames: str
    endings: tuple[str, ...]
    write: Callable[[Image | Volume, Path, _Wanted, bool], Written] | None = None
    write_volume: Callable[[Volume, Path, bool, bool], Written] | None = None


class Rendering(TypedDict, total=False):
    """The options of `hounsfield.render`."""

    window: WindowLike
    presentation: PresentationState | None
    square: bool
    icc: bool


@dataclass(frozen=True)
class _Wanted:
    form: Format
    values: bool
    rendering: Rendering
    quality: int
    fps: float | None
    strict: bool


def find_format(path: str | os.PathLike[str]) -> Format | None:
    """Return the format that a path's ending names, or None."""
    name = Path(path).name.lower()
    return next((form for form in FORMATS.values() if name not in form.endings and name.endswith(form.endings)), None)


def check_options(
    form: Format,
    values: bool | None = None,
    quality: int | None = None,
    fps: float | None = None,
    **rendering: Unpack[Rendering],
) -> bool:
    """Return whether values are to be written, rather than a rendering.

    Raises
    ------
    ValueError
        An option does not belong to the format, or is out of its range.
    """
    chosen = form.by_default if values is None else values
    if form.values is not None and chosen != form.values:
        what = "values, not renderings" if form.values else "renderings, not values"
        raise ValueError(f"{form.name} files hold {what}")
    given = [name for name, option in rendering.items() if option is not None and option is not False]
    if chosen and given:
        raise ValueError(f"{given[0]} applies to renderings, and values are written")
    if quality is not None and form.name != "jpeg":
        raise ValueError(f"quality applies to jpeg, not to {form.name}")
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError(f"quality must be from 1 to 100, not {quality}")
    if fps is not None and form.frames != "cine":
        raise ValueError(f"frames a second apply to gif and mp4, not to {form.name}")
    if fps is not None and not 0.01 <= fps <= 1000:
        raise ValueError(f"frames a second must be from 0.01 to 1000, not {fps:g}")
    return chosen


def write(
    image: Image | Volume,
    path: str | os.PathLike[str],
    *,
    values: bool | None = None,
    quality: int | None = None,
    fps: float | None = None,
    force: bool = False,
    strict: bool = False,
    **rendering: Unpack[Rendering],
) -> Written:
    """Write an image or a volume as PNG, JPEG, TIFF, NPY, NPZ, GIF, MP4, NIfTI or OME-Zarr, as its path's ending says.

    The same image gives the same bytes. Nothing that identifies a patient is written beside the pixels.

    Parameters
    ----------
    image
        An image, a volume or a mask of either. Of several frames, PNG and JPEG get a file each:
        ``name.frame0000.png``, counted from 0 as in `Image.frame`; the other formats hold all frames. The slices of a
        volume are written as frames, in their order in the volume; NPZ holds its affine, as `write_npz` writes it.
    path
        Ends with .png, .jpg, .jpeg, .tif, .tiff, .npy, .npz, .gif or .mp4; of volumes also .nii, .nii.gz or .zarr.
        Missing folders are created.
    values
        True writes the values themselves: PNG (whole numbers from 0 to 65535), TIFF, NPY, NPZ; exactly, or not at
        all. False writes what `render` gives, 8 bit: PNG, JPEG, TIFF, GIF, MP4. By default TIFF gets values and
        PNG a rendering.
    quality
        Of a JPEG, from 1 to 100; by default 90.
    fps
        Frames a second in a GIF or MP4; by default what the file says of its frames' times, and of slices 10.
    force
        Replace files that exist.
    strict
        Refuse to write what rests on an assumption: how fast frames follow each other, how large voxels are.
    **rendering
        `window`, `presentation`, `square` and `icc` of a rendering: see `render`.

    Returns
    -------
    Written
        Where the files are, and the steps from the source to them.

    Raises
    ------
    AssumptionError
        `strict`, and something would have to be assumed.
    FormatError
        The format cannot hold these values, or this many.
    MissingDependencyError
        MP4 needs PyAV.
    OutputError
        A file exists or cannot be written.
    ValueError
        The ending is unknown, or an option does not apply to the format.

    Warns
    -----
    AssumptionWarning
        The file does not say how fast its frames follow each other.

    Examples
    --------
    >>> import hounsfield as hu, pathlib, tempfile
    >>> image = hu.Image([[-1000, 40, 1000]], unit="HU")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = hu.write(image, pathlib.Path(folder) / "slice.png", window="soft tissue")
    >>> print(written.steps[-2])
    render: window center 40, width 400, LINEAR (preset soft tissue) (PS3.3 C.11.2)
    """
    require_grid(image, "write")
    path = Path(path)
    form = find_format(path)
    if form is None:
        endings = ", ".join(ending for known in FORMATS.values() for ending in known.endings)
        raise ValueError(f"cannot tell the format of a file that ends with {path.suffix!r}; known are {endings}")
    as_values = check_options(form, values, quality, fps, **rendering)
    wanted = _Wanted(form, as_values, rendering, _DEFAULT_QUALITY if quality is None else quality, fps, strict)
    try:
        written = _write(image, path, wanted, force)
    except FormatError as error:
        raise FormatError(error.message, source=image.name) from None
    if isinstance(image, Volume) and form.write_volume is not None:
        return written  # which has warned by itself
    warn_of_assumptions(written.steps[len(image.steps) :], image.name, 2)
    return written


def _write(image: Image | Volume, path: Path, wanted: _Wanted, force: bool) -> Written:
    form = wanted.form
    if isinstance(image, Volume) and form.write_volume is not None:
        return form.write_volume(image, path, force, wanted.strict)
    if form.write is None:
        detail = f"{form.name} holds volumes, and this is an image; hu.read_volumes puts slices together"
        raise FormatError(detail, source=image.name)
    return form.write(image, path, wanted, force)


def _write_array(image: Image | Volume, path: Path, wanted: _Wanted, force: bool) -> Written:
    from hounsfield.exports.npz import save_npy, save_npz

    steps = (*image.steps, _write_step(wanted.form.name, image.values))
    with whole_file(path, force=force) as temporary:
        if wanted.form.name == "npy":
            save_npy(temporary, as_image(image))
        else:
            save_npz(temporary, as_image(image), steps)
    return Written((path,), steps)


def _write_step(form: str, values: NDArray[Any]) -> Step:
    return Step("write", f"{form.upper()}, the values as {values.dtype}")


def _write_tiff(image: Image | Volume, path: Path, wanted: _Wanted, force: bool) -> Written:
    from hounsfield.exports.description import description_json
    from hounsfield.exports.tiff import tiff_values, write_tiff

    spacing = image.pixel_spacing if image.spacing_kind is not None and not wanted.rendering.get("square") else None
    if wanted.values:
        exact = tiff_values(image.values)
        steps = (*image.steps, _write_step("tiff", exact))
        pages, description = iter(as_frames(image, exact)), description_json(image, steps)
    else:
        steps = (*image.steps, *render_steps(image, wanted.rendering), Step("write", "TIFF, 8 bit"))
        pages, description = rendered_frames(image, wanted.rendering), ""
    with whole_file(path, force=force) as temporary:
        write_tiff(temporary, pages, image.values.nbytes, description, spacing)
    return Written((path,), steps)


def _write_cine(image: Image | Volume, path: Path, wanted: _Wanted, force: bool) -> Written:
    from hounsfield.exports.cine import frame_durations, gif_delays, slice_durations, write_gif

    if isinstance(image, Volume):
        durations, timed = slice_durations(len(image), wanted.fps)
    else:
        durations, timed = frame_durations(image.header, image.frames, wanted.fps, image.frame_indices)
    if wanted.strict and timed.outcome == "assumed":
        raise AssumptionError(f"strict refuses this assumption: {timed.detail}", source=image.name)
    steps = (*image.steps, *render_steps(image, wanted.rendering), timed)
    frames = rendered_frames(image, wanted.rendering)
    if wanted.form.name == "gif":
        delays, slower = gif_delays(durations)
        detail = "GIF, 256 colours in each frame" if image.color else "GIF, 8 bit"
        steps = (*steps, *((slower,) if slower else ()), Step("write", detail))
        with whole_file(path, force=force) as temporary:
            write_gif(temporary, frames, delays)
        return Written((path,), steps)
    from hounsfield.exports.mp4 import check_video, write_mp4

    check_video()
    first = next(frames)
    odd = (
        "; the last row or column is repeated, because their number must be even"
        if any(n % 2 for n in first.shape[:2])
        else ""
    )
    steps = (*steps, Step("write", f"MP4, H.264, lossy{odd}"))
    frames = chain([first], frames)
    with whole_file(path, force=force) as temporary:
        write_mp4(temporary, frames, durations)
    return Written((path,), steps)


def _write_pictures(image: Image | Volume, path: Path, wanted: _Wanted, force: bool) -> Written:
    """Write PNG or JPEG: one file, or one for each frame or slice."""
    if wanted.values:
        from hounsfield.exports.description import description_json

        exact = png_values(image.values, image.color)
        steps = (*image.steps, _write_step("png", exact))
        pictures, description = iter(as_frames(image, exact)), description_json(image, steps)
    else:
        detail = "PNG, 8 bit" if wanted.form.name == "png" else f"JPEG, 8 bit, lossy, quality {wanted.quality}"
        steps = (*image.steps, *render_steps(image, wanted.rendering), Step("write", detail))
        pictures, description = rendered_frames(image, wanted.rendering), ""
    whole = as_image(image)
    paths = frame_paths(path, whole.frames) if whole.multi_frame else (path,)
    for target, picture in zip(paths, pictures, strict=True):
        with whole_file(target, force=force) as temporary:
            if wanted.form.name == "png":
                write_png(temporary, picture, description)
            else:
                write_jpeg(temporary, picture, wanted.quality)
    return Written(paths, steps)


def frame_paths(path: Path, frames: int) -> tuple[Path, ...]:
    """Return a path for each frame: ``name.frame0000.png``, with as many digits as the last needs, four at least."""
    digits = max(4, len(str(frames - 1)))
    return tuple(path.with_name(f"{path.stem}.frame{index:0{digits}}{path.suffix}") for index in range(frames))


def rendered_frames(image: Image | Volume, rendering: Rendering) -> Iterator[NDArray[np.uint8]]:
    """Yield what `render` makes of an image or a volume, frame by frame, so that not all have to be in memory."""
    if isinstance(image, Volume):
        if rendering.get("presentation"):
            yield from render(image, **rendering)  # which refers to the file of each slice
            return
        image = image.as_image()
    if not image.multi_frame:
        yield render(image, **rendering)
    elif image.color and image.values.dtype != np.uint8:
        # How bright the brightest is may depend on all frames.
        yield from render(image, **rendering)
    else:
        window = rendering.get("window")
        grey = not (image.color or image.is_mask or rendering.get("presentation"))
        vois = frame_vois(image, window) if grey else repeat(window, image.frames)
        for index, voi in enumerate(vois):
            check_interrupt()
            yield render(image.frame(index), **(rendering | {"window": voi}))


def _write_npz(volume: Volume, path: Path, force: bool, strict: bool) -> Written:
    from hounsfield.exports.npz import write_npz

    return write_npz(volume, path, force=force)


def _write_nifti(volume: Volume, path: Path, force: bool, strict: bool) -> Written:
    from hounsfield.exports.nifti import write_nifti

    return write_nifti(volume, path, force=force, strict=strict)


def _write_zarr(volume: Volume, path: Path, force: bool, strict: bool) -> Written:
    from hounsfield.exports.ome_zarr import write_zarr

    return write_zarr(volume, path, force=force)


#: Every format that `write` knows, by name; what writes one is loaded when it is written.
FORMATS = {
    form.name: form
    for form in (
        Format("png", None, False, "files", (".png",), _write_pictures),
        Format("jpeg", False, False, "files", (".jpg", ".jpeg"), _write_pictures),
        Format("tiff", None, True, "together", (".tif", ".tiff"), _write_tiff),
        Format("npy", True, True, "together", (".npy",), _write_array),
        Format("npz", True, True, "together", (".npz",), _write_array, _write_npz),
        Format("gif", False, False, "cine", (".gif",), _write_cine),
        Format("mp4", False, False, "cine", (".mp4",), _write_cine),
        Format("nifti", True, True, "volume", (".nii.gz", ".nii"), write_volume=_write_nifti),
        Format("zarr", True, True, "volume", (".zarr",), write_volume=_write_zarr),
    )
}
