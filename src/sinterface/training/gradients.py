"""Gradient of the loss by the weights, written out: what training spends its time on.

The loss depends on energies E = Σ e(x) of scaled functions x and, through forces and virials, on
g = ∂E/∂x. With ε = ∂L/∂E of an atom's frame and the tangent t = ∂L/∂g, which the descriptor's
Jacobian-vector product gives, the gradient of L is that of Σ ε e(x) + t·∂e/∂x at fixed ε and t: one
pass forward along t and one back. Automatic differentiation finds the same (the tests compare the
two), with three times as many passes over the features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from sinterface.training.forces import ForceKernel
from sinterface.training.loss import LossScales, Prediction, batch_loss
from sinterface.training.network import ElementNetwork, Networks
from sinterface.training.samples import Sample


@dataclass
class _Pass:
    """One element's atoms on their way through its network.

    Attributes
    ----------
    hidden, slopes, bends
        Of each hidden layer σ(z), σ′(z) and σ″(z), shape (n_atoms, n_nodes).
    sides, adjoints
        ∂e/∂h and ∂e/∂z of each hidden layer.
    """

    features: torch.Tensor
    weights: list[torch.Tensor]
    hidden: list[torch.Tensor]
    slopes: list[torch.Tensor]
    bends: list[torch.Tensor]
    sides: list[torch.Tensor]
    adjoints: list[torch.Tensor]
    energies: torch.Tensor

    @property
    def gradients(self) -> torch.Tensor:
        """∂e/∂x, shape (n_atoms, n_functions)."""
        return self.adjoints[0] @ self.weights[0]


def _forward(network: ElementNetwork, weights: list[torch.Tensor], x: torch.Tensor) -> _Pass:
    """Return all that is needed later; `weights` act on scaled functions."""
    hidden, slopes, bends = [], [], []
    value, biases = x, list(network.biases)
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        value, slope, bend = network.derivatives(torch.addmm(bias, value, weight.T))
        hidden.append(value)
        slopes.append(slope)
        bends.append(bend)
    energies = torch.addmm(biases[-1], value, weights[-1].T)[:, 0]
    sides = [weights[-1].expand(len(x), -1)]
    adjoints = [sides[0] * slopes[-1]]
    for weight, slope in zip(weights[-2:0:-1], slopes[-2::-1], strict=True):
        sides.insert(0, adjoints[0] @ weight)
        adjoints.insert(0, sides[0] * slope)
    return _Pass(x, weights, hidden, slopes, bends, sides, adjoints, energies)


def _backward(done: _Pass, by_energy: torch.Tensor, tangent: torch.Tensor) -> list[torch.Tensor]:
    """Return the loss's gradients by each layer's weights, then by each layer's biases.

    Parameters
    ----------
    by_energy
        ε of each atom, shape (n_atoms, 1).
    tangent
        t, shape (n_atoms, n_functions).
    """
    moves, steps = [tangent], []  # what enters each layer along t, and z there
    for weight, slope in zip(done.weights[:-1], done.slopes, strict=True):
        steps.append(moves[-1] @ weight.T)
        moves.append(slope * steps[-1])
    by_weights = [(by_energy * done.hidden[-1] + moves[-1]).sum(0, keepdim=True)]
    by_biases = [by_energy.sum(0)]
    pull = by_energy * done.sides[-1]
    for k in range(len(done.hidden) - 1, -1, -1):
        pull = torch.addcmul(pull * done.slopes[k], done.sides[k] * steps[k], done.bends[k])
        enters = done.hidden[k - 1] if k > 0 else done.features
        by_weights.insert(0, torch.addmm(pull.T @ enters, done.adjoints[k].T, moves[k]))
        by_biases.insert(0, pull.sum(0))
        if k > 0:
            pull = pull @ done.weights[k]
    return by_weights + by_biases


def loss_and_gradients(
    networks: Networks, kernel: ForceKernel, samples: Sequence[Sample], scales: LossScales
) -> float:
    """Return the loss of a batch and leave its gradients in the networks' parameters.

    The batch is worked on in as many parts as the kernel has threads, whose number thus changes the
    rounding.
    """
    with torch.no_grad():
        weights = [_acting(network) for network in networks.networks()]
        n_parts = min(kernel.threads, len(samples))
        parts = [list(samples[k::n_parts]) for k in range(n_parts)]
        alone = replace(kernel, pool=None)
        whole = _Whole(networks, weights, alone, scales, samples)
        spread = map if kernel.pool is None else kernel.pool.map
        results = list(spread(whole.part, parts))
        for element, network in enumerate(networks.networks()):
            sums = list(results[0][1][element])
            for _, others in results[1:]:
                torch._foreach_add_(sums, others[element])
            sums[0] = sums[0] @ network.whitening.T
            for parameter, gradient in zip(network.parameters(), sums, strict=True):
                parameter.grad = gradient
    return float(sum(loss for loss, _ in results))


def _acting(network: ElementNetwork) -> list[torch.Tensor]:
    """Return each layer's weights, the first as it acts on scaled functions."""
    first, *others = network.weights
    return [first.detach() @ network.whitening, *(weight.detach() for weight in others)]


@dataclass(frozen=True)
class _Whole:
    """A batch that is worked on in parts."""

    networks: Networks
    weights: list[list[torch.Tensor]]
    kernel: ForceKernel
    scales: LossScales
    samples: Sequence[Sample]

    def part(self, samples: Sequence[Sample]) -> tuple[float, list[list[torch.Tensor]]]:
        """Return what `samples` add to the loss and to the gradients of each element."""
        with torch.no_grad():
            return self._part(samples)

    def _part(self, samples: Sequence[Sample]) -> tuple[float, list[list[torch.Tensor]]]:
        features = [
            torch.from_numpy(np.concatenate(rows))
            for rows in zip(*(sample.features for sample in samples), strict=True)
        ]
        triples = zip(self.networks.networks(), self.weights, features, strict=True)
        passes = [_forward(*triple) for triple in triples]
        forces, virials = self.kernel.forces(samples, [p.gradients.numpy() for p in passes])
        frames = [_frame_of_atoms(samples, element) for element in range(len(passes))]
        energies = torch.zeros(len(samples), dtype=features[0].dtype)
        for done, frame in zip(passes, frames, strict=True):
            energies.index_add_(0, frame, done.energies)
        loss, by_energy, by_forces, by_virials = self._loss(samples, energies, forces, virials)
        tangents = self.kernel.tangents(samples, -by_forces, -by_virials)
        gradients = [
            _backward(done, by_energy[frame, None], torch.from_numpy(rows).to(done.features.dtype))
            for done, frame, rows in zip(passes, frames, tangents, strict=True)
        ]
        return loss, gradients

    def _loss(
        self,
        samples: Sequence[Sample],
        energies: torch.Tensor,
        forces: NDArray[np.float64],
        virials: NDArray[np.float64],
    ) -> tuple[float, torch.Tensor, NDArray[np.float64], NDArray[np.float64]]:
        """Return the part's share of the batch's loss and its derivatives."""
        leaves = [energies, torch.from_numpy(forces), torch.from_numpy(virials)]
        with torch.enable_grad():
            for leaf in leaves:
                leaf.requires_grad_()
            loss = batch_loss(Prediction(*leaves), samples, self.scales, self.samples)
            by_energy, by_forces, by_virials = torch.autograd.grad(
                loss, leaves, materialize_grads=True
            )
        return float(loss.detach()), by_energy, by_forces.numpy(), by_virials.numpy()


def _frame_of_atoms(samples: Sequence[Sample], element: int) -> torch.Tensor:
    counts = [len(sample.members[element]) for sample in samples]
    return torch.from_numpy(np.repeat(np.arange(len(samples)), counts))
