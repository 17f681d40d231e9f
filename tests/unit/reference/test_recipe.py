"""Recipes: refusals, stable names, early coverage of every system."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.reference.recipe import Recipe, read_recipe, trajectories

TEXT = """
name = "two"
seed = 3
[[sample]]
system = "lco"
start = { builder = "lco", repeat = [2, 2, 1] }
temperatures_K = [300, 2000]
volume_scales = [1.0, 1.05]
steps = 16
[[sample]]
system = "mix"
start = { builder = "mixture", units = { LiCoO2 = 8, Li2O = 2 } }
temperatures_K = [2000]
steps = 16
replicas = 2
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (tmp_path / "two.toml").write_text(TEXT)
    return read_recipe(tmp_path / "two.toml")


def test_first_trajectory_of_each_system_comes_first(recipe: Recipe) -> None:
    found = trajectories(recipe)
    assert [item.system for item in found] == ["lco", "mix", "lco", "mix", "lco", "lco"]
    assert [item.seed for item in found if item.system == "lco"] == [3000, 3001, 3002, 3003]
    assert len({item.key for item in found}) == 6


def test_keys_depend_on_settings_and_survive_additions(recipe: Recipe, tmp_path: Path) -> None:
    keys = {item.key for item in trajectories(recipe)}
    (tmp_path / "more.toml").write_text(TEXT.replace("replicas = 2", "replicas = 3"))
    assert keys < {item.key for item in trajectories(read_recipe(tmp_path / "more.toml"))}
    (tmp_path / "other.toml").write_text(TEXT.replace("steps = 16", "steps = 24"))
    assert not keys & {item.key for item in trajectories(read_recipe(tmp_path / "other.toml"))}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("replicas", "replica", "unknown key .*Did you mean 'replicas'"),
        ("[300, 2000]", "[0]", "temperatures_K.*greater than 0"),
        ("units = { LiCoO2 = 8, Li2O = 2 }", "repeat = [1, 1, 1]", "only a mixture, needs units"),
        ('"lco", repeat', '"nacl", repeat', "builder"),
        ("seed = 3", "seed = ", "isn't valid TOML"),
    ],
)
def test_unfit_recipes_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(TEXT.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        read_recipe(tmp_path / "bad.toml")


def test_a_missing_recipe_and_a_doubled_sample_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no recipe"):
        read_recipe(tmp_path / "none.toml")
    double = TEXT + TEXT[TEXT.index("[[sample]]") :]
    (tmp_path / "double.toml").write_text(double)
    with pytest.raises(InputError, match="twice"):
        trajectories(read_recipe(tmp_path / "double.toml"))


def test_the_recipes_of_the_first_potential_are_valid() -> None:
    folder = Path(__file__).parents[3] / "recipes" / "llzo-lco-first"
    found = [read_recipe(path) for path in sorted(folder.glob("[0-9]*.toml"))]
    assert found
    assert all(recipe.reference == "chgnet" for recipe in found)
    systems = {sample.system for recipe in found for sample in recipe.sample}
    assert {"llzo-cubic", "lco-layered", *(f"mixture-{i}" for i in range(1, 6))} <= systems
    assert not [name for name in systems if "interface" in name or "tetragonal" in name]
