"""What a notebook shows of an image: a small picture, its facts and its steps. The patient stays hidden."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from PIL import Image as Picture

from hounsfield.display.aspect import pixel_aspect
from hounsfield.display.render import render
from hounsfield.image import Image

_SIDE = 192


def image_html(image: Image) -> str:
    """Return HTML without scripts or links; all text from the file is escaped."""
    frame = image.frame(image.frames // 2)
    facts = [
        ("Shape", f"{' x '.join(map(str, image.shape))} ({', '.join(image.axes)})"),
        ("Values", "mask" if image.is_mask else f"{image.values.dtype}, {image.unit or 'no known unit'}"),
        ("Pixel spacing", _spacing(image)),
        ("Modality", str(image.header.get("Modality") or "unknown")),
    ]
    rows = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{escape(v)}</td></tr>" for k, v in facts)
    steps = "".join(f"<li>{escape(str(step))}</li>" for step in image.steps)
    title = f"frame {frame.frame_index}" if image.multi_frame else "the image"
    return (
        "<div style='display:flex;gap:1em;align-items:flex-start'>"
        f"<img alt='{title}' title='{title}' src='data:image/png;base64,{_png(frame)}'>"
        f"<div><table>{rows}</table><ol>{steps}</ol></div></div>"
    )


def _spacing(image: Image) -> str:
    if image.pixel_spacing is None:
        return "unknown"
    between_rows, between_columns = image.pixel_spacing
    return f"{between_rows:.6g} x {between_columns:.6g} mm, {image.spacing_kind or 'of unknown kind'}"


def _png(frame: Image) -> str:
    """A small PNG with pixels of their true shape, in base64."""
    rows, columns = frame.size
    height, width = rows * pixel_aspect(frame), float(columns)
    scale = _SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Picture.fromarray(np.ascontiguousarray(render(frame))).resize(size, Picture.Resampling.BILINEAR)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
