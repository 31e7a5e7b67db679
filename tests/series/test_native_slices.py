"""Native slices, read straight into a volume's memory: which ones, and their values by pydicom."""

import os

import numpy as np
import pytest

import hounsfield as hu
from hounsfield.limits import DEFAULT_LIMITS
from hounsfield.series.native_slices import DoesNotFit, check_unchanged, native_kinds, read_native

from series_made import ct, edit, expected, instances_of, with_padding


def kinds_of(found, space="modality", dtype=None):
    return native_kinds(found, np.arange(len(found.rows)), space, dtype, DEFAULT_LIMITS)


def filled(found, row, kind):
    out = np.empty((24, 24), kind.dtype)
    return out, read_native(found, row, kind, out)


def test_slices_of_one_kind_are_found_together_and_hold_the_values_of_pydicom(tmp_path):
    made = ct(tmp_path, slices=3)
    found = instances_of(tmp_path)
    ((kind, places),) = kinds_of(found)
    assert (places, kind.unit, kind.dtype) == ([0, 1, 2], "HU", np.int16)
    for row, path in enumerate(made.files):
        values, padding = filled(found, row, kind)
        assert np.array_equal(values, expected(path))
        assert padding is None


def test_each_slice_has_a_transform_of_its_own(tmp_path):
    made = ct(tmp_path, slices=2)
    edit(made.files[1], RescaleSlope="2", RescaleIntercept="-100")
    found = instances_of(tmp_path)
    ((kind, _),) = kinds_of(found)
    assert np.array_equal(filled(found, 1, kind)[0], expected(made.files[1]))


def test_stored_values_have_no_unit_and_the_type_of_the_file(tmp_path):
    made = ct(tmp_path, slices=2)
    found = instances_of(tmp_path)
    ((kind, _),) = kinds_of(found, "stored")
    assert (kind.unit, kind.dtype) == ("", hu.read(made.files[0], values="stored").values.dtype)


def test_padding_is_told_pixel_by_pixel(tmp_path):
    first, second = ct(tmp_path, slices=2).files
    edit(first, with_padding(777, slice(1)))
    edit(second, with_padding(777))
    found = instances_of(tmp_path)
    ((kind, _),) = kinds_of(found)
    _, padding = filled(found, 0, kind)
    assert np.argwhere(padding).tolist() == [[0, 0], [0, 1], [0, 2]]
    _, none = filled(found, 1, kind)
    assert none is None or not none.any()


def test_a_single_slice_is_read_by_itself(tmp_path):
    ct(tmp_path, slices=1)
    assert kinds_of(instances_of(tmp_path)) == []


def test_compressed_slices_and_other_spaces_are_none_of_them(tmp_path):
    ct(tmp_path / "rle", slices=2, transfer_syntax="rle")
    ct(tmp_path / "plain", slices=2)
    assert kinds_of(instances_of(tmp_path / "rle")) == []
    assert kinds_of(instances_of(tmp_path / "plain"), "suv") == []


def test_a_slice_that_is_cut_off_is_none_of_them(tmp_path):
    made = ct(tmp_path, slices=3)
    made.files[1].write_bytes(made.files[1].read_bytes()[:-10])
    assert [places for _, places in kinds_of(instances_of(tmp_path))] == [[0, 2]]


def test_values_beyond_their_type_do_not_wrap_around(tmp_path):
    made = ct(tmp_path, slices=2)

    def put(dataset):
        pixels = dataset.pixel_array.copy()
        pixels[5, 5] = 32_767
        dataset.PixelData = pixels.tobytes()
        dataset.BitsStored, dataset.HighBit = 16, 15

    for path in made.files:
        edit(path, put, RescaleSlope=1, RescaleIntercept=1000)
    found = instances_of(tmp_path)
    for kind, _ in kinds_of(found):
        with pytest.raises(DoesNotFit):
            filled(found, 0, kind)
    assert hu.read_volumes(tmp_path)[0].values[0, 5, 5] == 33_767


@pytest.mark.parametrize("change", ["longer", "touched", "gone"])
def test_a_file_that_is_not_what_it_was_is_refused_by_name(tmp_path, change):
    path, _ = ct(tmp_path, slices=2).files
    found = instances_of(tmp_path)
    ((kind, _),) = kinds_of(found)
    check_unchanged(found, 0)
    if change == "longer":
        path.write_bytes(path.read_bytes() + b"xx")
    elif change == "touched":
        os.utime(path, ns=(1, 1))
    else:
        path.unlink()
    for attempt in (lambda: check_unchanged(found, 0), lambda: filled(found, 0, kind)):
        with pytest.raises(hu.SourceError) as caught:
            attempt()
        assert caught.value.source == str(path)
