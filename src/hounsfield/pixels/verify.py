"""A second opinion on decoded frames: another decoder, by other people where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from hounsfield.pixels.codecs import CODECS
from hounsfield.pixels.encapsulated import EncapsulatedFrames
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.plugin import LABEL
from hounsfield.pixels.stored import Stored, StoredFrames
from hounsfield.steps import Step

Decoder = Callable[[bytes, Layout], NDArray[Any]]


def verify_frames(frames: StoredFrames, indices: Sequence[int], ours: Stored, name: str) -> Step:
    """Decode frames again and compare.

    Returns
    -------
    Step
        Which decoder agreed; "assumed", and so a warning, where one differs; "not done" where there is none.
    """
    if not isinstance(frames, EncapsulatedFrames):
        return Step("verify", "the pixel data is not compressed: there is nothing to decode twice", "not done")
    streams = [frames.codestream(index) for index in indices]
    for label, decode in _decoders(frames.syntax):
        try:
            theirs = np.stack([decode(stream, frames.layout) for stream in streams])
        except Exception:  # noqa: S112  whatever another decoder raises: it has no opinion
            continue
        if theirs.shape == ours.values.shape:
            return _compare(ours.values, theirs, label, frames.syntax)
    return Step("verify", f"no second decoder for {CODECS[frames.syntax].family} is installed", "not done")


def _compare(ours: NDArray[Any], theirs: NDArray[Any], label: str, syntax: str) -> Step:
    apart = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
    most, count = int(apart.max()), int(np.count_nonzero(apart))
    if most == 0:
        return Step("verify", f"{label} gives the same {ours.size} values")
    detail = f"{label} differs in {count} of {ours.size} values, by {most} at most"
    # Two right decoders need not agree to the last bit (ISO/IEC 10918-2).
    if most == 1 and CODECS[syntax].lossy:
        return Step("verify", f"{detail}: rounding, the compression is lossy")
    return Step("verify", detail, "assumed")


def _decoders(syntax: str) -> Iterator[tuple[str, Decoder]]:
    """Other decoders for a transfer syntax: independent ones first."""
    try:
        decoder = get_decoder(UID(syntax))
        plugins = [label for label in decoder.available_plugins if label != LABEL]
    except NotImplementedError:  # pydicom knows no decoder at all
        plugins = []
    for plugin in plugins:
        yield plugin, _by_pydicom(syntax, plugin)
    for label, decode in CODECS[syntax].others:
        yield label, _of_stream(decode)
    yield "FFmpeg", _by_ffmpeg


def _of_stream(decode: Callable[[bytes], NDArray[Any]]) -> Decoder:
    return lambda stream, layout: decode(stream)


def _by_pydicom(syntax: str, plugin: str) -> Decoder:
    def decode(stream: bytes, layout: Layout) -> NDArray[Any]:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        dataset.Rows, dataset.Columns = layout.rows, layout.columns
        dataset.SamplesPerPixel, dataset.NumberOfFrames = layout.samples, 1
        dataset.PhotometricInterpretation = layout.photometric
        dataset.PlanarConfiguration = layout.planar
        dataset.BitsAllocated, dataset.BitsStored = layout.bits_allocated, layout.bits_stored
        dataset.HighBit, dataset.PixelRepresentation = layout.high_bit, int(layout.signed)
        dataset.PixelData = encapsulate([stream])
        dataset["PixelData"].VR = "OB"
        return get_decoder(UID(syntax)).as_array(dataset, raw=True, decoding_plugin=plugin)[0]

    return decode


def _by_ffmpeg(stream: bytes, layout: Layout) -> NDArray[Any]:
    import io

    import av

    with av.open(io.BytesIO(stream), mode="r") as container:
        picture = next(container.decode(video=0))
    if layout.samples != 1 or layout.signed:
        raise ValueError("only grey values without sign are compared")
    return picture.to_ndarray()
