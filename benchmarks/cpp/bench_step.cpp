// Whole training steps: gather, forward, loss, backward, Adam. A round is an epoch, so times count its
// shuffle too.
#include "support.h"
#include "workloads.h"

using namespace lamina;
using namespace lamina::bench;

namespace {

// Multiply-adds count two; the first layer needs no gradient of its input.
double flops_a_step(const Workload& w) {
  double products = 0;
  for (std::size_t i = 0; i + 1 < w.sizes.size(); ++i) products += static_cast<double>(w.sizes[i] * w.sizes[i + 1]);
  const double first = static_cast<double>(w.sizes[0] * w.sizes[1]);
  return 2 * static_cast<double>(w.batch) * (3 * products - first);
}

void train(benchmark::State& state, const Workload& w, int threads) {
  const int before = max_threads();
  set_max_threads(threads);
  const Data data(w);
  const auto model = model_of(w);
  training::Trainer<float> trainer(*model, data.inputs(), data.targets(), w.batch, true, 1);
  const auto epoch = [&] {
    trainer.begin_epoch();
    while (!trainer.finished()) trainer.advance(w.epoch_steps, 60);
    if (trainer.diverged()) state.SkipWithError("the training diverged");
  };
  epoch();
  {
    const FlopsReport report(state, flops_a_step(w), threads);
    while (state.KeepRunningBatch(w.epoch_steps)) epoch();
  }
  set_max_threads(before);
}

void register_all() {
  for (const Workload& w : workloads)
    for (const int threads : {1, 2}) {
      const std::string name = w.name() + "/threads:" + std::to_string(threads);
      benchmark::RegisterBenchmark(name.c_str(), [&w, threads](benchmark::State& state) { train(state, w, threads); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    }
}

}  // namespace

LAMINA_BENCHMARK_MAIN(register_all)
