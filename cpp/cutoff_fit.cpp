#include "cutoff_fit.hpp"

#include <cmath>
#include <vector>

namespace sinterface {
namespace {

typedef long double Real;
constexpr Real pi = 3.14159265358979323846264338327950288L;

// fc at x = r / rc of the types that are smooth from 0 to rc.
Real smooth_cutoff(int type, Real x) {
    switch (type) {
        case 0:
            return 1;
        case 1:
            return (1 + std::cos(pi * x)) / 2;
        case 2:
            return std::pow(std::tanh(1 - x), 3);
        case 3:
            return std::pow(std::tanh(1 - x) / std::tanh(Real(1)), 3);
        case 5:
            return (2 * x - 3) * x * x + 1;
        case 6:
            return ((15 - 6 * x) * x - 10) * x * x * x + 1;
        case 7:
            return (((20 * x - 70) * x + 84) * x - 35) * std::pow(x, 4) + 1;
        default:
            return ((((315 - 70 * x) * x - 540) * x + 420) * x - 126) * std::pow(x, 5) + 1;
    }
}

// Coefficients by the Chebyshev polynomials of 2 x - 1.
std::vector<Real> chebyshev(int type, std::size_t degree) {
    constexpr int nodes = 64;
    std::vector<Real> out(degree + 1, 0);
    for (int n = 0; n < nodes; ++n) {
        const Real angle = pi * (n + Real(0.5)) / nodes, f = smooth_cutoff(type, (1 + std::cos(angle)) / 2);
        for (std::size_t k = 0; k < out.size(); ++k) out[k] += (k ? 2 : 1) * f * std::cos(static_cast<Real>(k) * angle) / nodes;
    }
    return out;
}

// The same polynomial by powers.
std::vector<Real> by_powers(const std::vector<Real>& chebyshev) {
    const std::size_t degree = chebyshev.size() - 1;
    std::vector<Real> sum(degree + 1, 0), last(degree + 1, 0), now(degree + 1, 0);
    now[0] = 1;
    for (std::size_t k = 0; k <= degree; ++k) {
        for (std::size_t n = 0; n <= k; ++n) sum[n] += chebyshev[k] * now[n];
        std::vector<Real> next(degree + 1, 0);
        for (std::size_t n = 0; n <= degree; ++n) next[n] = (n > 0 ? (k ? 2 : 1) * now[n - 1] : 0) - (k ? last[n] : 0);
        last.swap(now), now.swap(next);
    }
    return sum;
}

}  // namespace

template <class T>
CutoffFit<T> fit_cutoff(const Window<T>& window) {
    CutoffFit<T> out{};
    const bool kinked = window.type != 0 && window.type != 2 && window.type != 3 && window.alpha > 0;
    if (window.compact || window.type == 4 || kinked) return out;
    const std::vector<Real> powers = by_powers(chebyshev(window.type, CutoffFit<T>::degree));
    for (std::size_t k = 0; k < powers.size(); ++k) out.coefficient[k] = static_cast<T>(powers[k]);
    out.scale = T(2) / window.radius;
    return out;
}

template CutoffFit<float> fit_cutoff(const Window<float>&);
template CutoffFit<double> fit_cutoff(const Window<double>&);

}  // namespace sinterface
