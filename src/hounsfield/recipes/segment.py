"""How the segment of a mask is called and coded, by the tissue that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hounsfield.exports.seg import SegmentDescription

_Coded = tuple[str, str, str]
_TISSUE = ("85756007", "SCT", "Tissue")
#: Category (PS3.16 CID 7150) and type (CID 7191, 7192 and 7197) of what a tissue's range selects.
CODES: dict[str, tuple[_Coded, _Coded]] = {
    "bone": (_TISSUE, ("3138006", "SCT", "Bone")),
    "soft tissue": (_TISSUE, ("87784001", "SCT", "Soft tissue")),
    "fat": (_TISSUE, ("55603005", "SCT", "Fat")),
    "lung": (("91723000", "SCT", "Anatomical Structure"), ("39607008", "SCT", "Lung")),
    "air": (("91720002", "SCT", "Body Substance"), ("74947009", "SCT", "Gas")),
}


@dataclass(frozen=True)
class SegmentName:
    """The label of a segment, and what it is.

    Attributes
    ----------
    label
        As it is called.
    category, type
        Its codes: value, scheme and meaning.
    """

    label: str
    category: _Coded = _TISSUE
    type: _Coded = _TISSUE

    @classmethod
    def of(cls, label: str | None, tissue: str | None) -> SegmentName:
        """Return it by a label that was given, and by the tissue: called so, and coded, by default.

        >>> SegmentName.of(None, "Soft_tissue").type
        ('87784001', 'SCT', 'Soft tissue')
        """
        if tissue is None:
            return cls(label or "mask")
        from hounsfield.masks.tissues import find_tissue

        name = find_tissue(tissue).name
        return cls(label or name, *CODES[name])

    @property
    def described(self) -> SegmentDescription:
        """It as `hounsfield.write_seg` takes it."""
        from hounsfield.exports.seg import SegmentDescription

        return SegmentDescription(self.label, self.category, self.type)

    def to_dict(self) -> dict[str, object]:
        """Return it as a JSON-ready dictionary."""
        codes = {"category": self.category, "type": self.type}
        named = {kind: dict(zip(("value", "scheme", "meaning"), code, strict=True)) for kind, code in codes.items()}
        return {"label": self.label, **named}
