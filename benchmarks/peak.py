"""The floating-point peak of one core: a loop of fused multiply-adds, and BLAS beside it."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

import numpy as np
from measuring import Contestant, NotMeasuredError
from systems import Effort

SOURCE = Path(__file__).with_name("peak.cpp")
ROUNDS = 2_000_000
MATRIX = 1024


def fma_loop(_: Effort, folder: Path) -> list[Contestant]:
    """Compile `peak.cpp` for this processor; 20 million fused multiply-adds of vectors a call."""
    library = folder / "peak.so"
    compiler = os.environ.get("CXX", "g++")
    options = ("-std=c++17", "-O2", "-march=native", "-ffp-contract=fast", "-shared", "-fPIC")
    command = [compiler, *options, str(SOURCE), "-o", str(library)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotMeasuredError(f"'{compiler}' could not build {SOURCE.name}: {error}") from None
    loaded = ctypes.CDLL(str(library))
    found = []
    kinds = (
        ("double", ctypes.c_double, loaded.loop_double),
        ("single", ctypes.c_float, loaded.loop_single),
    )
    for precision, kind, loop in kinds:
        loop.restype = ctypes.c_double
        loop.argtypes = [ctypes.c_long, ctypes.POINTER(kind)]
        sink = kind()
        operations = loop(1, ctypes.byref(sink)) * ROUNDS

        def run(loop: ctypes._CFuncPtr = loop, sink: object = sink) -> object:
            return loop(ROUNDS, ctypes.byref(sink))

        facts = {"precision": precision, "operations": operations}
        found.append(Contestant(f"multiply-add loop, {precision}", "peak", 0, run, 1, facts))
    return found


def blas(_: Effort, __: Path) -> list[Contestant]:
    """Matrix products by numpy's BLAS on one thread."""
    if os.environ.get("OPENBLAS_NUM_THREADS", os.environ.get("OMP_NUM_THREADS")) != "1":
        raise NotMeasuredError("BLAS was not started with one thread: set OMP_NUM_THREADS=1")
    rng = np.random.default_rng(1)
    found = []
    for precision, kind in (("double", np.float64), ("single", np.float32)):
        a = rng.random((MATRIX, MATRIX)).astype(kind)
        b = rng.random((MATRIX, MATRIX)).astype(kind)
        out = np.empty_like(a)

        def run(a: object = a, b: object = b, out: object = out) -> object:
            return np.matmul(a, b, out=out)  # type: ignore[call-overload]

        facts = {"precision": precision, "operations": 2.0 * MATRIX**3}
        found.append(Contestant(f"matrix product, {precision}", "peak", 0, run, 1, facts))
    return found
