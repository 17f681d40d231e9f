"""A potential: made by a factory's file where one is named, validated, certified."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import Field

from sinterface.errors import InputError
from sinterface.provenance import file_digest
from sinterface.study.config import Table
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import GeneralStudy

HOURS: Final = {
    ("factory", False): 4.0, ("validate", True): 0.25, ("validate", False): 2.0,
    ("certify", True): 0.15, ("certify", False): 6.0,
}  # fmt: skip
"""Core hours of each step and length, about; the reference takes most of it."""


class MakingTable(Table):
    """Where the potential comes from, and how thoroughly it is tried."""

    factory: str = Field(
        default="",
        description="File of all rounds of labels and trainings (relative); empty: the potential "
        "of [potential] as it is.",
    )
    validation: str = Field(
        default="quick", pattern="^(none|quick|full)$", description="none, quick or full."
    )
    reference_dynamics_ps: float = Field(
        default=0.0,
        ge=0,
        description="Also structure, vibrations and diffusion against the reference's own dynamics "
        "of that length; 0: not.",
    )
    certificate: str = Field(
        default="quick", pattern="^(none|quick|full)$", description="none, quick or full."
    )
    reference: str = Field(
        default="chgnet", min_length=1, description="Calculator that labels and is compared with."
    )


class PotentialStudy(GeneralStudy):
    """A study of a potential."""

    making: MakingTable = MakingTable()


STUDY = PotentialStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of a potential, everything else upstream."""
    site.one_process_a_run()
    t: MakingTable = site.settings.making
    made = _factory(site, t) if t.factory else None
    before = (made,) if made is not None else ()
    inputs = {} if made is not None else site.identity
    extras = {} if made is not None else site.driver
    if made is None and site.potential is None:
        raise InputError("A potential is studied: leave out calculator in [potential].")
    parts: list[Stage] = []
    if t.validation != "none":
        quick = t.validation == "quick"
        settings: dict[str, Any] = {
            "quick": quick,
            "reference_dynamics_ps": t.reference_dynamics_ps,
            "reference": t.reference,
        }
        cost = Cost(other_s=3600 * (HOURS["validate", quick] + 0.2 * t.reference_dynamics_ps))
        parts.append(
            Stage("validate", "validate", settings, site.seed, inputs, before, extras, cost)
        )
    if t.certificate != "none":
        quick = t.certificate == "quick"
        settings = {"quick": quick, "reference": t.reference}
        cost = Cost(other_s=3600 * HOURS["certify", quick])
        parts.append(Stage("certify", "certify", settings, site.seed, inputs, before, extras, cost))
    if not parts and made is None:
        raise InputError("[making] asks for nothing: name a factory, validation or certificate.")
    return finish(site, [*before, *parts], t.model_dump())


def _factory(site: Site, t: MakingTable) -> Stage:
    from sinterface.study.factory import read_factory

    path = site.resolve(t.factory)
    factory = read_factory(path)
    inputs = {"factory": file_digest(path)}
    for step in factory.step:
        recipe = Path(step.label or step.explore or step.train or "")
        if (path.parent / recipe).is_file():
            inputs[str(recipe)] = file_digest(path.parent / recipe)
    if factory.step[-1].train is None:
        raise InputError(f"'{path}' doesn't end with a training; its last step must make one.")
    extras = {"factory": str(path), "workers": site.settings.resources.slots()}
    return Stage(
        "factory", "factory", {"factory": t.factory}, site.seed, inputs, (), extras,
        Cost(other_s=3600 * HOURS["factory", False]),
    )  # fmt: skip
