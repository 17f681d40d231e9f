#include "pool.hpp"

#include <unistd.h>

#include <thread>

namespace sinterface {

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
        wanted_ = left_ = n - 1;
        ++round_;
    }
    start_.notify_all();
    task(0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return left_ == 0; });
    task_ = nullptr;
}

void Pool::work(int index) {
    unsigned long long seen = 0;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        start_.wait(lock, [&] { return round_ != seen; });
        seen = round_;
        if (index > wanted_) continue;
        const std::function<void(int)>* task = task_;
        lock.unlock();
        (*task)(index);
        lock.lock();
        if (--left_ == 0) done_.notify_one();
    }
}

}  // namespace sinterface
