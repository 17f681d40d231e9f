// Sums over neighbours: radial rows, moments, and the wide angular functions contracted from them.
#pragma once

#include "monomials.hpp"
#include "neighbors.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// Call a template with a degree known at run time.
#define SINTERFACE_BY_DEGREE(DEGREE, CALL) \
    switch (DEGREE) {                      \
        case 0:                            \
            CALL(0);                       \
            break;                         \
        case 1:                            \
            CALL(1);                       \
            break;                         \
        case 2:                            \
            CALL(2);                       \
            break;                         \
        case 3:                            \
            CALL(3);                       \
            break;                         \
        case 4:                            \
            CALL(4);                       \
            break;                         \
        case 5:                            \
            CALL(5);                       \
            break;                         \
        case 6:                            \
            CALL(6);                       \
            break;                         \
        case 7:                            \
            CALL(7);                       \
            break;                         \
        default:                           \
            CALL(8);                       \
            break;                         \
    }

template <int L, class T>
__attribute__((noinline)) void sum_channel(const Frame<T>& f, int b, const MomentChannel& channel) {
    typedef typename Frame<T>::V V;
    V* top = f.moments + channel.offset + monomials_below(L);
    V* below = L > 0 ? f.moments + channel.offset + monomials_below(L - 1) : nullptr;
    V square = V{};
    for (int k = 0; k < f.count[b]; ++k) {
        const V* s = f.slot(b, k);
        const V g = f.basis(s, channel.basis);
        add_monomials<L>(g, s[0], s[1], s[2], top, below);
        square += g * g;
    }
    if (channel.square >= 0) f.moments[channel.square] = square;
}

// The radial rows of a bucket.
template <class T>
void sum_radial(const Frame<T>& f, int b) {
    const ElementPlan<T>& plan = f.plan;
    for (int u = plan.radial_begin[b]; u < plan.radial_begin[b + 1]; ++u) {
        const Run& run = plan.radial_runs[u];
        auto* sum = f.sums + run.offset;
        const int n = run.last - run.first;
        clear(sum, n);
        const int window = f.layout.windows + 2 * run.window, gaussian = f.layout.gaussians + run.first;
        int k = 0;
        for (; k + 2 <= f.count[b]; k += 2) {
            const auto *s = f.slot(b, k), *next = f.slot(b, k + 1);
            for (int t = 0; t < n; ++t) sum[t] += s[gaussian + t] * s[window] + next[gaussian + t] * next[window];
        }
        for (; k < f.count[b]; ++k) {
            const auto* s = f.slot(b, k);
            for (int t = 0; t < n; ++t) sum[t] += s[gaussian + t] * s[window];
        }
    }
    for (int t = plan.term_begin[b]; t < plan.term_begin[b + 1]; ++t) f.values[plan.terms[t].row] += plan.terms[t].weight * f.sums[plan.terms[t].offset];
}

template <class T>
__attribute__((noinline)) void sum_neighbors(Frame<T>& f) {
    const ElementPlan<T>& plan = f.plan;
    clear(f.values, plan.n_rows);
    clear(f.moments, plan.n_moments);
    for (int b = 0; b < plan.n_buckets; ++b) {
        if (f.count[b] == 0) continue;
        measure(f, b);
        sum_radial(f, b);
        for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
            const MomentChannel& channel = plan.channels[c];
#define SINTERFACE_CALL(L) sum_channel<L>(f, b, channel)
            SINTERFACE_BY_DEGREE(channel.degree, SINTERFACE_CALL)
#undef SINTERFACE_CALL
            complete_sums<T>(channel.degree, f.moments + channel.offset);
        }
    }
}

// out[row] += sum_n c_n S_n for every wide row.
template <class T, class V>
void contract(const Frame<T>& f, const V* first, const V* second, V* out) {
    const ElementPlan<T>& plan = f.plan;
    for (int k = 0; k < plan.n_contractions; ++k) {
        const Contraction& pair = plan.contractions[k];
        if (f.count[pair.bucket1] == 0 || f.count[pair.bucket2] == 0) continue;
        const V *a = first + pair.offset1, *b = second + pair.offset2;
        V power[max_degree + 1];
        for (int n = 0, q = 0; n <= pair.degree; ++n) {
            V sum = V{};
            for (; q < monomials_below(n + 1); ++q) sum += a[q] * b[q];
            power[n] = sum;
        }
        for (int r = pair.first_row; r < pair.last_row; ++r) {
            const ContractionRow<T>& row = plan.contraction_rows[r];
            V sum = row.coefficient[0] * power[0];
            for (int n = 1; n <= pair.degree; ++n) sum += row.coefficient[n] * power[n];
            out[row.row] += sum;
        }
    }
}

// A neighbour is no partner of itself: take the terms j = k out again.
template <class T, class V>
void subtract_self(const ElementPlan<T>& plan, const V* squares, V* out) {
    for (int k = 0; k < plan.n_contractions; ++k) {
        const Contraction& pair = plan.contractions[k];
        if (pair.square < 0) continue;
        for (int r = pair.first_row; r < pair.last_row; ++r) {
            const ContractionRow<T>& row = plan.contraction_rows[r];
            out[row.row] -= row.self * squares[pair.square];
        }
    }
}

// A pair's part of dE/dA from dE/dG.
template <int L, class T>
__attribute__((noinline)) void pair_gradients(const Frame<T>& f, const Contraction& pair) {
    typedef typename Frame<T>::V V;
    const V *a = f.moments + pair.offset1, *b = f.moments + pair.offset2;
    V *da = f.moment_gradients + pair.offset1, *db = f.moment_gradients + pair.offset2;
    V weight[L + 1], self = V{};
    for (int n = 0; n <= L; ++n) weight[n] = V{};
    for (int r = pair.first_row; r < pair.last_row; ++r) {
        const ContractionRow<T>& row = f.plan.contraction_rows[r];
        const V p = f.gradients[row.row];
        for (int n = 0; n <= L; ++n) weight[n] += row.coefficient[n] * p;
        self += row.self * p;
    }
    if (pair.square >= 0) f.moment_gradients[pair.square] -= self;
    if (a == b) {  // both ends are the same moments
#pragma GCC unroll 16
        for (int n = 0; n <= L; ++n) {
            const V w = weight[n] + weight[n];
            for (int q = monomials_below(n); q < monomials_below(n + 1); ++q) da[q] += w * a[q];
        }
        return;
    }
#pragma GCC unroll 16
    for (int n = 0; n <= L; ++n) {
        const V w = weight[n];
        for (int q = monomials_below(n); q < monomials_below(n + 1); ++q) {
            da[q] += w * b[q];
            db[q] += w * a[q];
        }
    }
}

// dE/dA from dE/dG.
template <class T>
void contract_gradients(Frame<T>& f) {
    const ElementPlan<T>& plan = f.plan;
    clear(f.moment_gradients, plan.n_moments);
    for (int k = 0; k < plan.n_contractions; ++k) {
        const Contraction& pair = plan.contractions[k];
        if (f.count[pair.bucket1] == 0 || f.count[pair.bucket2] == 0) continue;
#define SINTERFACE_CALL(L) pair_gradients<L>(f, pair)
        SINTERFACE_BY_DEGREE(pair.degree, SINTERFACE_CALL)
#undef SINTERFACE_CALL
    }
}

// Of each channel the polynomial dE/dbasis of the direction.
template <class T>
void polynomial_gradients(Frame<T>& f) {
    const ElementPlan<T>& plan = f.plan;
    for (int b = 0; b < plan.n_buckets; ++b) {
        if (f.count[b] == 0) continue;
        for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
            const MomentChannel& channel = plan.channels[c];
#define SINTERFACE_CALL(L) polynomial_coefficients<L, T>(f.moment_gradients + channel.offset, f.coefficients + channel.coefficients)
            SINTERFACE_BY_DEGREE(channel.degree, SINTERFACE_CALL)
#undef SINTERFACE_CALL
        }
    }
}

// What a neighbour's gradient needs of dE/dG: these and of each radial basis [p, -2 eta p] with p = dE/dbasis.
template <class T>
void neighbor_coefficients(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    clear(f.sums, 2 * plan.n_radial);
    for (int t = 0; t < plan.term_begin[plan.n_buckets]; ++t) {
        const RadialTerm<T>& term = plan.terms[t];
        const V p = term.weight * f.gradients[term.row];
        f.sums[2 * term.offset] += p;
        f.sums[2 * term.offset + 1] -= (T(2) * plan.eta[term.basis]) * p;
    }
    polynomial_gradients(f);
}

// dE/dr along the distance from the radial rows. The distance to a shell is taken before the sum: r sum_t q_t - sum_t
// q_t shift_t would be the small difference of two large sums.
template <class T, class V>
SINTERFACE_INLINE V radial_slope(const Frame<T>& f, int b, const V* s) {
    const ElementPlan<T>& plan = f.plan;
    V along = V{};
    for (int u = plan.radial_begin[b]; u < plan.radial_begin[b + 1]; ++u) {
        const Run& run = plan.radial_runs[u];
        const V *gaussian = s + f.layout.gaussians + run.first, *coefficient = f.sums + 2 * run.offset;
        const int n = run.last - run.first;
        V p = V{}, q = V{};
        for (int t = 0; t < n; ++t) p += gaussian[t] * coefficient[2 * t];
        if (plan.shifted) {
            const T* shift = plan.shift + run.first;
            for (int t = 0; t < n; ++t) q += gaussian[t] * (s[3] - shift[t]) * coefficient[2 * t + 1];
        } else {
            for (int t = 0; t < n; ++t) q += gaussian[t] * coefficient[2 * t + 1];
            q *= s[3];
        }
        const V* fc = s + f.layout.windows + 2 * run.window;
        along += p * fc[1] + q * fc[0];
    }
    return along;
}

// Leave a channel's part of dE/dr at its neighbours. A function of its own for each degree: seen together, the
// compiler would work out the monomials of all degrees for each.
template <int L, class T>
__attribute__((noinline)) void channel_gradients(const Frame<T>& f, int b, const MomentChannel& channel, bool first) {
    typedef typename Frame<T>::V V;
    for (int k = 0; k < f.count[b]; ++k) {
        V* s = f.slot(b, k);
        V* turn = s + f.layout.turn;
        V value, t[3];
        polynomial<L, T>(s[0], s[1], s[2], f.coefficients + channel.coefficients, value, t);
        const V g = f.basis(s, channel.basis);
        if (channel.square >= 0) value += T(2) * g * f.moment_gradients[channel.square];
        value *= f.basis_slope(s, channel.basis);
        if (first) {
            for (int d = 0; d < 3; ++d) turn[d] = g * t[d];
            turn[3] = value;
        } else {
            for (int d = 0; d < 3; ++d) turn[d] += g * t[d];
            turn[3] += value;
        }
    }
}

template <class T>
void moment_gradients(const Frame<T>& f, int b) {
    const int begin = f.plan.channel_begin[b];
    for (int c = begin; c < f.plan.channel_begin[b + 1]; ++c) {
        const MomentChannel& channel = f.plan.channels[c];
#define SINTERFACE_CALL(L) channel_gradients<L>(f, b, channel, c == begin)
        SINTERFACE_BY_DEGREE(channel.degree, SINTERFACE_CALL)
#undef SINTERFACE_CALL
    }
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
