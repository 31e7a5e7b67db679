"""What a text has to be to be a question: one SELECT, with as many values as it has places for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hounsfield.catalog.catalog_paths import FITTING
from hounsfield.errors import FormatError
from hounsfield.text import printable

#: Columns by which an answer names files, the finest first: where there are several, that one counts.
NAMING = ("path", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "PatientID")
#: What asks for just these of the answer to a question, which is pasted behind it.
NAMING_QUESTION = f"SELECT DISTINCT COLUMNS('(?i)^({'|'.join(NAMING)})$') FROM "  # noqa: S608  DuckDB reads only


def pasted_into(sql: str) -> Iterator[str]:
    r"""Yield what has to be a question by itself of what was pasted into parentheses of ours.

    Where the whole is one SELECT, and so is the part without the parentheses, these enclose it: a part that ends before
    them would have to close a parenthesis that is not there.

    Examples
    --------
    >>> for part in pasted_into(NAMING_QUESTION + "(\n" + FITTING + "(\nKVP > 100\n)\n)"):
    ...     print(part)
    SELECT path FROM instances WHERE /* condition */ (
    KVP > 100
    )
    SELECT path FROM instances WHERE /* condition */ KVP > 100
    """
    for beginning, own in ((NAMING_QUESTION, ""), (FITTING, FITTING)):
        opening = f"{beginning}(\n"
        if sql.startswith(opening) and sql.endswith("\n)"):
            inner = sql.removeprefix(opening).removesuffix("\n)")
            yield own + inner
            sql = inner


def refuse_early_end(kinds: Sequence[str]) -> None:
    """Raise a FormatError, unless statements of these kinds, which are what was pasted, are one SELECT.

    Examples
    --------
    >>> refuse_early_end(["SELECT"])
    """
    if list(kinds) != ["SELECT"]:
        raise FormatError("its parentheses do not match: a question, or a condition, stands by itself", source="SQL")


def refuse_other_statements(kinds: Sequence[str]) -> None:
    """Raise a FormatError, unless statements of these kinds are one SELECT.

    Examples
    --------
    >>> refuse_other_statements(["SELECT"])
    """
    if list(kinds) == ["SELECT"]:
        return
    if not kinds:
        why = "the question is empty: ask one SELECT"
    elif len(kinds) > 1:
        why = f"a question is one SELECT, and these are {len(kinds)} statements"
    elif kinds[0] == "EXPLAIN":
        why = "there is no answer to EXPLAIN: ask what follows it"
    else:
        why = "a question is one SELECT: a catalog is read, never written"
    raise FormatError(why, source="SQL")


def refuse_other_values(names: Iterable[str], values: int) -> None:
    """Raise a FormatError where values are not as many as the places for them.

    Parameters
    ----------
    names
        Those of the places, as DuckDB gives them: a question mark has a number.
    values
        How many there are.
    """
    places = set(names)
    named = sorted(name for name in places if not name.isdecimal())
    if named:
        raise FormatError(f"${printable(named[0][:64])}: values take the place of question marks only", source="SQL")
    if places != {str(number) for number in range(1, values + 1)}:
        why = f"question marks in the question: {len(places)}; values that were given: {values}"
        raise FormatError(why, source="SQL")
