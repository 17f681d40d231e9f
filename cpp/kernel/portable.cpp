// The kernel for one instruction set; CMake adds its compiler flags.
#define SINTERFACE_PATH portable
#define SINTERFACE_BYTES 16
#include "batch.hpp"

namespace sinterface {
extern const Kernel kernel_portable;
const Kernel kernel_portable = {
    "portable", 16, portable::run_call<double>, portable::run_call<float>, portable::workspace_size<double>, portable::workspace_size<float>};
}  // namespace sinterface
