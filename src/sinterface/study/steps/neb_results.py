"""Results of a study of hops: barriers both ways, beside published ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from sinterface.study.graph import Place
from sinterface.study.steps.aggregating import Found, data_of, reason_of

if TYPE_CHECKING:
    from sinterface.report.study_results import Value

PATHS: Final = {
    ("interface", "forward"): "lithiation",
    ("interface", "reverse"): "delithiation",
}
"""What a way of a hop is called beyond forward and reverse."""


def collect(place: Place) -> Found:
    """Return what a study of hops found."""
    from sinterface.report.study_results import Value, conditions

    values: list[Value] = []
    for stage in place.of("hop"):
        data, case = data_of(stage), stage.settings["case"]
        for way in ("forward", "reverse"):
            energy = math.nan if data is None else float(data[f"{way}_eV"])
            std = None if data is None else data.get("committee_std_eV")
            good = data is not None and bool(data["converged"])
            called = {"path": PATHS[case, way]} if (case, way) in PATHS else {}
            told = conditions({**stage.settings["where"], **called})
            reason = reason_of(stage) if data is None else f"{data['title']}; {data['charge']}"
            if std is not None:
                reason += "; ± is the spread of the committee"
            if data is not None and not good:
                reason = f"the band had not come to rest; {reason} (so far {energy:.3f} eV)"
            values.append(
                Value(
                    f"barrier_{way}", f"{way} barrier of Li", energy if good else math.nan,
                    math.nan if std is None else float(std), (), "eV", good, reason, told,
                )
            )  # fmt: skip
    return Found(values)
