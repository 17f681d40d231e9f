"""Study files of several scales, and their mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sinterface.errors import InputError
from sinterface.study.estimate import makespan
from sinterface.study.general import plan_site
from sinterface.study.graph import Cost, Stage
from sinterface.study.kind_manual import write_kind_template
from sinterface.study.kinds import find_kind, kind_names
from sinterface.study.scales import is_plain, kind_of, read_site, scales_of

FILE = """
[study]
kind = "transport"
name = "trial"
[transport]
supercell = [1, 1, 1]
temperatures_K = [1000.0, 1200.0]
replicas = 3
[dynamics]
timestep_fs = 2.0
[scale.laptop.transport]
replicas = 1
[scale.paper]
"""


def written(tmp_path: Path, text: str = FILE) -> Path:
    path = tmp_path / "trial.toml"
    path.write_text(text)
    return path


def test_a_scale_is_laid_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert kind_of(path) == "transport"
    assert not is_plain(path)
    assert scales_of(path) == ("laptop", "paper")
    laptop, paper = (read_site(path, scale) for scale in ("laptop", "paper"))
    assert laptop.settings.transport.replicas == 1  # type: ignore[attr-defined]
    assert paper.settings.transport.replicas == 3  # type: ignore[attr-defined]
    assert laptop.settings.dynamics.timestep_fs == 2.0


def test_plan_has_each_run_once(tmp_path: Path) -> None:
    stages = plan_site(read_site(written(tmp_path), "paper"))
    runs = [stage for stage in stages if stage.step == "simulate"]
    assert len(runs) == 2 * 3
    assert runs[0].cost.atoms == 192
    assert stages[-1].step == "report"
    assert len({stage.directory_name for stage in stages}) == len(stages)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("replicas = 3", "replica = 3"), "Unknown key 'replica' in [transport]"),
        (("replicas = 3", "replicas = 0"), "[transport] replicas"),
        (("[scale.laptop", "[scale.labtop"), "Did you mean 'laptop'?"),
        (('"transport"', '"transpor"'), "Did you mean 'transport'?"),
        (("[1000.0, 1200.0]", "[1000.0, 1000.0]"), "each value once"),
        (("[1, 1, 1]", "[1, 1]"), "[transport] supercell"),
        (("replicas = 3", 'crystal = "llzu"'), "llzu"),
        (("replicas = 3", 'x = [0.1]\nrule = "Co3+ on Li"'), "give x = "),
        (("replicas = 3", 'x = [0.25]\nrule = "Ni3+ on Li"'), "doesn't know Ni"),
        (("[scale.paper]", '[resources]\nexecutor = "slurm"\n[scale.paper]'), "cores_per_node"),
        (
            (
                "[scale.paper]",
                '[resources]\nexecutor = "flux"\nworkers = 2\nqueue = "debug"\n[scale.paper]',
            ),
            "leave out queue",
        ),
    ],
)
def test_mistakes(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = written(tmp_path, FILE.replace(*change))
    with pytest.raises(InputError, match=re.escape(message)):
        plan_site(read_site(path, scales_of(path)[-1]))


def test_a_scale_must_be_chosen_and_exist(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(InputError, match=re.escape("choose one with --scale laptop|paper")):
        read_site(path)
    with pytest.raises(InputError, match="has no scale 'overnight'; it has laptop, paper"):
        read_site(path, "overnight")


@pytest.mark.parametrize("kind", [kind for kind in kind_names() if kind != "pair"])
def test_template_of_each_kind_reads(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "mine.toml"
    write_kind_template(path, kind)
    assert kind_of(path) == kind
    if kind != "interface":
        site = read_site(path)
        assert site.settings == find_kind(kind).model.model_validate(
            {"study": {"name": "mine", "kind": kind}}
        )


def test_template_of_an_unknown_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean 'transport'"):
        write_kind_template(tmp_path / "mine.toml", "transpor")


def test_makespan_of_two_slots() -> None:
    first = Stage("a", "m:f", cost=Cost(other_s=3.0))
    second = Stage("b", "m:f", cost=Cost(10, 20, other_s=0.0))  # 200 atom-steps
    third = Stage("c", "m:f", upstream=(first, second), cost=Cost(other_s=1.0))
    assert makespan([first, second, third], 2, rate=100.0) == pytest.approx(3.0 + 1.0)
    assert makespan([first, second, third], 1, rate=100.0) == pytest.approx(3.0 + 2.0 + 1.0)
    assert makespan([third], 2, rate=100.0) == pytest.approx(1.0)


def test_values_are_replaced_for_one_run(tmp_path: Path) -> None:
    path = written(tmp_path)
    changes = ["transport.replicas=2", "transport.temperatures_K=[900.0]", "potential.name=my-pot"]
    site = read_site(path, "laptop", changes)
    assert site.settings.transport.replicas == 2
    assert site.settings.transport.temperatures_K == (900.0,)
    assert site.settings.potential.name == "my-pot"
    assert site.settings.dynamics.timestep_fs == 2.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("replicas=2", r"isn't of the form table\.key=value"),
        ("transport.replicas", r"isn't of the form table\.key=value"),
        ("transport.replica=2", "Unknown key 'replica' in .transport.*replicas"),
        ("transport.replicas=many", "replicas"),
    ],
)
def test_a_wrong_replacement_is_told(tmp_path: Path, change: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_site(written(tmp_path), "laptop", [change])


def test_a_ladder_that_could_not_be_read_is_refused_before_it_runs(tmp_path: Path) -> None:
    text = """
[study]
kind = "phase-transition"
name = "trial"
[transition]
supercell = [1, 1, 1]
hold_ps = 3.0
[dynamics]
frame_interval_ps = 0.5
"""
    with pytest.raises(InputError, match="fewer than 10 frames"):
        plan_site(read_site(written(tmp_path, text)))


def test_ranks_are_refused_where_no_stage_takes_them(tmp_path: Path) -> None:
    text = """
[study]
kind = "phase-transition"
name = "trial"
[resources]
ranks = 2
"""
    with pytest.raises(InputError, match="leave out ranks"):
        plan_site(read_site(written(tmp_path, text)))
