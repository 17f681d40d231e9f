"""Atoms' surroundings as symmetry-function vectors, and classes of them with a way to say no."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

N_COMPONENTS = 24
"""Principal components of the scaled symmetry functions that are kept."""

SHRINKAGE = 0.15
"""Weight of the round covariance in each class' own one (Friedman 1989)."""

TAIL = 12.0
"""Degrees of freedom of Student's t: an outlier speaks less loudly than under a Gaussian."""

REFUSED = 0.995
"""Share of the held-out samples of a class that its limit of distance lets in,"""

ROOM = 3.0
"""times this, for what heat does beyond the samples."""


@dataclasses.dataclass(frozen=True)
class ElementClasses:
    """The classes of one element's surroundings.

    Attributes
    ----------
    shift, scale, axes
        Of the scaling and the principal components, shapes (n,), (n,), (n, n_components).
    means, inverses, log_determinants
        Of each class in that space; NaN for a class without this element.
    limits
        Largest squared distance to each class that is believed, shape (n_classes,).
    """

    shift: FloatArray
    scale: FloatArray
    axes: FloatArray
    means: FloatArray
    inverses: FloatArray
    log_determinants: FloatArray
    limits: FloatArray

    def distances(self, vectors: FloatArray) -> FloatArray:
        """Return squared Mahalanobis distances, shape (n_atoms, n_classes), inf where absent."""
        inside = ((vectors - self.shift) / self.scale) @ self.axes
        found = np.full((len(vectors), len(self.means)), np.inf)
        for k in np.flatnonzero(np.isfinite(self.log_determinants)):
            moved = inside - self.means[k]
            found[:, k] = np.einsum("ni,ij,nj->n", moved, self.inverses[k], moved)
        return found

    def likelihoods(self, distances: FloatArray) -> FloatArray:
        """Return the logarithms of the likelihoods (Student's t), same shape."""
        n = self.axes.shape[1]
        with np.errstate(invalid="ignore"):
            found = -0.5 * (TAIL + n) * np.log1p(distances / TAIL) - 0.5 * self.log_determinants
        return np.where(np.isfinite(found), found, -np.inf)


def fit_classes(
    vectors: FloatArray, labels: IntArray, held_out: NDArray[np.bool_], n_classes: int
) -> ElementClasses:
    """Fit the classes of one element.

    Parameters
    ----------
    vectors
        Symmetry functions, shape (n_samples, n_functions).
    labels
        Class of each sample.
    held_out
        Samples that only set the limits of distance.
    n_classes
        Number of classes; some may lack this element.
    """
    train = ~held_out
    shift = vectors[train].mean(axis=0)
    scale = vectors[train].std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    scaled = (vectors - shift) / scale
    _, columns = np.linalg.eigh(scaled[train].T @ scaled[train])
    axes = columns[:, ::-1][:, :N_COMPONENTS]
    inside = scaled @ axes
    n = axes.shape[1]
    means = np.full((n_classes, n), np.nan)
    inverses = np.full((n_classes, n, n), np.nan)
    logs = np.full(n_classes, np.nan)
    for k in np.unique(labels):
        own = inside[train & (labels == k)]
        means[k] = own.mean(axis=0)
        covariance = np.cov(own.T) * (1.0 - SHRINKAGE)
        covariance += SHRINKAGE * np.eye(n) * (own.var(axis=0).mean() + 1e-6)
        inverses[k] = np.linalg.inv(covariance)
        logs[k] = np.linalg.slogdet(covariance)[1]
    classes = ElementClasses(shift, scale, axes, means, inverses, logs, np.full(n_classes, np.inf))
    distances = classes.distances(vectors[held_out])
    kept = labels[held_out]
    limits = np.array(
        [
            ROOM * np.quantile(distances[kept == k, k], REFUSED) if (kept == k).any() else -1.0
            for k in range(n_classes)
        ]
    )
    return dataclasses.replace(classes, limits=limits)
