from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sinterface.study.manual import toml_value
from sinterface.study.reading import StudyFile, read_study

FAKE_RUN = Path(__file__).with_name("fake_run.py")


@pytest.fixture
def fake() -> ModuleType:
    """The pipeline of fakes, fresh for each test."""
    spec = importlib.util.spec_from_file_location("fake_run", FAKE_RUN)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def make_study(tmp_path: Path) -> Callable[..., StudyFile]:
    """Write and read a study file: ``make_study(study={"replicas": 2}, dynamics={...})``."""

    def make(**tables: dict[str, Any]) -> StudyFile:
        few = {"name": "trial", "replicas": 2, "controls": False}
        tables = {**tables, "study": {**few, **tables.get("study", {})}}
        lines = []
        for name, keys in tables.items():
            lines += [f"[{name}]", *(f"{key} = {toml_value(v)}" for key, v in keys.items())]
        path = tmp_path / "trial.toml"
        path.write_text("\n".join(lines) + "\n")
        return read_study(path)

    return make
