"""What a program does with one image or volume, by recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hounsfield.headers.units import LOCALIZERS
from hounsfield.recipes.choice import Choice
from hounsfield.recipes.conversion import Conversion
from hounsfield.recipes.drawing import Drawing
from hounsfield.recipes.masking import VOLUME_ENDINGS, Masking
from hounsfield.recipes.measuring import Measuring
from hounsfield.recipes.program_grids import reshaped_mask_lines, reshaping_lines
from hounsfield.recipes.program_measures import Kind, mask_lines, measuring_lines, region_mask_lines
from hounsfield.recipes.reading import Reading
from hounsfield.recipes.segment import SegmentName
from hounsfield.recipes.source_code import Name, call, literal


@dataclass(frozen=True)
class Place:
    """The state of a program at one place: what it has at hand, and how its outputs are called.

    Attributes
    ----------
    kind
        Whether it has an ``image`` or a ``volume``.
    path
        The expression of an output, by its ending.
    label
        The expression by which an input is named where results are printed; ``""`` where there is one input.
    frames, colour
        What is known of the image: how many frames it has, whether it has colours. None is not known.
    force
        Whether outputs may be replaced.
    has_folder
        Whether outputs go into a folder that may have to be made.
    says
        Whether what is measured is printed: not where standard output is a file.
    """

    kind: Kind
    path: Callable[[str], str]
    label: str = ""
    frames: int | None = None
    colour: bool | None = None
    force: bool = False
    has_folder: bool = True
    says: bool = True


def reading_options(reading: Reading) -> dict[str, Any]:
    """Return the arguments of `read` and `read_volumes`."""
    space = None if reading.space == "modality" else reading.space
    return {"values": space, "strict": reading.strict, "verify": reading.verify}


def chosen(volumes: str, choice: Choice) -> str:
    """Return the expression of those volumes that a choice takes."""
    options: dict[str, Any] = {}
    for name in ("series", "study", "modality"):
        texts = getattr(choice, name)
        options[name] = None if not texts else texts[0] if len(texts) == 1 else list(texts)
    options |= {"min_slices": choice.min_slices, "where": choice.where}
    options |= {} if choice.localizers else {"localizers": Name("False")}
    return call("hu.choose", volumes, **options)


def masking_lines(recipe: Masking, place: Place) -> list[str] | None:
    """Mask, write, draw and measure; None where the format is not for such."""
    by_value = recipe.selection.chosen or not recipe.regions
    regions = region_mask_lines(recipe.regions, place.kind, within=by_value) if recipe.regions else []
    masks = mask_lines(recipe.selection, place.kind) if by_value else regions
    lines = [*reshaped_mask_lines(recipe.reshaping, place.kind, masks), *(regions if by_value else [])]
    if place.kind == "volume":
        if (recipe.format or "nifti") not in VOLUME_ENDINGS:
            return None
        form = recipe.format or "nifti"
        strict = recipe.reading.strict and form == "nifti"
        target = place.path(f".mask{VOLUME_ENDINGS[form]}")
        mask = "mask"
        if form == "seg" and recipe.reshaping.active:  # over the slices of its source
            lines, mask = ["source = volume", *lines], "mask.resample(like=source)"
        segments = _described(recipe.segment) if form == "seg" else None
        lines.append(call(f"hu.write_{form}", mask, target, segments=segments, force=place.force, strict=strict))
    elif recipe.format in (None, "png", "npz"):
        lines += _mask_of_image(recipe, place)
    else:
        return None
    if recipe.figure:
        lines += _middle_figure(recipe, place)
    if not place.says:
        return lines
    measures = f"measures = {call('hu.measure', place.kind, 'mask')}"
    label = f"{{{place.label}}}: " if place.label else ""
    printed = f'print(f"{label}{{measures.pixels}} pixels, mean {{measures.mean}} {{measures.unit}}")'
    return [*lines, measures, printed]


def _described(segment: SegmentName) -> Name | None:
    """Return how a segment is described; None where it is as by default."""
    default = SegmentName("mask")
    if segment == default:
        return None
    codes = {kind: getattr(segment, kind) for kind in ("category", "type")}
    codes = {kind: code for kind, code in codes.items() if code != getattr(default, kind)}
    return Name(call("hu.SegmentDescription", literal(segment.label), **codes))


def _mask_of_image(recipe: Masking, place: Place) -> list[str]:
    picture = [call("hu.write", "mask", place.path(".mask.png"), force=place.force)]
    arrays = [
        *_open(place.path(".mask.npz"), place),
        "    spacing = mask.pixel_spacing or (np.nan, np.nan)",
        '    parts = {"mask": mask.values, "axes": mask.axes, "pixel_spacing": spacing}',
        '    np.savez_compressed(file, **parts, spacing_kind=mask.spacing_kind or "")',
    ]
    if recipe.format == "npz" or (recipe.format is None and place.frames is not None and place.frames > 1):
        return arrays
    if recipe.format == "png" or place.frames is not None:
        return picture
    return ["if mask.multi_frame:", *(f"    {line}" for line in arrays), "else:", *(f"    {line}" for line in picture)]


def _middle_figure(recipe: Masking, place: Place) -> list[str]:
    options = {"window": recipe.selection.window(recipe.window), "outline": recipe.outline, **recipe.style.options}
    if place.kind == "volume" or place.frames == 1:
        made = [f"figure = {call('hu.figure', place.kind, 'mask', **options)}"]
    else:
        frames = ["middle = image.frames // 2"]
        made = [*frames, f"figure = {call('hu.figure', 'image.frame(middle)', 'mask.frame(middle)', **options)}"]
    path = place.path(f".figure.{recipe.figure_format}")
    # The mask was written there.
    there = replace(place, has_folder=False)
    return [*made, *_save_figure(path, recipe.figure_format, there)]


def _save_figure(path: str, form: str, place: Place) -> list[str]:
    saved = call("figure.savefig", "file", format=None if form == "png" else form)
    return [*_open(path, place), f"    {saved}"]


def _open(path: str, place: Place) -> list[str]:
    """Open an output, in its folder; one that exists is kept unless it may be replaced."""
    mode = '"wb"' if place.force else '"xb"'
    if not place.has_folder:
        return [f"with open({path}, {mode}) as file:"]
    target = path if path.startswith("Path(") or " / " in path else f"Path({path})"
    return [
        f"target = {target}",
        "target.parent.mkdir(parents=True, exist_ok=True)",
        f"with target.open({mode}) as file:",
    ]


def drawing_lines(recipe: Drawing, place: Place) -> list[str] | None:
    """Draw and save; None where a frame is asked of volumes, or slices of images."""
    volumes_only = recipe.slice_index is not None or recipe.montage is not None
    if (recipe.frame is not None) if place.kind == "volume" else volumes_only:
        return None
    lines: list[str] = []
    if place.kind == "image" and (recipe.frame is not None or place.frames != 1):
        which = "image.frames // 2" if recipe.frame is None else recipe.frame
        lines.append(f"image = image.frame({which})")
    masks = mask_lines(recipe.selection, place.kind)
    lines += reshaping_lines(recipe.reshaping, place.kind, masks)
    has_mask = recipe.reshaping.crop == "mask" and recipe.reshaping.projection is None
    masks = masks if recipe.mask and not has_mask else []
    if masks and not recipe.selection.chosen:
        lines.append(f'image_type = str({place.kind}.header.get("ImageType"))')
        lines.append(f"localizer = any(word in image_type for word in {sorted(LOCALIZERS)!r})".replace("'", '"'))
        condition = f'{place.kind}.unit == "HU" and not {place.kind}.color and not localizer'
        masks = [f"{masks[0]} if {condition} else None"]
    window = recipe.selection.window(recipe.window)
    options: dict[str, Any] = {"window": window, "outline": recipe.outline}
    options |= {"slice_index": recipe.slice_index, "montage": recipe.montage}
    options |= recipe.style.options
    inside = ["mask"] if recipe.mask else []
    path = place.path(f".figure.{recipe.format}")
    lines += [*masks, f"figure = {call('hu.figure', place.kind, *inside, **options)}"]
    return [*lines, *_save_figure(path, recipe.format, place)]


def conversion_lines(recipe: Conversion, place: Place) -> list[str] | None:
    """Write; None where only volumes can be, and it is an image, or the other way round."""
    from hounsfield.exports.write import FORMATS

    form = FORMATS[recipe.to]
    volumes_only = form.frames == "volume" or recipe.slice_index is not None
    if recipe.parts if place.kind == "volume" else volumes_only:
        return None
    path = place.path(_frame_ending(recipe, place) + form.endings[0])
    masks = mask_lines(recipe.selection, place.kind)
    lines = reshaping_lines(recipe.reshaping, place.kind, masks, keeps_mask=False)
    options: dict[str, Any] = {} if recipe.values is None else {"values": Name(repr(recipe.values))}
    options |= {name: getattr(recipe, name) for name in ("window", "icc", "quality", "fps")}
    options |= {"square": recipe.squares}
    options |= {"force": place.force, "strict": recipe.reading.strict}
    presentation = None if recipe.presentation is None else Name("presentation")
    index = 0 if recipe.slice_index is None and recipe.is_one_picture else recipe.slice_index
    what = place.kind if index is None else f"volume[{index}]"
    return [*lines, call("hu.write", what, path, presentation=presentation, **options)]


def ending_of(recipe: Masking | Drawing | Conversion) -> str:
    """Return the ending of the file that goes to standard output."""
    if isinstance(recipe, Conversion):
        from hounsfield.exports.write import FORMATS

        return FORMATS[recipe.to].endings[0]
    return {**VOLUME_ENDINGS}.get(recipe.format or "png", f".{recipe.format or 'png'}")


def _frame_ending(recipe: Conversion, place: Place) -> str:
    """Return what stands before the ending of a single frame's file."""
    if recipe.slice_index is not None:
        index = recipe.slice_index
        return f".frame{index:04}" if index >= 0 else f".frame{{{index} % len(volume):04}}"
    if recipe.frame is None or place.frames == 1:
        return ""
    digits = max(4, len(str((place.frames or 1) - 1)))
    return f".frame{recipe.frame:0{digits}}"


def lines_of(recipe: Any, place: Place) -> list[str] | None:
    """Return what is done with an image or a volume; None where the recipe is not for such."""
    if place.kind == "image" and recipe.reshaping.of_volumes:
        return None
    if isinstance(recipe, Masking):
        return masking_lines(recipe, place)
    if isinstance(recipe, Measuring):
        return measuring_lines(recipe, place.kind, place.label, place.colour)
    if isinstance(recipe, Drawing):
        return drawing_lines(recipe, place)
    return conversion_lines(recipe, place) if isinstance(recipe, Conversion) else None
