"""Options of regions: where something is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from hounsfield.errors import HounsfieldError, MissingDependencyError

if TYPE_CHECKING:
    from hounsfield.recipes.measured_regions import MeasuredRegion


def region_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--circle, --rect, --ellipse, --sphere, --polygon and --roi, each as often as wanted."""
    for option in (
        click.option(
            "--roi",
            metavar="FILE",
            multiple=True,
            help="Regions of another program: ImageJ's .roi or .zip, a mask as PNG, NPY, NPZ or NIfTI, a DICOM "
            "segmentation.",
        ),
        click.option(
            "--polygon",
            metavar="FILE",
            multiple=True,
            help="Polygons in pixels: JSON, a list of [x, y], or GeoJSON.",
        ),
        click.option(
            "--sphere",
            metavar="X,Y,Z,Rmm",
            multiple=True,
            help="Of volumes: a sphere around a point in the patient, in LPS mm.",
        ),
        click.option(
            "--ellipse",
            metavar="X,Y,RX,RY",
            multiple=True,
            help="An ellipse: radii along columns and rows, then an angle if wanted: 60,70,20,10mm,30deg.",
        ),
        click.option(
            "--rect",
            metavar="X,Y,W,H",
            multiple=True,
            help="A rectangle by its middle, width and height, and an angle if wanted: 60,70,20,10mm,30deg.",
        ),
        click.option(
            "--circle",
            metavar="X,Y,R",
            multiple=True,
            help="A circle: column X and row Y of its middle, counted from 0, and its radius, in pixels or with mm: "
            "60,70,5mm. A point in the patient, in LPS mm, has three numbers: 10.5,-20,120,5mm. NAME=60,70,5 names it. "
            "Pixels are those of what --plane, --crop and the like leave. May be repeated, as all regions.",
        ),
    ):
        command = option(command)
    return command


def regions_of(options: dict[str, Any]) -> tuple[MeasuredRegion, ...]:
    """Take the regions out of a command's options."""
    from hounsfield.recipes.measured_regions import KINDS, MeasuredRegion

    return tuple(MeasuredRegion(kind, text) for kind in KINDS for text in options.pop(kind))


def check_region_files(regions: Iterable[MeasuredRegion], *, cropped_to: bool = False) -> None:
    """Refuse files that are no regions, once and before any input is read; and those in pixels that are cropped to.

    Raises
    ------
    click.BadParameter
        Naming the option.
    """
    for region in regions:
        if not region.is_file:
            continue
        from hounsfield.recipes.command_line import in_options
        from hounsfield.recipes.measured_regions import IN_PIXELS
        from hounsfield.rois.rois import check_rois, kind_of_rois

        try:
            if region.kind == "polygon" and kind_of_rois(region.text) != "JSON":
                raise click.BadParameter(f"{region.text} is no JSON; --roi takes other files", param_hint="--polygon")
            check_rois(region.text)
            if cropped_to and kind_of_rois(region.text) not in ("NIfTI", "DICOM"):
                raise click.BadParameter(in_options(IN_PIXELS), param_hint=f"--{region.kind}")
        except MissingDependencyError:
            continue  # each input says so, and the exit code does
        except HounsfieldError as error:
            raise click.BadParameter(str(error), param_hint=f"--{region.kind}") from None
