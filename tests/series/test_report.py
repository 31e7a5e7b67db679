"""What became of files, as text and as dictionaries."""

import json

from hounsfield.series.report import Conflict, FileOutcome, MissingSlices, Report

FILES = (
    FileOutcome("a", "volume", volumes=(0, 2, 3, 4, 7)),
    FileOutcome("b", "volume", "its layout is assumed", (1,)),
    FileOutcome("c", "duplicate", "its pixels are those of a", copy_of="a"),
    FileOutcome("d", "not DICOM", "is text"),
)


def test_counts_name_every_outcome_and_add_up_to_the_files():
    report = Report(FILES)
    assert report.counts == {"volume": 2, "duplicate": 1, "no volume": 0, "not DICOM": 1, "unreadable": 0}
    assert sum(report.counts.values()) == len(report.files)


def test_files_of_one_outcome_are_in_the_order_they_were_walked():
    assert [file.path for file in Report(FILES).of("volume")] == ["a", "b"]
    assert Report(FILES).of("unreadable") == []


def test_the_table_leaves_out_files_that_are_simply_part_of_a_volume():
    assert Report(FILES).table() == [
        ["volume", "b", "1", "its layout is assumed"],
        ["duplicate", "c", "", "its pixels are those of a"],
        ["not DICOM", "d", "", "is text"],
    ]


def test_volumes_of_a_file_are_told_as_ranges():
    several = FileOutcome("a", "volume", "x", (0, 2, 3, 4, 7))
    assert Report((several,)).table()[0][2] == "0, 2-4, 7"


def test_one_missing_slice_is_singular_and_of_many_three_are_shown():
    place = (1.0, -2.5, 3.0)
    assert str(MissingSlices((0, 1), 10, 5, (place,), 1)) == "1 slice missing at (1, -2.5, 3) mm"
    many = MissingSlices((0, 1), 30, 5, (place,) * 5, 5)
    assert str(many) == "5 slices missing, the first 3 at (1, -2.5, 3), (1, -2.5, 3), (1, -2.5, 3) mm"


def test_three_missing_slices_and_two_files_of_a_conflict_are_all_shown():
    assert "more" not in str(MissingSlices((0, 1), 20, 5, ((0.0, 0.0, 5.0),) * 3, 3))
    assert str(Conflict(("a", "b"), "two versions")) == "a, b: two versions"


def test_a_distance_that_varies_is_told_by_how():
    assert str(MissingSlices((0, 1), 12.3, 5)) == "12.3 mm between slices instead of the usual 5"
    aside = MissingSlices((0, 1), 5, 5, aside_mm=3)
    assert str(aside) == "5 mm between slices as usual, but displaced sideways by 3 mm"
    assert str(MissingSlices((0, 1), 5.00001, 5)).endswith("changes gradually")


def test_text_names_the_volumes_on_both_sides_of_a_gap_and_the_one_that_was_resampled():
    missing = (MissingSlices((0, 1), 10, 5, ((0, 0, 5),), 1), MissingSlices((2, 2), 10, 5, ((0, 0, 5),), 1))
    conflict = Conflict(("a", "b", "c"), "two versions")
    assert str(Report(FILES, missing, (conflict,))).splitlines()[:4] == [
        "4 files: 2 volume, 1 duplicate, 1 not DICOM",
        "volumes 0 and 1: 1 slice missing at (0, 0, 5) mm",
        "volume 2: 1 slice missing at (0, 0, 5) mm",
        "conflict: a, b and 1 more: two versions",
    ]
    assert str(Report(())) == "0 files: none"


def test_the_dictionary_goes_through_json_unchanged():
    made = Report(FILES, (MissingSlices((0, 1), 10, 5, ((0, 0, 5),), 1),), (Conflict(("a",), "x"),)).to_dict()
    assert json.loads(json.dumps(made)) == made
    assert "copy_of" not in made["files"][0]
    assert made["files"][2]["copy_of"] == "a"
    assert made["missing"][0]["positions"] == [[0, 0, 5]]
