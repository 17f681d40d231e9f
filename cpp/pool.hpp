// Threads that stay: starting one for every step of a simulation costs more than the step of a small cell.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace sinterface {

class Pool {
public:
    // The pool of this process (a forked child gets one of its own).
    static Pool& shared();

    // Call task(0) ... task(n - 1), task(0) on the calling thread; all have returned when this does. Tasks must not
    // throw. While another caller has the pool, everything runs on the calling thread.
    void run(int n, const std::function<void(int)>& task);

private:
    void work(int index);

    std::mutex entry_, mutex_;
    std::condition_variable start_, done_;
    const std::function<void(int)>* task_ = nullptr;
    std::atomic<unsigned long long> round_{0};
    std::atomic<int> left_{0};
    int n_threads_ = 0, wanted_ = 0;
};

}  // namespace sinterface
