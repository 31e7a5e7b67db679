"""What a header says of the pixel data, checked before a byte of it is touched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hounsfield.errors import InvalidAttributeError, LimitExceededError, MissingAttributeError
from hounsfield.header import text_of, whole_number
from hounsfield.limits import Limits
from hounsfield.steps import Step

_FLOATS = {"FloatPixelData": np.float32, "DoubleFloatPixelData": np.float64}


@dataclass(frozen=True)
class Layout:
    """The description of the pixel data (Image Pixel Module, PS3.3 C.7.6.3).

    `rows`, `columns`, `frames`, `samples` give the shape; `bits_allocated`, `bits_stored`, `high_bit` and `signed` the
    cell; `photometric` and `planar` the colour; `float_type` is set where the values are floating point numbers;
    `steps` say what the header leaves out and had to be assumed; `whole_bytes` is set where each frame of single bits
    begins with a byte of its own, which the standard does not allow.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    float_type: type[np.floating[Any]] | None = None
    steps: tuple[Step, ...] = ()
    whole_bytes: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """Numpy type of a stored value, in native byte order."""
        if self.float_type is not None:
            return np.dtype(self.float_type)
        size = max(self.bits_allocated // 8, 1)
        return np.dtype(f"{'i' if self.signed else 'u'}{size}")

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """(row, column), or (row, column, sample)."""
        plane = (self.rows, self.columns)
        return (*plane, self.samples) if self.samples > 1 else plane

    @property
    def frame_values(self) -> int:
        """Number of values in a frame, all samples counted."""
        return self.rows * self.columns * self.samples

    @property
    def subsampled(self) -> bool:
        """True where native data holds two chrominance samples for every two pixels (PS3.3 C.7.6.3.1.2)."""
        return self.photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")

    @property
    def native_frame_bytes(self) -> float:
        """Bytes of a frame that is not compressed; frames of single bits need not end with a byte."""
        values = self.rows * self.columns * 2 if self.subsampled else self.frame_values
        size = values * self.bits_allocated / 8
        return math.ceil(size) if self.whole_bytes else size


def read_layout(header: Mapping[str, Any], keyword: str, name: str, limits: Limits) -> Layout:
    """Read and check the attributes that describe the pixel data.

    Parameters
    ----------
    header
        The attributes.
    keyword
        ``PixelData``, ``FloatPixelData`` or ``DoubleFloatPixelData``: which of them the file has.
    name
        The file's name, for errors.
    limits
        Bounds on pixels of a frame and bytes of all frames.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        Naming the attribute.
    LimitExceededError
        The image would not fit within the limits.
    """
    fields = _Fields(header, name)
    samples = fields.integer("SamplesPerPixel", default=1, among=(1, 3, 4))
    float_type = _FLOATS.get(keyword)
    whole = float_type is None  # only then has a cell stored bits and a sign
    if float_type is not None:
        bits = np.dtype(float_type).itemsize * 8
        allocated = stored = bits
    else:
        allocated = fields.integer("BitsAllocated", among=(1, 8, 16, 32, 64))
        stored = fields.integer("BitsStored", default=allocated, among=range(1, allocated + 1))
    layout = Layout(
        rows=fields.integer("Rows", among=range(1, 2**16)),
        columns=fields.integer("Columns", among=range(1, 2**16)),
        frames=fields.integer("NumberOfFrames", default=1, among=range(0, 2**31), required=False) or 1,
        samples=samples,
        photometric=fields.text("PhotometricInterpretation", default="RGB" if samples == 3 else "MONOCHROME2"),
        planar=fields.integer("PlanarConfiguration", default=0, among=(0, 1)) if samples > 1 else 0,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=fields.integer("HighBit", default=stored - 1, among=range(allocated), required=whole),
        signed=fields.integer("PixelRepresentation", default=0, among=(0, 1), required=whole) == 1,
        float_type=float_type,
    )
    layout = replace(layout, steps=(*fields.steps, *_high_bit(layout)))
    if layout.rows * layout.columns > limits.frame_pixels:
        raise LimitExceededError(
            f"a frame of {layout.rows} x {layout.columns} exceeds {limits.frame_pixels} pixels", source=name
        )
    return layout


def _high_bit(layout: Layout) -> tuple[Step, ...]:
    """A step where High Bit is not Bits Stored - 1, as the standard requires."""
    high, stored = layout.high_bit, layout.bits_stored
    if layout.float_type is not None or high == stored - 1:
        return ()
    where = f"bits {high + 1 - stored} to {high} of native cells are taken" if high >= stored else "it is ignored"
    detail = f"High Bit is {high}, but Bits Stored - 1 is {stored - 1}; {where}"
    return (Step("layout", detail, "assumed", "PS3.3 C.7.6.3"),)


class _Fields:
    """Reads integers of a header, with errors that name the attribute."""

    def __init__(self, header: Mapping[str, Any], name: str) -> None:
        self._header = header
        self._name = name
        self.steps: list[Step] = []

    def _assume(self, keyword: str, default: object) -> None:
        self.steps.append(Step("layout", f"{keyword} is missing; taken as {default}", "assumed", "PS3.3 C.7.6.3"))

    def text(self, keyword: str, *, default: str) -> str:
        value = text_of(self._header, keyword)
        if not value:
            self._assume(keyword, default)
        return value or default

    def integer(
        self,
        keyword: str,
        *,
        default: int | None = None,
        among: tuple[int, ...] | range | None = None,
        required: bool = True,
    ) -> int:
        value = self._header.get(keyword)
        if value is None:
            if default is None:
                raise MissingAttributeError(
                    f"{keyword} is missing; the pixel data cannot be read without it",
                    source=self._name,
                    attribute=keyword,
                )
            if required:
                self._assume(keyword, default)
            return default
        if isinstance(value, (str, bytes)):  # of which nothing is quoted
            raise InvalidAttributeError(f"{keyword} is not a number", source=self._name, attribute=keyword)
        number = whole_number(value)
        if number is None or (among is not None and number not in among):
            raise InvalidAttributeError(
                f"{keyword} has the impossible value {_short(value)}", source=self._name, attribute=keyword
            )
        return number


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 20 else text[:17] + "..."


def check_image_bytes(layout: Layout, frames: int, name: str, limits: Limits) -> None:
    """Refuse to decode more frames at a time than the limits allow.

    Raises
    ------
    LimitExceededError
        Naming the file.
    """
    size = frames * layout.frame_values * layout.dtype.itemsize
    if size > limits.image_bytes:
        raise LimitExceededError(
            f"{frames} frames of {layout.rows} x {layout.columns} would take {size} bytes; "
            f"the limit is {limits.image_bytes}",
            source=name,
        )
