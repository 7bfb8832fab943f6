// The team of threads: shares, barriers, exceptions, nesting, floating-point state, fork.
#include <doctest/doctest.h>
#include <xmmintrin.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/cpu.h"
#include "base/team.h"
#include "in_child.h"

using namespace lamina;
using namespace lamina::test;

namespace {

constexpr unsigned flush_bits = 0x8040;  // flush-to-zero and denormals-are-zero in MXCSR

// How many members a team of `size` gets, each of its ranks seen once.
int members(int size) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(size));
  std::atomic<int> count{0};
  run_team(size, [&](Team& team) {
    if (team.rank < size) ++seen[static_cast<std::size_t>(team.rank)];
    count.store(team.size);
  });
  for (int rank = 0; rank < count.load(); ++rank)
    if (seen[static_cast<std::size_t>(rank)].load() != 1) return -1;
  return count.load();
}

}  // namespace

// First, before this process asks for the limit: it looks at the environment once.
TEST_CASE("OMP_NUM_THREADS bounds the first limit, and so do the cores") {
  const auto limit_with = [](const char* value) {
    return in_child([value] {
      setenv("OMP_NUM_THREADS", value, 1);
      return max_threads();
    });
  };
  const int cores = available_cores();
  CHECK(limit_with("1") == 1);
  CHECK(limit_with("1,4") == 1);
  CHECK(limit_with("100") == std::min(100, cores));
  for (const char* nonsense : {"", "0", "-3", "many"}) CHECK(limit_with(nonsense) == cores);
  CHECK(openmp_version() >= 201511);
}

// Second, so that the threads of a pool exist in no earlier test: a program may use a team, then fork, and no more.
TEST_CASE("a child forked after a region runs a team of its own") {
#ifndef __SANITIZE_THREAD__  // it forbids threads in a child
  CHECK(members(2) == 2);
  CHECK(in_child([] { return members(3); }) == 3);
  CHECK(members(3) == 3);
  // A child of a child, and a parent that goes on.
  CHECK(in_child([] { return members(2) == 2 ? in_child([] { return members(2); }) : -1; }) == 2);
  CHECK(members(2) == 2);
  // From inside a region its threads cannot be sent home: the child has one.
  int inside = 0, beside = 0;
  run_team(2, [&](Team& team) {
    if (team.rank == 0) inside = in_child([] { return members(3); });
  });
  CHECK(inside == 1);
  CHECK(members(3) == 3);
  // Another thread's region is not this one's business.
  std::atomic<bool> done{false};
  std::thread other([&] {
    run_team(2, [&](Team&) {
      while (!done.load()) std::this_thread::yield();
    });
  });
  beside = in_child([] { return members(3); });
  done = true;
  other.join();
  CHECK(beside >= 1);
  CHECK(members(3) == 3);
#endif
}

TEST_CASE("every rank runs once") {
  for (const int size : {1, 2, 3, 5, 8}) CHECK(members(size) == size);
}

TEST_CASE("the caller is rank 0") {
  std::thread::id rank_0;
  run_team(3, [&](Team& team) {
    if (team.rank == 0) rank_0 = std::this_thread::get_id();
  });
  CHECK(rank_0 == std::this_thread::get_id());
}

TEST_CASE("shares cover everything once, in order and evenly") {
  TeamState state;
  for (int size = 1; size <= 9; ++size)
    for (const Index n : {0, 1, 2, 7, 8, 9, 100, 1000003}) {
      Index covered = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Team team(rank, size, state);
        CHECK(team.begin(n) == covered);
        covered = team.end(n);
        CHECK(team.end(n) - team.begin(n) >= n / size);
        CHECK(team.end(n) - team.begin(n) <= n / size + 1);
      }
      CHECK(covered == n);
    }
}

// Plain memory: ThreadSanitizer says where a barrier would not order it.
TEST_CASE("a barrier orders what comes before it") {
  for (const int size : {1, 2, 3, 8}) {
    constexpr int rounds = 300;
    std::vector<int> values(static_cast<std::size_t>(size), 0);
    std::vector<int> wrong(static_cast<std::size_t>(size), 0);
    run_team(size, [&](Team& team) {
      const auto rank = static_cast<std::size_t>(team.rank);
      for (int round = 1; round <= rounds; ++round) {
        values[rank] = round;
        team.barrier();
        for (const int value : values) wrong[rank] += value != round;
        team.barrier();
      }
    });
    for (const int count : wrong) CHECK(count == 0);
    for (const int value : values) CHECK(value == rounds);
  }
}

TEST_CASE("regions follow one another, their memory ordered") {
  std::vector<int> values(4, 0);
  for (int round = 0; round < 50; ++round) {
    run_team(4, [&](Team& team) { ++values[static_cast<std::size_t>((team.rank + round) % 4)]; });
    run_team(2, [&](Team& team) { ++values[static_cast<std::size_t>(team.rank)]; });
  }
  CHECK(values == std::vector<int>{100, 100, 50, 50});
}

TEST_CASE("an exception of any member reaches the caller and holds nobody up") {
  for (const int size : {1, 2, 3, 8})
    for (int thrower = 0; thrower < size; ++thrower)
      for (const int round : {0, 5}) {
        std::string caught;
        try {
          run_team(size, [&](Team& team) {
            for (int i = 0; i < 10; ++i) {
              if (team.rank == thrower && i == round) throw std::runtime_error("rank " + std::to_string(thrower));
              team.barrier();
            }
          });
        } catch (const std::runtime_error& error) {
          caught = error.what();
        }
        CHECK(caught == "rank " + std::to_string(thrower));
      }
  CHECK(members(8) == 8);
}

TEST_CASE("where all throw, one exception arrives") {
  for (int i = 0; i < 20; ++i)
    CHECK_THROWS_AS(run_team(4, [](Team& team) { throw std::out_of_range(std::to_string(team.rank)); }),
                    std::out_of_range);
  // After a failure there is no barrier to wait at.
  CHECK_THROWS_AS(run_team(3,
                           [](Team& team) {
                             if (team.rank == 1) throw std::bad_alloc();
                             for (;;) team.barrier();
                           }),
                  std::bad_alloc);
}

TEST_CASE("a team inside a team gets fewer threads, and works") {
  std::atomic<int> inner{0}, outer{0};
  run_team(2, [&](Team&) {
    ++outer;
    run_team(3, [&](Team& team) {
      for (int round = 0; round < 10; ++round) team.barrier();
      if (team.rank == 0) inner += team.size;
    });
  });
  CHECK(outer.load() == 2);
  CHECK(inner.load() >= 2);
  CHECK(inner.load() <= 6);
}

#ifndef __SANITIZE_THREAD__  // it does not see the synchronisation of a region that is not the team's own
TEST_CASE("a team inside somebody else's parallel region works") {
  std::atomic<int> covered{0};
#pragma omp parallel num_threads(2)
  run_team(3, [&](Team& team) {
    covered += static_cast<int>(team.end(30) - team.begin(30));
    team.barrier();
  });
  CHECK(covered.load() == 60);
}
#endif

TEST_CASE("teams of several threads at once do not meet") {
  std::vector<int> sums(3, 0);
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < sums.size(); ++caller)
    callers.emplace_back([&sums, caller] {
      for (int round = 0; round < 20; ++round) {
        int parts[2] = {};
        run_team(2, [&](Team& team) {
          parts[team.rank] = 1;
          team.barrier();
          if (team.rank == 0) sums[caller] += parts[0] + parts[1];
        });
      }
    });
  for (std::thread& caller : callers) caller.join();
  for (const int sum : sums) CHECK(sum == 40);
}

TEST_CASE("denormals are flushed inside, and the caller's state is as before") {
  for (const int size : {1, 2, 3}) {
    const unsigned before = _mm_getcsr();
    CHECK((before & flush_bits) == 0);
    std::vector<unsigned> inside(static_cast<std::size_t>(size), 0);
    run_team(size, [&](Team& team) { inside[static_cast<std::size_t>(team.rank)] = _mm_getcsr(); });
    for (const unsigned state : inside) CHECK((state & flush_bits) == flush_bits);
    CHECK((_mm_getcsr() & flush_bits) == 0);
    CHECK_THROWS(run_team(size, [](Team&) { throw 1; }));
    CHECK((_mm_getcsr() & flush_bits) == 0);
  }
  // A caller's own rounding mode survives too.
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x2000);
  run_team(2, [](Team&) {});
  CHECK((_mm_getcsr() & 0x6000) == 0x2000);
  _mm_setcsr(before);
}

TEST_CASE("max_threads bounds the choice, force_team overrides it") {
  const int before = max_threads();
  CHECK(before >= 1);
  CHECK(forced_team() == 0);
  constexpr double long_time = 1e6;

  set_max_threads(4);
  CHECK(max_threads() == 4);
  CHECK(team_size_for(long_time, 8, lamina::Region::lasting) == 4);
  CHECK(team_size_for(0.1, 8, lamina::Region::lasting) == 1);
  set_max_threads(1);
  CHECK(team_size_for(long_time, 8, lamina::Region::lasting) == 1);

  set_max_threads(16);
  for (double time = 0.1; time < long_time; time *= 1.5) {
    const int size = team_size_for(time, 8, lamina::Region::lasting);
    CHECK(size >= 1);
    CHECK(size <= 16);
    CHECK(team_size_for(time, 1000000000, lamina::Region::lasting) == 1);
  }

  for (const int forced : {1, 3, 32}) {
    force_team(forced);
    CHECK(forced_team() == forced);
    CHECK(team_size_for(long_time, 8, lamina::Region::lasting) == forced);
    CHECK(team_size_for(0, 1000, lamina::Region::lasting) == forced);
  }
  force_team(0);
  set_max_threads(before);
  CHECK(max_threads() == before);
}
