"""Conditions on attributes, as text: ``KVP > 100 and SeriesDescription like '%thin%'``.

The grammar is this one, and nothing of it is evaluated by Python or by a shell::

    any        = all { "or" all }
    all        = not { "and" not }
    not        = "not" not | "(" any ")" | test
    test       = KEYWORD ( ("=" | "!=" | "<>" | "<" | "<=" | ">" | ">=") literal
                         | [ "not" ] "like" TEXT | [ "not" ] "in" "(" literal { "," literal } ")"
                         | "is" [ "not" ] "null" )
    literal    = NUMBER | TEXT

What a header does not say is not known: no comparison with it holds, nor its opposite (as in SQL); ``is null`` asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from hounsfield.header import values_in
from hounsfield.headers.keywords import keyword_vr, similar_keyword
from hounsfield.headers.where_values import Literal, is_like, known, meant, place_of

#: Bounds on what is read: the length of the text, and how deep it may be nested.
LONGEST, DEEPEST = 4000, 50

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+)|(?P<text>'(?:[^']|'')*')"
    r"|(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))|(?P<name>[A-Za-z][A-Za-z0-9]*(?![\w.]))"
    r"|(?P<sign><=|>=|<>|!=|[=<>(),])"
)
_WORDS = frozenset(["and", "or", "not", "in", "like", "is", "null"])
_SIGNS = frozenset(["=", "!=", "<>", "<", "<=", ">", ">="])
#: VRs of which nothing is compared: sequences, and bytes.
_NO_VALUES = frozenset(["SQ", "OB", "OD", "OF", "OL", "OV", "OW", "UN", "AT"])
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class ConditionError(ValueError):
    """A text that is no condition.

    Attributes
    ----------
    reason
        What is wrong.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"where: {reason}")
        self.reason = reason

    def __reduce__(self) -> tuple[type[ConditionError], tuple[str]]:
        return type(self), (self.reason,)


class Condition(Protocol):
    """A condition on a header."""

    @property
    def keywords(self) -> tuple[str, ...]:
        """The attributes that it asks for."""
        ...

    def holds(self, header: Mapping[str, Any]) -> bool | None:
        """Return whether it holds; None where the header does not say."""
        ...


@dataclass(frozen=True)
class Comparison:
    """One attribute, compared; of several values one has to fit.

    Attributes
    ----------
    keyword, vr
        Which attribute.
    sign
        ``=`` one of `values`; ``<`` and so on; ``like``; ``null``.
    values
        With what it is compared.
    """

    keyword: str
    vr: str
    sign: str
    values: tuple[float | str, ...] = ()

    @property
    def keywords(self) -> tuple[str, ...]:
        """The attribute that it asks for."""
        return (self.keyword,)

    def holds(self, header: Mapping[str, Any]) -> bool | None:
        """Return whether it holds; None where the header does not say."""
        found = [value for value in values_in(header.get(self.keyword)) if value not in (None, "")]
        if self.sign == "null":
            return not found
        answers = [self._fits(value) for value in found]
        known_ones = [answer for answer in answers if answer is not None]
        return any(known_ones) if known_ones else None

    def _fits(self, value: Any) -> bool | None:
        if self.sign == "like":
            return is_like(str(known(self.vr, value)), str(self.values[0]))
        pairs = [(place_of(self.vr, value, other), other) for other in self.values]
        if self.sign == "=":
            told = [own == other for own, other in pairs if own is not None]
            return any(told) if told else None
        own, other = pairs[0]
        return None if own is None else _ORDER[self.sign](own, other)


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    of: Condition

    @property
    def keywords(self) -> tuple[str, ...]:
        """The attributes that it asks for."""
        return self.of.keywords

    def holds(self, header: Mapping[str, Any]) -> bool | None:
        """Return whether the other does not hold; None where that is not known."""
        answer = self.of.holds(header)
        return None if answer is None else not answer


@dataclass(frozen=True)
class Several:
    """Several conditions: all of them, or any."""

    parts: tuple[Condition, ...]
    all_of_them: bool

    @property
    def keywords(self) -> tuple[str, ...]:
        """The attributes that they ask for."""
        return tuple(dict.fromkeys(keyword for part in self.parts for keyword in part.keywords))

    def holds(self, header: Mapping[str, Any]) -> bool | None:
        """Return whether they hold; None where that hangs on what is not known."""
        answers = [part.holds(header) for part in self.parts]
        deciding = not self.all_of_them
        if deciding in answers:
            return deciding
        return None if None in answers else not deciding


def parse_where(text: str) -> Condition:
    """Return the condition that a text says.

    Parameters
    ----------
    text
        Comparisons (``= != <> < <= > >=``), ``like`` (``%`` any characters, ``_`` one; capitals do not matter),
        ``in (…)``, ``is null``, ``is not null``, joined by ``and``, ``or``, ``not`` and parentheses. Names are DICOM
        keywords. Text stands in single quotes, of which one within is written twice; dates are ``'20200131'`` or
        ``'2020-01-31'``; ages are years, or text such as ``'006M'``.

    Raises
    ------
    ConditionError
        It is no such condition, or there is no such attribute.

    Examples
    --------
    >>> condition = parse_where("KVP > 100 and ImageType != 'LOCALIZER'")
    >>> condition.holds({"KVP": 120.0, "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]})
    True
    >>> condition.holds({"KVP": 120.0, "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
    False
    """
    if len(text) > LONGEST:
        raise ConditionError(f"is longer than {LONGEST} characters")
    return _Parser(_tokens(text)).parse()


@dataclass(frozen=True)
class _Token:
    """A piece of the text: what it is, how it is written, and at which character."""

    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        kind = "" if found is None else str(found.lastgroup)
        if found is None or (kind == "text" and not found[0].isprintable()):
            raise _wrong("a quote is not closed" if text[at] == "'" else "this is no part of a condition", at)
        if kind == "name" and found[0].lower() in _WORDS:
            tokens.append(_Token("word", found[0].lower(), at))
        elif kind != "space":
            tokens.append(_Token(kind, found[0], at))
        at = found.end()
    return [*tokens, _Token("end", "", at)]


def _wrong(why: str, at: int) -> ConditionError:
    return ConditionError(f"{why} (at character {at + 1})")


class _Parser:
    """Takes tokens one after another, by the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def parse(self) -> Condition:
        """Return the condition.

        Raises
        ------
        ConditionError
            It does not follow the grammar.
        """
        condition = self._any()
        if self._next.kind != "end":
            raise _wrong("expected `and`, `or`, or the end", self._next.at)
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _took(self, text: str) -> bool:
        """Take a word or a sign if it is the next."""
        found = self._next.kind in ("word", "sign") and self._next.text == text
        self._at += found
        return found

    def _need(self, text: str) -> None:
        if not self._took(text):
            raise _wrong(f"expected {text}", self._next.at)

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._took("or"):
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Several(tuple(parts), False)

    def _all(self) -> Condition:
        parts = [self._not()]
        while self._took("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else Several(tuple(parts), True)

    def _not(self) -> Condition:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _wrong(f"is nested more than {DEEPEST} deep", self._next.at)
        if self._took("not"):
            condition: Condition = Not(self._not())
        elif self._took("("):
            condition = self._any()
            self._need(")")
        else:
            condition = self._test()
        self._depth -= 1
        return condition

    def _test(self) -> Condition:
        name = self._take()
        if name.kind != "name":
            raise _wrong("expected the keyword of an attribute, such as KVP", name.at)
        vr = _checked_vr(name)
        sign = self._next
        if sign.kind == "sign" and sign.text in _SIGNS:
            self._take()
            return self._comparison(name.text, vr, sign.text)
        if self._took("is"):
            negated = self._took("not")
            self._need("null")
            return _negated(negated, Comparison(name.text, vr, "null"))
        negated = self._took("not")
        if self._took("like"):
            return _negated(negated, Comparison(name.text, vr, "like", (self._pattern(name.text, vr),)))
        if self._took("in"):
            return _negated(negated, Comparison(name.text, vr, "=", self._list(name.text, vr)))
        raise _wrong(f"expected a comparison of {name.text}: = != < <= > >=, like, in, is null", self._next.at)

    def _comparison(self, keyword: str, vr: str, sign: str) -> Condition:
        value = self._literal(keyword, vr)
        if sign in ("=", "!=", "<>"):
            return _negated(sign != "=", Comparison(keyword, vr, "=", (value,)))
        return Comparison(keyword, vr, sign, (value,))

    def _list(self, keyword: str, vr: str) -> tuple[float | str, ...]:
        self._need("(")
        values = [self._literal(keyword, vr)]
        while self._took(","):
            values.append(self._literal(keyword, vr))
        self._need(")")
        return tuple(values)

    def _literal(self, keyword: str, vr: str) -> float | str:
        token = self._take()
        if token.kind not in ("number", "text"):
            raise _wrong(f"expected a number, or text in single quotes, to compare {keyword} with", token.at)
        try:
            return meant(vr, Literal(_unquoted(token), token.kind == "text"))
        except ValueError as error:
            raise _wrong(f"{keyword} is {error}", token.at) from None

    def _pattern(self, keyword: str, vr: str) -> str:
        token = self._take()
        if token.kind != "text":
            raise _wrong("expected text in single quotes, such as '%thin%'", token.at)
        try:
            return str(meant(vr, Literal(_unquoted(token), True, pattern=True)))
        except ValueError as error:
            raise _wrong(f"{keyword} is {error}", token.at) from None


def _checked_vr(name: _Token) -> str:
    vr = keyword_vr(name.text)
    if not vr:
        similar = similar_keyword(name.text[:64])
        hint = f"; did you mean {similar}?" if similar else ""
        raise _wrong(f"{name.text[:64]} is no keyword of an attribute{hint}", name.at)
    if vr.split(" ")[0] in _NO_VALUES:
        raise _wrong(f"{name.text} has no values to compare (VR {vr})", name.at)
    return vr


def _unquoted(token: _Token) -> str:
    return token.text[1:-1].replace("''", "'") if token.kind == "text" else token.text


def _negated(negated: bool, condition: Condition) -> Condition:
    return Not(condition) if negated else condition
