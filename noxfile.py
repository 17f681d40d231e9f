"""Doors to the project: nox -s tests | slow | cpp | lint | docs | bench."""

import nox

nox.options.sessions = ["tests", "lint"]
INSTALL = ("-c", "constraints.txt")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the test suite."""
    session.install(*INSTALL, ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the long physics tests, DFT with GPAW among them."""
    session.install(*INSTALL, ".[test,gpaw]")
    session.run("pytest", "-m", "slow", *session.posargs)


@nox.session(venv_backend="none")
def cpp(session: nox.Session) -> None:
    """Test the C++ core under sanitizers; needs a compiler, CMake and Catch2 on the system."""
    options = ("-DSINTERFACE_PYTHON=OFF", "-DSINTERFACE_CPP_TESTS=ON")
    session.run("cmake", "-S", ".", "-B", "build/cpp", *options)
    session.run("cmake", "--build", "build/cpp", "--parallel")
    session.run("ctest", "--test-dir", "build/cpp", "--output-on-failure")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and the layer contract."""
    session.install(*INSTALL, ".[test]")
    session.install(*INSTALL, *nox.project.dependency_groups(nox.project.load_toml(), "lint"))
    session.run("bash", ".ci/lint", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Run every command that the pages print, then build them; warnings are errors."""
    session.install(*INSTALL, ".[docs,test]")
    session.run("pytest", "-m", "slow or not slow", "tests/test_pages.py")
    session.run("mkdocs", "build", "--strict")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the engine beside its peers, interleaved in one run."""
    session.install(*INSTALL, ".[bench]")
    session.run("python", "benchmarks/run.py", *session.posargs)
