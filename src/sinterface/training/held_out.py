"""Errors on held-out frames: energy raw and shift-corrected, force, stress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch

from sinterface.training.forces import ForceKernel
from sinterface.training.loss import LossScales, predict
from sinterface.training.samples import Sample
from sinterface.units import EV_PER_A3_IN_GPA

BATCH = 16


@dataclass(frozen=True)
class Errors:
    """Root mean square errors over a group of frames.

    Attributes
    ----------
    frames
        Number of frames.
    energy_meV_per_atom, energy_shifted_meV_per_atom
        Of the energy per atom, raw and after removing the group's mean error.
    force_eV_per_A
        Of a Cartesian force component.
    stress_GPa
        Of a stress component; NaN when no frame has a stress.
    """

    frames: int
    energy_meV_per_atom: float
    energy_shifted_meV_per_atom: float
    force_eV_per_A: float
    stress_GPa: float

    def as_dict(self) -> dict[str, float]:
        """Return the errors by name."""
        return {name: float(value) for name, value in asdict(self).items()}

    def figure(self, scales: LossScales) -> float:
        """Return one number to compare weights by: the weighted squares in units of `scales`."""
        energy = self.energy_meV_per_atom / 1000.0 / scales.energy_eV_per_atom
        force = self.force_eV_per_A / scales.force_eV_per_A
        stress = np.nan_to_num(self.stress_GPa) / scales.stress_GPa
        return float(
            scales.energy_weight * energy**2
            + scales.force_weight * force**2
            + scales.stress_weight * stress**2
        )


@dataclass(frozen=True)
class Residuals:
    """Prediction minus label: energy per atom (frames,), force squares and stress squares."""

    energies: np.ndarray
    force_squares: np.ndarray
    stress_squares: np.ndarray
    n_components: np.ndarray

    def errors(self, chosen: np.ndarray) -> Errors:
        """Return the errors over the frames `chosen` (indices)."""
        energies = self.energies[chosen]
        force = self.force_squares[chosen].sum() / self.n_components[chosen].sum()
        stress = self.stress_squares[chosen]
        stress = stress[np.isfinite(stress)]
        return Errors(
            frames=len(chosen),
            energy_meV_per_atom=1000.0 * float(np.sqrt(np.mean(energies**2))),
            energy_shifted_meV_per_atom=1000.0 * float(np.std(energies)),
            force_eV_per_A=float(np.sqrt(force)),
            stress_GPa=float(np.sqrt(stress.mean())) if len(stress) else float("nan"),
        )


def measure_errors(
    networks: torch.nn.Module, kernel: ForceKernel, samples: Sequence[Sample]
) -> Errors:
    """Return the errors over all `samples`."""
    return measure_residuals(networks, kernel, samples).errors(np.arange(len(samples)))


def measure_residuals(
    networks: torch.nn.Module, kernel: ForceKernel, samples: Sequence[Sample]
) -> Residuals:
    """Return prediction minus label for each frame of `samples`."""
    rows = [
        row
        for start in range(0, len(samples), BATCH)
        for row in _batch_residuals(networks, kernel, samples[start : start + BATCH])
    ]
    energies, forces, stresses, counts = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return Residuals(energies, forces, stresses, counts)


def _batch_residuals(
    networks: torch.nn.Module, kernel: ForceKernel, samples: Sequence[Sample]
) -> list[tuple[float, float, float, float]]:
    prediction = predict(networks, kernel, samples, training=False)
    ends = np.cumsum([sample.n_atoms for sample in samples])
    forces = np.split(prediction.forces.detach().double().numpy(), ends[:-1])
    virials = prediction.virials.detach().double().numpy()
    energies = prediction.energies.detach().double().numpy()
    rows = []
    for sample, energy, force, virial in zip(samples, energies, forces, virials, strict=True):
        target = sample.target
        stress = (virial - target.virial) / target.volume_A3 * EV_PER_A3_IN_GPA
        squares = ((force - target.forces) ** 2).sum()
        energy_error = (energy - target.energy_eV) / sample.n_atoms
        rows.append((energy_error, float(squares), float((stress**2).mean()), float(force.size)))
    return rows
