"""How a program puts volumes on another grid, and takes a part of what it has."""

from __future__ import annotations

from typing import Literal

from hounsfield.recipes.reshaping import PROJECTED, Reshaping
from hounsfield.recipes.source_code import Name, call, literal


def reshaping_lines(
    shape: Reshaping, kind: Literal["image", "volume"], masks: list[str], *, keeps_mask: bool = True
) -> list[str]:
    """Return the lines after which an image or a volume is on its grid, and cropped.

    Parameters
    ----------
    shape
        What is done.
    kind
        Whether it is done to an ``image`` or a ``volume``.
    masks
        The lines that make ``mask``, to which it may be cropped.
    keeps_mask
        Whether that is cropped, too: it is used afterwards.
    """
    lines = _grid_lines(shape)
    if shape.crop == "mask":
        around = {"mask": Name("mask"), "margin_mm": shape.margin_mm or None}
        cropped = call(f"{kind}.crop", **around)
        alone = not keeps_mask or shape.projection is not None
        lines += masks
        lines.append(f"{kind} = {cropped}" if alone else f"{kind}, mask = {cropped}, {call('mask.crop', **around)}")
    return [*lines, *_cut_lines(shape, kind)]


def reshaped_mask_lines(shape: Reshaping, kind: Literal["image", "volume"], masks: list[str]) -> list[str]:
    """Return the lines that reshape, and make ``mask`` of what comes out."""
    lines = reshaping_lines(shape, kind, masks)
    return lines if shape.crop == "mask" and shape.projection is None else [*lines, *masks]


def _grid_lines(shape: Reshaping) -> list[str]:
    """Return the lines that put a volume on another grid."""
    if shape.like is not None:
        return ["volume = volume.resample(like=like)"]
    lines = ["volume = volume.rectified()"] if shape.rectify else []
    if shape.plane is not None:
        lines.append(f"volume = {call('volume.reformat', literal(shape.plane), spacing=shape.spacing)}")
    elif shape.spacing is not None:
        lines.append(f"volume = volume.resample({literal(shape.spacing)})")
    return lines


def _cut_lines(shape: Reshaping, kind: Literal["image", "volume"]) -> list[str]:
    """Return the lines that crop to a box, and project."""
    lines = [f"{kind} = {kind}.crop(box_mm={literal(shape.crop)})"] if isinstance(shape.crop, tuple) else []
    if shape.projection is not None:
        name, slab = shape.projection
        lines.append(f"volume = {call('volume.project', literal(PROJECTED[name]), slab=slab)}")
    return lines
