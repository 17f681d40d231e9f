// In which order the atoms are visited, and by which thread.
#pragma once

#include <vector>

#include "kernel/plan.hpp"

namespace sinterface {

// Atoms [first, last) of the schedule, all of one element.
struct Stretch {
    int element, first, last;
};

struct Schedule {
    std::vector<int> atoms;
    std::vector<Stretch> stretches;
    std::vector<int> share_begin;  // [threads + 1] the stretches of each thread
    int capacity;                  // largest number of candidates of one atom
};

// Order the atoms that the potential sees (species >= 0) so that
// - neighbours in space are visited one after the other, which keeps their rows in the cache however the caller numbered
//   them and however many there are;
// - atoms of one element stand together, by whole batches of `width`;
// - all threads have as much to do: the materials of an interface differ in density.
// It depends on nothing but its arguments, so a run that is continued adds up in the same order.
Schedule make_schedule(const System& system, const int* atoms, int n_atoms, int n_elements, double cutoff, int width, int threads);

}  // namespace sinterface
