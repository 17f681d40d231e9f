"""Did my change make it faster? Two builds of the engine take turns in one run.

    python benchmarks/compare.py OLD NEW [--rounds 15] [--cases wide narrow] [--threads 1]

OLD and NEW are source folders that hold a built `sinterface` (`.../src`), or native modules
(`_core*.so`) that this tree's own Python loads. Each lives in a process of its own; in every round
both compute the same 1,536 atoms of rattled LLZO, one after the other, in an order that alternates.
Printed are speeds from median CPU times, and the median and quartiles of NEW's speed over OLD's
within a round.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "reference" / "n2p2"
LEAST_CPU_S = 0.05  # of a turn, so that the clock's grain and a cold start count little


def load_native_module(path: str) -> None:
    """Put the native module at `path` where sinterface looks for its own."""
    name = "sinterface.kernels._core"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"'{path}' is no native module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def serve(build: str) -> None:
    """Answer each line of stdin, [case, precision, threads, path], with a call's CPU seconds."""
    if build.endswith(".so"):
        load_native_module(build)
    import sinterface
    from sinterface.structures.crystals import cubic_llzo

    atoms = cubic_llzo(seed=1, repeat=(2, 2, 2))
    atoms.rattle(0.1, seed=1)
    potentials: dict[str, Any] = {}
    for line in sys.stdin:
        case, precision, threads, path = json.loads(line)
        if case not in potentials:
            potential = sinterface.load_potential(CASES / case)
            pairs = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
            potentials[case] = (potential, pairs)
        potential, pairs = potentials[case]
        clock = time.thread_time if threads == 1 else time.perf_counter
        times: list[float] = []
        while sum(times) < LEAST_CPU_S:
            start = clock()
            found = potential.evaluate(
                atoms.numbers, atoms.positions, pairs, precision=precision, threads=threads
            )
            times.append(clock() - start)
        if path:
            np.save(path, found.forces)
        print(json.dumps(statistics.median(times)), flush=True)


class Build:
    """One build in its own process."""

    def __init__(self, path: Path):
        source = ROOT / "src" if path.suffix == ".so" else path
        environment = {**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__, "--serve", str(path), str(path)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, case: str, precision: str, threads: int, forces: str = "") -> float:
        """Return the median seconds of a call; save its forces where a path is given."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([case, precision, threads, forces]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("A build stopped; its message stands above.")
        return float(json.loads(answer))


@contextmanager
def started(paths: list[Path]) -> Iterator[list[Build]]:
    """Start the builds; end them with the block."""
    builds = [Build(path.resolve()) for path in paths]
    try:
        yield builds
    finally:
        for build in builds:
            build.process.kill()
            build.process.wait()


def force_difference(builds: list[Build], case: str, precision: str, threads: int) -> float:
    """Return the RMS difference of the builds' forces in eV/Å; warms them up too."""
    with tempfile.TemporaryDirectory() as folder:
        forces = []
        for k, build in enumerate(builds):
            path = str(Path(folder) / f"{k}.npy")
            build.ask(case, precision, threads, path)
            forces.append(np.load(path))
    return float(np.sqrt(np.mean((forces[1] - forces[0]) ** 2)))


def main() -> None:
    """Compare, and print a line for each set and precision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cases", nargs="+", default=["wide", "narrow"])
    parser.add_argument("--precisions", nargs="+", default=["double", "mixed"])
    parser.add_argument("--threads", type=int, default=1, help="more than one: wall time")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(str(options.old))
    n_atoms = 1536
    head = f"{'':16s}{'old':>10s}{'new':>10s}  {'new/old':>7s}  quartiles      forces differ by"
    print(f"{head}\n{'':16s}{'atom-steps/s':>20s}{'':27s}eV/Å RMS")
    with started([options.old, options.new]) as builds:
        for case in options.cases:
            for precision in options.precisions:
                job = (case, precision, options.threads)
                difference = force_difference(builds, *job)
                rounds = []
                for k in range(options.rounds):
                    order = (0, 1) if k % 2 == 0 else (1, 0)
                    times = {which: builds[which].ask(*job) for which in order}
                    rounds.append((times[0], times[1]))
                speeds = [
                    n_atoms / statistics.median(column) for column in zip(*rounds, strict=True)
                ]
                low, ratio, high = np.percentile([old / new for old, new in rounds], (25, 50, 75))
                print(
                    f"{case + ', ' + precision:16s}{speeds[0]:10,.0f}{speeds[1]:10,.0f}"
                    f"  {ratio:7.3f}  {low:.3f}–{high:.3f}  {difference:12.1e}",
                    flush=True,
                )
    return None


if __name__ == "__main__":
    main()
