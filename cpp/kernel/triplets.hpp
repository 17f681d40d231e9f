// Angular functions that need the third side of the triangle, or a zeta that moments can't express.
#pragma once

#include "frame.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class V>
struct Triplet {
    V cosine, inverse1, inverse2, far, inverse_far;
    V angle, inverse_sine;  // where a row needs them
};

template <class T, class V>
SINTERFACE_INLINE Triplet<V> triangle(const V* s, const V* t) {
    Triplet<V> g;
    g.cosine = s[0] * t[0] + s[1] * t[1] + s[2] * t[2];
    g.inverse1 = T(1) / s[3];
    g.inverse2 = T(1) / t[3];
    const V square = s[3] * s[3] + t[3] * t[3] - T(2) * s[3] * t[3] * g.cosine;
    g.far = root<T>(most<T>(square, splat<T>(T(1e-12))));
    g.inverse_far = T(1) / g.far;
    return g;
}

// The angle between two slots by its half, sharp at 0 and 180 degrees too.
template <class T, class V>
void angle_between(const V* s, const V* t, Triplet<V>& g) {
    V less = V{}, more = V{};
    for (int k = 0; k < 3; ++k) {
        less += (s[k] - t[k]) * (s[k] - t[k]);
        more += (s[k] + t[k]) * (s[k] + t[k]);
    }
    const V sine = T(0.5) * root<T>(less), cosine = T(0.5) * root<T>(more);  // of the half angle
    const V part = T(2) * arc_sine<T>(least<T>(sine, cosine));
    g.angle = sine < cosine ? part : T(3.14159265358979323846) - part;
    g.inverse_sine = T(1) / most<T>(T(2) * sine * cosine, splat<T>(T(sizeof(T) == 4 ? 1e-6 : 1e-14)));
}

// prefactor (1 + lambda cos)^zeta and its derivative by the cosine.
template <class T, class V>
SINTERFACE_INLINE void cosine_power(const TripletRow<T>& row, V cosine, V& value, V& slope) {
    const V base = most<T>(T(1) + row.lambda * cosine, splat<T>(T(0)));
    V power = splat<T>(T(1));  // base^(zeta - 1)
    if (row.integer_zeta > 0) {
        V square = base;
        for (int n = row.integer_zeta - 1; n > 0; n >>= 1, square *= square)
            if (n & 1) power *= square;
    } else {
        const double exponent = double(row.zeta) - 1;
        power = lane_by_lane<T>(base, [exponent](double t) { return t > 0 ? ::pow(t, exponent) : 0.0; });
    }
    value = row.prefactor * power * base;
    slope = (row.prefactor * row.zeta * row.lambda) * power;
}

// prefactor times a window of the angle, and the derivative by the cosine.
template <class T, class V>
void angle_window(const TripletRow<T>& row, const Triplet<V>& g, V& value, V& slope) {
    window_function(row.angle, g.angle, value, slope);
    value *= row.prefactor;
    slope *= -row.prefactor * g.inverse_sine;
}

template <class T, class V>
SINTERFACE_INLINE void angular(const TripletRow<T>& row, const Triplet<V>& g, V& value, V& slope) {
    if (row.angle.compact)
        angle_window(row, g, value, slope);
    else
        cosine_power(row, g.cosine, value, slope);
}

template <class T, class V>
SINTERFACE_INLINE void far_parts(const Frame<T>& f, int k, V r, V& g, V& slope) {
    const ElementPlan<T>& plan = f.plan;
    V fc, dfc;
    window_function(plan.windows[plan.which_window[k]], r, fc, dfc);
    const V d = r - plan.shift[k], e = exponential(-plan.eta[k] * d * d);
    g = e * fc;
    slope = e * (dfc - (T(2) * plan.eta[k]) * d * fc);
}

// `visit(row, s, t, triangle, g3, slope3)` for the rows (also those in narrow groups, or not) of every pair of slots; g3
// is the basis at r_jk.
template <class T, class Visit>
void for_triplets(Frame<T>& f, bool also_narrow, Visit visit) {
    typedef typename Frame<T>::V V;
    for (int p = 0; p < f.plan.n_triplet_pairs; ++p) {
        const TripletPair& pair = f.plan.triplet_pairs[p];
        const bool same = pair.bucket1 == pair.bucket2;
        const int last_row = also_narrow ? pair.last_row : pair.first_narrow;
        if (pair.first_row == last_row) continue;
        for (int a = 0; a < f.count[pair.bucket1]; ++a)
            for (int b = same ? a + 1 : 0; b < f.count[pair.bucket2]; ++b) {
                V *s = f.slot(pair.bucket1, a), *t = f.slot(pair.bucket2, b);
                Triplet<V> geometry = triangle<T>(s, t);
                if (pair.angles) angle_between<T>(s, t, geometry);
                int known = -1;
                V g3 = splat<T>(T(1)), slope3 = V{};
                for (int r = pair.first_row; r < last_row; ++r) {
                    const TripletRow<T>& row = f.plan.triplet_rows[r];
                    const int wanted = row.far_side ? row.basis : -2;
                    if (wanted != known) {
                        if (row.far_side)
                            far_parts(f, row.basis, geometry.far, g3, slope3);
                        else
                            g3 = splat<T>(T(1)), slope3 = V{};
                        known = wanted;
                    }
                    visit(row, s, t, geometry, g3, slope3);
                }
            }
    }
}

template <class T>
void sum_triplets(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    for_triplets(f, false, [&f](const TripletRow<T>& row, V* s, V* t, const Triplet<V>& g, V g3, V) {
        V value, slope;
        angular(row, g, value, slope);
        f.values[row.row] += value * f.basis(s, row.basis) * f.basis(t, row.basis) * g3;
    });
}

// Derivatives of one triplet's term by r_ij and r_ik.
template <class T, class V>
SINTERFACE_INLINE void term_gradients(const Frame<T>& f, const TripletRow<T>& row, const V* s, const V* t, const Triplet<V>& g, V g3, V slope3, V (&ds)[3],
                                      V (&dt)[3]) {
    V value, slope;
    angular(row, g, value, slope);
    const V g1 = f.basis(s, row.basis), g2 = f.basis(t, row.basis);
    const V by_cosine = slope * g1 * g2 * g3;
    const V by_first = value * f.basis_slope(s, row.basis) * g2 * g3;
    const V by_second = value * g1 * f.basis_slope(t, row.basis) * g3;
    const V by_far = value * g1 * g2 * slope3 * g.inverse_far;
    for (int k = 0; k < 3; ++k) {
        const V separation = by_far * (s[k] * s[3] - t[k] * t[3]);
        ds[k] = by_cosine * (t[k] - g.cosine * s[k]) * g.inverse1 + by_first * s[k] + separation;
        dt[k] = by_cosine * (s[k] - g.cosine * t[k]) * g.inverse2 + by_second * t[k] - separation;
    }
}

// Leave dE/dr of every slot in its record.
template <class T>
void triplet_gradients(Frame<T>& f) {
    typedef typename Frame<T>::V V;
    for (int b = 0; b < f.plan.n_buckets; ++b)
        for (int k = 0; k < f.count[b]; ++k) clear(f.slot(b, k) + f.layout.gradient, 3);
    for_triplets(f, false, [&f](const TripletRow<T>& row, V* s, V* t, const Triplet<V>& g, V g3, V slope3) {
        V ds[3], dt[3];
        term_gradients(f, row, s, t, g, g3, slope3, ds, dt);
        const V p = f.gradients[row.row];
        for (int k = 0; k < 3; ++k) {
            s[f.layout.gradient + k] += p * ds[k];
            t[f.layout.gradient + k] += p * dt[k];
        }
    });
}

template <class T, class V>
void triplet_tangents(Frame<T>& f, V* out) {
    for_triplets(f, true, [&f, out](const TripletRow<T>& row, V* s, V* t, const Triplet<V>& g, V g3, V slope3) {
        V ds[3], dt[3], sum = V{};
        term_gradients(f, row, s, t, g, g3, slope3, ds, dt);
        for (int k = 0; k < 3; ++k) sum += s[f.layout.tangent + k] * ds[k] + t[f.layout.tangent + k] * dt[k];
        out[row.row] += sum;
    });
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
