"""One input: a result, or the sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hounsfield.batch.inputs import Input
from hounsfield.batch.kill_hook import end_if_told
from hounsfield.batch.told_assumptions import told_assumptions
from hounsfield.errors import (
    FormatError,
    GeometryError,
    HounsfieldError,
    MissingDependencyError,
    OutputError,
    SourceError,
    UnitError,
)
from hounsfield.text import printable

#: What a failure lies with: the input, what was asked of it, a part that is not installed, or where the output goes.
Failure = Literal["input", "task", "dependency", "output"]

#: What is done to one input. The tasks of this package are frozen dataclasses, which can be sent to other processes.
Task = Callable[[Input], Any]


class FunctionError(HounsfieldError):
    """A function of somebody else's has raised an error, or returned what is no result.

    Attributes
    ----------
    error_type
        The class of the error that it raised.
    """

    error_type: str = ""

    def __reduce__(self) -> tuple[object, ...]:
        return (*super().__reduce__(), {"error_type": self.error_type})


@dataclass(frozen=True)
class Outcome:
    """The outcome of one input.

    Attributes
    ----------
    source
        Its name.
    result
        What the task returned; None where it failed.
    error
        Why there is no result, in a sentence that names the input; ``""`` where there is one. It quotes no value that
        may identify a patient.
    failure
        What that lies with.
    assumptions
        What had to be assumed.
    problem
        The error that was raised, where it is one of ours.
    is_volume
        Whether the input is a volume.
    series
        Its series, as far as that was known before it was read.
    """

    source: str
    result: Any = None
    error: str = ""
    failure: Failure | None = None
    assumptions: tuple[str, ...] = ()
    problem: HounsfieldError | None = None
    is_volume: bool = False
    series: str = ""

    @property
    def error_type(self) -> str:
        """The class of the error, where it is one of ours, or a function's; else ``""``."""
        if isinstance(self.problem, FunctionError):
            return self.problem.error_type
        return "" if self.problem is None else type(self.problem).__name__


def attempt(task: Task, item: Input) -> Outcome:
    """Run the task on one input; whatever it raises becomes part of the outcome."""
    name = item.name
    with told_assumptions() as told:
        typed = None
        try:
            end_if_told(item)
            if item.changed:
                raise SourceError(item.changed, source=name)
            result, error, failure = task(item), "", None
        except HounsfieldError as problem:
            result, error, failure, typed = None, _sentence(problem, name), _kind(problem), problem
        except ModuleNotFoundError as problem:
            result, failure = None, "dependency"
            error = f"{problem.name} is not installed: pip install --force-reinstall hounsfield"
        except MemoryError:
            result, error, failure = None, f"{name}: not enough memory", "input"
        except Exception as problem:  # a defect of ours must not stop the other inputs, nor print what it quotes
            result, failure = None, "input"
            error = f"{name}: unexpected {type(problem).__name__}{_place(problem)}; please report this as a defect"
    return Outcome(name, result, error, failure, tuple(told), typed, item.is_volume, item.series)


def _place(problem: Exception) -> str:
    """Return where an error was raised."""
    where = problem.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    return f" at line {where.tb_lineno} of {Path(where.tb_frame.f_code.co_filename).name}" if where else ""


def _sentence(problem: HounsfieldError, source: str) -> str:
    text = str(problem)
    return (
        text
        if source in text or printable(source) in text or (source == "-" and problem.source)
        else f"{source}: {text}"
    )


def _kind(problem: HounsfieldError) -> Failure:
    if isinstance(problem, MissingDependencyError):
        return "dependency"
    if isinstance(problem, OutputError):
        return "output"
    return "task" if isinstance(problem, (UnitError, GeometryError, FormatError, FunctionError)) else "input"
