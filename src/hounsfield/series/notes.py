"""What is to be known of a volume before it is used, in a few words: a localizer, gaps, tilt, assumptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hounsfield.series.survey import VolumeFacts
    from hounsfield.series.volumes import Volumes


def notes_of(facts: VolumeFacts, volumes: Volumes, hide: bool) -> Iterator[str]:
    """Yield what is to be known of a volume: a localizer, what tells it from others, gaps, tilt, assumptions.

    Parameters
    ----------
    facts
        What is known of it.
    volumes
        Among which it was found.
    hide
        Leave out values that may identify the patient.
    """
    from hounsfield.scanning.columns import column

    if facts.index in volumes.localizers:
        yield "localizer"
    told = [k if hide and column(k).identifies else f"{k} {_short(v)}" for k, v in facts.separated_by.items()]
    by = ", ".join(told[:2])
    if by:
        yield by
    for gap in volumes.report.missing:
        if gap.volumes[0] == facts.index:
            yield f"then {gap}" if gap.volumes[1] != facts.index else str(gap)
    for step in facts.steps:
        if step.name in ("tilt", "resample", "absent frames") or step.outcome == "assumed":
            yield f"assumed: {step.detail}" if step.outcome == "assumed" else step.detail.partition(":")[0]


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_short(v) for v in value) + ")"  # pyright: ignore[reportUnknownVariableType]
    return f"{value:.6g}" if isinstance(value, float) else str(value)
