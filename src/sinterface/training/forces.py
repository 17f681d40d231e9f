"""Forces and virials of networks on symmetry functions, differentiable by torch.

With fixed symmetry functions G(r) the forces are F = −Jᵀ·g, where J = ∂G/∂r and g = ∂E/∂G comes
from the networks. The forward pass is the kernel's vector-Jacobian product; the derivative of a
loss L with respect to g is −J·∂L/∂F, the kernel's Jacobian-vector product. J is never stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sinterface.training.samples import DescriptorLike, Sample


@dataclass(frozen=True)
class ForceKernel:
    """The descriptor with the scaling that its networks see.

    Attributes
    ----------
    descriptor
        Gives both products with the Jacobian of the raw functions.
    inverse_sigma
        Factor from raw to scaled functions of each element, shape (n_functions,).
    pool
        Threads that share the frames; None works in the caller's thread.
    threads
        How many those are.
    """

    descriptor: DescriptorLike
    inverse_sigma: tuple[NDArray[np.float64], ...]
    pool: Executor | None = None
    threads: int = 1

    def forces(
        self, samples: Sequence[Sample], gradients: Sequence[NDArray[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return forces, shape (n_atoms of all frames, 3), and virials, shape (n_frames, 3, 3).

        `gradients` holds for each element ∂E/∂(scaled G) of its atoms, frame after frame.
        """
        jobs = [
            (sample, self._raw(sample, gradients, starts))
            for sample, starts in zip(samples, element_starts(samples), strict=True)
        ]
        results = list(self._map(self._vjp, jobs))
        return np.concatenate([f for f, _ in results]), np.stack([v for _, v in results])

    def tangents(
        self,
        samples: Sequence[Sample],
        displacements: NDArray[np.float64],
        strains: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], ...]:
        """Return for each element the change of its scaled functions, frame after frame."""
        ends = np.cumsum([sample.n_atoms for sample in samples])
        moves = np.split(displacements, ends[:-1])
        changes = list(self._map(self._jvp, zip(samples, moves, strains, strict=True)))
        return tuple(
            np.concatenate(
                [
                    change[sample.members[element], : len(factor)]
                    for sample, change in zip(samples, changes, strict=True)
                ]
            )
            * factor
            for element, factor in enumerate(self.inverse_sigma)
        )

    def _raw(
        self, sample: Sample, gradients: Sequence[NDArray[Any]], starts: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        raw = np.zeros((sample.n_atoms, max(len(factor) for factor in self.inverse_sigma)))
        for element, factor in enumerate(self.inverse_sigma):
            members = sample.members[element]
            rows = gradients[element][starts[element] : starts[element] + len(members)]
            raw[members, : len(factor)] = rows * factor
        return raw

    def _vjp(self, job: tuple[Sample, NDArray[np.float64]]) -> Any:
        sample, raw = job
        return self.descriptor.vjp(sample.positions, sample.species, sample.neighbors, raw)

    def _jvp(self, job: tuple[Sample, NDArray[np.float64], NDArray[np.float64]]) -> Any:
        sample, move, strain = job
        move, strain = np.ascontiguousarray(move), np.ascontiguousarray(strain)
        return self.descriptor.jvp(sample.positions, sample.species, sample.neighbors, move, strain)

    def _map(self, function: Any, jobs: Any) -> Any:
        return map(function, jobs) if self.pool is None else self.pool.map(function, jobs)


def element_starts(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """Return where each frame's atoms of each element start, shape (n_frames, n_elements)."""
    counts = np.array([[len(members) for members in sample.members] for sample in samples])
    return np.asarray(np.cumsum(counts, axis=0) - counts)


class DescriptorForces(torch.autograd.Function):
    """Forces and virials as a function of ∂E/∂(scaled G), one tensor for each element."""

    @staticmethod
    def forward(
        ctx: Any, kernel: ForceKernel, samples: Sequence[Sample], *gradients: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return forces (n_atoms, 3) and virials (n_frames, 3, 3) by vector-Jacobian products."""
        ctx.kernel, ctx.samples, ctx.dtype = kernel, samples, gradients[0].dtype
        forces, virials = kernel.forces(samples, [g.detach().numpy() for g in gradients])
        return torch.from_numpy(forces).to(ctx.dtype), torch.from_numpy(virials).to(ctx.dtype)

    @staticmethod
    def backward(ctx: Any, *outputs: torch.Tensor) -> Any:
        """Return −J·∂L/∂F − (∂G/∂ε)·∂L/∂V by Jacobian-vector products."""
        forces, virials = (output.detach().to(torch.float64).numpy() for output in outputs)
        tangents = ctx.kernel.tangents(ctx.samples, -forces, -virials)
        return None, None, *(torch.from_numpy(t).to(ctx.dtype) for t in tangents)


def differentiable_forces(
    kernel: ForceKernel, samples: Sequence[Sample], gradients: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return forces (n_atoms, 3) and virials (n_frames, 3, 3) of `samples`, see the module."""
    apply: Any = DescriptorForces.apply
    forces, virials = apply(kernel, samples, *gradients)
    return forces, virials
