"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from hounsfield.errors import DecodeError
from hounsfield.image import Image
from hounsfield.steps import Step

if TYPE_CHECKING:
    from hounsfield.batch.inputs import VolumeSource
    from hounsfield.series.volumes import Volumes
    from hounsfield.volume import Volume


def paths_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """PATH...: files, folders, patterns, or - for standard input."""
    return click.argument("paths", nargs=-1, required=True, metavar="PATH...")(command)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json, --jsonl, --no-phi, -q and -v."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Name every assumption on standard error."),
        click.option("-q", "--quiet", is_flag=True, help="Errors only on standard error."),
        click.option("--no-phi", is_flag=True, help="Hide what identifies the patient."),
        click.option("--jsonl", is_flag=True, help="One JSON document a line for each input."),
        click.option("--json", "as_json", is_flag=True, help="One JSON document: an object for one file, else a list."),
    ):
        command = option(command)
    return command


def gaps_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--gaps: what becomes of slices that are not at equal distances."""
    return click.option(
        "--gaps",
        type=click.Choice(["split", "resample", "refuse"]),
        default="split",
        show_default=True,
        help="Where slices are missing or at unequal distances: several volumes, interpolate, or an error.",
    )(command)


def grouping_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--volumes, --each and --gaps: whether slices of folders are put together."""
    option = click.option(
        "--volumes/--each",
        "together",
        default=None,
        help="Put slices together to volumes, or take each file by itself. By default folders and archives are taken "
        "volume by volume, files by themselves.",
    )
    return option(gaps_option(command))


def jobs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """-j: how many inputs at a time."""
    option = click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 256),
        default=None,
        help="Inputs at a time; by default one a processor.",
    )
    return option(command)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What belongs to a mask: bounds, tissue, method, fill, opening, components."""
    for option in (
        click.option("--min-ml", type=click.FloatRange(0), help="Drop components of a volume smaller than this."),
        click.option("--min-mm2", type=click.FloatRange(0), help="Drop components of an image smaller than this area."),
        click.option("--largest", type=click.IntRange(1), help="Keep the N largest components."),
        click.option(
            "--opening",
            type=click.IntRange(0, 999),
            show_default="2; with --tissue none",
            help="Opening, in pixels; odd for exact edges.",
        ),
        click.option("--fill-3d", is_flag=True, help="Of volumes: fill what is closed in three dimensions only."),
        click.option(
            "--fill/--no-fill",
            default=None,
            show_default="fill; no-fill with --tissue",
            help="Fill holes, slice by slice.",
        ),
        click.option("--method", type=click.Choice(["otsu"]), help="Find the threshold from the image."),
        click.option("--tissue", metavar="NAME", help="bone, soft tissue, lung, fat or air: its range in HU."),
        click.option("--below", type=float, help="Select values below this, in the image's unit."),
        click.option("--above", type=float, help="Select values above this; 90 where the unit is HU."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class Selection:
    """The options of a mask; travels to worker processes."""

    above: float | None
    below: float | None
    tissue: str | None
    method: str | None
    fill: bool | None
    fill_3d: bool
    opening: int | None
    largest: int | None
    min_mm2: float | None
    min_ml: float | None

    @classmethod
    def take(cls, options: dict[str, Any]) -> Selection:
        """Take what belongs here out of a command's options, and check it.

        Raises
        ------
        click.UsageError
            The tissue is unknown, or options exclude one another.
        """
        selection = cls(**{name: options.pop(name) for name in cls.__dataclass_fields__})
        if selection.tissue is not None:
            from hounsfield.masks.tissues import find_tissue

            try:
                find_tissue(selection.tissue)
            except ValueError as error:
                raise click.BadParameter(str(error), param_hint="--tissue") from None
        ways = (
            selection.above is not None or selection.below is not None,
            selection.tissue,
            selection.method,
        )
        if sum(map(bool, ways)) > 1:
            raise click.UsageError("give --above and --below, or --tissue, or --method: one of the three")
        for name, bound in (("--above", selection.above), ("--below", selection.below)):
            if bound is not None and bound != bound:
                raise click.BadParameter("must be a number", param_hint=name)
        if selection.above is not None and selection.below is not None and selection.above >= selection.below:
            raise click.UsageError(f"no value is above {selection.above:g} and below {selection.below:g}")
        return selection

    @property
    def chosen(self) -> bool:
        """Whether anything beyond the defaults was asked for."""
        asked = (self.above, self.below, self.tissue, self.method, self.largest, self.min_mm2, self.min_ml)
        return any(value is not None for value in asked)

    def mask(self, image: Image) -> Image:
        """Make the mask of an image.

        Raises
        ------
        GeometryError
            What was asked for is for volumes only.
        """
        import hounsfield as hu

        if self.min_ml is not None or self.fill_3d:
            option = "--fill-3d" if self.fill_3d else "--min-ml"
            raise hu.GeometryError(f"{option} is for volumes, and this is an image", source=image.name)
        made = hu.mask(image, self.above, self.below, fill=self.fill, **self._range)
        if self.largest is None and self.min_mm2 is None:
            return made
        return hu.components(made, largest=self.largest, min_mm2=self.min_mm2)

    def mask_volume(self, volume: Volume) -> Volume:
        """Make the mask of a volume.

        Raises
        ------
        GeometryError
            What was asked for is for images only.
        """
        import hounsfield as hu

        if self.min_mm2 is not None:
            raise hu.GeometryError("--min-mm2 is for images; of volumes it is --min-ml", source=volume.name)
        made = hu.mask(volume, self.above, self.below, fill="3d" if self.fill_3d else self.fill, **self._range)
        if self.largest is None and self.min_ml is None:
            return made
        return hu.components(made, largest=self.largest, min_ml=self.min_ml)

    @property
    def _range(self) -> dict[str, Any]:
        return {"tissue": self.tissue, "method": "otsu" if self.method else None, "opening": self.opening}


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--space, --strict and --verify: which values, and how far the file is trusted."""
    for option in (
        click.option("--verify", is_flag=True, help="Decode compressed pixels twice, by another decoder, and compare."),
        click.option("--strict", is_flag=True, help="Refuse files where something has to be assumed."),
        click.option(
            "--space",
            default="modality",
            show_default=True,
            callback=_space,
            metavar="NAME",
            help="Which values: modality, stored, real_world, real_world:LABEL, suv, suvlbm, suvbsa, ...",
        ),
    ):
        command = option(command)
    return command


def strict_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--strict: refuse where something has to be assumed."""
    option = click.option("--strict", is_flag=True, help="Refuse files where something has to be assumed.")
    return option(command)


def damaged_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--damaged: take what is there of pixel data that is cut off."""
    option = click.option("--damaged", is_flag=True, help="Take what is there of pixel data that is cut off.")
    return option(command)


@dataclass(frozen=True)
class Reading:
    """How a command reads its inputs; travels to worker processes."""

    space: str
    strict: bool
    verify: bool
    damaged: bool

    @classmethod
    def take(cls, options: dict[str, Any]) -> Reading:
        """Take what belongs here out of a command's options; a command without --damaged takes what is there."""
        space, strict, verify = (options.pop(name) for name in ("space", "strict", "verify"))
        return cls(space, strict, verify, options.pop("damaged", True))

    def volumes(self, paths: tuple[str, ...], gaps: str, progress: Any) -> Volumes:
        """Find the volumes of folders, archives and files; their values are read as those of files are."""
        from hounsfield.series.volumes import read_volumes

        kept = "resample" if gaps == "resample" else "split"  # what is to be refused is refused volume by volume
        return read_volumes(
            paths, values=self.space, gaps=kept, strict=self.strict, verify=self.verify, progress=progress
        )

    def read_volume(self, source: VolumeSource) -> Volume:
        """Read a volume.

        Raises
        ------
        DecodeError
            As `read`.
        """
        volume = source.read()
        self._check_missing(volume.steps, str(source))
        return volume

    def read(self, source: str, frames: int | None = None) -> Image:
        """Read an image.

        Raises
        ------
        DecodeError
            Pixels are missing, and nobody asked for the rest: an area or a mean of half an image is a wrong number.
        """
        import hounsfield as hu

        image = hu.read(source, values=self.space, frames=frames, strict=self.strict, verify=self.verify)
        self._check_missing(image.steps, source)
        return image

    def _check_missing(self, steps: Iterable[Step], source: str) -> None:
        missing = next((step.detail for step in steps if step.name == "missing"), None)
        if missing is not None and not self.damaged:
            raise DecodeError(f"{missing} (--damaged takes what is there)", source=source, attribute="PixelData")


def _space(context: click.Context, parameter: click.Parameter, text: str) -> str:
    from hounsfield.values.spaces import check_space

    try:
        return check_space(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def window_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--window: center,width, a preset, or one of the file's own by number or explanation."""
    return click.option(
        "--window",
        callback=_window,
        metavar="C,W|NAME|N",
        help="Window center,width; or lung, bone, brain, soft tissue, ...; or a window of the file by its number, "
        "counted from 0, or its explanation. By default the file's first.",
    )(command)


def _window(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
    if text is None:
        return None
    if text.isdecimal():
        return int(text)
    try:
        center, width = (float(part) for part in text.split(","))
    except ValueError:
        return text
    if not width > 0:
        raise click.BadParameter("the width must be positive")
    return center, width
