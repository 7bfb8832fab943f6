// Who serves the large products of dense layers: the kernels, or the BLAS that the build was given. gemm_blas.cpp knows
// that BLAS; its twin no_blas.cpp says that there is none.
#pragma once
#include <string>

#include "gemm/gemm.h"

namespace lamina::gemm {

enum class Backend { native, blas };

const char* name_of(Backend backend);

// The backend in use: LAMINA_GEMM if set, else native. Throws std::invalid_argument where LAMINA_GEMM names none, and
// std::runtime_error where it names a BLAS that the build does not have.
Backend current_backend();

// Chooses it from the next batch on; throws as above and then changes nothing.
void set_backend(const std::string& name);

// What the BLAS tells of itself, its version where it does; empty: the build has none.
std::string blas_library();

// For as long as it lives, BLAS serves this thread's products if it is chosen, and starts no threads for them.
class BackendScope {
 public:
  BackendScope();
  ~BackendScope();
  BackendScope(const BackendScope&) = delete;
  BackendScope& operator=(const BackendScope&) = delete;

 private:
  bool serves_ = false;
  int threads_before_ = 0;
};

// The products of gemm.h, with sums in an order of the library's own and no column skipped. False, and nothing was
// done, where BLAS is not chosen, or the product so small that it could only lose.
template <class T> bool blas_forward(const Forward<T>& f);
template <class T> bool blas_input_gradient(const InputGradient<T>& g);

// totals [inputs, 32] = previous + xᵀ dz.
template <class T> bool blas_totals(const kernels::WeightGradient<T>& g, T* totals);

}  // namespace lamina::gemm
