"""The errors and warnings of hounsfield.

Every error names the file it speaks of, and the attribute where there is one. Each is also the builtin that
fits, so that ``except OSError`` or ``except ValueError`` work as expected::

    HounsfieldError
    ├── SourceError (OSError)                  a file or folder cannot be opened or read
    ├── NotDicomError (ValueError)             the bytes are not DICOM
    ├── MissingAttributeError (KeyError)       an attribute that is needed is absent or empty
    ├── InvalidAttributeError (ValueError)     an attribute is present, but its value is invalid or cannot be used
    ├── UnitError (ValueError)                 the operation needs values in another unit
    ├── FormatError (ValueError)               a file format cannot hold the values
    ├── UnsupportedTransferSyntaxError         nothing installed decodes this transfer syntax
    ├── DecodeError (ValueError)               the pixel data or the header is damaged
    ├── AssumptionError (ValueError)           strict=True, and something would have to be assumed
    ├── LimitExceededError (ValueError)        reading on would cost more than the limits allow
    ├── GeometryError (ValueError)             images or masks do not fit together
    ├── MissingDependencyError (ImportError)   a part must be installed; the message is the command
    ├── OutputError (OSError)                  the output cannot be written
    └── WorkersLostError (RuntimeError)        those who were to do the work are gone

    AssumptionWarning (UserWarning)            the result rests on something the file does not say
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from hounsfield.text import printable


class HounsfieldError(Exception):
    """Base of all errors raised by hounsfield.

    Parameters
    ----------
    message
        What went wrong, in a sentence without the file's name.
    source
        The name of the file, or of what stands for one (``<bytes>``, ``<stdin>``).
    attribute
        Keyword of the attribute concerned, where there is one.
    """

    def __init__(self, message: str, *, source: str = "", attribute: str | None = None) -> None:
        message = printable(message)
        super().__init__(message, source, attribute)
        self.message = message
        self.source = source
        self.attribute = attribute

    def __str__(self) -> str:
        return f"{printable(self.source)}: {self.message}" if self.source else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.source, self.attribute)


def _rebuild(kind: type[HounsfieldError], message: str, source: str, attribute: str | None) -> HounsfieldError:
    """Make the error again in another process: keyword arguments do not travel by themselves."""
    return kind(message, source=source, attribute=attribute)


class SourceError(HounsfieldError, OSError):
    """A file, folder or stream cannot be opened or read."""


class NotDicomError(HounsfieldError, ValueError):
    """The bytes are not DICOM."""


class MissingAttributeError(HounsfieldError, KeyError):
    """An attribute that is needed is absent or empty."""


class InvalidAttributeError(HounsfieldError, ValueError):
    """An attribute is present, but its value is invalid or cannot be used."""


class UnitError(HounsfieldError, ValueError):
    """The values are not in the unit that the operation needs."""


class FormatError(HounsfieldError, ValueError):
    """The file format cannot hold the values."""


class UnsupportedTransferSyntaxError(HounsfieldError):
    """No installed decoder reads the transfer syntax."""


class DecodeError(HounsfieldError, ValueError):
    """The header or the pixel data is damaged."""


class AssumptionError(HounsfieldError, ValueError):
    """Something would have to be assumed, and ``strict=True`` forbids that."""


class LimitExceededError(HounsfieldError, ValueError):
    """Going on would cost more memory or depth than the limits allow."""


class GeometryError(HounsfieldError, ValueError):
    """Images and masks do not fit together, or their place in space cannot be known."""


class MissingDependencyError(HounsfieldError, ImportError):
    """A part has to be installed first; the message holds the command that does it."""


class OutputError(HounsfieldError, OSError):
    """The output cannot be written."""


class WorkersLostError(HounsfieldError, RuntimeError):
    """Those who were to do the work are gone, closed, or cannot do it; what has been written is whole."""


class AssumptionWarning(UserWarning):
    """The result rests on an assumption; the same sentence is in the image's steps."""


@contextmanager
def needed_for(purpose: str, extra: str = "") -> Generator[None]:
    """Import inside: a package that is not there becomes the error of `missing`."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise missing(purpose, (error.name or "a package").partition(".")[0], extra) from None


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
