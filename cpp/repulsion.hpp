// The short-range repulsion of all pairs of elements.
#pragma once

#include <cstddef>
#include <vector>

#include "kernel/plan.hpp"
#include "potential.hpp"

namespace sinterface {

class RepulsionTable {
public:
    RepulsionTable(const Repulsion& repulsion, const std::vector<int>& atomic_numbers);
    ~RepulsionTable();

    double outer() const { return outer_; }

    // Adds energies (half to each atom), forces (rows of `stride` numbers) and virial of all pairs within the outer radius (eV,
    // Å). Which they may be: `n_near` places in the list of each atom, in `near` one atom after the other.
    void add(const System& system, const int* atoms, int n_atoms, const int* near, const int* n_near, const Output& output, double* forces, int stride) const;

    // The same, of all candidates.
    void add_all(const System& system, const int* atoms, int n_atoms, const Output& output, double* forces, int stride) const;

private:
    void add_pair(const System& system, int i, int n, const Output& output, double* forces, int stride) const;

    struct Pair;
    double inner_, outer_;
    std::size_t n_elements_;
    std::vector<Pair> pairs_;
};

}  // namespace sinterface
