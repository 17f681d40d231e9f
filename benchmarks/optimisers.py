"""Optimisers at equal CPU time on equal data: validation errors against seconds.

    python benchmarks/optimisers.py --seconds 120 -o optimisers.json

Every contestant starts from the same weights, sees the same frames and the same loss, and works in
one thread; only the CPU time of its own steps counts, validations don't. Minibatch methods
keep a running mean of their weights, which is what is validated.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sinterface.dataset.frames import read_frames
from sinterface.dataset.splits import split_by_trajectory
from sinterface.training.fit import learning_rate, make_optimizer
from sinterface.training.forces import ForceKernel
from sinterface.training.held_out import measure_errors
from sinterface.training.loss import LossScales, batch_loss, predict
from sinterface.training.network import Networks, whitening_matrix
from sinterface.training.pipeline import make_descriptor
from sinterface.training.preparation import compute_raw, prepare
from sinterface.training.recipe import FitTable, Recipe, read_recipe
from sinterface.training.samples import Sample, inverse_sigma

ROOT = Path(__file__).parents[1]
FILES = ("labels-1.extxyz.xz", "labels-student-4.extxyz.xz")
SHARES = (0.25, 0.5, 1.0)
"""Shares of the time at which errors are measured."""


@dataclass(frozen=True)
class Task:
    """What all contestants share."""

    networks: Callable[[torch.dtype], Networks]
    kernel: ForceKernel
    training: Sequence[Sample]
    validation: Sequence[Sample]
    scales: LossScales


def make_task(n_frames: int, hidden: Sequence[int]) -> Task:
    """Return the task: `n_frames` training frames of every system, evenly."""
    shipped = read_recipe(ROOT / "recipes" / "llzo-lco-first" / "train.toml")
    table = shipped.potential.model_copy(update={"hidden": tuple(hidden)})
    recipe: Recipe = shipped.model_copy(update={"potential": table})
    frames = read_frames([ROOT / "data" / "llzo-lco-first" / name for name in FILES])
    split = split_by_trajectory(frames, validation=0.2, test=0.0, seed=1)
    chosen = split.train[:: max(1, len(split.train) // n_frames)][:n_frames]
    held = split.validation[:: max(1, 3 * len(split.validation) // n_frames)][: n_frames // 3]
    rows = recipe.rows()
    elements = tuple(each[0].center for each in rows)
    descriptor = make_descriptor(recipe, rows)
    cutoff_A, zbl_A = recipe.symmetry.cutoff_A, recipe.potential.zbl_A
    raw = {k: compute_raw(frames[k], elements, cutoff_A, descriptor) for k in (*chosen, *held)}
    preparation = prepare(
        [raw[k] for k in chosen], elements, cutoff_A, descriptor, zbl_A, np.float64
    )
    training = [preparation.sample(raw[k]) for k in chosen]
    validation = [preparation.sample(raw[k]) for k in held]
    parts = [np.concatenate(p) for p in zip(*(s.features for s in training), strict=True)]
    matrices = [whitening_matrix(part, part.shape[1], 1.0) for part in parts]
    kernel = ForceKernel(descriptor, tuple(inverse_sigma(s) for s in preparation.scaling))
    return Task(
        lambda dtype: Networks(matrices, hidden, "tanh", 1, dtype),
        kernel,
        training,
        validation,
        LossScales(),
    )


class Clock:
    """CPU time of a contestant's steps; validates at `SHARES` of the whole."""

    def __init__(self, task: Task, seconds: float) -> None:
        self.task, self.seconds = task, seconds
        self.spent = 0.0
        self.begun = time.process_time()
        self.rows: list[dict[str, float]] = []

    @property
    def share(self) -> float:
        """Share of the time that is gone."""
        return min((self.spent + time.process_time() - self.begun) / self.seconds, 1.0)

    def tick(self, networks: Networks) -> bool:
        """Validate where it is time; whether there is time left."""
        self.spent += time.process_time() - self.begun
        while len(self.rows) < len(SHARES) and self.spent >= SHARES[len(self.rows)] * self.seconds:
            errors = measure_errors(networks, self.task.kernel, self.task.validation)
            row = {"share": SHARES[len(self.rows)], "figure": errors.figure(self.task.scales)}
            self.rows.append(row | errors.as_dict())
        self.begun = time.process_time()
        return len(self.rows) < len(SHARES)


def single(samples: Sequence[Sample]) -> list[Sample]:
    """Return `samples` with features in single precision, as training has them by default."""
    return [replace(s, features=tuple(f.astype(np.float32) for f in s.features)) for s in samples]


def minibatches(task: Task, clock: Clock, settings: FitTable) -> int:
    """AdamW or SOAP with averaged weights and a cosine over the time; return the steps."""
    task = replace(task, training=single(task.training), validation=single(task.validation))
    clock.task = task
    networks, average = task.networks(torch.float32), task.networks(torch.float32)
    optimizer = make_optimizer(networks, settings)
    order = np.random.default_rng(0)
    steps = 0
    while True:
        batch = [task.training[k] for k in order.permutation(len(task.training))[:4]]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(int(1e6 * clock.share), 10**6, settings)
        optimizer.zero_grad()
        predicted = predict(networks, task.kernel, batch, training=True)
        batch_loss(predicted, batch, task.scales).backward()
        torch.nn.utils.clip_grad_norm_(networks.parameters(), 10.0)
        optimizer.step()
        steps += 1
        decay = min(settings.average, (steps + 1) / (steps + 10))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.parameters()), list(networks.parameters()), 1.0 - decay
            )
        if not clock.tick(average):
            return steps


def quasi_newton(task: Task, clock: Clock) -> int:
    """L-BFGS on all frames at once, strong Wolfe line search; return the evaluations."""
    networks = task.networks(torch.float64)
    optimizer = torch.optim.LBFGS(
        networks.parameters(),
        max_iter=1,
        max_eval=25,  # its default, 1, would cut every line search
        history_size=30,
        line_search_fn="strong_wolfe",
    )
    evaluations = 0

    def closure() -> torch.Tensor:
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        predicted = predict(networks, task.kernel, task.training, training=True)
        loss = batch_loss(predicted, task.training, task.scales)
        loss.backward()
        return loss

    while clock.tick(networks):
        optimizer.step(closure)
    return evaluations


SYMMETRISE_EVERY = 10
"""Updates of the filter after which its covariance is made symmetric again: rounding breaks it."""


def kalman(task: Task, clock: Clock, n_projections: int = 8, forget: float = 0.98) -> int:
    """Extended Kalman filter, one covariance an element (n2p2's, decoupled); return the updates.

    One frame an update; observations are its energy and its forces along random directions, each
    in units of the loss. Forgetting factor λ rises to 1 as in Blank and Brown (1994), R = λ.
    """
    networks = task.networks(torch.float64)
    elements = [list(element.parameters()) for element in networks.elements]
    covariances = [
        100.0 * torch.eye(sum(p.numel() for p in parameters), dtype=torch.float64)
        for parameters in elements
    ]
    order, updates = np.random.default_rng(0), 0
    while True:
        sample = task.training[int(order.integers(len(task.training)))]
        found = predict(networks, task.kernel, [sample], training=True)
        target = sample.target
        energy = (found.energies[0] - target.energy_eV) / sample.n_atoms
        outputs = [energy / task.scales.energy_eV_per_atom]
        force = (found.forces - torch.from_numpy(target.forces)) / task.scales.force_eV_per_A
        for _ in range(n_projections):
            direction = torch.from_numpy(order.standard_normal(force.shape))
            outputs.append((force * direction).sum() / direction.norm())
        rows = [_gradients(output, elements) for output in outputs]
        columns = [torch.stack([row[e] for row in rows], 1) for e in range(len(elements))]
        gains = [P @ H for P, H in zip(covariances, columns, strict=True)]
        inner = sum(H.T @ G for H, G in zip(columns, gains, strict=True))
        inverse = torch.linalg.inv(inner + forget * torch.eye(len(outputs), dtype=torch.float64))
        error = torch.stack([output.detach() for output in outputs])
        for P, G, parameters in zip(covariances, gains, elements, strict=True):
            _move(parameters, -(G @ (inverse @ error)))
            P.addmm_(G @ inverse, G.T, alpha=-1.0)
            P.div_(forget)
            if updates % SYMMETRISE_EVERY == 0:
                P.copy_(0.5 * (P + P.T))
        forget = 1.0 - (1.0 - forget) * 0.9987
        updates += 1
        if not clock.tick(networks):
            return updates


def _gradients(output: torch.Tensor, elements: Sequence[Any]) -> list[torch.Tensor]:
    every = [parameter for parameters in elements for parameter in parameters]
    given = torch.autograd.grad(output, every, retain_graph=True, materialize_grads=True)
    flat = iter(given)
    return [torch.cat([next(flat).reshape(-1) for _ in parameters]) for parameters in elements]


@torch.no_grad()
def _move(parameters: Sequence[torch.Tensor], change: torch.Tensor) -> None:
    for parameter, part in zip(
        parameters, torch.split(change, [p.numel() for p in parameters]), strict=True
    ):
        parameter.add_(part.reshape(parameter.shape))


def contestants() -> dict[str, Callable[[Task, Clock], int]]:
    """Return every optimiser by name, at settings that are usual for it, not searched for."""
    soap = FitTable.model_validate({"optimizer": "soap", "learning_rate": 5e-3, "average": 0.99})
    adam = FitTable.model_validate({"optimizer": "adamw", "learning_rate": 5e-3, "average": 0.99})
    return {
        "SOAP, averaged": lambda task, clock: minibatches(task, clock, soap),
        "AdamW, averaged": lambda task, clock: minibatches(task, clock, adam),
        "L-BFGS, all frames": quasi_newton,
        "extended Kalman filter": kalman,
    }


def main() -> None:
    """Run all contestants one after another and write their errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="CPU seconds of each")
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--hidden", type=int, nargs="+", default=[16, 16])
    parser.add_argument("--only", nargs="*", default=[], help="names of contestants")
    parser.add_argument("-o", "--output", type=Path, default=Path("optimisers.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    task = make_task(options.frames, options.hidden)
    results: dict[str, Any] = {}
    for name, run in contestants().items():
        if options.only and name not in options.only:
            continue
        clock = Clock(task, options.seconds)
        results[name] = {"steps": run(task, clock), "curve": clock.rows}
        last = clock.rows[-1]
        print(f"{name}: {results[name]['steps']} steps, {last['energy_meV_per_atom']:.1f} meV/atom"
              f", {last['force_eV_per_A']:.3f} eV/Å", flush=True)  # fmt: skip
        settings = {key: str(value) for key, value in vars(options).items()}
        text = json.dumps({"settings": settings, "results": results}, indent=1)
        options.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
