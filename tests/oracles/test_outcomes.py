"""The table of explained differences is held to the letter in both directions."""

from oracles.outcomes import ALONE, DIFFERS, EQUAL, EXPLAINED, Outcome, Row, complaints, label_of, settle

from conftest import real_files

LABEL = label_of(real_files()[0])
TABLE = {LABEL: Row(LABEL, "DCMTK", "something else", "a reason", "inverted")}


def test_an_unexplained_difference_is_a_complaint():
    assert complaints([Outcome(LABEL, DIFFERS, "DCMTK", "by up to 3")], {}) != []


def test_a_file_that_no_oracle_reads_must_be_named():
    assert complaints([Outcome(LABEL, ALONE)], {}) != []
    assert complaints([Outcome(LABEL, ALONE)], TABLE) == []


def test_a_row_whose_file_no_longer_differs_is_a_complaint():
    assert complaints([Outcome(LABEL, EQUAL, "DCMTK")], TABLE) != []


def test_a_row_whose_file_is_gone_is_a_complaint():
    assert complaints([], TABLE) != []


def test_a_difference_is_explained_only_where_its_relation_holds():
    differs = Outcome(LABEL, DIFFERS, "DCMTK", "by up to 3", relations=("inverted",))
    assert settle(differs, TABLE).kind == EXPLAINED
    assert complaints([settle(differs, TABLE)], TABLE) == []
    other = Outcome(LABEL, DIFFERS, "DCMTK", "by up to 3", relations=("255 for 1",))
    assert complaints([settle(other, TABLE)], TABLE) != []


def test_every_file_has_a_name_of_its_own():
    labels = [label_of(path) for path in real_files()]
    assert len(set(labels)) == len(labels)
    assert not any("/" not in label for label in labels)
