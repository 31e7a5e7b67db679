"""Stored values from video: MPEG-2, H.264 and HEVC (PS3.5 8.2.5 to 8.2.8), by PyAV where it is installed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import DecodeError, MissingDependencyError
from hounsfield.limits import Limits
from hounsfield.pixels.frame_fragments import EncapsulatedData
from hounsfield.pixels.layout import Layout, check_image_bytes
from hounsfield.pixels.stored import Stored, cells_step
from hounsfield.steps import Step

_MPEG2, _H264, _HEVC = "MPEG-2", "H.264", "HEVC"
#: Transfer syntax UID to the standard of the video (PS3.5 annex A; those that end in .1 allow several fragments).
VIDEO: dict[str, str] = {
    "1.2.840.10008.1.2.4.100": _MPEG2,
    "1.2.840.10008.1.2.4.100.1": _MPEG2,
    "1.2.840.10008.1.2.4.101": _MPEG2,
    "1.2.840.10008.1.2.4.101.1": _MPEG2,
    "1.2.840.10008.1.2.4.102": _H264,
    "1.2.840.10008.1.2.4.102.1": _H264,
    "1.2.840.10008.1.2.4.103": _H264,
    "1.2.840.10008.1.2.4.103.1": _H264,
    "1.2.840.10008.1.2.4.104": _H264,
    "1.2.840.10008.1.2.4.104.1": _H264,
    "1.2.840.10008.1.2.4.105": _H264,
    "1.2.840.10008.1.2.4.105.1": _H264,
    "1.2.840.10008.1.2.4.106": _H264,
    "1.2.840.10008.1.2.4.106.1": _H264,
    "1.2.840.10008.1.2.4.107": _HEVC,
    "1.2.840.10008.1.2.4.108": _HEVC,
}
_CODEC_NAMES = {_MPEG2: ("mpeg2video", "mpeg1video"), _H264: ("h264",), _HEVC: ("hevc",)}
_HOW = 'reading video needs PyAV: pip install "hounsfield[video]"'


def video_library() -> str:
    """Name and version of the library that decodes video; ``""`` where it is not installed."""
    if find_spec("av") is None:
        return ""
    from importlib.metadata import version

    return f"PyAV {version('av')}"


class VideoFrames:
    """The frames of a video (see `frames.StoredFrames`): each builds on those before it, so all of those are decoded.

    Colour comes as RGB: the video's own description of its colour space decides on the equations.

    Raises
    ------
    MissingDependencyError
        PyAV is not installed.
    DecodeError
        There is no video in the pixel data, or not the one that the header describes.
    """

    def __init__(self, pixels: EncapsulatedData, layout: Layout, syntax: str, name: str) -> None:
        if find_spec("av") is None:
            raise MissingDependencyError(_HOW, source=name, attribute="TransferSyntaxUID")
        if layout.bits_allocated != 8 and VIDEO[syntax] != _HEVC:
            raise DecodeError("video must have 8 bits a sample", source=name, attribute="BitsAllocated")
        if layout.samples not in (1, 3):
            raise DecodeError("video must have 1 or 3 samples a pixel", source=name, attribute="SamplesPerPixel")
        self._stream = b"".join(bytes(pixels.data.take(*place)) for place in pixels.fragments.places)
        self._name, self._standard, self._syntax = name, VIDEO[syntax], syntax
        self._steps = list[Step]()
        if pixels.fragments.damage:
            self._steps.append(Step("frames", pixels.fragments.damage, "assumed", "PS3.5 A.4"))
        # The size is known before the first picture is decoded, and compared again with each.
        self._check_size(layout)
        self.layout = self._count(layout)

    def _check_size(self, layout: Layout) -> None:
        with self._open() as container:
            context = container.streams.video[0].codec_context
            self._compare(context.height, context.width, layout)

    def _compare(self, rows: int, columns: int, layout: Layout) -> None:
        if (rows, columns) != (layout.rows, layout.columns):
            detail = f"the video's pictures are {rows} x {columns}; the header says {layout.rows} x {layout.columns}"
            raise DecodeError(detail, source=self._name, attribute="PixelData")

    def _count(self, layout: Layout) -> Layout:
        """Count the frames: the header's number is often another one."""
        there = sum(1 for _ in self._packets())
        if there == 0:
            raise DecodeError(f"holds no {self._standard} video", source=self._name, attribute="PixelData")
        if there == layout.frames:
            return layout
        detail = f"the video has {there} frames, NumberOfFrames is {layout.frames}: "
        detail += "those present are read" if there < layout.frames else "the rest is ignored"
        kind = "missing" if there < layout.frames else "frames"
        self._steps.append(Step(kind, detail, "assumed", "PS3.5 8.2.5"))
        return replace(layout, frames=min(there, layout.frames))

    def take(self, frames: Sequence[int], limits: Limits) -> Stored:
        """Decode frames; those before them are decoded too, and dropped.

        Raises
        ------
        DecodeError
            The video is damaged, or its pictures have another size than the header says.
        """
        layout = self.layout
        check_image_bytes(layout, len(frames), self._name, limits)
        out = np.empty((len(frames), *layout.frame_shape), layout.dtype)
        wanted: dict[int, list[int]] = {}
        for place, frame in enumerate(frames):
            wanted.setdefault(frame, []).append(place)
        last, taken = max(wanted), 0
        for index, picture in enumerate(self._pictures()):
            for place in wanted.get(index, ()):
                out[place] = picture
                taken += 1
            if index == last:
                break
        if taken < len(frames):
            raise DecodeError(f"the video ends before frame {last}", source=self._name, attribute="PixelData")
        decode = Step("decode", f"{self._standard} video, transfer syntax {self._syntax}", reference="PS3.5 8.2.5")
        photometric = "RGB" if layout.samples == 3 else layout.photometric
        return Stored(out, photometric, (*self._steps, decode, cells_step(layout)))

    def _open(self) -> Any:
        import av
        from av.error import FFmpegError

        try:
            container = av.open(io.BytesIO(self._stream), mode="r")
            context: Any = container.streams.video[0].codec_context
        except (FFmpegError, IndexError, ValueError) as error:
            raise self._damaged(error) from None
        standard: str = getattr(context, "name", "unknown")  # of a standard that is not known there is no context
        if standard not in _CODEC_NAMES[self._standard]:
            container.close()
            detail = f"holds {standard} video instead of {self._standard}"
            raise DecodeError(detail, source=self._name, attribute="TransferSyntaxUID")
        return container

    def _packets(self) -> Iterator[Any]:
        from av.error import FFmpegError

        with self._open() as container:
            try:
                yield from (packet for packet in container.demux(video=0) if packet.size)
            except FFmpegError as error:
                raise self._damaged(error) from None

    def _pictures(self) -> Iterator[NDArray[Any]]:
        from av.error import FFmpegError

        layout = self.layout
        deep = layout.bits_allocated > 8
        form = {1: ("gray", "gray16le"), 3: ("rgb24", "rgb48le")}[layout.samples][deep]
        with self._open() as container:
            try:
                for index, picture in enumerate(container.decode(video=0)):
                    self._compare(picture.height, picture.width, layout)
                    if picture.is_corrupt:  # FFmpeg goes on, and fills in
                        detail = f"frame {index}: {self._standard} decoder: the picture is damaged"
                        raise DecodeError(detail, source=self._name, attribute="PixelData")
                    values = picture.to_ndarray(format=form)
                    yield values >> (16 - layout.bits_stored) if deep else values
            except FFmpegError as error:
                raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> DecodeError:
        return DecodeError(
            f"{self._standard} decoder: {type(error).__name__}", source=self._name, attribute="PixelData"
        )
