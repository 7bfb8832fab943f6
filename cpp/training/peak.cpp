#include "training/peak.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/team.h"
#include "kernels/dispatch.h"

namespace lamina::training {

double fma_peak(int threads) {
  const auto& table = kernels::table<float>(kernels::current_isa());
  constexpr Index rounds = 4'000'000;
  constexpr int runs = 5;
  double best = 0;
  for (int run = 0; run < runs; ++run) {
    std::atomic<int> size{1};
    std::atomic<float> sink{0};
    const auto start = std::chrono::steady_clock::now();
    run_team(threads, [&](Team& team) {
      size.store(team.size);
      sink.store(table.multiply_adds(rounds));
    });
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double flops = 2.0 * static_cast<double>(rounds) * kernels::chains_of_multiply_adds * table.lanes * size.load();
    best = std::max(best, flops / seconds.count() / 1e9);
  }
  return best;
}

}  // namespace lamina::training
