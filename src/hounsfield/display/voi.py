"""VOI: which values become dark and which bright (PS3.3 C.11.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import repeat, zip_longest
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.defaults import PRESETS, SUV_PRESETS, default_range, is_suv, range_of_values
from hounsfield.errors import InvalidAttributeError
from hounsfield.header import finite_number, finite_numbers, items_of, text_of, texts_of, values_in
from hounsfield.headers.remarks import used_bits
from hounsfield.headers.units import is_localizer, modality_table
from hounsfield.image import Image, header_of_frame
from hounsfield.imagelike import as_image, require_grid
from hounsfield.text import suggestion
from hounsfield.values.lut import LookUpTable, read_sequence_table
from hounsfield.values.undo import modality_range, value_space
from hounsfield.volume import Volume

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True)
class Window:
    """Window center, width and function, in the unit of the values.

    Attributes
    ----------
    center, width
        In the unit of the values.
    function
        ``"LINEAR"``, ``"LINEAR_EXACT"`` or ``"SIGMOID"`` (PS3.3 C.11.2.1.2 and C.11.2.1.3).
    origin
        Where the window comes from.
    explanation
        What the file says it is for: Window Center & Width Explanation.
    """

    center: float
    width: float
    function: Function = "LINEAR"
    origin: str = ""
    explanation: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The values that become darkest and brightest; a sigmoid comes near them only."""
        if self.function == "LINEAR":
            return self.center - 0.5 - (self.width - 1) / 2, self.center - 0.5 + (self.width - 1) / 2
        return self.center - self.width / 2, self.center + self.width / 2

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return brightness from 0 to 1, by the formulas of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
        low, high = self.bounds
        plain = values.dtype.itemsize <= 2 and self.width > 1 / _SINGLE and max(abs(low), abs(high)) < _SINGLE
        x = values.astype(np.float32 if plain else np.float64)
        # What overflows lies far beyond the window, and is darkest or brightest.
        with np.errstate(over="ignore"):
            if self.function == "SIGMOID":
                return np.asarray(1 / (1 + np.exp(-4 * (x - self.center) / self.width)), np.float32)
            if high <= low:
                return np.asarray(x > low, np.float32)
            x -= low
            x /= high - low
        return np.asarray(np.clip(x, 0, 1, out=x), np.float32)


@dataclass(frozen=True)
class VoiTable:
    """A VOI LUT: brightness for each value; `explanation` is the file's LUT Explanation."""

    table: LookUpTable
    origin: str = "VOI LUT Sequence"
    explanation: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """First and last value of the table."""
        return self.table.first, self.table.first + len(self.table.entries) - 1

    def apply(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return brightness from 0 to 1."""
        rounded = np.rint(np.nan_to_num(values)) if values.dtype.kind == "f" else values
        # Entries of more bits than the descriptor says are in excess of full brightness.
        return np.asarray(np.minimum(self.table.apply(rounded) / (2**self.table.bits - 1), 1), np.float32)


Voi = Window | VoiTable
#: Bounds and widths of windows that single precision holds well.
_SINGLE = 1e30
WindowLike = tuple[float, float] | Window | VoiTable | str | int | None


def windows(image: Image | Volume) -> list[Voi]:
    """Return the VOI windows and VOI LUTs that the file gives for an image or a volume.

    The 0-based number of each in this list, or its `explanation`, chooses it in `render` and `figure`.

    Parameters
    ----------
    image
        With modality values; of a multi-frame image the first frame counts, use `Image.frame` for another; of a
        volume its header, which is the first slice's.

    Returns
    -------
    list
        `Window` objects first, then VOI LUTs. Impossible and damaged ones are left out. Empty also where the values
        are not modality values, for which alone the file's windows are meant (PS3.3 C.11.2.1.2).

    Examples
    --------
    >>> import hounsfield as hu
    >>> from pydicom.data import get_testdata_file
    >>> for window in hu.windows(hu.read(get_testdata_file("examples_overlay.dcm"))):
    ...     print(window.explanation, window.center, window.width, window.function)
    WINDOW1 450.0 790.0 LINEAR
    WINDOW2 200.0 443.0 LINEAR
    """
    require_grid(image, "windows")
    image = as_image(image)
    if value_space(image) != "modality":
        return []
    header = header_of_frame(image)
    return declared(header, image.name, signed=bool(items_of(header, "VOILUTSequence")) and _may_be_negative(image))


def choose_voi(image: Image | Volume, window: WindowLike = None) -> Voi:
    """Return the VOI for an image, or for all slices of a volume.

    Parameters
    ----------
    image
        One value a pixel. Of a multi-frame image the first frame speaks for all (`frame_vois` asks each), of a volume
        its header. Where that has no window, the kind of image decides, and values of all of it.
    window
        ``(center, width)``; a `Window`; the name of a CT preset (`PRESETS`); the 0-based number or the explanation
        of one of the file's own (`windows`); or None: the file's first window, else its VOI LUT, else what is
        sensible for the kind of image (`default_window`).

    Raises
    ------
    ValueError
        There is no such window, or its width is not positive.
    """
    image = as_image(image)
    if isinstance(window, (str, int)):
        return named_voi(window, windows(image), image.name)
    if window is not None:
        return given_voi(window)
    return file_voi(image) or default_window(image)


def frame_vois(image: Image, window: WindowLike = None) -> Iterator[Voi]:
    """Yield the VOI of each frame of an image.

    Where `window` is None and the file gives windows to frames (PS3.3 C.7.6.16.2.10), each frame has its own, and one
    without is shown by its own values, as by itself: a window of another frame says nothing of it. Else one serves all:
    a cine must not flicker.
    """
    frames = [image.frame(index) for index in range(image.frames)] if image.multi_frame and window is None else []
    if any(file_voi(frame) is not None for frame in frames):
        yield from (file_voi(frame) or default_window(frame) for frame in frames)
    else:
        yield from repeat(choose_voi(image, window), image.frames)


def given_voi(window: tuple[float, float] | Window | VoiTable) -> Voi:
    """Return a window that the caller gives, checked.

    ``(center, width)`` stands for LINEAR; a width below 1, for which that is not defined, for LINEAR_EXACT.
    """
    if isinstance(window, VoiTable):
        return window
    if isinstance(window, Window):
        return _window(window.center, window.width, window.function, window.origin or "given", window.explanation)
    return _window(*window, function="LINEAR" if window[1] >= 1 else "LINEAR_EXACT", origin="given")


def named_voi(window: str | int, known: list[Voi], name: str) -> Voi:
    """Return a preset, or one of the file's own by its number or its explanation; a preset's name is the preset."""
    if isinstance(window, int):
        if not 0 <= window < len(known):
            detail = (
                f"there is no window {window}: the file has {len(known)}, counted from 0; "
                f"a center and a width are {window},WIDTH"
            )
            raise InvalidAttributeError(detail, source=name, attribute="WindowCenter")
        return known[window]
    key = _key(window)
    if key in _NAMED:
        return _NAMED[key]
    for voi in known:
        if key and _key(voi.explanation) == key:
            return voi
    kinds = f"center,width; {', '.join(_NAMED)}"
    # Explanations are free text, which a message does not quote.
    own = sum(bool(voi.explanation) for voi in known)
    explained = f"; or by their explanation {own} of the file's windows" if own else ""
    detail = f"unknown window {window!r}; known are {kinds}{explained}"
    detail += suggestion(key, _NAMED)
    raise InvalidAttributeError(detail, source=name, attribute="WindowCenterWidthExplanation")


def file_voi(image: Image) -> Voi | None:
    """The first window that the file gives for an image or frame, else its VOI LUT, else None."""
    return next(iter(windows(image)), None)


def _key(name: str) -> str:
    return " ".join(name.lower().replace("-", " ").replace("_", " ").split())


def _window(center: float, width: float, function: str = "LINEAR", origin: str = "", explanation: str = "") -> Window:
    if not (np.isfinite(center) and np.isfinite(width)) or width <= 0:
        raise ValueError(f"a window needs a positive width, got center {center}, width {width}")
    known: dict[str, Function] = {"LINEAR_EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}
    return Window(float(center), float(width), known.get(function, "LINEAR"), origin, explanation)


def declared(header: Mapping[str, Any], name: str, *, signed: bool) -> list[Voi]:
    """The windows and VOI LUTs of a header or of an item; those that are impossible are passed over.

    Parameters
    ----------
    header
        Where they stand.
    name
        The file's name, for errors.
    signed
        Whether modality values can be negative: then the first value of a table is signed (PS3.3 C.11.2.1.1).
    """
    tables = [_table(item, name, signed) for item in items_of(header, "VOILUTSequence")]
    return [*_declared_windows(header), *(table for table in tables if table is not None)]


def _declared_windows(header: Mapping[str, Any]) -> list[Window]:
    centers, widths = header.get("WindowCenter"), header.get("WindowWidth")
    function = text_of(header, "VOILUTFunction")
    words = texts_of(header, "WindowCenterWidthExplanation")
    declared_windows: list[Window] = []
    for center, width, word in zip_longest(_places(centers), _places(widths), words, fillvalue=None):
        if center is None or width is None or width <= 0:
            continue
        origin, used = "file", function
        if width < 1 and function not in ("LINEAR_EXACT", "SIGMOID"):
            # Not defined for LINEAR (PS3.3 C.11.2.1.2.1), but what images of small numbers mean is beyond doubt.
            origin, used = "file; LINEAR_EXACT because the width is below 1", "LINEAR_EXACT"
        declared_windows.append(_window(center, width, used, origin, str(word or "")))
    return declared_windows


def _places(value: Any) -> list[float | None]:
    """Each value as a number, or None in its place."""
    return [finite_number(each) for each in values_in(value)]


def _table(item: Mapping[str, Any], name: str, signed: bool) -> VoiTable | None:
    try:
        table = read_sequence_table(item, "VOILUTSequence", name, signed=signed or _negative_first(item))
    except (KeyError, ValueError):  # a damaged table must not keep anyone from seeing the image
        return None
    used, origin = used_bits(item), "VOI LUT Sequence"
    if used is not None:
        origin += f"; {used} bits, though its descriptor says {table.bits}"
        table = replace(table, bits=used)
    return VoiTable(table, origin, text_of(item, "LUTExplanation"))


def _negative_first(item: Mapping[str, Any]) -> bool:
    """Return whether the descriptor's own VR (SS) already says that the first value is negative."""
    descriptor = finite_numbers(item.get("LUTDescriptor"))
    return len(descriptor) == 3 and descriptor[1] < 0


def _may_be_negative(image: Image) -> bool:
    """Return whether modality values can be negative."""
    header = header_of_frame(image)
    if modality_table(header) is not None:
        return False
    possible = modality_range(header)
    if possible is None:
        return bool(image.values.size and image.values.min() < 0)
    return possible[0] < 0


def default_window(image: Image, sample: NDArray[Any] | None = None) -> Window:
    """A window for values that come without one: see `defaults.default_range`."""
    low, high, origin = default_range(image, sample)
    if origin == "soft tissue":
        return _window(*PRESETS["soft tissue"], origin="default for HU")
    return _spanning(low, high, f"default: {origin}")


def window_of_values(image: Image) -> Window:
    """A window for most of the values of an image, or of a part of one: see `defaults.range_of_values`."""
    return _spanning(*range_of_values(image))


def presets(image: Image | Volume) -> dict[str, Window]:
    """Return the named windows that are made for the values of an image: of HU, of SUV, or none."""
    if image.unit == "HU":
        header = as_image(image).header
        return {} if is_localizer(header) else {name: _NAMED[name] for name in PRESETS}
    return {name: _NAMED[name] for name in SUV_PRESETS} if is_suv(image) else {}


def _spanning(low: float, high: float, origin: str) -> Window:
    middle = (low + high) / 2 if abs(low + high) < np.inf else low / 2 + high / 2
    return Window(middle, high - low, "LINEAR_EXACT", origin)


_NAMED = {
    **{name: Window(*ends, "LINEAR", f"preset {name}") for name, ends in PRESETS.items()},
    # From 0 exactly, as the default for SUV.
    **{name: Window(*ends, "LINEAR_EXACT", f"preset {name}") for name, ends in SUV_PRESETS.items()},
}
