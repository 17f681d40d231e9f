"""The figure of a benchmark's JSON file.

python benchmarks/figure.py [benchmarks/results.json]
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "sinterface, wide set": "#0b5d85",
    "sinterface, narrow set": "#3aa0c9",
    "peers": "#c8553d",
    "quoted, not measured": "#8a8f98",
}
SETS = {"wide": ("#0b5d85", "o"), "narrow": ("#3aa0c9", "s")}
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#666666",
    "xtick.color": "#444444",
    "ytick.color": "#222222",
    "svg.hashsalt": "sinterface",
}


def _thousands(value: float) -> str:
    return f"{value:,.0f}".replace(",", "\u202f")


def _kind(row: dict[str, Any]) -> str:
    if row["group"] == "quoted":
        return "quoted, not measured"
    return "peers" if row["group"] == "peer" else f"sinterface, {row['set']} set"


def _label(row: dict[str, Any]) -> str:
    if row["group"] == "door":
        return f"sinterface, wide, {row['name']}"
    return f"sinterface, {row['name']}" if row["group"] == "engine" else str(row["name"])


def _speeds(axes: Axes, record: dict[str, Any]) -> None:
    """Atom-steps a second of everything, fastest first."""
    rows = [row for row in record["results"] if row["group"] in ("engine", "door", "peer")]
    rows = [row for row in rows if "bare" not in row["name"]]
    rows += [{**row, "group": "quoted"} for row in record["quoted"]]
    rows.sort(key=lambda row: row["atom_steps_per_s"])
    left = min(row["atom_steps_per_s"] for row in rows) / 2
    for k, row in enumerate(rows):
        speed, colour = row["atom_steps_per_s"], COLOURS[_kind(row)]
        face = "white" if row["group"] == "quoted" else colour
        axes.plot((left, speed), (k, k), color=colour, lw=2.2, alpha=0.35, solid_capstyle="butt")
        axes.plot(speed, k, "o", color=colour, mfc=face, mew=1.4, ms=7)
        text = _thousands(speed)
        axes.annotate(text, (speed, k), (8, 0), textcoords="offset points", va="center", size=8)
    for name, colour in COLOURS.items():
        face = "white" if name.startswith("quoted") else colour
        axes.plot([], [], "o", color=colour, mfc=face, mew=1.4, ms=7, label=name)
    axes.legend(loc="lower right", frameon=False)
    axes.set_yticks(range(len(rows)), [_label(row) for row in rows])
    axes.tick_params(axis="y", length=0)
    axes.set_xscale("log")
    axes.set_xlim(left, max(row["atom_steps_per_s"] for row in rows) * 5)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlabel("atom-steps a second (log scale)")
    axes.grid(axis="x", color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.set_title("Energies, forces and virial of LLZO", loc="left", weight="bold", size=10)


def _sweep(axes: Axes, record: dict[str, Any], group: str, key: str) -> None:
    """Microseconds an atom against atoms or functions, both sets."""
    from matplotlib.ticker import LogLocator, NullFormatter

    rows = [row for row in record["results"] if row["group"] == group]
    for case, (colour, marker) in SETS.items():
        points = sorted(
            (row[key], 1e6 / row["atom_steps_per_s"]) for row in rows if row["set"] == case
        )
        if not points:
            continue
        x, y = zip(*points, strict=True)
        axes.plot(x, y, color=colour, marker=marker, ms=4.5, lw=1.4)
        axes.annotate(
            case, (x[-1], y[-1]), (6, 0), textcoords="offset points", va="center", color=colour
        )
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.12)
    axes.set_ylabel("µs an atom and step")
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)


def _footer(record: dict[str, Any]) -> str:
    host = record["host"]
    return (
        f"One thread unless said; medians of {record['rounds']} interleaved rounds; {host['cpu']}, "
        f"{host['cores']} cores, {record['kernel']} kernel, load {record['load_before'][0]}; "
        f"{record['made'][:10]}. Neighbours within 6 Å."
    )


def draw(record: dict[str, Any], stem: Path) -> list[Path]:
    """Write `stem`.svg and `stem`.png; return their paths."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    with mpl.rc_context(STYLE):
        n_rows = sum(row["group"] in ("engine", "door", "peer") for row in record["results"]) + 2
        figure = Figure(figsize=(11, max(4.2, 0.27 * n_rows + 1.2)), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=(1.45, 1))
        _speeds(figure.add_subplot(grid[:, 0]), record)
        by_atoms, by_functions = (figure.add_subplot(grid[k, 1]) for k in (0, 1))
        _sweep(by_atoms, record, "atoms", "atoms")
        by_atoms.set_xscale("log")
        by_atoms.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
        by_atoms.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k")
        by_atoms.xaxis.set_minor_formatter(NullFormatter())
        by_atoms.set_xlabel("atoms")
        by_atoms.set_title("Cost by atoms (mixed)", loc="left", weight="bold", size=10)
        _sweep(by_functions, record, "functions", "functions")
        by_functions.set_xlabel("symmetry functions an element")
        by_functions.set_title("Cost by functions (mixed)", loc="left", weight="bold", size=10)
        figure.supxlabel(_footer(record), size=7, color="#666666", x=0.01, ha="left")
        paths = [stem.with_suffix(suffix) for suffix in (".svg", ".png")]
        for path in paths:
            with atomic_path(path) as temporary:
                kind = path.suffix[1:]
                options = {"metadata": {"Date": None}} if kind == "svg" else {"dpi": 150}
                figure.savefig(temporary, format=kind, **options)
    return paths
