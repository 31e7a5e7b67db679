"""From stored values to the space that was asked for: modality, real-world or standardized uptake values, or colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import DecodeError, InvalidAttributeError
from hounsfield.image import Header, Step
from hounsfield.pixels.colour import apply_palette, to_rgb
from hounsfield.pixels.frames import Stored
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.modality import modality_values
from hounsfield.pixels.real_world import real_world_offer, real_world_values
from hounsfield.pixels.suv import SUV_TYPES, suv_values

#: The choices for ``values=``; besides, ``"real_world:NAME"`` chooses one of several mappings.
SPACES = ("modality", "stored", "real_world", *SUV_TYPES)


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


def interpret(
    stored: Stored, layout: Layout, headers: Sequence[Header], space: str, dtype: DTypeLike | None, name: str
) -> Meaning:
    """Give stored values their meaning. They are overwritten where they can be: the values take their place in memory.

    Parameters
    ----------
    stored
        Stored values with a frame axis.
    layout
        How they lie in the file.
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
    if layout.samples not in (1, 3):
        raise DecodeError(f"{layout.samples} samples a pixel are no known colour", source=name)
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
    kind, _, choice = space.partition(":")
    by, which = (real_world_values, choice) if kind == "real_world" else (suv_values, kind)
    found = by(stored.values, headers, which, layout.bits_stored, name, dtype)
    return Meaning(found.values, found.unit, steps=found.steps, outside=found.outside)


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
