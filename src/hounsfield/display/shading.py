"""From modality values to grey: VOI, presentation LUT, and which end is bright (PS3.4 N.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.voi import Voi, Window
from hounsfield.header import items_of, text_of
from hounsfield.headers.units import is_blank_table
from hounsfield.image import Image
from hounsfield.values.lut import LookUpTable, read_sequence_table

#: Whole numbers of so small a range are shown by way of a table, where that is quicker.
_TABLE = 2**17


@dataclass(frozen=True)
class Shading:
    """The way from modality values to brightness: a VOI, then a presentation LUT or shape."""

    voi: Voi
    table: LookUpTable | None = None
    inverted: bool = False

    def brightness(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Return brightness from 0 to 1; what is no number is dark."""
        shown = self.voi.apply(values)
        if self.table is not None:
            # The output of the VOI is scaled to the table's input, whichever its bits (PS3.3 C.11.6.1).
            top = len(self.table.entries) - 1
            index = np.floor(np.nan_to_num(shown) * top + 0.5).astype(np.int64)
            entries = self.table.entries[np.clip(index, 0, top)]
            shown = np.asarray(np.minimum(entries / (2**self.table.bits - 1), 1), np.float32)
        if self.inverted:
            shown = 1 - shown
        if values.dtype.kind == "f":
            shown[np.isnan(values)] = 0
        return shown

    def grey(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Return brightness from 0 to 255."""
        if values.dtype.kind in "iu" and values.size and not self._quick(values):
            low, high = int(values.min()), int(values.max())
            if high - low < min(_TABLE, values.size):
                if values.dtype.itemsize < 4:
                    return self._grey(np.arange(low, high + 1, dtype=np.int64))[values.astype(np.int32) - low]
                lowest = values.min()  # in their own type, which alone holds all of 64 bits without a sign
                table = self._grey(np.arange(high - low + 1).astype(values.dtype) + lowest)
                return table[(values - lowest).astype(np.int64)]
        return self._grey(values)

    def _quick(self, values: NDArray[Any]) -> bool:
        """Return whether the arithmetic is so simple that it takes less time than looking up."""
        linear = isinstance(self.voi, Window) and self.voi.function != "SIGMOID"
        return linear and self.table is None and values.dtype.itemsize <= 2

    def _grey(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        shown = self.brightness(values)
        shown *= 255
        shown += 0.5
        return shown.astype(np.uint8)  # which cuts off what is behind the point


def shading_of(image: Image, voi: Voi) -> Shading:
    """Return the way an image's own header wants it shown."""
    blank = is_blank_table(image.header, "PresentationLUTSequence")  # which the image's steps say
    return Shading(voi, None if blank else presentation_table(image.header, image.name), is_inverted(image))


def is_inverted(image: Image) -> bool:
    """Return whether low values are bright: MONOCHROME1, or Presentation LUT Shape INVERSE."""
    header = image.header
    return (
        text_of(header, "PhotometricInterpretation") == "MONOCHROME1"
        or text_of(header, "PresentationLUTShape") == "INVERSE"
    )


def presentation_table(header: Mapping[str, Any], name: str) -> LookUpTable | None:
    """The presentation LUT of a header, where it has one.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        It is damaged.
    """
    tables = items_of(header, "PresentationLUTSequence")
    return read_sequence_table(tables[0], "PresentationLUTSequence", name, signed=False) if tables else None
