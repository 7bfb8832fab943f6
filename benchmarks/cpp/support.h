// What the benchmarks share: rates, and the peak that they are compared with.
#pragma once
#include <benchmark/benchmark.h>

#include <chrono>
#include <map>
#include <string>
#include <type_traits>

#include "base/team.h"
#include "kernels/dispatch.h"
#include "numbers.h"
#include "training/peak.h"

namespace lamina::bench {

template <class T> constexpr const char* type_name = std::is_same_v<T, float> ? "float" : "double";

// GFLOP/s of float multiply-adds in registers, measured once a run for a number of threads.
inline double peak(int threads) {
  static std::map<int, double> measured;
  const auto found = measured.find(threads);
  return found != measured.end() ? found->second : measured[threads] = training::fma_peak(threads);
}

inline benchmark::Counter rate(double amount_a_round, const benchmark::State& state) {
  return {amount_a_round * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate};
}

// Measures the time of all rounds, and reports FLOP/s and their share of the peak.
class FlopsReport {
 public:
  FlopsReport(benchmark::State& state, double flops_a_round, int threads)
      : state_(state), flops_(flops_a_round), peak_(peak(threads) * 1e9), start_(Clock::now()) {}
  ~FlopsReport() {
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    const double flops = flops_ * static_cast<double>(state_.iterations()) / seconds.count();
    state_.counters["FLOP/s"] = flops;
    state_.counters["% of peak"] = 100 * flops / peak_;
  }
  FlopsReport(const FlopsReport&) = delete;
  FlopsReport& operator=(const FlopsReport&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  benchmark::State& state_;
  double flops_, peak_;
  Clock::time_point start_;
};

// Puts instruction set and peak into the head of every report.
inline void add_context() {
  benchmark::AddCustomContext("isa", kernels::name_of(kernels::current_isa()));
  for (const int threads : {1, 2})
    benchmark::AddCustomContext("peak of " + std::to_string(threads) + " threads, GFLOP/s",
                                std::to_string(static_cast<int>(peak(threads))));
}

}  // namespace lamina::bench

// A main that registers its benchmarks by a function, for lists that depend on the machine.
#define LAMINA_BENCHMARK_MAIN(register_all)                           \
  int main(int argc, char** argv) {                                   \
    benchmark::Initialize(&argc, argv);                               \
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1; \
    lamina::bench::add_context();                                     \
    register_all();                                                   \
    benchmark::RunSpecifiedBenchmarks();                              \
    benchmark::Shutdown();                                            \
  }
