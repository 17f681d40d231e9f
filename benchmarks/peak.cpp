// As many fused multiply-adds as the processor can do: independent accumulators in registers, nothing from memory.
// Built by peak.py; each function returns the number of floating-point operations done.

#ifdef __AVX512F__
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif

template <class T>
static double loop(long rounds, T* sink) {
    typedef T V __attribute__((vector_size(BYTES)));
    constexpr int lanes = BYTES / sizeof(T), chains = 10;  // latency 4 to 5, two units: at least 10 chains
    V a[chains];
    for (int k = 0; k < chains; ++k) a[k] = V{} + T(k);
    const V factor = V{} + T(0.999), term = V{} + T(0.001);
    for (long r = 0; r < rounds; ++r)
#pragma GCC unroll 10
        for (int k = 0; k < chains; ++k) a[k] = a[k] * factor + term;
    V sum{};
    for (int k = 0; k < chains; ++k) sum += a[k];
    *sink = sum[0];
    return 2.0 * lanes * chains * double(rounds);
}

extern "C" double loop_double(long rounds, double* sink) {
    return loop<double>(rounds, sink);
}
extern "C" double loop_single(long rounds, float* sink) {
    return loop<float>(rounds, sink);
}
