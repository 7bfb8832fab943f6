// The one-lane kernels where the CPU has a multiply-add. Nothing but the table leaves this file.
#include "kernels/vec_scalar.h"
//
#include "kernels/table.inl"

namespace lamina::kernels {

extern const Tables scalar_fma_tables;
constexpr Tables scalar_fma_tables = {make_table<Vec<float>>(), make_table<Vec<double>>()};

}  // namespace lamina::kernels
