"""Recipes: read, refused with a sentence that helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.training.recipe import read_recipe

GOOD = """
[data]
files = ["labels.extxyz"]
[potential]
elements = ["La", "Li", "O"]
[symmetry]
radial = [[0.1, 0.0], [2.0, 2.5]]
angular = [[0.05, -1, 1.0], [0.05, 1, 4.0], [0.2, 1, 2.0]]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "train.toml"
    path.write_text(text)
    return path


def test_rows_follow_the_recipe(tmp_path: Path) -> None:
    rows = read_recipe(write(tmp_path, GOOD)).rows()
    assert [each[0].center for each in rows] == ["Li", "O", "La"]
    assert [len(each) for each in rows] == [2 * 3 + 3 * 6] * 3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("files", "fils", "unknown key 'data.fils'. Did you mean 'files'?"),
        ("[symmetry]", "[symetry]", "unknown key 'symetry'. Did you mean 'symmetry'?"),
        ('["labels.extxyz"]', "[]", "data.files"),
        ("[data]", "[data", "isn't TOML"),
        ('"La"', '"Xx"', "distinct chemical symbols"),
    ],
)
def test_faults_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_recipe(write(tmp_path, GOOD.replace(old, new))).rows()
    assert words in str(caught.value)


def test_missing_recipe(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no recipe"):
        read_recipe(tmp_path / "absent.toml")


def test_shipped_recipe_is_valid() -> None:
    path = Path(__file__).parents[3] / "recipes" / "llzo-lco-first" / "train.toml"
    rows = read_recipe(path).rows()
    assert [each[0].center for each in rows] == ["Li", "O", "Co", "Zr", "La"]
