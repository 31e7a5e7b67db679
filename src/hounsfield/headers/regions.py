"""Ultrasound regions: which part of the image shows what, and on which scale (PS3.3 C.8.5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hounsfield.errors import HounsfieldError, InvalidAttributeError, MissingAttributeError
from hounsfield.header import finite_number, items_of, whole_number

#: Region Spatial Format, PS3.3 C.8.5.5.1.
SPATIAL_FORMATS = ("", "2D", "M-mode", "spectral", "waveform", "graphics")
#: Region Data Type, PS3.3 C.8.5.5.1; 9 is not defined.
DATA_TYPES = (
    "",
    "tissue",
    "color flow",
    "PW spectral Doppler",
    "CW spectral Doppler",
    "Doppler mean trace",
    "Doppler mode trace",
    "Doppler max trace",
    "volume trace",
    "",
    "ECG trace",
    "pulse trace",
    "phonocardiogram trace",
    "gray bar",
    "color bar",
    "integrated backscatter",
    "area trace",
    "d(area)/dt",
    "other physiological input",
)
#: Physical Units, PS3.3 C.8.5.5.1.
UNITS = ("", "%", "dB", "cm", "s", "Hz", "dB/s", "cm/s", "cm2", "cm2/s", "cm3", "cm3/s", "deg")
_SCROLLING = ("unspecified", "scrolling", "sweeping", "sweeping then scrolling")


@dataclass(frozen=True)
class Region:
    """One region of an ultrasound image, with its calibration (PS3.3 C.8.5.5).

    Pairs are (vertical, horizontal), as everywhere here; DICOM writes x first.

    Attributes
    ----------
    rows, columns
        Slices of the image that the region takes, 0-based, the end excluded. They may reach beyond the image.
    spatial_format
        ``"2D"``, ``"M-mode"``, ``"spectral"``, ``"waveform"``, ``"graphics"``; ``""`` where not applicable.
    data_type
        ``"tissue"``, ``"color flow"``, ``"PW spectral Doppler"``, ``"ECG trace"`` ...; ``""`` where not applicable.
    units
        Units of the vertical and of the horizontal axis: ``"cm"``, ``"s"``, ``"Hz"``, ``"cm/s"`` ...; ``""`` for none.
    deltas
        By how much the physical value grows from one pixel to the next: downwards, and to the right.
    reference_pixel
        (row, column) in the image, 0-based, of the pixel whose physical value is known; it may lie outside the
        region. None where the file names none.
    reference_value
        Physical values at the reference pixel.
    high_priority
        Whether this region's pixels cover those of a region of low priority.
    scaling_protected
        Whether the region must not be scaled.
    doppler_scale
        ``"velocity"`` or ``"frequency"``; of Doppler regions only.
    scrolling
        ``"unspecified"``, ``"scrolling"``, ``"sweeping"``, ``"sweeping then scrolling"``.
    """

    rows: slice
    columns: slice
    spatial_format: str
    data_type: str
    units: tuple[str, str]
    deltas: tuple[float, float]
    reference_pixel: tuple[int, int] | None
    reference_value: tuple[float, float]
    high_priority: bool
    scaling_protected: bool
    doppler_scale: str
    scrolling: str

    def contains(self, row: float, column: float) -> bool:
        """Return whether a pixel of the image lies in the region."""
        return self.rows.start <= row < self.rows.stop and self.columns.start <= column < self.columns.stop

    def to_physical(self, row: float, column: float) -> tuple[float, float]:
        """Return the physical values (vertical, horizontal) of a pixel of the image, in `units`.

        Raises
        ------
        MissingAttributeError
            The file names no reference pixel, or not its value: only differences are known then, by `deltas`.
        """
        if self.reference_pixel is None:
            raise MissingAttributeError(
                "the region has no reference pixel; its coordinates have no origin", attribute="ReferencePixelX0"
            )
        return (
            self.reference_value[0] + (row - self.reference_pixel[0]) * self.deltas[0],
            self.reference_value[1] + (column - self.reference_pixel[1]) * self.deltas[1],
        )


class Regions(tuple[Region, ...]):
    """The regions of an image, in the file's order."""

    __slots__ = ()

    def at(self, row: float, column: float) -> Region | None:
        """Return the region to which a pixel belongs, or None.

        Where regions overlap, one of high priority covers those of low priority (PS3.3 C.8.5.5.1.3); among
        equals, of which the standard leaves it open, the one listed last wins.
        """
        containing = [region for region in self if region.contains(row, column)]
        high = [region for region in containing if region.high_priority]
        return next(reversed(high or containing), None)


def read_regions(header: Mapping[str, Any], name: str) -> Regions:
    """Return the regions of Sequence of Ultrasound Regions; none where there is no such sequence.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        Naming the attribute.
    """
    items = items_of(header, "SequenceOfUltrasoundRegions")
    return Regions(_RegionReader(item, index, name).region() for index, item in enumerate(items))


class _RegionReader:
    """Reads one item, with errors that name attribute and item."""

    def __init__(self, item: Mapping[str, Any], index: int, name: str) -> None:
        self._item = item
        self._index = index
        self._name = name

    def region(self) -> Region:
        top, left = self._bound("RegionLocationMinY0"), self._bound("RegionLocationMinX0")
        bottom, right = self._bound("RegionLocationMaxY1"), self._bound("RegionLocationMaxX1")
        if bottom < top or right < left:
            raise self._wrong("RegionLocationMaxY1" if bottom < top else "RegionLocationMaxX1", "ends before it begins")
        flags = self._integer("RegionFlags", 0)
        format_ = _named(SPATIAL_FORMATS, self._integer("RegionSpatialFormat", 0))
        type_ = _named(DATA_TYPES, self._integer("RegionDataType", 0))
        reference, value = self._reference(top, left)
        return Region(
            slice(top, bottom + 1),
            slice(left, right + 1),
            format_,
            type_,
            (self._unit("PhysicalUnitsYDirection"), self._unit("PhysicalUnitsXDirection")),
            (self._delta("PhysicalDeltaY"), self._delta("PhysicalDeltaX")),
            reference,
            value,
            high_priority=not flags & 1,
            scaling_protected=bool(flags & 2),
            doppler_scale=("frequency" if flags & 4 else "velocity") if _is_doppler(type_) else "",
            scrolling=_SCROLLING[flags >> 3 & 3],
        )

    def _reference(self, top: int, left: int) -> tuple[tuple[int, int] | None, tuple[float, float]]:
        """The reference pixel in the image: the file counts from the corner of the region (PS3.3 C.8.5.5.1)."""
        keywords = (
            "ReferencePixelY0",
            "ReferencePixelX0",
            "ReferencePixelPhysicalValueY",
            "ReferencePixelPhysicalValueX",
        )
        if any(self._item.get(keyword) is None for keyword in keywords):
            return None, (0.0, 0.0)
        row, column = self._integer(keywords[0]), self._integer(keywords[1])
        return (top + row, left + column), (self._number(keywords[2]), self._number(keywords[3]))

    def _unit(self, keyword: str) -> str:
        code = self._integer(keyword)
        if not 0 <= code < len(UNITS):
            raise self._wrong(keyword, f"is not a unit of the standard ({code})")
        return UNITS[code]

    def _bound(self, keyword: str) -> int:
        value = self._integer(keyword)
        if value < 0:
            raise self._wrong(keyword, "is negative")
        return value

    def _delta(self, keyword: str) -> float:
        return self._number(keyword)

    def _integer(self, keyword: str, default: int | None = None) -> int:
        value = self._item.get(keyword)
        if value is None and default is not None:
            return default
        if value is None:
            raise self._missing(keyword)
        number = whole_number(value, range(-(2**31), 2**32))
        if number is None:
            raise self._wrong(keyword, "is not a whole number of 32 bits")
        return number

    def _number(self, keyword: str) -> float:
        value = self._item.get(keyword)
        if value is None:
            raise self._missing(keyword)
        number = finite_number(value)
        if number is None:
            raise self._wrong(keyword, "is not a finite number")
        return number

    def _missing(self, keyword: str) -> HounsfieldError:
        message = f"{keyword} of ultrasound region {self._index} is missing"
        return MissingAttributeError(message, source=self._name, attribute=keyword)

    def _wrong(self, keyword: str, what: str) -> HounsfieldError:
        message = f"{keyword} of ultrasound region {self._index} {what}"
        return InvalidAttributeError(message, source=self._name, attribute=keyword)


def _named(names: tuple[str, ...], code: int) -> str:
    return names[code] if 0 <= code < len(names) else ""


def _is_doppler(data_type: str) -> bool:
    return "Doppler" in data_type or data_type == "color flow"
