"""Loss on energy per atom, forces and stress, each measured in units of an error worth having."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from sinterface.training.forces import ForceKernel, differentiable_forces
from sinterface.training.samples import Sample
from sinterface.units import EV_PER_A3_IN_GPA


@dataclass(frozen=True)
class LossScales:
    """Error at which each term is 1 (before its weight), and where Huber turns linear.

    Attributes
    ----------
    energy_eV_per_atom, force_eV_per_A, stress_GPa
        Errors that count equally.
    energy_weight, force_weight, stress_weight
        Weights of the three terms.
    huber
        Residual, in units of its scale, beyond which a term grows linearly.
    """

    energy_eV_per_atom: float = 0.01
    force_eV_per_A: float = 0.2
    stress_GPa: float = 1.0
    energy_weight: float = 1.0
    force_weight: float = 1.0
    stress_weight: float = 0.2
    huber: float = 3.0


@dataclass(frozen=True)
class Prediction:
    """What the networks give for a batch: tensors over its frames and atoms.

    Attributes
    ----------
    energies
        Of each frame, eV.
    forces
        Of all atoms, frame after frame, eV/Å.
    virials
        Of each frame, −dE/dε, eV.
    """

    energies: torch.Tensor
    forces: torch.Tensor
    virials: torch.Tensor


def predict(
    networks: torch.nn.Module, kernel: ForceKernel, samples: Sequence[Sample], *, training: bool
) -> Prediction:
    """Return energies, forces and virials of `samples`; differentiable when `training`."""
    rows = [np.concatenate(parts) for parts in zip(*(s.features for s in samples), strict=True)]
    features = [torch.from_numpy(part).requires_grad_() for part in rows]
    atomic = networks(features)
    gradients = torch.autograd.grad(
        [energies.sum() for energies in atomic], features, create_graph=training
    )
    forces, virials = differentiable_forces(kernel, samples, gradients)
    if not training:
        atomic = [energies.detach() for energies in atomic]
    return Prediction(_frame_sums(atomic, samples), forces, virials)


def batch_loss(
    prediction: Prediction,
    samples: Sequence[Sample],
    scales: LossScales,
    whole: Sequence[Sample] | None = None,
) -> torch.Tensor:
    """Return the loss of a batch, a scalar; frames without stress don't enter its stress term.

    Parameters
    ----------
    whole
        The batch that `samples` are a part of: what they add to its loss; None for all of it.
    """
    dtype = prediction.energies.dtype
    targets = [sample.target for sample in samples]
    n_atoms = torch.tensor([sample.n_atoms for sample in samples], dtype=dtype)
    volumes = torch.tensor([target.volume_A3 for target in targets], dtype=dtype)
    energies = torch.tensor([target.energy_eV for target in targets], dtype=dtype)
    forces = torch.from_numpy(np.concatenate([t.forces for t in targets])).to(dtype)
    virials = torch.from_numpy(np.stack([t.virial for t in targets])).to(dtype)
    known = torch.isfinite(virials).all(dim=(1, 2))
    energy = (prediction.energies - energies) / n_atoms / scales.energy_eV_per_atom
    force = (prediction.forces - forces) / scales.force_eV_per_A
    stress_scale = scales.stress_GPa / EV_PER_A3_IN_GPA
    stress = (prediction.virials - virials)[known] / volumes[known, None, None] / stress_scale
    full = samples if whole is None else whole
    n_forces = sum(3 * sample.n_atoms for sample in full)
    n_stresses = 9 * sum(bool(np.isfinite(sample.target.virial).all()) for sample in full)
    loss = scales.energy_weight * _huber(energy, scales.huber, len(full))
    loss = loss + scales.force_weight * _huber(force, scales.huber, n_forces)
    if bool(known.any()):
        loss = loss + scales.stress_weight * _huber(stress, scales.huber, n_stresses)
    return loss


def _huber(residual: torch.Tensor, delta: float, number: int) -> torch.Tensor:
    """Return the sum of Huber's losses, twice the usual ones, over `number`."""
    zero = torch.zeros_like(residual)
    total = torch.nn.functional.huber_loss(residual, zero, delta=delta, reduction="sum")
    return total * (2.0 / number)


def _frame_sums(atomic: Sequence[torch.Tensor], samples: Sequence[Sample]) -> torch.Tensor:
    total = torch.zeros(len(samples), dtype=atomic[0].dtype)
    for element, energies in enumerate(atomic):
        counts = [len(sample.members[element]) for sample in samples]
        total = total + torch.stack([part.sum() for part in torch.split(energies, counts)])
    return total
