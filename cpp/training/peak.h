// The machine's limit, measured as training would meet it: what benchmarks divide by.
#pragma once

namespace lamina::training {

// GFLOP/s of float multiply-adds in registers on so many threads, the best of a few short runs.
double fma_peak(int threads);

}  // namespace lamina::training
