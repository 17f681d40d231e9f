"""Peers from the package registry: NEP, CHGNet, and neighbour lists."""

from __future__ import annotations

import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
from measuring import Contestant, NotMeasuredError
from systems import CUTOFF_A, ELEMENTS, Effort, llzo

from sinterface.kernels.neighbors import neighbor_list

NEP_RADIAL, NEP_ANGULAR = (4, 8), (4, 8)  # n_max and basis_size
NEP_DEGREES = (4, 2, 0)  # of three-, four- and five-body terms
NEP_NEURONS = 30


def write_nep(path: Path, angular_cutoff: float) -> Path:
    """Write a NEP4 model of five elements with random weights: speed doesn't depend on them."""
    n_types = len(ELEMENTS)
    n_radial = NEP_RADIAL[0] + 1
    n_angular = (NEP_ANGULAR[0] + 1) * (NEP_DEGREES[0] + sum(d > 0 for d in NEP_DEGREES[1:]))
    n_inputs = n_radial + n_angular
    n_basis = n_radial * (NEP_RADIAL[1] + 1) + (NEP_ANGULAR[0] + 1) * (NEP_ANGULAR[1] + 1)
    n_weights = n_types * (n_inputs + 2) * NEP_NEURONS + 1 + n_types**2 * n_basis
    weights = np.random.default_rng(1).normal(scale=0.1, size=n_weights)
    head = [
        f"nep4 {n_types} {' '.join(ELEMENTS)}",
        f"cutoff {CUTOFF_A} {angular_cutoff} 150 150",
        f"n_max {NEP_RADIAL[0]} {NEP_ANGULAR[0]}",
        f"basis_size {NEP_RADIAL[1]} {NEP_ANGULAR[1]}",
        f"l_max {' '.join(map(str, NEP_DEGREES))}",
        f"ANN {NEP_NEURONS} 0",
    ]
    values = [f"{value:.7e}" for value in (*weights, *np.ones(n_inputs))]
    path.write_text("\n".join(head + values) + "\n")
    return path


def nep(effort: Effort, folder: Path) -> list[Contestant]:
    """NEP on the CPU, called below its ASE calculator; it builds its neighbour list in the call."""
    try:
        from calorine.calculators import CPUNEP
    except ImportError:
        raise NotMeasuredError("not installed: pip install calorine") from None
    atoms = llzo(effort.base)
    found = []
    for angular_cutoff in (4.0, CUTOFF_A):
        calculator = CPUNEP(str(write_nep(folder / f"{angular_cutoff:g}.nep.txt", angular_cutoff)))
        calculator.calculate(atoms, ["energy"])
        facts = {"precision": "double", "descriptors": 35}
        name = f"NEP, {CUTOFF_A:g} Å, angular {angular_cutoff:g} Å"
        run = calculator.nepy.get_potential_forces_and_virials
        found.append(Contestant(name, "peer", len(atoms), run, 1, facts))
    return found


def chgnet(_: Effort, __: Path) -> list[Contestant]:
    """CHGNet on 192 atoms: energy, forces and stress, its graph built in the call."""
    try:
        import torch
        from chgnet.model.dynamics import CHGNetCalculator
    except ImportError:
        raise NotMeasuredError('not installed: pip install ".[chgnet]"') from None
    warnings.filterwarnings("ignore", "Converting a tensor", UserWarning)  # CHGNet's own
    torch.set_num_threads(1)
    atoms = llzo((1, 1, 1))
    calculator = CHGNetCalculator(use_device="cpu", verbose=False)

    def run() -> object:
        calculator.calculate(atoms, ["energy", "forces", "stress"])
        return calculator.results

    facts = {"precision": "single"}
    name = f"CHGNet {metadata.version('chgnet')} ({len(atoms)} atoms)"
    return [Contestant(name, "peer", len(atoms), run, 1, facts)]


def neighbor_lists(effort: Effort, _: Path) -> list[Contestant]:
    """Full lists within 6 Å: this package's (vesin, sorted, with shifts) and matscipy's."""
    atoms = llzo(effort.door)

    def ours() -> object:
        return neighbor_list(atoms.positions, atoms.cell.array, atoms.pbc, CUTOFF_A)

    return [Contestant("sinterface (vesin)", "neighbour list", len(atoms), ours)]


def matscipy(effort: Effort, _: Path) -> list[Contestant]:
    """Matscipy's full list within 6 Å."""
    try:
        from matscipy.neighbours import neighbour_list
    except ImportError:
        raise NotMeasuredError("not installed: pip install matscipy") from None
    atoms = llzo(effort.door)

    def run() -> object:
        return neighbour_list("ijS", atoms, CUTOFF_A)

    return [Contestant("matscipy", "neighbour list", len(atoms), run)]


def vesin(effort: Effort, _: Path) -> list[Contestant]:
    """Vesin's full list within 6 Å as it comes: unsorted, no shifts in Å."""
    import vesin

    atoms = llzo(effort.door)
    search = vesin.NeighborList(cutoff=CUTOFF_A, full_list=True, n_threads=1)

    def run() -> object:
        return search.compute(atoms.positions, atoms.cell.array, atoms.pbc, quantities="ijS")

    return [Contestant("vesin", "neighbour list", len(atoms), run)]
