"""How fast a training goes over its frames: atoms a second of one core's time, by its parts.

    python benchmarks/training_speed.py -o training_speed.json

Least thread CPU time of some turns, on frames of 192 and fewer atoms that the first potential was
trained on. An epoch over 10,000 frames of 150 atoms takes 1.5 million atoms divided by the speed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from descriptors import ROOT, Problem, recipe_of

from sinterface.training.fit import make_optimizer
from sinterface.training.gradients import loss_and_gradients
from sinterface.training.loss import LossScales
from sinterface.training.network import Networks, whitening_matrix
from sinterface.training.recipe import FitTable

SHELLS = [[1.25976, shift] for shift in (1.8, 2.7, 3.6, 4.5)]
SETS: dict[str, dict[str, Any]] = {
    "n2p2": {},
    "spectrum": {"spectrum": {"channels": SHELLS, "degree": 3, "lowest_degree": 1}},
}
EPOCH_ATOMS = 10_000 * 150


def least(run: Callable[[], object], turns: int) -> float:
    """Return the least thread CPU seconds of some calls."""
    times = []
    for _ in range(turns):
        begun = time.thread_time()
        run()
        times.append(time.thread_time() - begun)
    return min(times)


def measure(symmetry: dict[str, Any], batch: int, optimizer: str, turns: int) -> dict[str, Any]:
    """Return speeds in atoms a second and the optimiser's own seconds a step."""
    recipe = recipe_of(symmetry, [40, 32])
    problem = Problem([ROOT / "data" / "llzo-lco-first" / "labels-1.extxyz.xz"], batch, 2)
    samples, _, kernel = problem.samples(recipe)
    parts = zip(*(sample.features for sample in samples), strict=True)
    matrices = [whitening_matrix(np.concatenate(p), p[0].shape[1], 1.0) for p in parts]
    networks = Networks(matrices, [40, 32], "tanh", 1, torch.float32)
    settings = FitTable.model_validate({"optimizer": optimizer, "learning_rate": 1e-9})
    moves, scales = make_optimizer(networks, settings), LossScales()
    n_atoms = sum(sample.n_atoms for sample in samples)
    zeros = [
        np.zeros((sum(len(s.members[e]) for s in samples), len(factor)))
        for e, factor in enumerate(kernel.inverse_sigma)
    ]
    ones, strains = np.ones((n_atoms, 3)), np.zeros((batch, 3, 3))

    def gradients() -> None:
        loss_and_gradients(networks, kernel, samples, scales)

    step = least(gradients, turns)
    refreshes = 20  # of the eigenbases, once in so many steps
    begun = time.thread_time()
    for _ in range(2 * refreshes):
        moves.step()
    move = (time.thread_time() - begun) / (2 * refreshes)
    return {
        "atoms_in_batch": n_atoms,
        "atoms_per_s": n_atoms / (step + move),
        "epoch_s_on_one_core": EPOCH_ATOMS * (step + move) / n_atoms,
        "gradient_s": step,
        "optimizer_s": move,
        "vjp_s": least(lambda: kernel.forces(samples, zeros), turns),
        "jvp_s": least(lambda: kernel.tangents(samples, ones, strains), turns),
    }


def main() -> None:
    """Measure every set at some sizes of a batch and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[4, 8, 16])
    parser.add_argument("--optimizers", nargs="+", default=["adamw", "soap"])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("-o", "--output", type=Path, default=Path("training_speed.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    results = [
        {"set": name, "batch": batch, "optimizer": optimizer}
        | measure(symmetry, batch, optimizer, options.turns)
        for name, symmetry in SETS.items()
        for batch in options.batches
        for optimizer in options.optimizers
    ]
    for row in results:
        print(
            f"{row['set']}, {row['batch']} frames, {row['optimizer']}: {row['atoms_per_s']:.0f} "
            f"atoms/s, {row['epoch_s_on_one_core']:.0f} s an epoch",
            flush=True,
        )
    options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
