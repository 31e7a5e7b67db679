"""Mask subtraction: which frames are subtracted from which (Mask Module, PS3.3 C.7.6.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, exact_numbers, items_of, text_of, values_in, whole_number
from hounsfield.steps import Step

REFERENCE = "PS3.3 C.7.6.10"
_TO_LOG = "PS3.3 C.7.6.16.2.13"
_SEQUENCE = "MaskSubtractionSequence"
#: Average of mask frames; time interval differencing; the same with a mask that moves backwards.
_OPERATIONS = ("AVG_SUB", "TID", "REV_TID")
#: More frames in a range than any file has: bounds of damaged ones.
_MOST = 2**31


@dataclass(frozen=True)
class Subtraction:
    """The frames that are subtracted from a frame.

    Attributes
    ----------
    contrast
        0-based indices of the frames that are averaged, the frame itself first.
    mask
        0-based indices of the frames that are averaged and subtracted.
    shift
        By how many pixels the mask is moved before: downwards, and to the left (PS3.3 C.7.6.10.1.2).
    """

    contrast: tuple[int, ...]
    mask: tuple[int, ...]
    shift: tuple[float, float] = (0.0, 0.0)


def subtraction_offer(whole: Header) -> Step | None:
    """Return a step for values that were read without it: the file asks for mask subtraction."""
    operations = [op for op in (_operation(item) for item in items_of(whole, _SEQUENCE)) if op in _OPERATIONS]
    if not operations:
        return None
    mode = text_of(whole, "RecommendedViewingMode")
    asks = "recommends" if mode == "SUB" else "describes"
    detail = (
        f'the file {asks} mask subtraction ({", ".join(dict.fromkeys(operations))}): values="subtracted" applies it'
    )
    return Step("subtraction", detail, "not done", REFERENCE)


def subtractions(whole: Header, frames: Sequence[int], count: int, name: str) -> list[Subtraction | None]:
    """Return what is subtracted from each frame; None where the file has no mask for it.

    Parameters
    ----------
    whole
        The attributes of the file.
    frames
        0-based indices of the frames.
    count
        Frames that the pixel data has.
    name
        The file's name, for errors.

    Raises
    ------
    MissingAttributeError
        The file describes no mask subtraction, or one lacks its mask frames or range.
    InvalidAttributeError
        None of the frames has a mask, or a mask frame is not in the pixel data.
    """
    items = [item for item in items_of(whole, _SEQUENCE) if _operation(item) in _OPERATIONS]
    if not items:
        detail = f"{_SEQUENCE} is missing, or has no operation: there is no mask to subtract"
        raise MissingAttributeError(detail, source=name, attribute=_SEQUENCE)
    readers = [_MaskItem(item, count, name) for item in items]
    plans = [next((plan for reader in readers if (plan := reader.of(frame))), None) for frame in frames]
    if not any(plans):
        detail = f"{_SEQUENCE} has no mask for any of the frames"
        raise InvalidAttributeError(detail, source=name, attribute=_SEQUENCE)
    return plans


def subtraction_steps(plans: Sequence[Subtraction | None], whole: Header, *, logarithm: bool) -> tuple[Step, ...]:
    """Say what was subtracted, on which scale, and that frames have no mask."""
    masks = list(dict.fromkeys(plan.mask for plan in plans if plan is not None))
    first = next(plan for plan in plans if plan is not None)
    alone = len(first.mask) == 1
    named = f"the average of frames {list(first.mask)}" if not alone else f"frame {list(first.mask)[0]}"
    detail = f"stored values minus {named if len(masks) == 1 else 'the mask frame of each'}"
    if len(first.contrast) > 1:
        detail += f", of the average of {len(first.contrast)} frames each"
    if first.shift != (0.0, 0.0):
        detail += f", moved by {first.shift[0]:g} rows and {first.shift[1]:g} columns to the left"
    steps = [Step("subtraction", f"{detail}, counted from 0", reference=REFERENCE)]
    if logarithm:
        steps.append(Step("subtraction", "after the file's Pixel Intensity Relationship LUT TO_LOG", reference=_TO_LOG))
    elif text_of(whole, "PixelIntensityRelationship") == "LIN":
        detail = (
            "stored values are proportional to the beam's intensity (LIN); no logarithm was taken before subtracting"
        )
        steps.append(Step("subtraction", detail, "not done", "PS3.3 C.8.7.1.1.2"))
    without = sum(plan is None for plan in plans)
    if without:
        detail = f"the file has no mask for {without} of {len(plans)} frames; they are marked as padding"
        steps.append(Step("subtraction", detail, reference="PS3.3 C.7.6.10.1.1"))
    return tuple(steps)


def _operation(item: Mapping[str, Any]) -> str:
    return text_of(item, "MaskOperation")


class _MaskItem:
    """One item of Mask Subtraction Sequence; frame numbers in it count from 1."""

    def __init__(self, item: Mapping[str, Any], count: int, name: str) -> None:
        self._item, self._count, self._name = item, count, name
        self._operation = _operation(item)
        self._averaged = max(self._integer("ContrastFrameAveraging", 1), 1)
        self._offset = self._integer("TIDOffset", 1)
        self._mask = self._mask_frames() if self._operation == "AVG_SUB" else ()
        self._shift = self._sub_pixel_shift()
        self._ranges = self._applicable()

    def of(self, frame: int) -> Subtraction | None:
        """Return what is subtracted from a frame, by its 0-based index."""
        bounds = next(((first, last) for first, last in self._ranges if first <= frame <= last), None)
        last = frame + self._averaged - 1
        if bounds is None or last >= self._count:
            return None
        mask = self._mask
        if self._operation == "TID":
            mask = (frame - self._offset,)
        elif self._operation == "REV_TID":
            # The mask frame runs backwards as the contrast frame runs forwards (PS3.3 C.7.6.10.1.1).
            mask = (bounds[0] - self._offset - (frame - bounds[0]),)
        if not all(0 <= index < self._count for index in mask):
            return None
        return Subtraction(tuple(range(frame, last + 1)), mask, self._shift)

    def _applicable(self) -> list[tuple[int, int]]:
        numbers = self._integers("ApplicableFrameRange")
        if not numbers and self._operation == "REV_TID":
            detail = "ApplicableFrameRange is missing, and REV_TID needs it"
            raise MissingAttributeError(detail, source=self._name, attribute="ApplicableFrameRange")
        if len(numbers) % 2:
            raise self._wrong("ApplicableFrameRange", "is not pairs of frame numbers")
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        return [(first - 1, last - 1) for first, last in pairs] or [(0, self._count - 1)]

    def _mask_frames(self) -> tuple[int, ...]:
        numbers = self._integers("MaskFrameNumbers")
        if not numbers:
            detail = "MaskFrameNumbers is missing: the mask is not known"
            raise MissingAttributeError(detail, source=self._name, attribute="MaskFrameNumbers")
        if not all(1 <= number <= self._count for number in numbers):
            raise self._wrong("MaskFrameNumbers", "names a frame that the pixel data does not have")
        return tuple(number - 1 for number in numbers)

    def _sub_pixel_shift(self) -> tuple[float, float]:
        value = self._item.get("MaskSubPixelShift")
        if value is None:
            return 0.0, 0.0
        pair = exact_numbers(value, 2)
        if pair is None:
            raise self._wrong("MaskSubPixelShift", "is not two numbers")
        return pair[0], pair[1]

    def _integer(self, keyword: str, default: int) -> int:
        value = self._item.get(keyword)
        if value is None:
            return default
        number = whole_number(value, range(1 - _MOST, _MOST))
        if number is None:
            raise self._wrong(keyword, "is not a whole number")
        return number

    def _integers(self, keyword: str) -> list[int]:
        value = self._item.get(keyword)
        values = [] if value is None else values_in(value)
        numbers = [number for number in map(whole_number, values) if number is not None]
        if len(numbers) < len(values):
            raise self._wrong(keyword, "is not a list of frame numbers")
        return numbers

    def _wrong(self, keyword: str, what: str) -> InvalidAttributeError:
        return InvalidAttributeError(f"{keyword} {what}", source=self._name, attribute=keyword)
