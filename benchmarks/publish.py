"""Figure and tables of docs/performance.md from benchmarks/results.json.

    python benchmarks/publish.py

`run.py --publish` does it by itself. Each table stands between `<!-- begin NAME -->` and
`<!-- end NAME -->`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import operations
from figure import draw

from sinterface.files import write_text

RESULTS = Path(__file__).with_name("results.json")
EXECUTED = Path(__file__).with_name("instructions.json")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
FIGURE = PAGE.parent / "images" / "performance"
Row = dict[str, Any]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = list(head)
    lines = [cells, ["---", *["---:"] * (len(cells) - 1)], *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _round(value: float) -> str:
    """Three digits are more than a shared machine gives."""
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}"


def _spread(row: Row) -> str:
    low, high = (100 * (q / row["median_s"] - 1) for q in row["quartiles_s"])
    return f"{low:+.0f}/{high:+.0f} %".replace("-", "−")


def speeds(record: Row) -> str:
    """Return the table of engine, door and peers: speed, ratio, spread, best, by wall time."""
    rows = [row for row in record["results"] if row["group"] in ("engine", "door", "peer")]
    base = next(row for row in rows if row["name"] == "wide, double")["atom_steps_per_s"]
    groups = {"engine": "", "door": "LLZO of 17,280 atoms: ", "peer": ""}
    lines = []
    for row in rows:
        speed = row["atom_steps_per_s"]
        best, wall = (_round(row["atoms"] / row[key]) for key in ("least_s", "median_wall_s"))
        name = groups[row["group"]].replace("17,280", f"{row['atoms']:,}") + row["name"]
        lines.append((name, _round(speed), f"{speed / base:.3g}", _spread(row), best, wall))
    for row in record["quoted"]:
        speed = row["atom_steps_per_s"]
        lines.append((row["name"], _round(speed), f"{speed / base:.3g}", "–", "–", "–"))
    head = ("what", "atom-steps/s", "ratio", "quartiles of time", "best round", "by wall time")
    text = _table(head, lines)
    missing = [f"{row['name']} ({row['reason']})" for row in record["not_measured"]]
    return text + ("\n\nNot measured: " + "; ".join(missing) + "." if missing else "")


RATIOS = (  # label, speed of this, over that
    ("wide set: two threads over one", "wide, {0}, 2 threads", "wide, {0}"),
    ("narrow set: two threads over one", "narrow, {0}, 2 threads", "narrow, {0}"),
    (
        "committee of four, deviations of energies",
        "wide, {0}",
        "wide, {0}, committee of 4 (energies)",
    ),
    (
        "committee of four, deviations of forces too",
        "wide, {0}",
        "wide, {0}, committee of 4 (forces)",
    ),
    ("LAMMPS over bare kernel, candidates to 8 Å", "bare kernel, {0}, list of 8 Å", "LAMMPS, {0}"),
    ("LAMMPS over bare kernel, list of 6 Å", "bare kernel, {0}, list of 6 Å", "LAMMPS, {0}"),
)


def ratios(record: Row) -> str:
    """Return the table of ratios within the run: speeds of threads, costs of all else."""
    speed = {row["name"]: row.get("atom_steps_per_s", 0.0) for row in record["results"]}
    lines = []
    for label, this, that in RATIOS:
        pairs = [(this.format(p), that.format(p)) for p in ("double", "mixed")]
        known = all(name in speed for pair in pairs for name in pair)
        found = [f"{speed[a] / speed[b]:.2f}" if known else "–" for a, b in pairs]
        lines.append((f"{label}: {'speed' if 'threads' in label else 'cost'}", *found))
    return _table(("ratio", "double", "mixed"), lines)


def neighbor_lists(record: Row) -> str:
    """Return the table of neighbour lists."""
    rows = [row for row in record["results"] if row["group"] == "neighbour list"]
    lines = [
        (row["name"], f"{1e3 * row['median_s']:.0f}", _round(row["atom_steps_per_s"]))
        for row in rows
    ]
    return _table((f"{rows[0]['atoms']:,} atoms, 6 Å", "ms", "atoms/s"), lines)


def peak(record: Row) -> str:
    """Return the tables of the peak and of the share of it."""
    loops = [row for row in record["results"] if row["group"] == "peak"]
    first = _table(("one core", "GFLOP/s"), ((r["name"], f"{r['gflops']:.1f}") for r in loops))
    shares = record["share_of_peak"]
    lines = [
        ("operations an atom and step", *(f"{row['operations_per_atom']:,.0f}" for row in shares)),
        *(
            (f"… {name}", *(f"{row[key]:,.0f}" for row in shares))
            for name, key in (
                ("for its neighbours", "of_neighbors"),
                ("for contractions", "of_contractions"),
                ("for the networks", "of_networks"),
            )
        ),
        ("GFLOP/s of them", *(f"{row['gflops']:.1f}" for row in shares)),
        ("share of the peak", *(f"{100 * row['share']:.0f} %" for row in shares)),
    ]
    head = ("wide set", *(row["precision"] for row in shares))
    return first + "\n\n" + _table(head, lines)


def executed(_: Row) -> str:
    """Return what the compiled kernel executes, from instructions.json."""
    if not EXECUTED.exists():
        return "(Not counted yet.)"
    record = json.loads(EXECUTED.read_text(encoding="utf-8"))
    lines = [
        (
            precision,
            f"{row['executed']:,.0f}",
            f"{row['needed']:,.0f}",
            f"{100 * row['needed_of_executed']:.0f} %",
        )
        for precision, row in record["wide"].items()
    ]
    atoms = next(iter(record["wide"].values()))["atoms"]
    head = (f"operations an atom, {atoms} atoms", "executed", "needed", "needed of executed")
    return _table(head, lines)


def formula(_: Row) -> str:
    """Return the numbers that stand in the formula of the page."""
    lines = [
        (
            f"$l$ = {degree}",
            f"{operations.moment_operations(degree)}",
            f"{operations.polynomial_operations(degree)}",
        )
        for degree in (1, 2, 4)
    ]
    return _table(("channel of degree", "$n_A(l)$, moments", "$n_p(l)$, polynomial"), lines)


def sweeps(record: Row) -> str:
    """Return the tables of cost by atoms and by functions."""
    tables = []
    for group, key in (("atoms", "atoms"), ("functions", "functions")):
        rows = [row for row in record["results"] if row["group"] == group]
        cost = {(row["set"], row[key]): 1e6 / row["atom_steps_per_s"] for row in rows}
        lines = [
            (
                f"{x:,}",
                *(
                    f"{cost[case, x]:.2f}" if (case, x) in cost else "–"
                    for case in ("wide", "narrow")
                ),
            )
            for x in sorted({x for _, x in cost})
        ]
        head = (key, "wide, µs an atom", "narrow, µs an atom")
        tables.append(_table(head, lines))
    return "\n\n".join(tables)


def circumstances(record: Row) -> str:
    """Return where, when and how the results were made."""
    host, names = record["host"], ("python", "numpy", "lammps", "calorine", "chgnet", "torch")
    found = [f"{n} {record['versions'][n]}" for n in names if n in record["versions"]]
    busy = record["load_before"][0] > 0.5
    commit = (record["source"] or {}).get("commit")
    return (
        f"`{record['command']}` on {record['made'][:10]}: {record['rounds']} rounds in "
        f"{record['seconds'] / 60:.0f} min on {host['cores']} cores of an {host['cpu']}, "
        f"{record['kernel']} kernel. Load average {record['load_before'][0]} before and "
        f"{record['load_after'][0]} after{', for others worked on the machine' if busy else ''}. "
        f"{'Commit ' + commit[:10] + ', ' if commit else ''}{', '.join(found)}."
    )


BLOCKS: dict[str, Callable[[Row], str]] = {
    "circumstances": circumstances,
    "speeds": speeds,
    "ratios": ratios,
    "neighbour lists": neighbor_lists,
    "peak": peak,
    "formula": formula,
    "executed": executed,
    "sweeps": sweeps,
}


def page_text(text: str, record: Row) -> str:
    """Return the page with its tables made anew."""
    for name, block in BLOCKS.items():
        pattern = f"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)"
        filled = block(record) + "\n"
        text, n = re.subn(pattern, lambda m, t=filled: m[1] + t + m[2], text, flags=re.DOTALL)
        if n != 1:
            raise SystemExit(f"docs/performance.md lacks the marks of '{name}'.")
    return text


def publish_record(record: Row) -> list[Path]:
    """Write the page's tables and figure; return the paths."""
    write_text(PAGE, page_text(PAGE.read_text(encoding="utf-8"), record))
    return [PAGE, *draw(record, FIGURE)]


if __name__ == "__main__":
    publish_record(json.loads(RESULTS.read_text(encoding="utf-8")))
