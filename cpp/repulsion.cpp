// Ziegler-Biersack-Littmark repulsion, switched off between two radii as in LAMMPS' `pair_style zbl inner outer`.
#include "repulsion.hpp"

#include <cmath>

namespace sinterface {
namespace {

constexpr double coulomb = 14.399645;  // e^2 / (4 pi eps0) in eV Å, LAMMPS' value in metal units
constexpr double screening_c[4] = {0.02817, 0.28022, 0.50986, 0.18175};
constexpr double screening_d[4] = {0.20162, 0.40290, 0.94229, 3.19980};

struct PairTerm {
    double energy, slope, curvature;
};

}  // namespace

// What a pair of elements needs: factors and rates of the four exponentials, and the switching polynomial.
struct RepulsionTable::Pair {
    double factor[4], rate[4], a, b, c;

    PairTerm screened(double r) const {
        double phi = 0, first = 0, second = 0;
        for (int k = 0; k < 4; ++k) {
            const double e = factor[k] * std::exp(-rate[k] * r);
            phi += e, first -= rate[k] * e, second += rate[k] * rate[k] * e;
        }
        const double inverse = 1 / r;
        return {inverse * phi, inverse * (first - phi * inverse), inverse * (second - 2 * first * inverse + 2 * phi * inverse * inverse)};
    }

    Pair(double zi, double zj, double inner, double outer) {
        const double length = 0.46850 / (std::pow(zi, 0.23) + std::pow(zj, 0.23)), width = outer - inner;
        for (int k = 0; k < 4; ++k) factor[k] = coulomb * zi * zj * screening_c[k], rate[k] = screening_d[k] / length;
        const PairTerm end = screened(outer);
        a = (-3 * end.slope + width * end.curvature) / (width * width);
        b = (2 * end.slope - width * end.curvature) / (width * width * width);
        c = -end.energy + width * end.slope / 2 - width * width * end.curvature / 12;
    }
};

RepulsionTable::RepulsionTable(const Repulsion& repulsion, const std::vector<int>& atomic_numbers)
    : inner_(repulsion.inner), outer_(repulsion.outer), n_elements_(atomic_numbers.size()) {
    for (const int zi : atomic_numbers)
        for (const int zj : atomic_numbers) pairs_.emplace_back(zi, zj, inner_, outer_);
}

RepulsionTable::~RepulsionTable() = default;

void RepulsionTable::add(const System& system, const int* atoms, int n_atoms, const int* near, const int* n_near, const Output& output, double* forces,
                         int stride) const {
    for (int k = 0; k < n_atoms; near += n_near[k], ++k)
        for (int m = 0; m < n_near[k]; ++m) add_pair(system, atoms[k], near[m], output, forces, stride);
}

void RepulsionTable::add_all(const System& system, const int* atoms, int n_atoms, const Output& output, double* forces, int stride) const {
    for (int k = 0; k < n_atoms; ++k)
        for (int n = 0; system.species[atoms[k]] >= 0 && n < system.n_neighbors[atoms[k]]; ++n) add_pair(system, atoms[k], n, output, forces, stride);
}

// Atom i and the neighbour at place n of its list.
void RepulsionTable::add_pair(const System& system, int i, int n, const Output& output, double* forces, int stride) const {
    static const double nowhere[3] = {};
    const int j = system.neighbors[i][n] & system.neighbor_mask;
    const double* translation = system.images ? system.translations + 4 * std::size_t(system.images[i][n]) : nowhere;
    double d[3];
    for (int c = 0; c < 3; ++c) d[c] = system.positions[3 * j + c] - system.positions[3 * i + c] + translation[c];
    const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    if (square >= outer_ * outer_ || system.species[j] < 0) return;
    const Pair& pair = pairs_[static_cast<std::size_t>(system.species[i]) * n_elements_ + static_cast<std::size_t>(system.species[j])];
    const double r = std::sqrt(square), t = r > inner_ ? r - inner_ : 0.0;
    const PairTerm here = pair.screened(r);
    const double energy = here.energy + pair.a / 3 * t * t * t + pair.b / 4 * t * t * t * t + pair.c;
    const double slope = here.slope + pair.a * t * t + pair.b * t * t * t;
    // the pair is met twice, once from each end
    if (output.energies) output.energies[i] += 0.5 * energy;
    for (int x = 0; x < 3; ++x) {
        const double f = -0.5 * slope * d[x] / r;  // on j
        if (forces) forces[stride * j + x] += f, forces[stride * i + x] -= f;
        for (int y = 0; y < 3; ++y) {
            if (output.virial) output.virial[3 * y + x] += d[y] * f;
            if (output.atom_virial) output.atom_virial[9 * j + 3 * y + x] += d[y] * f;
        }
    }
}

}  // namespace sinterface
