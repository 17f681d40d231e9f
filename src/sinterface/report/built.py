"""A built structure on disk: its file, its certificate and its picture, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sinterface.files import write_text
from sinterface.report.structure_picture import draw_structure
from sinterface.structures.formats import (
    certificate_path,
    output_format,
    stem,
    write_structure,
)

if TYPE_CHECKING:
    from ase import Atoms

PICTURE_ENDING = ".png"


class Certificate(Protocol):
    """Any record of a structure's figures that turns into plain types."""

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain types that JSON can hold."""
        ...


@dataclass(frozen=True)
class BuiltFiles:
    """What `write_built` wrote.

    Attributes
    ----------
    structure, certificate, picture
        Their paths.
    figures
        The certificate as it was written.
    warnings
        What the structure's format could not hold.
    """

    structure: Path
    certificate: Path
    picture: Path
    figures: dict[str, Any]
    warnings: tuple[str, ...]


def write_built(
    atoms: Atoms, certificate: Certificate | Mapping[str, Any], output: Path | str
) -> BuiltFiles:
    """Write a structure in the format that `output` ends with, its certificate and its picture.

    ``OUT.extxyz`` gets ``OUT.certificate.json`` and ``OUT.png`` beside it.

    Parameters
    ----------
    atoms
        The structure, with the labels of `structures.formats.LABELS` that it has.
    certificate
        Its figures, or anything that gives them by ``to_dict()``.
    output
        File to write; its suffix names the format.

    Raises
    ------
    InputError
        For a name that tells no format, or a folder that doesn't exist.
    """
    output = Path(output)
    output_format(output)
    figures = dict(certificate if isinstance(certificate, Mapping) else certificate.to_dict())
    warnings = write_structure(atoms, output)
    write_text(certificate_path(output), json.dumps(figures, indent=1) + "\n")
    picture = output.with_name(stem(output) + PICTURE_ENDING)
    draw_structure(atoms, picture)
    return BuiltFiles(output, certificate_path(output), picture, figures, tuple(warnings))
