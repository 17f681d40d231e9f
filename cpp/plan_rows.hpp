// What a row of input.nn or extension.nn is to the kernel: its radial basis, and its triplets or contraction. Of plan_storage.cpp only.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kernel/plan.hpp"
#include "potential.hpp"

namespace sinterface {

// Coefficients of (1 + lambda t)^zeta for whole zeta, by power of t.
inline std::vector<double> binomial_coefficients(double lambda, int zeta) {
    std::vector<double> out(1, 1.0);
    for (int n = 1; n <= zeta; ++n) out.push_back(out.back() * lambda * (zeta - n + 1) / n);
    return out;
}

// Coefficients of Legendre's polynomial by power.
inline std::vector<double> legendre_coefficients(int degree) {
    std::vector<double> out(static_cast<std::size_t>(degree) + 1, 0.0);
    for (int k = 0; 2 * k <= degree; ++k) {
        double c = k % 2 ? -1 : 1;  // (-1)^k (2l - 2k)! / (2^l k! (l - k)! (l - 2k)!)
        for (int n = degree - 2 * k + 1; n <= 2 * degree - 2 * k; ++n) c *= n;
        for (int n = 2; n <= k; ++n) c /= n;
        for (int n = 2; n <= degree - k; ++n) c /= n;
        out[static_cast<std::size_t>(degree - 2 * k)] = std::ldexp(c, -degree);
    }
    return out;
}

// Wide functions of whole, not too large zeta and the power spectrum need no triplets.
inline bool through_moments(const Row& row) {
    return row.spectrum() || (row.type == 9 && row.zeta == std::floor(row.zeta) && row.zeta <= max_degree);
}

inline int degree_of(const Row& row) {
    return row.spectrum() ? row.degree : static_cast<int>(row.zeta);
}

using WindowKey = std::tuple<std::string, double, double>;  // subtype (none: the cutoff function), left, cutoff
using BasisKey = std::tuple<double, double, int>;           // eta, shift, window

constexpr double radians_per_degree = 3.14159265358979323846 / 180;

// The core function of a subtype (p1 to p4, a: asymmetric; e) between two ends, numbered as the cutoff functions.
template <class T>
Window<T> compact_window(const std::string& subtype, bool asymmetric, double left, double right) {
    Window<T> window{};
    window.type = subtype[0] == 'e' ? 4 : 4 + (subtype[1] - '0');
    window.compact = 1, window.asymmetric = asymmetric;
    window.radius = T(1);
    window.center = static_cast<T>(0.5 * (left + right)), window.scale = static_cast<T>(2 / (right - left));
    return window;
}

template <class T>
Window<T> radial_window(const Row& row, const Potential& potential) {
    if (row.compact()) return compact_window<T>(row.subtype, row.subtype.size() == 3, row.left, row.cutoff);
    Window<T> window{};
    window.type = potential.cutoff_type;
    window.alpha = static_cast<T>(potential.cutoff_alpha), window.radius = static_cast<T>(row.cutoff);
    return window;
}

// What one pair of elements adds to a row, through triplets; n2p2's angular windows are never asymmetric.
template <class T>
TripletRow<T> triplet_row(const Row& row, int index, int basis, double weight) {
    TripletRow<T> out{};
    out.basis = basis, out.row = index, out.far_side = row.narrow();
    if (row.compact()) {
        out.prefactor = static_cast<T>(weight);
        out.angle = compact_window<T>(row.subtype, false, row.angle_left * radians_per_degree, row.angle_right * radians_per_degree);
        return out;
    }
    out.integer_zeta = row.zeta == std::floor(row.zeta) ? static_cast<int>(row.zeta) : 0;
    out.prefactor = static_cast<T>(weight * std::pow(2.0, 1.0 - row.zeta));
    out.lambda = static_cast<T>(row.lambda), out.zeta = static_cast<T>(row.zeta);
    return out;
}

// Neighbouring bases of one window as one run; `offset` counts them.
inline void append_runs(const std::set<int>& bases, const std::vector<int>& window, std::vector<Run>& runs, int& offset) {
    const std::size_t begin = runs.size();
    for (const int k : bases) {
        const int w = window[static_cast<std::size_t>(k)];
        if (runs.size() > begin && runs.back().last == k && runs.back().window == w)
            ++runs.back().last;
        else
            runs.push_back({w, k, k + 1, offset});
        ++offset;
    }
}

// prefactor (1 + lambda cos)^zeta as a sum of u^a v^(degree - a): cos = u - v and u + v = 1.
template <class T>
NarrowRow<T> narrow_row(const TripletRow<T>& row, int degree) {
    std::vector<double> sum(1, static_cast<double>(row.prefactor));
    for (int n = 0; n < degree; ++n) {
        const double lambda = n < row.integer_zeta ? static_cast<double>(row.lambda) : 0.0;
        sum.push_back(0);
        for (std::size_t a = sum.size(); a-- > 0;) sum[a] = (1 - lambda) * sum[a] + (a > 0 ? (1 + lambda) * sum[a - 1] : 0.0);
    }
    NarrowRow<T> out{};
    out.row = row.row;
    for (std::size_t a = 0; a < sum.size(); ++a) out.coefficient[a] = static_cast<T>(sum[a]);
    return out;
}

// What the sums S_n of a pair of channels add to a row; the power spectrum keeps the terms j = k.
template <class T>
ContractionRow<T> contraction_row(const Row& row, int index) {
    const bool same = row.first == row.second;
    const double factor = row.spectrum() ? 1.0 : (same ? 0.5 : 1.0) * std::pow(2.0, 1.0 - row.zeta);
    const std::vector<double> c = row.spectrum() ? legendre_coefficients(row.degree) : binomial_coefficients(row.lambda, degree_of(row));
    ContractionRow<T> out{};
    out.row = index;
    for (std::size_t n = 0; n < c.size(); ++n) out.coefficient[n] = static_cast<T>(factor * c[n]);
    if (same && !row.spectrum()) out.self = static_cast<T>(factor * std::pow(1.0 + row.lambda, row.zeta));
    return out;
}

struct WeightedPair {
    int first, second;
    double weight;
};

// The element pairs that a row sums over, with their weights (weighted types: by atomic numbers).
inline std::vector<WeightedPair> pairs_of(const Row& row, const Potential& potential) {
    std::vector<WeightedPair> pairs;
    const int n = static_cast<int>(potential.elements.size());
    const auto z = [&](int e) { return static_cast<double>(potential.elements[static_cast<std::size_t>(e)].atomic_number); };
    if (row.weighted() && !row.angular()) {
        for (int a = 0; a < n; ++a) pairs.push_back({a, -1, z(a)});
    } else if (row.weighted()) {
        for (int a = 0; a < n; ++a)
            for (int b = a; b < n; ++b) pairs.push_back({a, b, z(a) * z(b)});
    } else {
        pairs.push_back({row.first, row.second, 1.0});
    }
    return pairs;
}

// The radial bases (eta, shift and window) of an element's rows, each once.
template <class T>
struct Bases {
    std::vector<Window<T>> windows;
    std::vector<T> eta, shift, rate;
    std::vector<int> window;

    int of(const Row& row, double row_eta, double row_shift, const Potential& potential) {
        const auto found = window_index_.emplace(WindowKey(row.subtype, row.left, row.cutoff), static_cast<int>(windows.size()));
        if (found.second) windows.push_back(radial_window<T>(row, potential));
        const auto basis = basis_index_.emplace(BasisKey(row_eta, row_shift, found.first->second), static_cast<int>(eta.size()));
        if (basis.second) {
            eta.push_back(static_cast<T>(row_eta));
            shift.push_back(static_cast<T>(row_shift));
            rate.push_back(static_cast<T>(-row_eta / std::log(2.0)));
            window.push_back(found.first->second);
        }
        return basis.first->second;
    }

private:
    std::map<WindowKey, int> window_index_;
    std::map<BasisKey, int> basis_index_;
};

// What an element's rows ask for; vectors by the neighbours' element.
template <class T>
struct Demand {
    Bases<T> bases;
    bool shifted = false;
    std::vector<std::vector<RadialTerm<T>>> radial;
    std::vector<std::map<int, int>> degree;                           // basis -> largest l
    std::vector<std::set<int>> squares, used;                         // bases
    std::map<std::tuple<int, int, int, int>, std::vector<int>> wide;  // (element, element, basis of each) -> rows
    std::map<std::pair<int, int>, std::vector<TripletRow<T>>> narrow;

    Demand(const Potential& potential, const Element& element)
        : radial(potential.elements.size()), degree(potential.elements.size()), squares(potential.elements.size()), used(potential.elements.size()) {
        for (std::size_t r = 0; r < element.rows.size(); ++r) add(element.rows[r], static_cast<int>(r), potential);
    }

private:
    void add(const Row& row, int r, const Potential& potential) {
        const int basis = bases.of(row, row.eta, row.shift, potential);
        const int second = row.spectrum() ? bases.of(row, row.second_eta, row.second_shift, potential) : basis;
        shifted |= row.shift != 0 || row.second_shift != 0;
        for (const WeightedPair& pair : pairs_of(row, potential)) {
            const auto a = static_cast<std::size_t>(pair.first);
            used[a].insert(basis);
            if (!row.angular()) {
                radial[a].push_back({basis, 0, r, static_cast<T>(pair.weight)});
                continue;
            }
            const auto b = static_cast<std::size_t>(pair.second);
            used[b].insert(second);
            if (!through_moments(row)) {
                narrow[{pair.first, pair.second}].push_back(triplet_row<T>(row, r, basis, pair.weight));
                continue;
            }
            for (const auto& [e, channel] : {std::pair(a, basis), std::pair(b, second)}) {
                int& l = degree[e].emplace(channel, 0).first->second;
                l = std::max(l, degree_of(row));
            }
            if (a == b && !row.spectrum() && row.lambda > -1) squares[a].insert(basis);
            wide[{pair.first, pair.second, basis, second}].push_back(r);
        }
    }
};
}  // namespace sinterface
