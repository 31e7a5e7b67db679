"""What is to be said of a volume: what the steps of its slices have in common, and what not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from hounsfield.steps import Step


def summary(many: Iterable[tuple[Step, ...]]) -> list[Step]:
    """Say once what the steps of many slices have in common, and of what differs how much it does."""
    by_name: dict[tuple[str, str, str], dict[str, int]] = {}
    for steps in many:
        for step in steps:
            if step.name != "padding":
                details = by_name.setdefault((step.name, step.outcome, step.reference), {})
                details[step.detail] = details.get(step.detail, 0) + 1
    said: list[Step] = []
    for (name, outcome, reference), details in by_name.items():
        first = next(iter(details))
        if len(details) > 2:
            first += f"; other slices differ from it: {len(details)} ways in all"
            details = {first: 1}
        said += [Step(name, detail, outcome, reference) for detail in details]  # pyright: ignore[reportArgumentType]
    return said


def padding_step(padding: NDArray[np.bool_] | None) -> Iterator[Step]:
    """Say how many voxels are padding, where any is."""
    if padding is not None:
        detail = f"{int(np.count_nonzero(padding))} voxels are not measurements"
        yield Step("padding", detail, reference="PS3.3 C.7.5.1.1.2")
