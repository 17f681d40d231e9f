"""``sinterface build dope``: substitution by any rule, charge-balanced."""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.cli import build_options as common

if TYPE_CHECKING:
    from ase import Atoms


class Mode(StrEnum):
    """How dopants lie."""

    uniform = "uniform"
    random = "random"
    region = "region"


def dope(
    structure: Annotated[
        str,
        typer.Argument(
            metavar="STRUCTURE",
            help="A built structure's file, or a crystal: " + common.CRYSTAL_HELP,
            show_default=False,
        ),
    ],
    output: common.BuiltPath,
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            help="Dopant, its charge and the element whose site it takes: 'Co3+ on Li', "
            "'Al3+ on Li', 'Ta5+ on Zr', 'Co4+ on Zr', 'Co3+ on La', ...",
            show_default=False,
        ),
    ],
    x: Annotated[
        float | None,
        typer.Option("--x", help="Dopants a formula unit.", show_default=False),
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", help="Dopants in the cell, instead of --x.", show_default=False),
    ] = None,
    mode: Annotated[
        Mode,
        typer.Option(help="As far apart as possible, at random, or spread within --within."),
    ] = Mode.uniform,
    within: Annotated[
        str | None,
        typer.Option(
            metavar="PART",
            help="Part of the cell: 'c 0.4 0.6' (fractions of an edge), 'sphere X Y Z R' (Å), or "
            "'region NAME'.",
            show_default=False,
        ),
    ] = None,
    repeat: common.Repeat = (1, 1, 1),
    relax: Annotated[
        bool,
        typer.Option(
            "--relax",
            help="Relax atoms and volume with the potential, as an amorphous cell needs it.",
        ),
    ] = False,
    potential: common.PotentialName = "llzo-lco",
    threads: common.Threads = 1,
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Put dopants on a site; Li next to them goes or comes, so that the cell stays neutral.

    Co3+ on Li takes three Li, Co4+ on Zr and Co3+ on La none, Ta5+ on Zr one. To dope twice, give
    the first result as STRUCTURE; to dope a glass, the file of 'build amorphous', with --relax.

    Example: [bold]sinterface build dope llzo --rule "Al3+ on Li" --x 0.25 -o al.extxyz[/bold]
    """
    from sinterface.errors import InputError
    from sinterface.structures.opening import open_structure
    from sinterface.structures.substitution import (
        formula_units,
        number_of_dopants,
        parse_rule,
        substitute,
    )
    from sinterface.structures.within import parse_within

    common.check_output(output)
    common.check_copies(repeat)
    if (x is None) == (count is None):
        raise InputError("Give either --x (dopants a formula unit) or --count (in the cell).")
    if (mode is Mode.region) and within is None:
        raise InputError("The mode 'region' needs --within, such as --within 'c 0.4 0.6'.")
    parsed = parse_rule(rule)
    opened = open_structure(structure, seed=seed, draws=10)
    atoms = common.repeated(opened.atoms, repeat)
    known = opened.certificate.get("details", {}).get("formula_units")
    units = known * math.prod(repeat) if known else formula_units(atoms)
    wanted = count if count is not None else number_of_dopants(atoms, x or 0.0, units)
    doped = substitute(
        atoms, parsed, wanted, mode="random" if mode is Mode.random else "uniform",
        within=parse_within(within) if within else None, states=opened.states, seed=seed,
    )  # fmt: skip
    final = doped.atoms
    figures: dict[str, Any] = {}
    named: dict[str, str] = {}
    if relax:
        final, figures, named = _relaxed(doped.atoms, potential, threads)
    source = {
        "structure": structure,
        "repeat": list(repeat),
        "rule": str(parsed),
        "mode": mode.value,
        "within": within,
        "before": opened.certificate.get("source", {}),
        **named,
    }
    kind = "doped amorphous" if "amorphous" in opened.kind else "doped crystal"
    certificate = common.certify_opened(final, kind, source, opened, seed=seed,
        states=doped.states,
        details={
            "dopants": doped.n_dopants,
            "x": doped.n_dopants / units,
            "formula_units": units,
            "removed": doped.removed,
            "added": doped.added,
            "nearest_dopants_A": doped.nearest_dopants_A,
            **_glass(opened.certificate),
            **figures,
        },
        warnings=[] if figures.get("relaxed", True) else ["The relaxation has not converged."],
    )  # fmt: skip
    common.finish(final, certificate, output, as_json)


def _glass(before: Mapping[str, Any]) -> dict[str, str]:
    """Return how the structure that is doped was molten and quenched, where it was."""
    course = before.get("details", {}).get("molten_and_quenched")
    return {"molten_and_quenched": course} if course else {}


def _relaxed(atoms: Atoms, name: str, threads: int) -> tuple[Atoms, dict[str, Any], dict[str, str]]:
    """Return the structure without forces and pressure, its figures, and the potential's name."""
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.dynamics.preparation import at_zero_pressure
    from sinterface.dynamics.requirements import named_potential
    from sinterface.potential.model import load_potential

    potential = load_potential(name)
    with progress_bar("relaxing") as show:
        found, figures = at_zero_pressure(atoms, potential, threads=threads, progress=show)
    return found, figures, named_potential(potential)
