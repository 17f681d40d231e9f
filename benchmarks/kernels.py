"""Measure the engine against its peers: interleaved in one run, medians of CPU time, as ratios.

    python benchmarks/kernels.py [--repeats 7] [--output benchmarks/kernels.json]

The system is rattled cubic LLZO with 1,536 atoms (80 neighbours an atom within 6 Å), the potentials
are n2p2's five-element cases of the tests: 130 symmetry functions an element, networks of 2 x 20.
CHGNet (`pip install ".[chgnet]"`) is measured on 192 atoms of the same structure.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import sinterface
from sinterface import provenance
from sinterface.files import write_text
from sinterface.structures.crystals import cubic_llzo

CASES = Path(__file__).parents[1] / "tests" / "reference" / "n2p2"
Contestants = dict[str, tuple[int, Callable[[], object]]]


def engine_contestants() -> Contestants:
    """Return our engine on both sets, in both precisions, on one thread and on two."""
    atoms = cubic_llzo(seed=1, repeat=(2, 2, 2))
    atoms.rattle(0.1, seed=1)
    found: Contestants = {}
    for case in ("wide", "narrow"):
        potential = sinterface.load_potential(CASES / case)
        neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
        for precision in ("double", "mixed"):
            for threads in (1, 2):

                def run(
                    potential: sinterface.Potential = potential,
                    neighbors: object = neighbors,
                    precision: str = precision,
                    threads: int = threads,
                ) -> object:
                    return potential.evaluate(
                        atoms.numbers,
                        atoms.positions,
                        neighbors,
                        precision=precision,
                        threads=threads,
                    )

                found[f"{case}, {precision}, {threads} thread(s)"] = (len(atoms), run)
    return found


def neighbor_contestants() -> Contestants:
    """Return full neighbour lists at 6 Å of 12,288 atoms."""
    from sinterface.kernels.neighbors import neighbor_list

    atoms = cubic_llzo(seed=1, repeat=(4, 4, 4))
    found: Contestants = {
        "neighbour list, vesin": (
            len(atoms),
            lambda: neighbor_list(atoms.positions, atoms.cell.array, atoms.pbc, 6.0),
        )
    }
    try:
        from matscipy.neighbours import neighbour_list
    except ImportError:
        return found
    found["neighbour list, matscipy"] = (len(atoms), lambda: neighbour_list("ijS", atoms, 6.0))
    return found


def chgnet_contestant() -> Contestants:
    """Return CHGNet, energy and forces, where it is installed."""
    try:
        from chgnet.model.dynamics import CHGNetCalculator
    except ImportError:
        return {}
    atoms = cubic_llzo(seed=1)
    calculator = CHGNetCalculator(use_device="cpu")
    rng = np.random.default_rng(1)

    def run() -> object:
        moved = atoms.copy()
        moved.positions += rng.normal(scale=1e-3, size=moved.positions.shape)
        moved.calc = calculator
        return moved.get_forces()

    return {"CHGNet, single": (len(atoms), run)}


def measure(contestants: Contestants, repeats: int) -> dict[str, dict[str, float]]:
    """Run all in turn, `repeats` times; wall time, since threads are compared too."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _, run in contestants.values():
        run()
    for _ in range(repeats):
        for name, (_, run) in contestants.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {
        name: {
            "atoms": contestants[name][0],
            "median_s": statistics.median(values),
            "atom_steps_per_s": contestants[name][0] / statistics.median(values),
        }
        for name, values in times.items()
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    contestants = {**engine_contestants(), **neighbor_contestants(), **chgnet_contestant()}
    results = measure(contestants, options.repeats)
    base = results["wide, double, 1 thread(s)"]["atom_steps_per_s"]
    print(f"{'':34s}{'atom-steps/s':>14s}{'ratio':>9s}")
    for name, row in results.items():
        print(f"{name:34s}{row['atom_steps_per_s']:14,.0f}{row['atom_steps_per_s'] / base:9.3f}")
    if options.output:
        record = {"host": provenance.host(), "versions": provenance.versions(), "results": results}
        write_text(options.output, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
