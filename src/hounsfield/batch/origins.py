"""Where a result comes from: study, series, instances and files, with other UIDs where the patient is to be hidden."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hounsfield.batch.inputs import Input
    from hounsfield.header import Header

_LEVELS = ("StudyInstanceUID", "SeriesInstanceUID")


@dataclass(frozen=True)
class Origins:
    """Says of results where they come from.

    Parameters
    ----------
    phi
        False puts other UIDs in the place of those of the files: the same for the same, within one run.
    key
        What these are made with; it is gone with the run, and nobody finds the way back.
    """

    phi: bool = True
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False, compare=False)

    def uid(self, uid: str) -> str:
        """Return the UID that is told of an instance, a series or a study; ``""`` of none.

        Examples
        --------
        >>> Origins().uid("1.2.3"), Origins(False, b"key").uid("1.2.3")
        ('1.2.3', '2.25.337425561677126035940041875299129482203')
        """
        if self.phi or not uid:
            return uid
        return f"2.25.{int.from_bytes(hmac.digest(self.key, uid.encode('utf-8', 'replace'), 'sha256')[:16])}"

    def of_volume(self, item: Input) -> dict[str, Any]:
        """Return the study, series and instances of a volume, and the files that it is made of."""
        volumes = item.found
        instances, files = volumes.made_of(item.place)
        known = self.levels(volumes.facts[item.place].attributes.get)
        return {**known, "SOPInstanceUIDs": [self.uid(uid) for uid in instances], "files": files}

    def of_image(self, item: Input, header: Header) -> dict[str, Any]:
        """Return the study, series and instance of a file, and the file."""
        known = self.levels(header.get)
        return {**known, "SOPInstanceUID": self.uid(str(header.get("SOPInstanceUID") or "")), "files": [item.name]}

    def levels(self, get: Callable[[str], Any]) -> dict[str, str]:
        """Return the UIDs of study and series, by what returns the value of a keyword."""
        return {keyword: self.uid(str(get(keyword) or "")) for keyword in _LEVELS}
