"""From stored values to the space that was asked for: modality, real-world or standardized uptake values, or colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import DecodeError, InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header
from hounsfield.headers.mask_frames import Subtraction, subtraction_steps, subtractions
from hounsfield.headers.philips import REFERENCE as PHILIPS
from hounsfield.headers.philips import philips_scale
from hounsfield.limits import Limits
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.stored import Stored, StoredFrames
from hounsfield.steps import Step
from hounsfield.values.colour import apply_palette, to_rgb
from hounsfield.values.modality import Linear, Transform, apply_transforms, modality_values, read_transforms
from hounsfield.values.real_world import real_world_offer, real_world_values
from hounsfield.values.subtraction import is_whole, subtract, to_logarithm
from hounsfield.values.suv import SUV_TYPES, suv_values

#: The choices for ``values=``; besides, ``"real_world:NAME"`` chooses one of several mappings.
SPACES = ("modality", "stored", "real_world", *SUV_TYPES, "subtracted", "philips")


def check_space(values: str) -> str:
    """Return a choice of `SPACES`, or raise ValueError where it is none."""
    if values not in SPACES and not str(values).startswith("real_world:"):
        raise ValueError(f"values must be one of {', '.join(SPACES)} or real_world:NAME, not {values!r}")
    return values


@dataclass(frozen=True)
class Meaning:
    """Values with their unit, whether they are colour, the steps, and which pixels have no value in this space."""

    values: NDArray[Any]
    unit: str = ""
    color: bool = False
    steps: tuple[Step, ...] = ()
    outside: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class InFile:
    """The place of frames in their file, for values that need more than the frames themselves.

    Attributes
    ----------
    header
        The attributes of the whole file.
    indices
        0-based index of each frame.
    frames
        All frames of the file.
    limits
        Bounds on what decoding may cost.
    """

    header: Header
    indices: Sequence[int]
    frames: StoredFrames
    limits: Limits


def interpret(
    stored: Stored,
    frames: InFile,
    headers: Sequence[Header],
    space: str,
    dtype: DTypeLike | None,
    name: str,
) -> Meaning:
    """Give stored values their meaning. They are overwritten where they can be: the values take their place in memory.

    Parameters
    ----------
    stored
        Stored values with a frame axis.
    frames
        Where they stand in their file.
    headers
        One for each frame, or a single one where all frames share it.
    space
        One of `SPACES`, or ``"real_world:NAME"``.
    dtype
        Type of the values; None: the smallest that holds every value exactly.
    name
        The file's name, for errors.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError, DecodeError
        The file does not have, or say, what the space needs.
    """
    layout = frames.frames.layout
    if layout.samples not in (1, 3):
        raise DecodeError(f"{layout.samples} samples a pixel are not a known colour", source=name)
    if space == "stored":
        return Meaning(own_array(stored.values, dtype), color=layout.samples == 3)
    grey = layout.samples == 1 and layout.photometric != "PALETTE COLOR"
    if space == "modality" and not grey:
        return _color(stored, layout, headers[0], dtype, name)
    if layout.samples != 1:
        detail = f"colour has no values of this kind: {space}"
        raise InvalidAttributeError(detail, source=name, attribute="SamplesPerPixel")
    if space == "modality":
        result = modality_values(stored.values, headers, layout.bits_stored, name, dtype)
        offer = real_world_offer(headers[0])
        return Meaning(result.values, result.unit, steps=(*result.steps, *((offer,) if offer else ())))
    if space == "subtracted":
        return _subtracted(stored, frames, dtype, name)
    if space == "philips":
        return _philips(stored, frames, headers, dtype, name)
    return _branched(stored, headers, space, dtype, name, layout.bits_stored)


def _branched(
    stored: Stored, headers: Sequence[Header], space: str, dtype: DTypeLike | None, name: str, bits: int
) -> Meaning:
    """Real-world values, or SUV: what stored values lead to beside modality values."""
    kind, _, choice = space.partition(":")
    by, which = (real_world_values, choice) if kind == "real_world" else (suv_values, kind)
    mapped = by(stored.values, headers, which, bits, name, dtype)
    return Meaning(mapped.values, mapped.unit, steps=mapped.steps, outside=mapped.outside)


def _subtracted(stored: Stored, frames: InFile, dtype: DTypeLike | None, name: str) -> Meaning:
    """Contrast frames less their mask, by Mask Subtraction Sequence; frames without a mask are no measurement."""
    plans = subtractions(frames.header, frames.indices, frames.frames.layout.frames, name)
    signed = stored.values.dtype.kind == "i"
    table = to_logarithm(frames.header.for_frame(frames.indices[0]), name, signed=signed)
    there = {index: stored.values[place] for place, index in enumerate(frames.indices)}
    values = np.zeros(stored.values.shape, dtype or _difference_type(stored, plans))
    outside = np.zeros(values.shape, np.bool_)

    def take(index: int) -> NDArray[Any]:
        if index not in there:
            other = frames.frames.take([index], frames.limits)
            if other.missing is not None:
                outside[place] |= other.missing[0]
            there[index] = other.values[0]
        return there[index] if table is None else table.apply(there[index])

    for place, plan in enumerate(plans):
        if plan is None:
            outside[place] = True
            continue
        values[place], beyond = subtract(take, plan.contrast, plan.mask, plan.shift)
        outside[place] |= beyond
    steps = subtraction_steps(plans, frames.header, logarithm=table is not None)
    return Meaning(values, steps=steps, outside=outside if outside.any() else None)


def _difference_type(stored: Stored, plans: Sequence[Subtraction | None]) -> DTypeLike:
    """Whole numbers where nothing is averaged, or interpolated; the difference of two values has a bit more."""
    whole = all(is_whole(plan.contrast, plan.mask, plan.shift) for plan in plans if plan is not None)
    if stored.values.dtype.kind == "f" or stored.values.dtype.itemsize > np.dtype(np.int16).itemsize:
        return np.float64
    return np.int32 if whole else np.float32


def _philips(stored: Stored, frames: InFile, headers: Sequence[Header], dtype: DTypeLike | None, name: str) -> Meaning:
    """The scanner's floating point values, by Philips' private scale of each frame."""
    transforms = read_transforms(headers, name, signed=stored.values.dtype.kind == "i")
    scales: list[Transform] = []
    for index, transform in zip(frames.indices, transforms, strict=False):  # one where all frames share a header
        scales.append(_philips_scale(frames.header, index, transform, name))
    values = apply_transforms(stored.values, scales, frames.frames.layout.bits_stored, name, dtype or np.float32)
    first = scales[0]
    detail = f"of each of {len(scales)} frames" if len(set(scales)) > 1 else _in_words(first)
    steps = [Step("philips", f"Scale Slope (2005,100E): {detail}", reference=PHILIPS)]
    scale = philips_scale(frames.header, frames.indices[0])
    if scale is not None and not scale.creator:
        doubt = "the private creator of (2005,100E) is missing; taken as Philips', who made the scanner"
        steps.append(Step("philips", doubt, "assumed", "PS3.5 7.8.1"))
    return Meaning(values, steps=tuple(steps))


def _in_words(scale: Transform) -> str:
    return f"{scale.slope:.10g} x stored + {scale.intercept:.10g}" if isinstance(scale, Linear) else ""


def _philips_scale(header: Header, index: int, transform: Transform, name: str) -> Linear:
    """From stored values PV to (PV x RS + RI) / (RS x SS); Scale Intercept stands for -RI / RS."""
    scale = philips_scale(header, index)
    if scale is None:
        detail = "Philips' private Scale Slope (2005,100E) is missing"
        raise MissingAttributeError(detail, source=name, attribute="(2005,100E)")
    if transform is not None and not isinstance(transform, Linear):
        detail = "a modality LUT takes the place of slope and intercept, to which Philips' Scale Slope belongs"
        raise InvalidAttributeError(detail, source=name, attribute="ModalityLUTSequence")
    offset = -(scale.intercept or 0.0) if transform is None else transform.intercept / transform.slope
    return Linear(1 / scale.slope, offset / scale.slope, "Philips")


def _color(stored: Stored, layout: Layout, header: Header, dtype: DTypeLike | None, name: str) -> Meaning:
    if layout.samples == 3:
        rgb, step = to_rgb(stored.values, stored.photometric, layout.bits_stored, name)
        return Meaning(own_array(rgb, dtype), color=True, steps=(step,) if step else ())
    rgb = apply_palette(stored.values, header, layout.signed, name)
    step = Step("colour", "palette -> RGB", reference="PS3.3 C.7.6.3.1.5")
    return Meaning(own_array(rgb, dtype), color=True, steps=(step,))


def own_array(values: NDArray[Any], dtype: DTypeLike | None) -> NDArray[Any]:
    """Return a writable array of its own: stored values may be a view on the file's bytes."""
    values = values if dtype is None else values.astype(np.dtype(dtype))
    return values if values.flags.writeable else values.copy()
