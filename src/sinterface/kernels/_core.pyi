from typing import NotRequired, TypedDict

from numpy import float64, int32, int64, uint16
from numpy.typing import NDArray

class PotentialError(Exception): ...

class Evaluated(TypedDict):
    energies: NDArray[float64]
    forces: NDArray[float64]
    virial: NDArray[float64]
    extrapolations: NotRequired[NDArray[int32]]
    member_energies: NotRequired[NDArray[float64]]
    forces_std: NotRequired[NDArray[float64]]
    atom_virials: NotRequired[NDArray[float64]]

def available_kernels() -> list[str]: ...

class Engine:
    elements: list[str]
    cutoff: float
    kernel: str
    warnings: list[str]
    zbl: list[float]
    units: tuple[float, float]
    row_counts: list[int]
    n_members: int
    member_folders: list[str]
    def __init__(self, directory: str, networks: bool = True) -> None: ...
    def rows(
        self, element: int
    ) -> list[
        tuple[
            int,
            int,
            int,
            float,
            float,
            float,
            float,
            float,
            str,
            float,
            float,
            float,
            int,
            float,
            float,
        ]
    ]: ...
    cutoff_function: tuple[int, float]
    def energy_terms(self, member: int = 0) -> tuple[float, list[float]]: ...
    def scaling(self, element: int) -> tuple[list[float], list[float]]: ...
    def layers(
        self, element: int, member: int = 0
    ) -> list[tuple[int, int, str, list[float], list[float]]]: ...
    def evaluate(
        self,
        positions: NDArray[float64],
        species: NDArray[int32],
        first: NDArray[int64],
        neighbors: NDArray[int32],
        images: NDArray[uint16],
        translations: NDArray[float64],
        precision: str = "double",
        threads: int = 1,
        count_extrapolation: bool = False,
        committee: str = "none",
        atom_virials: bool = False,
    ) -> Evaluated: ...
    def symmetry_functions(
        self,
        positions: NDArray[float64],
        species: NDArray[int32],
        first: NDArray[int64],
        neighbors: NDArray[int32],
        images: NDArray[uint16],
        translations: NDArray[float64],
        threads: int = 1,
    ) -> NDArray[float64]: ...
    def vjp(
        self,
        positions: NDArray[float64],
        species: NDArray[int32],
        first: NDArray[int64],
        neighbors: NDArray[int32],
        images: NDArray[uint16],
        translations: NDArray[float64],
        gradients: NDArray[float64],
        precision: str = "double",
        threads: int = 1,
    ) -> tuple[NDArray[float64], NDArray[float64]]: ...
    def jvp(
        self,
        positions: NDArray[float64],
        species: NDArray[int32],
        first: NDArray[int64],
        neighbors: NDArray[int32],
        images: NDArray[uint16],
        translations: NDArray[float64],
        displacements: NDArray[float64],
        strain: NDArray[float64],
        precision: str = "double",
        threads: int = 1,
    ) -> NDArray[float64]: ...

def repulsion(
    positions: NDArray[float64],
    numbers: NDArray[int32],
    first: NDArray[int64],
    neighbors: NDArray[int32],
    images: NDArray[uint16],
    translations: NDArray[float64],
    inner: float,
    outer: float,
) -> tuple[NDArray[float64], NDArray[float64], NDArray[float64]]: ...
