"""The course of a run: its phases, frames and checkpoints.

A run is cut into stretches between checkpoints. Each stretch begins with a full setup of the
engine, and with a seed of its own for a stochastic thermostat, whether the process was killed in
between or not, so that a resumed run continues bit by bit like an uninterrupted one (with the same
number of threads or ranks, on the same kind of processor) wherever the engine keeps its whole
state in a checkpoint; where it doesn't, the run's record tells the break.
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
from sinterface.dynamics.engine import Engine
from sinterface.dynamics.h5md import Motion, SegmentWriter
from sinterface.dynamics.hdf5_recovery import close_killed_file
from sinterface.dynamics.lammps_instance import LammpsError
from sinterface.dynamics.run_state import RunState, write_state
from sinterface.dynamics.trajectory import segment_paths
from sinterface.dynamics.watch import (
    STOPPED_NAME,
    beyond_limits,
    broken_limit,
    save_stopped,
    summary,
    told,
    write_stopped,
)
from sinterface.errors import RunError
from sinterface.progress import Progress, ProgressCallback
from sinterface.units import FS_PER_PS

if TYPE_CHECKING:
    from ase import Atoms

HOT_FACTOR, HOT_MARGIN_K = 3.0, 500.0
SECONDS_PER_DAY, PS_PER_NS = 86400.0, 1000.0
_BYTES_PER_ATOM_OF_CHECKPOINT = 128
_LOWER = np.tril_indices(3)


class Course:
    """One process' share of a run: it goes on from `state` to the end.

    Parameters
    ----------
    atoms, engine
        First structure, and the engine made for it.
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
        engine: Engine,
        directory: Path,
        state: RunState,
        threads: int,
        progress: ProgressCallback | None,
    ) -> None:
        self.atoms, self.engine, self.directory = atoms, engine, directory
        self.state, self.settings = state, state.settings
        self.threads = threads
        self.chief = engine.rank == 0  # of the ranks of MPI, the one that writes
        self.progress = progress if self.chief else None
        self.writer: SegmentWriter | None = None
        self._good: Atoms | None = None
        self._recording = False
        self._motions: list[Motion] = []
        self._steps_here = self._steps_saved = 0
        self._started = self._marked = time.perf_counter()

    def go(self) -> RunState:
        """Go on to the end and return the final state."""
        try:
            if self.state.checkpoint:
                self._restore()
            else:
                self.engine.create()
                self._warm(self.settings.seed)
            while True:
                self._run_phase()
                if self.state.phase + 1 == len(self.settings.phases):
                    break
                self._end_phase()
            self.state = replace(self.state, finished=True)
            self._write_state()
        except LammpsError as error:
            self._save_last_good()
            raise RunError(self._explained(error)) from error
        finally:
            if self.writer is not None:
                self.writer.close()
        return self.state

    def _restore(self) -> None:
        """Go back to the checkpoint."""
        path = self.directory / self.state.checkpoint
        try:
            self.engine.restore(path)
        except (LammpsError, OSError, ValueError, KeyError) as error:
            raise RunError(
                f"The checkpoint '{path}' cannot be read ({error}); restore a copy of it, or begin "
                "anew in another directory. The frames so far can be analysed as they are."
            ) from error

    def _run_phase(self) -> None:
        """Go from where the phase stands to its end."""
        s, part, number = self.settings, self.state.part, self.state.phase
        n_frames, first_step = s.phase_frames[number], s.kept_before(number) * s.frame_steps
        if not self.state.checkpoint:
            self.engine.reset_step(first_step)
        if part.minimises:
            self._minimise(first_step)
            return
        if not self.state.checkpoint and number and s.phases[number - 1].minimises:
            self._warm(s.seed + number)
        self.engine.begin(part, first_step, n_frames * s.frame_steps)
        if part.keep and not self._recording:
            self._open_segment()
        if not self.state.checkpoint:
            self._reseed()
            self.engine.run(0, setup=True)
            if part.keep and first_step == 0:
                self._write_frame()
            self._checkpoint()
        while self.state.frame < n_frames:
            for _ in self._stretch(n_frames):
                if part.keep:
                    self._write_frame()
                if part.settle_cell and 2 * self.state.frame > n_frames:
                    self._sample_cell()
            self._checkpoint()

    def _warm(self, seed: int) -> None:
        """Draw the velocities that dynamics begins with; a minimisation begins at rest."""
        if not self.state.part.minimises:
            self.engine.draw_velocities(self.state.part.temperature_K, seed)

    def _minimise(self, first_step: int) -> None:
        """Go to the nearest minimum in one stride: a kill in it begins the phase anew."""
        if self.state.frame:
            return
        part, engine = self.state.part, self.engine
        if part.keep and not self._recording:
            self._open_segment()
        if part.keep and first_step == 0:
            engine.run(0, setup=True)
            self._write_frame()
        self._good = engine.structure()
        engine.minimise(part)
        engine.reset_step(first_step + self.settings.frame_steps)
        engine.run(0, setup=True)
        if beyond_limits(engine.watched(), engine.limits):
            raise RunError(self._stopped(self._good))
        self.state = replace(self.state, frame=1)
        if part.keep:
            self._write_frame()
        self._tell()
        self._checkpoint()

    def _end_phase(self) -> None:
        """Set the cell to its mean where that is asked, and turn to the next phase."""
        state = self.state
        self.engine.end()
        if state.part.settle_cell:
            cell = np.zeros((3, 3))
            cell[_LOWER] = np.array(state.cell_sum_A) / state.cell_count
            self.engine.set_box(cell)
        self.state = replace(
            state,
            phase=state.phase + 1,
            frame=0,
            checkpoint="",
            cell_sum_A=(0.0,) * 6,
            cell_count=0,
        )

    def _sample_cell(self) -> None:
        found = np.array(self.state.cell_sum_A) + self.engine.box()[_LOWER]
        count = self.state.cell_count + 1
        self.state = replace(self.state, cell_sum_A=tuple(found.tolist()), cell_count=count)

    def _reseed(self) -> None:
        """Give a stochastic thermostat the seed of this stretch."""
        state = self.state
        mixed = np.random.SeedSequence((self.settings.seed, state.phase, state.frame))
        self.engine.reseed(int(mixed.generate_state(1)[0]))

    def _stretch(self, last_frame: int) -> Iterator[None]:
        """Run frame by frame up to the next checkpoint."""
        s = self.settings
        n = min(
            s.checkpoint_frames - self.state.frame % s.checkpoint_frames,
            last_frame - self.state.frame,
        )
        self._reseed()
        for k in range(n):
            self._good = self.engine.structure()
            if not self._advance(setup=k == 0):
                raise RunError(self._stopped(self._good))
            self._steps_here += s.frame_steps
            self.state = replace(self.state, frame=self.state.frame + 1)
            self._check_temperature()
            yield
            self._tell()

    def _advance(self, *, setup: bool) -> bool:
        """Run to the next frame, noting velocities on the way; False where a limit stopped it."""
        s, start = self.settings, self._kept_step()
        dense = self.state.part.keep and s.velocity_steps > 0
        steps = s.velocity_steps if dense else s.frame_steps
        self._motions = []
        for done in range(0, s.frame_steps, steps):
            if not self.engine.run(steps, setup=setup and done == 0):
                return False
            if dense:
                self._note_motion(start + done + steps)
        return True

    def _note_motion(self, step: int) -> None:
        time_ps = step * self.settings.timestep_fs / FS_PER_PS
        self._motions.append(Motion(step, time_ps, self.engine.velocities()))

    def _check_temperature(self) -> None:
        temperature, part = self.engine.temperature_K(), self.state.part
        limit = HOT_FACTOR * max(part.temperature_K, part.last_temperature_K) + HOT_MARGIN_K
        if not temperature < limit:  # catches NaN
            raise LammpsError(f"the temperature reached {temperature:.0f} K.")

    def _checkpoint(self) -> None:
        """Save the complete state; only then does the record point to it."""
        if self.writer is not None:
            self.writer.sync()
        state = self.state
        name = f"{state.phase + 1}-{state.part.name}-{self._steps():010d}.restart"
        room = len(self.atoms) * _BYTES_PER_ATOM_OF_CHECKPOINT
        if self.chief and shutil.disk_usage(self.directory).free < room:
            raise RunError(self._no_room(name))
        self.engine.stop_drift()
        try:
            self.engine.save(self.directory / name)
        except LammpsError as error:
            raise RunError(self._no_room(name)) from error
        if self.engine.changes_when_restored:  # so that a killed run goes on from the same bits
            self.engine.restore(self.directory / name)
        now = time.perf_counter()
        self.state = replace(
            state,
            checkpoint=name,
            wall_s=state.wall_s + now - self._marked,
            steps=state.steps + self._steps_here - self._steps_saved,
        )
        self._marked, self._steps_saved = now, self._steps_here
        self._write_state()
        if self.chief:
            for old in self.directory.glob("*.restart"):
                if old.name != name:
                    old.unlink()

    def _write_state(self) -> None:
        if self.chief:
            write_state(self.directory, self.state)

    def _steps(self) -> int:
        """Return how many steps of the phase lie behind."""
        return self.state.frame * self.settings.frame_steps

    def _kept_step(self) -> int:
        s = self.settings
        return (s.kept_before(self.state.phase) + self.state.frame) * s.frame_steps

    def _open_segment(self) -> None:
        self._recording = True
        watched = list(summary(self.engine.watched()))  # asks all ranks
        if not self.chief:
            return
        old = segment_paths(self.directory)
        for path in old:
            close_killed_file(path)
        number = int(old[-1].stem.rpartition("-")[2]) + 1 if old else 0
        origin = {
            "file": f"segment-{number:03d}.h5",
            "after_frame": self._kept_step() // self.settings.frame_steps,
            "continues": self.engine.continuation if self.state.checkpoint else "start",
            "started": provenance.now(),
            "threads": self.threads,
            "ranks": self.engine.n_ranks,
            **self.engine.origin(),
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
            motions_per_frame=self._motions_per_frame,
            watched=watched,
        )
        self.state = replace(self.state, segments=(*self.state.segments, origin))

    @property
    def _motions_per_frame(self) -> int:
        s = self.settings
        return s.frame_steps // s.velocity_steps if s.velocity_steps else 0

    def _write_frame(self) -> None:
        step = self._kept_step()
        frame = self.engine.frame(step, velocities=self.settings.velocities)
        if self._motions_per_frame and not self._motions:  # the first frame, or a minimum
            self._note_motion(step)
        if self.writer is not None:
            self.writer.append(frame, self._motions)
        self._motions = []

    def _tell(self) -> None:
        watched = summary(self.engine.watched())  # asks all ranks
        if self.progress is None:
            return
        s = self.settings
        ps_per_frame = s.frame_steps * s.timestep_fs / FS_PER_PS
        before = sum(s.phase_frames[: self.state.phase])
        steps_per_s = self._steps_here / (time.perf_counter() - self._started)
        ns_per_day = steps_per_s * s.timestep_fs / FS_PER_PS / PS_PER_NS * SECONDS_PER_DAY
        message = (
            f"{self.state.part.name} at {self.engine.temperature_K():.0f} K, "
            f"{ns_per_day:.3g} ns/day, {steps_per_s * len(self.atoms):,.0f} atom-steps/s"
            f"{told(watched)}"
        )
        done, total = before + self.state.frame, sum(s.phase_frames)
        self.progress(Progress(done * ps_per_frame, total * ps_per_frame, message))

    def _explained(self, error: LammpsError) -> str:
        s, state = self.settings, self.state
        time_ps = (state.frame + 1) * s.frame_steps * s.timestep_fs / FS_PER_PS
        kept = f"checkpoint {state.checkpoint}" if state.checkpoint else "no checkpoint"
        return (
            f"The {state.part.name} in '{self.directory}' stopped before {time_ps:g} ps: {error} "
            f"All frames so far and {kept} are kept{self._where_good()}; relax the structure "
            "further, or run in another directory with a shorter time step or a lower temperature."
        )

    def _where_good(self) -> str:
        return f", the last good state in '{STOPPED_NAME}'" if self._good is not None else ""

    def _stopped(self, good: Atoms) -> str:
        """Save the states before and behind a limit; return what happened."""
        s, state, engine = self.settings, self.state, self.engine
        bad, arrays = engine.structure(), engine.watched()
        good_step = self._kept_step()
        for atoms, step in ((good, good_step), (bad, engine.step)):
            atoms.info.update(phase=state.part.name, time_ps=step * s.timestep_fs / FS_PER_PS)
        if self.chief:
            save_stopped(self.directory, good, bad, arrays)
        symbols = self.atoms.get_chemical_symbols()
        kept = f"checkpoint {state.checkpoint}" if state.checkpoint else "no checkpoint"
        return (
            f"The {state.part.name} in '{self.directory}' stopped at {bad.info['time_ps']:g} ps: "
            f"{broken_limit(arrays, engine.limits, symbols)}. All frames so far and {kept} are "
            f"kept; '{STOPPED_NAME}' holds the state at {good.info['time_ps']:g} ps and this one, "
            "with what was watched of each atom. Train on such structures, or raise the limit "
            "and run again."
        )

    def _save_last_good(self) -> None:
        """Save the last state before an explosion, for labelling; the one behind may be lost."""
        if not self.chief or self._good is None:
            return
        step = self._kept_step() - self.settings.frame_steps
        self._good.info.update(
            phase=self.state.part.name, time_ps=step * self.settings.timestep_fs / FS_PER_PS
        )
        write_stopped(self.directory, [self._good])

    def _no_room(self, name: str) -> str:
        return (
            f"No room for the checkpoint '{self.directory / name}'; all frames and the checkpoint "
            "before are kept. Free some space and run the same command again."
        )
