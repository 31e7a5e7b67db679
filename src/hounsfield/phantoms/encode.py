"""Lossless encoding of a frame in the transfer syntaxes that the phantom can be written in."""

from __future__ import annotations

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

#: Names for transfer syntaxes, as options use them.
ENCODERS = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "deflated": "1.2.840.10008.1.2.1.99",
    "big endian": "1.2.840.10008.1.2.2",
    "jpeg lossless": "1.2.840.10008.1.2.4.70",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg 2000": "1.2.840.10008.1.2.4.90",
    "htj2k": "1.2.840.10008.1.2.4.201",
    "rle": "1.2.840.10008.1.2.5",
}
_NATIVE = {ENCODERS[name] for name in ("implicit", "explicit", "deflated", "big endian")}


def find_syntax(name: str) -> str:
    """Return the UID for a name or UID.

    Raises
    ------
    ValueError
        It is neither; the message lists the names.
    """
    syntax = ENCODERS.get(name.lower(), name)
    if syntax not in ENCODERS.values():
        raise ValueError(f"cannot write transfer syntax {name!r}; known are {', '.join(ENCODERS)} and their UIDs")
    return syntax


def is_native(syntax: str) -> bool:
    """Return whether pixel data stands in the file as it is."""
    return syntax in _NATIVE


def encode_frame(dataset: Dataset, pixels: NDArray[np.uint16], syntax: str) -> None:
    """Put one encapsulated frame of stored values into a dataset that describes it."""
    if syntax == RLELossless:
        dataset.compress(RLELossless, pixels, generate_instance_uid=False)
        return
    if syntax == ENCODERS["jpeg lossless"]:
        stream = imagecodecs.ljpeg_encode(pixels, bitspersample=int(dataset.BitsStored))
    elif syntax == ENCODERS["jpeg-ls"]:
        stream = imagecodecs.jpegls_encode(pixels)
    elif syntax == ENCODERS["jpeg 2000"]:
        stream = imagecodecs.jpeg2k_encode(
            pixels, codecformat="j2k", reversible=True, level=0, bitspersample=int(dataset.BitsStored)
        )
    else:
        stream = imagecodecs.htj2k_encode(pixels, reversible=True)
    dataset.PixelData = encapsulate([bytes(stream)])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
