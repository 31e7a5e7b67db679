"""How far apart numbers of a header may be and still mean the same place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tolerances:
    """Limits within which slices of a volume count as equal; pass another instance to `read_volumes`.

    Scanners round positions and directions to a few digits, so equal ones seldom are so exactly.

    Attributes
    ----------
    orientation
        Largest difference of a direction cosine between slices of one volume.
    pixel_spacing
        Largest difference of the pixel spacing between slices of one volume, in mm.
    position
        Slices no further apart than this, in mm along the normal, are at the same position.
    step
        The place of a slice may differ from a regular grid by this share of the distance between slices, ...
    step_mm
        ... or by this in mm, whichever is more.
    """

    orientation: float = 1e-4
    pixel_spacing: float = 1e-4
    position: float = 1e-2
    step: float = 1e-2
    step_mm: float = 2e-2

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and 0 <= value < float("inf")):
                raise ValueError(f"{name} must be a number, 0 or more, not {value!r}")
