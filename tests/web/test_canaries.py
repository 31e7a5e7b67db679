"""Every text attribute of the dictionary, and every other place for words: no answer has any of it while hidden."""

import json

import pytest

from canaries import MARKS, write

from viewing import shown

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("canaries"))


def answers(page):
    """Address and bytes of every answer that there is."""
    yield "state", json.dumps(page.state(), ensure_ascii=False).encode()
    planes = [f"/planes/{plane}{rest}" for plane in ("axial", "coronal") for rest in ("", "/0")]
    searches = ["/header", "/header?search=name"]
    paths = ["", "?frame=0", "/frames/0", "/frames/99", "/thumbnail", "/picture", "/picture?annotations=1"]
    for item in page.state()["items"]:
        for path in (*paths, *planes, *searches):
            answer = page.get(f"items/{item['id']}{path}")
            yield f"{item['modality']} {path}", answer.content + repr(answer.headers.raw).encode()


def told(page):
    return {
        (where, text[max(0, text.find(mark.encode()) - 60) : text.find(mark.encode()) + 30])
        for where, text in answers(page)
        for mark in MARKS
        if mark.encode() in text
    }


@pytest.mark.parametrize("no_phi", [True, False])
def test_no_answer_has_a_canary_while_the_patient_is_hidden(folder, no_phi):
    with shown(folder, no_phi=no_phi) as page:
        assert len(page.state()["items"]) >= 7
        if not no_phi:
            assert len(told(page)) > 30  # the test can fail
            page.post("patient", json={"hidden": True})
        assert told(page) == set()


def test_a_search_does_not_find_what_is_hidden(folder):
    with shown(folder, no_phi=True) as page:
        for item in page.state()["items"]:
            for word in ("kanarie", "73519735", "18730519"):
                assert page.json(f"items/{item['id']}/header?search={word}")["rows"] == []
