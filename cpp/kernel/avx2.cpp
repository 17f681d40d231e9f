// The kernel for one instruction set; CMake adds its compiler flags.
#define SINTERFACE_PATH avx2
#define SINTERFACE_BYTES 32
#include "batch.hpp"

namespace sinterface {
extern const Kernel kernel_avx2;
const Kernel kernel_avx2 = {"avx2", 32, avx2::run_call<double>, avx2::run_call<float>, avx2::workspace_size<double>, avx2::workspace_size<float>};
}  // namespace sinterface
