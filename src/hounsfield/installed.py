"""Says which command installs what is missing."""

from __future__ import annotations

from hounsfield.errors import MissingDependencyError


def missing(purpose: str, package: str, extra: str = "") -> MissingDependencyError:
    """Return the error for a package that cannot be imported.

    Parameters
    ----------
    purpose
        What needs it, as the beginning of a sentence: ``"writing NIfTI"``.
    package
        Its name.
    extra
        Of hounsfield, that installs it; ``""`` for a package that hounsfield itself requires.
    """
    command = f'pip install "hounsfield[{extra}]"' if extra else "pip install --force-reinstall hounsfield"
    return MissingDependencyError(f"{purpose} needs {package}: {command}")
