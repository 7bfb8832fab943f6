#include "base/cpu.h"

#include <sched.h>
#include <xmmintrin.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace lamina {
namespace {

// The affinity mask may be larger than cpu_set_t on machines with over 1,024 processors.
int affinity_cores() {
  for (int processors = CPU_SETSIZE; processors <= (1 << 20); processors *= 4) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(processors));
    if (set == nullptr) break;
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(processors));
    const int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

int cores_of(double quota, double period) {
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>(quota / period + 0.999)) : 0;
}

double number_in(const std::string& path) {
  std::ifstream file(path);
  double value = 0;
  return file >> value ? value : 0;
}

int quota_v2(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max") return 0;
  std::istringstream text(quota);
  double value = 0;
  return text >> value ? cores_of(value, period) : 0;
}

int quota_v1(const std::string& folder) {
  return cores_of(number_in(folder + "/cpu.cfs_quota_us"), number_in(folder + "/cpu.cfs_period_us"));
}

// The tightest quota of the group and all above it; 0: none. A container sees its own group as the root.
int tightest(const std::string& mount, std::string group, int (*quota)(const std::string&)) {
  int cores = 0;
  for (;;) {
    const int here = quota(mount + group);
    if (here > 0) cores = cores > 0 ? std::min(cores, here) : here;
    const auto slash = group.find_last_of('/');
    if (group.empty() || slash == std::string::npos) return cores;
    group.resize(slash);
  }
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = [] {
    __builtin_cpu_init();
    CpuFeatures f{};
    f.fma = __builtin_cpu_supports("avx") && __builtin_cpu_supports("fma");
    f.avx2 = f.fma && __builtin_cpu_supports("avx2");
    f.avx512 = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    f.slow_divider = __builtin_cpu_is("intel");
    return f;
  }();
  return features;
}

int quota_cores(const std::string& root) {
  int cores = 0;
  const auto limit = [&cores](int found) {
    if (found > 0) cores = cores > 0 ? std::min(cores, found) : found;
  };
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::string controllers = ",";
    controllers.append(line, first + 1, second - first - 1).append(",");
    const std::string group = line.substr(second + 1);
    if (controllers == ",,")
      limit(tightest(root + "/sys/fs/cgroup", group, quota_v2));
    else if (controllers.find(",cpu,") != std::string::npos)
      for (const char* mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"})
        limit(tightest(root + mount, group, quota_v1));
  }
  return cores;
}

int available_cores() {
  const int cores = affinity_cores(), quota = quota_cores();
  return std::max(1, quota > 0 ? std::min(cores, quota) : cores);
}

constexpr unsigned flush_bits = 0x8040u;  // of results and of operands

FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | flush_bits); }
FlushDenormals::~FlushDenormals() { _mm_setcsr(saved_); }
KeepDenormals::KeepDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ & ~flush_bits); }
KeepDenormals::~KeepDenormals() { _mm_setcsr(saved_); }

}  // namespace lamina
