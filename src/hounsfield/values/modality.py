"""Modality values: stored values with the meaning that the modality gives them (PS3.3 C.11.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import InvalidAttributeError, MissingAttributeError
from hounsfield.header import Header, finite_number, items_of, text_of
from hounsfield.headers.units import is_blank_table, leads_to_intensity, modality_table, modality_unit
from hounsfield.steps import Step
from hounsfield.values.lut import LookUpTable, read_sequence_table

#: Types tried in turn for whole numbers: the first that holds every value is taken.
_WHOLE = (np.int16, np.int32, np.int64)
#: Stored values of more bits than a float32's mantissa keep their digits in float64.
_FLOAT32_BITS = 24
_FLOAT32_MOST = float(np.finfo(np.float32).max)
#: The largest slope or intercept accepted: its products with stored values stay finite.
_MOST = 1e200


@dataclass(frozen=True)
class Linear:
    """Slope and intercept of one frame, and where they come from."""

    slope: float
    intercept: float
    origin: str

    @property
    def whole(self) -> bool:
        """True where whole numbers stay whole."""
        return self.slope.is_integer() and self.intercept.is_integer()


Transform = Linear | LookUpTable | None


@dataclass(frozen=True)
class Modality:
    """The result: values, their unit, and the steps."""

    values: NDArray[Any]
    unit: str
    steps: tuple[Step, ...]


def modality_values(
    stored: NDArray[Any], headers: Sequence[Header], bits: int, name: str, dtype: Any = None
) -> Modality:
    """Apply each frame's modality transform to its stored values.

    Parameters
    ----------
    stored
        (row, column), or (frame, row, column) with as many frames as headers. Overwritten where it is writable.
    headers
        One for each frame (`Header.for_frame`); a single one where all frames share a header.
    bits
        Bits Stored.
    name
        The file's name, for errors.
    dtype
        Type of the values; by default int16 where slope and intercept are whole and the values fit, int32 or
        int64 where they need it, else float32, or float64 where the stored values have more than 24 bits.

    Raises
    ------
    InvalidAttributeError, MissingAttributeError
        A slope is zero or no finite number, a table is damaged, or frames differ in their unit.
    """
    transforms = read_transforms(headers, name, signed=stored.dtype.kind == "i")
    units = {modality_unit(h, t is not None) for h, t in zip(headers, transforms, strict=True)}
    if len({unit for unit, _ in units}) > 1:
        raise InvalidAttributeError("frames have different units", source=name, attribute="RescaleType")
    unit, doubt = min(units, key=lambda pair: pair[1] is None)
    steps = (*describe(transforms, headers, unit), *((doubt,) if doubt else ()))
    return Modality(apply_transforms(stored, transforms, bits, name, dtype), unit, steps)


def read_transforms(headers: Sequence[Header], name: str, *, signed: bool) -> list[Transform]:
    """Read the modality transform of each frame: a table, slope and intercept, or None where it has neither.

    Raises
    ------
    InvalidAttributeError, MissingAttributeError
        A slope is zero or no finite number, a table is damaged, or only some of the frames have a transform.
    """
    transforms = [_transform(header, name, signed) for header in headers]
    without = transforms.count(None)
    if 0 < without < len(transforms):
        index = transforms.index(None)
        detail = f"frame {index} has no RescaleSlope, but other frames have: its values are not comparable"
        raise MissingAttributeError(detail, source=name, attribute="RescaleSlope")
    return transforms


def describe(transforms: Sequence[Transform], headers: Sequence[Header], unit: str) -> list[Step]:
    """Say what the transforms do, what is assumed of them, and which table is not applied."""
    doubts = [*_blank_table(headers), *_half_declared(headers)]
    return [_describe(transforms, headers[0], unit), *doubts, *_intensity_table(headers)]


def _transform(header: Header, name: str, signed: bool) -> Transform:
    table = modality_table(header)
    if table is not None:
        return read_sequence_table(table, "ModalityLUTSequence", name, signed=signed)
    slope, intercept = header.get("RescaleSlope"), header.get("RescaleIntercept")
    if slope is None and intercept is None:
        return _dose_scaling(header, name) or _fraction(header, name)
    # Both are required together (PS3.3 C.11.1); an absent intercept or slope is a neutral one.
    slope = 1.0 if slope is None else _finite(slope, "RescaleSlope", name)
    intercept = 0.0 if intercept is None else _finite(intercept, "RescaleIntercept", name)
    if slope == 0:
        raise InvalidAttributeError("RescaleSlope is 0", source=name, attribute="RescaleSlope")
    return Linear(slope, intercept, "Rescale Slope and Intercept")


def _dose_scaling(header: Header, name: str) -> Linear | None:
    grid = header.get("DoseGridScaling")
    if grid is None:
        return None
    scaling = _finite(grid, "DoseGridScaling", name)
    if scaling <= 0:
        detail = "DoseGridScaling is not positive"
        raise InvalidAttributeError(detail, source=name, attribute="DoseGridScaling")
    return Linear(scaling, 0.0, "Dose Grid Scaling")


def _fraction(header: Header, name: str) -> Linear | None:
    """Fractional segmentations hold a fraction of Maximum Fractional Value (PS3.3 C.8.20.2.3)."""
    if text_of(header, "SegmentationType") != "FRACTIONAL":
        return None
    keyword = "MaximumFractionalValue"
    value = header.get(keyword)
    if value is None:
        detail = f"{keyword} is missing: the fractions cannot be known without it"
        raise MissingAttributeError(detail, source=name, attribute=keyword)
    maximum = _finite(value, keyword, name)
    if maximum <= 0:
        raise InvalidAttributeError(f"{keyword} is not positive", source=name, attribute=keyword)
    return Linear(1 / maximum, 0.0, f"Maximum Fractional Value {maximum:.10g}")


def _intensity_table(headers: Sequence[Header]) -> list[Step]:
    """A step where the file has tables to other pixel intensities: they are for processing, not for values."""
    if any(leads_to_intensity(header) for header in headers):
        detail = "the Modality LUT leads back to the intensity of the X-ray beam, not to what is shown: not applied"
        return [Step("modality", detail, "not done", "PS3.3 C.8.7.1.1.2")]
    if not any(items_of(header, "PixelIntensityRelationshipLUTSequence") for header in headers):
        return []
    detail = "the file has a Pixel Intensity Relationship LUT: it leads to X-ray intensities, and is not applied"
    return [Step("modality", detail, "not done", "PS3.3 C.7.6.16.2.13")]


def _blank_table(headers: Sequence[Header]) -> list[Step]:
    """A step where the item of Modality LUT Sequence holds no table."""
    if not any(is_blank_table(header, "ModalityLUTSequence") for header in headers):
        return []
    detail = "ModalityLUTSequence has an item without a table; ignored"
    return [Step("modality", detail, "assumed", "PS3.3 C.11.1")]


def _half_declared(headers: Sequence[Header]) -> list[Step]:
    """A step where slope or intercept stands alone: the standard requires both or none."""
    missing = {
        absent
        for header in headers
        for absent, present in (("RescaleSlope", "RescaleIntercept"), ("RescaleIntercept", "RescaleSlope"))
        if header.get(absent) is None and header.get(present) is not None
    }
    neutral = {"RescaleSlope": 1, "RescaleIntercept": 0}
    return [
        Step("modality", f"{keyword} is missing; taken as {neutral[keyword]}", "assumed", "PS3.3 C.11.1")
        for keyword in sorted(missing)
    ]


def _finite(value: Any, keyword: str, name: str) -> float:
    number = finite_number(value)
    if number is None or abs(number) > _MOST:
        raise InvalidAttributeError(f"{keyword} is not a finite number", source=name, attribute=keyword)
    return number


def _describe(transforms: Sequence[Transform], header: Header, unit: str) -> Step:
    first = transforms[0]
    to = f" -> {unit}" if unit else ", unit not stated"
    if first is None:
        return _untransformed(header)
    if isinstance(first, LookUpTable):
        return Step("modality", f"modality LUT of {len(first.entries)} entries{to}", reference="PS3.3 C.11.1.1")
    if len({(t.slope, t.intercept) if isinstance(t, Linear) else None for t in transforms}) > 1:
        detail = f"slope and intercept of each of {len(transforms)} frames{to}"
        return Step("modality", detail, reference="PS3.3 C.7.6.16.2.9")
    if first.origin.startswith("Maximum"):
        return Step("modality", f"fraction: stored / {first.origin}{to}", reference="PS3.3 C.8.20.2.3")
    detail = f"{first.origin}: {first.slope:.10g} x stored + {first.intercept:.10g}{to}"
    reference = "PS3.3 C.8.8.3" if first.origin.startswith("Dose") else "PS3.3 C.11.1.1.2"
    return Step("modality", detail, reference=reference)


def _untransformed(header: Header) -> Step:
    kind = {
        "BINARY": "binary segmentation: 1 is inside a segment, 0 outside",
        "LABELMAP": "label map: the values are segment numbers",
    }.get(text_of(header, "SegmentationType"))
    if kind is not None:
        return Step("modality", kind, "not done", "PS3.3 C.8.20.2.3")
    why = "no slope and intercept" if leads_to_intensity(header) else "no slope, intercept or modality LUT"
    return Step("modality", f"{why}: the values are stored values", "not done")


def values_type(stored: np.dtype[Any], transforms: Sequence[Transform], bits: int) -> tuple[np.dtype[Any] | None, bool]:
    """Return the type that values will have, before any is looked at, and whether that is sure.

    Where it is not, it is the smallest that they may have, and has to be checked. None: only the values tell.
    """
    if all(t is None for t in transforms):
        return stored, True
    linear = [t for t in transforms if isinstance(t, Linear)]
    if len(linear) < len(transforms) or stored.kind == "f" or bits > _FLOAT32_BITS:
        return None, False
    if all(t.whole for t in linear):
        if stored.itemsize > np.dtype(np.int16).itemsize:
            return None, False
        return np.dtype(np.int16), _fits(_by_bits(stored, bits, linear), np.int16)
    return (np.dtype(np.float32), True) if not _beyond_float32(np.empty(0, stored), list(transforms)) else (None, False)


def apply_transforms(
    stored: NDArray[Any],
    transforms: list[Transform],
    bits: int,
    name: str,
    dtype: Any = None,
    *,
    checked: bool = False,
) -> NDArray[Any]:
    """Apply each frame's transform; a single one holds for all frames. `stored` is overwritten where it may be.

    `checked`: whoever calls knows that the values fit `dtype`.

    Raises
    ------
    InvalidAttributeError
        The values do not fit the whole-numbered `dtype` that is asked for.
    """
    if dtype is not None and np.dtype(dtype).kind in "iu" and not checked:
        _check_fits(stored, transforms, np.dtype(dtype), name)
    if len({_key(t) for t in transforms}) == 1:
        return _apply(stored, transforms[0], _dtype(stored, transforms[:1], bits, dtype))
    target = _dtype(stored, transforms, bits, dtype)
    out = np.empty(stored.shape, target)
    for index, transform in enumerate(transforms):
        out[index] = _apply(stored[index], transform, target)
    return out


def _key(transform: Transform) -> Any:
    return id(transform) if isinstance(transform, LookUpTable) else transform


def _dtype(stored: NDArray[Any], transforms: list[Transform], bits: int, dtype: Any) -> np.dtype[Any]:
    """The smallest type that holds every value exactly, unless the caller names one."""
    if dtype is not None:
        return np.dtype(dtype)
    if all(t is None for t in transforms):
        return stored.dtype
    if stored.dtype.kind != "f" and all(t is None or isinstance(t, LookUpTable) or t.whole for t in transforms):
        if _fits(_by_bits(stored.dtype, bits, transforms), np.int16):
            return np.dtype(np.int16)
        bounds = _range(stored, transforms)
        for candidate in _WHOLE:
            if _fits(bounds, candidate):
                return np.dtype(candidate)
    precise = stored.dtype == np.float64 if stored.dtype.kind == "f" else bits > _FLOAT32_BITS
    return np.dtype(np.float64 if precise or _beyond_float32(stored, transforms) else np.float32)


def _beyond_float32(stored: NDArray[Any], transforms: list[Transform]) -> bool:
    """Return whether a value may be too large for a float32; whole stored values are below 2^64, about 1.8e19."""
    most = 2.0**64
    if stored.dtype.kind == "f":
        finite = stored[np.isfinite(stored)]
        most = max(abs(float(finite.min())), abs(float(finite.max()))) if finite.size else 0.0
    linear = [t for t in transforms if isinstance(t, Linear)]
    return any(most * abs(t.slope) + abs(t.intercept) > _FLOAT32_MOST for t in linear)


def _check_fits(stored: NDArray[Any], transforms: list[Transform], dtype: np.dtype[Any], name: str) -> None:
    low, high = _range(stored, transforms)
    if not np.iinfo(dtype).min <= low <= high <= np.iinfo(dtype).max:  # nor does NaN fit
        raise InvalidAttributeError(f"the values, {low:g} to {high:g}, do not fit {dtype}", source=name)


def _range(stored: NDArray[Any], transforms: list[Transform]) -> tuple[float, float]:
    """Bounds of the values that the transforms lead to."""
    number = float if stored.dtype.kind == "f" else int
    return _through(number(stored.min()), number(stored.max()), transforms)


def _by_bits(stored: np.dtype[Any], bits: int, transforms: Sequence[Transform]) -> tuple[float, float]:
    """The same from the bits alone: to look at each value takes as long as to transform it.

    Lossy compression may overshoot the stored bits, so two more are allowed for.
    """
    info, most = np.iinfo(stored), 2 ** (bits + 2) - 1
    return _through(max(int(info.min), -most - 1), min(int(info.max), most), transforms)


def _fits(bounds: tuple[float, float], dtype: Any) -> bool:
    return np.iinfo(dtype).min <= bounds[0] and bounds[1] <= np.iinfo(dtype).max


def _through(least: float, most: float, transforms: Sequence[Transform]) -> tuple[float, float]:
    bounds: list[float] = []
    for transform in transforms:
        if isinstance(transform, LookUpTable):
            bounds += [int(transform.entries.min()), int(transform.entries.max())]
        elif transform is None:
            bounds += [least, most]
        else:
            bounds += [v * transform.slope + transform.intercept for v in (least, most)]
    return min(bounds), max(bounds)


def _apply(stored: NDArray[Any], transform: Transform, dtype: np.dtype[Any]) -> NDArray[Any]:
    if isinstance(transform, LookUpTable):
        return transform.apply(stored).astype(dtype, copy=False)
    # Stored values that are writable belong to this call alone, and may be overwritten.
    if transform is None:
        return stored.astype(dtype, copy=not stored.flags.writeable)
    if dtype.kind in "iu" and transform.whole:
        slope, intercept = _in_type(transform.slope, dtype), _in_type(transform.intercept, dtype)
        if stored.flags.writeable and stored.dtype.kind in "iu" and stored.dtype.itemsize == dtype.itemsize:
            out = stored.view(dtype)  # modulo the range, sums and products are the same with and without sign
        else:
            out = stored.astype(dtype, copy=not stored.flags.writeable)
        if transform.slope != 1:
            out *= slope
        if transform.intercept:
            out += intercept
        return out
    # In double precision, and rounded once: float32 arithmetic would round twice.
    with np.errstate(over="ignore", invalid="ignore"):  # floating point pixel data may hold anything
        exact = np.multiply(stored, transform.slope, dtype=np.float64)
        exact += transform.intercept
        return exact.astype(dtype, copy=False)


def _in_type(value: float, dtype: np.dtype[Any]) -> Any:
    """A whole number in an integer type, modulo its range.

    An image of zeros has a slope that the type of its values cannot hold; sums and products modulo the range are
    right wherever the results lie within it.
    """
    size = dtype.itemsize * 8
    return np.asarray(int(value) % 2**size, np.uint64).astype(dtype)
