// What a kernel table offers: one struct of plain function pointers an instruction set and number type.
//
// Rows of every internal buffer may be touched up to the next multiple of 16 columns; what lies there is never read
// as a value. Nothing here has a function body, so that files compiled for an instruction set can include it.
#pragma once
#include <cstdint>

#include "base/types.h"

namespace lamina::kernels {

// C[rows, columns] = init + A[rows, depth] B[depth, columns], one chain of multiply-adds an element.
// A(m, k) = a[m * a_row + (k / chunk) * a_chunk + k % chunk]; columns ≤ 32, depth ≤ 256.
template <class T> struct Product {
  Index rows, columns, depth, chunk;
  const T* a;
  Index a_row, a_chunk;
  const T* b;  // [depth, columns]
  Index b_row;
  const T* init;  // [rows, columns], or null: +0
  Index init_row;
  T* c;  // [rows, columns]
  Index c_row;
  const std::uint8_t* live;  // [depth]; terms with 0 are skipped; null: none is
};

// G[inputs, columns] = previous + xᵀ dz for at most 256 rows, with the penalty's gradient, handed to an update rule.
template <class T> struct WeightGradient {
  Index rows, inputs, columns;
  const T* x;  // [rows, inputs]
  Index x_row;
  const T* dz;  // [rows, columns]
  Index dz_row;
  const T* previous;  // [inputs, 32]: totals of earlier segments, or null
  T* weights;         // [inputs, 32], one panel
  T* slots[2];        // the optimizer's moments, laid out as the weights; slots[0] receives a stored gradient
  const std::uint8_t* live;  // [inputs]; 0: the column of x is zero in the whole batch; null: unknown
  const T* scalars;          // the update rule's numbers for this step
  T l1, twice_l2;
};

// x[rows, columns] = f(input), or the gradient x *= f'(saved), in place.
template <class T> struct Elementwise {
  Index rows, columns;
  const T* input;
  Index input_row;
  T* x;
  Index x_row;
  T parameter;
};

// out = x * y, element by element; out may be x.
template <class T> struct Multiply {
  Index rows, columns;
  const T* x;
  Index x_row;
  const T* y;
  Index y_row;
  T* out;
  Index out_row;
};

template <class T> struct Softmax {
  Index rows, columns;
  const T* z;
  Index z_row;
  T* p;
  Index p_row;
  T* row_max;      // [rows], or null
  T* row_log_sum;  // [rows]: log Σ exp(z - max), or null
};

// dst[rows, begin..end) = source rows named by order (null: first, first + 1, …).
template <class T> struct Gather {
  Index rows, begin, end;
  const void* source;
  Index source_row;  // bytes
  const Index* order;
  Index first;
  const Index* next;  // the following batch's rows, to be fetched early, or null
  Index next_rows;
  T* dst;
  Index dst_row;
  std::uint8_t* live;  // [columns]: 1 where some row is not zero, or null
};

// Multipliers for elements 64 * first .. 64 * (first + count) of a dropout: 0 or scale.
template <class T> struct DropoutMask {
  Index first, count;
  T* mask;  // the mask's element 0
  std::uint64_t seed, step;
  std::uint32_t stream, threshold;  // kept where word ≥ threshold
  T scale;
};

template <class T> struct Sums {
  T absolute, square;
};

// store: not an optimizer's rule; it writes the gradient to slots[0] and leaves the weights alone.
enum class Update : int { store, sgd, momentum, nesterov, adam, count };
enum class SourceType : int { uint8, float32, float64, count };

inline constexpr int chains_of_multiply_adds = 12;

struct Activation {
  const char* name;
  const char* parameter;  // its name, or null
  double default_value;
  bool rowwise, differentiable, kink;  // kink: not differentiable at 0
};

// The one list of activations; row i is what activation_forward[i] computes.
inline constexpr Activation activations[] = {
#define LAMINA_ACTIVATION(name, rule, parameter, value, rowwise, differentiable, kink) \
  {#name, parameter, value, rowwise, differentiable, kink},
#include "kernels/activations.def"
#undef LAMINA_ACTIVATION
};
inline constexpr int activation_count = static_cast<int>(sizeof(activations) / sizeof(activations[0]));

template <class T> struct Table {
  int lanes;
  void (*product)(const Product<T>&);
  void (*weight_gradient[static_cast<int>(Update::count)])(const WeightGradient<T>&);
  void (*bias_gradient[static_cast<int>(Update::count)])(const WeightGradient<T>&);  // inputs = 1, x = 1
  void (*activation_forward[activation_count])(const Elementwise<T>&);
  void (*activation_gradient[activation_count])(const Elementwise<T>&);
  void (*multiply)(const Multiply<T>&);
  void (*log)(const Elementwise<T>&);
  void (*log1p_exp_minus_abs)(const Elementwise<T>&);  // x = log(1 + exp(-|input|))
  void (*softmax)(const Softmax<T>&);
  void (*transpose)(Index rows, Index columns, const T* src, Index src_row, T* dst, Index dst_row);
  void (*gather[static_cast<int>(SourceType::count)])(const Gather<T>&);
  void (*dropout_mask)(const DropoutMask<T>&);
  T (*multiply_adds)(Index count);  // that many on every lane of independent chains: the peak that benchmarks compare with
  Sums<T> (*penalty)(Index count, const T* w);  // count ≤ 4,096, a multiple of 32
};

struct Tables {
  Table<float> f32;
  Table<double> f64;
};

}  // namespace lamina::kernels
