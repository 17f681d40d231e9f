"""The structures of a study in its report: what is drawn, and their certificates."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.report import certificate_words, viewer

if TYPE_CHECKING:
    from ase import Atoms

    from sinterface.report.study_results import StructureFile

MOST_SHOWN = 8
"""Structures that can be turned in a page; of replicas the first."""

MOST_ATOMS = 20_000


@dataclasses.dataclass(frozen=True)
class ShownStructure:
    """A structure in a report.

    Attributes
    ----------
    name, formula
        Its stage; its formula.
    scene
        What the rotatable view needs.
    facts
        Name and words of each line of its certificate.
    warnings
        What its certificate warns of.
    alike
        Names of further structures of the same formula, which are not drawn.
    file
        Its file, relative to the page.
    picture
        The picture beside it as a data address; empty where there is none.
    """

    name: str
    formula: str
    scene: dict[str, Any]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    alike: tuple[str, ...]
    file: str
    picture: str


def shown_structures(
    structures: Sequence[StructureFile], folder: Path, link: str
) -> list[ShownStructure]:
    """Return one structure of each formula, in the study's order, with its certificate.

    Parameters
    ----------
    structures
        Of the study; files that are gone are left out.
    folder
        Folder to which their paths are relative.
    link
        Path from the page's folder to it.
    """
    from sinterface.structures.formats import read_structure

    found: dict[str, ShownStructure] = {}
    for one in structures:
        path = folder / one.path
        if not path.is_file():
            continue
        certificate = _certificate(path)
        formula = str(certificate.get("formula", ""))
        atoms = None
        if not formula:
            atoms = read_structure(path)
            formula = atoms.get_chemical_formula()
        if formula in found:
            known = found[formula]
            found[formula] = dataclasses.replace(known, alike=(*known.alike, one.name))
            continue
        if len(found) >= MOST_SHOWN:
            continue
        atoms = atoms if atoms is not None else read_structure(path)
        if len(atoms) <= MOST_ATOMS:
            found[formula] = _shown(one.name, formula, atoms, certificate, path, link + one.path)
    return list(found.values())


def _shown(
    name: str,
    formula: str,
    atoms: Atoms,
    certificate: Mapping[str, Any],
    path: Path,
    file: str,
) -> ShownStructure:
    facts: tuple[tuple[str, str], ...] = ()
    if certificate_words.is_structure(certificate):
        facts = tuple(certificate_words.facts(certificate))
    return ShownStructure(
        name=name,
        formula=formula,
        scene=viewer.scene({"built": atoms}, boundaries_A=()),
        facts=tuple(one for one in facts if one[0] != "warning"),
        warnings=tuple(words for key, words in facts if key == "warning"),
        alike=(),
        file=file,
        picture=_picture(path),
    )


def _certificate(path: Path) -> dict[str, Any]:
    for beside in (path.with_suffix(".certificate.json"), path.with_name("certificate.json")):
        if beside.is_file():
            content: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
            return content
    return {}


def _picture(path: Path) -> str:
    import base64

    beside = path.with_suffix(".png")
    if not beside.is_file():
        return ""
    return f"data:image/png;base64,{base64.b64encode(beside.read_bytes()).decode()}"
