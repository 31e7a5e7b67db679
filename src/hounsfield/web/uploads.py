"""What is dropped onto the page: bytes into files of this run only, then a search through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from hounsfield.web.items import new_id
from hounsfield.web.parameters import Refused
from hounsfield.web.run_folder import RunFolder
from hounsfield.web.upload_discovery import Uploaded

_GIGA = 10**9


@dataclass(frozen=True)
class UploadLimits:
    """Bounds on what may be uploaded: the one place where they are said.

    Attributes
    ----------
    upload_bytes, run_bytes
        Bytes of one upload, all that is dropped at once; and of all uploads of a run.
    upload_files, run_files
        The same for the number of files.
    name_length
        Characters of a name with its folders.
    pause, slowest
        Seconds without a byte after which a file is given up, and bytes a second below which it is.
    waiting
        Seconds without any file after which an upload that was not ended is forgotten.
    """

    upload_bytes: int = 16 * _GIGA
    run_bytes: int = 32 * _GIGA
    upload_files: int = 20_000
    run_files: int = 100_000
    name_length: int = 1000
    pause: float = 20.0
    slowest: int = 20_000
    waiting: float = 600.0


UPLOAD_LIMITS = UploadLimits()


@dataclass
class Upload:
    """Files that come together.

    Attributes
    ----------
    bytes, files
        What was announced, and has been set aside for it.
    taken
        Bytes that have come.
    held
        The files that have come whole: names by which they are spoken of, and paths.
    coming
        How many are coming now.
    seen
        When the last one began or ended.
    """

    bytes: int
    files: int
    id: str = field(default_factory=new_id)
    taken: int = 0
    held: list[Uploaded] = field(default_factory=list[Uploaded])
    coming: int = 0
    seen: float = field(default_factory=monotonic)


class Uploads:
    """All uploads of a run; used by one thread, that of the event loop.

    Parameters
    ----------
    folder
        Where files go.
    search
        Begins to look through files that have come.
    limits
        What may be uploaded.
    """

    def __init__(
        self, folder: RunFolder, search: Callable[[Sequence[Uploaded]], None], limits: UploadLimits = UPLOAD_LIMITS
    ) -> None:
        self._folder, self._search, self.limits = folder, search, limits
        self._open: dict[str, Upload] = {}
        self._count = self._bytes = self._files = 0

    def begin(self, files: int, size: int) -> Upload:
        """Announce files: what they take is set aside, or refused before a byte has come."""
        limits = self.limits
        for old in [one for one in self._open.values() if not one.coming and monotonic() - one.seen > limits.waiting]:
            self.abandon(old)
        if files > limits.upload_files:
            raise Refused(413, f"at most {limits.upload_files} files are taken at once, not {files}")
        if size > limits.upload_bytes:
            raise Refused(413, f"at most {gigabytes(limits.upload_bytes)} are taken at once, not {gigabytes(size)}")
        if self._files + files > limits.run_files:
            raise Refused(413, f"at most {limits.run_files} files are taken until hu view is started again")
        if self._bytes + size > limits.run_bytes:
            most = gigabytes(limits.run_bytes)
            raise Refused(413, f"at most {most} are taken until hu view is started again")
        try:
            free = self._folder.free()
        except OSError:
            raise Refused(413, "there is no folder for temporary files") from None
        if size > free:
            raise Refused(413, f"the disk of temporary files has room for {gigabytes(free)}, not for {gigabytes(size)}")
        upload = Upload(size, files)
        self._open[upload.id] = upload
        self._files, self._bytes = self._files + files, self._bytes + size
        return upload

    def of(self, key: str) -> Upload:
        """Return the upload of an id."""
        if key not in self._open:
            raise Refused(404, "there is no such upload in this run")
        return self._open[key]

    def place(self, upload: Upload, size: int) -> Path:
        """Return where the next file of an upload goes; its size counts from now on."""
        if len(upload.held) + upload.coming >= upload.files:
            raise Refused(413, f"the upload has more files than the {upload.files} that were announced")
        if upload.taken + size > upload.bytes:
            raise Refused(413, "the upload has more bytes than were announced")
        upload.taken, upload.coming, upload.seen = upload.taken + size, upload.coming + 1, monotonic()
        self._count += 1
        return self._folder.path() / f"{self._count:06}"

    def left(self, upload: Upload, path: Path, size: int, name: str | None) -> None:
        """Note that a file has come whole, under its name; or not, where there is none."""
        upload.coming, upload.seen = upload.coming - 1, monotonic()
        if name is None or upload.id not in self._open:
            upload.taken -= size
            path.unlink(missing_ok=True)
        else:
            names = {held for held, _ in upload.held}
            upload.held.append((name if name not in names else f"{name} ({len(names) + 1})", str(path)))

    def end(self, upload: Upload) -> None:
        """Look through all that has come; what was announced and has not come is given back."""
        if upload.coming:
            raise Refused(409, "files of the upload are still coming")
        del self._open[upload.id]
        self._files -= upload.files - len(upload.held)
        self._bytes -= upload.bytes - upload.taken
        if upload.held:
            self._search(sorted(upload.held))

    def abandon(self, upload: Upload) -> None:
        """Delete what has come of an upload."""
        del self._open[upload.id]
        self._files, self._bytes = self._files - upload.files, self._bytes - upload.bytes
        for _, path in upload.held:
            Path(path).unlink(missing_ok=True)


def gigabytes(size: int) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> gigabytes(16_000_000_000), gigabytes(3_200_000)
    ('16 GB', '3.2 MB')
    """
    return f"{size / _GIGA:.3g} GB" if size >= _GIGA else f"{size / 10**6:.3g} MB"
