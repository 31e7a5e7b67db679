"""Filling a volume's holes in three dimensions, in place.

A hole of the volume is a hole in each of its slices too. So each slice is flooded by itself first, which is quick, and
only what that leaves is looked at again: holes of neighbouring slices that share a face are one, and those that reach
background outside, or the first or last slice, are none. Labels are made anew where they are needed: they would take
four times the memory of the mask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hounsfield.errors import needed_for
from hounsfield.masks.morphology import fill_holes, foreground_box
from hounsfield.threads import over_frames

#: What a voxel is meanwhile: background outside, foreground, or background that its slice's edge does not reach.
_OUTSIDE, _FOREGROUND, _HOLE = 0, 1, 2


def fill_solid(mask: NDArray[np.bool_]) -> None:
    """Set every background voxel that the volume's surroundings do not reach through the faces of voxels.

    The same as `scipy.ndimage.binary_fill_holes` with its default structure.

    Parameters
    ----------
    mask
        (slice, row, column); changed.
    """
    box = foreground_box(mask)
    if not box.size or len(box) < 3:  # the first and the last slice are open to the outside
        return
    cells = box.view(np.uint8)
    counts = np.concatenate(over_frames(lambda some: _mark(cells, some), len(cells), cells[0].size))
    filled = _reached(cells, counts)

    def settle(some: range) -> None:
        for index in some:
            if counts[index]:
                inside = filled[index][_labels(cells[index])]
                np.equal(cells[index], _FOREGROUND, out=box[index])
                box[index] |= inside

    over_frames(settle, len(cells), cells[0].size)


def _mark(cells: NDArray[np.uint8], some: range) -> NDArray[np.int64]:
    """Mark the holes of some slices; return how many there are in each. The volume's first and last slice have none."""
    counts = np.zeros(len(some), np.int64)
    for at, index in enumerate(some):
        if 0 < index < len(cells) - 1:
            cell = cells[index]
            filled = (cell == _FOREGROUND).copy()
            fill_holes(filled)
            holes = np.not_equal(filled.view(np.uint8), cell, out=filled)
            if holes.any():
                cell[holes] = _HOLE
                counts[at] = _labels(cell).max()
    return counts


def _labels(cell: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Number the holes of a slice from 1 on; 0 elsewhere. The same each time."""
    _, labels = cv2.connectedComponents((cell == _HOLE).view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    return np.asarray(labels, np.int32)


def _reached(cells: NDArray[np.uint8], counts: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    """For each slice, whether a label stands for a hole of the volume: no way leads from there to the outside."""
    with needed_for("filling in space"):
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

    # Node 0 is the outside, label 0 of every slice; the others follow, slice by slice.
    first = np.concatenate([[0], np.cumsum(counts)])
    links = over_frames(lambda some: list(_links(cells, counts, some)), len(cells) - 1, 16 * cells[0].size)
    pairs = [
        np.where(labels, labels + first[[link.index, link.index + 1]], 0)
        for part in links
        for link in part
        for labels in [link.labels]
    ]
    joined = np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)
    nodes = int(first[-1]) + 1
    graph = coo_array((np.ones(len(joined), np.bool_), (joined[:, 0], joined[:, 1])), shape=(nodes, nodes))
    _, group = connected_components(graph, directed=False)
    hole = group != group[0]
    return [np.concatenate([[False], hole[1 + a : 1 + b]]) for a, b in zip(first[:-1], first[1:], strict=True)]


@dataclass(frozen=True)
class _Link:
    """The labels of a slice and of the next that touch: (pair, 2)."""

    index: int
    labels: NDArray[np.int64]


def _links(cells: NDArray[np.uint8], counts: NDArray[np.int64], some: range) -> Iterator[_Link]:
    """Return the holes of some slices and of the next ones that touch, or touch the outside there."""
    labels = _labels(cells[some.start])
    for index in some:
        above, labels = labels, _labels(cells[index + 1])
        if not counts[index] and not counts[index + 1]:
            continue
        # Both are background, and one at least is a hole: of 0, 1 and 2 only those two give this.
        touching = (cells[index] | cells[index + 1]) == _HOLE
        one, other = above[touching].astype(np.int64), labels[touching].astype(np.int64)
        keys = one * (counts[index + 1] + 1) + other
        if keys.size:
            keys = np.unique(keys[np.concatenate([[True], keys[1:] != keys[:-1]])])
            yield _Link(index, np.stack(np.divmod(keys, counts[index + 1] + 1), axis=1))
