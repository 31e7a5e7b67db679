"""What a parsed header shows of itself: nested too deeply, cut off, or of odd lengths."""

from __future__ import annotations

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hounsfield.errors import LimitExceededError
from hounsfield.headers.dataset_header import elements_of
from hounsfield.image import Step

_UNDEFINED = 0xFFFFFFFF


def check_depth(dataset: Dataset, limit: int, name: str) -> None:
    """Refuse sequences that are nested beyond the limit.

    Sequences of undefined length have been parsed by now; those of known length are parsed, and checked by
    who walks them, on demand.
    """
    level: list[Dataset] = [dataset]
    for _ in range(limit + 1):
        level = [item for parent in level for item in _parsed_items(parent)]
        if not level:
            return
    raise LimitExceededError(f"sequences are nested deeper than {limit}", source=name)


def _parsed_items(dataset: Dataset) -> list[Dataset]:
    elements = [e for e in elements_of(dataset).values() if isinstance(e, DataElement)]
    sequences = [e.value for e in elements if isinstance(e.value, Sequence)]
    return [item for sequence in sequences for item in sequence]


def note_truncation(dataset: Dataset, steps: list[Step]) -> None:
    """Say so where the last attribute promises more bytes than the file has."""
    elements = elements_of(dataset)
    if not elements:
        return
    last = next(reversed(elements.values()))
    if not isinstance(last, RawDataElement) or not isinstance(last.value, bytes) or last.length == _UNDEFINED:
        return
    if len(last.value) < last.length:
        tag = f"({last.tag.group:04X},{last.tag.element:04X})"
        steps.append(Step("header", f"the file ends inside {tag}", "assumed"))


def note_odd_lengths(dataset: Dataset, pixels: list[str], steps: list[Step]) -> None:
    """Say so where values have an odd length, which the standard does not allow; `pixels` are keywords of such more."""
    raw = [element for element in elements_of(dataset).values() if isinstance(element, RawDataElement)]
    odd = [keyword_for_tag(e.tag) or str(e.tag) for e in raw if e.length % 2 and e.length != _UNDEFINED] + pixels
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        detail = f"the length of {', '.join(odd[:3])}{more} is odd; read as it stands"
        steps.append(Step("header", detail, "assumed", "PS3.5 7.1.1"))
