"""Clusters of an element: table, curves and figure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sinterface.analysis.aggregation import Clusters, follow_clusters
from sinterface.analysis.still import open_structure
from sinterface.report.curves import finish_axis
from sinterface.report.outcome import Curves, Drawing, Outcome
from sinterface.report.palette import element_color
from sinterface.report.style import FAINT, freeze_layout, style
from sinterface.report.suite import Run
from sinterface.report.words import with_interval

TITLE = "Clusters"
ELEMENT, CUTOFF_A = "Co", 3.5
"""The paper's: Co closer than 3.5 Å."""


def reason(run: Run) -> str:
    """Return why there is nothing to count; empty when there is."""
    with open_structure(run.replicas[0], run.selection) as frames:
        n_atoms = int(np.count_nonzero(frames.symbols == ELEMENT))
    return "" if n_atoms > 1 else f"there are {n_atoms} {ELEMENT}: two or more can gather"


def compute(run: Run) -> Outcome:
    """Follow the clusters of Co."""
    return outcome(measure(run, ELEMENT, CUTOFF_A))


def measure(
    run: Run, element: str, cutoff_A: float, hosts: tuple[str, ...] = ()
) -> tuple[Clusters, ...]:
    """Follow an element's clusters in every replica; see `analysis.aggregation`."""
    found = []
    for path in run.replicas:
        with open_structure(path, run.selection) as frames:
            found.append(
                follow_clusters(frames, element, cutoff_A, hosts=hosts, progress=run.progress)
            )
    return tuple(found)


def outcome(found: tuple[Clusters, ...]) -> Outcome:
    """Return the outcome; the JSON of one replica is not nested."""
    first = found[0]
    data = {**first.to_dict(), "replicas": [one.to_dict() for one in found[1:]]}
    return Outcome(
        name="clusters",
        title=f"{TITLE} of {first.element} within {first.cutoff_A:g} Å",
        data=data,
        rows=tuple(_row(one) for one in found),
        curves=tuple(
            curves for number, one in enumerate(found, 1) for curves in _curves(one, number)
        ),
        drawings=(Drawing("clusters", _figure(found), _caption(first)),),
        notes=_notes(found),
    )


def _row(one: Clusters) -> dict[str, str]:
    mean, low, high = one.random_mean_size
    return {
        "atoms": str(one.n_atoms),
        "clusters": str(len(one.sizes)),
        "largest": str(one.sizes[0]),
        "single atoms": str(one.sizes.count(1)),
        "mean size of an atom's cluster": f"{one.mean_size[-1]:.3g}",
        "at random (95 %)": with_interval(mean, low, high),
        "p": f"{one.p_value:.2g}",
    }


def _notes(found: tuple[Clusters, ...]) -> tuple[str, ...]:
    first = found[0]
    notes = [
        f"at random: {first.n_atoms} atoms on the places of {', '.join(first.hosts)} in the last "
        "frame; p is the share of such placements with clusters as large or larger"
    ]
    if len(first.time_ps) > 1:
        notes += [one.growth.reason for one in found]
    return tuple(notes)


def _caption(first: Clusters) -> str:
    return (
        f"Clusters of {first.element} closer than {first.cutoff_A:g} Å. Left: mean over atoms of "
        "the size of the cluster that an atom is in; the band holds 95 % of random placements on "
        f"the places of {', '.join(first.hosts)}. Middle: clusters of each size in the last frame "
        "against the mean at random. Right: share of bonded pairs that are bonded a time later."
    )


def _curves(one: Clusters, number: int) -> list[Curves]:
    sizes = np.arange(1, max(len(one.random_sizes), one.sizes[0]) + 1)
    random = np.pad(one.random_sizes, (0, len(sizes) - len(one.random_sizes)))
    columns = {
        "time_ps": one.time_ps,
        "n_clusters": one.n_clusters,
        "largest": one.largest,
        "mean_size": one.mean_size,
    }
    return [
        Curves(f"clusters-in-time-{number}", columns),
        Curves(
            f"cluster-sizes-{number}",
            {
                "size": sizes,
                "clusters": np.bincount(one.sizes, minlength=sizes[-1] + 1)[1:],
                "clusters_at_random": random,
            },
        ),
        Curves(
            f"cluster-persistence-{number}",
            {"lag_ps": one.lag_ps, "bonded_again": one.persistence},
        ),
    ]


def _figure(found: tuple[Clusters, ...]) -> Figure:
    first = found[0]
    color = element_color(first.element, line=True)
    with style():
        figure = Figure(figsize=(7.4, 2.4), layout="constrained")
        axes = figure.subplots(1, 3)
        mean, low, high = first.random_mean_size
        axes[0].axhspan(low, high, color=FAINT, alpha=0.3, lw=0)
        axes[0].axhline(mean, color=FAINT, lw=1.0, label="at random")
        for one in found:
            marker = "o" if len(one.time_ps) == 1 else None
            axes[0].plot(one.time_ps, one.mean_size, color=color, lw=1.0, marker=marker)
        finish_axis(axes[0], "time (ps)", "mean size (atoms)")
        _sizes(axes[1], first, color)
        for one in found:
            axes[2].plot(one.lag_ps, one.persistence, color=color, lw=1.2)
        axes[2].set_ylim(0.0, 1.05)
        finish_axis(axes[2], "lag (ps)", "bonded again")
        if not np.isfinite(first.persistence).any():
            said = "too few frames" if len(first.time_ps) < 4 else "never bonded"
            axes[2].text(0.5, 0.5, said, ha="center", transform=axes[2].transAxes)
        freeze_layout(figure)
    return figure


def _sizes(axis: Axes, one: Clusters, color: str) -> None:
    values, counts = np.unique(one.sizes, return_counts=True)
    sizes = np.arange(1, len(one.random_sizes) + 1)
    shown = one.random_sizes > 0.05
    axis.bar(values, counts, width=0.8, color=color, alpha=0.8, label="last frame")
    axis.plot(sizes[shown], one.random_sizes[shown], "o-", color=FAINT, ms=3, lw=1.0)
    axis.locator_params(axis="both", integer=True)
    finish_axis(axis, "size (atoms)", "clusters")
