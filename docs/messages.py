"""Keep the Chinese catalogue of the command in step with its texts: ``python docs/messages.py``.

Collects the texts of the command and the sentences of the library from the source, and Click's own; adds those that
are new to ``src/hounsfield/locale/zh_CN/LC_MESSAGES/hounsfield.po`` without a translation, drops those that are gone,
and compiles the ``.mo`` that gettext reads. A sentence with values in it is a template, ``{frames} frames of {rows} x
{columns}``; what stands in braces is a name of the code, or a number where the code computes it, and stays in the
translation.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from hounsfield.cli import COMMANDS, cli
from hounsfield.cli.help_page import paragraphs, pieces
from hounsfield.recipes.command_line import in_options

SOURCE = Path(__file__).parents[1] / "src" / "hounsfield"
CATALOGUE = SOURCE / "locale" / "zh_CN" / "LC_MESSAGES" / "hounsfield.po"
#: Modules whose strings are programs, patterns or contents of files, not sentences for a person.
NO_SENTENCES = (
    "recipes/program", "figures/words.py", "figures/captions.py", "recipes/source_code.py", "phantoms/",
    "headers/charset.py",
    "figures/notebook.py", "cli/language.py", "locale/", "cli/help_page.py", "headers/profile.py",
    "scanning/by_frame.py", "catalog/series_sql.py", "catalog/row_sql.py", "catalog/series_changes.py",
    "catalog/series_rows.py", "catalog/sandbox.py",
    "catalog/described.py", "catalog/answer_types.py",
    "scanning/preparing.py", "series/separators.py", "web/serving", "web/app", "web/page_files",
    "web/keys", "web/sockets", "web/access.py", "web/routes/film_routes", "web/routes/attachments",
    "web/copied_code", "web/copied_shapes", "web/copied_sources",
    "web/run_folder", "web/page_document", "web/notebook_view",
)  # fmt: skip
#: Calls whose strings are none either.
NO_SENTENCE = {"Popen", "compile", "import_module", "items_of", "cast", "getattr", "setattr", "fromkeys", "split", "sub", "search", "strptime", "startswith", "endswith", "option", "argument", "command", "Path", "TypeVar", "path"}  # fmt: skip  # noqa: E501
#: Single words that the command prints as labels; those of steps and outcomes are found in the code.
LABELS = """
area axes bytes conflict decay decoder file files frame localizer max mean measured median min missing name none outcome
padding patient pixels reading region sd series shape slice source spacing step study unit unknown values
volume volumes voxels what why
copy duplicate single unreadable ignored
inputs known: measured: members memory shard
""".split()
#: Of `hu catalog info`, and the tables of `hu catalog export`.
CATALOG_LABELS = (
    "catalog",
    "state",
    "changed",
    "phi",
    "headers",
    "secret",
    "rows",
    "readable",
    "errors",
    "vanished",
    "bytes scanned",
    "series",
    "studies",
    "patients",
    "modalities",
    "repeated",
    "conflicting",
    "shards",
    "volumes",
    "derived",
    "dead rows",
    "bytes",
    "bytes a row",
    "columns",
    "scanned",
)
TABLES = "instances errors studies patients gaps conflicts outcomes headers".split()
#: Sentences that the code puts together of words.
PHRASES = (
    "no images", "no files", "Pictures:", "done", "assumed", "above {above} {unit}", "below {below} {unit}",
    "above {above} and below {below} {unit}", "above {above}", "below {below}", "above {above} and below {below}",
    "in {unit}", "in no known unit", "{uid} is a native one", "interrupted", "measures: volume",
    "Did you mean one of: {possibilities}?", "(row, column)",
    "(frame, row, column)", "(slice, row, column)", "(row, column, sample)", "(frame, row, column, sample)",
    "No such file or directory", "No space left on device", "integer", "float",
    "no such file or directory", "permission denied", "not a directory", "no space left on device",
    "is not an image but {name}, which has no pixel data", "is a directory", "modality {0}", "{low} to any higher HU",
    "any lower to {high} HU", "as a single value", "signed", "unsigned", "text", "big", "little", "one value", "air",
    "lung", "fat", "{0} volume of {1} file: {said}", "{0} volume of {1} files: {said}",
    "{0} volumes of {1} files: {said}", "{count} file", "{count} files", "{count} voxels",
    "{count} pixels", "figure",
    *(f"catalog: {label}" for label in CATALOG_LABELS), "yes", "no", "{count} rows", "{count} row",
    "blood", "nodule", "marrow", "cortical bone", "bone", "DIFFERS", "ok", "then {gap}", "without a known unit",
)  # fmt: skip
_PLACE = re.compile(r"\{[^}]*\}")
#: Begins a text in SQL, or stands in it.
_SQL = re.compile(
    r"\b(SELECT\s|IS (NOT )?NULL|(GROUP|ORDER) BY|CREATE (OR REPLACE )?(TABLE|VIEW|SCHEMA)|INSERT INTO|read_parquet)"
    r"|\bWHERE\s|\bNOT IN \("
    r"|^import sys;|^\s*WITH\s|^SET \w+ =|\(FROM\s|^coalesce\(|file_row_number"
)
_WORD = re.compile(r"(?<![\w.=])[a-z]{2,}(?![\w(=])")


def texts_of_the_command() -> Iterator[str]:
    """Yield what the pages of help say: descriptions, options, examples."""
    context = click.Context(cli)
    commands = [cli, *(cli.get_command(context, name) for name in COMMANDS)]
    commands += [below for group in commands[1:] for below in getattr(group, "commands", {}).values()]
    for command in commands:
        for text in (command.help, command.epilog):
            for paragraph in paragraphs(text or ""):
                yield from (piece for piece in pieces(paragraph) if not piece[:1].isspace() and piece != "\b\n")
        for option in command.params:
            yield from (getattr(option, "help", None) or "",)
            if isinstance(getattr(option, "show_default", None), str):
                yield option.show_default
    yield from (line for _, line in COMMANDS.values())


def sentences_of(tree: ast.AST) -> Iterator[str]:
    """Yield the sentences of a module: strings of two words and more, with the places of their values."""
    documentation = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    yield from _sentences(tree, documentation)


def _sentences(node: ast.AST, skipped: set[int]) -> Iterator[str]:
    if id(node) in skipped:
        return
    if isinstance(node, ast.Call):
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in NO_SENTENCE:
            return
        if name == "Step" and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        if name == "counted" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            yield from (f"{{count}} {node.args[1].value}", f"{{count}} {node.args[1].value}s")
    text = _template(node)
    if text is not None:
        if is_sentence(text):
            yield in_options(text.removeprefix("hu: "))
        if isinstance(node, ast.JoinedStr | ast.Constant):
            for value in getattr(node, "values", ()):
                if isinstance(value, ast.FormattedValue):
                    yield from _sentences(value.value, skipped)
            return
    for child in ast.iter_child_nodes(node):
        yield from _sentences(child, skipped)


def is_sentence(text: str) -> bool:
    """Whether a string says something to a person: words, and not only keywords, code or examples."""
    plain = _PLACE.sub("", text)
    if _SQL.search(text):
        return False
    return " " in text.strip() and bool(_WORD.search(plain)) and len(plain.split()) > 1 and not text.startswith("\b")


def _template(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    text, names = "", list[str]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        name = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
        names.append(name if re.fullmatch(r"[\w.]+", name) and name not in names else str(len(names)))
        text += f"{{{names[-1]}}}"
    return text


def texts_of_click() -> Iterator[str]:
    """Yield the texts that Click gives to gettext."""
    for module in sorted(Path(click.__file__).parent.glob("[!_]*.py")):
        if module.name in ("termui.py", "testing.py"):  # prompts, which the command has none of
            continue
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "ngettext"):
                yield from (str(text.value) for text in node.args if isinstance(text, ast.Constant))


def texts() -> dict[str, str]:
    """Return every text with the module that it is from."""
    found: dict[str, str] = {}
    for text in texts_of_the_command():
        found.setdefault(text, "command")
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if not name.startswith(NO_SENTENCES):
            for text in sentences_of(ast.parse(path.read_text("utf-8"))):
                found.setdefault(text, name)
    found |= {text: "labels" for text in (*LABELS, *TABLES, *PHRASES) if text not in found}
    for text in texts_of_click():
        found.setdefault(text, "click")
    return {text: name for text, name in found.items() if re.search(r"[A-Za-z]", text)}


def updated() -> Catalog:
    """Return the catalogue with every text, and the translations that there are."""
    with CATALOGUE.open("rb") as file:
        held = read_po(file, locale="zh_CN", ignore_obsolete=True)
    made = Catalog(
        locale="zh_CN", domain="hounsfield", project="hounsfield", header_comment="# The command in Chinese."
    )
    for text, name in sorted(texts().items(), key=lambda pair: (pair[1], pair[0])):
        old = held.get(text)
        made.add(text, string=old.string if old is not None else "", auto_comments=(name,))
    return made


if __name__ == "__main__":
    if not CATALOGUE.exists():
        CATALOGUE.write_text("")
    catalogue = updated()
    for name in ("creation_date", "revision_date"):
        setattr(catalogue, name, datetime(2026, 1, 1, tzinfo=UTC))
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=120, omit_header=False)
    with CATALOGUE.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    lacking = [m.id for m in catalogue if m.id and not m.string]
    sys.stderr.write(f"{len(catalogue)} texts, {len(lacking)} without a translation\n")
