"""docs/verified.md has the rows that the code has; the counts in it are those of its last making."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classes import every_class
from oracles import dcmtk

PAGE = Path(__file__).parents[2] / "docs" / "verified.md"


@pytest.fixture(scope="module")
def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    return re.split(r"^#+ ", text.split(f" {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def cells(part: str) -> list[list[str]]:
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return lines[2:]


def uids(part: str) -> set[str]:
    return set(re.findall(r"`([0-9.]+)`", part))


@pytest.mark.skipif(not dcmtk.installed(), reason="DCMTK's commands are not installed: not every file can be made")
def test_every_row_has_files_and_every_made_file_a_row(text):
    from oracles.encodings import encodings

    rows = {(next(iter(uids(row[0])), ""), row[1]): row for row in cells(section(text, "Transfer syntaxes"))}
    assert {(encoding.syntax, encoding.photometric) for encoding in encodings()} <= set(rows)
    for row in rows.values():
        assert row[2], row
        assert row[3], row
        assert int(row[4]) + int(row[5]) > 0, row


def test_every_transfer_syntax_stands_on_the_page(text):
    from oracles.readable import not_read, read_by

    verified = uids(section(text, "Transfer syntaxes"))
    alone = uids(section(text, "Read, and verified on no file"))
    assert verified | alone == set(read_by()), "run python docs/verify.py"
    assert not verified & alone
    assert uids(section(text, "Not read")) == set(not_read()), "run python docs/verify.py"


def test_every_made_class_stands_on_the_page(text):
    from oracles.readable import class_name

    rows = {row[0]: row for row in cells(section(text, "Classes"))}
    for build in every_class().values():
        assert int(rows[class_name(build().dataset.SOPClassUID)][2]) > 0, "run python docs/verify.py"


def test_every_explained_difference_stands_on_the_page(text):
    from oracles.outcomes import rows

    explained = section(text, "Differences, explained")
    for table in ("stored", "modality"):
        missing = [row.file for row in rows(table).values() if row.relation and f"`{row.file}`" not in explained]
        assert not missing, "run python docs/verify.py"
