"""What ``sinterface data`` tells people."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sinterface.dataset.card import DataCard
from sinterface.dataset.faults import Faults
from sinterface.dataset.survey import shortest_plausible

LONGEST = 40
"""Rows of a list of faults; ``--json`` has all."""


def card_table(card: DataCard) -> RenderableType:
    """Return a data card: totals, systems, nearest distances, and the number of faults."""
    facts = _table("", "")
    for name, value in {
        "frames": f"{card.n_frames:,}",
        "atoms": f"{card.n_atoms:,}",
        "trajectories": f"{card.n_trajectories:,} in {card.n_families:,} families",
        "labels by": ", ".join(card.references),
        "without stress": f"{card.without_stress:,}",
        "atoms of": ", ".join(f"{name} {count:,}" for name, count in card.elements.items()),
        "frames at": ", ".join(f"{name} K {n:,}" for name, n in card.temperatures_K.items()),
    }.items():
        facts.add_row(Text(name, style="bold"), Text(value))
    systems = _table("system", "frames", "meV/atom", "Å³/atom")
    for name, count in card.systems.items():
        sizes = card.volumes_A3_per_atom.get(name, [])
        span = f"{sizes[0]:.1f} to {sizes[2]:.1f}" if sizes else ""
        spread = f"{card.residual_meV_per_atom[name]:.0f}"
        systems.add_row(name, f"{count:,}", spread, span)
    note = Text("meV/atom: spread of the energies that composition doesn't explain")
    nearest = _table("nearest", "Å", "in frame", "implausible below")
    for name, found in card.nearest.items():
        one, two = name.split("-")
        limit = f"{shortest_plausible((one, two)):.2f}"
        nearest.add_row(name, f"{found['distance_A']:.2f}", str(found["frame"]), limit)
    return Group(facts, "", systems, note, "", nearest, "", _summary(card.faults))


def faults_table(faults: Faults) -> RenderableType:
    """Return duplicates and outliers, the first `LONGEST` of each."""
    parts: list[RenderableType] = [_summary(faults)]
    if faults.duplicates:
        table = _table("frame", "again in", "distances differ by", "energies by")
        for pair in faults.duplicates[:LONGEST]:
            table.add_row(
                str(pair.first),
                str(pair.second),
                f"{pair.difference_A:.4f} Å",
                f"{pair.energy_meV_per_atom:+.2f} meV/atom",
            )
        parts += ["", table]
    if faults.outliers:
        table = _table("frame", "system", "trajectory", "outlier", "value", "limit")
        for each in faults.outliers[:LONGEST]:
            value, limit = f"{each.value:.4g} {each.unit}", f"{each.limit:.4g} {each.unit}"
            table.add_row(str(each.frame), each.system, each.trajectory, each.kind, value, limit)
        parts += ["", table]
    if max(len(faults.duplicates), len(faults.outliers)) > LONGEST:
        parts.append(Text(f"Only the first {LONGEST} are shown; --json has all."))
    return Group(*parts)


def _summary(faults: Faults) -> Text:
    frames = len({each.frame for each in faults.outliers})
    return Text(
        f"{len(faults.duplicates)} duplicates; {len(faults.outliers)} outliers in {frames} of "
        f"{faults.n_frames} frames"
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column, justify="right" if column in ("frames", "meV/atom") else "left")
    return table
