// Real spherical harmonics C_lm of a unit vector, normalised so that sum_m C_lm(a) C_lm(b) = P_l(a.b).
// Index l^2 + l + m. Recurrences of the solid harmonics: C_lm = F_lm Q_l^|m|(z) Re/Im (x + iy)^|m|.
#pragma once

#include "lanes.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

constexpr double harmonic_factor(int l, int m) {
    double ratio = m == 0 ? 1.0 : 2.0;
    for (int k = l - m + 1; k <= l + m; ++k) ratio /= k;
    return __builtin_sqrt(ratio);
}

constexpr double double_factorial(int m) {
    double product = 1;
    for (int k = 2 * m - 1; k > 1; k -= 2) product *= k;
    return product;
}

// Q[l][m] and the powers c + i s = (x + iy)^m.
template <class T, int L, class V>
SINTERFACE_INLINE void harmonic_parts(V x, V y, V z, V (&q)[L + 1][L + 2], V (&c)[L + 1], V (&s)[L + 1]) {
    c[0] = splat<T>(T(1));
    s[0] = splat<T>(T(0));
#pragma GCC unroll 16
    for (int m = 1; m <= L; ++m) {
        c[m] = x * c[m - 1] - y * s[m - 1];
        s[m] = x * s[m - 1] + y * c[m - 1];
    }
#pragma GCC unroll 16
    for (int m = 0; m <= L; ++m) {
        q[m][m] = splat<T>(T(double_factorial(m)));
        q[m][m + 1] = splat<T>(T(0));
        if (m < L) q[m + 1][m] = (T(2 * m + 1) * T(double_factorial(m))) * z;
#pragma GCC unroll 16
        for (int l = m + 2; l <= L; ++l) q[l][m] = T(double(2 * l - 1) / (l - m)) * z * q[l - 1][m] - T(double(l + m - 1) / (l - m)) * q[l - 2][m];
    }
}

template <class T, int L, class V>
SINTERFACE_INLINE void harmonics(V x, V y, V z, V* out) {
    V q[L + 1][L + 2], c[L + 1], s[L + 1];
    harmonic_parts<T, L>(x, y, z, q, c, s);
#pragma GCC unroll 16
    for (int l = 0; l <= L; ++l) {
        out[l * l + l] = q[l][0];
#pragma GCC unroll 16
        for (int m = 1; m <= l; ++m) {
            const V a = T(harmonic_factor(l, m)) * q[l][m];
            out[l * l + l + m] = a * c[m];
            out[l * l + l - m] = a * s[m];
        }
    }
}

// Derivative of each solid harmonic at the unit vector along `t`.
template <class T, int L, class V>
SINTERFACE_INLINE void harmonics_tangent(V x, V y, V z, const V (&t)[3], V* out) {
    V q[L + 1][L + 2], c[L + 1], s[L + 1];
    harmonic_parts<T, L>(x, y, z, q, c, s);
    const V in_plane = x * t[0] + y * t[1];
    out[0] = splat<T>(T(0));
#pragma GCC unroll 16
    for (int l = 1; l <= L; ++l) {
#pragma GCC unroll 16
        for (int m = 0; m <= l; ++m) {
            const T factor = T(harmonic_factor(l, m));
            V dq = splat<T>(T(0));
            if (m < l) dq += T(l + m) * q[l - 1][m] * t[2];
            if (m + 1 < l) dq -= q[l - 1][m + 1] * in_plane;
            V dc = splat<T>(T(0)), ds = splat<T>(T(0));
            if (m > 0) {
                dc = T(m) * (c[m - 1] * t[0] - s[m - 1] * t[1]);
                ds = T(m) * (s[m - 1] * t[0] + c[m - 1] * t[1]);
            }
            out[l * l + l + m] = factor * (dq * c[m] + q[l][m] * dc);
            if (m > 0) out[l * l + l - m] = factor * (dq * s[m] + q[l][m] * ds);
        }
    }
}

// sum_lm weight_lm times the gradient of the solid harmonic r^l C_lm at the unit vector.
template <class T, int L, class V>
SINTERFACE_INLINE void harmonics_gradient(V x, V y, V z, const V* weight, V& gx, V& gy, V& gz) {
    V q[L + 1][L + 2], c[L + 1], s[L + 1];
    harmonic_parts<T, L>(x, y, z, q, c, s);
    V in_plane = splat<T>(T(0));  // coefficient of (x, y)
    gx = gy = gz = splat<T>(T(0));
#pragma GCC unroll 16
    for (int l = 1; l <= L; ++l) {
        const V w = weight[l * l + l];
        gz += T(l) * q[l - 1][0] * w;
        if (l > 1) in_plane -= q[l - 1][1] * w;
#pragma GCC unroll 16
        for (int m = 1; m <= l; ++m) {
            const T factor = T(harmonic_factor(l, m));
            const V wc = factor * weight[l * l + l + m], ws = factor * weight[l * l + l - m];
            const V both = c[m] * wc + s[m] * ws;
            if (m < l) gz += T(l + m) * q[l - 1][m] * both;
            if (m + 1 < l) in_plane -= q[l - 1][m + 1] * both;
            const V a = T(m) * q[l][m];
            gx += a * (c[m - 1] * wc + s[m - 1] * ws);
            gy += a * (c[m - 1] * ws - s[m - 1] * wc);
        }
    }
    gx += x * in_plane;
    gy += y * in_plane;
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
