// Derivative of the symmetry functions along a displacement of the atoms and a strain.
#pragma once

#include "moments.hpp"
#include "triplets.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <int L, class T>
void channel_tangent(const Frame<T>& f, int b, const MomentChannel& channel) {
    typedef typename Frame<T>::V V;
    V* a = f.moment_gradients + channel.offset;
    for (int k = 0; k < f.count[b]; ++k) {
        const V* s = f.slot(b, k);
        const V* v = s + f.layout.tangent;
        const V along = v[0] * s[0] + v[1] * s[1] + v[2] * s[2], inverse = s[f.layout.inverse];
        const V across[3] = {(v[0] - along * s[0]) * inverse, (v[1] - along * s[1]) * inverse, (v[2] - along * s[2]) * inverse};
        const V g = f.basis(s, channel.basis), slope = f.basis_slope(s, channel.basis) * along;
        add_monomial_tangents<L, T>(g, slope, s[0], s[1], s[2], across, a + monomials_below(L));
        if constexpr (L > 0) add_monomial_tangents<L - 1, T>(g, slope, s[0], s[1], s[2], across, a + monomials_below(L - 1));
        if (channel.square >= 0) f.moment_gradients[channel.square] += T(2) * g * slope;
    }
}

// Tangents of the moments (into moment_gradients) and of the radial rows (into gradients).
template <class T>
void tangent_bucket(Frame<T>& f, int b) {
    const ElementPlan<T>& plan = f.plan;
    for (int k = 0; k < f.count[b]; ++k) {
        const auto* s = f.slot(b, k);
        const auto* v = s + f.layout.tangent;
        const auto along = v[0] * s[0] + v[1] * s[1] + v[2] * s[2];
        for (int t = plan.term_begin[b]; t < plan.term_begin[b + 1]; ++t) {
            const RadialTerm<T>& term = plan.terms[t];
            f.gradients[term.row] += term.weight * f.basis_slope(s, term.basis) * along;
        }
    }
    for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
        const MomentChannel& channel = plan.channels[c];
#define SINTERFACE_CALL(L) channel_tangent<L>(f, b, channel)
        SINTERFACE_BY_DEGREE(channel.degree, SINTERFACE_CALL)
#undef SINTERFACE_CALL
        complete_sums<T>(channel.degree, f.moment_gradients + channel.offset);
    }
}

template <class T>
void tangents(Frame<T>& f) {
    clear(f.gradients, f.plan.n_rows);
    clear(f.moment_gradients, f.plan.n_moments);
    for (int b = 0; b < f.plan.n_buckets; ++b)
        if (f.count[b] > 0) tangent_bucket(f, b);
    contract(f, f.moment_gradients, f.moments, f.gradients);
    contract(f, f.moments, f.moment_gradients, f.gradients);
    subtract_self(f.plan, f.moment_gradients, f.gradients);
    triplet_tangents(f, f.gradients);
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
