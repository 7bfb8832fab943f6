#include "base/team.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/cpu.h"

#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define LAMINA_UNINSTRUMENTED __attribute__((noinline, no_sanitize("thread")))
#else
#define LAMINA_UNINSTRUMENTED __attribute__((noinline))
static void __tsan_acquire(void*) {}
static void __tsan_release(void*) {}
#endif

namespace lamina {
namespace {

// Past this many looks (some 10 µs) a waiting thread gives its core away at every look.
constexpr int spins = 400;

inline void pause() { __builtin_ia32_pause(); }

// First exception of any member, rethrown after the join.
class FirstException {
 public:
  void capture() {
    const std::lock_guard lock(mutex_);
    if (!first_) first_ = std::current_exception();
  }
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr first_;
};

struct Run {
  const TeamFunction& f;
  TeamState state;
  FirstException exception;
};

__attribute__((noinline)) void member(Run& run, int rank, int size) {
  const FlushDenormals flush;
  Team team(rank, size, run.state);
  try {
    run.f(team);
  } catch (const TeamFailed&) {
  } catch (...) {
    run.exception.capture();
    team.fail();
  }
}

// ThreadSanitizer does not see libgomp's own synchronisation: what it orders is announced here, in a function that is
// not instrumented itself.
LAMINA_UNINSTRUMENTED void parallel(Run& run, int size) {
  __tsan_release(&run);
#pragma omp parallel num_threads(size)
  {
    __tsan_acquire(&run);
    member(run, omp_get_thread_num(), omp_get_num_threads());
    __tsan_release(&run);
  }
  __tsan_acquire(&run);
}

// libgomp's threads do not survive a fork, and a child that waits for them hangs: they are sent home before it. Where
// that is refused, another thread being inside a region, the child works with one thread.
bool threads_stayed = false;
std::atomic<bool> alone{false};
void before_fork() { threads_stayed = omp_pause_resource_all(omp_pause_soft) != 0; }
void in_child() { alone.store(threads_stayed); }

void survive_forks() {
  static const int registered = pthread_atfork(before_fork, nullptr, in_child);
  static_cast<void>(registered);
}

int initial_threads() {
  int threads = available_cores();
  if (const char* wish = std::getenv("OMP_NUM_THREADS")) {
    const int asked = std::atoi(wish);  // a list such as 4,2 starts with the outer level
    if (asked > 0) threads = std::min(threads, asked);
  }
  return std::max(1, threads);
}

std::atomic<int>& thread_limit() {
  static std::atomic<int> limit{initial_threads()};
  return limit;
}

std::atomic<int> forced{0};

}  // namespace

void Team::barrier() {
  if (size == 1) return;
  const unsigned generation = state_.generation_.load(std::memory_order_acquire);
  if (state_.arrived_.fetch_add(1, std::memory_order_acq_rel) == size - 1) {
    state_.arrived_.store(0, std::memory_order_relaxed);
    state_.generation_.store(generation + 1, std::memory_order_release);
    return;
  }
  for (int look = 0; state_.generation_.load(std::memory_order_acquire) == generation; ++look) {
    if (state_.failed_.load(std::memory_order_acquire)) throw TeamFailed{};
    if (look < spins)
      pause();
    else
      sched_yield();
  }
}

void run_team(int size, TeamFunction f) {
  Run run{f, {}, {}};
  if (size == 1 || alone.load()) {
    member(run, 0, 1);
  } else {
    survive_forks();
    parallel(run, size);
  }
  run.exception.rethrow();
}

int max_threads() { return thread_limit().load(); }
void set_max_threads(int n) { thread_limit().store(n); }
void force_team(int n) { forced.store(n); }
int forced_team() { return forced.load(); }

int team_size_for(double microseconds, Index barriers, Region region) {
  if (forced_team() > 0) return forced_team();
  // Measured: a barrier takes some 0.3 µs with the imbalance it waits for; below that gain a second thread only costs.
  // Threads that have gone to sleep take some 50 µs to wake.
  const double cost = 0.3 * static_cast<double>(barriers) + (region == Region::single ? 50 : 0);
  int best = 1;
  double best_time = microseconds;
  for (int size = 2; size <= max_threads(); ++size) {
    const double time = microseconds / size + cost;
    if (time < 0.95 * best_time) {
      best = size;
      best_time = time;
    }
  }
  return best;
}

int openmp_version() { return _OPENMP; }

}  // namespace lamina
