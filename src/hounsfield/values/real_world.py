"""Real-world values: stored values by a Real World Value Mapping (PS3.3 C.7.6.16.2.11).

A branch of its own, beside the modality values: it starts from stored values and is never chained after slope and
intercept (PS3.3 figure C.7.6.16-6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, items_of
from hounsfield.steps import Step
from hounsfield.text import unit_words
from hounsfield.values.mappings import ValueMapping, mappings_of

REFERENCE = "PS3.3 C.7.6.16.2.11"
_SEQUENCE = "RealWorldValueMappingSequence"
#: Stored values of more bits than a float32's mantissa keep their digits in float64.
_FLOAT32_BITS = 24


@dataclass(frozen=True)
class RealWorld:
    """The result: values, their unit, what lies outside the mapped range (or None), and the steps."""

    values: NDArray[Any]
    unit: str
    outside: NDArray[np.bool_] | None
    steps: tuple[Step, ...]


def real_world_values(
    stored: NDArray[Any], headers: Sequence[Header], choice: str, bits: int, name: str, dtype: Any = None
) -> RealWorld:
    """Apply each frame's real-world value mapping to its stored values.

    Parameters
    ----------
    stored
        (row, column), or (frame, row, column) with as many frames as headers.
    headers
        One for each frame (`Header.for_frame`); a single one where all frames share a header.
    choice
        LUT Label or unit (as it is spelt here, or its UCUM code) of the mapping that is wanted; ``""`` for the
        first one of the file.
    bits
        Bits Stored.
    name
        The file's name, for errors.
    dtype
        Type of the values; by default float32, or float64 where the stored values have more than 24 bits.

    Returns
    -------
    RealWorld
        NaN, and True in `outside`, where no mapping covers the stored value.

    Raises
    ------
    MissingAttributeError
        There is no mapping, none of that label or unit, or one lacks slope, intercept or range of a table.
    InvalidAttributeError
        A mapping is impossible, frames have different units, or `dtype` cannot hold NaN and there is one.

    Notes
    -----
    Further mappings of the same unit and quantity whose ranges are disjoint are combined with the first: a scale may be
    given in pieces. The others are alternatives, and named in a step. Mappings that stand in separate Real World
    Value Mapping objects (PS3.3 A.46) are not looked for: there is only this file.
    """
    declared = _mappings(headers, stored, name)
    chosen = [_choose(mappings, choice) for mappings in declared]
    first = next((pieces[0] for pieces in chosen if pieces), None)
    if first is None:
        raise _nothing(declared, choice, name)
    if any(pieces and pieces[0].unit != first.unit for pieces in chosen):
        detail = 'frames have different real-world units; choose one by values="real_world:UNIT"'
        raise InvalidAttributeError(detail, source=name, attribute=_SEQUENCE)
    target = _dtype(stored, bits) if dtype is None else np.dtype(dtype)
    values, outside = _apply_all(stored, chosen, target, name)
    steps = (*_describe(chosen, first), *_alternatives(declared, chosen), *_left_out(outside))
    return RealWorld(values, first.unit, outside, steps)


def real_world_offer(header: Header) -> Step | None:
    """A step for values that were read without it: the file has real-world values, too."""
    if not items_of(header, _SEQUENCE):
        return None
    detail = 'the file also maps stored values to real-world values: values="real_world" reads them'
    return Step("real world", detail, "not done", REFERENCE)


def _mappings(headers: Sequence[Header], stored: NDArray[Any], name: str) -> list[list[ValueMapping]]:
    """The mappings of each frame; those that frames share are read once."""
    read: dict[int, list[ValueMapping]] = {}
    mappings: list[list[ValueMapping]] = []
    for header in headers:
        items = header.get(_SEQUENCE)
        if id(items) not in read:
            read[id(items)] = mappings_of(header, stored.dtype, name)
        mappings.append(read[id(items)])
    return mappings


def _choose(mappings: list[ValueMapping], choice: str) -> list[ValueMapping]:
    """The pieces of the mapping that is wanted; none where this frame does not have it."""
    wanted = [m for m in mappings if not choice or choice in (m.label, m.unit, m.code)]
    pieces = wanted[:1]
    for mapping in wanted[1:]:
        if mapping.continues(pieces[0]) and not any(mapping.overlaps(piece) for piece in pieces):
            pieces.append(mapping)
    return pieces


def _nothing(declared: list[list[ValueMapping]], choice: str, name: str) -> MissingAttributeError:
    offered = sorted({mapping.title for mappings in declared for mapping in mappings})
    if not offered:
        detail = f"{_SEQUENCE} is missing: the file has no real-world values"
    else:
        # Labels are free text, which a message does not quote.
        units = sorted({unit_words(mapping.unit) for mappings in declared for mapping in mappings})
        detail = f"no real-world value mapping has the label or unit {choice!r}; there are {len(offered)}, in "
        detail += f"{', '.join(units[:8])}; {_SEQUENCE} in the header has their labels"
    return MissingAttributeError(detail, source=name, attribute=_SEQUENCE)


def _dtype(stored: NDArray[Any], bits: int) -> np.dtype[Any]:
    if stored.dtype.kind == "f":
        return stored.dtype
    return np.dtype(np.float32 if bits <= _FLOAT32_BITS else np.float64)


def _apply_all(
    stored: NDArray[Any], chosen: list[list[ValueMapping]], dtype: np.dtype[Any], name: str
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    frames = stored if len(chosen) > 1 else stored[None]
    values, outside = np.empty(frames.shape, dtype), np.zeros(frames.shape, np.bool_)
    for index, pieces in enumerate(chosen):
        exact, covered = _apply(frames[index], pieces)
        np.logical_not(covered, out=outside[index])
        if dtype.kind != "f" and not covered.all():
            detail = f"stored values lie outside the mapped range; {dtype} cannot hold NaN"
            raise InvalidAttributeError(detail, source=name, attribute="RealWorldValueLastValueMapped")
        with np.errstate(over="ignore", invalid="ignore"):  # a slope may be beyond what a float32 holds
            values[index] = exact
    shape = stored.shape
    return values.reshape(shape), (outside.reshape(shape) if outside.any() else None)


def _apply(stored: NDArray[Any], pieces: list[ValueMapping]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values in double precision, NaN where no piece covers them, and what is covered."""
    exact = np.full(stored.shape, np.nan)
    covered = np.zeros(stored.shape, np.bool_)
    for piece in pieces:
        inside = piece.covers(stored) & ~covered
        exact[inside] = piece.apply(stored[inside])
        covered |= inside
    return exact, covered


def _describe(chosen: list[list[ValueMapping]], first: ValueMapping) -> list[Step]:
    to = f" -> {first.unit}" if first.unit else ", unit not stated"
    if len({id(pieces[0]) if pieces else 0 for pieces in chosen}) > 1:
        detail = f"{first.name}: the mapping of each of {len(chosen)} frames{to}"
    else:
        detail = f"{first.name}: {' and '.join(str(piece) for piece in chosen[0])}{to}"
    steps = [Step("real world", detail, reference=REFERENCE)]
    if any(piece.first is None for pieces in chosen for piece in pieces):
        detail = "RealWorldValueFirstValueMapped or -LastValueMapped is missing; taken as mapping every stored value"
        steps.append(Step("real world", detail, "assumed", REFERENCE))
    return steps


def _alternatives(declared: list[list[ValueMapping]], chosen: list[list[ValueMapping]]) -> list[Step]:
    used = {id(piece) for pieces in chosen for piece in pieces}
    others = sorted({m.title for mappings in declared for m in mappings if id(m) not in used})
    if not others:
        return []
    more = f" and {len(others) - 8} more" if len(others) > 8 else ""
    detail = (
        f'other mappings: {"; ".join(others[:8])}{more}; values="real_world:LABEL" or values="real_world:UNIT" chooses'
    )
    return [Step("real world", detail, "not done", REFERENCE)]


def _left_out(outside: NDArray[np.bool_] | None) -> list[Step]:
    if outside is None:
        return []
    count = int(np.count_nonzero(outside))
    detail = f"{count} pixels have stored values that no mapping covers: NaN, and marked as padding"
    return [Step("real world", detail, reference="PS3.3 C.7.6.16.2.11.1.2")]
