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
    supercell: common.Supercell = (1, 1, 1),
    draws: common.Draws = 10,
    seed: common.Seed = 0,
    as_json: common.AsJson = False,
) -> None:
    """Build a crystal; partly occupied sites are ordered by electrostatics, charge-balanced.

    --repeat copies the finished cell; --supercell makes it larger before sites are filled.

    Example: [bold]sinterface build crystal llzo --repeat 2 2 2 -o llzo.extxyz[/bold]
    """
    from sinterface.structures.crystals import crystal_with_parent
    from sinterface.structures.oxidation import neutral_states
    from sinterface.structures.structure_certificate import certify_structure

    common.check_output(output)
    common.check_copies(repeat, supercell)
    atoms, parent = crystal_with_parent(name, seed, draws=draws, supercell=supercell)
    source = {
        "crystal": name,
        "supercell": list(supercell),
        "repeat": list(repeat),
        "draws": draws,
    }
    certificate = certify_structure(
        atoms * repeat, "crystal", source, seed=seed, parents=[parent],
        states=neutral_states(atoms, f"The crystal '{name}'"),
    )  # fmt: skip
    common.finish(atoms * repeat, certificate, output, as_json)
