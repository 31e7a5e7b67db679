"""Ranges of CT numbers for tissues, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

from hounsfield.text import suggestion


@dataclass(frozen=True)
class Tissue:
    """A range of Hounsfield units, both ends included.

    Attributes
    ----------
    name
        As given to `mask`.
    low, high
        Bounds in HU.
    source
        Where the range comes from.
    """

    name: str
    low: float
    high: float
    source: str


#: By name. Ranges overlap in nature; these are the ones in common use, and a study states its own.
TISSUES: dict[str, Tissue] = {
    tissue.name: tissue
    for tissue in (
        Tissue("air", -1e6, -951, "below the emphysema threshold of -950 HU (Gevenois et al. 1996)"),
        Tissue("lung", -950, -500, "emphysema threshold to poorly aerated lung (Gattinoni et al. 2001)"),
        Tissue("fat", -190, -30, "adipose tissue (Kvist et al. 1988; Yoshizumi et al. 1999)"),
        Tissue("soft tissue", -29, 150, "lean tissue (Aubrey et al. 2014)"),
        Tissue("bone", 226, 1e6, "lower threshold for bone in common segmentation presets"),
    )
}


def find_tissue(name: str) -> Tissue:
    """Return a tissue by name; spaces, hyphens and underscores are the same.

    Raises
    ------
    ValueError
        There is no such tissue; the message lists those there are.
    """
    key = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    if key not in TISSUES:
        raise ValueError(f"unknown tissue {name!r}; known are {', '.join(TISSUES)}{suggestion(key, TISSUES)}")
    return TISSUES[key]
