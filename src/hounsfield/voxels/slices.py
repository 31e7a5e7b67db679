"""The slices of a volume: which file each came from, and its header with the place that the volume gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from hounsfield.cropping import COUNTING_PIXELS, CroppedHeader
from hounsfield.geometry import ImagePlane, SlidePlane
from hounsfield.header import Cut, Header, WrappedHeader

#: Attributes that say where a slice lies; those of a slice of a volume follow from the volume's affine.
_PLACE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")

#: Attributes of a file's picture that a slice computed of several does not have, beside those that count its pixels.
_OF_A_FILE = frozenset(
    "SOPInstanceUID InstanceNumber SliceLocation NumberOfFrames PixelAspectRatio ImagerPixelSpacing "
    "NominalScannedPixelSpacing ReferencedImageSequence SourceImageSequence".split()
)


@dataclass(frozen=True)
class SliceSource:
    """The file and frame that a slice came from.

    Attributes
    ----------
    path
        The file; of a member of an archive ``archive.zip/member``.
    frame_index
        0-based frame of a multi-frame file; None where the file is a single image.
    """

    path: str
    frame_index: int | None = None


class SliceHeader(WrappedHeader):
    """The header of a slice of a volume: that of its file, with the place that the volume gives it.

    Parameters
    ----------
    whole
        The header of the file, or of the frame.
    plane
        Where the slice lies; None where it is no rectangle in the patient. The file's own place is not shown then.
    """

    def __init__(self, whole: Header, plane: ImagePlane | None) -> None:
        super().__init__(whole)
        self._place: dict[str, Any] = dict.fromkeys(_PLACE)
        if plane is not None:
            places = (plane.position, plane.orientation, plane.pixel_spacing)
            self._place = {keyword: list(values) for keyword, values in zip(_PLACE, places, strict=True)}

    @property
    def slide_plane(self) -> SlidePlane | None:
        """None: a slice lies where its volume has it, in the patient."""
        return None

    def for_frame(self, index: int) -> Header:
        """Return this header: a slice is one picture."""
        return self

    def __getitem__(self, keyword: str) -> Any:
        value = self._place[keyword] if keyword in self._place else self._whole[keyword]
        if value is None:
            raise KeyError(keyword)
        return value

    def __iter__(self) -> Iterator[str]:
        own = [keyword for keyword, value in self._place.items() if value is not None]
        yield from own
        yield from (keyword for keyword in self._whole if keyword not in self._place)


class ComputedHeader(WrappedHeader):
    """The header of a slice that no file has: one of another plane or grid, or of a projection.

    Its size and its thickness are its own. What counts the pixels of a file's picture, says where that lies or tells it
    from others is not shown, and `SliceHeader` says where the slice lies. `dataset` remains that of the file.

    Parameters
    ----------
    whole
        The header of the volume.
    size
        Rows and columns.
    thickness
        Distance of the slices in mm, as thick as each of them is; None where it is not known.
    """

    def __init__(self, whole: Header, size: tuple[int, int], thickness: float | None) -> None:
        super().__init__(whole)
        own: dict[str, Any] = {"Rows": size[0], "Columns": size[1]}
        own |= {} if thickness is None else {"SliceThickness": thickness, "SpacingBetweenSlices": thickness}
        self._own = own

    @property
    def slide_plane(self) -> SlidePlane | None:
        """None: a slice lies where its volume has it, in the patient."""
        return None

    @property
    def cut(self) -> Cut | None:
        """None: it is no part of a file's picture."""
        return None

    def for_frame(self, index: int) -> Header:
        """Return this header: a slice is one picture."""
        return self

    def __getitem__(self, keyword: str) -> Any:
        if keyword in self._own:
            return self._own[keyword]
        if keyword in _NOT_OF_COMPUTED:
            raise KeyError(keyword)
        return self._whole[keyword]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        hidden = _NOT_OF_COMPUTED.union(self._own)
        yield from (keyword for keyword in self._whole if keyword not in hidden)


_NOT_OF_COMPUTED = COUNTING_PIXELS.union(_OF_A_FILE, _PLACE, ("SliceThickness", "SpacingBetweenSlices"))


class VolumeHeader(SliceHeader):
    """The header of a volume as one image of many frames: that of its first slice, each frame in its own place.

    Parameters
    ----------
    whole
        The header of the first slice's file.
    plane_of
        Gives where a slice lies, by its index; None where that is not known.
    """

    def __init__(self, whole: Header, plane_of: Callable[[int], ImagePlane | None]) -> None:
        super().__init__(whole, None)
        self._plane_of = plane_of

    def for_frame(self, index: int) -> Header:
        """Return the same attributes with the place of a slice."""
        return SliceHeader(self._whole, self._plane_of(index))


class SomeHeaders(Sequence[Header]):
    """The headers of some slices, made when they are asked for.

    Parameters
    ----------
    headers
        Of all slices.
    chosen
        Which of them, in order.
    moved
        True where pixels are not where the files have them, and nothing else says where: no place is shown then.
    cut
        Rows and columns that are left of each; None: all.
    """

    def __init__(
        self, headers: Sequence[Header], chosen: range, *, moved: bool = False, cut: Cut | None = None
    ) -> None:
        self._headers = headers
        self._chosen = chosen
        self._moved = moved
        self._cut = cut

    def __len__(self) -> int:
        return len(self._chosen)

    @overload
    def __getitem__(self, index: int) -> Header: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Header]: ...
    def __getitem__(self, index: int | slice) -> Header | Sequence[Header]:
        """Return the header of one slice, or of some of these."""
        if isinstance(index, slice):
            return SomeHeaders(self._headers, self._chosen[index], moved=self._moved, cut=self._cut)
        header = cropped(self._headers[self._chosen[index]], self._cut)
        return SliceHeader(header, None) if self._moved else header


def cropped(header: Header, cut: Cut | None) -> Header:
    """Return the header of a part of a slice; None is all of it."""
    return header if cut is None else CroppedHeader(header, cut)
