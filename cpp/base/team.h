// A team of threads that run one function together. OpenMP appears here and nowhere else.
#pragma once
#include <atomic>
#include <exception>

#include "base/types.h"

namespace lamina {

// What the members of a team share while they run, each in lines of its own.
class TeamState {
  friend class Team;
  alignas(128) std::atomic<int> arrived_{0};
  alignas(128) std::atomic<unsigned> generation_{0};
  alignas(128) std::atomic<bool> failed_{false};
};

// Thrown by barrier() where another member has failed; never leaves run_team.
struct TeamFailed {};

class Team {
 public:
  Team(int rank, int size, TeamState& state) : rank(rank), size(size), state_(state) {}
  const int rank, size;

  // Waits for every member: spins briefly, then yields.
  void barrier();

  // This member's share [begin, end) of n tiles, all shares contiguous and even.
  Index begin(Index n) const { return n * rank / size; }
  Index end(Index n) const { return n * (rank + 1) / size; }

  void fail() { state_.failed_.store(true, std::memory_order_release); }

 private:
  TeamState& state_;
};

// A call to f(team) without owning f.
class TeamFunction {
 public:
  template <class F>
  TeamFunction(const F& f)  // NOLINT: meant to convert
      : object_(&f), call_([](const void* object, Team& team) { (*static_cast<const F*>(object))(team); }) {}
  void operator()(Team& team) const { call_(object_, team); }

 private:
  const void* object_;
  void (*call_)(const void*, Team&);
};

// Runs f on at most `size` threads (fewer inside somebody else's parallel region), the caller among them, with
// denormals flushed; rethrows the first exception.
void run_team(int size, TeamFunction f);

// The most threads a team may have. Its start value is the smallest of OMP_NUM_THREADS, affinity and cgroup quota.
int max_threads();
void set_max_threads(int n);

// Tests: n > 0 makes every team exactly n threads; 0 leaves the choice to the plan.
void force_team(int n);
int forced_team();

// How long a team stays together: for one call, which pays for waking the threads, or for many.
enum class Region { single, lasting };

// A team size for work of so many microseconds on one thread with so many barriers.
int team_size_for(double microseconds, Index barriers, Region region);

// OpenMP's version date, as show_config prints it.
int openmp_version();

}  // namespace lamina
