"""Why a mask is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hounsfield.steps import Step

if TYPE_CHECKING:
    from hounsfield.image import Image
    from hounsfield.recipes.selection import Selection
    from hounsfield.volume import Volume


def why_empty(image: Image | Volume, mask: Image | Volume, selection: Selection) -> tuple[Step, ...]:
    """Return a step that says why a mask selects nothing; none where it selects anything.

    Examples
    --------
    >>> import hounsfield as hu
    >>> from hounsfield.recipes.selection import Selection
    >>> image = hu.Image([[-1000, 40, 1000]], unit="HU")
    >>> print(*why_empty(image, hu.mask(image, above=5000), Selection(above=5000)))
    empty [not done]: the mask is empty: nothing is above 5000 HU, the highest value is 1000 HU
    """
    if mask.values.any():
        return ()
    import hounsfield as hu

    measured, unit = hu.measure(image), f" {image.unit}".rstrip()
    low, high = measured.minimum, measured.maximum
    made = "; ".join(step.detail for step in mask.steps if step.name in ("mask", "components", "region"))
    if low is None or high is None:
        reason = "there are no values, only padding"
    elif selection.above is not None and high <= selection.above:
        reason = f"nothing is above {selection.above:g}{unit}, the highest value is {high:.6g}{unit}"
    elif selection.below is not None and low >= selection.below:
        reason = f"nothing is below {selection.below:g}{unit}, the lowest value is {low:.6g}{unit}"
    else:
        reason = f"nothing is left of {made}; values are from {low:.6g} to {high:.6g}{unit}"
    return (Step("empty", f"the mask is empty: {reason}", "not done"),)
