"""The fit: AdamW on minibatches of frames, averaged weights, exact continuation."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sinterface.errors import RunError
from sinterface.progress import Progress, ProgressCallback
from sinterface.training.forces import ForceKernel
from sinterface.training.gradients import loss_and_gradients
from sinterface.training.held_out import Errors, measure_errors
from sinterface.training.loss import LossScales
from sinterface.training.network import Networks
from sinterface.training.optimizer import Soap
from sinterface.training.recipe import FitTable
from sinterface.training.samples import Sample
from sinterface.training.state import FitState, load_state, save_state

CurveCallback = Callable[[list[dict[str, float]]], None]
LARGEST_GRADIENT = 10.0


def fit(
    networks: Networks,
    kernel: ForceKernel,
    training: Sequence[Sample],
    validation: Sequence[Sample],
    settings: FitTable,
    scales: LossScales,
    *,
    directory: Path | None = None,
    key: str = "",
    progress: ProgressCallback | None = None,
    on_curve: CurveCallback | None = None,
) -> FitState:
    """Train `networks` in place and leave the weights in them that validated best.

    Parameters
    ----------
    directory
        Where the state is kept after each validation; a state found there is continued, with
        weights bit for bit those of an uninterrupted run. None keeps nothing.
    key
        Names the recipe and the data; a state of another key is refused.
    on_curve
        Called with the learning curve after each validation.

    Raises
    ------
    RunError
        When the loss is no longer finite.
    """
    fitter = _Fitter(
        networks,
        copy.deepcopy(networks),
        kernel,
        settings,
        scales,
        make_optimizer(networks, settings),
        np.random.default_rng(settings.seed),
    )
    found = load_state(directory, key) if directory is not None else None
    state = fitter.state() if found is None else found
    fitter.restore(state)
    begun = time.monotonic() - state.seconds
    while state.epoch < settings.epochs:
        loss = fitter.epoch(training, state.epoch)
        state.epoch += 1
        if state.epoch % settings.validate_epochs == 0 or state.epoch == settings.epochs:
            fitter.record(state, loss, measure_errors(fitter.average, kernel, validation))
            state.seconds = time.monotonic() - begun
            if directory is not None:
                save_state(directory, state, key)
            if on_curve is not None:
                on_curve(state.curve)
        if progress is not None:
            progress(Progress(state.epoch, settings.epochs, _message(state)))
    networks.load_state_dict(state.best)
    return state


def make_optimizer(networks: Networks, settings: FitTable) -> torch.optim.Optimizer:
    """Return the optimiser that `settings` name."""
    kind = Soap if settings.optimizer == "soap" else torch.optim.AdamW
    return kind(
        networks.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )


def learning_rate(step: int, n_steps: int, settings: FitTable) -> float:
    """Return the learning rate of a step: a linear rise, then half a cosine."""
    rise = settings.warmup * n_steps
    if step < rise:
        return settings.learning_rate * (step + 1) / (rise + 1)
    phase = (step - rise) / max(n_steps - rise, 1)
    floor = settings.final_rate
    return settings.learning_rate * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * phase)))


@dataclass(frozen=True)
class _Fitter:
    """What moves during a fit, with what it moves by."""

    networks: Networks
    average: Networks
    kernel: ForceKernel
    settings: FitTable
    scales: LossScales
    optimizer: torch.optim.Optimizer
    order: np.random.Generator

    def epoch(self, training: Sequence[Sample], epoch: int) -> float:
        """Run one epoch and return its mean loss."""
        n_batches = math.ceil(len(training) / self.settings.batch_frames)
        shuffled = np.array_split(self.order.permutation(len(training)), n_batches)
        losses = []
        for index, chosen in enumerate(shuffled):
            step = epoch * n_batches + index
            rate = learning_rate(step, self.settings.epochs * n_batches, self.settings)
            losses.append(self._step([training[i] for i in chosen], rate))
            if not math.isfinite(losses[-1]):
                raise RunError(
                    f"The loss is {losses[-1]} in epoch {epoch + 1}: lower fit.learning_rate."
                )
            self._follow(min(self.settings.average, (step + 1) / (step + 10)))
        return float(np.mean(losses))

    def state(self) -> FitState:
        """Return the state before the first epoch."""
        weights = _copy(self.networks)
        optimizer = copy.deepcopy(self.optimizer.state_dict())
        return FitState(0, weights, weights, weights, optimizer, _bits(self.order))

    def restore(self, state: FitState) -> None:
        """Continue from `state`."""
        self.networks.load_state_dict(state.weights)
        self.average.load_state_dict(state.average)
        self.optimizer.load_state_dict(copy.deepcopy(state.optimizer))
        self.order.bit_generator.state = state.order

    def record(self, state: FitState, loss: float, errors: Errors) -> None:
        """Put weights, optimiser, order and `errors` into `state`."""
        state.weights, state.average = _copy(self.networks), _copy(self.average)
        state.optimizer = copy.deepcopy(self.optimizer.state_dict())
        state.order = _bits(self.order)
        error = errors.figure(self.scales)
        if error < state.best_error:
            state.best_error, state.best = error, _copy(self.average)
        entry = {"epoch": float(state.epoch), "training_loss": loss, "validation": error}
        state.curve.append({**entry, **errors.as_dict()})

    def _step(self, samples: Sequence[Sample], rate: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = loss_and_gradients(self.networks, self.kernel, samples, self.scales)
        torch.nn.utils.clip_grad_norm_(self.networks.parameters(), LARGEST_GRADIENT)
        self.optimizer.step()
        return loss

    def _follow(self, decay: float) -> None:
        means: list[torch.Tensor] = list(self.average.parameters())
        values: list[torch.Tensor] = list(self.networks.parameters())
        with torch.no_grad():
            torch._foreach_lerp_(means, values, 1.0 - decay)


def _copy(networks: Networks) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in networks.state_dict().items()}


def _bits(order: np.random.Generator) -> dict[str, object]:
    return dict(order.bit_generator.state)


def _message(state: FitState) -> str:
    if not state.curve:
        return f"epoch {state.epoch}"
    last = state.curve[-1]
    return (
        f"epoch {state.epoch}, validation {last['energy_meV_per_atom']:.1f} meV/atom, "
        f"{last['force_eV_per_A']:.3f} eV/Å, {last['stress_GPa']:.2f} GPa"
    )
