"""The frames of a file as a sequence: each is decoded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hounsfield.errors import (
    DecodeError,
    GeometryError,
    HounsfieldError,
    LimitExceededError,
)
from hounsfield.header import Header
from hounsfield.headers.dataset import open_header
from hounsfield.headers.frame_header import RegionHeader
from hounsfield.headers.remarks import remarks
from hounsfield.headers.slides import matrix_plane
from hounsfield.headers.spacing import frames_spacing, pixel_spacing
from hounsfield.headers.tiles import Bounds, Tile, Tiling, layer_number, read_tiling, region_bounds
from hounsfield.image import Image
from hounsfield.limits import Limits
from hounsfield.pixels.layout import read_layout
from hounsfield.pixels.opening import no_pixels, open_frames, pixel_bytes
from hounsfield.pixels.stored import Stored
from hounsfield.reading.region import TiledRegion
from hounsfield.sources.source import Source
from hounsfield.steps import Step, refuse_assumptions
from hounsfield.text import counted
from hounsfield.values.padding import padding_mask
from hounsfield.values.spaces import InFile, interpret

#: Bytes of tiles that are decoded at a time for a region: the memory needed beside that of the region itself.
_BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Wanted:
    """The values that are wanted, and how far the file is to be trusted."""

    values: str = "modality"
    dtype: DTypeLike | None = None
    verify: bool = False
    strict: bool = False


@dataclass(frozen=True)
class _Understood:
    """Frames in the space that was asked for; `values` and `padding` with a frame axis."""

    values: NDArray[Any]
    padding: NDArray[np.bool_] | None
    unit: str
    color: bool
    steps: tuple[Step, ...]


class Frames:
    """The frames of an open file; made by `open_frames`, and a context manager.

    ``len(frames)`` counts them, ``frames[i]`` decodes one, ``frames[2:5]`` several as one multi-frame image;
    iterating gives one after another, a few of them decoded ahead; `region` puts tiles of a whole slide together.
    Decoded frames are not kept.

    Attributes
    ----------
    name
        The file's name.
    header
        The attributes of the file.
    """

    def __init__(self, source: Source, wanted: Wanted, limits: Limits, *, lazy: bool = True) -> None:
        self._source, self._wanted, self._limits = source, wanted, limits
        self.name = source.name
        self._opened = open_header(source, limits, lazy=lazy)
        self.header: Header = self._opened.header
        element = self._opened.pixels
        if element is None:
            raise no_pixels(self._opened)
        declared = read_layout(self.header, element.keyword, source.name, limits)
        self._declared, self._tile = declared.frames, (declared.rows, declared.columns)
        part = self._inside if self.header.get("TotalPixelMatrixColumns") is not None else None
        self._stored = open_frames(pixel_bytes(self._opened, element), declared, source.name, part)

    def __len__(self) -> int:
        return self._stored.layout.frames

    def __getitem__(self, index: int | slice) -> Image:
        return self.read(index)

    def __iter__(self) -> Iterator[Image]:
        ahead = 2 * (self._limits.threads or 4)
        for start in range(0, len(self), ahead):
            block = self.read(range(start, min(start + ahead, len(self))))
            yield from (block.frame(index) for index in range(block.frames))

    def read(self, frames: int | slice | Sequence[int] | None = None) -> Image:
        """Decode frames.

        Parameters
        ----------
        frames
            0-based index of one frame, which gives an image without a frame axis; a slice, a range or a list of
            indices, negative ones counted from the end; None: all.

        Raises
        ------
        IndexError
            There is no such frame.
        UnsupportedTransferSyntaxError, DecodeError, LimitExceededError
            As `hounsfield.read`.
        """
        indices = self._indices(frames)
        try:
            stored = self._stored.take(indices, self._limits)
            image = self._assemble(stored, indices, single=isinstance(frames, int) or self._declared == 1)
        except MemoryError:
            raise DecodeError("there is not enough memory for the pixel data", source=self.name) from None
        if self._wanted.strict:
            refuse_assumptions(image.steps, self.name)
        return image

    def _indices(self, frames: int | slice | Sequence[int] | None) -> Sequence[int]:
        count = len(self)
        if frames is None:
            return range(count)
        if isinstance(frames, slice):
            chosen: Sequence[int] = range(count)[frames]
        elif isinstance(frames, (str, bytes, bool)):
            raise TypeError(f"frames must be an index, a slice or a list of indices, not {frames!r}")
        elif isinstance(frames, int):
            chosen = [frames]
        else:
            chosen = [int(index) for index in frames]
        for index in chosen:
            if not -count <= index < count:
                raise IndexError(
                    f"{self.name}: frame {index} is out of range: {counted(count, 'frame')}, counted from 0"
                )
        if not chosen:
            raise IndexError(f"{self.name}: no frame is selected; there are {count}")
        return [index % count for index in chosen]

    def _assemble(self, stored: Stored, indices: Sequence[int], *, single: bool) -> Image:
        header = self._opened.header.for_frame(indices[0])
        understood = self._understand(stored, indices)
        values, padding, color = understood.values, understood.padding, understood.color
        spacing, kind, doubt = pixel_spacing(header) if single else frames_spacing(self._opened.header, indices)
        steps = [*self._opened.steps, *self._stored.layout.steps, *understood.steps, *self._header_doubts(indices[0])]
        steps += [doubt] if doubt else []
        if single:
            padding = None if padding is None else padding[0]
            place = indices[0] if self._declared > 1 else None
            return Image(
                values[0], understood.unit, tuple(steps), spacing, kind, padding, header, color, self.name, place
            )
        chosen = None if indices == range(self._declared) else tuple(indices)
        where: dict[str, Any] = {"header": self.header, "name": self.name, "frame_indices": chosen}
        return Image(values, understood.unit, tuple(steps), spacing, kind, padding, color=color, **where)

    def _header_doubts(self, frame: int) -> tuple[Step, ...]:
        """Return the assumptions made to read the header, when all values that are needed have been asked for."""
        doubts = remarks(self._opened.header, frame)
        self._opened.header.noted.refuse_lost_sequences(self.name)
        return (*doubts, *self.header.doubts)

    def _understand(self, stored: Stored, indices: Sequence[int]) -> _Understood:
        """Give decoded frames the meaning that was asked for."""
        layout, header, steps = self._stored.layout, self._opened.header.for_frame(indices[0]), [*stored.steps]
        if self._wanted.verify:
            from hounsfield.pixels.verify import verify_frames

            steps.append(verify_frames(self._stored, indices, stored, self.name))
        padding, padded = None, None
        if layout.samples == 1 and layout.photometric != "PALETTE COLOR":
            padding, padded = padding_mask(stored.values, header, layout.bits_stored)
        if stored.missing is not None:
            padding = stored.missing if padding is None else padding | stored.missing
        # From here on the stored values may be overwritten: the modality values take their place in memory.
        own = self._declared > 1 and bool(self.header.get("PerFrameFunctionalGroupsSequence"))
        headers = [self._opened.header.for_frame(index) for index in (indices if own else indices[:1])]
        place = InFile(self._opened.header, indices, self._stored, self._limits)
        meaning = interpret(stored, place, headers, self._wanted.values, self._wanted.dtype, self.name)
        if meaning.outside is not None:  # no measurement either
            padding = meaning.outside if padding is None else padding | meaning.outside
        steps += [*meaning.steps, *((padded,) if padded else ())]
        return _Understood(meaning.values, padding, meaning.unit, meaning.color, tuple(steps))

    @property
    def total_size(self) -> tuple[int, int] | None:
        """Rows and columns of the total pixel matrix; None where the frames are not tiles of one."""
        return None if self._tiling is None else self._tiling.total

    @property
    def optical_paths(self) -> tuple[str, ...]:
        """Identifiers of the optical paths of a slide, of a segmentation of one its segments' numbers; else empty."""
        return () if self._tiling is None else self._tiling.paths

    @property
    def focal_planes(self) -> int:
        """Number of focal planes of a slide, counted from the glass upwards; 0 where the frames are not tiles."""
        return 0 if self._tiling is None else self._tiling.planes

    @cached_property
    def _tiling(self) -> Tiling | None:
        return read_tiling(self.header, self._tile, self._declared, self.name)

    def _inside(self, frame: int) -> tuple[int, int] | None:
        """Rows and columns of a tile that lie in the total pixel matrix; None where its place is not known."""
        try:
            return None if self._tiling is None else self._tiling.inside(frame)
        except HounsfieldError:  # only `region` needs the tiling; here the frame keeps its declared size
            return None

    def region(
        self,
        rows: tuple[int, int] | None = None,
        columns: tuple[int, int] | None = None,
        *,
        path: int | str = 0,
        plane: int = 0,
    ) -> Image:
        """Return a region of a whole slide; only the tiles that overlap it are decoded, a few at a time.

        Parameters
        ----------
        rows, columns
            First and last (excluded) row and column of the total pixel matrix (`total_size`), counted from 0; by
            default all.
        path
            Which of the `optical_paths`: 0-based number, or identifier. Of a segmentation, the segment.
        plane
            0-based number of the focal plane, from the glass upwards.

        Returns
        -------
        Image
            One picture. `padding` marks the pixels that no tile covers; their value is 0. `slide_plane` says where the
            region lies on the glass, and a step which tiles it is made of.

        Raises
        ------
        GeometryError
            The frames are not tiles of a larger matrix; or the region reaches into another file of a concatenation.
        IndexError
            The region is empty or reaches beyond the matrix; there is no such optical path or focal plane.
        MissingAttributeError, InvalidAttributeError
            The attributes that locate the tiles are absent or impossible.
        LimitExceededError
            The region would take more bytes than `Limits.image_bytes`.
        UnsupportedTransferSyntaxError, DecodeError
            As `hounsfield.read`.
        """
        tiling = self._tiling
        if tiling is None:
            raise GeometryError("the frames are not tiles of a total pixel matrix", source=self.name)
        bounds = region_bounds(tiling, rows, columns, self.name)
        number = layer_number(tiling, path, plane, self.name)
        self._check_region(bounds)
        tiles = tiling.tiles(bounds, number, plane, len(self))
        if not tiles and tiling.part:
            raise self._elsewhere()
        try:
            image = self._put_together(tiling, bounds, tiles, (number, plane))
        except MemoryError:
            raise DecodeError("there is not enough memory for the region", source=self.name) from None
        if self._wanted.strict:
            refuse_assumptions(image.steps, self.name)
        return image

    def _check_region(self, bounds: Bounds) -> None:
        layout, (top, bottom, left, right) = self._stored.layout, bounds
        rows, columns = bottom - top, right - left
        samples = 3 if layout.photometric == "PALETTE COLOR" else layout.samples
        size = rows * columns * samples * layout.dtype.itemsize
        if size > self._limits.image_bytes:
            detail = f"a region of {rows} x {columns} would take {size} bytes; the limit is {self._limits.image_bytes}"
            raise LimitExceededError(detail, source=self.name)

    def _elsewhere(self) -> GeometryError:
        return GeometryError("the region reaches into another file of the concatenation", source=self.name)

    def _put_together(self, tiling: Tiling, bounds: Bounds, tiles: Sequence[Tile], layer: tuple[int, int]) -> Image:
        layout = self._stored.layout
        mosaic = TiledRegion(bounds, gaps=tiling.places is not None or len(self) < self._declared or tiling.part)
        # A region without tiles still needs the type of the pixels: one tile is decoded for its type alone.
        sample = tiles or tiling.tiles((0, tiling.total[0], 0, tiling.total[1]), *layer, len(self))[:1]
        if not sample:
            raise GeometryError("the file has no tile of this optical path and focal plane", source=self.name)
        count = max(2 * (self._limits.threads or 4), _BLOCK_BYTES // (layout.frame_values * layout.dtype.itemsize))
        unit, color, done = "", False, dict[Step, None]()
        for start in range(0, len(sample), count):
            block = sample[start : start + count]
            indices = [tile[0] for tile in block]
            understood = self._understand(self._stored.take(indices, self._limits), indices)
            unit, color = understood.unit, understood.color
            done |= dict.fromkeys(understood.steps)
            for place, (_, row, column) in enumerate(block):
                padding = None if understood.padding is None else understood.padding[place]
                mosaic.add(understood.values[place], padding, row, column)
        opened = [*self._opened.steps, *layout.steps, *tiling.steps]
        steps = [*opened, *done, *self._region_steps(tiling, bounds, tiles, mosaic)]
        at, first = (bounds[0], bounds[2]), self._opened.header.for_frame(sample[0][0])
        header = RegionHeader(self._opened.header, sample[0][0], layer[0], matrix_plane(first, at, layer[1]))
        spacing, kind, doubt = pixel_spacing(header)
        steps += [*self._header_doubts(sample[0][0]), *((doubt,) if doubt else ())]
        padding, uncovered = mosaic.padding, mosaic.uncovered
        if uncovered is not None:
            padding = uncovered if padding is None else padding | uncovered
        values = np.zeros(mosaic.shape) if mosaic.values is None else mosaic.values
        return Image(values, unit, tuple(steps), spacing, kind, padding, header, color, self.name)

    def _region_steps(self, tiling: Tiling, bounds: Bounds, tiles: Sequence[Tile], mosaic: TiledRegion) -> list[Step]:
        top, bottom, left, right = bounds
        size = "{} x {}".format(*tiling.tile)
        detail = f"rows {top} to {bottom}, columns {left} to {right} of {tiling.total[0]} x {tiling.total[1]}"
        detail += f", from {len(tiles)} tiles of {size}"
        steps = list[Step]()
        gaps = 0 if mosaic.uncovered is None else int(np.count_nonzero(mosaic.uncovered))
        if gaps and tiling.part:
            raise self._elsewhere()
        if gaps and tiling.places is None:
            missing = f"{gaps} pixels lie in tiles that are missing from the pixel data; they are marked as padding"
            steps.append(Step("missing", missing, "assumed", "PS3.3 C.7.6.17.3"))
        elif gaps:
            detail += f"; {gaps} pixels that no tile covers are marked as padding"
        if mosaic.overlapped:
            overlap = f"tiles overlap in {mosaic.overlapped} pixels; the last tile in the file is taken"
            steps.append(Step("tiles", overlap, "assumed", "PS3.3 C.7.6.17.3"))
        return [Step("region", detail, reference="PS3.3 C.7.6.17.3"), *steps]

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def __enter__(self) -> Frames:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        layout = self._stored.layout
        return f"Frames({self.name!r}, {len(self)} frames of {layout.rows} x {layout.columns})"
