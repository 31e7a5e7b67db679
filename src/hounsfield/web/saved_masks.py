"""Masks as files: a picture, arrays, NIfTI, a segmentation, a surface, and the figure Original, Mask and Result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hounsfield.display.voi import WindowLike
from hounsfield.errors import FormatError
from hounsfield.recipes.segment import SegmentName
from hounsfield.volume import Volume
from hounsfield.web.mask_sets import DrawnMask, MaskSets
from hounsfield.web.parameters import Refused
from hounsfield.web.shown_places import ShownPlace, image_at

MaskForm = Literal["png", "npz", "nifti", "seg", "stl", "figure"]
#: Endings and media types.
FORMS: dict[MaskForm, tuple[str, str]] = {
    "png": (".png", "image/png"),
    "npz": (".npz", "application/zip"),
    "nifti": (".nii.gz", "application/gzip"),
    "seg": (".dcm", "application/dicom"),
    "stl": (".stl", "model/stl"),
    "figure": (".figure.png", "image/png"),
}


@dataclass(frozen=True)
class MaskFile:
    """A file that is asked for.

    Attributes
    ----------
    form
        Its format.
    place
        Of a mask of a volume: the image that pictures and figures show.
    window
        Of the figure, as `hounsfield.figure` takes it.
    outline
        Whether the figure shows the mask's outline.
    chinese
        Whether its labels are.
    """

    form: MaskForm
    place: ShownPlace
    window: WindowLike = None
    outline: bool = False
    chinese: bool = False


def write_mask(path: Path, masks: MaskSets, mask: DrawnMask, wanted: MaskFile) -> None:
    """Write a mask into a file.

    Raises
    ------
    Refused
        The mask is of another image than the one that is to be shown.
    HounsfieldError
        The format is of volumes, or it cannot be written.
    """
    if wanted.form in ("png", "figure"):
        path.write_bytes(_picture(masks, mask, wanted))
        return
    with mask.lock:
        made = masks.values(mask)
        if isinstance(made, Volume):
            _write_volume(path, made, mask, wanted.form)
            return
    if wanted.form != "npz":
        name = {"nifti": "NIfTI", "seg": "a SEG", "stl": "a surface"}[wanted.form]
        raise FormatError(f"{name} is of volumes, and this mask is of one image")
    from hounsfield.exports.npz import mask_npz

    path.write_bytes(mask_npz(made))


def _picture(masks: MaskSets, mask: DrawnMask, wanted: MaskFile) -> bytes:
    place = mask.wish.place if mask.wish.scope == "frame" else wanted.place
    seen = masks.seen(mask, place)
    if seen is None:
        raise Refused(404, "the mask is of another image")
    if wanted.form == "png":
        from hounsfield.exports.pictures import png_bytes

        return png_bytes(seen.values)
    from hounsfield.figures.figure import figure, figure_bytes

    image = image_at(mask.item, place)
    window = mask.wish.selection.window(wanted.window)
    language = "zh" if wanted.chinese else "en"
    drawn = figure(image, seen.values, window=window, outline=wanted.outline, language=language)
    return figure_bytes(drawn, "png")


def _write_volume(path: Path, made: Volume, mask: DrawnMask, form: str) -> None:
    from hounsfield.exports.nifti import write_nifti
    from hounsfield.exports.npz import write_npz

    if form == "seg":
        from hounsfield.exports.seg import write_seg

        try:
            described = SegmentName.of(mask.called, mask.wish.selection.tissue).described
        except ValueError as error:
            raise Refused(400, str(error)) from None
        write_seg(made, path, segments=described, force=True)
        return
    if form == "stl":
        from hounsfield.exports.stl import write_stl

        write_stl(made, path, force=True)
        return
    writers: dict[str, Callable[..., object]] = {"nifti": write_nifti, "npz": write_npz}
    writers[form](made, path, force=True)
