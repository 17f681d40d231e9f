import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinterface.errors import InputError
from sinterface.structures.coincidence import planes, sigmas, symmetric_tilt

AXES = ((0, 0, 1), (0, 1, 1), (1, 1, 1))


@st.composite
def boundaries(draw, largest=13):
    axis = draw(st.sampled_from(AXES))
    sigma = draw(st.sampled_from(sigmas(axis, largest)))
    return axis, sigma, draw(st.sampled_from(planes(axis, sigma)))


def test_the_sigmas_of_each_axis_are_those_of_the_tables():
    # Sutton and Balluffi, Interfaces in Crystalline Materials (1995), table 1.4
    assert sigmas((0, 0, 1), 41) == [5, 13, 17, 25, 29, 37, 41]
    assert sigmas((0, 1, 1), 33) == [3, 9, 11, 17, 19, 27, 33]
    assert sigmas((1, 1, 1), 31) == [3, 7, 13, 19, 21, 31]


@pytest.mark.parametrize(
    ("axis", "sigma", "plane", "degrees"),
    [
        ((0, 0, 1), 5, (2, 1, 0), 36.87),
        ((0, 0, 1), 5, (3, 1, 0), 36.87),
        ((0, 0, 1), 13, (3, 2, 0), 22.62),
        ((0, 1, 1), 3, (1, 1, -1), 70.53),
        ((0, 1, 1), 9, (1, 2, -2), 38.94),
        ((0, 1, 1), 11, (3, 1, -1), 50.48),
        ((1, 1, 1), 3, (1, 1, -2), 60.0),
        ((1, 1, 1), 7, (2, 1, -3), 38.21),
        ((1, 1, 1), 13, (1, 3, -4), 27.80),
    ],
)
def test_misorientations_are_those_of_the_tables(axis, sigma, plane, degrees):
    tilt = symmetric_tilt(axis, sigma, plane)
    assert tilt.angle_degrees == pytest.approx(degrees, abs=0.005)


@given(boundaries())
def test_one_lattice_point_in_sigma_coincides(boundary):
    _, sigma, plane = boundary
    normal = np.array(plane)
    square = int(normal @ normal)
    grid = np.stack(np.meshgrid(*[np.arange(square)] * 3, indexing="ij"), -1).reshape(-1, 3)
    turned = 2 * (grid @ normal)[:, None] * normal - square * grid  # square × the rotated points
    coincide = (turned % square == 0).all(axis=1)
    assert coincide.sum() * sigma == len(grid)


@given(boundaries())
def test_indices_may_have_a_common_factor(boundary):
    axis, sigma, plane = boundary
    doubled = tuple(2 * i for i in axis), sigma, tuple(-3 * i for i in plane)
    assert symmetric_tilt(*doubled).sigma == sigma
    assert np.dot(symmetric_tilt(*doubled).across, axis) == 0


def test_a_sigma_that_the_axis_lacks_names_those_it_has():
    with pytest.raises(InputError, match=r"no Σ5 boundary about \[111\].*3, 7, 13, 19"):
        symmetric_tilt((1, 1, 1), 5, (2, 1, -3))


def test_a_plane_without_the_axis_or_of_another_sigma_names_those_that_fit():
    with pytest.raises(InputError, match=r"\(213\) does not contain the tilt axis.*\(21-3\)"):
        symmetric_tilt((1, 1, 1), 7, (2, 1, 3))
    with pytest.raises(InputError, match=r"belongs to Σ7, not to Σ13.*\(13-4\)"):
        symmetric_tilt((1, 1, 1), 13, (2, 1, -3))


@pytest.mark.parametrize("axis", [(0, 1, 2), (0, 0, 0)])
def test_other_axes_are_refused(axis):
    with pytest.raises(InputError, match="axis"):
        symmetric_tilt(axis, 5, (2, 1, 0))
