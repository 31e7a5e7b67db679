"""What a program measures, and where: masks, regions, frames and channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hounsfield.recipes.measured_regions import MeasuredRegion
from hounsfield.recipes.measuring import Measuring
from hounsfield.recipes.program_grids import reshaped_mask_lines, reshaping_lines
from hounsfield.recipes.selection import Selection
from hounsfield.recipes.source_code import call, literal

Kind = Literal["image", "volume"]


def mask_lines(selection: Selection, kind: Kind) -> list[str]:
    """Return the lines that make ``mask``."""
    options: dict[str, Any] = {name: getattr(selection, name) for name in ("above", "below", "tissue", "method")}
    made = call("hu.mask", kind, **options)
    # None and False differ here: a tissue is not filled by default, and opened by nothing.
    shape = {} if selection.fill is None else {"fill": selection.fill}
    shape |= {"fill": "3d"} if selection.fill_3d and kind == "volume" else {}
    shape |= {} if selection.opening is None else {"opening": selection.opening}
    for name, value in shape.items():
        text = '"3d"' if value == "3d" else repr(value)
        made = f"{made[:-1]}, {name}={text})"
    size = {"min_ml": selection.min_ml} if kind == "volume" else {"min_mm2": selection.min_mm2}
    if selection.largest is None and not any(value is not None for value in size.values()):
        return [f"mask = {made}"]
    return [f"mask = {made}", f"mask = {call('hu.components', 'mask', largest=selection.largest, **size)}"]


def region_lines(regions: Sequence[MeasuredRegion], kind: Kind) -> list[str]:
    """Return the lines that make ``regions``: pairs of a name and a mask."""
    lines = ["regions = ["]
    for region in regions:
        if region.is_file:
            lines.append(f"    *{call('hu.read_rois', literal(region.text), kind)}.items(),")
        else:
            made = call("hu.region", literal(region.shape), kind, **region.options)
            lines.append(f"    ({literal(region.name)}, {made}),")
    return [*lines, "]"]


def region_mask_lines(regions: Sequence[MeasuredRegion], kind: Kind, *, within: bool) -> list[str]:
    """Return the lines that make ``mask`` of all regions together, within the ``mask`` there is."""
    together = "hu.union(*(region for _, region in regions))"
    made = f"hu.intersection(mask, {together})" if within else together
    return [*region_lines(regions, kind), f"mask = {made}"]


def measuring_lines(recipe: Measuring, kind: Kind, label: str, colour: bool | None) -> list[str] | None:
    """Measure: everywhere, in a mask, or in regions; of a colour image each channel. None where that is of the others.

    Parameters
    ----------
    recipe
        What is measured.
    kind
        Whether it is in an ``image`` or a ``volume``.
    label
        The expression by which an input is named; ``""`` where there is one input.
    colour
        Whether it has colours; None is not known.
    """
    if (recipe.frame if kind == "volume" else recipe.slice_index) is not None:
        return None
    labelled = [f"print({label})"] if label else []
    if recipe.regions:
        return [*labelled, *_regions_measured(recipe, kind, colour)]
    grey = _grey_lines(recipe, kind)
    if kind == "volume" or colour is False or recipe.selection.chosen:  # colours have no mask by value
        return [*labelled, *grey]
    picked = reshaping_lines(recipe.reshaping, kind, [])
    picked += [] if recipe.frame is None else [f"image = image.frame({recipe.frame})"]
    channels = [*picked, "for channel in range(3):", f"    {_printed('image.channel(channel)')}"]
    if colour:
        return [*labelled, *channels]
    either = ["if image.color:", *(f"    {line}" for line in channels), "else:", *(f"    {line}" for line in grey)]
    return [*labelled, *either]


def _grey_lines(recipe: Measuring, kind: Kind) -> list[str]:
    """Measure what has one value a pixel; in a mask, and each frame or slice, where that is asked for."""
    lines, kind = _picked_lines(recipe, kind)
    inside = ["mask"] if recipe.selection.chosen else []
    lines.append(_printed(kind, *inside))
    if recipe.frames:
        count, one = _each(kind)
        lines += [f"for i in range({count}):", f"    {_printed(*(one.format(name) for name in [kind, *inside]))}"]
    return lines


def _picked_lines(recipe: Measuring, kind: Kind) -> tuple[list[str], Kind]:
    """Reshape, make the mask, and take the frame or the slice that was asked for."""
    masks = mask_lines(recipe.selection, kind) if recipe.selection.chosen else []
    lines = reshaped_mask_lines(recipe.reshaping, kind, masks)
    one = f"{{}}.frame({recipe.frame})" if kind == "image" else f"{{}}[{recipe.slice_index}]"
    if (recipe.frame if kind == "image" else recipe.slice_index) is None:
        return lines, kind
    lines.append(f"image = {one.format(kind)}")
    lines += [f"mask = {one.format('mask')}"] if recipe.selection.chosen else []
    return lines, "image"


def _regions_measured(recipe: Measuring, kind: Kind, colour: bool | None) -> list[str]:
    lines, kind = _picked_lines(recipe, kind)
    lines += [*region_lines(recipe.regions, kind), "for name, region in regions:"]
    lines += ["    region = hu.intersection(mask, region)"] if recipe.selection.chosen else []
    lines.append("    print(name)")
    grey = [_printed(kind, "region")]
    if recipe.frames:
        count, one = _each(kind)
        grey += [f"for i in range({count}):", f"    {_printed(one.format(kind), one.format('region'))}"]
    channels = ["for channel in range(3):", f"    {_printed('image.channel(channel)', 'region')}"]
    if kind == "volume" or colour is False:
        done = grey
    elif colour:
        done = channels
    else:
        done = ["if image.color:", *(f"    {line}" for line in channels), "else:", *(f"    {line}" for line in grey)]
    return [*lines, *(f"    {line}" for line in done)]


def _each(kind: Kind) -> tuple[str, str]:
    """The number of slices or frames, and one of them, as expressions."""
    return ("len(volume)", "{}[i]") if kind == "volume" else ("image.frames", "{}.frame(i)")


def _printed(*arguments: str) -> str:
    return f"print(json.dumps({call('hu.measure', *arguments)}.to_dict(), indent=2))"
