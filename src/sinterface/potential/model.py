"""A potential loaded from its directory."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import ArrayLike, NDArray

from sinterface.errors import InputError, nearest_name
from sinterface.kernels import _core
from sinterface.kernels.neighbors import NeighborList, neighbor_list

if TYPE_CHECKING:
    from torch import device as torch_device
    from torch import dtype as torch_dtype

    from sinterface.potential.calculator import SinterfaceCalculator
    from sinterface.potential.torch_twin import TorchPotential

SHIPPED = Path(__file__).parent / "shipped"
PRECISIONS = ("double", "mixed")
DEVIATIONS = ("none", "energies", "forces")


@dataclass(frozen=True)
class Evaluation:
    """What a potential says about one structure.

    Attributes
    ----------
    energies
        Energy of each atom, shape (n_atoms,), in eV.
    forces
        Shape (n_atoms, 3), in eV/Å.
    virial
        −dE/dstrain, shape (3, 3), in eV.
    extrapolations
        How many symmetry functions of each atom lie outside their training range,
        shape (n_atoms,); None unless asked for.
    member_energies
        Energy of each atom by each member of a committee, shape (n_atoms, n_members), in eV;
        None unless asked for.
    forces_std
        Deviation of the members' force vectors on each atom, shape (n_atoms,), in eV/Å:
        √(mean over members of |F − mean F|²); None unless asked for.
    atom_virials
        Virial of each atom, shape (n_atoms, 3, 3), in eV: W_j = −Σ_i r_ij ⊗ ∂E_i/∂r_j (place, then
        force, so not symmetric). They sum to `virial`; with the total energy e of each atom and its
        velocity v the heat flux is Σ_i (e_i v_i + W_i v_i). None unless asked for.
    """

    energies: NDArray[np.float64]
    forces: NDArray[np.float64]
    virial: NDArray[np.float64]
    extrapolations: NDArray[np.int32] | None = None
    member_energies: NDArray[np.float64] | None = None
    forces_std: NDArray[np.float64] | None = None
    atom_virials: NDArray[np.float64] | None = None

    @property
    def energy(self) -> float:
        """Total energy in eV."""
        return float(self.energies.sum())

    @property
    def energies_std(self) -> NDArray[np.float64] | None:
        """Standard deviation over members of each atom's energy, shape (n_atoms,), in eV."""
        if self.member_energies is None:
            return None
        std: NDArray[np.float64] = _deviation(self.member_energies)
        return std

    @property
    def energy_std(self) -> float | None:
        """Standard deviation over members of the total energy, in eV."""
        if self.member_energies is None:
            return None
        return float(_deviation(self.member_energies.sum(axis=0)))


def _deviation(energies: NDArray[np.float64]) -> Any:
    """Population standard deviation along the last axis; exactly 0 for equal members."""
    return np.std(energies - energies[..., :1], axis=-1)


class Potential:
    """A neural-network potential in n2p2's directory layout, ready to evaluate.

    Parameters
    ----------
    directory
        Holds ``input.nn``, ``scaling.data``, ``weights.ZZZ.data`` and, where there are any,
        ``extension.nn`` (short-range repulsion, members of a committee, units) and
        ``potential.toml`` (its card).

    Raises
    ------
    InputError
        When a file is missing or damaged; the message names file and line.
    """

    def __init__(self, directory: Path | str):
        self.directory = Path(directory).resolve()
        try:
            self._engine = _core.Engine(str(self.directory))
        except _core.PotentialError as error:
            raise InputError(str(error)) from None
        self.elements: tuple[str, ...] = tuple(self._engine.elements)
        self.cutoff_A: float = self._engine.cutoff
        zbl = self._engine.zbl
        self.zbl_A: tuple[float, float] | None = (zbl[0], zbl[1]) if zbl else None
        self.units_A_eV: tuple[float, float] = self._engine.units
        self.warnings: tuple[str, ...] = tuple(self._engine.warnings)
        self.kernel: str = self._engine.kernel
        self.n_members: int = self._engine.n_members

    @cached_property
    def card(self) -> dict[str, Any]:
        """Contents of ``potential.toml``: reference, data, held-out errors; empty without one."""
        path = self.directory / "potential.toml"
        if not path.exists():
            return {}
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"'{path}' is no valid TOML: {error}.") from None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the files that decide energies and forces, of every member."""
        digest = hashlib.sha256()
        for folder in (self.directory, *self.member_directories):
            names = ["input.nn", "extension.nn", "scaling.data"]
            names += sorted(path.name for path in folder.glob("weights.*.data"))
            for name in names:
                path = folder / name
                if path.exists():
                    digest.update(name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    @property
    def n2p2_files(self) -> tuple[str, ...]:
        """Names of the files that n2p2 reads."""
        weights = (f"weights.{atomic_numbers[element]:03d}.data" for element in self.elements)
        return ("input.nn", "scaling.data", *weights)

    @property
    def member_directories(self) -> tuple[Path, ...]:
        """Folders of a committee's further members; the first is the potential's own."""
        return tuple(self.directory / name for name in self._engine.member_folders)

    def species(self, symbols: Sequence[str]) -> NDArray[np.int32]:
        """Index of each atom's element; raises `InputError` for an element it lacks."""
        known = {symbol: k for k, symbol in enumerate(self.elements)}
        missing = sorted(set(symbols) - set(known))
        if missing:
            raise InputError(
                f"The potential in '{self.directory.name}' knows {', '.join(self.elements)}, "
                f"but the structure holds {', '.join(missing)}; use a potential trained on them."
            )
        return np.array([known[symbol] for symbol in symbols], dtype=np.int32)

    @cached_property
    def _species_by_number(self) -> NDArray[np.int32]:
        """Index of the element of each atomic number, −1 for those that it lacks."""
        table = np.full(len(chemical_symbols), -1, np.int32)
        for k, symbol in enumerate(self.elements):
            table[chemical_symbols.index(symbol)] = k
        return table

    def _species_of(self, numbers: ArrayLike) -> NDArray[np.int32]:
        """Index of each atom's element, by atomic number; a table, for this runs at each step."""
        found: NDArray[np.int32] = self._species_by_number[np.asarray(numbers, dtype=np.intp)]
        if len(found) and found.min() < 0:
            return self.species([chemical_symbols[int(z)] for z in np.asarray(numbers)])
        return found

    def neighbors(self, positions: ArrayLike, cell: ArrayLike, pbc: ArrayLike) -> NeighborList:
        """Neighbour list at the potential's cutoff."""
        return neighbor_list(positions, cell, pbc, self.cutoff_A)

    def evaluate(
        self,
        numbers: Sequence[int] | NDArray[np.int64],
        positions: NDArray[np.float64],
        neighbors: NeighborList,
        *,
        precision: str = "double",
        threads: int = 1,
        count_extrapolation: bool = False,
        committee: str = "none",
        atom_virials: bool = False,
    ) -> Evaluation:
        """Energies, forces and virial of a structure.

        Parameters
        ----------
        numbers
            Atomic numbers, shape (n_atoms,).
        positions
            Cartesian positions, shape (n_atoms, 3), in Å.
        neighbors
            Neighbour list with at least the potential's cutoff.
        precision
            ``"double"`` or ``"mixed"`` (single-precision lanes, double-precision sums).
        count_extrapolation
            Count each atom's symmetry functions outside the range of ``scaling.data``.
        committee
            What to say of a committee beyond its mean: ``"none"``, ``"energies"`` (the members'
            energies) or ``"forces"`` (the deviation of the forces too, at about twice the cost).
        atom_virials
            Give the virial of each atom too.
        """
        if committee not in DEVIATIONS:
            raise InputError(f"committee must be one of {DEVIATIONS}, got '{committee}'.")
        species = self._species_of(numbers)
        points = np.ascontiguousarray(positions, dtype=float)
        found = self._engine.evaluate(
            points,
            species,
            neighbors.first,
            neighbors.neighbors,
            neighbors.images,
            neighbors.translations,
            precision=precision,
            threads=threads,
            count_extrapolation=count_extrapolation,
            committee=committee,
            atom_virials=atom_virials,
        )
        return Evaluation(**found)

    def calculator(
        self,
        precision: str = "double",
        threads: int = 1,
        *,
        count_extrapolation: bool = False,
        committee: str = "energies",
        skin_A: float = 0.0,
    ) -> SinterfaceCalculator:
        """Return an ASE calculator: energy, energies, forces, stress and stresses.

        With `count_extrapolation` its `results` hold ``"extrapolations"`` too: how many symmetry
        functions of each atom lie outside their training range. Of a committee they hold
        ``"energy_std"`` and ``"energies_std"``, with ``committee="forces"`` also ``"forces_std"``.
        `skin_A` keeps the neighbour list for some steps of molecular dynamics.
        """
        from sinterface.potential.calculator import SinterfaceCalculator

        return SinterfaceCalculator(
            self,
            precision=precision,
            threads=threads,
            count_extrapolation=count_extrapolation,
            committee=committee,
            skin_A=skin_A,
        )

    def torch(
        self, device: str | torch_device = "cpu", dtype: torch_dtype | None = None
    ) -> TorchPotential:
        """Return the same potential as a differentiable torch module.

        Parameters
        ----------
        device
            Where its tables and tensors live: ``"cpu"``, ``"cuda"``, ...
        dtype
            ``torch.float64`` (default) or ``torch.float32``.

        Raises
        ------
        InputError
            When torch is not installed or can't use `device`.
        """
        try:
            import torch
        except ImportError as error:
            raise InputError(
                "The torch twin needs torch; install it with: pip install 'sinterface[train]'"
            ) from error
        from sinterface.potential.torch_twin import TorchPotential

        return TorchPotential(self, device, dtype or torch.float64)

    def __repr__(self) -> str:
        members = f", members={self.n_members}" if self.n_members > 1 else ""
        return f"Potential('{self.directory.name}', elements={' '.join(self.elements)}{members})"


def shipped_potentials() -> list[str]:
    """Names of the potentials that come with sinterface."""
    if not SHIPPED.is_dir():
        return []
    return sorted(path.parent.name for path in SHIPPED.glob("*/input.nn"))


def load_potential(path_or_name: Path | str) -> Potential:
    """Load a potential from its directory, or one that ships with sinterface by its name.

    Raises
    ------
    InputError
        When there is neither such a directory nor such a name, or a file is damaged.
    """
    path = Path(path_or_name)
    if path.is_dir():
        return Potential(path)
    names = shipped_potentials()
    if str(path_or_name) in names:
        return Potential(SHIPPED / str(path_or_name))
    hint = nearest_name(str(path_or_name), names)
    raise InputError(
        f"No potential '{path_or_name}': it is neither a directory nor one of the shipped "
        f"potentials ({', '.join(names)}).{hint}"
    )
