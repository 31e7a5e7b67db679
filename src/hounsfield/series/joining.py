"""What the headers of files say, read part by part, as if it had been read at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hounsfield.series.instances import Instances
from hounsfield.series.rows import Rows, Texts


def joined(parts: Sequence[Instances]) -> Instances:
    """Return parts of a collection as one, in their order; no file is read for that."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(part.entries) for part in parts[:-1])]).tolist()
    both = list(zip(parts, starts, strict=True))
    return Instances(
        [entry for part in parts for entry in part.entries],
        _rows([part.files for part in parts], starts),
        _rows([part.rows for part in parts], starts),
        {start + index: outcome for part, start in both for index, outcome in part.outcomes.items()},
        {start + index: mosaic for part, start in both for index, mosaic in part.mosaics.items()},
        {start + index: step for part, start in both for index, step in part.uncut.items()},
        frozenset(start + index for part, start in both for index in part.doubtful),
    )


def _rows(parts: Sequence[Rows], starts: Sequence[int]) -> Rows:
    return Rows(
        np.concatenate([part.file + start for part, start in zip(parts, starts, strict=True)]),
        np.concatenate([part.frame for part in parts]),
        {name: np.concatenate([part.numbers[name] for part in parts]) for name in parts[0].numbers},
        {name: _texts([part.texts[name] for part in parts]) for name in parts[0].texts},
    )


def _texts(parts: Sequence[Texts]) -> Texts:
    known: dict[str, int] = {}
    codes: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = []
    for part in parts:
        own = [known.setdefault(text, len(known)) for text in part.values]
        codes.append(np.array([*own, -1], np.int64)[part.codes])  # -1, no text, is the last
    return Texts(np.concatenate(codes), tuple(known))
