"""``sinterface build``: structures, each with a certificate and a picture beside it."""

from __future__ import annotations

import typer

from sinterface.cli.build_crystal import crystal
from sinterface.cli.build_dope import dope
from sinterface.cli.build_grain_boundary import grain_boundary
from sinterface.cli.build_interface import interface
from sinterface.cli.build_melt import amorphous, mixture

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
    help="Build a structure: -o OUT writes it as .extxyz, .cif, .data (LAMMPS) or .vasp, with its "
    "certificate (OUT.certificate.json) and picture (OUT.png) beside it.",
    epilog="A first structure: [bold]sinterface build crystal llzo -o llzo.extxyz; "
    "sinterface show llzo.extxyz[/bold]",
)

for _command in (crystal, dope, mixture, amorphous, interface, grain_boundary):
    app.command()(_command)
