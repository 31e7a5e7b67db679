"""Whose slices are: everything that says who the patient is, and where it contradicts itself within a series."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from hounsfield.series.rows import Indices, Rows

#: What says who the patient is. What is absent, or says that it is unknown, contradicts nothing.
PATIENT = ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate", "PatientSex")
_SEXES = {"m", "f", "o"}
_Identity = tuple[str, ...]


@dataclass(frozen=True)
class Patients:
    """Who the patient of each slice is.

    Attributes
    ----------
    keys
        For each keyword of `PATIENT` numbers that are equal where slices are of one patient; slices of two patients of
        one series differ in one of them at least.
    contradictions
        Number of a series to the keywords in which its slices contradict each other.
    """

    keys: dict[str, Indices]
    contradictions: dict[int, tuple[str, ...]]


def patients(rows: Rows, members: Indices, series: Indices) -> Patients:
    """Tell the patients of slices.

    Parameters
    ----------
    rows, members
        The slices.
    series
        Number of the series of each.
    """
    keys = {keyword: np.zeros(len(members), np.int64) for keyword in PATIENT}
    contradictions: dict[int, tuple[str, ...]] = {}
    written = np.zeros(len(members), np.int64)
    for keyword in PATIENT:
        if keyword in rows.varying:
            written = _combined(written, rows.texts[keyword].codes[members])
    if not written.any():
        return Patients(keys, contradictions)
    by_series: dict[int, list[int]] = {}
    for index in np.unique(_combined(written, series), return_index=True)[1].tolist():
        by_series.setdefault(int(series[index]), []).append(index)
    for number, firsts in by_series.items():
        if len(firsts) < 2:
            continue
        identities = {first: identity(rows, int(members[first])) for first in firsts}
        groups = _patients(sorted(set(identities.values())))
        if len(set(groups.values())) < 2:
            continue
        persons = sorted(set(groups.values()))
        contradictions[number] = tuple(k for i, k in enumerate(PATIENT) if len({p[i] for p in persons if p[i]}) > 1)
        for first, own in identities.items():
            chosen = (series == number) & (written == written[first])
            for index, keyword in enumerate(PATIENT):
                values = sorted({person[index] for person in persons})
                keys[keyword][chosen] = values.index(groups[own][index])
    return Patients(keys, contradictions)


def _combined(a: Indices, b: Indices) -> Indices:
    """Number the pairs of two numbers."""
    low = b - b.min()
    pairs = a * (int(low.max()) + 1) + low
    return np.asarray(np.unique(pairs, return_inverse=True)[1], np.int64).reshape(-1)


def identity(rows: Rows, row: int) -> _Identity:
    """Return what a slice says of its patient, so written that what means the same is the same."""
    return tuple(_written(keyword, rows.text(keyword, row)) for keyword in PATIENT)


def _written(keyword: str, text: str) -> str:
    text = text.casefold().strip()
    if keyword == "PatientName":
        # The first group of characters; family name, given name and middle name, however they are parted.
        group = next((group for group in text.split("=") if group.strip(" ^")), "")
        return " ".join(re.split(r"[\s^,]+", "^".join(group.split("^")[:3]).strip(" ^,")))
    if keyword == "PatientBirthDate":
        text = re.sub(r"\D", "", text)
        return "" if not text.strip("0") else text
    if keyword == "PatientSex":
        return text if text in _SEXES else ""
    return text


def _patients(identities: list[_Identity]) -> dict[_Identity, _Identity]:
    """Give each way in which a patient is told the person it is: what all ways that do not contradict it say together.

    Those that say most come first. One that fits several persons is none of them.
    """
    persons: list[_Identity] = []
    of: dict[_Identity, int] = {}
    for one in sorted(identities, key=lambda each: (-sum(map(bool, each)), each)):
        fits = [index for index, person in enumerate(persons) if _agree(one, person)]
        if len(fits) == 1:
            persons[fits[0]] = tuple(_more(a, b) for a, b in zip(one, persons[fits[0]], strict=True))
            of[one] = fits[0]
        else:
            of[one] = len(persons)
            persons.append(one)
    return {one: persons[index] for one, index in of.items()}


def _agree(a: _Identity, b: _Identity) -> bool:
    return all(_same(keyword, x, y) for keyword, x, y in zip(PATIENT, a, b, strict=True))


def _same(keyword: str, a: str, b: str) -> bool:
    if not a or not b or a == b:
        return True
    shorter, longer = sorted((a.split(), b.split()), key=len)
    # A middle name may be left out.
    return keyword == "PatientName" and len(shorter) > 1 and longer[: len(shorter)] == shorter


def _more(a: str, b: str) -> str:
    return max(a, b, key=len)
