// Cutoff functions as polynomials, for the third side of triplets: no exponential, no division.
#pragma once

#include "kernel/plan.hpp"

namespace sinterface {

// Polynomial that equals the window to the rounding of T; scale 0 for windows that are not smooth.
template <class T>
CutoffFit<T> fit_cutoff(const Window<T>& window);

}  // namespace sinterface
