"""An image as a softcopy presentation state shows it (PS3.4 N.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hounsfield.display.presentation.annotations import annotate
from hounsfield.display.presentation.shutters import hidden, shutter_colour
from hounsfield.display.presentation.state import PresentationState, applying, frame_name
from hounsfield.display.presentation.view import view_of
from hounsfield.display.screen_colour import colour_8, icc_profile, palette_8, to_srgb
from hounsfield.display.shading import Shading, presentation_table
from hounsfield.display.voi import Voi, Window, WindowLike, declared, given_voi, named_voi
from hounsfield.errors import GeometryError, InvalidAttributeError
from hounsfield.header import text_of, whole_number
from hounsfield.headers.units import modality_table
from hounsfield.image import Image, header_of_frame
from hounsfield.imagelike import pixel_aspect
from hounsfield.values.lut import read_descriptor
from hounsfield.values.modality import modality_values
from hounsfield.values.undo import stored_of, stored_range
from hounsfield.volume import Volume

_PALETTE = "RedPaletteColorLookupTableDescriptor"


def render_state(
    image: Image, state: PresentationState, window: WindowLike, *, square: bool, icc: bool
) -> NDArray[np.uint8]:
    """Return a picture, or one for each frame: see `render`."""
    check_state(image, state)
    shown: list[NDArray[np.uint8]] = []
    for index in range(image.frames):
        frame = image.frame(index)
        if not state.refers_to(frame):
            raise InvalidAttributeError(
                "the presentation state does not refer to all frames; show those that it does, image.frame(i)",
                source=state.name,
                attribute="ReferencedFrameNumber",
            )
        shown.append(_render_frame(frame, state, window, square=square, icc=icc))
        if shown[-1].shape != shown[0].shape:
            raise GeometryError(
                "the presentation state shows frames in different sizes; show one frame, image.frame(i)",
                source=state.name,
            )
    return np.stack(shown) if image.multi_frame else shown[0]


def render_slices(
    volume: Volume, state: PresentationState, window: WindowLike, *, square: bool, icc: bool
) -> NDArray[np.uint8]:
    """Return a picture for each slice, as the state shows the slice's own file: see `render`.

    Raises
    ------
    GeometryError
        Slices no longer correspond to files, to which alone a state refers; or the pictures differ in size.
    """
    if volume.slice_headers is None:
        raise GeometryError(
            "a presentation state refers to the slices of files, and those of this volume were computed",
            source=volume.name,
        )
    shown = [render_state(frame, state, window, square=square, icc=icc) for frame in volume]
    if len({picture.shape for picture in shown}) > 1:
        raise GeometryError(
            "the presentation state shows slices in different sizes; show one slice, volume[i]", source=state.name
        )
    return np.stack(shown)


def check_state(image: Image, state: PresentationState) -> None:
    """Refuse an image that a state cannot show, or does not refer to."""
    uid, _ = frame_name(image)
    if not any(uid and uid == named for named, _ in state.references()):
        raise InvalidAttributeError(
            "the presentation state does not refer to this image",
            source=state.name,
            attribute="ReferencedSOPInstanceUID",
        )
    if header_of_frame(image).cut is not None:
        detail = "a presentation state is of the whole picture, and this is a part of it; render first, then crop"
        raise GeometryError(detail, source=image.name)
    if image.is_mask or image.color != (state.kind == "color"):
        raise InvalidAttributeError(
            f"a {state.kind} presentation state does not apply to this {_what(image)}",
            source=state.name,
            attribute="SOPClassUID",
        )


def _what(image: Image) -> str:
    return "mask" if image.is_mask else "colour image" if image.color else "image of one value a pixel"


def _render_frame(
    frame: Image, state: PresentationState, window: WindowLike, *, square: bool, icc: bool
) -> NDArray[np.uint8]:
    header = state.header
    picture = state_colours(frame, state, window)
    if icc and state.kind != "grayscale":
        # The state's profile says how its colours are meant; a colour state without one leaves it to the image.
        own = state.header if header.get("ICCProfile") is not None or state.kind != "color" else frame.header
        picture = to_srgb(picture, icc_profile(own, state.name), state.name)
    covered = hidden(header, frame, pixel_aspect(frame), state.name)
    if covered is not None:
        picture = picture.copy()
        picture[covered] = shutter_colour(header, colour=picture.ndim == 3)
    view = view_of(frame, state, square=square)
    return annotate(view.picture(picture), frame, state, view)


def state_colours(frame: Image, state: PresentationState, window: WindowLike = None) -> NDArray[np.uint8]:
    """Return the grey levels or colours of a frame, before shutters and annotations."""
    if state.kind == "color":
        return colour_8(frame)
    shading, values = state_shading(frame, state, window)
    return shading.grey(values) if state.kind == "grayscale" else _pseudo(shading.brightness(values), state)


def state_shading(frame: Image, state: PresentationState, window: WindowLike = None) -> tuple[Shading, NDArray[Any]]:
    """Return the state's grayscale transformation, and the values that enter its VOI.

    All of it is the state's: what it leaves out is an identity, whatever the image says (PS3.4 N.2.1).
    """
    stored, header = stored_of(frame), header_of_frame(frame)
    bounds = stored_range(header) or (int(stored.min()), int(stored.max()))
    values, span = _modality(stored, bounds, frame, state)
    voi = _voi(frame, state, window, span)
    inverted = text_of(state.header, "PresentationLUTShape") == "INVERSE"
    return Shading(voi, presentation_table(state.header, state.name), inverted), values


def _modality(
    stored: NDArray[Any], bounds: tuple[int, int], frame: Image, state: PresentationState
) -> tuple[NDArray[Any], tuple[float, float]]:
    """The values by the state's modality LUT, and the lowest and highest that are possible."""
    bits = whole_number(header_of_frame(frame).get("BitsStored"))
    bits = 32 if bits is None else bits
    signed = bounds[0] < 0
    whole = stored.dtype.kind == "i"
    kept = stored.astype(np.int64 if signed else np.uint64) if whole else stored
    modality = modality_values(kept.clip(*bounds) if whole else kept, [state.header], bits, state.name)
    table = modality_table(state.header)
    if table is not None:
        depth = read_descriptor(table.get("LUTDescriptor"), "ModalityLUTSequence", state.name)[2]
        return modality.values, (0.0, 2.0**depth - 1)
    ends = np.array([list(bounds)], np.float64)
    low, high = sorted(modality_values(ends, [state.header], bits, state.name).values.ravel().tolist())
    return modality.values, (low, high)


def _voi(frame: Image, state: PresentationState, window: WindowLike, span: tuple[float, float]) -> Voi:
    known = state_windows(frame, state, signed=span[0] < 0)
    if isinstance(window, (str, int)):
        return named_voi(window, known, frame.name)
    if window is not None:
        return given_voi(window)
    low, high = span
    identity = Window((low + high) / 2, max(high - low, 1.0), "LINEAR_EXACT", "identity")
    return known[0] if known else identity


def state_windows(frame: Image, state: PresentationState, *, signed: bool) -> list[Voi]:
    """Return the state's windows and VOI LUTs for a frame; `signed`: values may be negative."""
    own = applying(state.header, "SoftcopyVOILUTSequence", frame)
    return [voi for item in own for voi in declared(item, state.name, signed=signed)]


def _pseudo(brightness: NDArray[np.float32], state: PresentationState) -> NDArray[np.uint8]:
    """Colours for brightness: the VOI's output is scaled to the palette's input (PS3.4 N.2.3)."""
    count, first, _ = read_descriptor(state.header.get(_PALETTE), _PALETTE, state.name)
    index = np.floor(np.nan_to_num(brightness) * (count - 1) + 0.5).astype(np.int64) + first
    return palette_8(index, state.header, state.name)
