"""What is wrong with a recipe, in the words of its arguments."""

from __future__ import annotations


class RecipeError(ValueError):
    """A recipe that cannot be: an argument is out of its range, or arguments exclude one another.

    Arguments stand in backticks, so that whoever speaks of options can put those in their place.

    Attributes
    ----------
    reason
        What is wrong.
    argument
        The argument that is wrong by itself; ``""`` where several do not go together.
    """

    def __init__(self, reason: str, argument: str = "") -> None:
        super().__init__(f"`{argument}`: {reason}" if argument else reason)
        self.reason, self.argument = reason, argument

    def __reduce__(self) -> tuple[type[RecipeError], tuple[str, str]]:
        return type(self), (self.reason, self.argument)
