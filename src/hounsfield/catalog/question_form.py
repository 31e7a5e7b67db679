"""What a text has to be to be a question: one SELECT, with as many values as it has places for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hounsfield.errors import FormatError
from hounsfield.text import printable


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
