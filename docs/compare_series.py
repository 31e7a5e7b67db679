"""Print a table of made series: the truth, what `hu.read_volumes` gives, and what SimpleITK's series reader gives.

``python docs/compare_series.py`` prints it; ``python docs/compare_series.py --write`` puts it into
docs/volumes-compared.md. It needs the packages of the extra "test".

SimpleITK is used as its documentation does it: ``GetGDCMSeriesIDs`` and ``GetGDCMSeriesFileNames`` of the folder, and
``ImageSeriesReader`` on each. Where a voxel lies is compared with what pydicom reads from the header of its slice.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "volumes-compared.md"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "support")]

import hounsfield as hu  # noqa: E402

from series_made import copy, corner, ct, edit, expected, louder  # noqa: E402

#: mm, and share of the largest value: more is told.
_PLACE, _VALUE = 1e-3, 1e-5


@dataclass(frozen=True)
class Case:
    """A series: how it is made, and what it is in truth."""

    name: str
    truth: str
    make: Callable[[Path], Any]


def _shift(path: Path, *by: float) -> None:
    there = pydicom.dcmread(path).ImagePositionPatient
    edit(path, ImagePositionPatient=[float(a) + b for a, b in zip(there, by, strict=True)])


def _each(folder: Path, change: Callable[[int, Path], Any], **options: Any) -> None:
    for index, path in enumerate(ct(folder, **options).files):
        change(index, path)


def _depths(*depths: float) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        def move(index: int, path: Path) -> None:
            there = pydicom.dcmread(path).ImagePositionPatient
            edit(path, ImagePositionPatient=[*there[:2], depths[index]])

        _each(folder, move, slices=len(depths))

    return make


def _phases(attributes: Callable[[int], dict[str, Any]], phases: int = 2) -> Callable[[Path], None]:
    nothing = {"AcquisitionNumber": None, "TemporalPositionIdentifier": None}

    def make(folder: Path) -> None:
        _each(folder, lambda i, p: edit(p, louder(i % phases), **nothing | attributes(i % phases)), phases=phases)

    return make


def _twin(name: str, change: Any = None, **attributes: Any) -> Callable[[Path], None]:
    return lambda folder: copy(ct(folder).files[3], name, change, **attributes)


def _localizer(folder: Path) -> None:
    scout = {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}
    copy(ct(folder).files[0], "scout.dcm", ImagePositionPatient=[-184, 0, 100], **scout)


def _matrices(folder: Path) -> None:
    first, second = ct(folder / "a"), ct(folder / "b", matrix=48)
    header = pydicom.dcmread(first.files[0])
    for path in second.files:
        edit(path, **{k: header[k].value for k in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")})
    for path in (*first.files, *second.files):
        path.rename(folder / f"{path.parent.name}{path.name}")


def _sides(folder: Path) -> None:
    for index, path in enumerate(ct(folder).files):
        _shift(copy(path, f"right{index}.dcm", louder(1)), 200, 0, 0)


def _moved(folder: Path) -> None:
    for index, path in enumerate(ct(folder, phases=2).files):
        _shift(edit(path, louder(index % 2)), 0, 0, 0.3 * (index % 2))


def _pet(folder: Path) -> None:
    pet = {"Modality": "PT", "SOPClassUID": "1.2.840.10008.5.1.4.1.1.128", "RescaleType": None, "Units": "BQML"}
    _each(
        folder, lambda i, p: edit(p, RescaleIntercept=0, RescaleSlope=1 if i == 0 else f"{0.3 * i + 0.05:.2f}", **pet)
    )


def _no_place(folder: Path) -> None:
    _each(folder, lambda i, p: edit(p, ImagePositionPatient=None, ImageOrientationPatient=None))


def _reversed(folder: Path) -> None:
    _each(folder, lambda i, p: edit(p, InstanceNumber=8 - i).rename(p.with_name(f"{7 - i}.dcm")))


def _damaged(folder: Path) -> None:
    path = ct(folder, transfer_syntax="jpeg-ls").files[3]
    data = bytearray(path.read_bytes())
    start = data.rindex(b"\xff\xd8\xff")
    data[start : start + 400] = bytes(400)
    path.write_bytes(bytes(data))


CASES = [
    Case("regular", "8 slices, 5 mm apart", ct),
    Case("gantry tilted by 20 degrees", "8 slices, displaced along the table", lambda f: ct(f, tilt=20)),
    Case("sagittal", "8 slices", lambda f: ct(f, orientation="sagittal")),
    Case("oblique", "8 slices", lambda f: ct(f, orientation="oblique")),
    Case("reversed names and instance numbers", "8 slices", _reversed),
    Case("one slice missing", "3 and 4 slices, one missing between them", lambda f: ct(f, missing=(3,))),
    Case("two places where slices are missing", "2, 2 and 2 slices", lambda f: ct(f, missing=(2, 5))),
    Case("second slice missing", "1 and 6 slices", lambda f: ct(f, missing=(1,))),
    Case("5 mm apart, then 10 mm", "4 and 3 slices", _depths(0, 5, 10, 15, 25, 35, 45)),
    Case("one slice 0.3 mm out of place", "3, 1 and 4 slices", _depths(0, 5, 10, 15.3, 20, 25, 30, 35)),
    Case("two phases by Temporal Position Identifier", "8 slices twice",
         _phases(lambda n: {"TemporalPositionIdentifier": n + 1})),
    Case("two phases by Trigger Time", "8 slices twice", _phases(lambda n: {"TriggerTime": 300 * n})),
    Case("two b-values", "8 slices twice", _phases(lambda n: {"DiffusionBValue": 1000.0 * n})),
    Case("two echoes", "8 slices twice", _phases(lambda n: {"EchoTime": 5.0 + n})),
    Case("magnitude and phase by Image Type", "8 slices twice",
         _phases(lambda n: {"ImageType": ["ORIGINAL", "PRIMARY", "MP"[n]]})),
    Case("second pass 0.3 mm further", "8 slices twice", _moved),
    Case("left and right at the same heights", "8 slices twice", _sides),
    Case("a slice twice, same pixels, new UID", "8 slices and a copy", _twin("copy.dcm")),
    Case("a slice twice, other pixels", "8 slices and another one", _twin("other.dcm", louder(7))),
    Case("a localizer in the series", "8 slices and a localizer", _localizer),
    Case("two matrices", "8 slices twice", _matrices),
    Case("a slope for each slice (PET)", "8 slices", _pet),
    Case("no geometry at all", "8 pictures, place unknown", _no_place),
    Case("one slice that cannot be decoded", "7 slices and a damaged one", _damaged),
]  # fmt: skip


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _ours(folder: Path) -> str:
    volumes = hu.read_volumes(folder)
    off, wrong = 0.0, 0.0
    for volume in volumes:
        for index, source in enumerate(volume.sources):
            if volume.padding is not None and volume.padding[index].all():
                continue
            wrong = max(wrong, _difference(volume.values[index], source.path))
            if volume.affine is not None:
                to_lps = lambda r, c, k=index, v=volume: v.to_lps((k, r, c))  # noqa: E731
                off = max(off, _off(source.path, to_lps))
    slices = " + ".join(str(len(volume)) for volume in volumes)
    by = sorted({next(iter(v.separated_by)) for v in volumes if v.separated_by})
    said = [_plural(len(volumes), "volume") + f" ({slices})"]
    said += [f"by {', '.join(by)}"] if by else []
    said += ["no affine"] if any(volume.affine is None for volume in volumes) else []
    missing = sum(gap.count for gap in volumes.report.missing)
    said += [f"{missing} missing named"] if missing else []
    counts = volumes.report.counts
    said += [f"{counts[kind]} {kind}" for kind in ("duplicate", "unreadable") if counts[kind]]
    return "; ".join([*said, *_errors(off, wrong)])


def _theirs(folder: Path, sitk: Any) -> str:
    said: list[str] = []
    used = 0
    for series in sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)):
        names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series)
        used += len(names)
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(names)
        try:
            image = reader.Execute()
        except RuntimeError:
            said.append("an error, and no image")
            continue
        said.append(_image(image, names))
    return "; ".join(said)


def _image(image: Any, names: Any) -> str:
    import SimpleITK as sitk

    values = sitk.GetArrayFromImage(image)
    off, wrong = 0.0, 0.0
    placed = True
    for index, name in enumerate(names):
        wrong = max(wrong, _difference(values[index], name))
        placed = placed and "ImagePositionPatient" in pydicom.dcmread(name, stop_before_pixels=True)
        if placed:
            point = lambda r, c, k=index: image.TransformIndexToPhysicalPoint((c, r, k))  # noqa: E731
            off = max(off, _off(name, point))
    said = f"1 image of {len(names)} slices, {image.GetSpacing()[2]:.4g} mm apart"
    places = {
        tuple(pydicom.dcmread(name, stop_before_pixels=True).get("ImagePositionPatient", [name])) for name in names
    }
    if len(places) < len(names):
        said += f", {len(names) - len(places)} of them at the place of another"
    if not placed:
        said += f", at ({', '.join(f'{v:g}' for v in image.GetOrigin())}), which no header says"
    return "; ".join([said, *_errors(off, wrong)])


def _off(path: Any, to_lps: Any) -> float:
    """How far the corners of a slice are from where its header says."""
    header = pydicom.dcmread(path, stop_before_pixels=True)
    ends = [(0, 0), (0, header.Columns - 1), (header.Rows - 1, 0)]
    return max(float(np.abs(np.array(to_lps(r, c)) - corner(header, r, c)).max()) for r, c in ends)


def _difference(values: Any, path: Any) -> float:
    truth = expected(str(path))
    if values.shape != truth.shape:
        return float("inf")
    return float(np.abs(values - truth).max() / max(1.0, float(np.abs(truth).max())))


def _errors(off: float, wrong: float) -> list[str]:
    said = [f"**voxels up to {off:.3g} mm off**"] if off > _PLACE else []
    if wrong > _VALUE:
        said.append("**other values**" if wrong == float("inf") else f"**values off by up to {100 * wrong:.2g} %**")
    return said


def table() -> str:
    """Make the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SWIG's, and those of what the cases assume
        import SimpleITK as sitk

        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        rows = ["| series | truth | hounsfield | SimpleITK |", "|---|---|---|---|"]
        for case in CASES:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                case.make(folder)
                rows.append(f"| {case.name} | {case.truth} | {_ours(folder)} | {_theirs(folder, sitk)} |")
    return "\n".join(rows)


def main() -> int:
    """Print the table, or put it into the page."""
    made = table()
    if "--write" in sys.argv:
        before, _, after = PAGE.read_text(encoding="utf-8").partition("| series |")
        rest = after.split("\n\n", 1)[1] if "\n\n" in after else ""
        PAGE.write_text(before + made + "\n\n" * bool(rest) + rest + "\n" * (not rest), encoding="utf-8")
    else:
        sys.stdout.write(made + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
