"""``sinterface build crystal``: a crystal by name, or from a CIF."""

from __future__ import annotations

from typing import Annotated

import typer

from sinterface.cli import build_options as common


def crystal(
    name: Annotated[
        str, typer.Argument(metavar="NAME|CIF", help=common.CRYSTAL_HELP, show_default=False)
    ],
    output: common.BuiltPath,
    repeat: common.Repeat = (1, 1, 1),
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Build a crystal; partly occupied sites are ordered by electrostatics, charge-balanced.

    Example: [bold]sinterface build crystal llzo --repeat 2 2 2 -o llzo.extxyz[/bold]
    """
    from sinterface.structures.crystals import load_crystal
    from sinterface.structures.structure_certificate import certify_structure

    common.check_output(output)
    atoms = load_crystal(name, seed) * repeat
    source = {"crystal": name, "repeat": list(repeat)}
    certificate = certify_structure(atoms, "crystal", source, seed=seed)
    common.finish(atoms, certificate, output, as_json)
