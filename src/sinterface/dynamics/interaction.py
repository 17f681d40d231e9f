"""How LAMMPS is told which interaction to use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sinterface.dynamics.watch import FLAGS
from sinterface.errors import InputError

if TYPE_CHECKING:
    from sinterface.dynamics.ensembles import Phase
    from sinterface.potential.model import Potential

PRECISIONS = ("double", "mixed")


@dataclass(frozen=True)
class Interaction:
    """A LAMMPS pair style.

    Attributes
    ----------
    commands
        LAMMPS commands given once the box exists; ``{elements}`` stands for the chemical symbols
        of the LAMMPS types, in order.
    elements
        Chemical symbols that it knows.
    cutoff_A
        Cutoff, in Å.
    identity
        What makes two runs comparable (digest, precision); kept in the run's record.
    load
        Commands given before anything else (``plugin load ...``).
    kernel
        Instruction set of the kernel, for the record.
    watched
        What ``pair_style sinterface`` lets LAMMPS watch; keys of `sinterface.dynamics.watch.FLAGS`.
    """

    commands: tuple[str, ...]
    elements: tuple[str, ...]
    cutoff_A: float
    identity: str
    load: tuple[str, ...] = ()
    kernel: str = ""
    watched: tuple[str, ...] = ()

    def check_phase(self, phase: Phase) -> None:
        """Raise InputError for what LAMMPS can't do; it knows every ensemble of ours."""

    def commands_for(self, types: tuple[str, ...]) -> list[str]:
        """Return the commands for LAMMPS types with the chemical symbols `types`."""
        return [command.replace("{elements}", " ".join(types)) for command in self.commands]


def potential_interaction(
    potential: Potential, *, precision: str = "mixed", threads: int = 1
) -> Interaction:
    """Return the commands that make LAMMPS use a potential through sinterface's plugin.

    Raises
    ------
    InputError
        When `precision` or `threads` is not understood, or the plugin was not built.
    """
    from sinterface.potential import lammps_plugin_path

    if precision not in PRECISIONS:
        raise InputError(f"precision must be 'mixed' or 'double', got '{precision}'.")
    if threads < 1:
        raise InputError(f"threads must be at least 1, got {threads}.")
    return Interaction(
        load=(f'plugin load "{lammps_plugin_path()}"',),
        commands=(
            f"pair_style sinterface precision {precision} threads {threads}",
            f'pair_coeff * * "{potential.directory}" {{elements}}',
        ),
        elements=tuple(potential.elements),
        cutoff_A=potential.cutoff_A,
        identity=f"{potential.fingerprint} {precision}",
        kernel=potential.kernel,
        watched=tuple(FLAGS) if potential.n_members > 1 else ("extrapolations",),
    )
