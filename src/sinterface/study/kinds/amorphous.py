"""Amorphous cells: how dopants gather in them, and how fast they move."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sinterface.errors import InputError
from sinterface.study.graph import Cost, Stage
from sinterface.study.kinds.site import Site, finish
from sinterface.study.kinds.tables import GeneralStudy
from sinterface.study.kinds.transport import TransportPlan, TransportTable


class AmorphousTable(TransportTable):
    """A melt-quenched cell, its dopant spread evenly, and the runs."""

    melt_K: float = Field(default=4000.0, gt=0, description="Temperature of the melt, kelvin.")
    melt_ps: float = Field(default=5.0, gt=0, description="Time in the melt, picoseconds.")
    quench_ps: float = Field(default=20.0, gt=0, description="Time of cooling, picoseconds.")
    density_ps: float = Field(
        default=5.0, gt=0, description="Last run at 300 K without pressure, picoseconds."
    )
    clusters_K: float = Field(
        default=0.0, ge=0, description="Clusters in the runs at; 0: at the lowest temperature."
    )
    clusters_cutoff_A: float = Field(
        default=3.5, gt=0, description="Longest distance inside a cluster, Angstrom."
    )


class AmorphousStudy(GeneralStudy):
    """A study of amorphous cells."""

    amorphous: AmorphousTable = AmorphousTable()


STUDY = AmorphousStudy


def plan(site: Site) -> tuple[Stage, ...]:
    """Return the report's stage of a study of amorphous cells, everything else upstream."""
    if site.potential is None:
        raise InputError("A melt is quenched with a potential; leave out calculator.")
    return _Plan(site, site.settings.amorphous).go()


class _Plan(TransportPlan):
    t: AmorphousTable

    def undoped(self, replica: int) -> Stage:
        """Crystal's composition, melted and quenched."""
        site, t = self.site, self.t
        crystal = super().undoped(replica)
        quench: dict[str, float] = {
            "melt_K": t.melt_K, "melt_ps": t.melt_ps, "quench_ps": t.quench_ps,
            "density_ps": t.density_ps,
        }  # fmt: skip
        settings = {"quench": quench, "timestep_fs": site.settings.dynamics.timestep_fs}
        steps = site.steps(t.melt_ps + t.quench_ps + t.density_ps)
        threads = site.settings.resources.threads
        return Stage(
            f"amorphous-{replica + 1}", "amorphous", settings, site.seed + replica, site.identity,
            (crystal,), site.extras, Cost(self.base_atoms, steps, 0, 10.0, threads),
        )  # fmt: skip

    def clusters(self) -> list[Stage]:
        """Clusters of the dopant at each content, in time."""
        site, t, found = self.site, self.t, []
        kelvin = t.clusters_K or min(t.temperatures_K)
        if kelvin not in t.temperatures_K:
            raise InputError(
                f"[amorphous] clusters are wanted at {kelvin:g} K, where no run is; add it to "
                "temperatures_K."
            )
        for x in t.x:
            if x == 0:
                continue
            runs = tuple(self.run(x, kelvin, r, self.volumes(x)[0]) for r in range(t.replicas))
            settings: dict[str, Any] = {
                "analysis": "clusters", "where": {"x": x, "temperature_K": kelvin},
                "options": {"element": self.dopant, "cutoff_A": t.clusters_cutoff_A},
                "max_frames": 500,
            }  # fmt: skip
            cost = Cost(other_s=5.0 + 1e-5 * self.atoms(x) * 500 * t.replicas)
            name = f"clusters-x{x:g}-{kelvin:g}K"
            found.append(Stage(name, "analyse", settings, site.seed, {}, runs, {}, cost))
        return found

    def go(self) -> tuple[Stage, ...]:
        """Return the report's stage."""
        cells = [self.undoped(replica) for replica in range(self.t.replicas)]
        parts = [*self.analyses(), *self.lattices(), *self.ions(), *self.clusters(), *cells]
        return finish(self.site, parts, self.told())
