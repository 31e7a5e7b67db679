"""Messages that many files share: all in a log, on a terminal the first few and a number."""

import shutil

import pytest

from hounsfield.cli import shared_messages

from cli_runner import hu_here


@pytest.fixture
def mixed(sample, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(sample("CT_small.dcm"), folder)
    for number in range(7):
        (folder / f"note{number}.txt").write_text("no picture\n" * 50)
    return folder


def told(err: str) -> int:
    return sum("note" in line for line in err.splitlines())


def test_a_log_names_every_file(mixed):
    code, _, err = hu_here("stats", mixed)
    assert code == 0
    assert told(err) == 7
    assert "more file" not in err


@pytest.mark.parametrize("options", [(), ("--each", "-j", "1")])
def test_a_person_reads_the_first_few_and_how_many_more(mixed, monkeypatch, options):
    monkeypatch.setattr(shared_messages, "on_terminal", lambda: True)
    code, _, err = hu_here("stats", mixed, *options)
    assert code == 0
    assert told(err) == 3
    assert "hu: 4 more files: is not a DICOM file but text; -v names them" in err.splitlines()
    code, _, err = hu_here("stats", mixed, *options, "-v")
    assert told(err) == 7


def test_what_is_said_of_one_file_is_said_whole(monkeypatch, capsys):
    monkeypatch.setattr(shared_messages, "on_terminal", lambda: True)
    messages = shared_messages.SharedMessages(every=False)
    for file in "abcde":
        messages.say(file, f"{file}: the same")
        messages.say(file, f"{file}: of {file} only")
    messages.close()
    messages.close()  # says nothing again
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "same" in line] == [
        "hu: a: the same",
        "hu: b: the same",
        "hu: c: the same",
        "hu: 2 more files: the same; -v names them",
    ]
    assert sum("only" in line for line in lines) == 5
