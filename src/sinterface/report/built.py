"""A built structure on disk: its file, its certificate and its picture, side by side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sinterface.files import atomic_path, write_text
from sinterface.structures.formats import output_format, write_structure

if TYPE_CHECKING:
    from ase import Atoms

CERTIFICATE_ENDING = ".certificate.json"
PICTURE_ENDING = ".png"
_PICTURE_PIXELS = 900.0


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
    picture = output.with_name(_stem(output) + PICTURE_ENDING)
    draw_structure(atoms, picture)
    return BuiltFiles(output, certificate_path(output), picture, figures, tuple(warnings))


def certificate_path(structure: Path | str) -> Path:
    """Return where the certificate of a structure's file stands."""
    path = Path(structure)
    return path.with_name(_stem(path) + CERTIFICATE_ENDING)


def draw_structure(atoms: Atoms, path: Path | str) -> None:
    """Draw a structure as a PNG picture, the normal (z) to the right."""
    from matplotlib.image import imsave

    from sinterface.report.snapshot import clearest_view, render

    scale = min(24.0, _PICTURE_PIXELS / float(atoms.cell[2, 2]))
    picture = render(atoms, along=clearest_view(atoms), pixels_per_A=scale)
    with atomic_path(path) as temporary:
        imsave(temporary, picture.image, format="png")


def _stem(path: Path) -> str:
    return path.stem if path.suffix else path.name
