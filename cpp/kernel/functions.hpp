// Cutoff and activation functions with their derivatives, on lanes.
#pragma once

#include "lanes.hpp"
#include "plan.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

// 1 - S(x) for 0 <= x <= 1 with S the smooth step of degree 2 n + 1 (n2p2's poly1 to poly4), and its slope. Taken from
// the nearer end, which loses no digits in single precision.
template <class T, class V>
SINTERFACE_INLINE void smooth_step(int n, V x, V& value, V& slope) {
    const V y = T(1) - x, z = least<T>(x, y), q = x * y;
    V step;
    switch (n) {
        case 1:
            step = z * z * (T(3) - T(2) * z);
            slope = T(-6) * q;
            break;
        case 2:
            step = z * z * z * ((T(6) * z - T(15)) * z + T(10));
            slope = T(-30) * q * q;
            break;
        case 3:
            step = z * z * z * z * (((T(70) - T(20) * z) * z - T(84)) * z + T(35));
            slope = T(-140) * q * q * q;
            break;
        default:
            step = z * z * z * z * z * ((((T(70) * z - T(315)) * z + T(540)) * z - T(420)) * z + T(126));
            slope = T(-630) * q * q * q * q;
            break;
    }
    value = x < y ? T(1) - step : step;
}

// fc(r) of n2p2's cutoff types and dfc/dr; zero from the cutoff radius on.
template <class T, class V>
SINTERFACE_INLINE void cutoff_function(int type, T alpha, T radius, V r, V& value, V& slope) {
    const auto inside = r < radius;
    const T inner = (type == 2 || type == 3) ? T(0) : alpha * radius;
    const T inverse = T(1) / (radius - inner);
    const V x = least<T>((r - inner) * inverse, splat<T>(T(1)));
    const V zero = splat<T>(T(0)), one = splat<T>(T(1));
    V f = one, d = zero;
    switch (type) {
        case 1: {
            V s, c;
            sine_cosine<T>((most<T>(x, zero) - T(0.5)) * T(3.14159265358979323846), s, c);
            f = T(0.5) - T(0.5) * s;
            d = c * (T(-0.5) * T(3.14159265358979323846) * inverse);
            break;
        }
        case 2:
        case 3: {
            const T scale = type == 2 ? T(1) : T(2.26375379522535080);  // 1 / tanh(1)^3
            const V t = hyperbolic_tangent<T>(T(1) - x);
            f = scale * t * t * t;
            d = (T(-3) * scale * inverse) * t * t * (T(1) - t * t);
            break;
        }
        case 4: {
            const V gap = most<T>(T(1) - x * x, splat<T>(T(1e-30)));
            f = exponential(T(1) - T(1) / gap);
            d = f * (T(-2) * inverse) * x / (gap * gap);
            d = f > T(0) && gap > T(1e-3) ? d : zero;
            break;
        }
        case 5:
        case 6:
        case 7:
        case 8:
            smooth_step<T>(type - 4, most<T>(x, zero), f, d);
            d *= inverse;
            break;
        default:
            break;  // 0: hard
    }
    if (type != 2 && type != 3) {
        f = x < T(0) ? one : f;
        d = x < T(0) ? zero : d;
    }
    value = inside ? f : zero;
    slope = inside ? d : zero;
}

// The core function between two ends and its slope, off the hot path of the cutoff functions.
template <class T, class V>
__attribute__((noinline)) void compact_function(const Window<T>& window, V u, V& value, V& slope) {
    const V from_center = (u - window.center) * window.scale;
    const auto left = from_center < T(0);
    V x = least<T>(left ? -from_center : from_center, splat<T>(T(1)));
    V chain = left ? splat<T>(-window.scale) : splat<T>(window.scale);
    if (window.asymmetric) {
        chain *= T(2) - T(2) * x;
        x = (T(2) - x) * x;
    }
    cutoff_function<T>(window.type, T(0), T(1), x, value, slope);
    slope *= chain;
}

// A window at `u` and its slope.
template <class T, class V>
SINTERFACE_INLINE void window_function(const Window<T>& window, V u, V& value, V& slope) {
    if (window.compact)
        compact_function(window, u, value, slope);
    else
        cutoff_function<T>(window.type, window.alpha, window.radius, u, value, slope);
}

// Activation (in the order of `Activation`) and its derivative.
template <class T, class V>
SINTERFACE_INLINE void activate(int kind, V x, V& value, V& slope) {
    const V zero = splat<T>(T(0)), one = splat<T>(T(1));
    switch (kind) {
        case 0:
            value = x, slope = one;
            break;
        case 1:
            value = hyperbolic_tangent<T>(x), slope = T(1) - value * value;
            break;
        case 2:
            value = T(1) / (T(1) + exponential(-x)), slope = value * (T(1) - value);
            break;
        case 3: {
            const V e = exponential(x < T(0) ? x : -x);
            value = most<T>(x, zero) + lane_by_lane<T>(e, [](double t) { return ::log1p(t); });
            slope = T(1) / (T(1) + exponential(-x));
            break;
        }
        case 4:
            value = most<T>(x, zero), slope = x > T(0) ? one : zero;
            break;
        case 5:
            value = exponential(T(-0.5) * x * x), slope = -x * value;
            break;
        case 6:
            value = lane_by_lane<T>(x, [](double t) { return ::cos(t); });
            slope = lane_by_lane<T>(x, [](double t) { return -::sin(t); });
            break;
        case 7:
            value = T(1) / (T(1) + exponential(x)), slope = value * (value - T(1));
            break;
        case 8:
            value = exponential(-x), slope = -value;
            break;
        default:
            value = x * x, slope = x + x;
            break;
    }
}

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
