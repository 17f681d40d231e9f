"""``sinterface certify``: the stability certificate of a potential."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sinterface.cli import options

if TYPE_CHECKING:
    from sinterface.validation.judgement import Line


def certify(
    potential: options.PotentialName,
    output: options.ChecksOutput = None,
    as_json: options.AsJson = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Short runs of few systems, in minutes.")
    ] = False,
    reference: options.ReferenceName = "chgnet",
) -> None:
    """Check that a potential holds: no holes, energy kept, hot runs survived, crystals stay.

    Writes certificate.json, a page and figures, and lays the certificate beside the potential's
    files, where `sinterface run` looks for it. Finished steps are kept: the same command goes on.

    Example: [bold]sinterface certify llzo-lco --quick[/bold]
    """
    from sinterface.cli.checks_tables import certificate_table
    from sinterface.cli.progress_bar import progress_bar
    from sinterface.cli.showing import show_result
    from sinterface.potential.certificate import keep_certificate
    from sinterface.potential.model import load_potential
    from sinterface.report.checks_pages import write_certificate_page
    from sinterface.validation.certify import CertificateSettings
    from sinterface.validation.certify import certify as compute

    def told(line: Line) -> None:
        typer.echo(f"{line.verdict}: {line.name} ({line.reason})", err=True)

    loaded = load_potential(potential)
    directory = output or Path("certificates") / loaded.directory.name
    settings = CertificateSettings(reference)
    if quick:
        settings = CertificateSettings.shortened(reference)
    with progress_bar("starting") as show:
        found = compute(loaded, directory, settings, listener=told, progress=show)
    page = write_certificate_page(found, directory)
    keep_certificate(loaded, found)
    show_result(json.dumps(found, indent=1) if as_json else certificate_table(found), page, as_json)
