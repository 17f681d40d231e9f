"""The benchmark runs on a tiny system, and its counts of operations have known answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import sinterface

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def modules(monkeypatch):
    """Import modules of `benchmarks/` as its own commands do."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER))

    def load(name: str) -> ModuleType:
        return __import__(name)

    yield load
    for name in set(sys.modules) - before:
        path = getattr(sys.modules[name], "__file__", None)
        if path and Path(path).parent == FOLDER:
            del sys.modules[name]


def _run(script: str, *arguments: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(FOLDER / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_writes_results_and_figure(tmp_path):
    output = tmp_path / "tiny.json"
    shown = _run(
        "run.py", "--smoke", "--output", str(output), "--without", "CHGNet", folder=tmp_path
    )
    record = json.loads(output.read_text())
    assert {"host", "versions", "load_before", "kernel", "quoted", "share_of_peak"} <= set(record)
    for row in record["results"]:
        assert row["median_s"] > 0, row
        assert {
            "name",
            "group",
            "threads",
            "clock",
            "quartiles_s",
            "least_s",
            "median_wall_s",
        } <= set(row)
    groups = {row["group"] for row in record["results"]}
    assert {"engine", "peer", "neighbour list", "atoms", "functions"} <= groups
    names = {row["name"] for row in record["results"]}
    for case in ("wide", "narrow"):
        for precision in ("double", "mixed"):
            assert {f"{case}, {precision}", f"{case}, {precision}, 2 threads"} <= names
    assert {"name": "CHGNet", "reason": "left out by --without"} in record["not_measured"]
    assert "not measured: CHGNet" in shown
    assert all("quoted" in row["name"] and row["source"] for row in record["quoted"])
    assert (tmp_path / "tiny.svg").stat().st_size > 10_000
    assert (tmp_path / "tiny.png").stat().st_size > 10_000


def test_page_shows_the_committed_results(modules):
    publish = modules("publish")
    record = json.loads(publish.RESULTS.read_text(encoding="utf-8"))
    page = publish.PAGE.read_text(encoding="utf-8")
    assert publish.page_text(page, record) == page


def test_a_build_is_as_fast_as_itself_and_gives_the_same_forces(tmp_path):
    source = str(Path(sinterface.__file__).parents[1])
    options = ("--rounds", "1", "--sets", "wide", "--precisions", "mixed")
    shown = _run("compare.py", source, source, *options, folder=tmp_path)
    line = next(line for line in shown.splitlines() if line.startswith("wide, mixed"))
    assert line.split()[-1] == "0.0e+00"


def test_operations_of_moments(modules):
    """Counted by hand for small degrees.

    Degree 1: g x, g y, g z; four sums. Its polynomial: n.t and the constant. Degree 2: three
    products of degree 1, six of degree 2, nine sums; its gradient has three coefficients for each
    of x, y, z, its linear part three constants.
    """
    operations = modules("operations")
    assert operations.moment_operations(0) == 1
    assert operations.moment_operations(1) == 3 + 4
    assert operations.moment_operations(2) == 3 + 6 + 9
    assert operations.polynomial_operations(0) == 0
    assert operations.polynomial_operations(1) == 5 + 1
    assert operations.polynomial_operations(2) == (3 * (3 + 2) + 6) + 5 + 1 + 3
    for degree in range(9):  # two degrees hold as many as there are harmonics up to the upper one
        n = operations.monomials_of(degree) + operations.monomials_of(degree - 1)
        assert n == (degree + 1) ** 2
        assert operations.monomials_below(degree) == sum(
            map(operations.monomials_of, range(degree))
        )


def test_operations_add_up(modules, tmp_path):
    """Twice the cell along z: the same atoms with the same neighbours, twice."""
    operations, systems = modules("operations"), modules("systems")
    potential = sinterface.load_potential(systems.full_set(tmp_path, "wide"))
    totals = []
    for repeat in (1, 2):
        atoms = systems.llzo((1, 1, 1)).repeat((1, 1, repeat))
        neighbors = potential.neighbors(atoms.positions, atoms.cell.array, atoms.pbc)
        species = potential.species(atoms.get_chemical_symbols())
        totals.append(operations.count(potential, species, neighbors, "double").total)
    assert totals[1] == pytest.approx(2 * totals[0], rel=1e-12)
    narrow = sinterface.load_potential(systems.full_set(tmp_path, "narrow"))
    with pytest.raises(ValueError, match="type 3"):
        operations.count(narrow, species, neighbors, "double")


def test_operations_of_one_pair(modules, tmp_path):
    """One radial row for each element, two atoms: nothing but geometry, Gaussian and networks."""
    operations, systems = modules("operations"), modules("systems")
    directory = systems.write_potential(tmp_path / "radial", 9, 1, 0)
    potential = sinterface.load_potential(directory)
    positions = np.array([[0.0, 0, 0], [2.0, 0, 0]])
    neighbors = potential.neighbors(positions, 20 * np.eye(3), False)
    species = potential.species(["Li", "O"])
    found = operations.count(potential, species, neighbors, "double")
    exponential = operations.EXPONENTIAL["double"]
    each = 16 + (16 + exponential) + operations.GAUSSIAN["double"] + 6 + 6 + 24
    assert found.neighbors == 2 * each
    assert found.contractions == 2 * 4 * 5
    weights, nodes = 5 * 20 + 20 * 20 + 20, 41
    assert found.networks == 2 * (4 * weights + nodes + 40 * (exponential + 8) + 4 * 5)


@pytest.mark.parametrize(
    ("mnemonic", "operands", "expected"),
    [
        ("vfmadd231ps", "%ymm1,%ymm2,%ymm3", 16),
        ("vfnmadd213pd", "(%rax),%zmm2,%zmm3", 16),
        ("vfmadd132sd", "%xmm0,%xmm1,%xmm2", 2),
        ("vmulps", "%xmm1,%xmm2,%xmm3", 4),
        ("addsd", "%xmm0,%xmm1", 1),
        ("vsqrtpd", "%ymm0,%ymm1", 4),
        ("vmovaps", "%ymm0,%ymm1", 0),
        ("vpaddd", "%ymm0,%ymm1,%ymm2", 0),
    ],
)
def test_operations_of_an_instruction(modules, mnemonic, operands, expected):
    assert modules("instructions").operations_of(mnemonic, operands) == expected
