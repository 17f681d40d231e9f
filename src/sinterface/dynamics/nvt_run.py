"""The course of one run: equilibration, production, frames, checkpoints.

A run is cut into stretches between checkpoints. Each stretch begins with a full LAMMPS setup,
whether the process was killed in between or not, so that a resumed run continues bit by bit like
an uninterrupted one (with the same number of threads, on the same kind of processor).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sinterface import provenance
from sinterface.dynamics.h5md import SegmentWriter
from sinterface.dynamics.hdf5_recovery import close_killed_file
from sinterface.dynamics.lammps_library import SUPPORTED_VERSION
from sinterface.dynamics.lammps_system import LammpsError, LammpsSystem
from sinterface.dynamics.run_state import RunState, write_state
from sinterface.dynamics.trajectory import segment_paths
from sinterface.dynamics.watch import STOPPED_NAME, broken_limit, save_stopped, summary, told
from sinterface.errors import RunError
from sinterface.files import atomic_path
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

HOT_FACTOR, HOT_MARGIN_K = 3.0, 500.0
SECONDS_PER_DAY, PS_PER_NS = 86400.0, 1000.0
_BYTES_PER_ATOM_OF_CHECKPOINT = 128


class NvtRun:
    """One process' share of a run: it goes on from `state` to the end.

    Parameters
    ----------
    atoms, system
        First structure, and LAMMPS made for it.
    directory, state
        Run directory and where its run stands.
    threads
        Threads of the potential, for the record.
    progress
        Told after every frame.
    """

    def __init__(
        self,
        atoms: Atoms,
        system: LammpsSystem,
        directory: Path,
        state: RunState,
        threads: int,
        progress: ProgressCallback | None,
    ) -> None:
        self.atoms, self.system, self.directory = atoms, system, directory
        self.state, self.settings = state, state.settings
        self.threads, self.progress = threads, progress
        self.writer: SegmentWriter | None = None
        self._fix = ""
        self._steps_here = self._steps_saved = 0
        self._started = self._marked = time.perf_counter()

    def go(self) -> RunState:
        """Go on to the end and return the final state."""
        try:
            if self.state.checkpoint:
                self.system.restore(self.directory / self.state.checkpoint)
            else:
                self.system.create()
                self._draw_velocities()
            if self.state.phase == "equilibration":
                self._equilibrate()
                self._end_equilibration()
            self._produce()
        except LammpsError as error:
            raise RunError(self._explained(error)) from error
        finally:
            if self.writer is not None:
                self.writer.close()
        return self.state

    def _set_ensemble(self, name: str, *, free_normal: bool) -> None:
        s = self.settings
        temperature = f"temp {s.temperature_K:.17g} {s.temperature_K:.17g}"
        chain = f"{temperature} {s.thermostat_time_fs / FS_PER_PS:.17g} tchain 3"
        barostat = f"z 0 0 {s.barostat_time_fs / FS_PER_PS:.17g} pchain 3 fixedpoint 0 0 0"
        ensemble = f"npt {chain} {barostat}" if free_normal else f"nvt {chain}"
        self._fix = f"fix {name} all {ensemble}"
        self.system.command(self._fix)

    def _draw_velocities(self) -> None:
        s = self.settings
        seed = s.seed % 899_999_999 + 1
        self.system.command(
            f"velocity all create {s.temperature_K:.17g} {seed} mom yes rot no dist gaussian"
        )

    def _equilibrate(self) -> None:
        s = self.settings
        self._set_ensemble("equilibration", free_normal=s.free_normal)
        while self.state.frame < s.equilibration_frames:
            for _ in self._stretch(s.equilibration_frames):
                if 2 * self.state.frame > s.equilibration_frames:
                    normal = self.state.normal_sum_A + self.system.normal_A()
                    count = self.state.normal_count + 1
                    self.state = replace(self.state, normal_sum_A=normal, normal_count=count)
            self._checkpoint()

    def _end_equilibration(self) -> None:
        """Fix the normal at its mean length and start the clock of production."""
        if self.settings.free_normal:
            self.system.set_normal(self.state.normal_sum_A / self.state.normal_count)
        self.system.commands("unfix equilibration", "reset_timestep 0")
        self.state = replace(self.state, phase="production", frame=0, checkpoint="")

    def _produce(self) -> None:
        s = self.settings
        self._set_ensemble("production", free_normal=False)
        self._open_segment()
        if not self.state.checkpoint:
            self.system.run(0, setup=True)
            self._write_frame()
            self._checkpoint()
        while self.state.frame < s.n_frames:
            for _ in self._stretch(s.n_frames):
                self._write_frame()
            self._checkpoint()
        self.state = replace(self.state, finished=True)
        write_state(self.directory, self.state)

    def _stretch(self, last_frame: int) -> Iterator[None]:
        """Run frame by frame up to the next checkpoint."""
        s = self.settings
        n = min(
            s.checkpoint_frames - self.state.frame % s.checkpoint_frames,
            last_frame - self.state.frame,
        )
        for k in range(n):
            good = self.system.structure() if self.system.interaction.watched else None
            if not self.system.run(s.frame_steps, setup=k == 0) and good is not None:
                raise RunError(self._stopped(good))
            self._steps_here += s.frame_steps
            self.state = replace(self.state, frame=self.state.frame + 1)
            self._check_temperature()
            yield
            self._tell()

    def _check_temperature(self) -> None:
        temperature = self.system.temperature_K()
        limit = HOT_FACTOR * self.settings.temperature_K + HOT_MARGIN_K
        if not temperature < limit:  # catches NaN
            raise LammpsError(f"the temperature reached {temperature:.0f} K.")

    def _checkpoint(self) -> None:
        """Save the complete state; only then does the record point to it."""
        if self.writer is not None:
            self.writer.sync()
        s, state = self.settings, self.state
        name = f"{state.phase}-{state.frame * s.frame_steps:010d}.restart"
        room = len(self.atoms) * _BYTES_PER_ATOM_OF_CHECKPOINT
        if shutil.disk_usage(self.directory).free < room:
            raise RunError(self._no_room(name))
        self.system.command("velocity all zero linear")
        with atomic_path(self.directory / name) as temporary:
            try:
                self.system.save(temporary)
            except LammpsError as error:
                raise RunError(self._no_room(name)) from error
        if self.system.changes_when_restored:  # so that a killed run goes on from the same bits
            self.system.restore(self.directory / name)
            self.system.command(self._fix)
        now = time.perf_counter()
        self.state = replace(
            state,
            checkpoint=name,
            wall_s=state.wall_s + now - self._marked,
            steps=state.steps + self._steps_here - self._steps_saved,
        )
        self._marked, self._steps_saved = now, self._steps_here
        write_state(self.directory, self.state)
        for old in self.directory.glob("*.restart"):
            if old.name != name:
                old.unlink()

    def _open_segment(self) -> None:
        old = segment_paths(self.directory)
        for path in old:
            close_killed_file(path)
        number = int(old[-1].stem.rpartition("-")[2]) + 1 if old else 0
        origin = {
            "file": f"segment-{number:03d}.h5",
            "after_frame": self.state.frame,
            "started": provenance.now(),
            "threads": self.threads,
            "kernel": self.system.interaction.kernel,
            "lammps": SUPPORTED_VERSION,
            "versions": provenance.versions(),
            "host": provenance.host(),
        }
        atoms = self.atoms
        region = atoms.arrays.get("region", np.zeros(len(atoms), np.int8))
        self.writer = SegmentWriter(
            self.directory / str(origin["file"]),
            atoms.numbers,
            atoms.get_masses(),
            region,
            {**asdict(self.settings), "origin": origin},
            velocities=self.settings.velocities,
            watched=list(summary(self.system.watched())),
        )
        self.state = replace(self.state, segments=(*self.state.segments, origin))

    def _write_frame(self) -> None:
        s = self.settings
        if self.writer is not None:
            frame = self.system.frame(self.state.frame * s.frame_steps, velocities=s.velocities)
            self.writer.append(frame)

    def _tell(self) -> None:
        if self.progress is None:
            return
        s = self.settings
        ps_per_frame = s.frame_steps * s.timestep_fs / FS_PER_PS
        before = s.equilibration_frames if self.state.phase == "production" else 0
        steps_per_s = self._steps_here / (time.perf_counter() - self._started)
        ns_per_day = steps_per_s * s.timestep_fs / FS_PER_PS / PS_PER_NS * SECONDS_PER_DAY
        message = (
            f"{self.state.phase} at {self.system.temperature_K():.0f} K, {ns_per_day:.3g} ns/day, "
            f"{steps_per_s * len(self.atoms):,.0f} atom-steps/s"
            f"{told(summary(self.system.watched()))}"
        )
        done, total = before + self.state.frame, s.equilibration_frames + s.n_frames
        self.progress(Progress(done * ps_per_frame, total * ps_per_frame, message))

    def _explained(self, error: LammpsError) -> str:
        s, state = self.settings, self.state
        time_ps = (state.frame + 1) * s.frame_steps * s.timestep_fs / FS_PER_PS
        kept = f"checkpoint {state.checkpoint}" if state.checkpoint else "no checkpoint"
        return (
            f"The {state.phase} in '{self.directory}' stopped before {time_ps:g} ps: {error} "
            f"All frames so far and {kept} are kept; relax the structure further, or run in "
            "another directory with a shorter time step or a lower temperature."
        )

    def _stopped(self, good: Atoms) -> str:
        """Save the states before and behind a limit; return what happened."""
        s, state, system = self.settings, self.state, self.system
        bad, arrays = system.structure(), system.watched()
        good_step = state.frame * s.frame_steps
        for atoms, step in ((good, good_step), (bad, system.step)):
            atoms.info.update(phase=state.phase, time_ps=step * s.timestep_fs / FS_PER_PS)
        save_stopped(self.directory, good, bad, arrays)
        symbols = self.atoms.get_chemical_symbols()
        kept = f"checkpoint {state.checkpoint}" if state.checkpoint else "no checkpoint"
        return (
            f"The {state.phase} in '{self.directory}' stopped at {bad.info['time_ps']:g} ps: "
            f"{broken_limit(arrays, system.limits, symbols)}. All frames so far and {kept} are "
            f"kept; '{STOPPED_NAME}' holds the state at {good.info['time_ps']:g} ps and this one, "
            "with what was watched of each atom. Train on such structures, or raise the limit "
            "and run again."
        )

    def _no_room(self, name: str) -> str:
        return (
            f"No room for the checkpoint '{self.directory / name}'; all frames and the checkpoint "
            "before are kept. Free some space and run the same command again."
        )
