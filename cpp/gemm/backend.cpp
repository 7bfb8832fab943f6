#include "gemm/backend.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "base/error.h"

namespace lamina::gemm {
namespace {

constexpr int not_yet = -1;
std::atomic<int> chosen{not_yet};

// `place` is how the name was given, for the errors.
Backend parse(const std::string& name, const std::string& place) {
  if (name == name_of(Backend::native)) return Backend::native;
  if (name != name_of(Backend::blas)) fail(place, ": unknown backend of matrix products; use native or blas");
  if (blas_library().empty())
    throw std::runtime_error(place + ": this build has no BLAS; install lamina with -Ccmake.define.LAMINA_BLAS=ON");
  return Backend::blas;
}

}  // namespace

const char* name_of(Backend backend) { return backend == Backend::blas ? "blas" : "native"; }

Backend current_backend() {
  int found = chosen.load(std::memory_order_relaxed);
  if (found == not_yet) {
    const char* wish = std::getenv("LAMINA_GEMM");
    const bool wished = wish != nullptr && *wish != '\0';
    const Backend start = wished ? parse(wish, std::string("LAMINA_GEMM=") + wish) : Backend::native;
    // Another thread's choice in the meantime stands, and is then what `found` becomes.
    if (chosen.compare_exchange_strong(found, static_cast<int>(start))) return start;
  }
  return static_cast<Backend>(found);
}

void set_backend(const std::string& name) {
  chosen.store(static_cast<int>(parse(name, "set_gemm(name='" + name + "')")));
}

}  // namespace lamina::gemm
