// Training steps of one workload on one thread, for benchmarks/instructions.py to count their instructions under
// callgrind: count_steps WORKLOAD STEPS, with LAMINA_ISA set. Prints what ran.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/build_info.h"
#include "base/error.h"
#include "workloads.h"

using namespace lamina;

namespace {

constexpr Index first_steps = 2;  // not counted: they touch memory, and have the dynamic linker look names up
constexpr double without_deadline = 1e9;

const bench::Workload& workload(const std::string& name) {
  const auto found = std::find_if(bench::workloads.begin(), bench::workloads.end(),
                                  [&](const bench::Workload& w) { return w.name() == name; });
  require(found != bench::workloads.end(), "count_steps: there is no workload ", name);
  return *found;
}

Index steps_from(const std::string& text, Index epoch_steps) {
  const Index most = epoch_steps - first_steps, steps = std::atoll(text.c_str());
  require(steps >= 1 && steps <= most, "count_steps: ", text, " steps: they must be from 1 to ", most);
  return steps;
}

// Another level than the one asked for would make figures that look right.
std::string level_asked_for() {
  const char* const asked = std::getenv("LAMINA_ISA");
  const std::string runs = kernels::name_of(kernels::current_isa());
  require(asked != nullptr && asked == runs, "count_steps: LAMINA_ISA must name the level that runs, ", runs);
  return runs;
}

}  // namespace

// The function whose instructions are counted; callgrind finds it by name.
extern "C" __attribute__((noinline)) void counted_steps(training::Trainer<float>& trainer, Index steps) {
  const Index run = trainer.advance(steps, without_deadline);
  require(run == steps && !trainer.diverged(), "count_steps: ", run, " of ", steps, " steps were run");
}

int main(int argc, char** argv) try {
  require(argc == 3, "usage: LAMINA_ISA=... count_steps WORKLOAD STEPS");
  const std::string level = level_asked_for();
  const bench::Workload& w = workload(argv[1]);
  const Index steps = steps_from(argv[2], w.epoch_steps);
  set_max_threads(1);
  const bench::Data data(w);
  const auto model = bench::model_of(w);
  training::Trainer<float> trainer(*model, data.inputs(), data.targets(), w.batch, true, 1);
  trainer.begin_epoch();
  trainer.advance(first_steps, without_deadline);
  counted_steps(trainer, steps);
  std::printf("{\"level\": \"%s\", \"compiler\": \"%s\"}\n", level.c_str(), build_info().at("compiler").c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
