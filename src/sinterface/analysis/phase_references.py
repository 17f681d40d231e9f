"""Thermally shaken crystals, and amorphous cells, that stand for the phases."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

SQUARE_A2_PER_K = {"Li": 6.0e-5, "O": 2.6e-5, "Co": 1.6e-5, "Zr": 1.4e-5, "La": 1.8e-5}
"""Mean squared displacement along one axis per kelvin, from isotropic displacement parameters of
the crystals at room temperature, u² = B/8π² (B of 1.4, 0.6, 0.4, 0.3 and 0.4 Å² at 300 K)."""

EXPANSION_PER_K = 1.2e-5
STRAIN = 0.01
LEAST_ATOMS = 96
LEAST_EDGE_A = 8.0
COPIES, HELD_OUT = 12, 4

PHASES: dict[str, tuple[str, ...]] = {
    "LLZO": ("llzo", "llzo-tetragonal"),
    "LCO": ("lco",),
    "LaCoO3": ("lacoo3",),
    "La2Zr2O7": ("la2zr2o7",),
    "Li2ZrO3": ("li2zro3",),
    "CoO": ("coo",),
    "Co3O4": ("co3o4",),
    "rock salt": ("rocksalt",),
    "amorphous LLZO": ("amorphous LLZO",),
    "amorphous LCO": ("amorphous LCO",),
}
"""Phases and the crystals that stand for them; rock salt is CoO with half of its Co, at random,
replaced by Li; amorphous cells are four of LLZO and two of LCO, melted at 3000 and 4000 K by
CHGNet, quenched and relaxed."""

AMORPHOUS = ("amorphous LLZO", "amorphous LCO")

MOVING = ("LLZO", "LCO")
"""Phases of which every other copy comes from molecular dynamics with the potential instead of
random displacements: random ones know no stiff octahedra, and leave a dopant where it was put."""

DOPING = "LLZO"
"""Phase of which cells with Co on its cations' sites are references too."""

MD_STEPS, MD_STEP_FS = 75, 2.0
"""Long enough for the stiff modes to share the heat."""

DOPED, CO_SITES, N_CO, SNAPSHOTS = 9, ("Li", "Zr", "La"), 4, 3
"""Runs of LLZO with so many Co on each of these sites in turn, and snapshots of each: a class needs
many more surroundings of Co than the few dopants of a cell. The last of each site is for checks."""


def references(own: Mapping[str, Path]) -> dict[str, tuple[str, ...]]:
    """Return the phases, with a person's own structures beside or instead of them."""
    return PHASES | {name: (str(path),) for name, path in own.items()}


def shaken_copies(
    crystals: tuple[str, ...],
    temperature_K: float,
    seed: int,
    calculator: Calculator | None = None,
) -> Iterator[tuple[Atoms, bool]]:
    """Yield copies of a phase at a temperature, and whether they are held out for checks.

    With a calculator every other copy is a snapshot of molecular dynamics by it. Else each atom
    is displaced at random after its element's displacement parameter, the cell expanded and
    strained a little; Li of cubic LLZO is drawn anew in each copy.
    """
    rng = np.random.default_rng(seed)
    for copy in range(COPIES):
        atoms = _enlarged(_crystal(crystals[copy % len(crystals)], seed=copy))
        factor = 1.0 + EXPANSION_PER_K * temperature_K / 3.0 + rng.normal(0.0, STRAIN)
        atoms.set_cell(atoms.cell.array * factor, scale_atoms=True)
        if calculator is not None and copy % 2:
            (snapshot,) = _moved(atoms, temperature_K, calculator, rng)
            yield snapshot, copy >= COPIES - HELD_OUT
            continue
        heat = temperature_K * np.exp(rng.normal(0.0, 0.25))
        squares = [SQUARE_A2_PER_K.get(symbol, 2e-5) for symbol in atoms.get_chemical_symbols()]
        size = np.sqrt(np.array(squares) * heat)
        atoms.positions += rng.normal(size=(len(atoms), 3)) * size[:, None]
        yield atoms, copy >= COPIES - HELD_OUT


def doped_copies(
    temperature_K: float, seed: int, calculator: Calculator
) -> Iterator[tuple[Atoms, bool]]:
    """Yield snapshots of LLZO with Co on Li, Zr and La, and whether they are held out for checks.

    The dopant finds its own surroundings in some tenths of a picosecond of molecular dynamics.
    """
    from sinterface.structures.crystals import load_crystal
    from sinterface.structures.doping import dope

    rng = np.random.default_rng(seed)
    for run in range(DOPED):
        atoms = dope(load_crystal("llzo", run), CO_SITES[run % len(CO_SITES)], N_CO, seed=run)
        factor = 1.0 + EXPANSION_PER_K * temperature_K / 3.0 + rng.normal(0.0, STRAIN)
        atoms.set_cell(atoms.cell.array * factor, scale_atoms=True)
        for snapshot in _moved(atoms, temperature_K, calculator, rng, SNAPSHOTS):
            yield snapshot, run >= DOPED - len(CO_SITES)


def _moved(
    atoms: Atoms,
    temperature_K: float,
    calculator: Calculator,
    rng: np.random.Generator,
    n_snapshots: int = 1,
) -> list[Atoms]:
    """Return snapshots: from rest at twice the heat, half of which becomes potential energy."""
    from ase import units
    from ase.md.verlet import VelocityVerlet
    from ase.optimize import FIRE

    atoms.calc = calculator
    FIRE(atoms, logfile=None).run(fmax=0.3, steps=25)
    mass = atoms.get_masses()[:, None]
    momenta = rng.normal(size=(len(atoms), 3)) * np.sqrt(2.0 * temperature_K * units.kB * mass)
    atoms.set_momenta(momenta - mass * momenta.sum(axis=0) / mass.sum())
    moving = VelocityVerlet(atoms, timestep=MD_STEP_FS * units.fs)
    snapshots = []
    for _ in range(n_snapshots):
        moving.run(MD_STEPS)
        snapshots.append(atoms.copy())
    return snapshots


def _crystal(name: str, seed: int) -> Atoms:
    from sinterface.structures.crystals import load_crystal

    if name == "rocksalt":
        atoms: Atoms = load_crystal("coo") * (2, 2, 2)
        rng = np.random.default_rng(seed)
        cobalt = np.flatnonzero(atoms.numbers == 27)
        atoms.numbers[rng.choice(cobalt, len(cobalt) // 2, replace=False)] = 3
        return atoms
    if name.startswith("amorphous "):
        return _amorphous(name, seed)
    if Path(name).is_file():
        return _own(Path(name))
    return load_crystal(name, seed)


def _amorphous(name: str, number: int) -> Atoms:
    """Return one of the amorphous cells that come with the package."""
    from ase.io import read

    path = files("sinterface.analysis") / "data" / "amorphous.extxyz"
    cells = read(io.StringIO(path.read_text(encoding="utf-8")), index=":", format="extxyz")
    own = [one for one in cells if one.info["phase"] == name]
    found: Atoms = own[number % len(own)]
    return found


def _own(path: Path) -> Atoms:
    from ase import Atoms
    from ase.io import read

    try:
        found = read(path, index=-1)
    except Exception as error:
        raise InputError(f"'{path}' can't be read as a structure ({error}).") from error
    if not isinstance(found, Atoms):
        raise InputError(f"'{path}' holds no structure; give another file.")
    return found


def _enlarged(atoms: Atoms) -> Atoms:
    """Return enough copies of a cell that atoms and their images shake apart."""
    lengths = atoms.cell.lengths()
    repeat = [max(1, int(np.ceil(LEAST_EDGE_A / length))) for length in lengths]
    while len(atoms) * np.prod(repeat) < LEAST_ATOMS:
        repeat[int(np.argmin(np.array(repeat) * lengths))] += 1
    larger: Atoms = atoms * tuple(repeat)
    return larger
