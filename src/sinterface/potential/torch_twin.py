"""The potential as a differentiable torch module: the mathematics of the kernel, on any device.

Energies are a function of positions, cell and weights that torch can differentiate twice and more:
forces, stress, Hessians, training through forces. It is meant for that and for devices that the
kernel can't use; on a CPU the kernel is far faster for energies and forces.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import torch
from ase.data import atomic_numbers
from numpy.typing import ArrayLike
from torch import Tensor

from sinterface.errors import InputError
from sinterface.kernels.neighbors import neighbor_list
from sinterface.kernels.symmetry import SPECTRUM, Row
from sinterface.potential.torch_functions import ACTIVATIONS, zbl_energy
from sinterface.potential.torch_sums import (
    ANGULAR,
    Pairs,
    RadialSums,
    SpectrumSums,
    TripletSums,
    WideSums,
    through_moments,
)

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.kernels import _core
    from sinterface.potential.model import Potential

DTYPES = (torch.float64, torch.float32)
Layers = Sequence[tuple[int, int, str, list[float], list[float]]]


@dataclass(frozen=True)
class Neighborhood:
    """Elements and neighbours of a structure's atoms, as tensors on one device.

    Attributes
    ----------
    species
        Index of each atom's element among the potential's, shape (n_atoms,).
    centers, neighbors
        Atoms i and j of all pairs, each met from both ends, ascending by i, shape (n_pairs,).
    steps
        Lattice steps S of each pair, shape (n_pairs, 3): r_ij = r_j − r_i + S @ cell.
    """

    species: Tensor
    centers: Tensor
    neighbors: Tensor
    steps: Tensor


@dataclass(frozen=True)
class TorchEvaluation:
    """What the twin says about one structure.

    Attributes
    ----------
    energies
        Energy of each atom, shape (n_atoms,), in eV.
    forces
        Shape (n_atoms, 3), in eV/Å.
    virial
        −dE/dstrain, shape (3, 3), in eV; the stress is −virial / volume.
    """

    energies: Tensor
    forces: Tensor
    virial: Tensor


class TorchPotential(torch.nn.Module):
    """Twin of a potential, see :meth:`sinterface.Potential.torch`.

    The networks' weights and biases are parameters, all other tables are buffers, so ``.to()``
    and optimisers work as with any module. Of a committee it gives the mean, as the kernel does,
    and :meth:`member_energies`.
    """

    numbers: Tensor
    offsets: Tensor

    def __init__(self, potential: Potential, device: str | torch.device, dtype: torch.dtype):
        super().__init__()
        if dtype not in DTYPES:
            raise InputError(f"dtype must be torch.float64 or torch.float32, got {dtype}.")
        engine = potential._engine
        self.potential = potential
        self.cutoff_A = potential.cutoff_A
        self.zbl_A = potential.zbl_A
        charges = [float(atomic_numbers[name]) for name in potential.elements]
        terms = [engine.energy_terms(member) for member in range(engine.n_members)]
        self.units = tuple(unit for unit, _ in terms)
        offsets = np.transpose([offset for _, offset in terms])
        self.register_buffer("numbers", torch.tensor(charges, dtype=torch.float64))
        self.register_buffer("offsets", torch.tensor(offsets, dtype=torch.float64))
        self.elements = torch.nn.ModuleList(
            ElementTwin(engine, k, self.numbers) for k in range(len(charges))
        )
        try:
            self.to(device=device, dtype=dtype)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"torch can't use the device '{device}': {reason}") from error

    def tensors(self, atoms: Atoms) -> tuple[Tensor, Tensor, Neighborhood]:
        """Return positions (n_atoms, 3) and cell (3, 3), both in Å, and neighbours of `atoms`."""
        cell = atoms.cell.array
        hood = self.neighborhood(atoms.get_chemical_symbols(), atoms.positions, cell, atoms.pbc)
        return self._floats(atoms.positions), self._floats(cell), hood

    def neighborhood(
        self,
        symbols: Sequence[str],
        positions: ArrayLike,
        cell: ArrayLike,
        pbc: ArrayLike,
        *,
        skin_A: float = 0.0,
    ) -> Neighborhood:
        """Find the neighbours of a structure.

        Parameters
        ----------
        symbols
            Chemical symbol of each atom.
        positions, cell, pbc
            Shapes (n_atoms, 3) and (3, 3), in Å, and (3,) or one flag for all.
        skin_A
            Added to the cutoff: the list then holds until an atom has moved by half of it.
        """
        list_ = neighbor_list(positions, cell, pbc, self.cutoff_A + skin_A)
        box = np.asarray(cell, dtype=float).reshape(3, 3)
        steps = np.rint(list_.shifts @ np.linalg.pinv(box))
        device = self.numbers.device
        return Neighborhood(
            torch.as_tensor(self.potential.species(symbols), dtype=torch.int64, device=device),
            torch.as_tensor(list_.centers, device=device),
            torch.as_tensor(list_.neighbors, dtype=torch.int64, device=device),
            self._floats(steps),
        )

    def forward(self, positions: Tensor, cell: Tensor, neighborhood: Neighborhood) -> Tensor:
        """Return the energy of each atom, shape (n_atoms,), in eV.

        Parameters
        ----------
        positions
            Cartesian positions, shape (n_atoms, 3), in Å.
        cell
            Lattice vectors as rows, shape (3, 3), in Å; zeros for a cluster.
        neighborhood
            From :meth:`neighborhood`; pairs beyond the cutoff do no harm.
        """
        return self.member_energies(positions, cell, neighborhood).mean(dim=1)

    def member_energies(
        self, positions: Tensor, cell: Tensor, neighborhood: Neighborhood
    ) -> Tensor:
        """Return the energy of each atom by each member, shape (n_atoms, n_members), in eV."""
        hood = neighborhood
        vectors = positions[hood.neighbors] - positions[hood.centers] + hood.steps @ cell
        near = vectors.detach().square().sum(-1) < self.cutoff_A**2
        center, other, vectors = hood.centers[near], hood.neighbors[near], vectors[near]
        distance = torch.linalg.vector_norm(vectors, dim=-1)
        unit = vectors / distance[:, None]
        pairs = Pairs(center, hood.species[other], vectors, distance, unit)
        energies = self.offsets[hood.species]
        place = torch.zeros_like(hood.species)
        for k, element in enumerate(self.elements):
            own = torch.nonzero(hood.species == k)[:, 0]
            if len(own) == 0:
                continue
            place[own] = torch.arange(len(own), device=own.device)
            mine = pairs.where(hood.species[center] == k)
            found = element(mine._replace(center=place[mine.center]), len(own))
            energies = energies.index_add(0, own, found * found.new_tensor(self.units))
        if self.zbl_A is not None:
            energies = energies + self._repulsion(hood.species, pairs, self.zbl_A)[:, None]
        return energies

    def evaluate(
        self,
        positions: Tensor,
        cell: Tensor,
        neighborhood: Neighborhood,
        *,
        create_graph: bool = False,
    ) -> TorchEvaluation:
        """Return energies, forces and virial, as :meth:`forward` takes its arguments.

        With `create_graph` all of them can be differentiated further, for a loss on forces.
        """
        if not positions.requires_grad:
            positions = positions.detach().requires_grad_()
        strain = torch.zeros(3, 3, dtype=positions.dtype, device=positions.device)
        strain.requires_grad_()
        bend = torch.eye(3, dtype=positions.dtype, device=positions.device) + strain
        energies = self(positions @ bend, cell @ bend, neighborhood)
        slopes = torch.autograd.grad(
            energies.sum(),
            (positions, strain),
            create_graph=create_graph,
            materialize_grads=True,
        )
        if not create_graph:
            energies = energies.detach()
        return TorchEvaluation(energies, -slopes[0], -slopes[1])

    def _repulsion(self, species: Tensor, pairs: Pairs, radii: tuple[float, float]) -> Tensor:
        """Return half of each close pair's ZBL energy at its central atom, shape (n_atoms,)."""
        pairs = pairs.where(pairs.distance < radii[1])
        charges = self.numbers[species[pairs.center]], self.numbers[pairs.species]
        energy = 0.5 * zbl_energy(*charges, pairs.distance, *radii)
        return energy.new_zeros(len(species)).index_add(0, pairs.center, energy)

    def _floats(self, values: ArrayLike) -> Tensor:
        return torch.as_tensor(values, dtype=self.numbers.dtype, device=self.numbers.device)


class ElementTwin(torch.nn.Module):
    """Symmetry functions, scaling and network (of each member) of one central element."""

    factor: Tensor
    offset: Tensor
    order: Tensor

    def __init__(self, engine: _core.Engine, element: int, charges: Tensor) -> None:
        super().__init__()
        rows = [Row(*row) for row in engine.rows(element)]
        function = engine.cutoff_function
        self.sums = torch.nn.ModuleList()
        order: list[int] = []
        for numbers in _families(rows):
            family = [rows[k] for k in numbers]
            order += numbers
            if family[0].type == SPECTRUM:
                self.sums.append(SpectrumSums(family, function, len(charges)))
            elif family[0].type not in ANGULAR:
                self.sums.append(RadialSums(family, function, charges))
            elif through_moments(family[0]):
                self.sums.append(WideSums(family, function, len(charges)))
            else:
                self.sums.append(TripletSums(family, function, charges))
        factor, offset = engine.scaling(element)
        self.register_buffer("order", torch.argsort(torch.tensor(order)))
        self.register_buffer("factor", torch.tensor(factor, dtype=torch.float64))
        self.register_buffer("offset", torch.tensor(offset, dtype=torch.float64))
        self.members = torch.nn.ModuleList(
            Network(engine.layers(element, member)) for member in range(engine.n_members)
        )

    def functions(self, pairs: Pairs, n_atoms: int) -> Tensor:
        """Return unscaled symmetry functions in n2p2's order, shape (n_atoms, n_rows)."""
        parts = [sums(pairs, n_atoms) for sums in self.sums]
        return torch.cat(parts, dim=1)[:, self.order]

    def forward(self, pairs: Pairs, n_atoms: int) -> Tensor:
        """Return the networks' outputs for the element's atoms, shape (n_atoms, n_members)."""
        scaled = self.factor * self.functions(pairs, n_atoms) + self.offset
        return torch.cat([member(scaled) for member in self.members], dim=1)


class Network(torch.nn.Module):
    """Dense network from `_core.Engine.layers`."""

    def __init__(self, layers: Layers) -> None:
        super().__init__()
        self.activations = tuple(letter for _, _, letter, _, _ in layers)
        self.weights = torch.nn.ParameterList(
            torch.tensor(weights, dtype=torch.float64).reshape(n_in, n_out)
            for n_in, n_out, _, weights, _ in layers
        )
        self.biases = torch.nn.ParameterList(
            torch.tensor(biases, dtype=torch.float64) for *_, biases in layers
        )

    def forward(self, value: Tensor) -> Tensor:
        """Return the output of shape (n_atoms, 1) for inputs of shape (n_atoms, n_inputs)."""
        for letter, weight, bias in zip(self.activations, self.weights, self.biases, strict=True):
            value = ACTIVATIONS[letter](torch.addmm(bias, value, weight))
        return value


def _families(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Yield numbers of rows that one sum can hold: radial ones, wide ones, triplets of a kind."""
    degrees: dict[tuple[float, float, float], int] = {}  # largest ζ of each wide channel
    for row in rows:
        if through_moments(row):
            channel = (row.eta, row.shift, row.cutoff)
            degrees[channel] = max(degrees.get(channel, 0), int(row.zeta))

    def family(k: int) -> tuple[float, ...]:
        row = rows[k]
        if row.type == SPECTRUM:
            return (3, row.cutoff)
        if row.type not in ANGULAR:
            return (0,)
        if through_moments(row):
            return (1, degrees[row.eta, row.shift, row.cutoff])
        return (2, row.type, row.first, row.second, row.cutoff)

    for _, numbers in groupby(sorted(range(len(rows)), key=family), key=family):
        yield list(numbers)
