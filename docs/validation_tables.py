"""Fill the tables and figures of validation.md from what `validate` and `certify` wrote.

The record is laid beside the data, without the curves that the figures show.

python docs/validation_tables.py validations/llzo-lco [certificates/llzo-lco]
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
from pathlib import Path
from typing import Any

from sinterface.files import write_text

HERE = Path(__file__).parent
PAGE, IMAGES = HERE / "validation.md", HERE / "images"
RECORD = HERE.parent / "data" / "llzo-lco" / "validation.json"
FIGURES = {
    "forces": "validation-forces",
    "calibration": "validation-calibration",
    "dft": "against-dft",
    "rdf": "validation-rdf",
    "spectra": "validation-spectra",
}


def rows(found: dict[str, Any]) -> str:
    """Return the table of rows."""
    head = (
        "system", "atoms", "energy, meV/atom", "shifted", "paper", "goal", "R²", "force, eV/Å",
        "paper", "goal", "floor", "R²", "slope", "outside training, %", "met",
    )  # fmt: skip
    lines = [head, ("---",) * len(head)]
    for row in found["rows"]:
        paper, goal = row["paper"] or {}, row["goal"] or {}
        energy, force = row["energy"], row["force"]
        unseen = "" if row["trained"] else " (unseen)"
        lines.append((
            row["name"] + unseen, str(row["atoms"]), f"{1000 * energy['rmse']:.1f}",
            f"{1000 * energy['rmse_shifted']:.1f}", _g(paper.get("energy_meV_per_atom")),
            _g(goal.get("energy_meV_per_atom")), f"{energy['r2_pearson']:.3f}",
            f"{force['rmse']:.3f}",
            _g(paper.get("force_eV_per_A")), _g(goal.get("force_eV_per_A")),
            f"{row['floor_eV_per_A']:.3f}", f"{force['r2_pearson']:.3f}", f"{force['slope']:.2f}",
            f"{100 * row['extrapolating_share']:.2f}", "yes" if row["met"] else "no",
        ))  # fmt: skip
    return _markdown(lines)


def dft(found: dict[str, Any]) -> str:
    """Return the table against density functional theory."""
    head = (
        "frames", "", "force error, eV/Å", "DFT's own, rms", "slope", "R²",
        "energy, one shift, meV/atom", "spread of DFT", "slope",
    )  # fmt: skip
    lines = [head, ("---",) * len(head)]
    names = {"reference": found["reference"]["name"], "potential": found["potential"]["name"]}
    for row in found["against_dft"]:
        shells = "two spin channels" if row["spin_polarised"] else "closed shells"
        title = f"{row['title']}: {row['frames']} of {row['atoms']} atoms, {shells}"
        for key, name in names.items():
            one = row[key]
            force, energy = one["force"], one["energy"]
            lines.append((
                title if key == "reference" else "", name, f"{force['rmse']:.2f}",
                f"{one['dft_force_rms']:.2f}", f"{force['slope']:.2f}",
                f"{force['r2_pearson']:.2f}",
                f"{1000 * energy['rmse_shifted']:.0f}", f"{1000 * one['dft_energy_spread']:.0f}",
                f"{energy['slope']:.2f}",
            ))  # fmt: skip
    return _markdown(lines)


def dynamics(found: dict[str, Any]) -> str:
    """Return the table of both one's own dynamics, and a line for all."""
    head = (
        "system", "K, potential / reference", "first peaks apart, Å",
        "highest peaks of spectra apart, cm⁻¹", "mean wavenumbers apart",
        "element",
        "D of the potential, 10⁻⁵ cm²/s", "of the reference", "inside 95 %",
    )  # fmt: skip
    lines = [head, ("---",) * len(head)]
    for name, entry in found["own_dynamics"].items():
        kelvin = entry["temperatures_K"]
        title = (
            name,
            f"{kelvin['potential']:.0f} / {kelvin['reference']:.0f}",
            _apart(entry["pairs"], 3),
            _apart(entry["vibrations"], 1),
            _apart(entry["vibrations"], 1, "_mean"),
        )
        for number, row in enumerate(entry["diffusivities"]):
            own, their = _interval(row["potential"]), _interval(row["reference"])
            agrees = "yes" if row["agrees"] else "no"
            lines.append((*(("",) * 5 if number else title), row["element"], own, their, agrees))
    every = found["summary"]["own_dynamics"]
    return _markdown(lines) + (
        f"\n\nAll six: first peaks {every['first_peak_rmse_A']:.3f} Å (paper 0.054, goal 0.02), "
        f"highest peaks of the spectra {every['vibration_rmse_cm1']:.1f} cm⁻¹ (16.4, 8), their "
        f"mean wavenumbers {every['mean_wavenumber_rmse_cm1']:.1f} cm⁻¹, "
        f"diffusivities {100 * every['diffusivity_mean_relative_error']:.0f} % apart in the mean "
        f"(17, 10); {every['diffusivities_agreeing']} of {every['diffusivities']} inside the "
        "combined 95 % interval."
    )


def _apart(found: list[dict[str, Any]], digits: int, of: str = "") -> str:
    """Return the root mean square difference of rows, and how many there are."""
    if not found:
        return "–"
    squares = [(row[f"potential{of}"] - row[f"reference{of}"]) ** 2 for row in found]
    return f"{(sum(squares) / len(squares)) ** 0.5:.{digits}f} ({len(found)})"


def _interval(estimate: dict[str, Any]) -> str:
    scale = 1e5
    if not estimate["resolved"]:
        return f"< {scale * estimate['upper_bound']:.2g}"
    low, high = estimate["ci95"]
    return f"{scale * estimate['value']:.2f} ({scale * low:.2f} to {scale * high:.2f})"


def certificate(found: dict[str, Any]) -> str:
    """Return the lines of a certificate; hot runs that passed stand in one line a temperature."""
    lines = [("check", "verdict", "reason"), ("---",) * 3]
    together: dict[str, list[str]] = {}
    for line in found["lines"]:
        kind, _, system = line["name"].partition(": ")
        if kind.endswith("000 K") and line["verdict"] == "pass":
            together.setdefault(kind, []).append(system)
        else:
            lines.append((line["name"], line["verdict"], line["reason"]))
    for kind, systems in together.items():
        reason = f"{len(systems)} systems: {', '.join(systems)}"
        lines.append((kind, "pass", reason))
    return _markdown(lines)


def _g(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _markdown(lines: list[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _put(page: str, name: str, table: str) -> str:
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    page, count = re.subn(pattern, lambda _: f"{begin}\n{table}\n{end}", page, flags=re.S)
    if count != 1:
        raise SystemExit(f"{PAGE.name} has no place for {name}.")
    return page


def main() -> None:
    """Fill in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("validation", type=Path)
    parser.add_argument("certificate", type=Path, nargs="?")
    chosen = parser.parse_args()
    found = json.loads((chosen.validation / "validation.json").read_text(encoding="utf-8"))
    page = _put(PAGE.read_text(encoding="utf-8"), "rows", rows(found))
    page = _put(page, "dft", dft(found))
    if found["own_dynamics"]:
        page = _put(page, "dynamics", dynamics(found))
    if chosen.certificate is not None:
        path = chosen.certificate / "certificate.json"
        page = _put(page, "certificate", certificate(json.loads(path.read_text(encoding="utf-8"))))
    write_text(PAGE, page)
    for entry in found["own_dynamics"].values():
        del entry["curves"], entry["spectra"]
    write_text(RECORD, json.dumps(found, indent=1) + "\n")
    for name, image in FIGURES.items():
        drawn = chosen.validation / "figures" / f"{name}.png"
        if drawn.exists():
            shutil.copyfile(drawn, IMAGES / f"{image}.png")


if __name__ == "__main__":
    main()
