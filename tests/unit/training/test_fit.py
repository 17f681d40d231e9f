"""The fit: overfits a toy set, continues bit for bit, folds its whitening away."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sinterface.errors import InputError
from sinterface.progress import Progress
from sinterface.training.fit import fit, learning_rate
from sinterface.training.gradients import loss_and_gradients
from sinterface.training.held_out import measure_errors
from sinterface.training.loss import LossScales, batch_loss, predict
from sinterface.training.network import Networks, whitening_matrix
from sinterface.training.recipe import FitTable


def make_networks(samples: Any, dtype: torch.dtype = torch.float64) -> Networks:
    rows = [np.concatenate(parts) for parts in zip(*(s.features for s in samples), strict=True)]
    matrices = [whitening_matrix(part, 18, 1e-3) for part in rows]
    return Networks(matrices, (16, 16), "tanh", 5, dtype)


def test_overfits_a_toy_set(make_samples: Any) -> None:
    samples, kernel = make_samples(6, np.float64)
    networks = make_networks(samples)
    settings = FitTable(epochs=120, batch_frames=3, learning_rate=0.02, validate_epochs=60,
                        average=0.9, weight_decay=0.0)  # fmt: skip
    before = measure_errors(networks, kernel, samples)
    fit(networks, kernel, samples, samples, settings, LossScales())
    after = measure_errors(networks, kernel, samples)
    assert after.energy_meV_per_atom < 5.0 < before.energy_meV_per_atom
    assert after.force_eV_per_A < 0.08
    assert after.force_eV_per_A < 0.1 * before.force_eV_per_A


class KilledError(Exception):
    """Stands for a kill between two epochs."""


def test_killed_fit_ends_with_the_same_bits(tmp_path: Path, make_samples: Any) -> None:
    samples, kernel = make_samples(6, np.float32)
    settings = FitTable(epochs=6, batch_frames=2, validate_epochs=2)

    def run(directory: Path | None, stop: int | None) -> dict[str, torch.Tensor]:
        def watch(progress: Progress) -> None:
            if progress.done == stop:
                raise KilledError

        networks = make_networks(samples, torch.float32)
        fit(networks, kernel, samples[:4], samples[4:], settings, LossScales(),
            directory=directory, key="k", progress=watch)  # fmt: skip
        return networks.state_dict()

    whole = run(None, None)
    for stop in (3, 5):
        with pytest.raises(KilledError):
            run(tmp_path, stop)
    continued = run(tmp_path, None)
    assert all(torch.equal(whole[name], continued[name]) for name in whole)


def test_state_of_other_data_is_refused(tmp_path: Path, make_samples: Any) -> None:
    samples, kernel = make_samples(4, np.float64)
    settings = FitTable(epochs=1, batch_frames=2)
    networks = make_networks(samples)
    fit(networks, kernel, samples, samples, settings, LossScales(), directory=tmp_path, key="a")
    with pytest.raises(InputError, match="another recipe or other data"):
        fit(networks, kernel, samples, samples, settings, LossScales(), directory=tmp_path, key="b")


def test_plain_network_acts_on_scaled_functions(make_samples: Any) -> None:
    samples, kernel = make_samples(3, np.float64)
    networks = make_networks(samples)
    energies = predict(networks, kernel, samples, training=False).energies
    total = np.zeros(len(samples))
    for element, network in enumerate(networks.plain()):
        for frame, sample in enumerate(samples):
            value = sample.features[element]
            for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
                value = np.tanh(value @ weight.T + bias)
            total[frame] += (value @ network.weights[-1].T + network.biases[-1]).sum()
    np.testing.assert_allclose(total, energies.detach().numpy(), rtol=1e-10)


def test_weights_survive_another_whitening(make_samples: Any) -> None:
    samples, kernel = make_samples(3, np.float64)
    networks = make_networks(samples)
    other = Networks([np.diag(np.arange(1.0, 19.0))] * 2, (16, 16), "tanh", 9, torch.float64)
    other.set_plain(networks.plain())
    torch.testing.assert_close(
        predict(other, kernel, samples, training=False).energies,
        predict(networks, kernel, samples, training=False).energies,
    )


def test_learning_rate_rises_then_falls() -> None:
    settings = FitTable(learning_rate=1.0, warmup=0.1, final_rate=0.01)
    rates = [learning_rate(step, 100, settings) for step in range(100)]
    assert rates.index(max(rates)) == 10
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] == pytest.approx(0.01, rel=0.05)


def test_written_out_gradients_are_those_of_autograd(make_samples: Any, pool: Any) -> None:
    samples, kernel = make_samples(5, np.float64)
    virial = np.full((3, 3), np.nan)
    samples[2] = replace(samples[2], target=replace(samples[2].target, virial=virial))
    matrices = [0.3 * np.eye(18) + 0.01 * np.arange(18) for _ in range(2)]
    scales = LossScales(force_eV_per_A=0.5, huber=1.0)
    for activation, hidden in product(("tanh", "softplus", "logistic"), ((9,), (8, 7), (6, 5, 4))):
        networks = Networks(matrices, hidden, activation, 5, torch.float64)
        loss = batch_loss(predict(networks, kernel, samples, training=True), samples, scales)
        expected = torch.autograd.grad(loss, list(networks.parameters()))
        for own in (kernel, replace(kernel, pool=pool, threads=2)):
            found = loss_and_gradients(networks, own, samples, scales)
            assert found == pytest.approx(loss.item(), rel=1e-12)
            for parameter, gradient in zip(networks.parameters(), expected, strict=True):
                torch.testing.assert_close(parameter.grad, gradient, rtol=1e-9, atol=1e-11)
