"""``sinterface analyze``: every observable of a trajectory, one command each."""

from __future__ import annotations

import typer

from sinterface.cli.analyze_all import analyze_all
from sinterface.cli.analyze_clusters import clusters
from sinterface.cli.analyze_polyhedra import polyhedra

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Analyse a trajectory: numbers with uncertainty, figures, CSV of every curve.",
)

app.command("all")(analyze_all)
for _command in (clusters, polyhedra):
    app.command()(_command)
