"""Did my change make it faster? Two builds of the engine take turns in one run.

    python benchmarks/compare.py OLD NEW [--rounds 15] [--sets wide narrow] [--threads 1]

OLD and NEW are source folders that hold a built `sinterface` (`.../src`), or native modules
(`_core*.so`) that this tree's own Python loads. Each lives in a process of its own; in every round
both compute the same 1,536 atoms of rattled LLZO, one after the other, in an order that alternates.
A set is `wide` or `narrow` (130 symmetry functions an element) or the directory of a potential.
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
N_ATOMS = 1536
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
    """Answer each line of stdin, [directory, precision, threads, path], with CPU seconds."""
    if build.endswith(".so"):
        load_native_module(build)
    from systems import llzo

    import sinterface

    atoms = llzo((2, 2, 2))
    potentials: dict[str, Any] = {}
    for line in sys.stdin:
        directory, precision, threads, path = json.loads(line)
        if directory not in potentials:
            potential = sinterface.load_potential(directory)
            pairs = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
            potentials[directory] = (potential, pairs)
        potential, pairs = potentials[directory]
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

    def ask(self, directory: str, precision: str, threads: int, forces: str = "") -> float:
        """Return the median seconds of a call; save its forces where a path is given."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([directory, precision, threads, forces]) + "\n")
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


def force_difference(builds: list[Build], directory: str, precision: str, threads: int) -> float:
    """Return the RMS difference of the builds' forces in eV/Å; warms them up too."""
    with tempfile.TemporaryDirectory() as folder:
        forces = []
        for k, build in enumerate(builds):
            path = str(Path(folder) / f"{k}.npy")
            build.ask(directory, precision, threads, path)
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
    parser.add_argument("--sets", nargs="+", default=["wide", "narrow"])
    parser.add_argument("--precisions", nargs="+", default=["double", "mixed"])
    parser.add_argument("--threads", type=int, default=1, help="more than one: wall time")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(str(options.old))
    from systems import full_set

    head = f"{'':16s}{'old':>10s}{'new':>10s}  {'new/old':>7s}  quartiles      forces differ by"
    print(f"{head}\n{'':16s}{'atom-steps/s':>20s}{'':27s}eV/Å RMS")
    with tempfile.TemporaryDirectory() as folder, started([options.old, options.new]) as builds:
        for name in options.sets:
            known = name in ("wide", "narrow")
            directory = str(full_set(Path(folder), name) if known else Path(name).resolve())
            for precision in options.precisions:
                job = (directory, precision, options.threads)
                print(f"{Path(name).name + ', ' + precision:16s}", end="", flush=True)
                print(compared(builds, job, options.rounds), flush=True)
    return None


def compared(builds: list[Build], job: tuple[str, str, int], rounds: int) -> str:
    """Let the builds take turns; return speeds, ratio and the difference of forces as text."""
    difference = force_difference(builds, *job)
    times = []
    for k in range(rounds):
        order = (0, 1) if k % 2 == 0 else (1, 0)
        turn = {which: builds[which].ask(*job) for which in order}
        times.append((turn[0], turn[1]))
    old, new = (N_ATOMS / statistics.median(column) for column in zip(*times, strict=True))
    low, ratio, high = np.percentile([a / b for a, b in times], (25, 50, 75))
    return f"{old:10,.0f}{new:10,.0f}  {ratio:7.3f}  {low:.3f}–{high:.3f}  {difference:12.1e}"


if __name__ == "__main__":
    main()
