"""Parsl's configuration for a study's ``[resources]`` table."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from sinterface.errors import InputError
from sinterface.study.resources import ResourcesTable

PARSL_FOLDER = ".parsl"
LABEL = "workers"
HEARTBEAT_S, SILENCE_S = 5, 30
"""How often a node says that it lives, and the silence after which its stages go elsewhere."""


def parsl_config(resources: ResourcesTable, run_directory: Path) -> Any:
    """Return a Parsl configuration with one executor, "workers".

    Parameters
    ----------
    resources
        The study's table; its executor is anything but "processes".
    run_directory
        Parsl's own scripts and logs go to ``.parsl`` in it.

    Raises
    ------
    InputError
        When Parsl, or the Flux that is asked for, isn't there.
    """
    try:
        from parsl.config import Config
    except ImportError as error:
        raise InputError(
            f"The executor '{resources.executor}' needs Parsl; install it with "
            "\"pip install 'sinterface[cluster]'\", or set executor = 'processes'."
        ) from error
    folder = (run_directory / PARSL_FOLDER).absolute()
    executor = _flux(folder) if resources.executor == "flux" else _workers(resources, folder)
    return Config(
        executors=[executor],
        run_dir=str(folder),
        retries=0,  # the study retries by itself: it knows a user's mistake from a dead worker
        strategy="simple",
        strategy_period=2,
        initialize_logging=False,
    )


def _workers(resources: ResourcesTable, folder: Path) -> Any:
    from parsl.executors import HighThroughputExecutor

    here = resources.executor == "parsl"
    interchange = Path(sys.executable).parent / "interchange.py"
    return HighThroughputExecutor(
        label=LABEL,
        provider=_provider(resources),
        max_workers_per_node=resources.slots_per_node(),
        cores_per_worker=1e-6,  # so that max_workers_per_node alone counts
        heartbeat_period=HEARTBEAT_S,
        heartbeat_threshold=SILENCE_S,
        poll_period=50,
        working_dir=str(folder),
        worker_logdir_root=str(folder),
        interchange_launch_cmd=[str(interchange)] if interchange.is_file() else None,
        address="127.0.0.1" if here else None,
        encrypted=not here,
    )


def _provider(resources: ResourcesTable) -> Any:
    """Return Parsl's provider: this machine, or jobs of Slurm or PBS."""
    import parsl.providers as providers
    from parsl.launchers import MpiExecLauncher, SingleNodeLauncher, SrunLauncher

    common: dict[str, Any] = {"init_blocks": 1, "min_blocks": 0, "worker_init": _setup(resources)}
    if resources.executor == "parsl":
        return providers.LocalProvider(nodes_per_block=1, max_blocks=1, **common)
    common |= {
        "nodes_per_block": resources.nodes,
        "max_blocks": resources.jobs,
        "walltime": resources.walltime,
        "scheduler_options": resources.options,
        "account": resources.account or None,
    }
    if resources.executor == "slurm":
        return providers.SlurmProvider(
            partition=resources.queue or None,
            cores_per_node=resources.cores_per_node or None,
            exclusive=not resources.cores_per_node,
            launcher=SrunLauncher(),
            **common,
        )
    return providers.PBSProProvider(
        queue=resources.queue or None,
        cpus_per_node=resources.cores(),
        launcher=SingleNodeLauncher() if resources.nodes == 1 else MpiExecLauncher(),
        **common,
    )


def _flux(folder: Path) -> Any:
    from parsl.executors.flux.executor import FluxExecutor

    if shutil.which("flux") is None:
        raise InputError(
            "The executor 'flux' needs the command 'flux' on the path; load its module, or set "
            "executor to 'processes', 'parsl', 'slurm' or 'pbs'."
        )
    return FluxExecutor(label=LABEL, working_dir=str(folder))


def _setup(resources: ResourcesTable) -> str:
    """Return the shell lines before a worker begins: this Python, its threads, the user's own."""
    lines = [
        f"export PATH={Path(sys.executable).parent}:$PATH",
        f"export OMP_NUM_THREADS={resources.threads}",
    ]
    if os.environ.get("PYTHONPATH"):
        lines.append(f"export PYTHONPATH={os.environ['PYTHONPATH']}")
    return "\n".join([*lines, resources.setup]).strip()
