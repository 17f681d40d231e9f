// The kernel for one instruction set; CMake adds its compiler flags.
#define SINTERFACE_PATH avx512
#define SINTERFACE_BYTES 64
#include "batch.hpp"

namespace sinterface {
extern const Kernel kernel_avx512;
const Kernel kernel_avx512 = {"avx512", 64, avx512::run_call<double>, avx512::run_call<float>, avx512::workspace_size<double>, avx512::workspace_size<float>};
}  // namespace sinterface
