// Ziegler-Biersack-Littmark repulsion, switched off between two radii as in LAMMPS' `pair_style zbl inner outer`.
#include <cmath>

#include "engine.hpp"

namespace sinterface {
namespace {

constexpr double coulomb = 14.399645;  // e^2 / (4 pi eps0) in eV Å, LAMMPS' value in metal units
constexpr double screening_c[4] = {0.02817, 0.28022, 0.50986, 0.18175};
constexpr double screening_d[4] = {0.20162, 0.40290, 0.94229, 3.19980};

struct PairTerm {
    double energy, slope, curvature;
};

PairTerm screened(double r, double zi, double zj) {
    const double a = 0.46850 / (std::pow(zi, 0.23) + std::pow(zj, 0.23));
    double phi = 0, first = 0, second = 0;
    for (int k = 0; k < 4; ++k) {
        const double d = screening_d[k] / a, e = screening_c[k] * std::exp(-d * r);
        phi += e, first -= d * e, second += d * d * e;
    }
    const double q = coulomb * zi * zj, inverse = 1 / r;
    return {q * inverse * phi, q * inverse * (first - phi * inverse), q * inverse * (second - 2 * first * inverse + 2 * phi * inverse * inverse)};
}

}  // namespace

void add_repulsion(const Repulsion& repulsion, const std::vector<int>& atomic_numbers, const System& system, const int* atoms, int n_atoms,
                   const Output& output, double* forces, int stride) {
    const double inner = repulsion.inner, outer = repulsion.outer, width = outer - inner;
    for (int k = 0; k < n_atoms; ++k) {
        const int i = atoms[k];
        if (system.species[i] < 0) continue;
        const double zi = atomic_numbers[static_cast<std::size_t>(system.species[i])];
        const double* xi = system.positions + 3 * i;
        for (int n = 0; n < system.n_neighbors[i]; ++n) {
            const int j = system.neighbors[i][n] & system.neighbor_mask;
            if (system.species[j] < 0) continue;
            double d[3];
            for (int c = 0; c < 3; ++c) d[c] = system.positions[3 * j + c] - xi[c] + (system.shifts ? system.shifts[i][3 * n + c] : 0.0);
            const double square = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
            if (square >= outer * outer) continue;
            const double zj = atomic_numbers[static_cast<std::size_t>(system.species[j])];
            const double r = std::sqrt(square), t = r > inner ? r - inner : 0.0;
            const PairTerm end = screened(outer, zi, zj), here = screened(r, zi, zj);
            const double a = (-3 * end.slope + width * end.curvature) / (width * width);
            const double b = (2 * end.slope - width * end.curvature) / (width * width * width);
            const double c = -end.energy + width * end.slope / 2 - width * width * end.curvature / 12;
            const double energy = here.energy + a / 3 * t * t * t + b / 4 * t * t * t * t + c;
            const double slope = here.slope + a * t * t + b * t * t * t;
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
    }
}

}  // namespace sinterface
