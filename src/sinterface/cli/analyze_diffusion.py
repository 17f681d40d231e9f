"""``sinterface analyze diffusion`` and ``arrhenius``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sinterface.cli import analyze_options as options


def diffusion(
    paths: options.Trajectories,
    frame_interval_fs: options.FrameInterval = None,
    element: Annotated[
        list[str] | None,
        typer.Option("--element", metavar="X", help="Only this element; may be repeated."),
    ] = None,
    temperature_K: Annotated[
        float | None,
        typer.Option("--temperature-K", metavar="T", help="For conductivities; default: the "
                     "frames' own mean."),
    ] = None,
    charge: Annotated[
        list[str] | None,
        typer.Option("--charge", metavar="X=Q", help="Charge of an element, such as Co=4; "
                     "default: formal charges."),
    ] = None,
    drift: Annotated[
        str,
        typer.Option("--drift", metavar="MODE", help="What is taken out: auto (framework at "
                     "rest, slab by slab), none, all (centre of mass)."),
    ] = "auto",
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="NAME=A:B", help="Slice along the normal, in fractions "
                     "of the period; may be repeated. Default: boundaries and insides."),
    ] = None,
    skip: options.Skip = 0,
    stride: options.Stride = 1,
    output: options.Output = None,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Tell tracer and collective diffusivities, Haven ratio and conductivity, with intervals.

    Example: [bold]sinterface analyze diffusion walk.extxyz --frame-interval-fs 100[/bold]
    """
    from sinterface.report.analysis_diffusion import compute

    with options.chosen_run(paths, frame_interval_fs, skip, stride) as run:
        outcome = compute(
            run, elements=element or (), charges=_charges(charge or []),
            temperature_K=temperature_K, drift=drift, regions=_regions(region),
        )  # fmt: skip
    options.show_outcome(outcome, output, as_json)


def arrhenius(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...", help="Results of 'analyze diffusion' at several temperatures: "
            "JSON files, or the folders that hold diffusion.json.", show_default=False,
        ),
    ],
    element: Annotated[str, typer.Option("--element", metavar="X", help="Which element.")] = "Li",
    at_K: Annotated[
        list[float] | None,
        typer.Option("--at-K", metavar="T", help="Extrapolate to; default 300; may be repeated."),
    ] = None,
    from_K: Annotated[
        float, typer.Option("--from-K", metavar="T", help="Only temperatures from here on.")
    ] = 0.0,
    to_K: Annotated[
        float | None, typer.Option("--to-K", metavar="T", help="Only up to here.")
    ] = None,
    transition_K: Annotated[
        list[float] | None,
        typer.Option("--transition-K", metavar="T", help="A melting, glass or phase transition: "
                     "extrapolation across it is flagged."),
    ] = None,
    output: options.Output = None,
    as_json: options.AsJson = False,
) -> None:  # fmt: skip
    """Fit D = D0 exp(−E_a/kT) to diffusivities, weighted, and extrapolate with an error band.

    Example: [bold]sinterface analyze arrhenius T*/diffusion.json --element Li[/bold]
    """
    from sinterface.report.analysis_arrhenius import compute

    outcome = compute(
        results, element, at_K=tuple(at_K or (300.0,)), from_K=from_K, to_K=to_K,
        transitions_K=tuple(transition_K or ()),
    )  # fmt: skip
    options.show_outcome(outcome, output, as_json)


def _regions(given: list[str] | None) -> dict[str, tuple[float, float]] | None:
    from sinterface.errors import InputError

    if given is None:
        return None
    regions = {}
    for text in given:
        name, _, span = text.partition("=")
        low, _, high = span.partition(":")
        try:
            regions[name.strip()] = (float(low), float(high))
        except ValueError as error:
            message = f"A region is written as grain=0.1:0.4, got '{text}'; give name=start:end."
            raise InputError(message) from error
    return regions


def _charges(given: list[str]) -> dict[str, float]:
    from sinterface.errors import InputError

    charges = {}
    for text in given:
        element, _, value = text.partition("=")
        try:
            charges[element.strip()] = float(value)
        except ValueError as error:
            message = f"A charge is written as Co=3, got '{text}'; give element=charge."
            raise InputError(message) from error
    return charges
