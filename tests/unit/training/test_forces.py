"""Forces by products with the Jacobian: against differences, and differentiable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from sinterface.potential.writer import Scaling
from sinterface.training.forces import DescriptorForces
from sinterface.training.loss import LossScales, batch_loss, predict
from sinterface.training.network import Networks, whitening_matrix
from sinterface.training.samples import scale_features, split_by_element


def make_networks(samples: Any, seed: int = 1) -> Networks:
    rows = [np.concatenate(parts) for parts in zip(*(s.features for s in samples), strict=True)]
    matrices = [whitening_matrix(part, 18, 1e-2) for part in rows]
    return Networks(matrices, (7, 5), "tanh", seed, torch.float64)


def test_function_passes_gradcheck(make_samples: Any) -> None:
    samples, kernel = make_samples(2, np.float64)
    counts = [sum(len(s.members[e]) for s in samples) for e in (0, 1)]
    generator = torch.Generator().manual_seed(0)
    inputs = [
        torch.randn(n, 18, generator=generator, dtype=torch.float64, requires_grad=True)
        for n in counts
    ]
    assert torch.autograd.gradcheck(
        lambda *g: DescriptorForces.apply(kernel, samples, *g), inputs, atol=1e-6
    )


def test_forces_and_virial_are_derivatives_of_the_energy(make_samples: Any) -> None:
    samples, kernel = make_samples(3, np.float64)
    networks = make_networks(samples)
    sample = samples[1]
    prediction = predict(networks, kernel, [sample], training=False)

    def energy(positions: np.ndarray) -> float:
        values = kernel.descriptor.values(positions, sample.species, None)
        features = split_by_element(values, sample.species, (18, 18))
        first = split_by_element(
            kernel.descriptor.values(sample.positions, sample.species, None),
            sample.species,
            (18, 18),
        )
        scaled = tuple(
            old + (new - start) * factor
            for old, new, start, factor in zip(
                sample.features, features, first, kernel.inverse_sigma, strict=True
            )
        )
        moved = replace(sample, positions=positions, features=scaled)
        return float(predict(networks, kernel, [moved], training=False).energies[0])

    step = 1e-5
    for atom, axis in ((0, 0), (3, 1), (5, 2)):
        shift = np.zeros_like(sample.positions)
        shift[atom, axis] = step
        slope = (energy(sample.positions + shift) - energy(sample.positions - shift)) / (2 * step)
        assert abs(float(prediction.forces[atom, axis]) + slope) < 1e-7
    strain = np.zeros((3, 3))
    strain[0, 0] = step
    stretched = sample.positions @ (np.eye(3) + strain).T
    shrunk = sample.positions @ (np.eye(3) - strain).T
    slope = (energy(stretched) - energy(shrunk)) / (2 * step)
    assert abs(float(prediction.virials[0, 0, 0]) + slope) < 1e-7


def test_gradient_of_the_loss_matches_differences(make_samples: Any) -> None:
    samples, kernel = make_samples(4, np.float64)
    networks = make_networks(samples)
    scales = LossScales(huber=0.5)

    def loss() -> torch.Tensor:
        return batch_loss(predict(networks, kernel, samples, training=True), samples, scales)

    loss().backward()
    weight = networks.elements[0].weights[0]
    step = 1e-6
    for place in ((0, 0), (3, 11), (6, 17)):
        weight.data[place] += step
        above = loss().item()
        weight.data[place] -= 2 * step
        below = loss().item()
        weight.data[place] += step
        slope = (above - below) / (2 * step)
        assert abs(float(weight.grad[place]) - slope) < 1e-5 * max(1.0, abs(slope))


def test_threads_give_the_same_bits(pool: Any, make_samples: Any) -> None:
    samples, kernel = make_samples(5, np.float64)
    networks = make_networks(samples)
    alone = predict(networks, kernel, samples, training=False)
    shared = predict(networks, replace(kernel, pool=pool), samples, training=False)
    assert torch.equal(alone.forces, shared.forces)
    assert torch.equal(alone.virials, shared.virials)


def test_batch_equals_its_frames(make_samples: Any) -> None:
    samples, kernel = make_samples(4, np.float64)
    networks = make_networks(samples)
    batch = predict(networks, kernel, samples, training=False)
    single = [predict(networks, kernel, [sample], training=False) for sample in samples]
    torch.testing.assert_close(batch.energies, torch.cat([s.energies for s in single]))
    torch.testing.assert_close(batch.forces, torch.cat([s.forces for s in single]))


def test_scaled_features_of_silent_functions_are_zero() -> None:
    rows = np.array([[1.0, 0.0], [3.0, 0.0]])
    silent = Scaling(rows.min(0), rows.max(0), rows.mean(0), np.array([1.0, 0.0]))
    scaled = scale_features((rows,), (silent,))[0]
    assert scaled.tolist() == [[-1.0, 0.0], [1.0, 0.0]]
