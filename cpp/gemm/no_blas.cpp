// The twin of gemm_blas.cpp in a build without BLAS.
#include "gemm/backend.h"

namespace lamina::gemm {

std::string blas_library() { return {}; }

BackendScope::BackendScope() = default;
BackendScope::~BackendScope() = default;

template <class T> bool blas_forward(const Forward<T>&) { return false; }
template <class T> bool blas_input_gradient(const InputGradient<T>&) { return false; }
template <class T> bool blas_totals(const kernels::WeightGradient<T>&, T*) { return false; }

#define LAMINA_INSTANTIATE(T)                                  \
  template bool blas_forward(const Forward<T>&);               \
  template bool blas_input_gradient(const InputGradient<T>&);  \
  template bool blas_totals(const kernels::WeightGradient<T>&, T*);
LAMINA_INSTANTIATE(float)
LAMINA_INSTANTIATE(double)

}  // namespace lamina::gemm
