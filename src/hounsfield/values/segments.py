"""Segmentation objects: the segments, the frames of each, and what they stand for (PS3.3 C.8.20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import HounsfieldError, InvalidAttributeError, MissingAttributeError, UnitError
from hounsfield.geometry import ImagePlane
from hounsfield.header import Header, WrappedHeader, finite_number, items_of, text_of, values_in, whole_number
from hounsfield.image import Image
from hounsfield.steps import Step
from hounsfield.values.colour import apply_palette

Kind = Literal["binary", "fractional", "labelmap"]
_NAME = "segment"


@dataclass(frozen=True)
class Code:
    """A coded concept (PS3.3 section 8): value, the scheme that defines it, and its meaning in words."""

    value: str
    scheme: str
    meaning: str


@dataclass(frozen=True, eq=False)
class Segment:
    """One segment of a segmentation object (PS3.3 C.8.20.2).

    Attributes
    ----------
    number, label, description
        As the file has them.
    kind
        ``"binary"``, ``"fractional"`` or ``"labelmap"``: how the file keeps its segments.
    category, type
        What the segment is, as codes: a category (Tissue, Morphologically Altered Structure ...) and a type in
        it (Liver, Neoplasm ...); None where the file has none.
    anatomic_region
        Where it is, as a code, or None.
    algorithm_type, algorithm_name
        ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"`` or ``"MANUAL"``, and the algorithm.
    tracking_id, tracking_uid
        By which the segment is followed through several objects; ``""`` where it is not.
    color
        sRGB red, green, blue (0 to 255) in which it is recommended to show the segment, or its palette's; or None.
    frame_index
        0-based frames of the file that the segment has. Of a label map: those in which its number occurs.
    source_uids
        For each of these frames the SOP Instance UIDs of the images that it was made from, as far as the file says.
    fractional_type
        ``"PROBABILITY"`` or ``"OCCUPANCY"``; ``""`` unless `kind` is fractional.
    threshold
        Above which fraction `mask` selects a pixel; None unless `kind` is fractional.
    steps
        What had to be assumed.
    """

    number: int
    label: str
    description: str
    kind: Kind
    category: Code | None
    type: Code | None
    anatomic_region: Code | None
    algorithm_type: str
    algorithm_name: str
    tracking_id: str
    tracking_uid: str
    color: tuple[int, int, int] | None
    frame_index: tuple[int, ...]
    source_uids: tuple[tuple[str, ...], ...]
    fractional_type: str
    threshold: float | None
    steps: tuple[Step, ...]
    _stored: Image = field(repr=False)
    _maximum: float = field(default=1.0, repr=False)

    @property
    def mask(self) -> Image | None:
        """The segment's frames as a mask, (frame, row, column), made anew at each call; None without frames.

        ``mask.frame(i)`` is the frame `frame_index` [i] of the file, with its plane in the patient.
        """
        if not self.frame_index:
            return None
        stored = self._frames()
        if self.kind == "labelmap":
            return self._image(stored == self.number, f"pixels with the value {self.number}")
        if self.kind == "binary":
            return self._image(stored != 0, "pixels that are set")
        assert self.threshold is not None  # noqa: S101  fractional segments have one
        # Stored values are compared: a fraction would be rounded first, perhaps to the wrong side.
        above = stored.astype(np.float64) > self.threshold * self._maximum
        return self._image(above, f"pixels with a fraction above {self.threshold:g}")

    @property
    def fractions(self) -> Image | None:
        """The segment's frames as fractions from 0 to 1, float32, unit ``"1"``; None unless it is fractional."""
        if self.kind != "fractional" or not self.frame_index:
            return None
        values = (self._frames() / self._maximum).astype(np.float32)
        return replace(self._image(values, f"stored value / {self._maximum:g}"), unit="1")

    @property
    def planes(self) -> tuple[ImagePlane | None, ...]:
        """The plane of each frame in the patient; None for those of which the file does not say."""
        spacing, kind = self._stored.pixel_spacing, self._stored.spacing_kind
        one = np.broadcast_to(np.False_, (1, *self._stored.size))
        shell = Image(one[0], pixel_spacing=spacing, spacing_kind=kind)
        header = self._stored.header
        return tuple(replace(shell, header=header.for_frame(index)).plane for index in self.frame_index)

    def frame_header(self, index: int) -> Header:
        """Return the header of one of its frames, counted as in `frame_index`."""
        return self._stored.header.for_frame(self.frame_index[index])

    def _frames(self) -> NDArray[Any]:
        values = self._stored.values
        return values[list(self.frame_index)] if self._stored.multi_frame else values[np.newaxis]

    def _image(self, values: NDArray[Any], what: str) -> Image:
        step = Step(_NAME, f"segment {self.number} ({self.kind}): {what}", reference="PS3.3 C.8.20.2.3")
        header = _SomeFrames(self._stored.header, self.frame_index)
        steps = (*self._stored.steps, *self.steps, step)
        return replace(self._stored, values=values, header=header, steps=steps, padding=None, unit="")


class _SomeFrames(WrappedHeader):
    """The header of some frames of a file: frame 0 here is the first of them."""

    def __init__(self, whole: Header, frames: tuple[int, ...]) -> None:
        super().__init__(whole)
        self._frames = frames

    def for_frame(self, index: int) -> Header:
        """Return the header of one of the frames."""
        return self._whole.for_frame(self._frames[index])


def read_segments(stored: Image, threshold: float) -> tuple[Segment, ...]:
    """Return the segments of a segmentation object, in the order of Segment Sequence.

    Parameters
    ----------
    stored
        The object's stored values with the header of the whole file.
    threshold
        Above which fraction the mask of a fractional segment selects a pixel.

    Raises
    ------
    MissingAttributeError, InvalidAttributeError
        Naming the attribute.
    UnitError
        The values are not the stored ones (a label map with a palette was read as colour).
    """
    reader = _SegmentReader(stored, threshold)
    return tuple(reader.segment(item) for item in items_of(stored.header, "SegmentSequence"))


class _SegmentReader:
    """Reads what the segments have in common once, then each segment."""

    def __init__(self, stored: Image, threshold: float) -> None:
        self._stored = stored
        self._header = stored.header
        self._name = stored.name
        self._steps: list[Step] = []
        if stored.color:
            raise UnitError(
                'a segmentation read as colour has no segments; read it with values="stored"', source=self._name
            )
        self._kind: Kind = self._segmentation_type()
        self._threshold = threshold if self._kind == "fractional" else None
        self._maximum = self._maximum_value()
        items = items_of(self._header, "SegmentSequence")
        self._numbers = [self._number(item) for item in items]
        if len(set(self._numbers)) < len(self._numbers):
            raise self._error(InvalidAttributeError, "SegmentNumber", "occurs twice")
        self._groups = items_of(self._header, "PerFrameFunctionalGroupsSequence")
        self._shared = items_of(self._header, "SharedFunctionalGroupsSequence")
        self._frames = self._labelled_frames() if self._kind == "labelmap" else self._identified_frames()

    def segment(self, item: Mapping[str, Any]) -> Segment:
        number = self._number(item)
        frames = tuple(self._frames.get(number, ()))
        return Segment(
            number,
            text_of(item, "SegmentLabel"),
            text_of(item, "SegmentDescription"),
            self._kind,
            read_code(item, "SegmentedPropertyCategoryCodeSequence"),
            read_code(item, "SegmentedPropertyTypeCodeSequence"),
            read_code(item, "AnatomicRegionSequence"),
            text_of(item, "SegmentAlgorithmType"),
            self._algorithm(item),
            text_of(item, "TrackingID"),
            text_of(item, "TrackingUID"),
            self._color(item),
            frames,
            tuple(self._sources(index) for index in frames),
            text_of(self._header, "SegmentationFractionalType") if self._kind == "fractional" else "",
            self._threshold,
            tuple(self._steps),
            self._stored,
            self._maximum,
        )

    def _segmentation_type(self) -> Kind:
        declared = text_of(self._header, "SegmentationType").lower()
        if declared in ("binary", "fractional", "labelmap"):
            return declared
        if declared or self._header.get("BitsAllocated") != 1:
            kind = InvalidAttributeError if declared else MissingAttributeError
            raise self._error(kind, "SegmentationType", "does not say how the segments are stored")
        self._assume("no Segmentation Type; taken as BINARY because one bit a pixel is allocated")
        return "binary"

    def _maximum_value(self) -> float:
        if self._kind != "fractional":
            return 1.0
        value = finite_number(self._header.get("MaximumFractionalValue"))
        if value is None or value <= 0:
            raise self._error(InvalidAttributeError, "MaximumFractionalValue", "is missing or not positive")
        if value < self._stored.values.max():
            raise self._error(InvalidAttributeError, "MaximumFractionalValue", "is exceeded by a pixel")
        return value

    def _number(self, item: Mapping[str, Any]) -> int:
        value = item.get("SegmentNumber")
        if value is None:
            raise self._error(MissingAttributeError, "SegmentNumber", "is missing")
        number = whole_number(value)
        if number is None:
            raise self._error(InvalidAttributeError, "SegmentNumber", "is not a whole number")
        return number

    def _labelled_frames(self) -> dict[int, list[int]]:
        """Return the frames of each number: a label map's frames belong to no single segment (PS3.3 C.8.20.2.3.3)."""
        frames_of: dict[int, list[int]] = {}
        frames = self._stored.values if self._stored.multi_frame else self._stored.values[np.newaxis]
        for index, frame in enumerate(frames):
            for number in np.unique(frame).tolist():
                frames_of.setdefault(number, []).append(index)
        return frames_of

    def _identified_frames(self) -> dict[int, list[int]]:
        """The frames of each segment by Segment Identification (PS3.3 C.8.20.3.1)."""
        frames_of: dict[int, list[int]] = {}
        assumed = False
        for index in range(self._stored.frames):
            number = self._identified(index)
            if number is None and len(self._numbers) == 1:
                number, assumed = self._numbers[0], True
            if number is None:
                raise self._error(MissingAttributeError, "ReferencedSegmentNumber", f"of frame {index} is missing")
            if number not in self._numbers:
                raise self._error(
                    InvalidAttributeError,
                    "ReferencedSegmentNumber",
                    f"of frame {index} names a segment that does not exist",
                )
            frames_of.setdefault(number, []).append(index)
        if assumed:
            self._assume("frames without Referenced Segment Number are taken to be of the only segment")
        return frames_of

    def _identified(self, index: int) -> Any:
        for group in (*self._groups[index : index + 1], *self._shared[:1]):
            for item in items_of(group, "SegmentIdentificationSequence")[:1]:
                value = item.get("ReferencedSegmentNumber")
                if value is not None:
                    number = whole_number(value)
                    return -1 if number is None else number
        return None

    def _sources(self, index: int) -> tuple[str, ...]:
        """The images that a frame was made from: Derivation Image (PS3.3 C.7.6.16.2.6)."""
        uids: dict[str, None] = {}
        for group in (*self._groups[index : index + 1], *self._shared[:1]):
            for derivation in items_of(group, "DerivationImageSequence"):
                for image in items_of(derivation, "SourceImageSequence"):
                    uids[text_of(image, "ReferencedSOPInstanceUID")] = None
        return tuple(uid for uid in uids if uid)

    def _color(self, item: Mapping[str, Any]) -> tuple[int, int, int] | None:
        value = item.get("RecommendedDisplayCIELabValue")
        if value is None:
            return self._palette_color(item)
        values = [number for each in values_in(value) if (number := whole_number(each, range(2**16))) is not None]
        if len(values) != 3 or len(values_in(value)) != 3:
            raise self._error(InvalidAttributeError, "RecommendedDisplayCIELabValue", "is not three 16-bit numbers")
        return cielab_to_srgb((values[0], values[1], values[2]))

    def _palette_color(self, item: Mapping[str, Any]) -> tuple[int, int, int] | None:
        """The colour of a segment in a label map whose palette colours it (PS3.3 C.8.20.2)."""
        if self._kind != "labelmap" or text_of(self._header, "PhotometricInterpretation") != "PALETTE COLOR":
            return None
        rgb = apply_palette(np.array([self._number(item) & 0xFFFF]), self._header, False, self._name)
        red, green, blue = (rgb[0] >> (8 if rgb.dtype == np.uint16 else 0)).tolist()
        return red, green, blue

    @staticmethod
    def _algorithm(item: Mapping[str, Any]) -> str:
        algorithms = items_of(item, "SegmentationAlgorithmIdentificationSequence")[:1]
        return text_of(item, "SegmentAlgorithmName") or "".join(
            text_of(algorithm, "AlgorithmName") for algorithm in algorithms
        )

    def _assume(self, detail: str) -> None:
        self._steps.append(Step(_NAME, detail, "assumed", "PS3.3 C.8.20.2"))

    def _error(self, kind: type[HounsfieldError], keyword: str, what: str) -> HounsfieldError:
        return kind(f"{keyword} {what}", source=self._name, attribute=keyword)


def read_code(header: Mapping[str, Any], keyword: str) -> Code | None:
    """Return the first code of a code sequence; None where there is none."""
    for item in items_of(header, keyword)[:1]:
        value = next((text for k in ("CodeValue", "LongCodeValue", "URNCodeValue") if (text := text_of(item, k))), "")
        return Code(value, text_of(item, "CodingSchemeDesignator"), text_of(item, "CodeMeaning"))
    return None


#: White of sRGB itself, CIE illuminant D65. The standard names no white; those who write segmentations (dcmqi and
#: DCMTK, highdicom) take this one, so that their colours come back as they were chosen.
_D65 = np.array([0.95047, 1.0, 1.08883])
#: From CIE XYZ to linear sRGB (IEC 61966-2-1).
_TO_SRGB = np.array(
    [
        [3.2404542, -1.5371385, -0.4985314],
        [-0.9692660, 1.8760108, 0.0415560],
        [0.0556434, -0.2040259, 1.0572252],
    ]
)


def cielab_to_srgb(encoded: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return sRGB (0 to 255) for a CIELab value as DICOM encodes it (PS3.3 C.10.7.1.1).

    L* is scaled from 0..100 to 16 bits, a* and b* from -128..127; the white is taken to be D65. What a screen
    cannot show is cut off.

    Examples
    --------
    >>> cielab_to_srgb((65535, 0x8080, 0x8080))
    (255, 255, 255)
    """
    lightness = encoded[0] * 100 / 65535
    a, b = (v * 255 / 65535 - 128 for v in encoded[1:])
    fy = (lightness + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    ratio = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(_TO_SRGB @ (ratio * _D65), 0, 1)
    encoded_rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(encoded_rgb * 255).astype(int).tolist()
    return red, green, blue
