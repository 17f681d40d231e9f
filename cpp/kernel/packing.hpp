// Lanes packed densely and spread again: chosen lanes move to the front of a vector and back to their places.
#pragma once

#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "lanes.hpp"

namespace sinterface {
namespace SINTERFACE_PATH {
namespace {

template <class T>
SINTERFACE_INLINE typename Lanes<T>::V load(const T* at) {
    typedef typename Lanes<T>::V V;
    typedef V Anywhere __attribute__((aligned(sizeof(T))));
    return *reinterpret_cast<const Anywhere*>(at);
}
template <class T, class V>
SINTERFACE_INLINE void store(T* at, V v) {
    typedef V Anywhere __attribute__((aligned(sizeof(T))));
    *reinterpret_cast<Anywhere*>(at) = v;
}

// Half to half: the order of a plain loop over the lanes is one long chain.
template <class T, class V>
SINTERFACE_INLINE T sum_lanes(V v) {
    constexpr int half = int(sizeof(V) / sizeof(T) / 2);
    if constexpr (half == 1) {
        return v[0] + v[1];
    } else {
        typedef T Half __attribute__((vector_size(half * sizeof(T))));
        Half halves[2];
        __builtin_memcpy(halves, &v, sizeof v);
        return sum_lanes<T>(halves[0] + halves[1]);
    }
}

#if SINTERFACE_BYTES == 32 && defined(__AVX2__)

// For each choice of lanes: where the packed lanes come from, and where each lane finds itself in them (-1: nowhere).
// Doubles move as pairs of 32-bit lanes.
template <int Width>
struct Moves {
    signed char pack[1 << Width][8], spread[1 << Width][8];
    constexpr Moves() : pack{}, spread{} {
        constexpr int part = 8 / Width;
        for (int bits = 0; bits < 1 << Width; ++bits) {
            int n = 0;
            for (int lane = 0; lane < Width; ++lane) {
                const bool chosen = bits >> lane & 1;
                for (int p = 0; p < part; ++p) {
                    spread[bits][part * lane + p] = static_cast<signed char>(chosen ? part * n + p : -1);
                    if (chosen) pack[bits][part * n + p] = static_cast<signed char>(part * lane + p);
                }
                n += chosen;
            }
        }
    }
};
constexpr Moves<4> moves4;
constexpr Moves<8> moves8;

SINTERFACE_INLINE unsigned chosen_lanes(ints32 chosen) {
    return unsigned(_mm256_movemask_ps((__m256)chosen));
}
SINTERFACE_INLINE unsigned chosen_lanes(ints64 chosen) {
    return unsigned(_mm256_movemask_pd((__m256d)chosen));
}

template <class T>
struct Packing {
    typedef typename Lanes<T>::V V;
    __m256i from;
    explicit SINTERFACE_INLINE Packing(unsigned bits) {
        const signed char* row = sizeof(T) == 4 ? moves8.pack[bits] : moves4.pack[bits];
        from = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)row));
    }
    SINTERFACE_INLINE void append(T* at, V v) const { store(at, (V)_mm256_permutevar8x32_epi32((__m256i)v, from)); }
};

template <class T>
struct Spreading {
    typedef typename Lanes<T>::V V;
    __m256i from, empty;
    explicit SINTERFACE_INLINE Spreading(unsigned bits) {
        const signed char* row = sizeof(T) == 4 ? moves8.spread[bits] : moves4.spread[bits];
        from = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)row));
        empty = _mm256_srai_epi32(from, 31);
    }
    SINTERFACE_INLINE V read(const T* at) const { return (V)_mm256_andnot_si256(empty, _mm256_permutevar8x32_epi32((__m256i)load(at), from)); }
};

#elif SINTERFACE_BYTES == 64 && defined(__AVX512F__)

SINTERFACE_INLINE unsigned chosen_lanes(ints32 chosen) {
    return _mm512_movepi32_mask((__m512i)chosen);
}
SINTERFACE_INLINE unsigned chosen_lanes(ints64 chosen) {
    return _mm512_movepi64_mask((__m512i)chosen);
}
SINTERFACE_INLINE floats pack_lanes(unsigned bits, floats v) {
    return (floats)_mm512_maskz_compress_ps(__mmask16(bits), (__m512)v);
}
SINTERFACE_INLINE doubles pack_lanes(unsigned bits, doubles v) {
    return (doubles)_mm512_maskz_compress_pd(__mmask8(bits), (__m512d)v);
}
SINTERFACE_INLINE floats spread_lanes(unsigned bits, floats v) {
    return (floats)_mm512_maskz_expand_ps(__mmask16(bits), (__m512)v);
}
SINTERFACE_INLINE doubles spread_lanes(unsigned bits, doubles v) {
    return (doubles)_mm512_maskz_expand_pd(__mmask8(bits), (__m512d)v);
}

template <class T>
struct Packing {
    unsigned bits;
    explicit SINTERFACE_INLINE Packing(unsigned chosen) : bits(chosen) {}
    template <class V>
    SINTERFACE_INLINE void append(T* at, V v) const {
        store(at, pack_lanes(bits, v));
    }
};

template <class T>
struct Spreading {
    unsigned bits;
    explicit SINTERFACE_INLINE Spreading(unsigned chosen) : bits(chosen) {}
    SINTERFACE_INLINE typename Lanes<T>::V read(const T* at) const { return spread_lanes(bits, load(at)); }
};

#else

template <class I>
SINTERFACE_INLINE unsigned chosen_lanes(I chosen) {
    unsigned bits = 0;
    for (unsigned k = 0; k < sizeof(I) / sizeof(chosen[0]); ++k) bits |= unsigned(chosen[k] & 1) << k;
    return bits;
}

template <class T>
struct Packing {
    unsigned bits;
    explicit SINTERFACE_INLINE Packing(unsigned chosen) : bits(chosen) {}
    template <class V>
    SINTERFACE_INLINE void append(T* at, V v) const {
        for (int lane = 0; lane < Lanes<T>::width; ++lane) {
            *at = v[lane];
            at += bits >> lane & 1;
        }
    }
};

template <class T>
struct Spreading {
    unsigned bits;
    explicit SINTERFACE_INLINE Spreading(unsigned chosen) : bits(chosen) {}
    SINTERFACE_INLINE typename Lanes<T>::V read(const T* at) const {
        typename Lanes<T>::V v{};
        for (int lane = 0; lane < Lanes<T>::width; ++lane) {
            v[lane] = bits >> lane & 1 ? *at : T(0);
            at += bits >> lane & 1;
        }
        return v;
    }
};

#endif

}  // namespace
}  // namespace SINTERFACE_PATH
}  // namespace sinterface
