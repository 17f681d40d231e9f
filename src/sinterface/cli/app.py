"""The command line: ``sinterface init | check | run | show | predict | label | data | ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from sinterface.cli import options
from sinterface.cli.analyze import app as analyze
from sinterface.cli.build import app as build
from sinterface.cli.certify import certify
from sinterface.cli.data import app as data
from sinterface.cli.explore import explore
from sinterface.cli.export import export
from sinterface.cli.factory import factory
from sinterface.cli.label import label
from sinterface.cli.neb import app as neb
from sinterface.cli.phase_transition import phase_transition
from sinterface.cli.shown import print_result
from sinterface.cli.simulate import simulate
from sinterface.cli.symmetry import app as symmetry
from sinterface.cli.train import train
from sinterface.cli.validate import validate
from sinterface.errors import SinterfaceError

RESUMABLE = (
    "run",
    "simulate",
    "neb",
    "phase-transition",
    "explore",
    "label",
    "train",
    "factory",
    "validate",
    "certify",
    "build",
)
RESUME_HINT = "Stopped. What is finished is kept: the same command resumes."


class PoliteGroup(TyperGroup):
    """Turns mistakes into one sentence on stderr and exit code 2; Ctrl-C into 130."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except SinterfaceError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            hint = RESUME_HINT if ctx.invoked_subcommand in RESUMABLE else "Stopped."
            typer.echo(hint, err=True)
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=PoliteGroup,
    name="sinterface",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A first study: [bold]sinterface init my.toml; sinterface check my.toml; "
    "sinterface run my.toml[/bold]",
)


@app.callback()
def _root(version: options.Version = False) -> None:
    """How the interface of two battery materials degrades, with error bars."""


@app.command(cls=options.ManualCommand)
def init(
    path: options.NewStudyPath = Path("study.toml"),
    kind: options.StudyKind = "interface",
    force: options.Force = False,
) -> None:
    """Write a commented study file that holds every key with its default.

    Example: [bold]sinterface init my-interface.toml[/bold]
    """
    from sinterface.study.kind_manual import write_kind_template

    write_kind_template(path, kind, overwrite=force)
    typer.echo(str(path))


@app.command()
def check(
    path: options.StudyPath,
    scale: options.Scale = None,
    changes: options.Changes = None,
    against: options.Against = None,
    output: options.Output = None,
    benchmark: options.Benchmark = True,
    as_json: options.AsJson = False,
) -> None:
    """Say whether a study can run, what is left to do, how large it is, about how long it takes.

    Of a study with several scales, all are told, or the one of --scale. With --against, what a
    changed study would do anew in a directory, and which settings are why.

    Example: [bold]sinterface check examples/quick.toml[/bold]
    """
    from sinterface.cli.study import check_general
    from sinterface.cli.tables import forecast_table
    from sinterface.study.forecast import forecast_study
    from sinterface.study.pipeline import PIPELINE
    from sinterface.study.reading import read_study
    from sinterface.study.runner import default_run_directory
    from sinterface.study.scales import is_plain

    if not is_plain(path, scale):
        check_general(
            path, scale, changes or (), against, output, benchmark=benchmark, as_json=as_json
        )
        return
    file = read_study(path, changes or ())
    if against is not None:
        from sinterface.cli.study import compare_plain

        compare_plain(file, against, PIPELINE, as_json)
        return
    directory = output or default_run_directory(file)
    forecast = forecast_study(file, directory, PIPELINE, benchmark=benchmark)
    print_result(forecast.to_dict(), forecast_table(forecast), as_json)


@app.command()
def run(
    path: options.StudyPath,
    scale: options.Scale = None,
    changes: options.Changes = None,
    output: options.Output = None,
) -> None:
    """Run a study, or go on with it; the last line printed is the report's path.

    Finished stages are skipped, a stage that was killed resumes. A study with several scales
    needs --scale.

    Example: [bold]sinterface run examples/quick.toml[/bold]
    """
    from sinterface.cli.display import make_display
    from sinterface.cli.showing import warn_uncertified
    from sinterface.cli.study import run_general
    from sinterface.study.pipeline import PIPELINE, potential_of
    from sinterface.study.reading import read_study
    from sinterface.study.runner import default_run_directory, run_study
    from sinterface.study.scales import is_plain

    if not is_plain(path, scale):
        typer.echo(str(run_general(path, scale, changes or (), output)))
        return
    file = read_study(path, changes or ())
    warn_uncertified(potential_of(file))
    with make_display() as display:
        directory = output or default_run_directory(file)
        finished = run_study(file, directory, PIPELINE, display)
    typer.echo(str(finished / "report.html"))


@app.command()
def status(path: options.RunPath, as_json: options.AsJson = False) -> None:
    """Say how far a run is: stages done, what runs now, the results so far.

    Example: [bold]sinterface status runs/quick[/bold]
    """
    from sinterface.cli.study_tables import status_table
    from sinterface.study.status import status_of

    found = status_of(path)
    print_result(found.to_dict(), status_table(found), as_json)


@app.command()
def show(path: options.ShownPath, as_json: options.AsJson = False) -> None:
    """Show a run's progress and results, a structure's certificate, or a potential's card.

    Example: [bold]sinterface show runs/quick[/bold]
    """
    from sinterface.cli.tables import summary_table
    from sinterface.study.summary import summarise

    summary = summarise(path)
    print_result(summary.to_dict(), summary_table(summary), as_json)


@app.command()
def predict(
    potential: options.PotentialName,
    structure: options.StructurePath,
    output: options.PredictedPath = None,
    as_json: options.AsJson = False,
) -> None:
    """Compute energy, forces and stress of a structure, and how far to trust them.

    Atoms outside the training range are counted; a committee tells its standard deviations.

    Example: [bold]sinterface predict llzo-lco POSCAR -o labelled.extxyz[/bold]
    """
    from sinterface.cli.tables import prediction_table
    from sinterface.study.prediction import predict_structure

    prediction = predict_structure(potential, structure, output)
    print_result(prediction.to_dict(), prediction_table(prediction), as_json)


for _command in (
    simulate,
    phase_transition,
    explore,
    label,
    train,
    factory,
    validate,
    certify,
    export,
):
    app.command()(_command)
app.add_typer(build, name="build")
app.add_typer(neb, name="neb")
app.add_typer(data, name="data")
app.add_typer(symmetry, name="symmetry")
app.add_typer(analyze, name="analyze")


def main() -> None:
    """Run the command line; the entry point of the package."""
    app(prog_name="sinterface")
