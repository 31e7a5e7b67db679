"""What an array of values means, as a JSON document: it goes into the files that can carry one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

from hounsfield.image import Image
from hounsfield.steps import Step
from hounsfield.volume import Volume


def describe(image: Image | Volume, steps: Iterable[Step] | None = None) -> dict[str, Any]:
    """Return type, shape, unit, geometry and steps of an image or a volume; nothing that tells whose it is.

    Of a volume the affine too, from (slice, row, column, 1) to LPS mm; None where the place is not known.

    Parameters
    ----------
    image
        The image or volume.
    steps
        In place of the image's own.
    """
    spacing = image.pixel_spacing
    place: dict[str, Any] = {}
    if isinstance(image, Volume):
        place = {"affine": None if image.affine is None else image.affine.tolist()}
    return {
        "dtype": str(image.values.dtype),
        "shape": list(image.shape),
        "axes": list(image.axes),
        "unit": image.unit,
        "pixel_spacing": None if spacing is None else list(spacing),
        "spacing_kind": image.spacing_kind,
        **place,
        "padding_pixels": 0 if image.padding is None else int(np.count_nonzero(image.padding)),
        "steps": [step.to_dict() for step in (image.steps if steps is None else steps)],
    }


def description_json(image: Image | Volume, steps: Iterable[Step]) -> str:
    """Return the description as JSON in ASCII: TIFF and PNG know no other text that every reader understands."""
    return json.dumps(describe(image, steps), ensure_ascii=True, allow_nan=False)
