"""Texts of an exported array job: the Slurm script and its page of advice."""

from __future__ import annotations

from sinterface.reference.settings import EspressoSettings, Settings, VaspSettings


def array_script(command: str, n_jobs: int, code: str) -> str:
    """Return a Slurm array script; each task works in the folder of its number.

    A task that is started again skips its folder if that one is finished. A command that fails
    leaves a file ``failed``, which the import reports.
    """
    return f"""#!/bin/bash
#SBATCH --job-name=label-{code}
#SBATCH --array=0-{n_jobs - 1}
#SBATCH --ntasks=1
#SBATCH --time=12:00:00
#SBATCH --output=%a.log
# Adapt the lines above, load the modules of your cluster here, and put srun before the command
# if it runs in parallel.
set -eu -o pipefail
cd "${{SLURM_SUBMIT_DIR:-$(dirname "$0")}}/$(printf %06d "$SLURM_ARRAY_TASK_ID")"
[ -e finished ] && exit 0
rm -f failed
export OMP_NUM_THREADS=${{OMP_NUM_THREADS:-1}}
trap '[ -e finished ] || touch failed' EXIT
{command}
touch finished
"""


def read_me(settings: Settings, n_jobs: int) -> str:
    """Return what a person on the cluster has to know."""
    return f"""# {n_jobs} label jobs for {settings.name}

1. Copy this folder to the cluster.
2. Adapt the head of `job.sh` (time, tasks, modules, `srun`) and start it: `sbatch job.sh`.
   Clusters limit the size of an array (often 1000 tasks): `sbatch --array=0-999 job.sh`, and so on.
   Without Slurm: `for i in $(seq 0 {n_jobs - 1}); do SLURM_ARRAY_TASK_ID=$i bash job.sh; done`
3. Started again, finished folders are skipped.
4. Copy the folder back: `sinterface label --import THIS_FOLDER -o labels.extxyz.xz`.
   Jobs that aren't finished are left out, unconverged ones quarantined; import it as often as you
   like.

{_needs(settings)}
Don't change the inputs in the folders: the import refuses them, since each label carries the
settings that are written in `options.json`.
"""


def _needs(settings: Settings) -> str:
    if isinstance(settings, VaspSettings):
        return (
            "VASP's POTCAR files are licensed and not part of this folder. Set `VASP_PP_PATH`\n"
            "to the folder that holds `potpaw_PBE`; `job.sh` joins those named in `POTCAR.list`.\n"
        )
    if isinstance(settings, EspressoSettings):
        return (
            "pw.x needs the pseudopotentials named in the inputs, in "
            f"`{settings.pseudo_directory}` (relative to each folder, or absolute).\n"
        )
    if settings.code == "cp2k":
        return "CP2K needs its basis sets and pseudopotentials (`CP2K_DATA_DIR`).\n"
    return (
        f"`sinterface` with `{settings.name}` must be installed on the cluster, in the same\n"
        "version as here; the import refuses labels of another one.\n"
    )
