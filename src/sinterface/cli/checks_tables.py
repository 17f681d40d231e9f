"""Tables of a validation and of a certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def validation_table(content: Mapping[str, Any]) -> RenderableType:
    """Return the rows beside the paper's, from the content of ``validation.json``."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("system")
    heads = (
        "meV/atom",
        "shifted",
        "paper",
        "goal",
        "eV/Å",
        "paper",
        "goal",
        "floor",
        "R² E",
        "R² F",
    )
    for head in heads:
        table.add_column(head, justify="right")
    table.add_column("")
    for row in content["rows"]:
        table.add_row(*row_cells(row))
    reference = content["reference"]
    summary = content["summary"]
    lines = [f"{summary['rows_met']} of {summary['rows']} rows meet their goals."]
    lines += dynamics_lines(summary["own_dynamics"])
    lines.append(
        f"Errors are against {reference['name']} {reference['version']}, the paper's against its "
        "own DFT; R² is squared correlation."
    )
    dft = [dft_table(content["against_dft"], reference["name"])] if content["against_dft"] else []
    return Group(table, "", *(Text(line) for line in lines), *dft)


def dft_table(rows: Sequence[Mapping[str, Any]], reference: str) -> RenderableType:
    """Return how the reference and the potential follow density functional theory."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    heads = ("against DFT", "", "frames", "eV/Å", "of", "slope", "meV/atom", "of", "slope")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number > 1 else "left")
    for row in rows:
        for name, found in ((reference, row["reference"]), ("potential", row["potential"])):
            table.add_row(row["family"], name, str(row["frames"]), *_dft_cells(found))
    return Group("", table, "of: root mean square of DFT's own forces, spread of its energies.")


def _dft_cells(found: Mapping[str, Any]) -> list[str]:
    if "problem" in found:
        return [found["problem"]]
    return [
        _figure(found["force"], "rmse", 2),
        _figure(found, "dft_force_rms", 2),
        _figure(found["force"], "slope", 2),
        _figure(found["energy"], "rmse_shifted", 0, 1000),
        _figure(found, "dft_energy_spread", 0, 1000),
        _figure(found["energy"], "slope", 2),
    ]


def dynamics_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return what the comparison with the reference's own dynamics came to; nothing without one."""
    lines = []
    if summary["first_peak_rmse_A"] is not None:
        lines.append(f"First peaks: {summary['first_peak_rmse_A']:.3f} Å (paper 0.054, goal 0.02).")
    if summary["vibration_rmse_cm1"] is not None:
        lines.append(
            f"Highest peaks of the spectra: {summary['vibration_rmse_cm1']:.1f} cm⁻¹ (paper 16.4, "
            f"goal 8); their mean wavenumbers: {summary['mean_wavenumber_rmse_cm1']:.1f} cm⁻¹."
        )
    if summary["diffusivity_mean_relative_error"] is not None:
        lines.append(
            f"Diffusivities: {100 * summary['diffusivity_mean_relative_error']:.0f} % apart in the "
            f"mean (paper 17, goal 10); {summary['diffusivities_agreeing']} of "
            f"{summary['diffusivities']} inside the combined 95 % interval."
        )
    return lines


def row_cells(row: Mapping[str, Any]) -> list[str | Text]:
    """Return one row as cells."""
    paper, goal = row["paper"] or {}, row["goal"] or {}
    energy, force = row.get("energy"), row.get("force")
    verdict = {True: Text("met", "green"), False: Text("missed", "yellow"), None: Text("")}
    return [
        Text(row["name"]),
        _figure(energy, "rmse", 1, 1000),
        _figure(energy, "rmse_shifted", 1, 1000),
        _figure(paper, "energy_meV_per_atom", 1),
        _figure(goal, "energy_meV_per_atom", 0),
        _figure(force, "rmse", 3),
        _figure(paper, "force_eV_per_A", 2),
        _figure(goal, "force_eV_per_A", 2),
        _figure(row, "floor_eV_per_A", 3),
        _figure(energy, "r2_pearson", 2),
        _figure(force, "r2_pearson", 2),
        verdict[row["met"]],
    ]


def row_line(row: Mapping[str, Any]) -> str:
    """Return one finished row as a line of text."""
    if "force" not in row:
        return f"{row['name']}: no errors ({'; '.join(row['reasons'])})"
    energy, force = 1000 * row["energy"]["rmse"], row["force"]["rmse"]
    paper = row["paper"]
    beside = (
        f" (paper {paper['energy_meV_per_atom']:g} and {paper['force_eV_per_A']:g})"
        if paper
        else ""
    )
    return f"{row['name']}: {energy:.1f} meV/atom, {force:.3f} eV/Å{beside}"


def certificate_table(content: Mapping[str, Any]) -> RenderableType:
    """Return the lines of a certificate and its verdict."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("check", "", "reason"):
        table.add_column(head)
    style = {"pass": "green", "fail": "bold red", "not judged": "yellow"}
    for line in content["lines"]:
        table.add_row(Text(line["name"]), Text(line["verdict"], style[line["verdict"]]),
                      Text(line["reason"]))  # fmt: skip
    verdict = Text(f"verdict: {content['verdict']}", style=style[content["verdict"]])
    length = Text(f"{content['length']} certificate of {content['potential']['name']}")
    return Group(length, table, "", verdict)


def _figure(entry: Mapping[str, Any] | None, key: str, digits: int, scale: float = 1.0) -> str:
    value = (entry or {}).get(key)
    return "–" if value is None else f"{scale * value:.{digits}f}"
