#include "pool.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

namespace sinterface {
namespace {

void pause_briefly() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    std::this_thread::yield();
#endif
}

// Wait for `ready` awake, but not for long: waking a sleeping thread takes up to 0.1 ms, which two threads would lose
// twice a step, while one that spins between the steps of a simulation takes a core from somebody else.
template <class Ready>
bool spin(Ready ready) {
    constexpr auto patience = std::chrono::microseconds(100);
    const auto start = std::chrono::steady_clock::now();
    do {
        for (int k = 0; k < 32; ++k) {
            if (ready()) return true;
            pause_briefly();
        }
    } while (std::chrono::steady_clock::now() - start < patience);
    return ready();
}

}  // namespace

Pool& Pool::shared() {
    static std::mutex guard;
    static Pool* pool = nullptr;  // never destroyed: its threads sleep until the process ends
    static pid_t owner = 0;
    const std::lock_guard<std::mutex> lock(guard);
    if (!pool || owner != getpid()) {
        pool = new Pool;
        owner = getpid();
    }
    return *pool;
}

void Pool::run(int n, const std::function<void(int)>& task) {
    const std::unique_lock<std::mutex> entry(entry_, std::try_to_lock);
    if (!entry.owns_lock() || n < 2) {
        for (int k = 0; k < n; ++k) task(k);
        return;
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (; n_threads_ < n - 1; ++n_threads_) std::thread(&Pool::work, this, n_threads_ + 1).detach();
        task_ = &task;
        wanted_ = n - 1;
        left_.store(n - 1);
        ++round_;
    }
    start_.notify_all();
    task(0);
    if (!spin([this] { return left_.load() == 0; })) {
        std::unique_lock<std::mutex> lock(mutex_);
        done_.wait(lock, [this] { return left_.load() == 0; });
    }
}

void Pool::work(int index) {
    unsigned long long seen = 0;
    for (;;) {
        spin([&] { return round_.load() != seen; });
        const std::function<void(int)>* task = nullptr;
        {
            std::unique_lock<std::mutex> lock(mutex_);
            start_.wait(lock, [&] { return round_.load() != seen; });
            seen = round_.load();
            if (index <= wanted_) task = task_;
        }
        if (!task) continue;
        (*task)(index);
        if (left_.fetch_sub(1) == 1) {
            const std::lock_guard<std::mutex> lock(mutex_);  // the caller may be about to sleep
            done_.notify_one();
        }
    }
}

}  // namespace sinterface
