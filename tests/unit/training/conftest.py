"""A toy descriptor and toy labels: open clusters of two elements with a known energy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from sinterface.training.forces import ForceKernel  # noqa: E402
from sinterface.training.samples import (  # noqa: E402
    Sample,
    Target,
    inverse_sigma,
    measure_scaling,
    scale_features,
    split_by_element,
)

ETAS = (0.1, 0.4)
SHIFTS = (1.0, 2.0, 3.0)
CUTOFF = 5.0


class ClusterDescriptor:
    """Types 2 and 9 on an open cluster by torch's own differentiation: slow and clear."""

    n_functions = (2 * 6 + 3 * 2, 2 * 6 + 3 * 2)

    def _functions(self, positions: Any, strain: Any, species: Any) -> Any:
        moved = positions + positions @ strain.T
        delta = moved[None] - moved[:, None]
        eye = torch.eye(len(moved), dtype=moved.dtype)
        r = ((delta**2).sum(-1) + eye).sqrt()
        fc = torch.where(r < CUTOFF, torch.tanh(1 - r / CUTOFF) ** 3, torch.zeros_like(r))
        fc = fc * (1 - eye)
        cosine = torch.einsum("ija,ika->ijk", delta, delta) / (r[:, :, None] * r[:, None, :])
        masks = [torch.from_numpy((species == e).astype(float)) for e in (0, 1)]
        columns = []
        for eta in ETAS:
            for shift in SHIFTS:
                weight = torch.exp(-eta * (r - shift) ** 2) * fc
                columns += [weight @ mask for mask in masks]
            near = torch.exp(-eta * r**2) * fc
            for a, b in ((0, 0), (0, 1), (1, 1)):
                triple = (near * masks[a])[:, :, None] * (near * masks[b])[:, None, :]
                columns.append((triple * (1 + cosine) ** 2).sum((1, 2)))
        return torch.stack(columns, dim=1)

    def __init__(self) -> None:
        self._jacobians: dict[bytes, tuple[Any, Any]] = {}

    def values(self, positions: Any, species: Any, _nl: Any) -> Any:
        zero = torch.zeros(3, 3, dtype=torch.float64)
        return self._functions(torch.from_numpy(positions), zero, species).numpy()

    def _jacobian(self, positions: Any, species: Any) -> tuple[Any, Any]:
        key = positions.tobytes() + species.tobytes()
        if key not in self._jacobians:
            point = (torch.from_numpy(positions), torch.zeros(3, 3, dtype=torch.float64))
            both = torch.autograd.functional.jacobian(
                lambda x, e: self._functions(x, e, species), point
            )
            self._jacobians[key] = tuple(part.numpy() for part in both)
        return self._jacobians[key]

    def vjp(self, positions: Any, species: Any, _nl: Any, dE_dG: Any) -> Any:
        by_position, by_strain = self._jacobian(positions, species)
        forces = -np.einsum("ag,agbx->bx", dE_dG, by_position)
        return forces, -np.einsum("ag,agxy->xy", dE_dG, by_strain)

    def jvp(self, positions: Any, species: Any, _nl: Any, dr: Any, strain: Any) -> Any:
        by_position, by_strain = self._jacobian(positions, species)
        moved = np.einsum("agbx,bx->ag", by_position, dr)
        return moved + np.einsum("agxy,xy->ag", by_strain, strain)


def morse(positions: np.ndarray, species: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Energy, forces and virial of a Morse pair energy whose depth depends on the species."""
    delta = positions[None] - positions[:, None]
    r = np.sqrt((delta**2).sum(-1)) + 10.0 * np.eye(len(positions))
    depth = 0.3 + 0.2 * (species[:, None] + species[None])
    decay = np.exp(-1.5 * (r - 2.0))
    energy = 0.5 * (depth * (decay**2 - 2 * decay)).sum()
    slope = depth * 2 * 1.5 * (decay - decay**2) / r
    np.fill_diagonal(slope, 0.0)
    forces = (slope[:, :, None] * delta).sum(1)
    virial = -0.5 * np.einsum("ij,ija,ijb->ab", slope, delta, delta)
    return float(energy), forces, virial


def make_samples(n_frames: int, dtype: type, seed: int = 3) -> tuple[list[Sample], ForceKernel]:
    """Return clusters of 6 to 8 atoms with their Morse labels, and their kernel."""
    random = np.random.default_rng(seed)
    descriptor = ClusterDescriptor()
    grid = 2.2 * np.stack(np.meshgrid(*[range(2)] * 3), -1).reshape(-1, 3)
    raw = []
    for index in range(n_frames):
        n_atoms = 6 + index % 3
        positions = grid[:n_atoms] + random.normal(0.0, 0.15, (n_atoms, 3))
        species = (np.arange(n_atoms) % 2).astype(np.int32)
        values = descriptor.values(positions, species, None)
        raw.append((positions, species, split_by_element(values, species, (18, 18))))
    scaling = measure_scaling(features for _, _, features in raw)
    samples = []
    for positions, species, features in raw:
        energy, forces, virial = morse(positions, species)
        members = tuple(np.flatnonzero(species == e) for e in (0, 1))
        target = Target(energy, forces, virial, 300.0)
        scaled = scale_features(features, scaling, dtype)
        samples.append(Sample(positions, species, None, members, scaled, target))
    kernel = ForceKernel(descriptor, tuple(inverse_sigma(s) for s in scaling))
    return samples, kernel


@pytest.fixture(name="make_samples")
def _make_samples() -> Any:
    """The maker of toy samples."""
    return make_samples


@pytest.fixture
def pool() -> Any:
    """Two threads."""
    with ThreadPoolExecutor(2) as executor:
        yield executor
