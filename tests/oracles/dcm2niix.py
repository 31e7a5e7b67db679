"""Volumes of hounsfield against the NIfTI files that dcm2niix makes of the same files."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import subprocess
import sys
import tomllib
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import hounsfield as hu
from oracles.outcomes import header_of, label_of

nibabel = pytest.importorskip("nibabel", reason="nibabel is not installed")

#: mm: what the place of a voxel may differ by.
PLACE = 1e-3
#: Of the largest value: NIfTI's slope is a float32.
VALUE = 1e-6
FOUND = "the same"

Array = np.ndarray[Any, np.dtype[Any]]


@cache
def command() -> str | None:
    """The executable: beside this Python (where the package puts it), or on the path."""
    beside = Path(sys.executable).with_name("dcm2niix")
    return str(beside) if beside.exists() else shutil.which("dcm2niix")


@dataclass(frozen=True)
class Nifti:
    """A picture of a NIfTI file: values (i, j, k) or (i, j, k, 3), and its affine to LPS mm."""

    name: str
    values: Array
    affine: Array


def convert(files: Sequence[Path], folder: Path) -> list[Nifti]:
    """What dcm2niix makes of some files; they are copied into a folder of their own first."""
    source, target = folder / "in", folder / "out"
    source.mkdir(parents=True)
    target.mkdir()
    for index, path in enumerate(files):
        shutil.copy(path, source / f"{index:04}.dcm")
    options = ["-b", "n", "-z", "n", "-p", "n", "-w", "2", "-f", "%s_%c_%e", "-o", str(target), str(source)]
    subprocess.run([command() or "dcm2niix", *options], capture_output=True, check=False)
    return [each for path in sorted(target.glob("*.nii")) for each in _load(path)]


def _load(path: Path) -> Iterator[Nifti]:
    image = nibabel.load(path)
    values = np.asanyarray(image.dataobj)
    if values.dtype.names:
        values = np.stack([values[name] for name in values.dtype.names], axis=-1)
    affine = np.diag([-1.0, -1, 1, 1]) @ image.affine
    if values.dtype == np.uint8 and values.ndim == 4 and image.header.get_data_dtype().names:
        yield Nifti(path.stem, values, affine)
    elif values.ndim == 4:
        for index in range(values.shape[3]):
            yield Nifti(f"{path.stem}:{index}", values[..., index], affine)
    else:
        yield Nifti(path.stem, values, affine)


@dataclass(frozen=True)
class Outcome:
    """How the volumes of a series compare: what holds of their place, and of their values."""

    label: str
    relations: frozenset[str]
    detail: str = ""


def all_series(files: Iterable[Path]) -> list[list[Path]]:
    """Files of images that lie in one folder and are of one series."""
    found: dict[tuple[Path, str], list[Path]] = defaultdict(list)
    for path in files:
        header = header_of(path)
        if "Rows" in header and "PixelData" not in header or "Rows" in header:
            found[path.parent, str(header.get("SeriesInstanceUID"))].append(path)
    return list(found.values())


def compare_all(series: Sequence[list[Path]], folder: Path) -> list[Outcome | None]:
    with ThreadPoolExecutor(2) as pool, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jobs = [(files, folder / str(index)) for index, files in enumerate(series)]
        return list(pool.map(lambda job: compare(*job), jobs))


def compare(files: list[Path], folder: Path) -> Outcome | None:
    """Compare the volumes of a series; None where dcm2niix converts nothing."""
    try:
        theirs = convert(files, folder)
        if not theirs:
            return None
        relations: dict[str, str] = {}
        volumes = hu.read_volumes(files)
        if not len(volumes):
            relations["no volume"] = ""
        for index in range(len(volumes)):
            relation, detail = _compare(volumes, index, theirs)
            relations.setdefault(relation, f"volume {index}: {detail}")
        return Outcome(label_of(files[0]), frozenset(relations), "; ".join(filter(None, relations.values())))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compare(volumes: Any, index: int, theirs: list[Nifti]) -> tuple[str, str]:
    try:
        volume = volumes[index]
    except hu.HounsfieldError as error:
        return "refused", str(error)
    if volume.affine is None:
        return _unplaced(volume, theirs)
    matched = [(nifti, cells) for nifti in theirs if (cells := same_grid(volume, nifti)) is not None]
    said = [values_relation(volume, nifti.values[cells]) for nifti, cells in matched]
    if FOUND in said:
        return FOUND, ""
    by_slice = _slice_by_slice(volume, theirs)
    if matched and by_slice[0] == "other slices":
        return f"same place, {said[0]}", matched[0][0].name
    return by_slice


def same_grid(volume: Any, nifti: Nifti) -> tuple[Array, ...] | None:
    """The cells of a NIfTI file that are the voxels of a volume; None where they lie elsewhere."""
    if nifti.values.ndim - 3 != int(volume.color):
        return None
    onto = np.linalg.inv(nifti.affine) @ volume.affine
    shape = np.array(volume.shape[:3])
    corners = np.array(list(itertools.product(*[(0, n - 1) for n in shape]))).T
    cells = onto[:3, :3] @ corners + onto[:3, 3:]
    off = nifti.affine[:3, :3] @ (cells - np.rint(cells))
    if np.abs(off).max() > PLACE or (np.rint(cells) < 0).any():
        return None
    if (np.rint(cells) >= np.array(nifti.values.shape[:3])[:, None]).any():
        return None
    # Corners are a grid only if its steps are whole cells.
    turn, start = np.rint(onto[:3, :3]).astype(int), np.rint(onto[:3, 3]).astype(int)
    if (np.rint(cells) != turn @ corners + start[:, None]).any():
        return None
    grid = np.indices(volume.shape[:3]).reshape(3, -1)
    return tuple(axis.reshape(volume.shape[:3]) for axis in turn @ grid + start[:, None])


def values_relation(volume: Any, theirs: Array) -> str:
    """How the values of a NIfTI file follow from those of a volume of the same shape."""
    ours = np.asarray(volume.values)
    if close(ours, theirs):
        return FOUND
    for keyword in () if volume.color else ("stored", "real_world"):
        other = _read(volume, keyword)
        if other is not None and close(other, theirs):
            return f"{keyword.replace('_', '-')} values"
    dose = volume.header.get("DoseGridScaling")
    if dose is not None and close(ours, theirs * float(dose)):
        return "not scaled by Dose Grid Scaling"
    if volume.padding is not None and close(np.where(volume.padding, 0, ours), np.where(volume.padding, 0, theirs)):
        return "padding has other values"
    if ours.dtype.kind in "iu" and _same_bits(volume, theirs):
        return "modulo the stored bits"
    off = np.abs(ours.astype(np.int16 if ours.dtype == np.uint8 else np.float64) - theirs)
    if float(off.max()) <= 1:
        return "within 1"
    if volume.color and float(off.mean()) <= 1:
        return "colours differ by less than 1 on average"
    return "other values"


def _same_bits(volume: Any, theirs: Array) -> bool:
    bits = 2 ** int(volume.header.get("BitsStored") or 16)
    return np.array_equal(volume.values.astype(np.int64) % bits, theirs.astype(np.int64) % bits)


def close(ours: Array, theirs: Array) -> bool:
    if ours.shape != theirs.shape:
        return False
    if np.array_equal(ours, theirs):
        return True
    if ours.dtype.kind in "iu" and theirs.dtype.kind in "iu" and int(ours.max(initial=0)) * VALUE < 1:
        return False
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    return float(np.abs(ours - theirs).max(initial=0)) <= VALUE * float(np.abs(ours).max(initial=0))


def _read(volume: Any, values: str) -> Array | None:
    """Other values of a volume, by `hu.read` of its files."""
    planes: list[Array] = []
    images: dict[str, Any] = {}  # a file of many frames is read once
    try:
        for source in volume.sources:
            path = str(source.path)
            image = images[path] = images[path] if path in images else hu.read(path, values=values)
            planes.append(image.values if source.frame_index is None else image.frame(source.frame_index).values)
    except hu.HounsfieldError:
        return None
    return np.stack(planes)


def _unplaced(volume: Any, theirs: list[Nifti]) -> tuple[str, str]:
    """A volume without a place: dcm2niix puts it somewhere, mostly with the rows turned over."""
    if _has_place(volume):
        return "no place, though the header has one", ""
    relations = [_pictures_relation(volume, theirs, flips) for flips in ((0,), ())]
    best = min(relations, key=lambda said: (said != FOUND, "other" in said))
    return ("no place", "") if best == FOUND else (f"no place, {best}", "")


def _pictures_relation(volume: Any, theirs: list[Nifti], flips: tuple[int, ...]) -> str:
    """How all slices are to be found among the pictures of NIfTI files, turned over or not."""
    pictures = [
        np.flip(np.moveaxis(n.values[:, :, k], (1, 0), (0, 1)), flips) for n in theirs for k in range(n.values.shape[2])
    ]
    if len(pictures) == len(volume) and all(picture.shape == volume.shape[1:] for picture in pictures):
        whole = np.stack(pictures)
        if close(volume.values, whole[::-1]):
            return FOUND
        relation = values_relation(volume, whole)
        if relation != "other values" or len(volume) > 8:
            return relation
    said = {_picture_relation(volume, index, pictures) for index in range(len(volume))} - {FOUND}
    return " and ".join(sorted(said)) or FOUND


def _picture_relation(volume: Any, index: int, pictures: list[Array]) -> str:
    """How a slice is to be found among pictures."""
    plane = volume.values[index]
    same = [picture for picture in pictures if picture.shape == plane.shape]
    if any(np.array_equal(plane, picture) for picture in same) or any(close(plane, picture) for picture in same[:4]):
        return FOUND
    alone = dataclasses.replace(volume, values=volume.values[index : index + 1], sources=volume.sources[index : index + 1],
                                slice_headers=None, padding=None)  # fmt: skip
    said = {values_relation(alone, picture[None]) for picture in same}
    if volume.color:
        indices = _read(alone, "stored")
        if indices is not None and any(close(indices[0], picture) for picture in pictures):
            return "indices of the palette"
    return min(said, default="other pictures", key=lambda text: (text == "other values", text))


def _has_place(volume: Any) -> bool:
    """Whether pydicom finds position, orientation and spacing of slices in the first file."""
    header = pydicom.dcmread(volume.sources[0].path, stop_before_pixels=True, force=True)
    there = all(header.get(k) for k in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"))
    return there and header.get("Modality") not in ("CR", "DX", "MG", "XA", "RF", "US")


def _slice_by_slice(volume: Any, theirs: list[Nifti]) -> tuple[str, str]:
    """Each slice of a volume that lies elsewhere: whether it is a slice of theirs, and whose place is the header's."""
    found: list[tuple[float, float, str]] = []
    for index in range(len(volume)):
        plane = volume.values[index]
        best = None
        for nifti in theirs:
            for k in range(nifti.values.shape[2]):
                for flips in ((), (0,), (1,), (0, 1)):
                    picture = np.flip(np.moveaxis(nifti.values[:, :, k], (1, 0), (0, 1)), flips)
                    if picture.shape == plane.shape and close(plane, picture):
                        there = corners_of(nifti, k, flips)
                        mine = np.array([volume.to_lps((index, r, c)) for r, c in _ends(plane)])
                        off = float(np.abs(there - mine).max())
                        best = min(best, off) if best is not None else off
        if best is None:
            return "other slices", f"slice {index}"
        found.append((best, _from_header(volume, index), ""))
    theirs_off, ours_off = max(f[0] for f in found), max(f[1] for f in found)
    if ours_off <= PLACE < theirs_off:
        return "same slices, ours where the header says", f"theirs up to {theirs_off:.4g} mm from ours"
    return "same slices elsewhere", f"{theirs_off:.4g} mm from theirs, ours {ours_off:.4g} mm from the header"


def _ends(plane: Array) -> list[tuple[int, int]]:
    return [(0, 0), (0, plane.shape[1] - 1), (plane.shape[0] - 1, 0)]


def corners_of(nifti: Nifti, k: int, flips: tuple[int, ...]) -> Array:
    """LPS of three corners of a slice of a NIfTI file, seen as (row, column) after the flips."""
    columns, rows = nifti.values.shape[:2]
    ends = [(0, 0), (0, columns - 1), (rows - 1, 0)]
    cells = [
        (columns - 1 - c if 1 in flips else c, rows - 1 - r if 0 in flips else r, k, 1)
        for r, c in ends
    ]  # fmt: skip
    return np.array([(nifti.affine @ cell)[:3] for cell in cells])


def _from_header(volume: Any, index: int) -> float:
    """How far a slice of a volume is from where pydicom's header of its file has it."""
    source = volume.sources[index]
    header = pydicom.dcmread(source.path, stop_before_pixels=True, force=True)
    position = header.get("ImagePositionPatient")
    if source.frame_index is not None:
        groups = [*header.get("SharedFunctionalGroupsSequence", [])]
        groups += [*header.get("PerFrameFunctionalGroupsSequence", [])][source.frame_index : source.frame_index + 1]
        for group in groups:
            if "PlanePositionSequence" in group:
                position = group.PlanePositionSequence[0].ImagePositionPatient
    return float("inf") if position is None else float(np.abs(volume.to_lps((index, 0, 0)) - np.array(position)).max())


@cache
def table() -> dict[str, dict[str, Any]]:
    """The rows of dcm2niix.toml, by series."""
    with Path(__file__).with_name("dcm2niix.toml").open("rb") as file:
        found = tomllib.load(file)["series"]
    made: dict[str, dict[str, Any]] = {}
    for row in found:
        for label in row["files"]:
            assert label not in made, f"{label} stands twice in dcm2niix.toml"
            made[label] = row
    return made
