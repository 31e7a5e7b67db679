"""hounsfield's decoders as a plugin of pydicom (its `pydicom.pixels` decoding interface)."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from hounsfield.pixels.codecs import CODECS
from hounsfield.pixels.encapsulated import decode_frame
from hounsfield.pixels.layout import Layout
from hounsfield.pixels.native import clean_bits

LABEL = "hounsfield"
#: What pydicom shows where the plugin is not available.
DECODER_DEPENDENCIES = {UID(syntax): ("imagecodecs",) for syntax in CODECS}


def is_available(uid: str) -> bool:
    """Return whether frames of a transfer syntax can be decoded; asked by pydicom."""
    return uid in CODECS and CODECS[uid].available


def decode_for_pydicom(source: bytes, runner: Any) -> bytearray:
    """Decode one frame to native little endian bytes, colour pixel by pixel; called by pydicom."""
    layout = Layout(
        rows=runner.rows,
        columns=runner.columns,
        frames=1,
        samples=runner.samples_per_pixel,
        photometric=str(runner.photometric_interpretation),
        planar=0,
        bits_allocated=runner.bits_allocated,
        bits_stored=runner.bits_stored,
        high_bit=runner.bits_stored - 1,
        signed=runner.pixel_representation == 1,
    )
    codec = CODECS[str(runner.transfer_syntax)]
    values = decode_frame(source, 0, codec, layout, "<pydicom>")
    if codec.native:
        values = clean_bits(values, layout)
    runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in ("YBR_RCT", "YBR_ICT"):
        runner.set_option("photometric_interpretation", "RGB")
    return bytearray(np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes())


def register_decoders() -> tuple[str, ...]:
    """Make pydicom decode with hounsfield's decoders before any other: ``Dataset.pixel_array`` uses them.

    Returns
    -------
    tuple of str
        The transfer syntaxes for which that holds: those that pydicom itself knows.

    Examples
    --------
    >>> import hounsfield as hu, pydicom
    >>> from pydicom.data import get_testdata_file
    >>> "1.2.840.10008.1.2.4.80" in hu.register_decoders()
    True
    >>> pydicom.dcmread(get_testdata_file("MR_small_jpeg_ls_lossless.dcm")).pixel_array.shape
    (64, 64)
    """
    registered: list[str] = []
    for syntax in CODECS:
        try:
            decoder = get_decoder(UID(syntax))
        except NotImplementedError:
            continue
        if not decoder.is_encapsulated or not is_available(syntax):
            continue
        if LABEL not in decoder.available_plugins:
            _put_first(decoder)
        registered.append(syntax)
    return tuple(registered)


def _put_first(decoder: Any) -> None:
    """Add the plugin before those that are there: pydicom tries them in their order, and has no way to state it."""
    decoder.add_plugin(LABEL, (__name__, "decode_for_pydicom"))
    others: dict[str, Any] = decoder._available
    ours = others.pop(LABEL)
    rest = dict(others)
    others.clear()
    others.update({LABEL: ours, **rest})
