"""VOI: which values become dark and which bright (PS3.3 C.11.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.image import Image, text_of
from hounsfield.pixels.lut import LookUpTable, read_sequence_table

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

#: Window center and width in HU, as radiology departments use them; sources in docs/display.md.
PRESETS: dict[str, tuple[float, float]] = {
    "soft tissue": (40, 400),
    "lung": (-600, 1500),
    "bone": (400, 1800),
    "brain": (40, 80),
    "stroke": (40, 40),
    "mediastinum": (50, 350),
    "liver": (60, 160),
    "angio": (300, 600),
}
#: Percentiles that bound the default window where a file has none.
_ROBUST = (0.5, 99.5)


@dataclass(frozen=True)
class Window:
    """Window center, width and function, in the unit of the values."""

    center: float
    width: float
    function: Function = "LINEAR"
    origin: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The values that become darkest and brightest; a sigmoid comes near them only."""
        if self.function == "LINEAR":
            return self.center - 0.5 - (self.width - 1) / 2, self.center - 0.5 + (self.width - 1) / 2
        return self.center - self.width / 2, self.center + self.width / 2

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return brightness from 0 to 1, by the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
        x = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
        if self.function == "SIGMOID":
            with np.errstate(over="ignore"):
                return np.asarray(1 / (1 + np.exp(-4 * (x - self.center) / self.width)), np.float32)
        low, high = self.bounds
        if high <= low:
            return np.asarray(x > low, np.float32)
        return np.asarray(np.clip((x - low) / (high - low), 0, 1), np.float32)


@dataclass(frozen=True)
class VoiTable:
    """A VOI LUT: brightness for each value."""

    table: LookUpTable
    origin: str = "VOI LUT Sequence"

    @property
    def bounds(self) -> tuple[float, float]:
        """First and last value of the table."""
        return self.table.first, self.table.first + len(self.table.entries) - 1

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return brightness from 0 to 1."""
        rounded = np.rint(values) if values.dtype.kind == "f" else values
        return np.asarray(self.table.apply(rounded) / (2**self.table.bits - 1), np.float32)


Voi = Window | VoiTable
WindowLike = tuple[float, float] | Window | VoiTable | str | int | None


def choose_voi(image: Image, window: WindowLike = None) -> Voi:
    """Return the VOI for an image.

    Parameters
    ----------
    image
        One value a pixel. Of a multi-frame image the first frame decides where the file has no window.
    window
        ``(center, width)``; a `Window` or `VoiTable`; the name of a CT preset (`PRESETS`); the 0-based number of
        one of the file's own windows; or None: the file's first window, else its VOI LUT, else soft tissue for HU,
        else robust percentiles of the values without padding.

    Raises
    ------
    ValueError
        The preset or the number does not exist, or the width is not positive.
    """
    if isinstance(window, (Window, VoiTable)):
        return window
    if isinstance(window, str):
        return _preset(window)
    if isinstance(window, tuple):
        return _window(*window, origin="given")
    if isinstance(window, int):
        declared = _declared(_frame_header(image)) if _has_modality_values(image) else []
        if not 0 <= window < len(declared):
            raise ValueError(f"the file has {len(declared)} windows, counted from 0; there is no {window}")
        return declared[window]
    return file_voi(image) or default_window(image)


def file_voi(image: Image) -> Voi | None:
    """The first window that the file gives for an image or frame, else its VOI LUT, else None."""
    if not _has_modality_values(image):
        return None
    header = _frame_header(image)
    return next(iter(_declared(header)), None) or _declared_table(header, image)


def _has_modality_values(image: Image) -> bool:
    """Whether the file's windows fit: they are meant for modality values (PS3.3 C.11.2.1.2)."""
    return any(step.name == "modality" for step in image.steps)


def _frame_header(image: Image) -> Mapping[str, Any]:
    return image.header if image.frame_index is not None else image.header.for_frame(0)


def _preset(name: str) -> Window:
    key = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    if key not in PRESETS:
        raise ValueError(f"unknown window {name!r}; known are {', '.join(PRESETS)}")
    return _window(*PRESETS[key], origin=f"preset {key}")


def _window(center: float, width: float, function: str = "LINEAR", origin: str = "") -> Window:
    if not (np.isfinite(center) and np.isfinite(width)) or width <= 0:
        raise ValueError(f"a window needs a positive width, got center {center}, width {width}")
    known: dict[str, Function] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}
    return Window(float(center), float(width), known.get(function, "LINEAR"), origin)


def _declared(header: Mapping[str, Any]) -> list[Window]:
    """The file's windows; those that are impossible are passed over."""
    centers, widths = _floats(header.get("WindowCenter")), _floats(header.get("WindowWidth"))
    function = text_of(header, "VOILUTFunction")
    smallest = 0 if function in ("LINEAR_EXACT", "SIGMOID") else 1
    return [
        _window(center, width, function, "file")
        for center, width in zip(centers, widths, strict=False)
        if np.isfinite(center) and np.isfinite(width) and width >= smallest and width > 0
    ]


def _floats(value: Any) -> list[float]:
    values = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
    return [float(v) for v in values if isinstance(v, (int, float))]  # pyright: ignore[reportUnknownVariableType]


def _declared_table(header: Mapping[str, Any], image: Image) -> VoiTable | None:
    items = header.get("VOILUTSequence")
    if not items:
        return None
    signed = bool(image.values.dtype.kind == "i" and image.values.min() < 0)
    try:
        return VoiTable(read_sequence_table(items[0], "VOILUTSequence", image.name, signed=signed))
    except (KeyError, ValueError):  # a damaged table must not keep anyone from seeing the image
        return None


def default_window(image: Image) -> Window:
    """A window for values that come without one: soft tissue for HU, else their robust range."""
    if image.unit == "HU":
        return _window(*PRESETS["soft tissue"], origin="default for HU")
    frame = image.frame(0)
    values = frame.values.ravel() if frame.padding is None else frame.values[~frame.padding]
    values = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if values.size == 0:
        return Window(0.5, 1.0, "LINEAR_EXACT", "default")
    low, high = (float(v) for v in np.percentile(values, _ROBUST))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    width = high - low if high > low else 1.0
    return Window((low + high) / 2, width, "LINEAR_EXACT", "default: 0.5 to 99.5 percent of the values")
