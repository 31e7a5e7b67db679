"""Random states of the page: what is shown of an item, in which window, masked how, measured by what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from drawn import KINDS

AREAS = ("rectangle", "ellipse", "polygon", "freehand")


@dataclass
class State:
    """A state of the page.

    Attributes
    ----------
    view, frame
        The image.
    shapes, window, scale
        What is measured, the window, mm of a pixel by the user or None.
    scope, recipe, strokes
        The mask; no recipe: none.
    """

    view: str
    frame: int
    shapes: list[Any]
    window: dict[str, float]
    scale: float | None
    scope: str = "frame"
    recipe: dict[str, Any] | None = None
    strokes: list[Any] = field(default_factory=list)

    @property
    def place(self) -> dict[str, Any]:
        """The image, as requests name it."""
        return {"view": self.view, "frame": self.frame}

    @property
    def measured(self) -> dict[str, Any]:
        """The body of a request that measures."""
        scale = {} if self.scale is None else {"calibration": {"mm_per_pixel": self.scale}}
        return {**self.place, "shapes": self.shapes, **scale}


def number(rng: np.random.Generator, low: float, high: float) -> float:
    """Numbers as a mouse and a slider make them: whole, with a fraction, or any."""
    value = float(rng.uniform(low, high))
    return (round(value), round(value, 2), value)[int(rng.integers(3))]


def shape(rng: np.random.Generator, rows: int, columns: int, kinds: Any = tuple(KINDS)) -> dict[str, Any]:
    """A shape; every fourth one reaches beyond the image."""
    kind = str(rng.choice(list(kinds)))
    count = KINDS[kind] if isinstance(KINDS[kind], int) else int(rng.integers(*KINDS[kind]))
    low, high = (-0.2, 1.2) if rng.random() < 0.25 else (0.05, 0.95)
    points = [[number(rng, low * columns, high * columns), number(rng, low * rows, high * rows)] for _ in range(count)]
    return {"kind": kind, "points": points}


def recipe(rng: np.random.Generator, scope: str, values: np.ndarray, size: tuple[int, int]) -> dict[str, Any]:
    """A recipe of a mask: a threshold among the values of the image."""
    low, high = (float(at) for at in np.nanpercentile(values.astype(np.float64), (5, 95)))
    chosen: dict[str, Any] = [
        {}, {"above": number(rng, low, high)}, {"below": number(rng, low, high)},
        {"above": number(rng, low, low + (high - low) / 3), "below": number(rng, low + (high - low) / 2, high + 1)},
        {"method": "otsu"}, {"above": number(rng, low, high)},
    ][int(rng.integers(6))]  # fmt: skip
    chosen |= [{}, {"fill": True}, {"fill": False}, {"fill_3d": scope == "volume"}][int(rng.integers(4))]
    chosen |= [{}, {"opening": int(rng.integers(0, 5))}][int(rng.integers(2))]
    small = {"min_ml": number(rng, 0, 1)} if scope == "volume" else {"largest": 2}
    chosen |= [{}, {"largest": int(rng.integers(1, 4))}, small][int(rng.integers(3))]
    if rng.random() < 0.5:
        chosen["regions"] = [shape(rng, *size, AREAS) for _ in range(int(rng.integers(1, 4)))]
        if not {"above", "below", "method", "largest", "min_ml"} & chosen.keys():
            chosen = {key: value for key, value in chosen.items() if key not in ("fill", "opening", "fill_3d")}
    return chosen


def strokes(rng: np.random.Generator, state: State, rows: int, columns: int) -> list[Any]:
    """Strokes of brush and eraser on the shown image."""
    made: list[Any] = []
    for _ in range(int(rng.integers(1, 4))):
        points = [[number(rng, 0, columns), number(rng, 0, rows)] for _ in range(int(rng.integers(1, 5)))]
        erase = bool(rng.random() < 0.4)
        made.append({**state.place, "erase": erase, "radius": number(rng, 1, 9), "points": points})
    return made


def state_of(rng: np.random.Generator, page: Any, item: dict[str, Any]) -> State:
    """A state of an item of a page, which is a volume or an image."""
    views = ["frames"] * 2 + (["planes/axial", "planes/coronal", "planes/sagittal"] if item["kind"] == "volume" else [])
    view = str(rng.choice(views))
    count = page.json(f"items/{item['id']}{'' if view == 'frames' else '/' + view}")["frames"]
    frame = int(rng.integers(count))
    values = page.values(f"items/{item['id']}/{view}/{frame}")
    rows, columns = values.shape[:2]
    shown = rng.random()  # as commands can say it: a mask, or areas; or everything at once
    kinds = ("rectangle", "ellipse") if shown < 0.25 else tuple(KINDS)
    shapes = [shape(rng, rows, columns, kinds) for _ in range(0 if shown > 0.6 else int(rng.integers(1, 6)))]
    window = {"center": number(rng, -600, 900), "width": number(rng, 1, 2000)}
    state = State(
        view, frame, shapes, window, number(rng, 0.01, 3) or 0.5 if shown > 0.25 and rng.random() < 0.4 else None
    )
    if shown > 0.25:
        state.scope = "volume" if item["kind"] == "volume" and rng.random() < 0.5 else "frame"
        state.recipe = recipe(rng, state.scope, values, (rows, columns))
        if state.scope == "volume" and view != "frames":
            state.recipe.pop("regions", None)
        if rng.random() < 0.35:
            state.strokes = strokes(rng, state, rows, columns)
    return state
