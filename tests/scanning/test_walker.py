"""The compiled walk must agree with pydicom on every file, or leave the file to it."""

import math
import random
import warnings
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.multival import MultiValue

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.scanning import compiled, preparing
from hounsfield.scanning.columns import Kind, choose_columns, column, plan
from hounsfield.scanning.found import DONE, STATUS
from hounsfield.scanning.scan import scan_files
from hounsfield.scanning.walk_files import NATIVE, find_in_files

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


@pytest.mark.parametrize("native", [pytest.param(True, marks=pytest.mark.skipif(not NATIVE, reason="no Linux")), False])
@pytest.mark.parametrize("first", [700, 2000, 8192])
def test_files_are_read_alike_however_they_are_opened_and_in_whatever_pieces(wanted, native, first):
    paths = [str(path) for path in small_seeds(60)]
    found = find_in_files(paths, wanted.plan, DEFAULT_LIMITS, first, GO, native=native)
    whole = find_in_files(paths, wanted.plan, DEFAULT_LIMITS, 2**18, GO)
    # A first piece that ends inside the file meta is left to pydicom.
    both_done = (found.facts[:, STATUS] == DONE) & (whole.facts[:, STATUS] == DONE)
    assert both_done.sum() >= 40
    assert (found.facts[both_done] == whole.facts[both_done]).all()
    for one, other in zip(contents(found), contents(whole), strict=True):
        assert one is None or other is None or one == other


def contents(found):
    rows = []
    for places, fact in zip(found.places, found.facts, strict=True):
        done = fact[STATUS] == DONE
        rows.append([found.values[a : a + n].tobytes() if n >= 0 else None for a, n, _ in places] if done else None)
    return rows


@pytest.mark.parametrize("count", [300, pytest.param(3000, marks=pytest.mark.long)])
def test_mutants_are_read_as_pydicom_reads_them_or_left_to_it(count):
    done, fast, said = run(small_seeds(), count, seed=20)
    assert done == count
    assert fast > count / 8
    assert said == []


def test_a_long_header_is_read_further_only_where_it_is_needed(tmp_path, wanted):
    """A private value of a megabyte is jumped over; a sequence of undefined length is walked through."""
    made = dataset(np.zeros((4, 4), np.uint16), PatientID="1", SeriesNumber=7)
    block = made.private_block(0x0011, "ACME", create=True)
    block.add_new(0x10, "OB", bytes(2**20))
    item = pydicom.Dataset()
    item.TextValue = "x" * 9000
    made.ContentSequence = [item] * 60
    made["ContentSequence"].is_undefined_length = True
    item.is_undefined_length_sequence_item = True
    path = tmp_path / "long"
    path.write_bytes(to_bytes(made))
    found = found_in([path], wanted)
    assert found.facts[0, STATUS] == DONE
    row = hu.scan(path, columns=["SeriesNumber", "Rows", "pixel_offset"]).to_pylist()[0]
    assert (row["SeriesNumber"], row["Rows"]) == (7, 4)
    assert path.read_bytes()[row["pixel_offset"] - 12 : row["pixel_offset"] - 8] == b"\xe0\x7f\x10\0"


def test_too_many_values_for_the_room_go_into_a_second_part(tmp_path):
    paths = []
    for number in range(40):
        path = tmp_path / f"{number}"
        path.write_bytes(to_bytes(dataset(np.zeros((2, 2), np.uint16), TextValue=f"{number:05}" * 8000)))
        paths.append(path)
    columns, _ = choose_columns(["TextValue"], phi=True)
    found = find_in_files([str(p) for p in paths], plan(columns), DEFAULT_LIMITS, 8192, GO)
    assert 0 < found.count < 40
    texts = hu.scan(tmp_path, columns=["TextValue"]).column("TextValue").to_pylist()
    assert sorted(text[:5] for text in texts) == [f"{number:05}" for number in range(40)]
    assert {len(text) for text in texts} == {40_000}


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
    assert users == set(preparing.COMPILED)


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


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(lambda v: f"{v!r}"[:16]),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(lambda v: f"{v}"[:16]),
    st.integers(-(10**15), 10**16).map(str),
    st.text("0123456789+-.eE ", min_size=1, max_size=16),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4))
def test_decimals_are_those_of_python_to_the_last_bit(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("decimals") / "one"
    made = dataset(np.zeros((2, 2), np.uint16))
    data = to_bytes(made)
    value = "\\".join(texts).encode()
    value += b" " * (len(value) % 2)
    at = data.index(b"\x28\0\x02\0")  # SamplesPerPixel: Window Center would stand behind Columns
    element = b"\x20\0\x32\0DS" + len(value).to_bytes(2, "little") + value
    path.write_bytes(data[:at] + element + data[at:])
    row = hu.scan(path, columns=["ImagePositionPatient"], threads=1).to_pylist()[0]
    found, parts = row["ImagePositionPatient"], value.decode().split("\\")
    if any(part.strip() and not is_number(part) for part in parts):
        assert found is None
        assert any("ImagePositionPatient" in issue for issue in row["issues"])
    elif any(part.strip() for part in parts):
        expected = [float(part) if part.strip() else None for part in parts]
        assert repr(found) == repr(expected)  # -0.0 too
    else:
        assert found is None


def is_number(text):
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


@settings(max_examples=200, deadline=None)
@given(st.dates(min_value=date(1, 1, 1)), st.times(), st.integers(2, 13))
def test_dates_and_times_are_those_of_python(tmp_path_factory, day, moment, digits):
    path = tmp_path_factory.mktemp("dates") / "one"
    text = f"{moment:%H%M%S}.{moment.microsecond:06}"[: digits if digits not in (3, 5, 7) else 6]
    stamp = f"{day.year:04}{day:%m%d}"
    path.write_bytes(
        to_bytes(
            dataset(np.zeros((2, 2), np.uint16), StudyDate=stamp, StudyTime=text, AcquisitionDateTime=stamp + text)
        )
    )
    row = hu.scan(path, columns=["StudyDate", "StudyTime", "AcquisitionDateTime"], threads=1).to_pylist()[0]
    assert row["issues"] == []
    assert row["StudyDate"] == day
    assert row["StudyTime"] == as_time(text)
    assert row["AcquisitionDateTime"] == datetime.combine(day, as_time(text))


def test_columns_are_found_by_keyword_tag_and_path():
    assert column("Rows") == column("00280010").__class__(**{**column("00280010").__dict__, "name": "Rows"})
    assert column("(0028,0010)").tag == 0x00280010
    assert column("RequestAttributesSequence[2].ScheduledProcedureStepID").path == ((0x00400275, 2),)
    assert column("00400275.00400009").path == ((0x00400275, 0),)
    assert column("DEAD0010").vr == ""


@pytest.mark.parametrize(
    "name", ["Row", "", "Rows[0]", "PixelData", "RequestAttributesSequence", "Rows.", "0028", "A[x].B", "ABCDEFAG"]
)
def test_what_is_no_column_is_refused(name):
    with pytest.raises(ValueError, match=r"attribute|sequence|pixel data|items"):
        column(name)


def test_random_bytes_never_crash_the_walk(tmp_path, wanted):
    chance = random.Random(1)
    for number in range(300):
        head = chance.choice(
            (b"", b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM\x02\0\x10\0UI\x14\x001.2.840.10008.1.2.1\0")
        )
        (tmp_path / str(number)).write_bytes(head + chance.randbytes(chance.choice((0, 1, 8, 100, 5000))) or b"x")
    table = hu.scan(tmp_path)
    assert table.num_rows == 300
