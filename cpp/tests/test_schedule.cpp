// The order of visits: every atom once, by element, in shares of equal cost.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "../schedule.hpp"
#include "catch.hpp"

using namespace sinterface;

namespace {

struct Crowd {
    std::vector<double> positions;
    std::vector<int> species, counts, atoms;
    System system{};

    Crowd(int n, double edge) {
        std::mt19937 random(7);
        std::uniform_real_distribution<double> place(0, edge);
        for (int i = 0; i < n; ++i) {
            for (int d = 0; d < 3; ++d) positions.push_back(place(random));
            species.push_back(static_cast<int>(random() % 4) - 1);
            counts.push_back(20 + static_cast<int>(random() % 100));
            if (i % 7 != 3) atoms.push_back(i);  // the others are ghosts
        }
        system.positions = positions.data(), system.species = species.data(), system.n_neighbors = counts.data();
    }

    Schedule schedule(int width, int threads) const { return make_schedule(system, atoms.data(), static_cast<int>(atoms.size()), 3, 6.0, width, threads); }
};

void check(const Crowd& crowd, int width, int threads) {
    const Schedule schedule = crowd.schedule(width, threads);
    std::vector<int> visited = schedule.atoms, expected;
    for (const int i : crowd.atoms)
        if (crowd.species[static_cast<std::size_t>(i)] >= 0) expected.push_back(i);
    std::sort(visited.begin(), visited.end());
    CHECK(visited == expected);
    REQUIRE(schedule.share_begin.size() == static_cast<std::size_t>(threads) + 1);
    CHECK(schedule.share_begin.front() == 0);
    CHECK(schedule.share_begin.back() == static_cast<int>(schedule.stretches.size()));
    CHECK(std::is_sorted(schedule.share_begin.begin(), schedule.share_begin.end()));
    int next = 0, partial = 0;
    for (const Stretch& stretch : schedule.stretches) {
        CHECK(stretch.first == next);
        CHECK(stretch.last > stretch.first);
        next = stretch.last;
        partial += (stretch.last - stretch.first) % width != 0;
        for (int k = stretch.first; k < stretch.last; ++k) {
            const auto i = static_cast<std::size_t>(schedule.atoms[static_cast<std::size_t>(k)]);
            REQUIRE(crowd.species[i] == stretch.element);
            REQUIRE(crowd.counts[i] <= schedule.capacity);
        }
    }
    CHECK(next == static_cast<int>(expected.size()));
    CHECK(partial <= 3);  // one batch of each element, however many threads and blocks
}

double largest_share(const Crowd& crowd, int threads) {
    const Schedule schedule = crowd.schedule(8, threads);
    double most = 0;
    for (std::size_t t = 0; t < static_cast<std::size_t>(threads); ++t) {
        double sum = 0;
        for (int s = schedule.share_begin[t]; s < schedule.share_begin[t + 1]; ++s) {
            const Stretch& stretch = schedule.stretches[static_cast<std::size_t>(s)];
            sum += stretch.last - stretch.first;
        }
        most = std::max(most, sum / static_cast<double>(schedule.atoms.size()));
    }
    return most;
}

}  // namespace

TEST_CASE("every atom is visited once, in batches of its element") {
    for (const int n : {0, 1, 5, 100, 1500, 5000})
        for (const int threads : {1, 2, 7}) check(Crowd(n, 40.0), 8, threads);
    check(Crowd(3000, 0.0), 4, 2);   // all in one place
    check(Crowd(3000, 1e9), 16, 3);  // more cells than a key has room for
}

TEST_CASE("threads have as much to do") {
    CHECK(largest_share(Crowd(5000, 40.0), 2) < 0.51);
    CHECK(largest_share(Crowd(5000, 40.0), 4) < 0.26);
}

TEST_CASE("positions that are no numbers end in some cell") {
    Crowd crowd(3000, 40.0);
    crowd.positions[300] = std::numeric_limits<double>::quiet_NaN();
    crowd.positions[601] = std::numeric_limits<double>::infinity();
    crowd.positions[902] = -std::numeric_limits<double>::infinity();
    check(crowd, 8, 2);
}

TEST_CASE("atoms that follow each other are near") {
    const Crowd crowd(5000, 60.0);
    const Schedule schedule = crowd.schedule(8, 1);
    double sum = 0;
    int n = 0;
    for (const Stretch& stretch : schedule.stretches)
        for (int k = stretch.first + 1; k < stretch.last; ++k, ++n) {
            double square = 0;
            for (std::size_t d = 0; d < 3; ++d) {
                const auto i = static_cast<std::size_t>(schedule.atoms[static_cast<std::size_t>(k)]),
                           j = static_cast<std::size_t>(schedule.atoms[static_cast<std::size_t>(k) - 1]);
                square += std::pow(crowd.positions[3 * i + d] - crowd.positions[3 * j + d], 2);
            }
            sum += std::sqrt(square);
        }
    CHECK(sum / n < 15.0);  // 40 on average between any two
}
