"""What is pasted into parentheses is a whole question, or a whole condition: it cannot end before it does."""

import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

import hounsfield as hu
from hounsfield.catalog.catalog_paths import question_of
from hounsfield.catalog.chosen_rows import naming_sql
from hounsfield.catalog.writing import scan_into
from hounsfield.errors import FormatError

from cli_runner import hu_here

#: None is one condition.
HOSTILE = (
    "1=1) OR (1=1",
    "1=1) UNION SELECT path FROM files WHERE (1=1",
    "1=1) UNION ALL SELECT path FROM errors UNION ALL (SELECT path FROM vanished",
    "false) ORDER BY (path",
    "true) LIMIT (1",
    "true) GROUP BY path HAVING (true",
    "true); SELECT path FROM files WHERE (true",
    "true) AND path IN (SELECT path FROM files) OR (true",
    "/* ) */ true) OR (true",
    "'(' = '(') OR (')' = ')'",
    "true\n) OR -- (\n(true",
    "$$)$$ = ')') OR ($$($$ = '('",
    "true) WINDOW w AS (PARTITION BY path",
    "true) QUALIFY (true",
)
#: Each is.
HONEST = (
    "true",
    "(Rows > 1) OR (Columns > 1)",
    "'(' = '('",
    "path NOT LIKE '%)%' -- ) OR (",
    "/* ) */ Rows > 0",
    "path IN (SELECT path FROM instances)",
    "$$)$$ = ')'",
    "path <> ')' AND \"path\" <> '('",
)
QUESTIONS = (
    "SELECT path FROM instances) UNION SELECT path FROM (FROM files",
    "SELECT path FROM instances WHERE false) a, (SELECT path FROM files",
    "FROM instances) x WHERE path IN (FROM files",
    "WITH a AS (FROM instances) FROM a) b JOIN (SELECT 1",
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pasted")
    shutil.copy(get_testdata_file("CT_small.dcm"), folder)
    (folder / "notes.txt").write_text("none")
    scan_into(folder / "c", [folder])
    with hu.Catalog(folder / "c") as opened:
        yield opened


@pytest.mark.parametrize("text", HOSTILE)
def test_no_condition_ends_before_it_does(catalog, text):
    for question in (question_of(text), naming_sql(question_of(text))):
        with pytest.raises(FormatError, match="parenthes|one SELECT|Parser Error"):
            catalog.query(question)


@pytest.mark.parametrize("text", QUESTIONS)
def test_no_question_ends_before_it_does(catalog, text):
    with pytest.raises(FormatError, match="parenthes|one SELECT|Parser Error"):
        catalog.query(naming_sql(question_of(text)))


@pytest.mark.parametrize("text", HONEST)
def test_conditions_are_taken_as_they_are(catalog, text):
    for question in (question_of(text), naming_sql(question_of(text))):
        assert len(catalog.query(question)["path"]) == 1


@given(st.lists(st.sampled_from([*"()'\"$;", "--", "/*", "*/", "\n", "$$", " true ", " OR ", " false "]), max_size=12))
@settings(max_examples=150, deadline=None)
def test_whatever_is_taken_is_one_condition(catalog, parts):
    text = "".join(parts)
    if not text.strip():
        return
    try:
        catalog.query(question_of(text))
    except FormatError:
        return
    # What is one condition can be negated as a whole: each file fits the one, the other, or neither (null).
    both = f"SELECT path FROM instances WHERE (\n{text}\n) AND NOT (\n{text}\n)"
    assert catalog.query(both).num_rows == 0


def test_the_command_says_so(catalog):
    code, _, err = hu_here("ls", f"{catalog.folder}?1=1) OR (1=1")
    assert code == 2 and "parentheses" in err
