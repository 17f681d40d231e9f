"""The report of a study: one HTML file that opens offline, with figures and tables beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from sinterface.analysis.results import InterfaceAnalysis
from sinterface.analysis.tables import write_tables
from sinterface.errors import InputError
from sinterface.files import write_text
from sinterface.report import content, limits, references, viewer, words
from sinterface.report.palette import SIDE_NAMES, element_color
from sinterface.report.pictures import draw_all
from sinterface.report.sections import read_sections, shown_section, way_between

REPORT_NAME = "report.html"
FIGURES_NAME = "figures"

REFERENCE_KEYS = (
    "kim2024", "behler2007", "singraber2019", "deng2023", "thompson2022", "larsen2017",
    "debuyl2014", "pinsky1998", "rego2015",
)  # fmt: skip
"""What the page of one interface refers to."""


def write_report(
    directory: Path,
    *,
    study: Mapping[str, Any],
    analysis: InterfaceAnalysis,
    structures: Sequence[tuple[Atoms, Atoms]],
    certificates: Sequence[Mapping[str, Any]],
    potential_card: Mapping[str, Any],
    provenance: Mapping[str, Any],
    observables: Path | None = None,
) -> Path:
    """Write ``report.html``, ``figures/*.{svg,pdf}`` and the CSV tables into `directory`.

    The page comes last, so that where it exists all else does.

    Parameters
    ----------
    directory
        Folder of the report; made when missing.
    study
        Settings of the study, one mapping a table (`Study.model_dump()`).
    analysis
        What the runs say.
    structures
        Relaxed cell before and last frame after the dynamics, of each replica, with the array
        ``region`` (0 electrolyte, 1 electrode).
    certificates
        Structure certificate of each replica.
    potential_card
        Content of the potential's ``potential.toml``; ``cutoff_A`` and ``fingerprint`` in it are
        used where they stand.
    provenance
        Versions, host, git state, hashes, seeds (`provenance.record`, more keys welcome).
    observables
        Folder of further analyses (`results_page.analyse_all`), where there are any.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        When there is no structure to show.
    """
    if not structures:
        raise InputError("The report got no structures; give each run's cell before and after.")
    folder = Path(directory)
    (folder / FIGURES_NAME).mkdir(parents=True, exist_ok=True)
    tables = write_tables(analysis, folder)
    builds = [_aligned(before, after) for before, after in structures]
    pictures = draw_all(folder / FIGURES_NAME, analysis, builds)
    context = _context(study, analysis, certificates, potential_card, provenance)
    context |= {
        "pictures": pictures,
        "others": [picture for name, picture in pictures.items() if name.startswith("build")],
        "scene": _scene(analysis, builds[0]),
        "sections": _sections(observables, folder),
        "tables": [path.name for path in tables],
        "formula": words.formula(builds[0][0].symbols.formula.count()),
        "cell_A": [words.number(value, 4) for value in builds[0][0].cell.lengths()],
    }
    path = folder / REPORT_NAME
    write_text(path, _rendered(context))
    return path


def _sections(observables: Path | None, folder: Path) -> list[dict[str, Any]]:
    """Return the further analyses as the template shows them."""
    if observables is None:
        return []
    link = way_between(folder, observables)
    found = read_sections(observables)
    return [shown_section(one, observables, link, "analysis-") for one in found]


def _aligned(before: Atoms, after: Atoms) -> tuple[Atoms, Atoms]:
    """Return both cells with the electrode, without its drift, at the middle of the period."""
    electrode = before.arrays.get("region", np.zeros(len(before))) == 1
    first, last = before.copy(), after.copy()
    first.calc = last.calc = None
    if not electrode.any():
        return first, last
    fractions = first.get_scaled_positions(wrap=False)[:, 2]
    moved = last.get_scaled_positions(wrap=False)[:, 2] - fractions
    moved -= np.round(moved)
    shift = 0.5 - _circular_mean(fractions[electrode])
    shift -= round(shift)
    for atoms, correction in ((first, shift), (last, shift - float(np.median(moved[electrode])))):
        atoms.positions += correction * np.asarray(atoms.cell[2])
    return first, last


def _circular_mean(fractions: NDArray[np.float64]) -> float:
    return float(np.angle(np.exp(2j * np.pi * fractions).mean()) / (2 * np.pi))


def _scene(analysis: InterfaceAnalysis, build: tuple[Atoms, Atoms]) -> str:
    """Return the JSON of the rotatable view, safe to stand inside a script element."""
    frames = dict(zip(("before", "after"), build, strict=True))
    boundaries = (analysis.profiles.lower_A, analysis.profiles.upper_A)
    return json.dumps(viewer.scene(frames, boundaries_A=boundaries)).replace("<", r"\u003c")


def _context(
    study: Mapping[str, Any],
    analysis: InterfaceAnalysis,
    certificates: Sequence[Mapping[str, Any]],
    card: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    interface = study.get("interface", {})
    cutoff = content.find(card, "cutoff_A", "cutoff")
    excess = {side: li_excess(certificates, side) for side in SIDE_NAMES}
    cutoff_A = float(cutoff) if isinstance(cutoff, (int, float)) else None
    said = limits.limits(
        analysis,
        potential_card=card,
        cutoff_A=cutoff_A,
        study=study,
        certificates=certificates,
    )
    error_key, error_header, error_rows = content.error_table(card)
    method = words.reference_method(card) or ""
    keys = tuple(key for key in REFERENCE_KEYS if key != "deng2023" or "chgnet" in method.lower())
    return {
        "title": _title(study),
        "system": _system(interface),
        "analysis": analysis,
        "excess": excess,
        "paragraphs": {
            side.side: words.side_paragraph(side, analysis, excess[side.side])
            for side in analysis.sides
        },
        "headline": words.headline(analysis),
        "comparison": words.comparison_sentence(analysis),
        "limits": said,
        "methods": words.methods(
            analysis, study=study, card=card, cutoff_A=cutoff_A, certificates=certificates
        ),
        "side_names": SIDE_NAMES,
        "settings": content.rows([study]),
        "certificate": content.certificate_rows(certificates),
        "sources": content.source_rows(certificates),
        "columns_of_builds": [f"build {index + 1}" for index in range(len(certificates))],
        "card": content.rows([card], skip=(error_key,)),
        "method": method,
        "error_header": error_header,
        "error_rows": error_rows,
        "error_explanation": _explanation(card.get(error_key)),
        "provenance": content.rows([provenance], skip=("settings",)),
        "written": provenance.get("written", provenance.get("time", "")),
        "versions": provenance.get("versions", {}),
        "references": references.references(keys),
        "study": study,
    }


def _explanation(errors: Any) -> str:
    text = errors.get("explanation") if isinstance(errors, Mapping) else None
    return text if isinstance(text, str) else ""


def li_excess(certificates: Sequence[Mapping[str, Any]], side: str) -> float | None:
    """Return the Li excess of a side in Li/nm², mean over builds, or None if none states it."""
    entries = [certificate.get(side, {}) for certificate in certificates]
    found = [entry["li_excess_per_nm2"] for entry in entries if "li_excess_per_nm2" in entry]
    return float(np.mean(found)) if found else None


def _title(study: Mapping[str, Any]) -> str:
    given = study.get("report", {}).get("title", "")
    name = study.get("study", {}).get("name", "")
    return str(given or f"How the interface degrades: study “{name}”")


def _system(interface: Mapping[str, Any]) -> str:
    """Return e.g. "LLZO(001) | LCO(104)"."""
    names = {"llzo": "LLZO", "lco": "LCO"}
    parts = []
    for role, default in (("electrolyte", "electrolyte"), ("electrode", "electrode")):
        given = str(interface.get(role, default))
        plane = interface.get(f"{role}_plane", ())
        indices = "".join(f"{index}".replace("-", "−") for index in plane)
        name = names.get(given, Path(given).stem)
        parts.append(f"{name}({indices})" if indices else name)
    return " | ".join(parts)


def _rendered(context: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("sinterface.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "words": words,
        "element_color": element_color,
        "library": viewer.script(),
        "library_licence": viewer.licence(),
        "css": _template_text("report.css"),
        "viewer_script": _template_text("viewer.js"),
    }
    return environment.get_template("report.html.j2").render(**context)


def _template_text(name: str) -> str:
    return (files("sinterface.report") / "templates" / name).read_text(encoding="utf-8")
