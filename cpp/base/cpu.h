// What the CPU and the operating system give this process.
#pragma once
#include <string>

namespace lamina {

struct CpuFeatures {
  bool fma;     // multiply-add with its VEX encoding, and an operating system that saves the registers
  bool avx2;    // with fma
  bool avx512;  // F, BW, DQ, VL, with avx2
  bool slow_divider;  // multiply-adds make a quotient sooner than its divider
};

const CpuFeatures& cpu_features();

// Cores this process may use: the affinity mask, cut by the cgroup's CPU quota (version 1 or 2), at least 1.
int available_cores();

// The cgroup's CPU quota in cores, rounded up; 0: none. Tests give a root under which proc/ and sys/ are copies.
int quota_cores(const std::string& root = "");

// Flushes denormals to zero, in results and operands, in this thread for as long as it lives.
class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned saved_;
};

// Gives denormals back for as long as it lives, to code that is not the core's.
class KeepDenormals {
 public:
  KeepDenormals();
  ~KeepDenormals();
  KeepDenormals(const KeepDenormals&) = delete;
  KeepDenormals& operator=(const KeepDenormals&) = delete;

 private:
  unsigned saved_;
};

}  // namespace lamina
