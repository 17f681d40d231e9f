// Monomials x^a y^b z^c of a unit vector, and homogeneous polynomials of them.
//
// A monomial of degree d stands at place (e, c), e = b + c, whatever d is: so x times the monomials of degree d - 1 are
// the first ones of degree d. As x^2 + y^2 + z^2 = 1, those of degrees L and L - 1 hold all lower ones: a lower one is
// the trace (e, c) + (e + 2, c) + (e + 2, c + 2) of two degrees above. That makes (L + 1)^2 sums, as many as spherical
// harmonics would take, at one multiplication each.
#pragma once

#include "lanes.hpp"
#include "plan.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

constexpr int place(int e, int c) {
    return e * (e + 1) / 2 + c;
}

// Square roots of d! / (a! b! c!): with them (n1.n2)^d is a plain product of the two lists of monomials.
struct MultinomialRoots {
    double of[monomials_below(max_degree + 1)] = {};
    constexpr MultinomialRoots() {
        double factorial[max_degree + 1] = {1};
        for (int k = 1; k <= max_degree; ++k) factorial[k] = k * factorial[k - 1];
        for (int d = 0; d <= max_degree; ++d)
            for (int e = 0; e <= d; ++e)
                for (int c = 0; c <= e; ++c)
                    of[monomials_below(d) + place(e, c)] = __builtin_sqrt(factorial[d] / (factorial[d - e] * factorial[e - c] * factorial[c]));
    }
};
constexpr MultinomialRoots multinomial_roots;

// g times the monomials of degree D.
template <int D, class V>
SINTERFACE_INLINE void monomials(V g, V x, V y, V z, V* m) {
    m[0] = g;
#pragma GCC unroll 16
    for (int d = 1; d <= D; ++d) {
        m[place(d, d)] = m[place(d - 1, d - 1)] * z;
#pragma GCC unroll 64
        for (int c = d - 1; c >= 0; --c) m[place(d, c)] = m[place(d - 1, c)] * y;
#pragma GCC unroll 64
        for (int k = place(d, 0) - 1; k >= 0; --k) m[k] *= x;
    }
}

// Add g times the monomials of degree L to `top`, of degree L - 1 to `below`.
template <int L, class V>
SINTERFACE_INLINE void add_monomials(V g, V x, V y, V z, V* top, V* below) {
    if constexpr (L == 0) {
        top[0] += g;
    } else {
        V m[monomials_of(L - 1)];
        monomials<L - 1>(g, x, y, z, m);
        for (int k = 0; k < place(L, 0); ++k) {
            below[k] += m[k];
            top[k] += m[k] * x;
        }
#pragma GCC unroll 16
        for (int c = 0; c < L; ++c) top[place(L, c)] += m[place(L - 1, c)] * y;
        top[place(L, L)] += m[place(L - 1, L - 1)] * z;
    }
}

// The gradient of a homogeneous polynomial of degree D >= 1, from the coefficients of its three derivatives.
template <int D, class V>
SINTERFACE_INLINE void homogeneous_gradient(V x, V y, V z, const V* coefficient, V (&t)[3]) {
    constexpr int n = monomials_of(D - 1);
    V m[n];
    monomials<D - 1>(splat<decltype(x[0] + x[0])>(1), x, y, z, m);
    for (int d = 0; d < 3; ++d) t[d] = V{};
#pragma GCC unroll 64
    for (int k = 0; k < n; ++k)
        for (int d = 0; d < 3; ++d) t[d] += m[k] * coefficient[d * n + k];
}

// Value and gradient at a unit vector of a polynomial of degrees L and L - 1, from `polynomial_coefficients`.
template <int L, class T, class V>
SINTERFACE_INLINE void polynomial(V x, V y, V z, const V* coefficient, V& value, V (&t)[3]) {
    if constexpr (L == 0) {
        value = coefficient[0];
        t[0] = t[1] = t[2] = V{};
    } else {
        homogeneous_gradient<L>(x, y, z, coefficient, t);
        value = T(1.0 / L) * (x * t[0] + y * t[1] + z * t[2]);  // Euler
        coefficient += 3 * monomials_of(L - 1);
        if constexpr (L == 1) {
            value += coefficient[0];
        } else {
            V u[3];
            homogeneous_gradient<L - 1>(x, y, z, coefficient, u);
            value += T(1.0 / (L - 1)) * (x * u[0] + y * u[1] + z * u[2]);
            for (int d = 0; d < 3; ++d) t[d] += u[d];
        }
    }
}

// Coefficients of the derivatives of a homogeneous polynomial of degree D >= 1 with coefficients w.
template <int D, class T, class V>
SINTERFACE_INLINE void derivative_coefficients(const V* w, V* out) {
    constexpr int n = monomials_of(D - 1);
#pragma GCC unroll 16
    for (int e = 0; e < D; ++e)
#pragma GCC unroll 16
        for (int c = 0; c <= e; ++c) {
            out[place(e, c)] = T(D - e) * w[place(e, c)];
            out[n + place(e, c)] = T(e + 1 - c) * w[place(e + 1, c)];
            out[2 * n + place(e, c)] = T(c + 1) * w[place(e + 1, c + 1)];
        }
}

// What `polynomial` reads, from the derivatives by the sums of all degrees 0..L (which this changes).
template <int L, class T, class V>
__attribute__((noinline)) void polynomial_coefficients(V* w, V* out) {
    for (int k = 0; k < monomials_below(L + 1); ++k) w[k] *= T(multinomial_roots.of[k]);
    for (int d = 0; d + 2 <= L; ++d) {
        const V* low = w + monomials_below(d);
        V* high = w + monomials_below(d + 2);
        for (int e = 0; e <= d; ++e)
            for (int c = 0; c <= e; ++c) {
                high[place(e, c)] += low[place(e, c)];
                high[place(e + 2, c)] += low[place(e, c)];
                high[place(e + 2, c + 2)] += low[place(e, c)];
            }
    }
    if constexpr (L > 0) derivative_coefficients<L, T>(w + monomials_below(L), out);
    if constexpr (L > 1) derivative_coefficients<L - 1, T>(w + monomials_below(L - 1), out + 3 * monomials_of(L - 1));
    if constexpr (L <= 1) out[3 * L] = w[0];
}

// Fill in the lower degrees of sums over monomials from the two upper ones, and weight them all for contraction.
template <class T, class V>
void complete_sums(int degree, V* a) {
    for (int d = degree - 2; d >= 0; --d) {
        V* low = a + monomials_below(d);
        const V* high = a + monomials_below(d + 2);
        for (int e = 0; e <= d; ++e)
            for (int c = 0; c <= e; ++c) low[place(e, c)] = high[place(e, c)] + high[place(e + 2, c)] + high[place(e + 2, c + 2)];
    }
    for (int k = 0; k < monomials_below(degree + 1); ++k) a[k] *= T(multinomial_roots.of[k]);
}

// Add g times the change of the monomials of degree D along `t`, and `slope` times themselves.
template <int D, class T, class V>
SINTERFACE_INLINE void add_monomial_tangents(V g, V slope, V x, V y, V z, const V (&t)[3], V* out) {
    V m[monomials_of(D)];
    monomials<D>(slope, x, y, z, m);
    for (int k = 0; k < monomials_of(D); ++k) out[k] += m[k];
    if constexpr (D > 0) {
        monomials<D - 1>(g, x, y, z, m);
        for (int e = 0; e < D; ++e)
            for (int c = 0; c <= e; ++c) {
                const V each = m[place(e, c)];
                out[place(e, c)] += T(D - e) * each * t[0];
                out[place(e + 1, c)] += T(e + 1 - c) * each * t[1];
                out[place(e + 1, c + 1)] += T(c + 1) * each * t[2];
            }
    }
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
