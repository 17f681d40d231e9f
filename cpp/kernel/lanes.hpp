// Lanes: a thin wrapper over the compiler's vector types, and the elementary functions on them.
// Included once for each instruction set, inside its own namespace.
#pragma once

#include <math.h>
#include <stdint.h>

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

typedef float floats __attribute__((vector_size(SINTERFACE_BYTES)));
typedef double doubles __attribute__((vector_size(SINTERFACE_BYTES)));
typedef int32_t ints32 __attribute__((vector_size(SINTERFACE_BYTES)));
typedef int64_t ints64 __attribute__((vector_size(SINTERFACE_BYTES)));

// Rows of four, whatever the instruction set: an atom's position or force.
typedef double quads __attribute__((vector_size(32)));
typedef quads loose_quads __attribute__((aligned(8)));  // anywhere in memory

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
    typedef floats V;
    typedef ints32 I;
    typedef int32_t S;
    static constexpr int width = SINTERFACE_BYTES / 4;
};
template <>
struct Lanes<double> {
    typedef doubles V;
    typedef ints64 I;
    typedef int64_t S;
    static constexpr int width = SINTERFACE_BYTES / 8;
};

#define SINTERFACE_INLINE inline __attribute__((always_inline))

template <class T>
SINTERFACE_INLINE typename Lanes<T>::V splat(T value) {
    return value - typename Lanes<T>::V{};
}

template <class T, class V>
SINTERFACE_INLINE V root(V x) {
    V y;
    for (int k = 0; k < Lanes<T>::width; ++k) y[k] = sizeof(T) == 4 ? T(__builtin_sqrtf(float(x[k]))) : T(__builtin_sqrt(double(x[k])));
    return y;
}

template <class T, class V>
SINTERFACE_INLINE V least(V a, V b) {
    return a < b ? a : b;
}
template <class T, class V>
SINTERFACE_INLINE V most(V a, V b) {
    return a > b ? a : b;
}

// exp(x): 2^n times a polynomial on |r| <= ln(2)/2 (relative error below 1e-7, coefficients of Cephes' expf).
SINTERFACE_INLINE floats exponential(floats x) {
    x = most<float>(least<float>(x, splat<float>(88.0f)), splat<float>(-87.0f));
    const floats magic = splat<float>(12582912.0f);
    const floats shifted = x * 1.44269504088896341f + magic;
    const floats n = shifted - magic;
    const floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + (r + 1.0f);
    const ints32 power = ((ints32)shifted + 127) << 23;
    return p * (floats)power;
}

// exp(x) in double precision: Taylor polynomial, relative error below 3e-16.
SINTERFACE_INLINE doubles exponential(doubles x) {
    x = most<double>(least<double>(x, splat<double>(709.0)), splat<double>(-708.0));
    const doubles magic = splat<double>(6755399441055744.0);
    const doubles shifted = x * 1.44269504088896340736 + magic;
    const doubles n = shifted - magic;
    const doubles r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
    doubles p = splat<double>(1.0 / 6227020800.0);
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1.0;
    p = p * r + 1.0;
    const ints64 power = ((ints64)shifted + 1023) << 52;
    return p * (doubles)power;
}

// 2^x for x <= 127 (1023), 2^-126 (2^-1022) below: a minimax polynomial on |x| <= 1/2, relative error 2e-9 (3e-18)
// before rounding.
SINTERFACE_INLINE floats power_of_two(floats x) {
    x = most<float>(x, splat<float>(-126.0f));
    const floats magic = splat<float>(12582912.0f);
    const floats shifted = x + magic;
    const floats r = x - (shifted - magic);
    floats p = r * 1.5461444697e-4f + 1.3400428178e-3f;
    p = p * r + 9.6180566785e-3f;
    p = p * r + 5.5503272267e-2f;
    p = p * r + 2.4022650922e-1f;
    p = p * r + 6.9314720670e-1f;
    p = p * r + 1.0f;
    return (floats)((ints32)p + ((ints32)shifted << 23));
}

SINTERFACE_INLINE doubles power_of_two(doubles x) {
    x = most<double>(x, splat<double>(-1022.0));
    const doubles magic = splat<double>(6755399441055744.0);
    const doubles shifted = x + magic;
    const doubles r = x - (shifted - magic);
    doubles p = r * 4.455817908336064493e-10 + 7.0741942972885210056e-9;
    p = p * r + 1.0178057087733941105e-7;
    p = p * r + 1.3215432535912376166e-6;
    p = p * r + 1.5252733841556772589e-5;
    p = p * r + 1.5403530463724354209e-4;
    p = p * r + 1.3333558146406470697e-3;
    p = p * r + 9.6181291075872566681e-3;
    p = p * r + 5.5504108664821627039e-2;
    p = p * r + 2.4022650695910159567e-1;
    p = p * r + 6.9314718055994530925e-1;
    p = p * r + 1.0;
    return (doubles)((ints64)p + ((ints64)shifted << 52));
}

template <class T, class V>
SINTERFACE_INLINE V hyperbolic_tangent(V x) {
    const V power = power_of_two(least<T>(x * T(2.88539008177792681472), splat<T>(T(80))));  // exp(2 x)
    return T(1) - T(2) / (power + T(1));
}

// sin(u) and cos(u) for |u| <= pi/2 by their series.
template <class T, class V>
SINTERFACE_INLINE void sine_cosine(V u, V& sine, V& cosine) {
    const V q = u * u;
    V s = splat<T>(T(1)), c = splat<T>(T(1));
    for (int k = 11; k >= 1; --k) {
        s = T(1) - s * q * T(1.0 / ((2 * k) * (2 * k + 1)));
        c = T(1) - c * q * T(1.0 / ((2 * k - 1) * (2 * k)));
    }
    sine = s * u;
    cosine = c;
}

// asin(u) for 0 <= u <= 1: a rational function below 1/2 (fdlibm's coefficients), by the half angle above.
template <class T, class V>
SINTERFACE_INLINE V arc_sine(V u) {
    const auto large = u > T(0.5);
    const V z = large ? most<T>(T(0.5) - T(0.5) * u, splat<T>(T(0))) : u * u;
    const V x = large ? root<T>(z) : u;
    V p = z * T(3.47933107596021167570e-05) + T(7.91534994289814532176e-04);
    p = p * z + T(-4.00555345006794114027e-02);
    p = p * z + T(2.01212532134862925881e-01);
    p = p * z + T(-3.25565818622400915405e-01);
    p = p * z + T(1.66666666666666657415e-01);
    V q = z * T(7.70381505559019352791e-02) + T(-6.88283971605453293030e-01);
    q = q * z + T(2.02094576023350569471e+00);
    q = q * z + T(-2.40339491173441421878e+00);
    q = q * z + T(1);
    const V y = x + x * (z * p / q);
    return large ? T(1.57079632679489661923) - T(2) * y : y;
}

// ---- between vectors over the lanes and one row of four numbers for each lane ----

template <class T>
struct Four;
template <>
struct Four<float> {
    typedef float V __attribute__((vector_size(16)));
};
template <>
struct Four<double> {
    typedef quads V;
};

// Between four floats and four doubles; the compiler's own conversion takes two halves.
SINTERFACE_INLINE quads widen(quads x) {
    return x;
}
SINTERFACE_INLINE quads widen(Four<float>::V x) {
#ifdef __AVX__
    return __builtin_ia32_cvtps2pd256(x);
#else
    return __builtin_convertvector(x, quads);
#endif
}
SINTERFACE_INLINE void narrow(quads x, quads& out) {
    out = x;
}
SINTERFACE_INLINE void narrow(quads x, Four<float>::V& out) {
#ifdef __AVX__
    out = __builtin_ia32_cvtpd2ps256(x);
#else
    out = __builtin_convertvector(x, Four<float>::V);
#endif
}

// (x, y, z, w) of four lanes.
template <class V4>
SINTERFACE_INLINE void four_rows(V4 x, V4 y, V4 z, V4 w, quads* rows) {
    const V4 a = __builtin_shufflevector(x, y, 0, 4, 1, 5), b = __builtin_shufflevector(z, w, 0, 4, 1, 5);
    const V4 c = __builtin_shufflevector(x, y, 2, 6, 3, 7), d = __builtin_shufflevector(z, w, 2, 6, 3, 7);
    rows[0] = widen(__builtin_shufflevector(a, b, 0, 1, 4, 5));
    rows[1] = widen(__builtin_shufflevector(a, b, 2, 3, 6, 7));
    rows[2] = widen(__builtin_shufflevector(c, d, 0, 1, 4, 5));
    rows[3] = widen(__builtin_shufflevector(c, d, 2, 3, 6, 7));
}

template <class V>
SINTERFACE_INLINE void to_rows(V x, V y, V z, V w, quads* rows) {
    constexpr int width = sizeof(V) / sizeof(x[0]);
    if constexpr (width == 2) {
        for (int k = 0; k < 2; ++k) rows[k] = quads{x[k], y[k], z[k], w[k]};
    } else if constexpr (width == 4) {
        four_rows(x, y, z, w, rows);
    } else {
#define SINTERFACE_FOUR(v, k) __builtin_shufflevector(v, v, k, k + 1, k + 2, k + 3)
#define SINTERFACE_ROWS(k) four_rows(SINTERFACE_FOUR(x, k), SINTERFACE_FOUR(y, k), SINTERFACE_FOUR(z, k), SINTERFACE_FOUR(w, k), rows + k)
        SINTERFACE_ROWS(0);
        SINTERFACE_ROWS(4);
        if constexpr (width == 16) {
            SINTERFACE_ROWS(8);
            SINTERFACE_ROWS(12);
        }
#undef SINTERFACE_ROWS
#undef SINTERFACE_FOUR
    }
}

template <class V4>
SINTERFACE_INLINE void four_columns(const V4* rows, V4& x, V4& y, V4& z) {
    const V4 a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5), b = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
    const V4 c = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7), d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
    x = __builtin_shufflevector(a, b, 0, 1, 4, 5);
    y = __builtin_shufflevector(a, b, 2, 3, 6, 7);
    z = __builtin_shufflevector(c, d, 0, 1, 4, 5);
}

template <class T, class V>
SINTERFACE_INLINE void from_rows(const typename Four<T>::V* rows, V& x, V& y, V& z) {
    typedef typename Four<T>::V V4;
    constexpr int width = Lanes<T>::width;
    if constexpr (width == 2) {
        x = V{rows[0][0], rows[1][0]}, y = V{rows[0][1], rows[1][1]}, z = V{rows[0][2], rows[1][2]};
    } else if constexpr (width == 4) {
        four_columns(rows, x, y, z);
    } else {
#define SINTERFACE_JOIN(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
        V4 low[3], high[3];
        four_columns(rows, low[0], low[1], low[2]);
        four_columns(rows + 4, high[0], high[1], high[2]);
        if constexpr (width == 8) {
            x = SINTERFACE_JOIN(low[0], high[0]), y = SINTERFACE_JOIN(low[1], high[1]), z = SINTERFACE_JOIN(low[2], high[2]);
        } else {
            V4 third[3], last[3];
            four_columns(rows + 8, third[0], third[1], third[2]);
            four_columns(rows + 12, last[0], last[1], last[2]);
            V* out[3] = {&x, &y, &z};
            for (int d = 0; d < 3; ++d)
                *out[d] = __builtin_shufflevector(SINTERFACE_JOIN(low[d], high[d]), SINTERFACE_JOIN(third[d], last[d]), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                                                  12, 13, 14, 15);
        }
#undef SINTERFACE_JOIN
    }
}

// Functions too rare for a series of their own: lane by lane through libm.
template <class T, class V, class F>
SINTERFACE_INLINE V lane_by_lane(V x, F function) {
    V y;
    for (int k = 0; k < Lanes<T>::width; ++k) y[k] = T(function(double(x[k])));
    return y;
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
