// AVX2 and FMA. Nothing but the table leaves this file.
#include "kernels/vec_avx2.h"
//
#include "kernels/table.inl"

namespace lamina::kernels {

extern const Tables avx2_tables;
constexpr Tables avx2_tables = {make_table<Vec<float>>(), make_table<Vec<double>>()};

}  // namespace lamina::kernels
