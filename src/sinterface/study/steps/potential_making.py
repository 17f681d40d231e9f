"""Steps about a potential: made, validated, certified; each goes on where it stopped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sinterface.progress import ProgressCallback
from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import summary_of
from sinterface.study.steps.keeping import keep_section

if TYPE_CHECKING:
    from sinterface.potential.model import Potential


def factory(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Do every step of a factory's file whose result isn't there."""
    from sinterface.potential.model import load_potential
    from sinterface.study.factory import make

    made = make(
        Path(place.extras["factory"]), workers=place.extras.get("workers", 1), progress=progress
    )
    potential = load_potential(made[-1].path)
    (place.directory / "made.txt").write_text(
        "".join(f"{one.kind} {one.path.name}{' (was there)' * one.skipped}\n" for one in made)
    )
    return {
        "potential": str(made[-1].path.resolve()),
        "fingerprint": potential.fingerprint,
        "steps": len(made),
        "skipped": sum(one.skipped for one in made),
    }


def validate(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Compare energies and forces with the reference on snapshots of the potential's own runs."""
    from sinterface.report.checks_pages import write_validation_page
    from sinterface.validation.own_dynamics import OwnDynamics
    from sinterface.validation.validate import STEPS_NAME, ValidationSettings
    from sinterface.validation.validate import validate as compute

    s = place.settings
    length = s["reference_dynamics_ps"]
    settings = ValidationSettings(
        quick=s["quick"], reference=s["reference"],
        dynamics=OwnDynamics(duration_ps=length) if length else None,
    )  # fmt: skip
    found = compute(_potential(place), place.directory, settings, progress=progress).to_dict()
    write_validation_page(found, place.directory, place.directory / STEPS_NAME)
    rows = [_row(row) for row in found["rows"]]
    keep_section(
        place.directory, "validation", "Errors on snapshots of the potential's own runs",
        rows=rows, data="validation.json",
    )  # fmt: skip
    return dict(found["summary"])


def certify(place: Place, progress: ProgressCallback) -> Mapping[str, Any]:
    """Check that the potential holds: no holes, energy kept, hot runs survived, crystals stay."""
    from sinterface.report.checks_pages import write_certificate_page
    from sinterface.validation.certify import CertificateSettings, counts
    from sinterface.validation.certify import certify as compute

    s = place.settings
    settings = (
        CertificateSettings.shortened(s["reference"])
        if s["quick"]
        else CertificateSettings(s["reference"])
    )
    found = compute(_potential(place), place.directory, settings, progress=progress)
    write_certificate_page(found, place.directory)
    rows = [
        {"check": line["name"], "of": line["group"], "verdict": line["verdict"],
         "why": line["reason"]}
        for line in found["lines"]
    ]  # fmt: skip
    keep_section(
        place.directory, "certificate", "Stability certificate", rows=rows, data="certificate.json"
    )
    return {"verdict": found["verdict"], **counts(found["lines"])}


def _potential(place: Place) -> Potential:
    from sinterface.potential.model import load_potential

    made = place.of("factory")
    return load_potential(summary_of(made[0])["potential"] if made else place.extras["potential"])


def _row(row: Mapping[str, Any]) -> dict[str, str]:
    energy, force = row.get("energy"), row.get("force")
    met = {True: "yes", False: "no", None: "no goal"}[row["met"]]
    return {
        "system": row["title"],
        "energy (meV/atom)": f"{1000 * energy['rmse']:.1f}" if energy else "–",
        "force (eV/Å)": f"{force['rmse']:.3f}" if force else "–",
        "goal met": met,
        "why not": "; ".join(row["reasons"]),
    }
