"""``sinterface analyze``: every observable of a trajectory, one command each."""

from __future__ import annotations

import typer

from sinterface.cli.analyze_all import analyze_all
from sinterface.cli.analyze_boundaries import boundaries
from sinterface.cli.analyze_clusters import clusters
from sinterface.cli.analyze_density import density
from sinterface.cli.analyze_diffusion import arrhenius, diffusion
from sinterface.cli.analyze_phases import phases
from sinterface.cli.analyze_polyhedra import polyhedra
from sinterface.cli.analyze_profiles import profiles
from sinterface.cli.analyze_rdf import rdf
from sinterface.cli.analyze_sites import sites
from sinterface.cli.analyze_vibrations import vibrations

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Analyse a trajectory: numbers with uncertainty, figures, CSV of every curve.",
)

app.command("all")(analyze_all)
for _command in (
    arrhenius,
    boundaries,
    clusters,
    density,
    diffusion,
    phases,
    polyhedra,
    profiles,
    rdf,
    sites,
    vibrations,
):
    app.command()(_command)
