"""The ``[resources]`` table: where the stages of a study run."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from sinterface.provenance import available_cores
from sinterface.study.config import Table


class ResourcesTable(Table):
    """Where stages run; nothing here changes a result."""

    executor: Literal["processes", "parsl", "slurm", "pbs", "flux"] = Field(
        default="processes",
        description="processes of this machine, parsl (Parsl's workers on this machine), or "
        "Parsl's workers in jobs of slurm, pbs or flux.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=4096,
        description="Stages side by side, on each node of a cluster; 0: cores over threads.",
    )
    threads: int = Field(default=1, ge=1, le=1024, description="Threads of each run of dynamics.")
    ranks: int = Field(
        default=1,
        ge=1,
        le=65_536,
        description="MPI ranks of each run of dynamics; above 1 a run starts under mpiexec.",
    )
    mpiexec: str = Field(
        default="mpiexec -n {ranks}",
        min_length=1,
        description="Command that starts ranks inside an allocation, such as 'srun -n {ranks}'.",
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=100,
        description="How often a stage is begun again, without getting further, after its worker "
        "died, its job's time was up, or it had to stop.",
    )
    nodes: int = Field(default=1, ge=1, le=10_000, description="Nodes of a job.")
    jobs: int = Field(default=1, ge=1, le=1000, description="Most jobs at a time.")
    cores_per_node: int = Field(
        default=0, ge=0, le=4096, description="Cores of a node that are asked for; 0: whole nodes."
    )
    walltime: str = Field(
        default="24:00:00",
        pattern=r"^\d{1,3}:[0-5]\d:[0-5]\d$",
        description="Length of a job, hours:minutes:seconds; what is not finished goes on in the "
        "next job.",
    )
    queue: str = Field(default="", description="Partition or queue; empty: the site's default.")
    account: str = Field(default="", description="Account or project that is charged.")
    options: str = Field(
        default="", description="Further lines for the head of the job's script, as they are."
    )
    setup: str = Field(
        default="",
        description="Shell lines at the start of a job, such as 'source ~/venv/bin/activate'.",
    )

    @model_validator(mode="after")
    def _nodes_are_known(self) -> Self:
        if self.executor in ("slurm", "pbs", "flux") and not (self.workers or self.cores_per_node):
            raise ValueError(
                f"executor '{self.executor}' needs workers (stages side by side on a node) or "
                "cores_per_node: this machine's cores say nothing of a node's"
            )
        return self

    @model_validator(mode="after")
    def _flux_submits_nothing(self) -> Self:
        if self.executor == "flux":
            told = [
                name
                for name in ("jobs", "walltime", "queue", "account", "options", "setup")
                if getattr(self, name) != type(self).model_fields[name].default
            ]
            if told:
                raise ValueError(
                    f"executor 'flux' works inside an allocation that is there already; leave out "
                    f"{', '.join(told)}, and ask for it when you start the allocation"
                )
        return self

    def slots_per_node(self) -> int:
        """Return how many stages run at once on a node."""
        return self.workers or max(1, self.cores() // (self.threads * self.ranks))

    def slots(self) -> int:
        """Return how many stages run at once."""
        if self.executor in ("processes", "parsl"):
            return self.slots_per_node()
        return self.slots_per_node() * self.nodes * self.jobs

    def cores(self) -> int:
        """Return the cores of a node."""
        if self.executor in ("processes", "parsl"):
            return available_cores()
        return self.cores_per_node or available_cores()
