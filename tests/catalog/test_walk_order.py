"""The order of a walk: that of listing folders, whatever the order of rows, with any roots."""

import os

from hypothesis import given
from hypothesis import strategies as st

from hounsfield.catalog.walk_order import walk_order

PARTS = st.lists(st.sampled_from(["a", "b", "ab", "c"]), min_size=0, max_size=3)


def in_order(paths, roots):
    return [paths[place] for place in walk_order(paths, [None] * len(paths), roots).tolist()]


@given(st.lists(PARTS, min_size=1, max_size=8, unique_by=tuple), st.lists(PARTS, max_size=4))
def test_files_of_a_root_come_together_in_the_order_in_which_roots_were_named(files, folders):
    """Beside an order that asks each root, one after another, as somebody would by hand."""
    paths = ["/".join(["/data", *parts, f"{number}.dcm"]) for number, parts in enumerate(files)]
    roots = ["/".join(["/data", *parts]) + "/" * (number % 2) for number, parts in enumerate(folders)]
    expected = []
    for root in roots:
        below = [path for path in paths if path.startswith(root.rstrip("/") + "/") and path not in expected]
        expected += in_order(below, ())
    expected += in_order([path for path in paths if path not in expected], ())
    assert in_order(paths, roots) == expected
    assert in_order(paths[::-1], roots) == expected


def test_the_root_of_the_system_is_one_and_a_longer_name_is_none():
    assert in_order(["/b/1", "/a/2"], ["/a", "/"]) == ["/a/2", "/b/1"]
    assert in_order(["/data2/1", "/data/2"], ["/data"]) == ["/data/2", "/data2/1"]
    assert in_order(["s3://k/b/1", "s3://k/a/2"], ["s3://k/b/"]) == ["s3://k/b/1", "s3://k/a/2"]


def test_files_that_were_named_themselves_are_in_their_order():
    paths = [os.path.join("x", name) for name in ("1", "2", "3")]
    assert in_order(paths, [paths[2], paths[0]]) == [paths[2], paths[0], paths[1]]
