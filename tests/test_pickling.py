"""Images and volumes go through pickle and copy: to worker processes, to caches."""

import copy
import pickle

import numpy as np
import pytest

import hounsfield as hu


@pytest.mark.parametrize("again", [lambda v: pickle.loads(pickle.dumps(v)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_what_was_read_can_be_pickled_and_copied(tmp_path, sample, again):
    hu.phantom(tmp_path, matrix=16, slices=4)
    volume = hu.read_volumes(tmp_path)[0]
    image = hu.read(sample("emri_small.dcm"))
    for one in (
        volume,
        hu.mask(volume),
        volume.crop(rows=(2, 9)),
        volume.resample(4.0),
        volume[2],
        volume.project(slab=10),
        image,
        image.frame(3),
    ):
        other = again(one)
        assert np.array_equal(other.values, one.values)
        assert (other.unit, other.steps) == (one.unit, one.steps)
        assert other.header.get("Modality") == one.header.get("Modality") in ("CT", "MR")
    other = again(volume)
    assert other[3].plane == volume[3].plane
    assert other.slice_headers[3].get("SOPInstanceUID") == volume.slice_headers[3].get("SOPInstanceUID")
    assert again(image.frame(3)).plane == image.frame(3).plane
