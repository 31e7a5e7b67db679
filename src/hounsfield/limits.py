"""How much a single file may cost, decided before anything is allocated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds on what one file may ask for; pass another instance to `read`, `info` or `tags` to change them.

    A DICOM file of a few hundred bytes can declare gigabytes of pixels or thousands of nested sequences.
    Each bound is far above what scanners write, and what exceeds it is a `LimitExceededError`.

    Attributes
    ----------
    sequence_depth
        Levels of nested sequences. Structured reports, the deepest objects in use, stay below 30.
    elements
        Attributes of one dataset, those within its sequences not counted. Scanners write some hundreds; padding read
        as attributes would be millions.
    source_bytes
        Bytes taken from a stream whose length is not known beforehand (standard input).
    inflated_bytes
        Bytes of a deflated dataset after inflation; deflate can grow a thousandfold.
    frame_pixels
        Rows times columns of one frame: 2^28 is 16,384 x 16,384.
    image_bytes
        Bytes of all decoded frames of one image together.
    volume_bytes
        Bytes of the values of one volume.
    member_bytes
        Bytes of one compressed member of an archive, which are kept in memory as far as they are read. It is more
        than `inflated_bytes`, since whole studies are packed that way, large multi-frame files among them.
    archive_bytes
        Bytes of all members of a compressed tar together, which are kept in a temporary file.
    archive_members
        Files in one archive, named by one DICOMDIR, or below one remote folder; each takes about a kilobyte of memory.
    threads
        Frames that are decoded at a time; None: as many as there are processors.
    """

    sequence_depth: int = 64
    elements: int = 2**16
    source_bytes: int = 4 * 2**30
    inflated_bytes: int = 512 * 2**20
    frame_pixels: int = 2**28
    image_bytes: int = 4 * 2**30
    volume_bytes: int = 16 * 2**30
    member_bytes: int = 4 * 2**30
    archive_bytes: int = 64 * 2**30
    archive_members: int = 2_000_000
    threads: int | None = None


DEFAULT_LIMITS = Limits()
