"""The fence around a question in SQL: one SELECT over the views of a catalog, and messages that quote nothing of it.

DuckDB itself is told to open no other file. Here its parse tree is looked at before it is asked anything: no other
tables, no functions that read, write, wait, or tell of settings. What DuckDB says of a mistake may quote values of
files; those are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from hounsfield.errors import FormatError, LimitExceededError
from hounsfield.text import printable, suggestion

#: Characters of a question: a list of ten thousand UIDs fits.
MOST_CHARACTERS = 2**20
#: Functions that make tables of their arguments alone.
_TABLE_FUNCTIONS = frozenset(["range", "generate_series", "unnest", "json_each", "json_tree"])
#: Functions with an effect, or that tell of something else than the catalog.
_REFUSED = frozenset(
    """
    getenv current_setting getvariable write_log parse_duckdb_log_message sleep_ms nextval currval setval setseed error
    query query_table glob sniff_csv which_secret json_serialize_sql json_deserialize_sql json_serialize_plan
    json_execute_serialized_sql current_query current_query_id current_connection_id col_description obj_description
    shobj_description get_block_size in_search_path
    """.split()
)
_REFUSED_BEGINNINGS = ("read_", "duckdb_", "pragma_", "pg_", "parquet_", "inet_", "__internal", "has_", "enable_")
#: Common table expressions may be called like this.
_PLAIN_NAME = re.compile(r"(?!duckdb_|pragma_|pg_|sqlite_|information_schema)[^\W\d]\w*")
#: What DuckDB says of SQL itself, not of values.
_OF_SQL = ("Parser Error", "Binder Error", "Catalog Error", "Syntax Error")
#: Words of DuckDB's messages on values: all others, which may be values of files, are left out.
_WORDS = frozenset(
    """
    a according addition allowed an and argument arguments array as at base64 be been blob bool by cannot cast
    casting code codepoint column conversion convert could create date decimal decode destination digit division
    does double elements empty encountered end enum error escape exceeded exceeds expected expression extract failed
    field find fit float for format found from function got greater has hex implemented in index input int int16
    int32 int64 int8 integer interval invalid is it json key keys large larger length list lists malformed map match
    maximum memory message missing more most multiplication must near negative no not null number of on one only
    operator or out outside overflow parse part path position range recognized regular returned row rows scalar
    select size smaller source specifier string strings struct subquery subtraction sum supported than that the this
    time timestamp timestamptz timezone to too type uint16 uint32 uint64 uint8 unexpected unicode unique unknown
    unnest unsupported use used utf8 uuid value values varchar vector when while with without year zero zone
    """.split()
)
_WORD = re.compile(r"\w+")
_HINT = re.compile(r"""[\s*]*Use "?SET .*""", re.DOTALL)  # settings are locked
_PATH = re.compile(r"""(?:[A-Za-z]:)?[\\/][^\s'",;]*""")


def refuse_too_long(sql: object) -> None:
    """Raise a LimitExceededError where a question has too many characters, TypeError where it is no text."""
    if not isinstance(sql, str):
        raise TypeError(f"a question is text in SQL, not {type(sql).__name__}")
    if len(sql) > MOST_CHARACTERS:
        raise LimitExceededError(f"a question has at most {MOST_CHARACTERS} characters", source="SQL")


def refuse_beyond(tree: str, views: Iterable[str]) -> None:
    """Raise where a question asks of anything but the views of a catalog.

    Parameters
    ----------
    tree
        The question as DuckDB's ``json_serialize_sql`` gives it.
    views
        What it may ask of.

    Raises
    ------
    FormatError
        It names another table, or a function that is refused.
    """
    try:
        document = json.loads(tree)
    except RecursionError:
        raise FormatError("the question is nested too deeply", source="SQL") from None
    if document.get("error"):
        raise FormatError("a question is one SELECT: a catalog is read, never written", source="SQL")
    known = frozenset(views)
    nodes = list(_nodes(document))
    names = {name.lower() for node in nodes for name in _common_names(node)}
    for node in nodes:
        _refuse_node(node, known, names)


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    left = [document]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            found = cast("dict[str, Any]", node)
            yield found
            left.extend(found.values())
        elif isinstance(node, list):
            left.extend(cast("list[Any]", node))


def _common_names(node: dict[str, Any]) -> list[str]:
    """Names of the common table expressions of a node."""
    common: Any = node.get("cte_map")
    found = [str(one["key"]) for one in (common or {}).get("map", ())]
    for name in found:
        if not _PLAIN_NAME.fullmatch(name.lower()):
            raise FormatError(f"WITH {printable(name[:64])}: choose another name", source="SQL")
    return found


def _refuse_node(node: dict[str, Any], views: frozenset[str], common: set[str]) -> None:
    kind = node.get("type")
    if kind == "SHOW_REF":
        if not node.get("query") and str(node.get("table_name")).strip('"').lower() not in ("tables", *views):
            raise FormatError("SHOW takes TABLES, and DESCRIBE a view of the catalog", source="SQL")
    elif "table_name" in node and kind == "BASE_TABLE":
        _refuse_table(node, views, common)
    elif kind == "TABLE_FUNCTION":
        name = str(node["function"].get("function_name")).lower()
        if name not in _TABLE_FUNCTIONS:
            raise FormatError(f"{printable(name[:64])}() is refused: {_asks_of(views)}", source="SQL")
    elif "function_name" in node:
        name = str(node["function_name"]).lower()
        if name in _REFUSED or name.startswith(_REFUSED_BEGINNINGS):
            raise FormatError(f"{printable(name[:64])}() is refused: {_asks_of(views)}", source="SQL")


def _refuse_table(node: dict[str, Any], views: frozenset[str], common: set[str]) -> None:
    name = str(node["table_name"])
    place = (str(node.get("catalog_name") or "memory"), str(node.get("schema_name") or "main"))
    ours = (place[0].lower(), place[1].lower()) == ("memory", "main")
    if not ours or name.lower() not in (views | common):
        near = suggestion(name, views) if ours else ""
        raise FormatError(f"{printable(name[:64])}: {_asks_of(views)}{near}", source="SQL")


def _asks_of(views: Iterable[str]) -> str:
    return f"a question asks of {', '.join(sorted(set(views)))}, and of nothing else"


def reason_of(error: Exception, sql: str) -> str:
    """Return what DuckDB says of a mistake, without values of files and without paths that the question does not name.

    Parameters
    ----------
    error
        What it raised.
    sql
        The question.
    """
    said = _HINT.sub("", " ".join(str(error).split("\n\nLINE ")[0].split()))
    if not said.startswith(_OF_SQL):
        asked = frozenset(word.lower() for word in _WORD.findall(sql)) | _WORDS
        said = _WORD.sub(lambda match: match[0] if match[0].lower() in asked else "...", said)
        said = re.sub(r"\.\.\.(?:[\W_]*\.\.\.)+", "...", said)
    said = _PATH.sub(lambda match: match[0] if match[0] in sql or len(match[0]) == 1 else "...", said)
    return said[:500]
