"""How segments of masks are called and coded."""

import json

import pydicom
import pytest
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts

import hounsfield as hu
from hounsfield.masks.tissues import TISSUES
from hounsfield.recipes.segment import CODES, SegmentName
from segs import errors_in

from cli_runner import hu_here

#: PS3.16: Segmentation Property Category; and types of tissues, of anatomical structures, of body substances.
CATEGORY, TYPES = 7150, (7191, 7192, 7197)


def in_context_group(cid, code):
    return any(code[0] in concepts["SCT"][keyword] for keyword in cid_concepts[cid]["SCT"])


@pytest.mark.parametrize("tissue", TISSUES)
def test_codes_are_those_of_the_standard(tissue):
    category, kind = CODES[tissue]
    assert in_context_group(CATEGORY, category)
    assert any(in_context_group(cid, kind) for cid in TYPES)
    for value, _, meaning in (category, kind):
        assert meaning in [known[value][0] for known in concepts["SCT"].values() if value in known]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ct")
    hu.phantom(folder / "ct", matrix=32, slices=3)
    return folder


@pytest.mark.parametrize("tissue", TISSUES)
def test_a_segment_is_called_and_coded_by_its_tissue(tissue, folder, tmp_path):
    path = tmp_path / "seg.dcm"
    code, out, err = hu_here("mask", "ct", "--tissue", tissue, "-o", path, "--json", cwd=folder)
    assert code == 0, err
    (segment,) = pydicom.dcmread(path).SegmentSequence
    assert segment.SegmentLabel == tissue
    written = segment.SegmentedPropertyTypeCodeSequence[0]
    told = json.loads(out)[0]["segment"] if out.startswith("[") else json.loads(out)["segment"]
    assert told["label"] == tissue
    assert told["type"] == {
        "value": written.CodeValue, "scheme": written.CodingSchemeDesignator, "meaning": written.CodeMeaning
    }  # fmt: skip
    assert errors_in(path) == []


def test_a_label_may_be_given(folder, tmp_path):
    path = tmp_path / "seg.dcm"
    assert hu_here("mask", "ct", "--above", "200", "--label", "кость", "-o", path, cwd=folder)[0] == 0
    (segment,) = hu.segments(path)
    assert (segment.label, segment.type.meaning) == ("кость", "Tissue")
    assert hu_here("mask", "ct", "--above", "200", "-o", tmp_path / "b.dcm", cwd=folder)[0] == 0
    assert hu.segments(tmp_path / "b.dcm")[0].label == SegmentName("mask").label


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--label", "x"], "give --format seg"),
        (["--label", "x" * 65, "--format", "seg"], "at most 64"),
        (["--label", " ", "--format", "seg"], "is empty"),
    ],
)
def test_a_label_that_cannot_be_is_wrong_usage(words, says, folder):
    code, out, err = hu_here("mask", "ct", *words, cwd=folder)
    assert (code, out, says in " ".join(err.split()), "--label" in err) == (2, "", True, True)


def test_the_program_describes_the_segment(folder):
    words = ["mask", "ct", "--tissue", "bone", "--label", "b", "-o", "seg.dcm", "--as-python"]
    text = hu_here(*words, cwd=folder)[1]
    assert 'segments=hu.SegmentDescription("b", type=("3138006", "SCT", "Bone"))' in text
    assert "SegmentDescription" not in hu_here("mask", "ct", "-o", "seg.dcm", "--as-python", cwd=folder)[1]
