"""Kinds of studies: what each study file may hold, and the stages that come of it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sinterface.study.config import Table
    from sinterface.study.graph import Stage
    from sinterface.study.kinds.site import Site

PLAIN: Final = "interface"
"""The kind of a study file that names none: one interface."""

_MODULES: Final = {
    "transport": "sinterface.study.kinds.transport",
    "amorphous": "sinterface.study.kinds.amorphous",
    "grain-boundaries": "sinterface.study.kinds.grain_boundaries",
    "interfaces": "sinterface.study.kinds.interfaces",
    "li-content": "sinterface.study.kinds.interfaces",
    "pair": "sinterface.study.kinds.pair",
    "phase-transition": "sinterface.study.kinds.phase_transition",
    "neb": "sinterface.study.kinds.neb",
    "potential": "sinterface.study.kinds.potential",
}


@dataclass(frozen=True)
class Kind:
    """A kind of study.

    Attributes
    ----------
    name
        As it stands in the file.
    model
        What the file may hold.
    plan
        Returns the last stages of a study; those before hang on them.
    """

    name: str
    model: type[Table]
    plan: Callable[[Site], tuple[Stage, ...]]


def kind_names() -> list[str]:
    """Return the kinds that there are."""
    return [PLAIN, *_MODULES]


def find_kind(name: str) -> Kind:
    """Return a kind other than the plain one; KeyError where there is none."""
    module = importlib.import_module(_MODULES[name])
    return Kind(name, module.STUDY, module.plan)
