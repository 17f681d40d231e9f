"""The learning curve as a table and as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sinterface.files import atomic_path, write_text

PANELS = (
    ("energy_meV_per_atom", "energy error (meV/atom)"),
    ("force_eV_per_A", "force error (eV/Å)"),
    ("stress_GPa", "stress error (GPa)"),
)


def write_curve(directory: Path, curve: Sequence[dict[str, float]]) -> None:
    """Write ``learning-curve.csv``: one line for each validation."""
    if not curve:
        return
    lines = [",".join(curve[0])]
    lines += [",".join(f"{value:.6g}" for value in entry.values()) for entry in curve]
    write_text(directory / "learning-curve.csv", "\n".join(lines) + "\n")


def draw_curve(directory: Path, curve: Sequence[dict[str, float]]) -> None:
    """Write ``learning-curve.svg``: validation errors against epochs, logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    epochs = [entry["epoch"] for entry in curve]
    for axes, (name, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        axes.semilogy(epochs, [entry[name] for entry in curve], color="#1f4e79")
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"validation {title}")
    with atomic_path(directory / "learning-curve.svg") as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
