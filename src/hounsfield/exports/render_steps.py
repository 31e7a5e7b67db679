"""What is said of a rendering that is written: its window, and the shape of its pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hounsfield.display.aspect import not_square
from hounsfield.display.shading import is_inverted
from hounsfield.display.voi import Voi, Window, frame_vois
from hounsfield.image import Image
from hounsfield.imagelike import as_image
from hounsfield.steps import Step
from hounsfield.volume import Volume


def render_steps(image: Image | Volume, rendering: Mapping[str, Any]) -> Iterator[Step]:
    """Say how an image is rendered, and whether pixels keep a shape that no screen gives them."""
    settled = rendering.get("square") or rendering.get("presentation")  # a state has an aspect of its own
    shape = "" if settled else not_square(as_image(image))
    if shape:
        detail = f"pixels are {shape}, and not drawn square; `square` gives them their true shape"
        yield Step("pixel shape", detail, "not done")
    yield _render_step(image, rendering)


def _render_step(image: Image | Volume, rendering: Mapping[str, Any]) -> Step:
    """Say how an image is rendered, with which window first of all."""
    image = as_image(image)
    more = ", pixels made square" if rendering.get("square") else ""
    more += ", converted to sRGB by the colour profile" if rendering.get("icc") else ""
    state = rendering.get("presentation")
    if state is not None:
        return Step("render", f"by the presentation state {state.label!r}{more}", reference="PS3.4 N.2")
    if image.is_mask:
        return Step("render", f"a mask: 0 and 255{more}")
    if image.color:
        return Step("render", f"colour, 8 bit{more}")
    used = {_voi_text(voi) for voi in frame_vois(image, rendering.get("window"))}
    text = used.pop() if len(used) == 1 else f"each frame's own window, {len(used)} different ones"
    inverted = ", then inverted" if is_inverted(image) else ""
    return Step("render", text + inverted + more, reference="PS3.3 C.11.2")


def _voi_text(voi: Voi) -> str:
    if not isinstance(voi, Window):
        return voi.origin
    origin = f" ({voi.origin})" if voi.origin else ""
    return f"window center {voi.center:g}, width {voi.width:g}, {voi.function}{origin}"
