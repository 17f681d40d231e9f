"""What runs inside LAMMPS: the engine's own door, SNAP, POD, and LAMMPS' neighbour list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from engine_contestants import PRECISIONS
from measuring import Contestant, NotMeasuredError
from systems import CUTOFF_A, ELEMENTS, Effort, full_set, llzo

import sinterface
from sinterface.dynamics.lammps_library import start_lammps
from sinterface.errors import InputError
from sinterface.kernels.neighbors import neighbor_list
from sinterface.potential import lammps_plugin_path

SKIN_A = 2.0
SNAP_COMPONENTS = {6: 30, 8: 55}  # bispectrum components by 2 Jmax
POD_RADIAL, POD_ANGULAR, POD_DEGREE = 6, 5, 4
NAMES = " ".join(ELEMENTS)


def _lammps(atoms: Atoms, skin: float = SKIN_A) -> Any:
    """Return an instance with these atoms in it; nothing ever moves them."""
    try:
        instance = start_lammps()
    except InputError as error:
        raise NotMeasuredError(str(error)) from None
    a, b, c = atoms.cell.lengths()
    instance.commands_string(
        f"units metal\natom_modify map array\nregion box block 0 {a} 0 {b} 0 {c}\n"
        f"create_box {len(ELEMENTS)} box\nneighbor {skin} bin\n"
        "neigh_modify delay 0 every 1 check yes"
    )
    kinds = [list(ELEMENTS).index(symbol) + 1 for symbol in atoms.symbols]
    numbers = list(range(1, len(atoms) + 1))
    instance.create_atoms(len(atoms), numbers, kinds, atoms.get_positions(wrap=True).ravel())
    instance.command("mass * 10")
    return instance


def _steps(instance: Any, commands: str) -> Callable[[], object]:
    """Return a call that makes one step: communication, forces, energy and pressure."""
    instance.commands_string(commands + "\nrun 0")

    def run() -> object:
        return instance.command("run 1 pre no post no")

    return run


def door(effort: Effort, folder: Path) -> list[Contestant]:
    """The pair style with a skin of 2 Å, beside the bare kernel on a list of the same pairs."""
    atoms = llzo(effort.door)
    directory = full_set(folder, "wide")
    potential = sinterface.load_potential(directory)
    args = (atoms.positions, atoms.cell.array, atoms.pbc)
    lists = {CUTOFF_A: potential.neighbors(*args), CUTOFF_A + SKIN_A: neighbor_list(*args, 8.0)}
    found = []
    for precision in PRECISIONS:
        facts = {"set": "wide", "precision": precision}
        for threads in (1, 2):
            style = f"pair_style sinterface precision {precision} threads {threads}"
            commands = f"plugin load {lammps_plugin_path()}\n{style}\n"
            commands += f"pair_coeff * * {directory} {NAMES}"
            run = _steps(_lammps(atoms), commands)
            name = f"LAMMPS, {precision}" + (", 2 threads" if threads == 2 else "")
            found.append(Contestant(name, "door", len(atoms), run, threads, facts))
        for radius, neighbors in lists.items():

            def bare(neighbors: Any = neighbors, precision: str = precision) -> object:
                return potential.evaluate(
                    atoms.numbers, atoms.positions, neighbors, precision=precision
                )

            name = f"bare kernel, {precision}, list of {radius:g} Å"
            found.append(Contestant(name, "door", len(atoms), bare, 1, facts))
    return found


def snap(effort: Effort, folder: Path) -> list[Contestant]:
    """Linear SNAP, elements told apart by weights, with random coefficients."""
    found = []
    rng = np.random.default_rng(1)
    for degree, components in SNAP_COMPONENTS.items():
        blocks = [
            f"{symbol} 0.5 {1 - 0.1 * k:.1f}\n"
            + "".join(f"{value:.6e}\n" for value in rng.normal(scale=1e-3, size=components + 1))
            for k, symbol in enumerate(ELEMENTS)
        ]
        stem = folder / f"snap{degree}"
        stem.with_suffix(".snapcoeff").write_text(
            f"{len(ELEMENTS)} {components + 1}\n" + "".join(blocks)
        )
        stem.with_suffix(".snapparam").write_text(
            f"rcutfac {CUTOFF_A}\ntwojmax {degree}\nrfac0 0.99363\nrmin0 0.0\nbzeroflag 1\n"
        )
        atoms = llzo(effort.base)
        instance = _lammps(atoms)
        if not instance.has_style("pair", "snap"):
            raise NotMeasuredError("this LAMMPS lacks pair_style snap")
        files = f"{stem}.snapcoeff {stem}.snapparam"
        run = _steps(instance, f"pair_style snap\npair_coeff * * {files} {NAMES}")
        facts = {"precision": "double", "descriptors": components}
        name = f"SNAP, 2Jmax = {degree} ({components} components)"
        found.append(Contestant(name, "peer", len(atoms), run, 1, facts))
    return found


def pod(effort: Effort, folder: Path) -> list[Contestant]:
    """POD with two- and three-body terms that tell element pairs apart, random coefficients."""
    n = len(ELEMENTS)
    pairs = n * (n + 1) // 2
    per_element = 1 + POD_RADIAL * n + POD_ANGULAR * (POD_DEGREE + 1) * pairs
    values = np.random.default_rng(1).normal(scale=1e-3, size=n * per_element)
    coefficients, parameters = folder / "coefficients.pod", folder / "parameters.pod"
    coefficients.write_text(
        f"model_coefficients: {len(values)} 0 0\n" + "".join(f"{value:.6e}\n" for value in values)
    )
    many_body = [
        f"{count}body_{what} 0"
        for count in ("four", "five", "six", "seven")
        for what in ("number_radial_basis_functions", "angular_degree")
    ]
    lines = [
        f"species {NAMES}",
        "pbc 1 1 1",
        "rin 1.0",
        f"rcut {CUTOFF_A}",
        "bessel_polynomial_degree 4",
        "inverse_polynomial_degree 8",
        "onebody 1",
        f"twobody_number_radial_basis_functions {POD_RADIAL}",
        f"threebody_number_radial_basis_functions {POD_ANGULAR}",
        f"threebody_angular_degree {POD_DEGREE}",
        *many_body,
    ]
    parameters.write_text("\n".join(lines) + "\n")
    atoms = llzo(effort.base)
    instance = _lammps(atoms)
    if not instance.has_style("pair", "pod"):
        raise NotMeasuredError("this LAMMPS lacks pair_style pod")
    files = f"{parameters} {coefficients}"
    run = _steps(instance, f"pair_style pod\npair_coeff * * {files} {NAMES}")
    facts = {"precision": "double", "descriptors": per_element}
    name = f"POD, up to three bodies ({per_element} descriptors)"
    return [Contestant(name, "peer", len(atoms), run, 1, facts)]


def lammps_neighbors(effort: Effort, _: Path) -> list[Contestant]:
    """LAMMPS' full list without a skin, built anew, borders exchanged."""
    atoms = llzo(effort.door)
    commands = "pair_style zero 6.0 full\npair_coeff * *\nneigh_modify delay 0 every 1 check no"
    run = _steps(_lammps(atoms, skin=0.0), commands)
    return [Contestant("LAMMPS", "neighbour list", len(atoms), run)]
