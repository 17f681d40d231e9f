"""Measure the engine beside its peers, interleaved in one run; write a JSON file and a figure.

    python benchmarks/run.py [--quick | --full] [--output benchmark.json | --publish]

The peers come from the package registry (`pip install ".[bench]"`); one that is missing
is named in the results with the reason. Speeds come from medians of a thread's CPU time, of the
busier one where there are two, so that they mean something on a machine that others use too; wall
times are kept beside them.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: one thread for every library

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import engine_contestants
import lammps_contestants
import operations
import peak
import peer_contestants
from figure import draw
from measuring import Contestant, NotMeasuredError, measure
from publish import RESULTS, publish_record
from systems import EFFORTS, Effort, full_set, llzo

import sinterface
from sinterface import provenance
from sinterface.files import write_text

Builder = Callable[[Effort, Path], list[Contestant]]
BUILDERS: dict[str, Builder] = {
    "engine": engine_contestants.kernel,
    "committee": engine_contestants.committee,
    "LAMMPS door": lammps_contestants.door,
    "NEP": peer_contestants.nep,
    "SNAP": lammps_contestants.snap,
    "POD": lammps_contestants.pod,
    "CHGNet": peer_contestants.chgnet,
    "neighbour list": peer_contestants.neighbor_lists,
    "vesin": peer_contestants.vesin,
    "matscipy": peer_contestants.matscipy,
    "LAMMPS' neighbour list": lammps_contestants.lammps_neighbors,
    "peak": peak.fma_loop,
    "BLAS": peak.blas,
    "sizes": engine_contestants.by_size,
    "functions": engine_contestants.by_functions,
}
QUOTED = [
    {
        "name": f"n2p2, {case} (quoted)",
        "set": case,
        "atom_steps_per_s": speed,
        "source": "the project's design notes: n2p2 built from source, one core of an AMD EPYC, "
        "the same rows, chemistry and networks; n2p2 is not in the package registry, so it isn't "
        "measured in this run",
    }
    for case, speed in (("wide", 2900), ("narrow", 3200))
]
PEERS = ("calorine", "chgnet", "matscipy", "rich")


def build(
    effort: Effort, folder: Path, without: set[str]
) -> tuple[list[Contestant], list[dict[str, str]]]:
    """Return the contestants, and the names and reasons of those that can't be measured."""
    found: list[Contestant] = []
    missing: list[dict[str, str]] = []
    for name, builder in BUILDERS.items():
        if name.lower() in without:
            missing.append({"name": name, "reason": "left out by --without"})
            continue
        try:
            found += builder(effort, folder)
        except NotMeasuredError as error:
            missing.append({"name": name, "reason": str(error)})
    return found, missing


def share_of_peak(rows: list[dict[str, Any]], effort: Effort, folder: Path) -> list[dict[str, Any]]:
    """Return, for each precision, operations an atom and the wide set's share of the peak."""
    peaks = {row["precision"]: row["gflops"] for row in rows if "loop" in row["name"]}
    if not peaks:
        return []
    potential = sinterface.load_potential(full_set(folder, "wide"))
    atoms = llzo(effort.base)
    neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
    species = potential.species(atoms.get_chemical_symbols())
    found = []
    for precision, kind in (("double", "double"), ("mixed", "single")):
        count = operations.count(potential, species, neighbors, precision)
        speed = next(row["atom_steps_per_s"] for row in rows if row["name"] == f"wide, {precision}")
        per_atom = count.total / len(atoms)
        found.append(
            {
                "precision": precision,
                "operations_per_atom": per_atom,
                "of_neighbors": count.neighbors / len(atoms),
                "of_contractions": count.contractions / len(atoms),
                "of_networks": count.networks / len(atoms),
                "neighbors_per_atom": len(neighbors.neighbors) / len(atoms),
                "gflops": per_atom * speed / 1e9,
                "peak_gflops": peaks[kind],
                "share": per_atom * speed / 1e9 / peaks[kind],
            }
        )
    return found


def versions() -> dict[str, str]:
    """Return the versions that shape the results, the peers' with them."""
    found = provenance.versions()
    for name in PEERS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def table(record: dict[str, Any]) -> str:
    """Return the results as text."""
    lines = []
    group = ""
    for row in record["results"]:
        if row["group"] != group:
            group = row["group"]
            unit = "GFLOP/s" if group == "peak" else "atom-steps/s"
            lines.append(f"\n{group:46s}{unit:>14s}  quartiles  best round  by wall time")
        speed = row.get("gflops") or row["atom_steps_per_s"]
        low, high = (100 * (q / row["median_s"] - 1) for q in row["quartiles_s"])
        name = f"{row['name']:46s}{speed:14,.0f}"
        best, by_wall = (speed * row["median_s"] / row[key] for key in ("least_s", "median_wall_s"))
        lines.append(f"{name}  {low:+4.0f}{high:+4.0f} %{best:12,.0f}{by_wall:14,.0f}")
    lines.append("")
    for row in record["share_of_peak"]:
        lines.append(
            f"wide, {row['precision']}: {row['operations_per_atom']:,.0f} operations an atom, "
            f"{row['gflops']:.1f} of {row['peak_gflops']:.1f} GFLOP/s: {100 * row['share']:.0f} %"
        )
    for row in record["quoted"]:
        lines.append(f"{row['name']:46s}{row['atom_steps_per_s']:14,.0f}")
    for row in record["not_measured"]:
        lines.append(f"not measured: {row['name']}: {row['reason']}")
    return "\n".join(lines)


def measured(name: str, without: set[str], rounds: int | None = None) -> dict[str, Any]:
    """Measure with the effort of this name; return all that is written."""
    effort, started, load = EFFORTS[name], time.time(), os.getloadavg()
    rounds = rounds or effort.rounds
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        contestants, missing = build(effort, folder, without)
        results = measure(contestants, rounds)
        shares = share_of_peak(results, effort, folder)
        kernel = sinterface.load_potential(full_set(folder, "wide")).kernel
    return {
        "made": provenance.now(),
        "command": " ".join(["python benchmarks/run.py", *sys.argv[1:]]),
        "effort": name,
        "rounds": rounds,
        "seconds": round(time.time() - started),
        "host": provenance.host(),
        "load_before": [round(value, 2) for value in load],
        "load_after": [round(value, 2) for value in os.getloadavg()],
        "versions": versions(),
        "source": provenance.source_state(),
        "kernel": kernel,
        "results": results,
        "share_of_peak": shares,
        "quoted": QUOTED,
        "not_measured": missing,
    }


def write(record: dict[str, Any], output: Path, *, publish: bool) -> list[Path]:
    """Write the record and what is made from it; return the paths."""
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    if publish:
        write_text(RESULTS, text)
        return [RESULTS, *publish_record(record)]
    write_text(output, text)
    return [output, *draw(record, output.with_suffix(""))]


def main() -> None:
    """Measure, print a table, write JSON and figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    for name in EFFORTS:
        if name != "default":
            size.add_argument(f"--{name}", action="store_const", const=name, dest="effort")
    parser.add_argument("--rounds", type=int, help="instead of those of the effort")
    parser.add_argument("--output", type=Path, default=Path("benchmark.json"))
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write benchmarks/results.json and the figure and tables of docs/performance.md",
    )
    names = ", ".join(BUILDERS)
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME", help=f"of {names}")
    options = parser.parse_args()
    without = {name.lower() for name in options.without}
    unknown = without - {name.lower() for name in BUILDERS}
    if unknown:
        parser.error(f"--without knows {names}; got {', '.join(sorted(unknown))}")
    record = measured(options.effort or "default", without, options.rounds)
    print(table(record))
    print("\nwritten:", *write(record, options.output, publish=options.publish))


if __name__ == "__main__":
    main()
