"""What a notebook shows of an image or a volume: small pictures, facts and steps. The patient stays hidden."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

import numpy as np
from PIL import Image as Picture

from hounsfield.display.aspect import pixel_aspect
from hounsfield.display.render import render
from hounsfield.display.voi import WindowLike, choose_voi
from hounsfield.figures.captions import image_caption, slice_caption
from hounsfield.figures.words import WORDS
from hounsfield.geometry import direction
from hounsfield.image import Image
from hounsfield.steps import Step
from hounsfield.text import printable
from hounsfield.volume import Volume

_SIDE = 192
#: From so many times on pixels are enlarged as squares: of images with up to 24 of them on a side.
_ENLARGED = 8
_PLANES: tuple[Literal["axial", "coronal", "sagittal"], ...] = ("axial", "coronal", "sagittal")


def image_html(image: Image) -> str:
    """Return HTML without scripts or links; all text from the file is escaped."""
    frame = image.frame(image.frames // 2)
    facts = [
        ("Shape", f"{' x '.join(map(str, image.shape))} ({', '.join(image.axes)})"),
        ("Values", _kind(image)),
        ("Pixel spacing", _spacing(image)),
        ("Modality", str(image.header.get("Modality") or "unknown")),
    ]
    return _page([_img(frame, image_caption(frame, WORDS["en"]) or "the image")], facts, image.steps)


def volume_html(volume: Volume) -> str:
    """Return HTML without scripts or links; all text from the file is escaped.

    The middle slices in the planes that are nearest to axial, coronal and sagittal, by picking voxels; pixels have
    their true shape. Where the place is not known, the middle slice only: nothing says how far apart slices are.
    """
    facts = [
        ("Shape", f"{' x '.join(map(str, volume.shape))} ({', '.join(volume.axes)})"),
        ("Values", _kind(volume)),
        ("Spacing", _volume_spacing(volume)),
        ("Place", _place(volume)),
        ("Modality", str(volume.header.get("Modality") or "unknown")),
    ]
    return _page(_cuts(volume) if volume.values.size else [], facts, volume.steps)


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], note: str = "") -> str:
    """Return an HTML table; every text is escaped."""

    def cells(tag: str, row: Sequence[object]) -> str:
        return "".join(f"<{tag} style='text-align:left'>{escape(printable(str(cell)))}</{tag}>" for cell in row)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    tail = f"<p>{escape(printable(note))}</p>" if note else ""
    title = escape(printable(caption))
    return f"<table><caption>{title}</caption><thead><tr>{cells('th', head)}</tr></thead>{body}</table>{tail}"


def _cuts(volume: Volume) -> list[str]:
    window = None if volume.color or volume.is_mask else choose_voi(volume)
    if volume.affine is None:
        middle = len(volume) // 2
        title = slice_caption(volume, middle, WORDS["en"])
        return [_img(volume.as_image().frame(middle), title, window)]
    turned = [(plane, volume.reorder(plane)) for plane in _PLANES]
    return [_img(part.as_image().frame(len(part) // 2), f"{plane}, the middle", window) for plane, part in turned]


def _page(pictures: Iterable[str], facts: Iterable[tuple[str, str]], steps: Iterable[Step]) -> str:
    rows = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{escape(printable(v))}</td></tr>" for k, v in facts)
    listed = "".join(f"<li>{escape(printable(str(step)))}</li>" for step in steps)
    return (
        "<div style='display:flex;gap:1em;align-items:flex-start'>"
        f"{''.join(pictures)}<div><table>{rows}</table><ol>{listed}</ol></div></div>"
    )


def _img(frame: Image, title: str, window: WindowLike = None) -> str:
    """Return a small picture with a caption below it, which tells it apart from others."""
    shown = escape(printable(title), quote=True)
    picture = f"<img alt='{shown}' title='{shown}' src='data:image/png;base64,{_png(frame, window)}'>"
    caption = f"<figcaption style='max-width:{_SIDE}px;font-size:smaller'>{shown}</figcaption>"
    return f"<figure style='margin:0'>{picture}{caption}</figure>"


def _kind(grid: Image | Volume) -> str:
    return "mask" if grid.is_mask else f"{grid.values.dtype}, {grid.unit or 'no known unit'}"


def _spacing(image: Image) -> str:
    if image.pixel_spacing is None:
        return "unknown"
    between_rows, between_columns = image.pixel_spacing
    return f"{between_rows:.6g} x {between_columns:.6g} mm, {image.spacing_kind or 'of unknown kind'}"


def _volume_spacing(volume: Volume) -> str:
    if volume.spacing is None:
        return f"between slices unknown; in slices {_spacing(volume.as_image())}"
    return f"{' x '.join(f'{mm:.6g}' for mm in volume.spacing)} mm ({', '.join(volume.axes[:3])})"


def _place(volume: Volume) -> str:
    if volume.origin is None or volume.direction is None:
        return "unknown"
    x, y, z = volume.origin
    towards = ", ".join(
        f"{name}s towards {direction(vector)}" for name, vector in zip(volume.axes, volume.direction.T, strict=False)
    )
    sheared = "; sheared: slices are not stacked at right angles" if volume.is_sheared else ""
    return f"first voxel at ({x:.6g}, {y:.6g}, {z:.6g}) mm LPS; {towards}{sheared}"


def _png(frame: Image, window: WindowLike = None) -> str:
    """A small PNG with pixels of their true shape, in base64."""
    rows, columns = frame.size
    height, width = rows * pixel_aspect(frame), float(columns)
    scale = _SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shown = np.ascontiguousarray(render(frame, window))
    # Pixels of tiny images, of masks and of segments are seen as they are.
    sharp = frame.is_mask or scale >= _ENLARGED
    method = Picture.Resampling.NEAREST if sharp else Picture.Resampling.BILINEAR
    picture = Picture.fromarray(shown).resize(size, method)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
