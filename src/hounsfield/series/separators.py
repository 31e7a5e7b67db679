"""What separates volumes: the table of attributes, in the order in which they are asked, and what each may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol, TypeVar

import numpy as np

from hounsfield.series.rows import Indices, Numbers, Rows, distinct

Role = Literal["unit", "meaning", "pass", "moment"]
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Separator:
    """An attribute by whose values slices may be told apart.

    Attributes
    ----------
    keyword
        The attribute.
    role
        ``"unit"``: it names the unit of values, and separates even a single slice. ``"meaning"``: it changes what
        pixels mean, so that it separates wherever each of its values holds a run of slices of its own, whether the runs
        repeat, lie between one another or continue one another. ``"pass"``: it counts passes, and separates unless one
        run only continues another. ``"moment"``: it tells when; it separates where positions repeat, and else joins.
    within
        Numbers that differ by no more than this share are one value: scanners measure some of them anew for each slice.
    ranked
        It may differ from slice to slice: then the first at each position belong together, then the second ones.
    time
        It is a time of day or a moment, in microseconds: told as a time of day, and only where nothing else tells.
    date
        The attribute of its date.
    acquired
        Its volumes stand in the order of acquisition, and it is named wherever it differs between volumes.
    alone
        It is named only where it is what separates: where others do, it tells nothing more.
    """

    keyword: str
    role: Role = "meaning"
    within: float = 0.0
    ranked: bool = False
    time: bool = False
    date: str = ""
    acquired: bool = False
    alone: bool = False


def _meaning(words: str, within: float = 0.0) -> list[Separator]:
    return [Separator(keyword, within=within) for keyword in words.split()]


#: Attributes that separate, in the order in which they are asked.
TABLE: tuple[Separator, ...] = (
    Separator("RescaleType", "unit"),
    Separator("Units", "unit"),
    Separator("AcquisitionNumber", "pass", ranked=True),
    Separator("FrameAcquisitionNumber", "pass"),
    *_meaning("EchoNumbers"),
    *_meaning("EchoTime EffectiveEchoTime", 0.01),
    Separator("TemporalPositionIdentifier", "pass"),
    Separator("TemporalPositionIndex", "pass", ranked=True),
    Separator("TemporalPositionTimeOffset", "moment"),
    Separator("NominalPercentageOfCardiacPhase", "pass"),
    Separator("NominalPercentageOfRespiratoryPhase", "pass"),
    Separator("NominalCardiacTriggerDelayTime", "moment", ranked=True),
    Separator("TriggerTime", "moment", ranked=True),
    Separator("FrameReferenceTime", "moment", ranked=True),
    Separator("DiffusionBValue", within=0.01, acquired=True),
    Separator("DiffusionGradientOrientation", acquired=True),
    *_meaning("InversionTime InversionTimes FlipAngle", 0.01),
    *_meaning("RepetitionTime", 0.05),
    *_meaning("ScanningSequence SequenceVariant ScanOptions SequenceName PulseSequenceName ASLContext"),
    *_meaning("AcquisitionContrast MRAcquisitionType ImagedNucleus ReceiveCoilName TransmitCoilName"),
    *_meaning("StackID ComplexImageComponent ImageType FrameType"),
    *_meaning("RealWorldValueMappingSequence[0].LUTLabel"),
    *_meaning("KVP", 0.01),
    *_meaning("ConvolutionKernel FilterType ReconstructionAlgorithm ReconstructionMethod ReconstructionType"),
    *_meaning("ContrastBolusAgent ContrastBolusAgentPhase CorrectedImage DecayCorrection AttenuationCorrectionMethod"),
    *_meaning("ScatterCorrectionMethod CountsSource"),
    *_meaning("RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical"),
    *_meaning("EnergyWindowInformationSequence[0].EnergyWindowName EnergyWindowVector"),
    *_meaning("SliceThickness", 0.02),
    Separator("DimensionIndexValues", "pass", alone=True),
    Separator("ImageIndex", "moment", ranked=True, alone=True),
    Separator("AcquisitionDateTime", "moment", ranked=True, time=True),
    Separator("FrameAcquisitionDateTime", "moment", ranked=True, time=True),
    Separator("AcquisitionTime", "moment", ranked=True, time=True, date="AcquisitionDate"),
    Separator("ContentTime", "moment", ranked=True, time=True, date="ContentDate"),
)
KEYWORDS = tuple(separator.keyword for separator in TABLE)
TIMES = frozenset(separator.keyword for separator in TABLE if separator.time)

#: Columns of a scan that are asked for here alone: numbers, and texts.
NUMBERS = ("KVP FrameReferenceTime ImageIndex SliceLocation AcquisitionDate AcquisitionDateTime ContentDate").split()
TEXTS = """
    ScanningSequence SequenceVariant ScanOptions ImagedNucleus ReceiveCoilName TransmitCoilName Units
    RealWorldValueMappingSequence[0].LUTLabel ConvolutionKernel FilterType ReconstructionAlgorithm ReconstructionMethod
    ContrastBolusAgent CorrectedImage DecayCorrection AttenuationCorrectionMethod ScatterCorrectionMethod CountsSource
    MRAcquisitionType
    RadiopharmaceuticalInformationSequence[0].Radiopharmaceutical
    EnergyWindowInformationSequence[0].EnergyWindowName IssuerOfPatientID PulseSequenceName
""".split()


@dataclass(frozen=True)
class Told:
    """An attribute that differs among some slices.

    Attributes
    ----------
    separator
        The attribute.
    codes : int64 (slice,)
        Equal where its values are, in the order of the values.
    exact : int64 (slice,)
        The same without tolerance.
    """

    separator: Separator
    codes: Indices
    exact: Indices

    @property
    def keyword(self) -> str:
        """Of the attribute."""
        return self.separator.keyword

    @property
    def differs(self) -> bool:
        """True where it differs by more than its tolerance."""
        return not _constant(self.codes)

    def of(self, chosen: Indices) -> Told | None:
        """Return it for some of the slices, None where it does not differ among them."""
        if _constant(self.exact[chosen]):
            return None
        return Told(self.separator, self.codes[chosen], self.exact[chosen])


def differing(rows: Rows, members: Indices, table: Sequence[Separator] = TABLE) -> list[Told]:
    """Return the attributes that differ among slices, in the order of the table."""
    differences: list[Told] = []
    if len(members) < 2:
        return differences
    for separator in table:
        if separator.keyword not in rows.varying:
            continue
        if separator.keyword in rows.texts:
            exact = rows.texts[separator.keyword].codes[members]
            codes = exact
        else:
            values = values_of(rows, separator, members)
            if _constant(values):
                continue
            exact = distinct(values.reshape(len(members), -1))
            codes = _near(values, separator.within) if separator.within else exact
        if not _constant(exact):
            differences.append(Told(separator, codes, exact))
    return differences


def values_of(rows: Rows, separator: Separator, members: Indices) -> Numbers:
    """Return the numbers of slices; of a time of day with its date, where each slice has one.

    Without dates what lies half a day apart, or more, does so because midnight is between.
    """
    values = rows.numbers[separator.keyword][members]
    if separator.date:
        days = rows.numbers[separator.date][members]
        if np.isfinite(days).all():
            return days * _DAY + values
        return _past_midnight(values)
    return values


def _past_midnight(values: Numbers) -> Numbers:
    known = np.unique(values[np.isfinite(values)])
    if len(known) < 2 or known[-1] - known[0] < _DAY / 2:
        return values
    evening = known[int(np.argmax(np.diff(known))) + 1]
    return np.where(values < evening, values + _DAY, values)


def told(rows: Rows, separator: Separator, row: int) -> Any:
    """Return the value of a slice as it is told: of times the time of day."""
    value = rows.value(separator.keyword, row)
    return clock(value) if separator.time and isinstance(value, (int, float)) else value


def clock(microseconds: float) -> str:
    """Return a time of day, or that of a moment, as text."""
    return str(timedelta(microseconds=microseconds % _DAY))


def acquired(rows: Rows, parts: Sequence[Indices]) -> list[int]:
    """Return the order in which parts were acquired: by date and time, by Instance Number, by frame.

    Each of these is asked where all parts have it; the next, where parts are still equal.
    """
    every = np.concatenate(parts)
    keys: list[list[float]] = []
    for separator in TABLE:
        if (
            separator.time
            and separator.keyword != "ContentTime"
            and np.isfinite(values_of(rows, separator, every)).all()
        ):
            keys.append([float(values_of(rows, separator, part).min()) for part in parts])
    numbers = rows.numbers["InstanceNumber"]
    if np.isfinite(numbers[every]).all():
        keys.append([float(numbers[part].min()) for part in parts])
    keys.append([float(rows.frame[part].min()) for part in parts])
    return sorted(range(len(parts)), key=lambda index: tuple(key[index] for key in keys))


class _HasMembers(Protocol):
    @property
    def members(self) -> Indices: ...


_Some = TypeVar("_Some", bound=_HasMembers)


def in_order_of_dimensions(rows: Rows, parts: Sequence[_Some]) -> list[_Some]:
    """Return volumes of one multi-frame file in the order of its dimensions, where each has its own place in it."""
    if len(parts) < 2 or "dimension" not in rows.varying:
        return list(parts)
    if len(np.unique(rows.file[np.concatenate([part.members for part in parts])])) > 1:
        return list(parts)
    places = [np.unique(rows.numbers["dimension"][part.members]) for part in parts]
    numbers = [float(place[0]) for place in places if len(place) == 1 and np.isfinite(place[0])]
    if len(set(numbers)) < len(parts):
        return list(parts)
    return [part for _, part in sorted(zip(numbers, parts, strict=True), key=lambda pair: pair[0])]


def _constant(values: Any) -> bool:
    first = values[0]
    if values.ndim == 1:
        return bool((values == first).all()) or bool(first != first and np.isnan(values).all())
    return bool(((values == first) | (np.isnan(values) & np.isnan(first))).all())


def _near(values: Numbers, within: float) -> Indices:
    """Number values so that those are equal that differ by no more than a share; NaN is one value, the last."""
    single = np.nan_to_num(values.reshape(len(values), -1)[:, 0], nan=np.inf)
    known, which = np.unique(single, return_inverse=True)
    with np.errstate(invalid="ignore"):
        steps = np.diff(known, prepend=known[:1]) > within * np.abs(known)
    steps |= np.isinf(known) & (np.arange(len(known)) > 0)
    return np.cumsum(steps)[np.asarray(which).reshape(-1)].astype(np.int64)
