"""The compiled walk must agree with pydicom on every file, or leave the file to it."""

import random
import warnings
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.multival import MultiValue

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning import compile_cache, compiled
from hounsfield.scanning.columns import Kind
from hounsfield.scanning.found import DONE, STATUS
from hounsfield.scanning.scan import scan_files
from hounsfield.scanning.walk_files import find_in_files

from conftest import SOME_OR_ALL, real_files
from made import dataset, to_bytes
from scan_mutants import COLUMNS, NESTED, both, differences, layout, run, small_seeds

GO = np.zeros(1, np.uint8)


def pydicom_value(whole: pydicom.Dataset, wanted):
    """What pydicom says of an attribute, in plain Python types."""
    place = whole.file_meta if wanted.in_meta else whole
    for tag, item in wanted.path:
        items = place[tag].value if tag in place else []
        if item >= len(items):
            return None
        place = items[item]
    if wanted.tag not in place:
        return None
    value = place[wanted.tag].value
    values = [v for v in value] if isinstance(value, (MultiValue, list)) else [value]
    if value is None or value == "" or values in ([], [""]):
        return None
    made = [None if v in ("", None) else CONVERT[wanted.kind](v) for v in values]
    return made if wanted.many else made[0] if len(made) == 1 else "\\".join(map(str, made))


def as_text(value):
    text = f"{int(value):08X}" if isinstance(value, pydicom.tag.BaseTag) else str(value)
    return text.rstrip(" \0")


def as_date(text):
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def as_time(text):
    whole, _, fraction = str(text).strip().partition(".")
    return time(int(whole[:2]), int(whole[2:4] or 0), int(whole[4:6] or 0), int(fraction.ljust(6, "0") or 0))


CONVERT = {
    Kind.TEXT: as_text,
    Kind.INTEGER: int,
    Kind.DECIMAL: float,
    Kind.DATE: as_date,
    Kind.TIME: as_time,
    Kind.DATETIME: lambda text: datetime.combine(as_date(text[:8]), as_time(text[8:].split("+")[0] or "00")),
    Kind.BYTES: lambda value: value,
}


def found_in(paths, wanted, **options):
    return find_in_files([str(path) for path in paths], wanted.plan, DEFAULT_LIMITS, 8192, GO, **options)


@pytest.fixture(scope="module")
def wanted():
    return layout()


def test_more_than_sixty_attributes_and_twenty_nested_ones_are_compared():
    assert len(NESTED) >= 20
    assert len(COLUMNS) - len(NESTED) >= 60


@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_the_walk_agrees_with_pydicom_on_every_real_file(wanted, files):
    """pydicom itself, not our header over it. What it cannot convert, or warns of, is compared in the next test.

    The file's own attributes, without those of its first frame that `scan` puts in their place.
    """
    compared = 0
    columns = {c.name: c for c in wanted.plan.columns}
    for path in files():
        row = scan_files([str(path)], COLUMNS, 1, DEFAULT_LIMITS, None).to_pylist()[0]
        if found_in([path], wanted).facts[0, STATUS] != DONE:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            for name in COLUMNS:
                if name not in columns or any(columns[name].keyword in issue for issue in row["issues"]):
                    continue
                try:
                    expected = pydicom_value(whole, columns[name])
                except (ValueError, TypeError, AttributeError, KeyError, NotImplementedError):
                    continue
                if isinstance(expected, str) and not expected.isascii():
                    continue  # pydicom has the character set of the file only; see the tests of text
                assert row[name] == expected, (path.name, name)
                compared += expected is not None
    assert compared > 20 * len(files())


@pytest.mark.parametrize("files", SOME_OR_ALL)
def test_the_walk_agrees_with_our_own_header_on_every_real_file(wanted, files):
    paths = [str(path) for path in files()]
    quick, slow, fast = both(paths, wanted)
    lost = {row["path"]: differences(row, other) for row, other, was in zip(quick, slow, fast, strict=True) if was}
    assert {path: names for path, names in lost.items() if names} == {}


def test_nearly_all_files_that_pydicom_reads_take_the_fast_way(wanted):
    paths = [path for path in real_files() if readable(path)]
    fast = int((found_in(paths, wanted).facts[:, STATUS] == DONE).sum())
    print(f"{fast} of {len(paths)} files that pydicom reads took the fast way")
    assert fast >= 0.95 * len(paths)


def readable(path: Path) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pydicom.dcmread(path, stop_before_pixels=True)
    except Exception:
        return False
    return True


@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=pytest.mark.long)])
def test_mutants_are_read_as_pydicom_reads_them_or_left_to_it(count):
    done, fast, said = run(small_seeds(), count, seed=20)
    assert done == count
    assert fast > count / 8
    assert said == []


def test_sequences_nested_beyond_the_limit_are_refused(tmp_path):
    inner = pydicom.Dataset()
    inner.TextValue = "x"
    for _ in range(70):
        outer = pydicom.Dataset()
        outer.ContentSequence = [inner]
        outer["ContentSequence"].is_undefined_length = True
        inner.is_undefined_length_sequence_item = True
        inner = outer
    made = dataset(np.zeros((2, 2), np.uint16), PatientID="1")
    made.ContentSequence = [inner]
    made["ContentSequence"].is_undefined_length = True
    inner.is_undefined_length_sequence_item = True
    (tmp_path / "deep").write_bytes(to_bytes(made))
    row = hu.scan(tmp_path, columns=["PatientID"]).to_pylist()[0]
    assert row["PatientID"] is None
    assert "nested" in row["error"]


def test_every_compiled_module_is_part_of_the_fingerprint():
    """Else a change of one would leave what was compiled with it before."""
    folder = Path(compiled.__file__).parent
    users = {path.stem for path in folder.glob("*.py") if "scanning.compiled import" in path.read_text()}
    assert users == set(compile_cache.COMPILED)


def test_damage_deep_in_a_wanted_sequence_is_left_to_pydicom(tmp_path, wanted):
    """An attribute longer than its item, in a sequence of undefined length that nobody wants: pydicom reads that at once."""
    inner = pydicom.Dataset()
    inner.ReferencedSOPInstanceUID = "1.2.3.4"
    item = pydicom.Dataset()
    item.ReferencedStudySequence = [inner]
    item["ReferencedStudySequence"].is_undefined_length = True
    item.ScheduledProcedureStepID = "STEP"
    made = dataset(np.zeros((2, 2), np.uint16))
    made.RequestAttributesSequence = [item]
    data = to_bytes(made)
    path = tmp_path / "whole"
    path.write_bytes(data)
    assert found_in([path], wanted).facts[0, STATUS] == DONE
    at = data.index(b"\x08\0\x55\x11UI", data.index(b"\x08\0\x10\x11SQ"))
    path.write_bytes(data[: at + 6] + b"\xf0" + data[at + 7 :])
    assert found_in([path], wanted).facts[0, STATUS] != DONE


def test_random_bytes_never_crash_the_walk(tmp_path, wanted):
    chance = random.Random(1)
    for number in range(300):
        head = chance.choice(
            (b"", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0")
        )
        (tmp_path / str(number)).write_bytes(head + chance.randbytes(chance.choice((0, 1, 8, 100, 5000))) or b"x")
    table = hu.scan(tmp_path)
    assert table.num_rows == 300
