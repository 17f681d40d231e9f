// Sums over neighbours: radial rows, moments A_lm, and the wide angular functions contracted from them.
#pragma once

#include "harmonics.hpp"
#include "neighbors.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <int L, class T>
void sum_bucket(Frame<T>& f, int b) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    const int first = plan.channel_begin[b], last = plan.channel_begin[b + 1];
    V harmonic[(L + 1) * (L + 1)];
    for (int k = 0; k < f.count[b]; ++k) {
        V* s = f.slot(b, k);
        measure(f, b, s);
        for (int t = plan.radial_begin[b]; t < plan.radial_begin[b + 1]; ++t) {
            const RadialTerm<T>& term = plan.radial[t];
            f.values[term.row] += term.weight * f.basis(s, term.basis);
        }
        if (first == last) continue;
        harmonics<T, L>(s[0], s[1], s[2], harmonic);
        for (int c = first; c < last; ++c) {
            const MomentChannel& channel = plan.channels[c];
            const V g = f.basis(s, channel.basis);
            V* a = f.moments + channel.offset;
            const int n = (channel.degree + 1) * (channel.degree + 1);
            for (int q = 0; q < n; ++q) a[q] += g * harmonic[q];
            if (channel.square >= 0) f.moments[channel.square] += g * g;
        }
    }
}

// Call `visit` with the largest degree of the bucket as a compile-time number.
#define SINTERFACE_BY_DEGREE(DEGREE, CALL) \
    switch (DEGREE) {                      \
        case -1:                           \
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

template <class T>
void sum_neighbors(Frame<T>& f) {
    clear(f.values, f.plan.n_rows);
    clear(f.moments, f.plan.n_moments);
    for (int b = 0; b < f.plan.n_buckets; ++b) {
#define SINTERFACE_CALL(L) sum_bucket<L>(f, b)
        SINTERFACE_BY_DEGREE(f.plan.bucket_degree[b], SINTERFACE_CALL)
#undef SINTERFACE_CALL
    }
}

// out[row] += sum_l c_l sum_m first_lm second_lm for every wide row.
template <class T, class V>
void contract(const ElementPlan<T>& plan, const V* first, const V* second, V* out) {
    for (int k = 0; k < plan.n_contractions; ++k) {
        const Contraction& pair = plan.contractions[k];
        const V *a = first + pair.offset1, *b = second + pair.offset2;
        V legendre[max_degree + 1];
        for (int l = 0; l <= pair.degree; ++l) {
            V sum = a[l * l] * b[l * l];
            for (int q = l * l + 1; q < (l + 1) * (l + 1); ++q) sum += a[q] * b[q];
            legendre[l] = sum;
        }
        for (int r = pair.first_row; r < pair.last_row; ++r) {
            const ContractionRow<T>& row = plan.contraction_rows[r];
            V sum = row.coefficient[0] * legendre[0];
            for (int l = 1; l <= pair.degree; ++l) sum += row.coefficient[l] * legendre[l];
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

// dE/dA_lm from dE/dG.
template <class T>
void contract_gradients(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    clear(f.moment_gradients, plan.n_moments);
    for (int k = 0; k < plan.n_contractions; ++k) {
        const Contraction& pair = plan.contractions[k];
        const V *a = f.moments + pair.offset1, *b = f.moments + pair.offset2;
        V *da = f.moment_gradients + pair.offset1, *db = f.moment_gradients + pair.offset2;
        V weight[max_degree + 1], self = V{};
        for (int l = 0; l <= pair.degree; ++l) weight[l] = V{};
        for (int r = pair.first_row; r < pair.last_row; ++r) {
            const ContractionRow<T>& row = plan.contraction_rows[r];
            const V p = f.gradients[row.row];
            for (int l = 0; l <= pair.degree; ++l) weight[l] += row.coefficient[l] * p;
            self += row.self * p;
        }
        if (pair.square >= 0) f.moment_gradients[pair.square] -= self;
        if (a == b) {  // both ends are the same moments
            for (int l = 0; l <= pair.degree; ++l) {
                const V twice = weight[l] + weight[l];
                for (int q = l * l; q < (l + 1) * (l + 1); ++q) da[q] += twice * a[q];
            }
            continue;
        }
        for (int l = 0; l <= pair.degree; ++l) {
            const V w = weight[l];
            for (int q = l * l; q < (l + 1) * (l + 1); ++q) {
                da[q] += w * b[q];
                db[q] += w * a[q];
            }
        }
    }
}

// dE/dr of one slot from the radial terms and the moments of its bucket.
template <int L, class T, class V>
SINTERFACE_INLINE void slot_gradient(const Frame<T>& f, int b, const V* s, V (&out)[3]) {
    const ElementPlan<T>& plan = f.plan;
    V along = V{}, t[3] = {V{}, V{}, V{}};
    for (int k = plan.radial_begin[b]; k < plan.radial_begin[b + 1]; ++k) {
        const RadialTerm<T>& term = plan.radial[k];
        along += term.weight * f.gradients[term.row] * f.basis_slope(s, term.basis);
    }
    if (plan.channel_begin[b] != plan.channel_begin[b + 1]) {
        V harmonic[(L + 1) * (L + 1)], weight[(L + 1) * (L + 1)];
        harmonics<T, L>(s[0], s[1], s[2], harmonic);
        clear(weight, (L + 1) * (L + 1));
        for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
            const MomentChannel& channel = plan.channels[c];
            const V g = f.basis(s, channel.basis), slope = f.basis_slope(s, channel.basis);
            const V* da = f.moment_gradients + channel.offset;
            const int n = (channel.degree + 1) * (channel.degree + 1);
            V sum = V{};
            for (int q = 0; q < n; ++q) {
                weight[q] += g * da[q];
                sum += da[q] * harmonic[q];
            }
            along += slope * sum;
            if (channel.square >= 0) along += T(2) * g * slope * f.moment_gradients[channel.square];
        }
        harmonics_gradient<T, L>(s[0], s[1], s[2], weight, t[0], t[1], t[2]);
        const V inverse = T(1) / s[3], radial = t[0] * s[0] + t[1] * s[1] + t[2] * s[2];
        for (int d = 0; d < 3; ++d) t[d] = (t[d] - radial * s[d]) * inverse;
    }
    for (int d = 0; d < 3; ++d) out[d] = along * s[d] + t[d];
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
