// Threads, instruction sets, the backend of matrix products, the build.
#include <pybind11/stl.h>

#include "base/build_info.h"
#include "base/error.h"
#include "base/team.h"
#include "bindings/bindings.h"
#include "gemm/backend.h"
#include "kernels/dispatch.h"
#include "training/peak.h"

namespace lamina::bindings {

namespace py = pybind11;

void bind_config(py::module_& m) {
  m.def(
      "set_num_threads",
      [](int n) {
        require(n >= 1, "set_num_threads(", n, "): n must be at least 1");
        set_max_threads(n);
      },
      py::arg("n"), "The most threads a team may have.");
  m.def("get_num_threads", max_threads, "The most threads a team may have.");
  m.def(
      "force_team",
      [](int n) {
        require(n >= 0, "force_team(", n, "): n must be 0 or more");
        force_team(n);
      },
      py::arg("n"), "For tests: teams of exactly n threads; 0 leaves the choice to the plan.");
  m.def("fma_peak", training::fma_peak, py::arg("threads"), py::call_guard<py::gil_scoped_release>(),
        "float32 multiply-add peak of so many threads with the instruction set in use, GFLOP/s.");
  m.def("set_isa", kernels::set_isa, py::arg("name"), "Instruction set of networks made afterwards.");
  m.def("isa", [] { return kernels::name_of(kernels::current_isa()); }, "Instruction set in use.");
  m.def(
      "isas",
      [] {
        std::vector<std::string> names;
        for (const kernels::Isa isa : kernels::available_isas()) names.emplace_back(kernels::name_of(isa));
        return names;
      },
      "Instruction sets this machine can run.");
  m.def("set_gemm", gemm::set_backend, py::arg("name"), "Backend of large matrix products from the next batch on.");
  m.def("gemm", [] { return gemm::name_of(gemm::current_backend()); }, "Backend of large matrix products in use.");
  m.def(
      "build_info",
      [] {
        auto info = build_info();
        const std::string blas = gemm::blas_library();
        info["blas"] = blas.empty() ? "none" : blas;
        return info;
      },
      "Version, compiler, OpenMP and BLAS of this build.");
}

}  // namespace lamina::bindings
