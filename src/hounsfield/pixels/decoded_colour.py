"""The colour space of what a decoder gives: the header's, unless the codestream or the decoder knows better."""

from __future__ import annotations

from hounsfield.pixels.codestreams import markers_say
from hounsfield.pixels.jpegxl import decoded_space
from hounsfield.pixels.layout import Layout
from hounsfield.steps import Step

#: Photometric Interpretation of decoded samples, and what had to be assumed for it.
Colour = tuple[str, Step | None]

#: Terms of Photometric Interpretation for three samples that a message may quote (PS3.3 C.7.6.3.1.2).
_COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_RCT", "YBR_ICT", "HSV")


def declared_colour(frame: bytes, layout: Layout) -> Colour:
    """Return what the header declares; decoders give colour differences for each pixel."""
    return "YBR_FULL" if layout.photometric == "YBR_FULL_422" else layout.photometric, None


def native_colour(frame: bytes, layout: Layout) -> Colour:
    """Return what the header declares of native bytes; where differences are shared, `arrange` has spread them."""
    return layout.photometric.removesuffix("_422") if layout.subsampled else layout.photometric, None


def jpeg_colour(frame: bytes, layout: Layout) -> Colour:
    """Return what the markers of a JPEG or JPEG-LS codestream say; what the header declares where they are silent."""
    declared, marked = layout.photometric, markers_say(frame)
    if not marked or (marked == "RGB") == (declared == "RGB"):
        return declared_colour(frame, layout)
    shown = declared if declared in _COLOURS else "another one"
    detail = f"Photometric Interpretation is {shown}, but the codestream's markers say {marked}"
    return marked, Step("colour", detail, "assumed", "PS3.5 8.2.1")


def jpeg2000_colour(frame: bytes, layout: Layout) -> Colour:
    """Return RGB where the header names a transform of JPEG 2000, which the decoder undoes; else what it declares."""
    return "RGB" if layout.photometric in ("YBR_RCT", "YBR_ICT") else layout.photometric, None


def jpegxl_colour(frame: bytes, layout: Layout) -> Colour:
    """Return what a JPEG XL decoder makes of the codestream's own colour transform."""
    space, doubt = decoded_space(frame, layout.photometric)
    return "YBR_FULL" if space == "YBR_FULL_422" else space, doubt
