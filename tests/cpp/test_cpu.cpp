// What the CPU and the operating system give: cores, instruction sets, the floating-point state.
#include <doctest/doctest.h>
#include <sched.h>
#include <xmmintrin.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "base/build_info.h"
#include "base/cpu.h"
#include "in_child.h"
#include "kernels/dispatch.h"

using namespace lamina;
using namespace lamina::test;

namespace {

std::string error_of_set_isa(const std::string& name) {
  try {
    kernels::set_isa(name);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// 0: the level of LAMINA_ISA=value is in use; 1: it was refused with its name in the error. In a child, since a process
// reads the variable once.
int with_isa_variable(const char* value) {
  return in_child([value] {
    setenv("LAMINA_ISA", value, 1);
    try {
      const char* const used = kernels::name_of(kernels::current_isa());
      return *value == '\0' || std::strcmp(used, value) == 0 ? 0 : 2;
    } catch (const std::invalid_argument& error) {
      return contains(error.what(), std::string("LAMINA_ISA=") + value) ? 1 : 3;
    }
  });
}

}  // namespace

// First, before anything in this process asks for the level.
TEST_CASE("LAMINA_ISA chooses the level or is refused") {
  for (const kernels::Isa isa : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512}) {
    const auto isas = kernels::available_isas();
    const bool available = std::find(isas.begin(), isas.end(), isa) != isas.end();
    CAPTURE(std::string(kernels::name_of(isa)));
    CHECK(with_isa_variable(kernels::name_of(isa)) == (available ? 0 : 1));
  }
  CHECK(with_isa_variable("") == 0);
  for (const char* wrong : {"sse2", "AVX2", "avx512 ", "0"}) CHECK(with_isa_variable(wrong) == 1);
}

TEST_CASE("the widest level is the default") {
  CHECK(in_child([] {
          unsetenv("LAMINA_ISA");
          return kernels::current_isa() == kernels::available_isas().back() ? 0 : 1;
        }) == 0);
}

TEST_CASE("set_isa changes the level, or says what is wrong and changes nothing") {
  const kernels::Isa before = kernels::current_isa();
  for (const kernels::Isa isa : kernels::available_isas()) {
    kernels::set_isa(kernels::name_of(isa));
    CHECK(kernels::current_isa() == isa);
  }
  kernels::set_isa("scalar");
  const std::string error = error_of_set_isa("mmx");
  CHECK(contains(error, "mmx"));
  CHECK(contains(error, "avx512"));
  CHECK(error_of_set_isa("") != "");
  for (const kernels::Isa isa : {kernels::Isa::avx2, kernels::Isa::avx512}) {
    const auto isas = kernels::available_isas();
    if (std::find(isas.begin(), isas.end(), isa) == isas.end())
      CHECK(contains(error_of_set_isa(kernels::name_of(isa)), "does not support"));
  }
  CHECK(kernels::current_isa() == kernels::Isa::scalar);
  kernels::set_isa(kernels::name_of(before));
}

TEST_CASE("levels and features agree") {
  const CpuFeatures& cpu = cpu_features();
  CHECK((!cpu.avx512 || cpu.avx2));
  CHECK((!cpu.avx2 || cpu.fma));
  const auto isas = kernels::available_isas();
  REQUIRE(!isas.empty());
  CHECK(isas.front() == kernels::Isa::scalar);
  CHECK(isas.size() == 1u + cpu.avx2 + cpu.avx512);
  for (std::size_t i = 0; i < isas.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(&kernels::table<float>(isas[i]) != &kernels::table<float>(isas[j]));
}

TEST_CASE("available_cores stays within the affinity mask") {
  cpu_set_t before, one;
  REQUIRE(sched_getaffinity(0, sizeof before, &before) == 0);
  const int all = available_cores();
  CHECK(all >= 1);
  CHECK(all <= CPU_COUNT(&before));
  int cpu = 0;
  while (!CPU_ISSET(cpu, &before)) ++cpu;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  REQUIRE(sched_setaffinity(0, sizeof one, &one) == 0);
  const int pinned = available_cores();
  REQUIRE(sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(pinned == 1);
  CHECK(available_cores() == all);
}

namespace {

// A root folder with the files that tell of control groups, gone when it goes.
class FakeRoot {
 public:
  FakeRoot() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lamina-cgroup-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~FakeRoot() { std::filesystem::remove_all(folder_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  FakeRoot& with(const std::string& file, const std::string& text) {
    const auto path = folder_ / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << '\n';
    return *this;
  }
  int cores() const { return quota_cores(folder_.string()); }

 private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("quotas of version 2 control groups: the tightest up to the root") {
  const std::string self = "proc/self/cgroup", mount = "sys/fs/cgroup";
  CHECK(FakeRoot().cores() == 0);
  CHECK(FakeRoot().with(self, "0::/").cores() == 0);
  CHECK(FakeRoot().with(self, "0::/").with(mount + "/cpu.max", "max 100000").cores() == 0);
  CHECK(FakeRoot().with(self, "0::/").with(mount + "/cpu.max", "200000 100000").cores() == 2);
  CHECK(FakeRoot().with(self, "0::/").with(mount + "/cpu.max", "150000 100000").cores() == 2);  // rounded up
  CHECK(FakeRoot().with(self, "0::/").with(mount + "/cpu.max", "1000 100000").cores() == 1);
  CHECK(FakeRoot().with(self, "0::/").with(mount + "/cpu.max", "nonsense").cores() == 0);
  CHECK(FakeRoot()
            .with(self, "0::/a/b")
            .with(mount + "/cpu.max", "max 100000")
            .with(mount + "/a/cpu.max", "300000 100000")
            .with(mount + "/a/b/cpu.max", "500000 100000")
            .cores() == 3);
  CHECK(FakeRoot().with(self, "0::/a/b").with(mount + "/a/b/cpu.max", "400000 100000").cores() == 4);
  // A container sees its own group as the root, whatever it is called outside.
  CHECK(FakeRoot().with(self, "0::/docker/1234").with(mount + "/cpu.max", "600000 100000").cores() == 6);
  CHECK(FakeRoot().with(self, "0::/a").with(mount + "/other/cpu.max", "100000 100000").cores() == 0);
}

TEST_CASE("quotas of version 1 control groups") {
  const std::string lines = "7:memory:/m\n4:cpu,cpuacct:/box\n0::/";
  for (const std::string mount : {"sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct"}) {
    CAPTURE(mount);
    const auto with = [&](const std::string& group, const std::string& quota) {
      return FakeRoot()
          .with("proc/self/cgroup", lines)
          .with(mount + group + "/cpu.cfs_quota_us", quota)
          .with(mount + group + "/cpu.cfs_period_us", "50000")
          .cores();
    };
    CHECK(with("/box", "100000") == 2);
    CHECK(with("", "150000") == 3);
    CHECK(with("/box", "-1") == 0);
    CHECK(with("/m", "50000") == 0);
  }
}

TEST_CASE("FlushDenormals flushes results and operands, and puts everything back") {
  volatile float tiny = 1e-38f, denormal = 1e-40f;
  const unsigned before = _mm_getcsr();
  CHECK(tiny * 0.1f != 0);
  {
    const FlushDenormals flush;
    CHECK(tiny * 0.1f == 0);
    CHECK(denormal * 1e10f == 0);
    {
      const FlushDenormals again;
      CHECK(tiny * 0.1f == 0);
    }
    CHECK(tiny * 0.1f == 0);
  }
  CHECK(tiny * 0.1f != 0);
  CHECK(_mm_getcsr() % 0x20000 / 0x40 == before % 0x20000 / 0x40);  // all but the exceptions seen
}

TEST_CASE("build_info tells what it is made of") {
  const auto info = build_info();
  for (const char* key : {"version", "compiler", "openmp"}) {
    CAPTURE(std::string(key));
    CHECK(info.count(key) == 1);
    if (info.count(key) == 1) CHECK(info.at(key) != "");
  }
}
