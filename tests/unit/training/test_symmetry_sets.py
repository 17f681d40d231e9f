"""Sets of symmetry functions: generated for any elements, pruned on data."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner
from unit.training.test_pipeline import RECIPE, make_labels

from sinterface.cli.app import app
from sinterface.dataset.frames import read_frames
from sinterface.errors import InputError
from sinterface.training.generation import symmetry_text
from sinterface.training.pruning import choose_columns, explained_share, prune_rows
from sinterface.training.recipe import Recipe, read_recipe


def _run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("kind", ["n2p2", "spectrum"])
@pytest.mark.parametrize("cutoff", [4.5, 6.0])
def test_generated_table_is_the_default_written_out(kind: str, cutoff: float) -> None:
    table = tomllib.loads(symmetry_text(["O", "Li"], cutoff, kind, 4, 3))["symmetry"]  # type: ignore[arg-type]
    rest = {"data": {"files": ["x"]}, "potential": {"elements": ["Li", "O"]}}
    short = {"cutoff_A": cutoff}
    if kind == "spectrum":
        short |= {"spectrum": {"channels": 4, "degree": 3}}  # type: ignore[dict-item]
    given = Recipe.model_validate({**rest, "symmetry": table}).rows()
    assert given == Recipe.model_validate({**rest, "symmetry": short}).rows()


def test_generate_command(tmp_path: Path) -> None:
    done = _run("symmetry", "generate", "Li", "O", "Co", "-o", tmp_path / "s.toml")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "s.toml").read_text()
    assert text.startswith("# 27 radial and 48 angular functions")
    found = json.loads(_run("symmetry", "generate", "Li", "--json").stdout)
    assert (found["radial"], found["angular"]) == (9, 8)
    wrong = _run("symmetry", "generate", "Li", "Xx")
    assert wrong.exit_code == 2
    assert "distinct chemical symbols" in wrong.output
    assert _run("symmetry", "generate", "Li", "--cutoff", "20").exit_code == 2


def test_chosen_columns_span_what_there_is() -> None:
    """Of seven columns in three dimensions three suffice, none of them twice."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(400, 3)))[0] * 20
    mixed = basis @ np.array(
        [[1, 1, 0, 0.0, 0, 0.6, 0], [0, 0, 1, 1, 0, 0.8, 0.6], [0, 0, 0, 0, 1, 0, 0.8]]
    )
    mixed -= mixed.mean(axis=0)
    chosen = choose_columns(mixed, 3, "cur")
    assert np.linalg.matrix_rank(mixed[:, chosen]) == 3
    assert explained_share(mixed, mixed, chosen) > 0.9999
    one = choose_columns(mixed, 1, "cur")
    assert 0.3 < explained_share(mixed, mixed, one) < 0.9
    far = choose_columns(mixed, 3, "farthest")
    assert len({tuple(np.round(mixed[:, k], 9)) for k in far}) == 3


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    make_labels(folder / "labels")
    (folder / "train.toml").write_text(RECIPE)
    return folder


@pytest.mark.parametrize("method", ["cur", "farthest"])
def test_pruned_rows_explain_more_the_more_there_are(toy: Path, method: str) -> None:
    recipe, frames = read_recipe(toy / "train.toml"), read_frames(toy / "labels")
    few = prune_rows(recipe, frames, 3, method, keep_radial=False)  # type: ignore[arg-type]
    more = prune_rows(recipe, frames, 8, method, keep_radial=False)  # type: ignore[arg-type]
    whole = {row for each in recipe.rows() for row in each}
    assert [len(each) for each in more.rows] == [8, 8]
    assert {row for each in more.rows for row in each} < whole
    assert set(few.rows[0]) < set(more.rows[0])
    assert all(a < b <= 1.0 for a, b in zip(few.explained, more.explained, strict=True))
    assert min(more.explained) > 0.95
    assert more.n_before == (14, 14)
    mixed = prune_rows(recipe, frames, 10, method)  # type: ignore[arg-type]
    assert [sum(row.kind == 2 for row in each) for each in mixed.rows] == [8, 8]
    with pytest.raises(InputError, match="8 radial functions, more than the 7 to keep"):
        prune_rows(recipe, frames, 7, method)  # type: ignore[arg-type]


def test_silent_functions_go_first(toy: Path, tmp_path: Path) -> None:
    """A radial function beyond the shortest distance's reach never changes: it can't be kept."""
    text = RECIPE.replace("[2.0, 3.2]]", "[2.0, 3.2], [900.0, 0.3]]").replace(
        '"labels"', f'"{toy / "labels"}"'
    )
    (tmp_path / "train.toml").write_text(text)
    recipe, frames = read_recipe(tmp_path / "train.toml"), read_frames(toy / "labels")
    pruned = prune_rows(recipe, frames, 10)
    assert pruned.n_silent == (2, 2)
    assert not any(row.eta == 900.0 for each in pruned.rows for row in each)
    with pytest.raises(InputError, match="14 functions that change in the frames"):
        prune_rows(recipe, frames, 15)


def test_prune_command_writes_what_a_recipe_reads(toy: Path) -> None:
    done = _run(
        "symmetry", "prune", toy / "train.toml", "-n", 6, "--any-radial", "-o", toy / "rows.nn"
    )
    assert done.exit_code == 0, done.output
    assert "Li: 6 of 14 functions (0 never change)" in done.output
    start, end = RECIPE.index("radial"), RECIPE.index("[loss]")
    (toy / "small.toml").write_text(RECIPE[:start] + 'rows = "rows.nn"\n' + RECIPE[end:])
    assert [len(each) for each in read_recipe(toy / "small.toml").rows()] == [6, 6]
    found = json.loads(
        _run("symmetry", "prune", toy / "train.toml", "-n", 6, "--any-radial", "--json").stdout
    )
    assert found["rows"] == (toy / "rows.nn").read_text().splitlines()
    assert _run("symmetry", "prune", toy / "absent.toml", "-n", 6).exit_code == 2
