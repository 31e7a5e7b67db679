"""DESIGN.md names what there is: every module, and for every question a file and a name in it."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src" / "hounsfield"
DESIGN = (ROOT / "DESIGN.md").read_text(encoding="utf-8")
INDEX = DESIGN.partition("## Where is ...")[2].partition("\n## ")[0]
MODULES = DESIGN.partition("## Every module")[2].partition("\n## ")[0]
QUESTIONS = re.findall(r"^\| (?!question|-)(.+?) \| (.+) \|$", INDEX, re.MULTILINE)


@cache
def names_in(module):
    """The names that a module binds at its top."""
    names = set()
    for node in ast.parse((SRC / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def places(answer):
    """Pairs of a module and the names that are said to be in it."""
    for part in answer.split("; "):
        spans = re.findall(r"`([^`]+)`", part.partition(": ")[0])[-1:], re.findall(r"`(\w+)`", part.partition(": ")[2])
        yield spans[0][0], spans[1]


def test_the_index_answers_forty_questions():
    assert len(QUESTIONS) >= 40


@pytest.mark.parametrize(("question", "answer"), QUESTIONS, ids=[question for question, _ in QUESTIONS])
def test_each_answer_of_the_index_exists(question, answer):
    for module, names in places(answer):
        assert (SRC / f"{module}.py").is_file(), module
        assert set(names) <= names_in(module), (module, names)


def test_every_module_is_listed_and_every_listed_module_exists():
    listed = set()
    for first in re.findall(r"^\| (`.+?) \|", MODULES, re.MULTILINE):
        folder = ""
        for span in re.findall(r"`([^`]+)`", first):
            if "/" in span:
                folder = span.rpartition("/")[0]
            listed.add(f"{folder}/{span.rpartition('/')[2]}")
    paths = (path.relative_to(SRC).with_suffix("").as_posix() for path in SRC.rglob("*.py"))
    assert listed == {path for path in paths if "/" in path and not path.endswith("__init__")}


def test_every_module_at_the_top_is_in_the_picture():
    picture = DESIGN.partition("## Rooms")[2].partition("\n## ")[0]
    tops = {path.stem for path in SRC.glob("*.py")} - {"__init__", "__main__", "_version"}
    rooms = {path.parent.name for path in SRC.glob("*/__init__.py")}
    assert {name for name in tops | rooms if not re.search(rf"^(?:.*\| )?{name}\b", picture, re.MULTILINE)} == set()


def test_journeys_name_modules_that_exist():
    journeys = DESIGN.partition("## Four journeys")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", journeys))
    assert len(named) > 30
    assert {name for name in named if not (SRC / f"{name}.py").is_file()} == set()
