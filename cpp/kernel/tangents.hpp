// Derivative of the symmetry functions along a displacement of the atoms and a strain.
#pragma once

#include "moments.hpp"
#include "triplets.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// Tangents of the moments (into moment_gradients) and of the radial rows (into gradients).
template <int L, class T>
void tangent_bucket(Frame<T>& f, int b) {
    typedef typename Frame<T>::V V;
    const ElementPlan<T>& plan = f.plan;
    V harmonic[(L + 1) * (L + 1)], change[(L + 1) * (L + 1)];
    for (int k = 0; k < f.count[b]; ++k) {
        const V* s = f.slot(b, k);
        const V* v = s + f.layout.tangent;
        const V along = v[0] * s[0] + v[1] * s[1] + v[2] * s[2];
        for (int t = plan.radial_begin[b]; t < plan.radial_begin[b + 1]; ++t) {
            const RadialTerm<T>& term = plan.radial[t];
            f.gradients[term.row] += term.weight * f.basis_slope(s, term.basis) * along;
        }
        if (plan.channel_begin[b] == plan.channel_begin[b + 1]) continue;
        const V inverse = T(1) / s[3];
        const V across[3] = {(v[0] - along * s[0]) * inverse, (v[1] - along * s[1]) * inverse, (v[2] - along * s[2]) * inverse};
        harmonics<T, L>(s[0], s[1], s[2], harmonic);
        harmonics_tangent<T, L>(s[0], s[1], s[2], across, change);
        for (int c = plan.channel_begin[b]; c < plan.channel_begin[b + 1]; ++c) {
            const MomentChannel& channel = plan.channels[c];
            const V g = f.basis(s, channel.basis), slope = f.basis_slope(s, channel.basis) * along;
            V* a = f.moment_gradients + channel.offset;
            const int n = (channel.degree + 1) * (channel.degree + 1);
            for (int q = 0; q < n; ++q) a[q] += slope * harmonic[q] + g * change[q];
            if (channel.square >= 0) f.moment_gradients[channel.square] += T(2) * g * slope;
        }
    }
}

template <class T>
void tangents(Frame<T>& f) {
    clear(f.gradients, f.plan.n_rows);
    clear(f.moment_gradients, f.plan.n_moments);
    for (int b = 0; b < f.plan.n_buckets; ++b) {
#define SINTERFACE_CALL(L) tangent_bucket<L>(f, b)
        SINTERFACE_BY_DEGREE(f.plan.bucket_degree[b], SINTERFACE_CALL)
#undef SINTERFACE_CALL
    }
    contract(f.plan, f.moment_gradients, f.moments, f.gradients);
    contract(f.plan, f.moments, f.moment_gradients, f.gradients);
    subtract_self(f.plan, f.moment_gradients, f.gradients);
    triplet_tangents(f, f.gradients);
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
