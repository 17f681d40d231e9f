"""Structures, cells and outcomes of stages on disk, under the same names everywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.files import write_text
from sinterface.study.graph import Before, Place

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.dynamics.ase_system import AseInteraction
    from sinterface.potential.model import Potential
    from sinterface.report.outcome import Outcome
    from sinterface.structures.structure_certificate import StructureCertificate

STRUCTURE_NAME = "structure.extxyz"
CELL_NAME = "cell.json"
SECTION_NAME = "section.json"
SHOWN = (".csv", ".json", ".svg", ".pdf", ".png", ".extxyz", ".html")
"""Endings of the files that a section names; trajectories and restarts stand beside them."""


def keep_structure(place: Place, atoms: Atoms, certificate: StructureCertificate) -> dict[str, Any]:
    """Write a structure with its certificate and picture; return the stage's summary."""
    from sinterface.report.built import write_built

    write_built(atoms, certificate, place.directory / STRUCTURE_NAME)
    return {
        "atoms": len(atoms),
        "formula": certificate.formula,
        "density_g_per_cm3": certificate.density_g_per_cm3,
        "good": certificate.good,
        "warnings": list(certificate.warnings),
    }


def read_structure(before: Before) -> Atoms:
    """Return the structure that a stage left."""
    from sinterface.structures.formats import read_structure as read

    return read(before.directory / STRUCTURE_NAME)


def keep_cell(place: Place, content: dict[str, Any]) -> None:
    """Write the mean cell of a run without pressure."""
    write_text(place.directory / CELL_NAME, json.dumps(content, indent=1) + "\n")


def read_cell(before: Before) -> dict[str, Any]:
    """Return the mean cell that a stage left."""
    content: dict[str, Any] = json.loads((before.directory / CELL_NAME).read_text("utf-8"))
    return content


def keep_outcome(directory: Path, outcome: Outcome) -> dict[str, Any]:
    """Write an analysis' files, and what a page needs of it; return that.

    File names in it are relative to `directory`.
    """
    paths = outcome.write(directory)
    section = {
        "name": outcome.name,
        "title": outcome.title,
        "rows": [dict(row) for row in outcome.rows],
        "notes": list(outcome.notes),
        "figures": [
            {"name": drawing.name, "caption": drawing.caption} for drawing in outcome.drawings
        ],
        "data": f"{outcome.name}.json",
        "files": sorted(path.name for path in paths),
    }
    write_text(directory / SECTION_NAME, json.dumps(section, indent=1, allow_nan=False) + "\n")
    return section


def driver(place: Place, atoms: Atoms) -> Potential | AseInteraction:
    """Return what moves the atoms: the potential, or a calculator."""
    if "calculator" not in place.extras:
        from sinterface.potential.model import load_potential

        return load_potential(place.extras["potential"])
    from sinterface.dynamics.ase_system import AseInteraction
    from sinterface.reference.calculators import open_reference

    reference = open_reference(place.extras["calculator"])
    identity = f"{reference.name} {reference.version} {reference.settings_hash}"
    return AseInteraction(reference.make(atoms, place.directory), identity)


def keep_section(
    directory: Path,
    name: str,
    title: str,
    *,
    rows: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    figures: Mapping[str, str] | None = None,
    data: str = "",
    reason: str = "",
) -> None:
    """Write what a page needs of files that stand in `directory` already.

    `figures` holds captions by stem; `data` is the JSON file with the numbers; `reason` says why
    there is no result.
    """
    section = {
        "name": name,
        "title": title,
        "rows": [dict(row) for row in rows],
        "notes": list(notes),
        "figures": [{"name": stem, "caption": text} for stem, text in (figures or {}).items()],
        "data": data,
        "files": sorted(path.name for path in directory.iterdir() if path.suffix in SHOWN),
        "reason": reason,
    }
    write_text(directory / SECTION_NAME, json.dumps(section, indent=1, allow_nan=False) + "\n")
