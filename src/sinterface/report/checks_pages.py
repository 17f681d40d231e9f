"""Pages of a validation and of a certificate: one HTML file each, figures beside."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sinterface.files import write_text
from sinterface.report import checks_figures as drawn
from sinterface.report.style import inline_svg, save

FIGURES_NAME = "figures"


def write_validation_page(content: Mapping[str, Any], directory: Path, steps: Path) -> Path:
    """Write ``validation.html`` and its figures.

    Parameters
    ----------
    content
        Of ``validation.json``.
    directory
        Folder of the page.
    steps
        Folder of the kept steps, for the parity plots.
    """
    rows, own = content["rows"], content["own_dynamics"]
    figures = {
        "forces": (drawn.parity_figure(rows, steps, "force"), "Forces against the reference's"),
        "energies": (drawn.parity_figure(rows, steps, "energy"), "Energies, potential/reference"),
        "calibration": (drawn.calibration_figure(rows), "Committee: predicted and actual errors"),
        "dft": (
            drawn.dft_figure(content["against_dft"], steps, content["reference"]["name"]),
            "Forces of reference and potential against density functional theory",
        ),
        "rdf": (drawn.rdf_figure(own), "Radial distribution functions of both"),
        "spectra": (drawn.spectra_figure(own), "Vibrational densities of states of both"),
    }
    return _write("validation", content, figures, directory)


def write_certificate_page(content: Mapping[str, Any], directory: Path) -> Path:
    """Write ``certificate.html`` and its figures from the content of ``certificate.json``."""
    details = content["details"]
    dimers = details.get("dimers")
    equations = details.get("equations", {})
    figures = {
        "dimers": (drawn.dimer_figure(dimers) if dimers else None, "Energy of each pair alone"),
        "equations": (drawn.equation_figure(equations), "Energy over volume"),
    }
    return _write("certificate", content, figures, directory)


def _write(
    name: str,
    content: Mapping[str, Any],
    figures: Mapping[str, tuple[Figure | None, str]],
    directory: Path,
) -> Path:
    folder = directory / FIGURES_NAME
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for key, (figure, description) in figures.items():
        if figure is not None:
            save(figure, folder, key, ("svg", "pdf", "png"))
            pictures[key] = inline_svg(figure, key, description)
    path = directory / f"{name}.html"
    write_text(path, _rendered(f"{name}.html.j2", {**content, "pictures": pictures}))
    return path


def _rendered(template: str, context: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sinterface.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    folder = files("sinterface.report") / "templates"
    environment.globals["css"] = (folder / "report.css").read_text(encoding="utf-8")
    return environment.get_template(template).render(**context)
