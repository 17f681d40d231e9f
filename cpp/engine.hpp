// The engine: a potential ready to evaluate, on the best instruction set of this machine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernel/plan.hpp"
#include "plan_storage.hpp"
#include "potential.hpp"
#include "repulsion.hpp"
#include "schedule.hpp"

namespace sinterface {

enum class Precision { double_, mixed };

// Kernel for this machine; the environment variable SINTERFACE_KERNEL (portable, avx2, avx512) forces one.
const Kernel& best_kernel();
std::vector<std::string> available_kernels();

class Engine {
public:
    explicit Engine(Potential potential);

    const Potential& potential() const { return potential_; }
    const Kernel& kernel() const { return *kernel_; }
    int largest_row_count() const;
    int n_members() const { return 1 + static_cast<int>(potential_.further_members.size()); }

    // Run `task` on the given central atoms (any elements), split over `threads` threads.
    void run(Task task, Precision precision, const System& system, const int* atoms, int n_atoms, int n_all, const Output& output, int threads) const;

private:
    void run_share(Task task, Precision precision, const System& system, const Schedule& schedule, int thread, const double* rows, int n_all,
                   const Output& output, double* force_rows, int force_stride) const;

    Potential potential_;
    std::unique_ptr<PlanStorage<double>> plan_double_;
    std::unique_ptr<PlanStorage<float>> plan_single_;
    std::unique_ptr<RepulsionTable> repulsion_;  // none without ZBL
    const Kernel* kernel_;
};

}  // namespace sinterface
