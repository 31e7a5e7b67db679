"""Small files in every transfer syntax and photometric interpretation, encoded by others where others can.

Each is made of the same few arrays. Lossless ones must give back exactly what they were made of; lossy ones what
another decoder gives.
"""

from __future__ import annotations

import io
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

import hevc
from hounsfield.pixels.video import VIDEO, video_library
from oracles.cells import cells_of

import made

UNCOMPRESSED = "1.2.840.10008.1.2.1"
_J = "1.2.840.10008.1.2.4."
SIZE = 48, 64


@dataclass(frozen=True)
class Encoding:
    """A way to make a file: transfer syntax, what of, and by whom.

    `lossless` where the stored values must come back exactly; else `bound` is how far from them they may be, and None where
    another decoder is the judge.
    """

    syntax: str
    subject: str
    encoder: str
    make: Callable[[Path, Path], None]
    lossless: bool = True
    bound: int | None = None

    @property
    def photometric(self) -> str:
        return self.subject.split(" as ")[-1].split(",")[0]

    @property
    def by_dcmtk(self) -> bool:
        return self.encoder.startswith("dcm")

    @property
    def name(self) -> str:
        return f"{self.syntax} {self.subject} by {self.encoder}"


def subjects() -> dict[str, Dataset]:
    """Native datasets by name: smooth with some texture, the whole range of bits used, and both signs."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    noise = np.random.default_rng(1).integers(0, 2**12, SIZE)
    smooth = (np.sin(rows / 9) * np.cos(columns / 7) + 1) / 2
    twelve = np.clip(smooth * 4095 * 0.9 + noise / 10, 0, 4095).astype(np.uint16)
    twelve[0, :2] = 0, 4095
    signed = (twelve.astype(np.int32) * 16 - 2**15).astype(np.int16)
    eight = (twelve >> 4).astype(np.uint8)
    colour = np.stack([eight, eight[::-1], eight[:, ::-1]], axis=-1)
    calm = np.stack([rows * 5, columns * 3, 255 - rows * 2 - columns * 2], axis=-1)
    found = {
        "MONOCHROME2": made.dataset(signed, BitsStored=16, HighBit=15),
        "MONOCHROME2, 12 bits": made.dataset(twelve, BitsStored=12, HighBit=11),
        "MONOCHROME2, 8 bits": made.dataset(eight),
        "MONOCHROME1": made.dataset(twelve, BitsStored=12, HighBit=11, PhotometricInterpretation="MONOCHROME1"),
        "MONOCHROME1, 8 bits": made.dataset(eight, PhotometricInterpretation="MONOCHROME1"),
        "PALETTE COLOR": _palette(eight),
        "RGB": _colour(colour, "RGB"),
        "YBR_FULL": _colour(colour, "YBR_FULL"),
        "YBR_FULL_422": _halved(colour),
        "smooth RGB": _colour(calm.astype(np.uint8), "RGB"),
    }
    for name, dataset in found.items():
        dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
        dataset.Modality, dataset.PatientName, dataset.ConversionType = "OT", "", "SYN"
        dataset.SeriesDescription = name
    return found


def _palette(values: np.ndarray) -> Dataset:
    dataset = made.dataset(values, PhotometricInterpretation="PALETTE COLOR")
    for number, channel in enumerate(("Red", "Green", "Blue")):
        setattr(dataset, f"{channel}PaletteColorLookupTableDescriptor", [256, 0, 16])
        table = (np.arange(256) * (number + 1) * 257 % 2**16).astype("<u2")
        setattr(dataset, f"{channel}PaletteColorLookupTableData", table.tobytes())
    return dataset


def _colour(values: np.ndarray, photometric: str) -> Dataset:
    dataset = made.dataset(values[..., 0])
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = photometric
    dataset.PixelData = values.tobytes()
    return dataset


def _halved(values: np.ndarray) -> Dataset:
    """Y1 Y2 Cb Cr for every two pixels (PS3.3 C.7.6.3.1.2)."""
    dataset = _colour(values, "YBR_FULL_422")
    luma = values[..., 0].reshape(-1, 2)
    chroma = values[:, ::2, 1:].reshape(-1, 2)
    dataset.PixelData = np.concatenate([luma, chroma], axis=1).tobytes()
    return dataset


def source_of(encoding: Encoding) -> str:
    """Name of the native dataset that an encoding is made of."""
    return encoding.subject.split(" as ")[0]


def original(dataset: Dataset) -> np.ndarray:
    """Stored values that a subject was made of."""
    return cells_of(dataset)


# ------------------------------------------------------------------------------------------------- encoders


def _by_dcmtk(*command: str) -> Callable[[Path, Path], None]:
    def make(source: Path, target: Path) -> None:
        done = subprocess.run([*command, source, target], capture_output=True, text=True, errors="replace", timeout=600)
        assert done.returncode == 0 and target.exists(), f"{' '.join(command)}: {done.stderr}"

    return make


def _deflate(values: np.ndarray, dataset: Dataset) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(dataset.PixelData) + deflater.flush()


def _video(syntax: str) -> Callable[[np.ndarray, Dataset], bytes]:
    if VIDEO[syntax] == "HEVC":
        return lambda values, dataset: hevc.SMOOTH + bytes(len(hevc.SMOOTH) % 2)
    codec, container = {"MPEG-2": ("mpeg2video", "mp4"), "H.264": ("libx264", "mp4")}[VIDEO[syntax]]

    def encode(values: np.ndarray, dataset: Dataset) -> bytes:
        import av

        buffer = io.BytesIO()
        with av.open(buffer, "w", format=container) as out:
            stream = out.add_stream(codec, rate=25)
            stream.height, stream.width, stream.pix_fmt = *SIZE, "yuv420p"
            stream.options = {"qmin": "1", "qmax": "3"} if codec == "mpeg2video" else {"crf": "8"}
            out.mux(stream.encode(av.VideoFrame.from_ndarray(values, format="rgb24")))
            out.mux(stream.encode())
        stream_bytes = buffer.getvalue()
        return stream_bytes + bytes(len(stream_bytes) % 2)

    return encode


def _by_codec(
    syntax: str, encode: Callable[[np.ndarray, Dataset], bytes], **changes: str
) -> Callable[[Path, Path], None]:
    """Encapsulate one frame that `encode` makes of the stored values."""

    def make(source: Path, target: Path) -> None:
        dataset = pydicom.dcmread(source)
        stream = encode(_frame(dataset), dataset)
        dataset.PixelData = encapsulate([stream])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        # pydicom does not write all of them: the name of a syntax that is as long is written in its place.
        writable = pydicom.uid.UID(syntax).is_transfer_syntax
        written = syntax if writable else made.STAND_INS[len(syntax) + len(syntax) % 2].rstrip("\0")
        dataset.file_meta.TransferSyntaxUID = written
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(target)
        if syntax != written:
            name = syntax.encode().ljust(len(written) + len(written) % 2, b"\0")
            target.write_bytes(target.read_bytes().replace(written.encode().ljust(len(name), b"\0"), name, 1))

    return make


def _frame(dataset: Dataset) -> np.ndarray:
    kind = f"{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}"
    return original(dataset)[0].astype(kind)


def _pillow(irreversible: bool) -> Callable[[np.ndarray, Dataset], bytes]:
    def encode(values: np.ndarray, dataset: Dataset) -> bytes:
        buffer = io.BytesIO()
        options = {"quality_mode": "rates", "quality_layers": [8]} if irreversible else {}
        Image.fromarray(values).save(
            buffer, "JPEG2000", no_jp2=True, irreversible=irreversible, mct=int(values.ndim == 3), **options
        )
        return buffer.getvalue()

    return encode


def _htj2k(values: np.ndarray, dataset: Dataset) -> bytes:
    # The order of progression is RPCL, and there are TLM markers, as .202 wants (PS3.5 A.4.10).
    return imagecodecs.htj2k_encode(values, reversible=True, rgb=values.ndim == 3, tlm=True)


def _htj2k_lossy(values: np.ndarray, dataset: Dataset) -> bytes:
    return imagecodecs.htj2k_encode(values, level=0.002, reversible=False, rgb=values.ndim == 3)


def _jpegxl(values: np.ndarray, dataset: Dataset) -> bytes:
    return imagecodecs.jpegxl_encode(values, lossless=True, usecontainer=False, bitspersample=dataset.BitsStored)


def _jpegxl_lossy(values: np.ndarray, dataset: Dataset) -> bytes:
    return imagecodecs.jpegxl_encode(values, lossless=False, distance=0.01, usecontainer=False)


def _jpegxl_of_jpeg(values: np.ndarray, dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "JPEG", quality=95, subsampling=0)
    return imagecodecs.jpegxl_encode_jpeg(buffer.getvalue(), usecontainer=False)


def _bytes(values: np.ndarray, dataset: Dataset) -> bytes:
    return bytes(dataset.PixelData)


# ----------------------------------------------------------------------------------------------- the matrix

_NATIVE = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422")
_SOLID = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL")


def encodings() -> list[Encoding]:
    return [*_native(), *_jpeg(), *_jpegls_and_rle(), *_jpeg2000(), *_jpeg_xl(), *_videos()]


def _native() -> Iterator[Encoding]:
    converters = {"1.2.840.10008.1.2": "+ti", UNCOMPRESSED: "+te", "1.2.840.10008.1.2.1.99": "+td"}
    converters |= {"1.2.840.10008.1.2.2": "+tb"}
    for syntax, option in converters.items():
        yield from (Encoding(syntax, subject, "dcmconv", _by_dcmtk("dcmconv", option)) for subject in _NATIVE)
    for subject in ("MONOCHROME1", "MONOCHROME2"):
        yield Encoding("1.2.840.113619.5.2", subject, "dcmconv", _by_dcmtk("dcmconv", "+tg"))
    syntax = "1.2.840.10008.1.2.1.98"
    yield from (Encoding(syntax, subject, "pydicom", _by_codec(syntax, _bytes)) for subject in _NATIVE)
    syntax = "1.2.840.10008.1.2.8.1"
    yield from (Encoding(syntax, subject, "zlib", _by_codec(syntax, _deflate)) for subject in _NATIVE)


def _videos() -> Iterator[Encoding]:
    for syntax in VIDEO if video_library() else ():
        make = _by_codec(syntax, _video(syntax), PhotometricInterpretation="YBR_PARTIAL_420")
        yield Encoding(syntax, "smooth RGB as YBR_PARTIAL_420", "FFmpeg by PyAV", make, lossless=False, bound=10)


def _jpeg() -> Iterator[Encoding]:
    def lossy(number: str, subject: str, *options: str) -> Encoding:
        command = ("dcmcjpeg", *options, "+un", "+q", "95")
        return Encoding(_J + number, subject, "dcmcjpeg", _by_dcmtk(*command), lossless=False)

    for number, option in (("50", "+eb"), ("51", "+ee"), ("53", "+es"), ("55", "+ep")):
        yield lossy(number, "MONOCHROME1, 8 bits", option)
        yield lossy(number, "MONOCHROME2, 8 bits", option)
        if number != "50":
            yield lossy(number, "MONOCHROME2, 12 bits", option, "+bt")
        yield lossy(number, "RGB", option, "+cr")
        yield lossy(number, "YBR_FULL", option, "+cn", "+s4")
        yield lossy(number, "RGB as YBR_FULL_422", option)
    for number, option in (("57", "+el"), ("70", "+e1")):
        command = ("dcmcjpeg", option, "+un", "+cn")
        for subject in _SOLID:
            yield Encoding(_J + number, subject, "dcmcjpeg", _by_dcmtk(*command))


def _jpegls_and_rle() -> Iterator[Encoding]:
    for subject in _SOLID:
        yield Encoding(_J + "80", subject, "dcmcjpls", _by_dcmtk("dcmcjpls", "+el", "+un"))
        yield Encoding("1.2.840.10008.1.2.5", subject, "dcmcrle", _by_dcmtk("dcmcrle"))
    for subject in ("MONOCHROME1", "MONOCHROME2, 12 bits", "RGB", "YBR_FULL"):
        make = _by_dcmtk("dcmcjpls", "+en", "+md", "2", "+un")
        yield Encoding(_J + "81", subject, "dcmcjpls", make, lossless=False, bound=2)


def _jpeg2000() -> Iterator[Encoding]:
    for number in ("90", "92"):
        syntax = _J + number
        for subject in ("MONOCHROME1, 8 bits", "MONOCHROME2, 12 bits", "PALETTE COLOR"):
            yield Encoding(syntax, subject, "OpenJPEG by Pillow", _by_codec(syntax, _pillow(False)))
        make = _by_codec(syntax, _pillow(False), PhotometricInterpretation="YBR_RCT")
        yield Encoding(syntax, "RGB as YBR_RCT", "OpenJPEG by Pillow", make)
    for number in ("91", "93"):
        syntax = _J + number
        for subject in ("MONOCHROME1, 8 bits", "MONOCHROME2, 12 bits"):
            yield Encoding(syntax, subject, "OpenJPEG by Pillow", _by_codec(syntax, _pillow(True)), lossless=False)
        make = _by_codec(syntax, _pillow(True), PhotometricInterpretation="YBR_ICT")
        yield Encoding(syntax, "RGB as YBR_ICT", "OpenJPEG by Pillow", make, lossless=False)
    for number in ("201", "202"):
        syntax = _J + number
        for subject in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"):
            yield Encoding(syntax, subject, "OpenJPH by imagecodecs", _by_codec(syntax, _htj2k))
        make = _by_codec(syntax, _htj2k, PhotometricInterpretation="YBR_RCT")
        yield Encoding(syntax, "RGB as YBR_RCT", "OpenJPH by imagecodecs", make)
    syntax = _J + "203"
    for subject in ("MONOCHROME1, 8 bits", "MONOCHROME2, 8 bits"):
        yield Encoding(syntax, subject, "OpenJPH by imagecodecs", _by_codec(syntax, _htj2k_lossy), lossless=False)
    make = _by_codec(syntax, _htj2k_lossy, PhotometricInterpretation="YBR_ICT")
    yield Encoding(syntax, "RGB as YBR_ICT", "OpenJPH by imagecodecs", make, lossless=False)


def _jpeg_xl() -> Iterator[Encoding]:
    encoder = "libjxl by imagecodecs"
    for subject in ("MONOCHROME1", "MONOCHROME2, 12 bits", "RGB"):
        yield Encoding(_J + "110", subject, encoder, _by_codec(_J + "110", _jpegxl))
    for subject in ("MONOCHROME2, 8 bits", "RGB"):
        make = _by_codec(_J + "111", _jpegxl_of_jpeg)
        yield Encoding(_J + "111", subject, encoder, make, lossless=False, bound=24)
    for subject in ("MONOCHROME2, 8 bits", "smooth RGB as RGB"):  # what libjxl 0.12 loses of noise is its own affair
        make = _by_codec(_J + "112", _jpegxl_lossy)
        yield Encoding(_J + "112", subject, encoder, make, lossless=False, bound=12)
