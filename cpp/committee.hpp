// A committee: members whose networks differ and whose symmetry functions are the same.
//
// Deviations are population standard deviations over the members: sqrt(mean of |x_m - mean x|^2).
#pragma once

#include <string>

#include "potential.hpp"

namespace sinterface {

// An error, naming `file` and the line, unless the member's elements, rows and cutoff function are the first's.
void check_same_functions(const Potential& first, const Potential& member, const std::string& file, int elements_line, int cutoff_line);

// The same for scaling.data; its sigma column matters where the scaling is by sigma.
void check_same_scaling(const Potential& first, const Potential& member, const std::string& file, bool sigma);

// Deviation of each of n atoms' energies; `energies` is [n][members].
void energy_deviations(const double* energies, int members, int n, double* out);

// Deviation of each of n force vectors; `differences` is [members - 1][n_all][3], of each further member from the first.
void force_deviations(const double* differences, int members, int n_all, int n, double* out);

}  // namespace sinterface
