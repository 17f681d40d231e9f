#include "schedule.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace sinterface {
namespace {

constexpr int block = 256;         // atoms that are sorted by element together
constexpr int few = 2048;          // atoms whose rows fit the cache in any order
constexpr int bits = 7;            // of a cell's index along each axis
constexpr double own_cost = 60.0;  // of an atom beside its candidates, in candidates

std::size_t at(int k) {
    return static_cast<std::size_t>(k);
}

// The bits of x, y and z in turn: cells with near keys are near (Morton's curve).
std::uint32_t interleave(const int (&cell)[3]) {
    std::uint32_t key = 0;
    for (int b = 0; b < bits; ++b)
        for (int d = 0; d < 3; ++d) key |= static_cast<std::uint32_t>((cell[d] >> b) & 1) << (3 * b + d);
    return key;
}

std::vector<std::uint32_t> cell_keys(const System& system, const std::vector<int>& atoms, double edge) {
    double low[3], high[3];
    for (int d = 0; d < 3; ++d) {
        low[d] = high[d] = system.positions[3 * at(atoms[0]) + at(d)];
        for (const int i : atoms) {
            low[d] = std::min(low[d], system.positions[3 * at(i) + at(d)]);
            high[d] = std::max(high[d], system.positions[3 * at(i) + at(d)]);
        }
    }
    constexpr int n_cells = 1 << bits;
    for (int d = 0; d < 3; ++d) edge = std::max(edge, (high[d] - low[d]) / n_cells);
    std::vector<std::uint32_t> keys;
    keys.reserve(atoms.size());
    for (const int i : atoms) {
        int cell[3];
        for (int d = 0; d < 3; ++d) {
            const double place = (system.positions[3 * at(i) + at(d)] - low[d]) / edge;
            cell[d] = place > 0 ? (place < n_cells - 1 ? static_cast<int>(place) : n_cells - 1) : 0;  // 0 for what is no number
        }
        keys.push_back(interleave(cell));
    }
    return keys;
}

// Sort by cells along the curve, keeping the order within each (two passes of a radix sort).
void sort_by_place(const System& system, double cutoff, std::vector<int>& atoms) {
    constexpr int digit = 11;
    std::vector<std::uint32_t> keys = cell_keys(system, atoms, cutoff), next_keys(keys.size());
    std::vector<int> next(atoms.size());
    for (int shift = 0; shift < 3 * bits; shift += digit) {
        std::vector<std::size_t> place((std::size_t{1} << digit) + 1, 0);
        const auto slot = [&](std::size_t k) { return (keys[k] >> shift) & ((1u << digit) - 1); };
        for (std::size_t k = 0; k < atoms.size(); ++k) ++place[slot(k) + 1];
        for (std::size_t k = 1; k < place.size(); ++k) place[k] += place[k - 1];
        for (std::size_t k = 0; k < atoms.size(); ++k) {
            const std::size_t to = place[slot(k)]++;
            next[to] = atoms[k], next_keys[to] = keys[k];
        }
        atoms.swap(next), keys.swap(next_keys);
    }
}

// Blocks of atoms by element. What doesn't fill a batch waits for the next block.
void group_by_element(const System& system, const std::vector<int>& atoms, int n_elements, int width, Schedule& schedule) {
    std::vector<std::vector<int>> waiting(at(n_elements));
    const int n = static_cast<int>(atoms.size());
    for (int begin = 0; begin < n; begin += block) {
        const int end = std::min(n, begin + block);
        for (int k = begin; k < end; ++k) waiting[at(system.species[atoms[at(k)]])].push_back(atoms[at(k)]);
        for (int e = 0; e < n_elements; ++e) {
            std::vector<int>& list = waiting[at(e)];
            const int size = static_cast<int>(list.size()), ready = end < n ? size - size % (2 * width) : size;  // batches go through the networks two by two
            if (ready == 0) continue;
            const int first = static_cast<int>(schedule.atoms.size());
            schedule.atoms.insert(schedule.atoms.end(), list.begin(), list.begin() + ready);
            list.erase(list.begin(), list.begin() + ready);
            schedule.stretches.push_back({e, first, first + ready});
        }
    }
}

// A batch takes as long as its fullest atom.
double batch_cost(const System& system, const int* atoms, int n) {
    int most = 0;
    for (int k = 0; k < n; ++k) most = std::max(most, system.n_neighbors[atoms[k]]);
    return own_cost + most;
}

// Cut the stretches, between batches, where each thread's share begins.
void share_out(const System& system, int width, int threads, Schedule& schedule) {
    std::vector<double> sums(1, 0.0);  // of the batches before each
    for (const Stretch& stretch : schedule.stretches)
        for (int k = stretch.first; k < stretch.last; k += width)
            sums.push_back(sums.back() + batch_cost(system, schedule.atoms.data() + k, std::min(width, stretch.last - k)));
    std::vector<Stretch> cut;
    schedule.share_begin.assign(1, 0);
    std::size_t batch = 0;
    for (const Stretch& stretch : schedule.stretches) {
        int first = stretch.first;
        for (int k = stretch.first; k < stretch.last; k += width, ++batch) {
            const double middle = 0.5 * (sums[batch] + sums[batch + 1]);
            while (static_cast<int>(schedule.share_begin.size()) < threads &&
                   middle > sums.back() * static_cast<double>(schedule.share_begin.size()) / threads) {
                if (k > first) cut.push_back({stretch.element, first, k});
                first = k;
                schedule.share_begin.push_back(static_cast<int>(cut.size()));
            }
        }
        cut.push_back({stretch.element, first, stretch.last});
    }
    schedule.stretches.swap(cut);
    schedule.share_begin.resize(at(threads) + 1, static_cast<int>(schedule.stretches.size()));
}

}  // namespace

Schedule make_schedule(const System& system, const int* atoms, int n_atoms, int n_elements, double cutoff, int width, int threads) {
    Schedule schedule{};
    std::vector<int> seen;
    seen.reserve(at(n_atoms));
    schedule.capacity = 1;
    for (int k = 0; k < n_atoms; ++k) {
        if (system.species[atoms[k]] < 0) continue;
        seen.push_back(atoms[k]);
        schedule.capacity = std::max(schedule.capacity, system.n_neighbors[atoms[k]]);
    }
    if (static_cast<int>(seen.size()) > few) sort_by_place(system, cutoff, seen);
    schedule.atoms.reserve(seen.size());
    group_by_element(system, seen, n_elements, width, schedule);
    share_out(system, width, threads, schedule);
    return schedule;
}

}  // namespace sinterface
