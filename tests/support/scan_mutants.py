"""Damaged copies of small files, read by the walks and by pydicom's parser: all must agree.

    python tests/support/scan_mutants.py [COUNT] [SEED]

prints what differs, and ends with status 1 where something does. With NUMBA_BOUNDSCHECK=1 and a NUMBA_CACHE_DIR of its
own, an index out of bounds is an error, too.
"""

from __future__ import annotations

import random
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np

from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning.alike import find_quickly
from hounsfield.scanning.columns import DEFAULT_COLUMNS, choose_columns, plan
from hounsfield.scanning.found import DONE, STATUS, nothing_found
from hounsfield.scanning.header_rows import read_row
from hounsfield.scanning.table import TableLayout, record_batch
from hounsfield.scanning.walk_files import find_in_files

NESTED = """
ReferencedImageSequence.ReferencedSOPInstanceUID ReferencedStudySequence.ReferencedSOPInstanceUID
SharedFunctionalGroupsSequence.PixelMeasuresSequence.PixelSpacing
SharedFunctionalGroupsSequence.PixelMeasuresSequence.SliceThickness
SharedFunctionalGroupsSequence.PlaneOrientationSequence.ImageOrientationPatient
PerFrameFunctionalGroupsSequence.PlanePositionSequence.ImagePositionPatient
PerFrameFunctionalGroupsSequence[1].PlanePositionSequence.ImagePositionPatient
PerFrameFunctionalGroupsSequence[2].FrameContentSequence.DimensionIndexValues
RequestAttributesSequence.ScheduledProcedureStepID RequestAttributesSequence.RequestedProcedureID
DerivationCodeSequence.CodeMeaning DimensionIndexSequence[1].DimensionIndexPointer
SequenceOfUltrasoundRegions.PhysicalDeltaX SequenceOfUltrasoundRegions.RegionSpatialFormat
ProcedureCodeSequence.CodeValue SegmentSequence.SegmentLabel SegmentSequence[1].SegmentNumber
ContentSequence.ConceptNameCodeSequence.CodeValue ContentSequence[3].ValueType
ReferencedSeriesSequence.ReferencedInstanceSequence[1].ReferencedSOPInstanceUID
ModalityLUTSequence.LUTDescriptor VOILUTSequence.LUTDescriptor BeamSequence.BeamName
""".split()
MORE = """
SpecificCharacterSet PixelPaddingValue SmallestImagePixelValue LargestImagePixelValue HighBit PatientWeight
SliceLocation SeriesDate ContentDate ContentTime InstanceCreationTime AcquisitionDateTime ReferringPhysicianName
OperatorsName PatientComments ExposureTime FrameTime FrameIncrementPointer LossyImageCompressionRatio OtherPatientIDs
ScanningSequence FlipAngle DiffusionBValue Units ImagerPixelSpacing RedPaletteColorLookupTableDescriptor
SoftwareVersions PatientOrientation Laterality PlanarConfiguration MediaStorageSOPClassUID ImplementationClassUID
ImplementationVersionName 00091001
""".split()
COLUMNS = [*DEFAULT_COLUMNS, *MORE, *NESTED]


def layout() -> TableLayout:
    columns, names = choose_columns(COLUMNS, phi=True)
    return TableLayout.of(columns, names, plan(columns))


def both(paths: list[str], wanted: TableLayout, first: int = 8192, find=find_in_files):
    """Rows by a walk, the rest by pydicom; rows by pydicom alone; and which were the walk's."""
    stop = np.zeros(1, np.uint8)
    quick, rest = list[dict](), paths
    fast: list[bool] = []
    while rest:
        found = find(rest, wanted.plan, DEFAULT_LIMITS, first, stop)
        done = found.facts[:, STATUS] == DONE
        rows = {row: read_row(rest[row], wanted.plan, DEFAULT_LIMITS) for row in np.flatnonzero(~done).tolist()}
        quick += record_batch(rest[: found.count], found, wanted, rows).to_pylist()
        fast += done.tolist()
        rest = rest[found.count :]
    nothing = nothing_found(len(paths), wanted.plan)
    read = {row: read_row(path, wanted.plan, DEFAULT_LIMITS) for row, path in enumerate(paths) if fast[row]}
    slow = record_batch(paths, nothing, wanted, read).to_pylist()
    return quick, slow, fast


def differences(quick: dict, slow: dict) -> list[str]:
    """Columns in which two rows differ. What was assumed is told in other words where pydicom parsed."""
    skipped = ("issues", "file_size", "mtime")
    return [key for key in quick if key not in skipped and repr(quick[key]) != repr(slow[key])]


def mutant(data: bytes, random: random.Random) -> bytes:
    """A file with some bytes changed, seldom some cut out or doubled; mostly in the first part of the header."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        at = random.randrange(min(len(changed), random.choice((600, 2000, 5000, 10**9))) or 1)
        kind = random.randrange(16)
        if kind < 8:
            changed[at : at + 1] = bytes([random.choice(b" \0\\=^.,-+eE0123456789AZaz\x1b\x80\xc3\xff_:")])
        elif kind < 10:
            changed[at : at + 1] = bytes([random.randrange(256)])
        elif kind < 12:
            changed[at : at + 1] = bytes([changed[at] ^ 1 << random.randrange(8)]) if at < len(changed) else b""
        elif kind == 12:
            changed[at : at + 4] = random.choice((b"\xff" * 4, b"\0" * 4, b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"))
        elif kind == 13:
            del changed[at : at + random.choice((1, 2, 8, 100))]
        elif kind == 14:
            changed[at:at] = changed[at : at + random.choice((2, 8, 24))]
        else:
            del changed[at + random.randrange(4000) :]
    return bytes(changed) or b"\0"


def run(seeds: list[Path], count: int, seed: int, find=find_in_files, kinds: int = 60) -> tuple[int, int, list[str]]:
    """Compare mutants, of so many kinds at a time; return how many there were, how many the walk's, what differed."""
    chance, wanted = random.Random(seed), layout()
    contents = [path.read_bytes() for path in seeds]
    fast = done = 0
    said: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        while done < count:
            paths = [f"{folder}/{i}" for i in range(min(500, count - done))]
            some = chance.sample(range(len(contents)), min(kinds, len(contents)))
            origin = [chance.choice(some) for _ in paths]
            for path, index in zip(paths, origin, strict=True):
                Path(path).write_bytes(mutant(contents[index], chance))
            first = chance.choice((700, 1000, 8192))
            for row, (quick, slow, was) in enumerate(zip(*both(paths, wanted, first, find), strict=True)):
                fast += was
                if was and (lost := differences(quick, slow)):
                    kept = Path(tempfile.gettempdir()) / f"mutant-{seed}-{done + row}.dcm"
                    kept.write_bytes(Path(paths[row]).read_bytes())
                    said.append(f"{seeds[origin[row]].name} ({kept}): {[(k, quick[k], slow[k]) for k in lost[:3]]}")
            done += len(paths)
    return done, fast, said


def small_seeds(count: int = 60) -> list[Path]:
    """The smallest real files that pydicom reads, of different sizes."""
    import pydicom

    from conftest import real_files

    found: dict[int, Path] = {}
    for path in sorted(real_files(), key=lambda p: p.stat().st_size):
        try:
            pydicom.dcmread(path, stop_before_pixels=True)
        except Exception:
            continue
        found.setdefault(path.stat().st_size, path)
    return list(found.values())[:count]


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    warnings.simplefilter("ignore")
    arguments = [int(text) for text in sys.argv[1:]]
    count, seed = arguments + [10_000, 1][len(arguments) :]
    differ = 0
    for name, find, kinds in (("compiled", find_in_files, 60), ("quick", find_quickly, 60), ("alike", find_quickly, 3)):
        done, fast, said = run(small_seeds(), count, seed, find, kinds)
        print("\n".join(said[:60]))
        print(f"{name}: {done} mutants, {fast} by the walk, {len(said)} differ")
        differ += len(said)
    sys.exit(bool(differ))
