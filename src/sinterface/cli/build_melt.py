"""``sinterface build mixture`` and ``amorphous``: disordered cells through a melt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sinterface.cli import build_options as common

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.melt_quench import Quench
    from sinterface.structures.mixture import Mixture
    from sinterface.structures.opening import Opened

Composition = Annotated[
    str,
    typer.Argument(
        metavar="COMPOSITION",
        help="M1 to M5 or U1 to U5 of the study, or formula units: 'Li7La3Zr2O12:3 LiCoO2:15' "
        "(a negative number takes units out).",
        show_default=False,
    ),
]
Timestep = Annotated[
    float, typer.Option("--timestep-fs", help="Time step of melt, cooling and last run.")
]
FinalK = Annotated[
    float, typer.Option("--temperature-K", help="Temperature to which it is cooled.")
]
DensityTime = Annotated[
    float, typer.Option("--density-ps", help="Last run at zero pressure, for the density.")
]
Multiply = Annotated[
    int, typer.Option("--multiply", min=1, help="How many times the composition is taken.")
]


def mixture(
    composition: Composition,
    output: common.BuiltPath,
    melt_K: Annotated[float, typer.Option("--melt-K", help="Temperature of the melt.")] = 2000.0,
    melt_ps: Annotated[
        float, typer.Option("--melt-ps", help="Time in the melt; 0: only pack.")
    ] = 2.0,
    quench_ps: Annotated[float, typer.Option("--quench-ps", help="Time of cooling.")] = 5.0,
    final_K: FinalK = 300.0,
    density_ps: DensityTime = 3.0,
    hot: Annotated[
        bool, typer.Option("--hot", help="Stop in the melt, at 1.12 times the crystals' volume.")
    ] = False,
    multiply: Multiply = 1,
    timestep_fs: Timestep = 1.0,
    potential: common.PotentialName = "llzo-lco",
    threads: common.Threads = 1,
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Build a disordered cell: packed at random, molten, cooled, at the density of zero pressure.

    Example: [bold]sinterface build mixture M3 -o m3.extxyz[/bold]
    """
    from dataclasses import asdict

    from sinterface.dynamics.melt_quench import MELT_SCALE, Quench
    from sinterface.structures.compositions import compose, parse_composition
    from sinterface.structures.mixture import pack
    from sinterface.structures.structure_certificate import certify_structure

    common.check_output(output)
    units = parse_composition(composition)
    wanted = compose(units, multiply=multiply)
    source = {"composition": composition, "units": units, "multiply": multiply}
    quench = Quench(melt_K, melt_ps, quench_ps, 1000.0, final_K, density_ps)
    if hot:
        quench = Quench(melt_K, melt_ps, 0.0, melt_K, melt_K, 0.0)
    details: dict[str, Any] = {}
    if melt_ps <= 0.0:
        atoms = pack(wanted, volume_scale=MELT_SCALE, seed=seed)
        warnings = ["Only packed at random, not run: relax it before use."]
    else:
        atoms, details, named = _run(wanted, quench, timestep_fs, potential, seed, threads)
        source |= asdict(quench) | {"timestep_fs": timestep_fs} | named
        details["molten_and_quenched"] = quench.words(timestep_fs)
        warnings = [f"A state of {melt_K:g} K: cool it before a colder run."] if hot else []
    certificate = certify_structure(
        atoms, "mixture", source, seed=seed, details=details, warnings=warnings
    )
    common.finish(atoms, certificate, output, as_json)


def _run(
    wanted: Mixture, quench: Quench, timestep_fs: float, potential: str, seed: int, threads: int
) -> tuple[Atoms, dict[str, Any], dict[str, str]]:
    """Return the quenched cell, its figures and the potential's name; progress on a terminal."""
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.dynamics.melt_quench import melt_quench
    from sinterface.dynamics.requirements import named_potential
    from sinterface.potential.model import load_potential

    loaded = load_potential(potential)
    _check_size(wanted, loaded.cutoff_A)
    with progress_bar("packing") as show:
        found = melt_quench(
            wanted, loaded, quench, seed=seed, timestep_fs=timestep_fs, threads=threads,
            progress=show,
        )  # fmt: skip
    return found.atoms, found.figures(), named_potential(loaded)


def _check_size(wanted: Mixture, cutoff_A: float) -> None:
    """Raise InputError for a packed cube thinner than the cutoff; it names the copies needed."""
    from sinterface.dynamics.melt_quench import MELT_SCALE
    from sinterface.errors import InputError

    edge_A = (MELT_SCALE * wanted.volume_A3) ** (1.0 / 3.0)
    if edge_A < cutoff_A:
        copies = math.ceil((cutoff_A / edge_A) ** 3)
        raise InputError(
            f"A cube of this composition would be {edge_A:.1f} Å wide, less than the potential's "
            f"cutoff of {cutoff_A:g} Å; take it {copies} times or more (--multiply {copies})."
        )


def amorphous(
    material: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE|COMPOSITION",
            help="A crystal or a built structure whose composition is taken, or as for 'build "
            "mixture'.",
            show_default=False,
        ),
    ],
    output: common.BuiltPath,
    repeat: common.Repeat = (1, 1, 1),
    melt_K: Annotated[float, typer.Option("--melt-K", help="Temperature of the melt.")] = 4000.0,
    melt_ps: Annotated[float, typer.Option("--melt-ps", help="Time in the melt.")] = 5.0,
    quench_ps: Annotated[float, typer.Option("--quench-ps", help="Time of cooling.")] = 20.0,
    final_K: FinalK = 300.0,
    density_ps: DensityTime = 5.0,
    multiply: Multiply = 1,
    timestep_fs: Timestep = 1.0,
    potential: common.PotentialName = "llzo-lco",
    threads: common.Threads = 1,
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Build an amorphous cell by melt-quench: packed at random, molten, cooled, at zero pressure.

    Example: [bold]sinterface build amorphous llzo -o amorphous.extxyz[/bold]
    """
    from dataclasses import asdict

    from sinterface.dynamics.melt_quench import Quench
    from sinterface.structures.structure_certificate import certify_structure

    common.check_output(output)
    common.check_copies(repeat)
    wanted, opened, crystal_density = _material(material, repeat, multiply, seed)
    quench = Quench(melt_K, melt_ps, quench_ps, 1000.0, final_K, density_ps)
    atoms, figures, named = _run(wanted, quench, timestep_fs, potential, seed, threads)
    details = figures | {
        "crystal_density_g_per_cm3": crystal_density,
        "molten_and_quenched": quench.words(timestep_fs),
        "cooling_K_per_ps": (melt_K - final_K) / max(quench_ps, 1e-9),
    }
    source = {"material": material, "repeat": list(repeat), **asdict(quench)}
    source |= {"timestep_fs": timestep_fs} | named
    certificate = certify_structure(
        atoms, "amorphous", source, seed=seed, states=opened.states if opened else None,
        parents=opened.parents if opened else (), details=details,
    )  # fmt: skip
    common.finish(atoms, certificate, output, as_json)


def _material(
    name: str, repeat: tuple[int, int, int], multiply: int, seed: int
) -> tuple[Mixture, Opened | None, float | None]:
    """Return composition and volume of a structure, that structure and its density.

    Of formula units there is neither.
    """
    from pathlib import Path

    from sinterface.structures.compositions import compose, mixture_of, parse_composition
    from sinterface.structures.crystals import NAMES
    from sinterface.structures.opening import open_structure
    from sinterface.structures.structure_certificate import density

    if name.lower() in NAMES or Path(name).suffix or Path(name).is_file():
        opened = open_structure(name, seed=seed)
        crystal = opened.atoms * tuple(
            n * (multiply if k == 2 else 1) for k, n in enumerate(repeat)
        )
        return mixture_of(crystal), opened, density(crystal)
    return compose(parse_composition(name), multiply=multiply), None, None
