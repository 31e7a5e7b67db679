"""Look-up tables of DICOM: modality, palette and VOI tables share one form (PS3.3 C.11.1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError, MissingAttributeError


@dataclass(frozen=True)
class LookUpTable:
    """Entries for the stored values `first`, `first` + 1, ...; values outside take the nearest entry's."""

    first: int
    bits: int
    entries: NDArray[Any]

    def apply(self, values: NDArray[Any]) -> NDArray[Any]:
        """Map each value to its entry; of values with a point what stands before it counts."""
        last = len(self.entries) - 1
        if values.dtype.kind == "f":  # clipped first: an infinite value has no place among whole numbers
            wide = values.astype(np.promote_types(values.dtype, np.float32), copy=False)
            values = np.clip(wide, self.first, self.first + last)
        return self.entries[np.clip(values.astype(np.int64) - self.first, 0, last)]


def read_table(descriptor: Any, data: Any, what: str, name: str, *, signed: bool) -> LookUpTable:
    """Make a table of a LUT Descriptor and LUT Data.

    Parameters
    ----------
    descriptor
        Three numbers: entries (0 stands for 65,536), first stored value mapped, bits of an entry.
    data
        The entries, as integers or as little endian bytes: one or two bytes an entry.
    what
        Keyword of the table, for errors.
    name
        The file's name, for errors.
    signed
        Whether the first value mapped is signed: as the stored values are.
    """
    if descriptor is None or data is None:
        raise MissingAttributeError(f"{what} has no descriptor or no data", source=name, attribute=what)
    count, first, bits = read_descriptor(descriptor, what, name)
    if signed and first >= 32768:
        first -= 65536
    try:
        entries = _entries(data, count, bits)
    except (TypeError, ValueError):  # text where numbers belong
        raise InvalidAttributeError(f"the data of {what} is not a table", source=name, attribute=what) from None
    if len(entries) < count or not 1 <= bits <= 16:
        raise InvalidAttributeError(
            f"{what} declares {count} entries of {bits} bits but holds {len(entries)}",
            source=name,
            attribute=what,
        )
    return LookUpTable(first, bits, entries[:count])


def read_descriptor(descriptor: Any, what: str, name: str) -> tuple[int, int, int]:
    """Return number of entries, first value mapped (unsigned) and bits of an entry.

    Raises
    ------
    InvalidAttributeError
        It is not three numbers.
    """
    try:
        count, first, bits = (int(v) for v in descriptor)
    except (TypeError, ValueError):
        raise InvalidAttributeError(
            f"the descriptor of {what} is not three numbers", source=name, attribute=what
        ) from None
    return count & 0xFFFF or 65536, first & 0xFFFF, bits


def _entries(data: Any, count: int, bits: int) -> NDArray[Any]:
    if isinstance(data, bytes):
        # Entries of 8 bits may be packed one to a byte, or stand in two bytes each.
        packed = bits <= 8 and len(data) in (count, count + count % 2)
        return np.frombuffer(data, np.uint8 if packed else "<u2", len(data) if packed else len(data) // 2)
    values = np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF
    if bits <= 8 and len(values) == (count + 1) // 2 and count > 1:
        # Two entries of 8 bits in each 16-bit word, the first in the low byte.
        return values.astype("<u2").view(np.uint8)
    return values.astype(np.uint16)


def read_sequence_table(item: Mapping[str, Any], what: str, name: str, *, signed: bool) -> LookUpTable:
    """Make a table of an item of Modality LUT Sequence or VOI LUT Sequence."""
    return read_table(item.get("LUTDescriptor"), item.get("LUTData"), what, name, signed=signed)
