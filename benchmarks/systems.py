"""What is measured on: rattled LLZO, sets of symmetry functions, potentials with random weights.

Speed doesn't depend on the values of weights, so the benchmark writes potentials of any size.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from sinterface.structures.crystals import cubic_llzo

KINDS = {"wide": 9, "narrow": 3}
"""The sets and their angular type."""

ELEMENTS = {"Li": 3, "O": 8, "Co": 27, "Zr": 40, "La": 57}
RADIAL_ETAS = (0.003214, 0.035711, 0.071421, 0.124987, 0.214264, 0.357106, 0.714213, 1.428426)
ANGULAR = (  # eta, lambda, zeta in the order in which sets grow
    *((0.000357, lam, zeta) for zeta in (1, 4) for lam in (-1, 1)),
    *((0.028569, lam, 1) for lam in (-1, 1)),
    *((0.028569, lam, 4) for lam in (-1, 1)),
    *((0.089277, lam, zeta) for zeta in (1, 4) for lam in (-1, 1)),
)
CUTOFF_A = 6.0
HIDDEN = (20, 20)
FULL_SET = (8, 6)  # radial rows of an element, angular rows of a pair: 130 functions in all


@dataclass(frozen=True)
class Effort:
    """How much is measured: rounds, and the sizes that are swept."""

    rounds: int
    sizes: tuple[tuple[int, int, int], ...]  # cells of 192 atoms along each axis
    largest_narrow: int  # atoms; the narrow set is swept up to here
    door: tuple[int, int, int]
    rows: tuple[tuple[int, int], ...]  # radial rows an element, angular rows an element pair
    base: tuple[int, int, int] = (2, 2, 2)


_SIZES = ((2, 2, 2), (2, 4, 4), (4, 4, 4), (4, 5, 7), (6, 6, 7), (8, 8, 8), (10, 10, 11))
_ROWS = ((4, 0), (8, 0), (8, 1), (8, 2), (8, 4), (8, 6), (8, 9), (8, 12))
EFFORTS = {
    "smoke": Effort(1, ((1, 1, 1),), 192, (1, 1, 1), ((4, 0), (8, 1)), (1, 1, 1)),
    "quick": Effort(5, _SIZES[:4], 1_536, (3, 5, 6), _ROWS[::2]),
    "default": Effort(9, _SIZES, 15_000, (3, 5, 6), _ROWS),
    "full": Effort(15, _SIZES, 250_000, (3, 5, 6), _ROWS),
}


def llzo(repeat: tuple[int, int, int]) -> Atoms:
    """Return cubic LLZO, every atom moved by about 0.1 Å: 192 atoms a cell."""
    atoms = cubic_llzo(seed=1, repeat=repeat)
    atoms.rattle(0.1, seed=1)
    return atoms


def rows_of(kind: int, radial: int, angular: int) -> list[str]:
    """Return lines of `input.nn` without the central element; `kind` 3 is narrow, 9 wide."""
    lines = [f"2 {a} {eta} 0.0 {CUTOFF_A}" for a in ELEMENTS for eta in RADIAL_ETAS[:radial]]
    for a, b in itertools.combinations_with_replacement(ELEMENTS, 2):
        for eta, lam, zeta in ANGULAR[:angular]:
            lines.append(f"{kind} {a} {b} {eta} {lam} {zeta} {CUTOFF_A} 0.0")
    return lines


def write_potential(directory: Path, kind: int, radial: int, angular: int) -> Path:
    """Write a potential of five elements with random weights, every element with the same rows."""
    directory.mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows = rows_of(kind, radial, angular)
    head = [
        f"number_of_elements {len(ELEMENTS)}",
        f"elements {' '.join(ELEMENTS)}",
        "cutoff_type 2 0.0",
        "scale_symmetry_functions",
        "center_symmetry_functions",
        f"global_hidden_layers_short {len(HIDDEN)}",
        f"global_nodes_short {' '.join(map(str, HIDDEN))}",
        "global_activation_short t t l",
    ]
    lines = [f"symfunction_short {name} {row}" for name in ELEMENTS for row in rows]
    (directory / "input.nn").write_text("\n".join(head + lines) + "\n")
    ranges = "".join(
        f"{e} {k} 0.0 10.0 3.0 1.0\n"
        for e in range(1, len(ELEMENTS) + 1)
        for k in range(1, len(rows) + 1)
    )
    (directory / "scaling.data").write_text(ranges)
    n_weights = sum((a + 1) * b for a, b in itertools.pairwise((len(rows), *HIDDEN, 1)))
    for z in ELEMENTS.values():
        weights = rng.uniform(-0.3, 0.3, n_weights)
        text = "".join(f"{weight:.9e}\n" for weight in weights)
        (directory / f"weights.{z:03d}.data").write_text(text)
    return directory


def full_set(folder: Path, case: str) -> Path:
    """Return the folder of the wide or narrow set of 130 functions, written when missing."""
    directory = folder / f"{case}-set"
    return directory if directory.exists() else write_potential(directory, KINDS[case], *FULL_SET)


def write_committee(directory: Path, source: Path, members: int) -> Path:
    """Write a committee: `source` and copies of it in folders of their own, weights perturbed."""
    rng = np.random.default_rng(2)
    shutil.copytree(source, directory)
    names = [f"member-{k}" for k in range(2, members + 1)]
    for name in names:
        folder = directory / name
        folder.mkdir()
        for path in sorted(source.glob("weights.*.data")):
            lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
            values = [float(line.split()[0]) * rng.normal(1.0, 0.02) for line in lines]
            (folder / path.name).write_text("".join(f"{value:.9e}\n" for value in values))
    extension = directory / "extension.nn"
    text = extension.read_text() if extension.exists() else "format_version 1\n"
    extension.write_text(text + "".join(f"committee_member {name}\n" for name in names))
    return directory
