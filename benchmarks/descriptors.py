"""Sets of symmetry functions: what a step costs with them, and what a training makes of them.

    python benchmarks/descriptors.py -o descriptors.json

Cost is thread CPU time of energies and forces in mixed precision, least of some turns on rattled
LLZO, with random weights. The error is that on held-out frames after the same CPU time of training.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from systems import llzo

from sinterface.dataset.frames import read_frames
from sinterface.dataset.splits import split_by_trajectory
from sinterface.kernels.symmetry import Descriptor
from sinterface.potential.model import load_potential
from sinterface.potential.spectrum import AnyRow
from sinterface.potential.writer import (
    Network,
    PotentialFiles,
    Scaling,
    write_members,
    write_potential,
)
from sinterface.training.fit import learning_rate, make_optimizer
from sinterface.training.forces import ForceKernel
from sinterface.training.gradients import loss_and_gradients
from sinterface.training.held_out import measure_errors
from sinterface.training.loss import LossScales
from sinterface.training.network import Networks, whitening_matrix
from sinterface.training.pipeline import make_descriptor
from sinterface.training.preparation import compute_raw, prepare
from sinterface.training.pruning import prune_rows
from sinterface.training.recipe import FitTable, Recipe
from sinterface.training.samples import Sample, inverse_sigma

ROOT = Path(__file__).resolve().parents[1]
ELEMENTS = ("Li", "O", "Co", "Zr", "La")
LARGEST_FORCE = 40.0  # eV/Å, of a component
PRUNING_STRIDE = 8  # every so many training frames
SETS = Path(__file__).with_suffix(".toml")


def recipe_of(symmetry: dict[str, Any], hidden: Sequence[int]) -> Recipe:
    """Return a recipe that holds nothing but a set and its networks."""
    content = {
        "data": {"files": ["data"]},
        "potential": {"elements": ELEMENTS, "hidden": list(hidden), "zbl_A": [1.0, 2.0]},
        "symmetry": symmetry,
    }
    return Recipe.model_validate(content)


def write_random(recipe: Recipe, folder: Path, members: int) -> Path:
    """Write a potential of `members` networks with random weights."""
    rng = np.random.default_rng(1)
    rows = recipe.rows()

    def network(n_rows: int) -> Network:
        sizes = [n_rows, *recipe.potential.hidden, 1]
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        weights = tuple(rng.normal(size=shape) / shape[1] ** 0.5 for shape in shapes)
        return Network(weights, tuple(rng.normal(size=n) for n in sizes[1:]))

    def scaling(n_rows: int) -> Scaling:
        zero, one = np.zeros(n_rows), np.ones(n_rows)
        return Scaling(zero, 10 * one, 3 * one, one)

    files = [
        PotentialFiles(
            rows=rows,
            cutoff_function=recipe.symmetry.cutoff_function,
            activation=recipe.potential.activation,
            scaling=tuple(scaling(len(each)) for each in rows),
            networks=tuple(network(len(each)) for each in rows),
            atom_energies_eV=(0.0,) * len(rows),
            zbl_A=recipe.potential.zbl_A,
        )
        for _ in range(members)
    ]
    write_potential(folder, files[0], {"name": "random"})
    write_members(folder, files)
    return folder


def speeds(recipes: dict[str, Recipe], members: int, turns: int) -> dict[str, float]:
    """Return atom-steps per second of thread CPU time, every set once in each turn."""
    if not turns:
        return {}
    atoms = llzo((2, 2, 2))
    least = dict.fromkeys(recipes, float("inf"))
    with tempfile.TemporaryDirectory() as scratch:
        potentials = {}
        for number, (name, recipe) in enumerate(recipes.items()):
            folder = write_random(recipe, Path(scratch) / str(number), members)
            potentials[name] = load_potential(folder)
        first = next(iter(potentials.values()))
        nl = first.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
        for _ in range(turns):
            for name, potential in potentials.items():
                begun = time.thread_time()
                potential.evaluate(atoms.numbers, atoms.positions, nl, precision="mixed")
                least[name] = min(least[name], time.thread_time() - begun)
    return {name: len(atoms) / seconds for name, seconds in least.items()}


class Problem:
    """Frames of every system, of which whole trajectories are held out."""

    def __init__(self, files: Sequence[Path], n_training: int, n_validation: int) -> None:
        frames = [
            f for f in read_frames(files) if np.linalg.norm(f.get_forces(), axis=1).max() < 40
        ]
        split = split_by_trajectory(frames, validation=0.12, test=0.0, seed=1)
        rng = np.random.default_rng(0)
        self.training = [frames[k] for k in _some(split.train, n_training, rng)]
        self.validation = [frames[k] for k in _some(split.validation, n_validation, rng)]

    def samples(self, recipe: Recipe) -> tuple[list[Sample], list[Sample], ForceKernel]:
        """Return training and validation samples of the set in `recipe`."""
        rows = recipe.rows()
        elements = tuple(each[0].center for each in rows)
        descriptor: Descriptor = make_descriptor(recipe, rows)
        descriptor.precision = "mixed"
        cutoff, zbl = recipe.symmetry.cutoff_A, recipe.potential.zbl_A
        raw = [compute_raw(f, elements, cutoff, descriptor) for f in self.training]
        held = [compute_raw(f, elements, cutoff, descriptor) for f in self.validation]
        preparation = prepare(raw, elements, cutoff, descriptor, zbl, np.float32)
        kernel = ForceKernel(descriptor, tuple(inverse_sigma(s) for s in preparation.scaling))
        return [preparation.sample(r) for r in raw], [preparation.sample(r) for r in held], kernel


def _some(indices: Sequence[int], number: int, rng: np.random.Generator) -> NDArray[np.int64]:
    chosen = rng.permutation(len(indices))[:number]
    return np.array([indices[k] for k in np.sort(chosen)])


def train(
    problem: Problem, recipe: Recipe, settings: FitTable, seconds: float, steps: int
) -> dict[str, float]:
    """Train for `seconds` of CPU time, or `steps` where given, and return the errors."""
    training, validation, kernel = problem.samples(recipe)
    parts = [np.concatenate(p) for p in zip(*(s.features for s in training), strict=True)]
    matrices = [whitening_matrix(p, p.shape[1], settings.whitening_floor) for p in parts]
    networks = Networks(matrices, recipe.potential.hidden, "tanh", settings.seed, torch.float32)
    average = Networks(matrices, recipe.potential.hidden, "tanh", settings.seed, torch.float32)
    optimizer = make_optimizer(networks, settings)
    order, scales = np.random.default_rng(0), LossScales()
    step, begun, share = 0, time.process_time(), 0.0
    queue: list[int] = []
    while share < 1:
        if len(queue) < settings.batch_frames:
            queue += list(order.permutation(len(training)))
        batch = [training[queue.pop()] for _ in range(settings.batch_frames)]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(int(1e6 * share), 10**6, settings)
        loss_and_gradients(networks, kernel, batch, scales)
        torch.nn.utils.clip_grad_norm_(networks.parameters(), 10.0)
        optimizer.step()
        step += 1
        decay = min(settings.average, (step + 1) / (step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(average.parameters()), list(networks.parameters()), 1.0 - decay
            )
        spent = time.process_time() - begun
        share = step / steps if steps else spent / seconds
    errors = measure_errors(average, kernel, validation).as_dict()
    return {"steps": step, "cpu_s": spent, **errors}


def functions(rows: Sequence[Sequence[AnyRow]]) -> float:
    """Return the mean number of functions of an element."""
    return float(np.mean([len(each) for each in rows]))


def recipes_of(path: Path, only: Sequence[str], hidden: Sequence[int], problem: Problem) -> Any:
    """Return the recipe of each set in `path`, pruned on the problem's frames where it says so."""
    recipes = {}
    for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if only and name not in only:
            continue
        keep, method = table.pop("prune", 0), table.pop("method", "cur")
        keep_radial = not table.pop("any_radial", False)
        recipe = recipe_of(table, table.pop("hidden", hidden))
        if keep:
            frames = problem.training[::PRUNING_STRIDE]
            pruned = prune_rows(recipe, frames, keep, method, keep_radial=keep_radial)
            recipe = recipe_of({"rows": pruned.lines}, recipe.potential.hidden)
        recipes[name] = recipe
    return recipes


def parse() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=Path, default=SETS, help="TOML file of [name] tables")
    parser.add_argument("--only", nargs="*", default=[], help="names of sets")
    parser.add_argument("--hidden", type=int, nargs="+", default=[40, 32])
    parser.add_argument("--turns", type=int, default=9, help="0 leaves the cost out")
    parser.add_argument("--seconds", type=float, default=0.0, help="CPU seconds of each training")
    parser.add_argument("--steps", type=int, default=0, help="steps of each training instead")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--optimizer", default="soap")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("-o", "--output", type=Path, default=Path("descriptors.json"))
    return parser.parse_args()


def main() -> None:
    """Measure cost, and with --seconds or --steps accuracy; add it to the JSON file."""
    options = parse()
    torch.set_num_threads(1)
    problem = Problem([ROOT / "data" / "llzo-lco-first"], options.frames, 96)
    recipes = recipes_of(options.sets, options.only, options.hidden, problem)
    results: dict[str, dict[str, Any]] = {}
    if options.output.exists():
        results = json.loads(options.output.read_text(encoding="utf-8"))
    settings = FitTable.model_validate(
        {
            "learning_rate": options.rate,
            "average": 0.99,
            "optimizer": options.optimizer,
            "batch_frames": options.batch,
            "weight_decay": options.decay,
        }
    )
    one = speeds(recipes, 1, options.turns)
    four = speeds(recipes, 4, options.turns)
    for name, recipe in recipes.items():
        row = results.setdefault(name, {})
        row |= {"functions": functions(recipe.rows()), "hidden": list(recipe.potential.hidden)}
        if options.turns:
            row |= {"atom_steps_per_s": one[name], "committee_atom_steps_per_s": four[name]}
        if options.seconds or options.steps:
            key = (
                f"after_{options.steps}_steps"
                if options.steps
                else f"after_{options.seconds:.0f}_s"
            )
            row[key] = train(problem, recipe, settings, options.seconds, options.steps)
        print(name, row, flush=True)
        options.output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
