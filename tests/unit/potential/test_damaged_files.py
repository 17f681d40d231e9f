"""Whatever stands in a potential's folder: it loads, or one sentence names the file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sinterface
from sinterface.errors import InputError

CASE = Path(__file__).parents[2] / "reference" / "n2p2" / "wide"
NAMES = ("input.nn", "scaling.data", "weights.008.data", "extension.nn")
BAD_WORDS = (
    "nan", "inf", "-inf", "1e999", "-1e308", "1e-400", "99999999999999999999", "0x1p3", "1,5",
    "", "#", "\0", "1.0\0", "\xff\xfe", "é", "-", "+", "++1", "1e", "x" * 5000,
)  # fmt: skip


def _load(folder: Path, name: str) -> None:
    """Load, or check that the message is one line that names a file of the folder."""
    try:
        sinterface.load_potential(folder)
    except InputError as error:
        text = str(error)
        assert any(file in text for file in (*NAMES, "weights.")), text
        assert "\n" not in text
        assert len(text) < 1000
    else:
        assert name in NAMES


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(CASE, tmp_path_factory.mktemp("fuzz") / "potential"))


def _content(name: str) -> bytes:
    path = CASE / name
    return path.read_bytes() if path.exists() else b"format_version 1\nunits bohr eV\nzbl 1.0 2.0\n"


def _try(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    try:
        path.write_bytes(content)
        _load(folder, name)
    finally:
        if (CASE / name).exists():
            path.write_bytes(_content(name))
        else:
            path.unlink()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(name=st.sampled_from(NAMES), where=st.floats(0, 1))
def test_truncated_anywhere(folder, name, where):
    content = _content(name)
    _try(folder, name, content[: int(where * len(content))])


@settings(max_examples=120, deadline=None, derandomize=True)
@given(name=st.sampled_from(NAMES), where=st.floats(0, 1), word=st.sampled_from(BAD_WORDS))
def test_one_word_replaced(folder, name, where, word):
    words = _content(name).split(b" ")
    words[min(int(where * len(words)), len(words) - 1)] = word.encode("latin-1")
    _try(folder, name, b" ".join(words))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(name=st.sampled_from(NAMES), junk=st.binary(max_size=300), where=st.floats(0, 1))
def test_binary_junk(folder, name, junk, where):
    content = _content(name)
    cut = int(where * len(content))
    _try(folder, name, content[:cut] + junk + content[cut:])
    _try(folder, name, junk)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(name=st.sampled_from(NAMES), line=st.integers(0, 400), twice=st.booleans())
def test_a_line_too_many_or_too_few(folder, name, line, twice):
    lines = _content(name).splitlines(keepends=True)
    k = line % len(lines)
    _try(folder, name, b"".join(lines[:k] + lines[k : k + 1] * (2 * twice) + lines[k + 1 :]))


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_of_windows(folder, name):
    path = folder / name
    path.write_bytes(_content(name).replace(b"\n", b"\r\n"))
    try:
        sinterface.load_potential(folder)
    finally:
        path.write_bytes(_content(name)) if (CASE / name).exists() else path.unlink()


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_instead_of_a_file(tmp_path, name):
    folder = Path(shutil.copytree(CASE, tmp_path / "potential"))
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    with pytest.raises(InputError, match=rf"{name}: is no file"):
        sinterface.load_potential(folder)


def test_a_pipe_does_not_hang(tmp_path):
    import os

    folder = Path(shutil.copytree(CASE, tmp_path / "potential"))
    (folder / "scaling.data").unlink()
    os.mkfifo(folder / "scaling.data")
    with pytest.raises(InputError, match="is no file"):
        sinterface.load_potential(folder)


def test_a_giant_file_is_refused(tmp_path):
    folder = Path(shutil.copytree(CASE, tmp_path / "potential"))
    with (folder / "scaling.data").open("r+b") as file:
        file.truncate(2**40)  # sparse: it takes no room
    with pytest.raises(InputError, match="far too large"):
        sinterface.load_potential(folder)


def test_a_file_cut_within_its_last_line_is_told(tmp_path):
    folder = Path(shutil.copytree(CASE, tmp_path / "potential"))
    path = folder / "scaling.data"
    path.write_bytes(path.read_bytes().rstrip()[:-6])  # within the digits
    potential = sinterface.load_potential(folder)
    assert "may be cut short" in potential.warnings[0]


def test_numbers_do_not_follow_the_locale(tmp_path):
    import locale

    for name in ("de_DE.UTF-8", "fr_FR.UTF-8"):
        try:
            before = locale.setlocale(locale.LC_NUMERIC)
            locale.setlocale(locale.LC_NUMERIC, name)
        except locale.Error:
            continue
        try:
            assert sinterface.load_potential(CASE).cutoff_A == 6.0
        finally:
            locale.setlocale(locale.LC_NUMERIC, before)
