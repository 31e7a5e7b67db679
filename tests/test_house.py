"""How the house is kept: one meaning for one name, files and functions of a size that one can read."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "hounsfield"
FILES = sorted(SOURCE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text("utf-8")) for path in FILES}

#: Modules of one name that do one job: the command of a room, and the room's own module.
COMMANDS = {"batch", "catalog", "explain", "figure", "info", "mask", "query", "scan", "tags", "view"}
#: Classes of one name that do one job.
CLASSES: dict[str, str] = {}

MOST_LINES = 400
MOST_ARGUMENTS = 7
MOST_LOOSE = 14
LONG, SHARE_LONG, NINETIETH = 30, 0.01, 20


def shown(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def functions():
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def code_lines(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function that are neither blank nor of a comment or docstring; decorators do not count either."""
    lines = path.read_text("utf-8").splitlines()
    documented = ast.get_docstring(node, clean=False) is not None
    words = range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1) if documented else ()
    return sum(
        1
        for number in range(node.lineno, (node.end_lineno or 0) + 1)
        if number not in words and lines[number - 1].strip() and not lines[number - 1].strip().startswith("#")
    )


def test_no_two_modules_have_the_same_name():
    rooms = defaultdict(list)
    for path in FILES:
        if path.name not in ("__init__.py", "__main__.py"):
            rooms[path.stem].append(shown(path))
    twice = {name: sorted(places) for name, places in rooms.items() if len(places) > 1}
    commands = {name for name, places in twice.items() if len(places) == 2 and f"cli/{name}.py" in places}
    assert {name: places for name, places in twice.items() if name not in commands & COMMANDS} == {}


def test_no_two_classes_have_the_same_name():
    rooms = defaultdict(list)
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not (node.name in CLASSES and "cli" in path.parts):
                rooms[node.name].append(shown(path))
    assert {name: places for name, places in rooms.items() if len(places) > 1} == {}


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_no_file_is_too_long(path):
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


def test_functions_with_many_arguments_say_why():
    silent = []
    for path, node in functions():
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        if sum(argument.arg not in ("self", "cls") for argument in every) <= MOST_ARGUMENTS:
            continue
        lines = path.read_text("utf-8").splitlines()
        # Beside the function, or for the whole file, where its compiled functions are all alike.
        beside = [*lines[node.lineno - 2 : node.lineno], *(line for line in lines if line.startswith("# ruff: noqa"))]
        if not any("PLR0913" in line and len(line.partition("PLR0913")[2].split()) > 3 for line in beside):
            silent.append(f"{shown(path)}: {node.name}")
    assert silent == []


def test_functions_are_short():
    sizes = sorted((code_lines(path, node), f"{shown(path)}: {node.name}") for path, node in functions())
    long = [place for size, place in sizes if size > LONG]
    assert len(long) <= SHARE_LONG * len(sizes), long
    assert sizes[len(sizes) * 9 // 10][0] <= NINETIETH


def test_few_modules_stand_outside_of_the_rooms():
    loose = [path.name for path in SOURCE.glob("*.py") if not path.name.startswith("_")]
    assert len(loose) <= MOST_LOOSE, loose


def test_docstrings_say_what_is_returned_or_done():
    """They begin "Return the frames in display order.", and not "Which frames ..."."""
    asking = {"What", "Which", "Whether", "How", "Where", "Why"}
    wrong = []
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and "cli" not in path.parts:
                first = (ast.get_docstring(node) or "").split(" ")[0].strip(",.")
                if first in asking:
                    wrong.append(f"{shown(path)}: {node.name}")
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions count: they only hide a circle."""
    graph = {path: modules_of(tree) - {path} for path, tree in TREES.items()}
    done = set()

    def visit(path, way):
        assert path not in way, " -> ".join(shown(step) for step in (*way[way.index(path) :], path))
        if path not in done:
            for other in sorted(graph[path]):
                visit(other, (*way, path))
            done.add(path)

    for path in sorted(graph):
        visit(path, ())


def modules_of(tree):
    """The files of this package that a module imports, not for its types alone."""
    typing = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    unused = {id(node) for block in typing for node in ast.walk(block)}
    names = set()
    for node in ast.walk(tree):
        if id(node) in unused or not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        module = getattr(node, "module", None)
        names |= {f"{module}.{alias.name}" if module else alias.name for alias in node.names} | {module or ""}
    files = (
        SOURCE.joinpath(*name.split(".")[1:]).with_suffix(".py") for name in names if name.startswith("hounsfield.")
    )
    return {path for path in files if path in TREES}
