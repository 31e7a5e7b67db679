"""How inputs are read: which values, and how far a file is trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hounsfield.errors import DecodeError
from hounsfield.recipes.checks import RecipeError

if TYPE_CHECKING:
    from hounsfield.catalog.found_files import FoundFiles
    from hounsfield.image import Image
    from hounsfield.scanning.walking import Progress
    from hounsfield.series.finding import Finding
    from hounsfield.series.volumes import Volumes
    from hounsfield.steps import Step


@dataclass(frozen=True)
class Reading:
    """A way to read an image or a volume.

    Parameters
    ----------
    space
        Which values, as `hounsfield.read` takes them: ``"modality"``, ``"stored"``, ``"suv"`` ...
    strict
        Refuse a file where something would have to be assumed.
    verify
        Decode compressed pixels twice, by another decoder, and compare.
    damaged
        Take what is there of pixel data that is cut off. False refuses it: an area or a mean of half an image is a
        wrong number.

    Raises
    ------
    RecipeError
        There are no such values.

    Examples
    --------
    >>> from pydicom.data import get_testdata_file
    >>> Reading("stored").read(get_testdata_file("CT_small.dcm")).unit
    ''
    """

    space: str = "modality"
    strict: bool = False
    verify: bool = False
    damaged: bool = False

    def __post_init__(self) -> None:
        if self.space == "modality":
            return  # nothing is loaded to check what is so by default
        from hounsfield.values.spaces import check_space

        try:
            check_space(self.space)
        except ValueError as error:
            raise RecipeError(str(error), "space") from None

    def read(self, source: str, frames: int | None = None) -> Image:
        """Read an image.

        Raises
        ------
        DecodeError
            Pixels are missing, and `damaged` is False. Otherwise as `hounsfield.read`.
        """
        import hounsfield as hu

        image = hu.read(source, values=self.space, frames=frames, strict=self.strict, verify=self.verify)
        self.refuse_missing(image.steps, source)
        return image

    def survey(
        self, paths: tuple[str, ...], gaps: str = "split", progress: Callable[[Progress], None] | None = None
    ) -> Volumes:
        """Find the volumes of folders, archives, files and catalogs; their values are read as those of files are."""
        return find_volumes(paths, self._finding(gaps), progress)

    def volumes_in(self, found: FoundFiles, name: str, gaps: str = "split") -> Volumes:
        """Return the volumes in files of a catalog; as `survey`."""
        finding = self._finding(gaps)
        return finding.volumes_in(found.instances(finding.limits), name)

    def _finding(self, gaps: str) -> Finding:
        from hounsfield.series.finding import Finding

        kept = "resample" if gaps == "resample" else "split"  # what is to be refused is refused volume by volume
        return Finding(self.space, gaps=kept, strict=self.strict, verify=self.verify)

    def refuse_missing(self, steps: Iterable[Step], source: str) -> None:
        """Refuse what rests on pixels that are missing, where nobody asked for the rest.

        Raises
        ------
        DecodeError
            Pixels are missing.
        """
        missing = next((step.detail for step in steps if step.name == "missing"), None)
        if missing is not None and not self.damaged:
            # What becomes of the rest is told where it is read: here nothing is.
            detail = missing.removesuffix("; what is missing is marked as padding")
            raise DecodeError(f"{detail}; `damaged` reads what is there", source=source, attribute="PixelData")


def find_volumes(
    paths: tuple[str, ...], finding: Finding, progress: Callable[[Progress], None] | None = None
) -> Volumes:
    """Find the volumes of folders, archives, files, and catalogs; as `hounsfield.read_volumes`.

    Parameters
    ----------
    paths
        Where.
    finding
        How volumes are put together and read.
    progress
        Is told how many headers were read.

    Raises
    ------
    FormatError, LimitExceededError
        A catalog is damaged, or a question to it is none, or takes too much.
    SourceError, NotDicomError, GeometryError
        As `hounsfield.read_volumes`.
    """
    from hounsfield.catalog.catalog_paths import has_catalog

    if has_catalog(paths):
        from hounsfield.catalog.catalogs_and_paths import volumes_of

        return volumes_of(paths, finding, progress)
    from hounsfield.series.finding import read_volumes

    return read_volumes(paths, **vars(finding), progress=progress)
