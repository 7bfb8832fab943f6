// What a kernel table offers: one struct of plain function pointers an instruction set and number type.
//
// Rows of every internal buffer may be touched up to the next multiple of 16 columns; what lies there is never read
// as a value. Nothing here has a function body, so that files compiled for an instruction set can include it.
#pragma once
#include <cstdint>

#include "base/types.h"

namespace lamina::kernels {

// C[rows, columns] = start + A[rows, depth] B[depth, columns], one chain of multiply-adds an element; start is bias, C
// as it is, or +0. A(m, k) = a[m * a_row + (k / chunk) * a_chunk + k % chunk]; depth ≤ 256, chunk ≥ 32 or depth.
template <class T> struct Product {
  Index rows, columns, depth, chunk;
  const T* a;
  Index a_row, a_chunk;
  const T* b;  // [depth, columns]
  Index b_row, b_panel;  // from a row to the next, from 32 columns to the next
  const T* bias;         // [columns], or null
  bool adds;             // to C as it is
  T* c;                  // [rows, columns]
  Index c_row, c_panel;
  const std::uint8_t* live;  // [depth]; terms with 0 are skipped; null: none is
};

// Moments that an update rule may keep of every weight.
inline constexpr int max_slots = 3;

// G[inputs, columns] = previous + xᵀ dz for at most 256 rows, with the penalty's gradient, handed to an update rule.
template <class T> struct WeightGradient {
  Index rows, inputs, columns;
  const T* x;  // [rows, inputs]
  Index x_row, x_panel;  // from a row to the next, from 32 inputs to the next
  const T* dz;  // [rows, columns]
  Index dz_row;
  const T* previous;  // [inputs, 32]: totals of earlier segments, or null
  T* weights;         // [inputs, 32], one panel
  T* slots[max_slots];  // the optimizer's moments, laid out as the weights; slots[0] receives a stored gradient
  const std::uint8_t* live;  // [inputs]; 0: the column of x is zero in the whole batch; null: unknown
  const T* scalars;          // the update rule's numbers for this step
  T l1, twice_l2;
};

// An update from stored gradients, which hold their penalties: clipped, decayed, ruled, averaged.
template <class T> struct StoredUpdate {
  Index count;           // of weights, a multiple of 32
  const T* gradient;     // [count]
  T* weights;            // [count]
  T* slots[max_slots];   // [count] each
  T* average;            // [count]: the moving average of the weights, or null
  const T* scalars;      // the update rule's numbers for this step
  T scale, limit;        // the gradient is multiplied by scale, then cut to ±limit
  T decay;               // w -= decay w before the rule
  T average_share;       // average += average_share (w - average)
  bool overwrite;        // the average then becomes the weight
};

inline constexpr int max_activation_parameters = 3;

// x[rows, columns] = f(input), or the gradient x *= f', in place, where input is what the gradient is taken from.
template <class T> struct Elementwise {
  Index rows, columns;
  const T* input;
  Index input_row;
  T* x;
  Index x_row;
  T parameters[max_activation_parameters] = {};
};

// x[rows, columns] = input * scale + offset, one multiply-add an element.
template <class T> struct Affine {
  Index rows, columns;
  const T* input;
  Index input_row;
  T* x;
  Index x_row;
  T scale, offset;
};

// A slope for negative inputs, one a column. Forward: x = z > 0 ? z : slope z. Gradient: x *= the derivative, and
// slope_gradient[rows, columns] = what each element adds to the gradient of its slope.
template <class T> struct Prelu {
  Index rows, columns;
  const T* z;
  Index z_row;
  const T* slope;  // [columns]
  T* x;
  Index x_row;
  T* slope_gradient;  // null: forward
  Index slope_gradient_row;
};

// out = x * y or x + y, element by element; out may be x.
template <class T> struct Binary {
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
  T* dst;
  Index dst_row, dst_panel;  // from a row to the next, from 32 columns to the next
  std::uint8_t* live;  // [columns]: 1 where some row is not zero, or null
  bool* finite;        // becomes false where a number is not finite, or such numbers that their sum is not; or null
};

// Which of the elements 64 * first .. 64 * (first + count) a dropout keeps, a bit each: a thirty-second part of what
// multipliers would take of memory, and of the way from the core that draws them to the one that uses them.
struct DropoutMask {
  Index first, count, stride;  // of groups of 64 elements: first, first + stride, ...
  std::uint64_t* kept;         // [count]
  std::uint64_t seed, step;
  std::uint32_t stream, threshold;  // kept where word ≥ threshold
};

// out[rows, columns] = x * scale where kept, else x * 0; out may be x.
template <class T> struct Masked {
  Index rows, columns;
  const T* x;
  Index x_row;
  const std::uint64_t* kept;
  Index first, kept_row;  // the bit of x[0, 0], and from a row to the next
  T scale;
  T* out;
  Index out_row;
};

template <class T> struct Sums {
  T absolute, square;
};

// The one list of update rules.
enum class Update : int {
#define LAMINA_FUSED_UPDATE(name, rule, slots) name,
#define LAMINA_UPDATE(name, rule, slots) name,
#include "kernels/updates.def"
  count
};
inline constexpr int fused_updates = 0
#define LAMINA_FUSED_UPDATE(name, rule, slots) +1
#define LAMINA_UPDATE(name, rule, slots)
#include "kernels/updates.def"
    ;
struct UpdateInfo {
  const char* name;
  int slots;
};
inline constexpr UpdateInfo updates[] = {
#define LAMINA_FUSED_UPDATE(name, rule, slots) {#name, slots},
#define LAMINA_UPDATE(name, rule, slots) {#name, slots},
#include "kernels/updates.def"
};

// What is done to a gradient before the rule sees it: each element, or each weight's norm, or that of all together, is
// kept within a limit.
enum class Clip : int { none, value, norm, global_norm };

// How weights change.
struct UpdateRule {
  Update update = Update::store;
  Clip clip = Clip::none;
  double limit = 0;
  bool decays = false;    // by a decay that is not part of the rule
  bool averages = false;  // a moving average of the weights is kept behind the rule's moments

  bool fusible() const {
    return static_cast<int>(update) < fused_updates && clip == Clip::none && !decays && !averages;
  }
  int slots() const { return updates[static_cast<int>(update)].slots + averages; }
};
inline constexpr int max_moments = max_slots + 1;

// The numbers of a step: the rule's come first.
inline constexpr int decay_scalar = 8, average_scalar = 9, overwrite_scalar = 10, max_scalars = 11;

enum class SourceType : int { uint8, float32, float64, count };

inline constexpr int chains_of_multiply_adds = 12;

enum class Scope { element, row };           // what one output depends on
enum class Gradient { input, output, none };  // what the gradient is taken from; none: there is none

struct ActivationParameter {
  const char* name;
  double default_value;  // infinity: no limit
  bool boolean = false;
};

struct Activation {
  const char* name;
  Scope scope;
  Gradient gradient;
  ActivationParameter parameters[max_activation_parameters];  // the last ones without a name
};

// The one list of activations; row i is what activation_forward[i] computes.
inline constexpr Activation activations[] = {
#define LAMINA_ACTIVATION(name, rule, scope, gradient, ...) \
  {#name, Scope::scope, Gradient::gradient, {__VA_ARGS__}},
#include "kernels/activations.def"
#undef LAMINA_ACTIVATION
};
inline constexpr int activation_count = static_cast<int>(sizeof(activations) / sizeof(activations[0]));

template <class T> struct Table {
  int lanes;
  void (*product)(const Product<T>&);
  void (*weight_gradient[fused_updates])(const WeightGradient<T>&);
  void (*bias_gradient[fused_updates])(const WeightGradient<T>&);  // inputs = 1, x = 1
  void (*stored_update[static_cast<int>(Update::count)])(const StoredUpdate<T>&);
  void (*activation_forward[activation_count])(const Elementwise<T>&);
  void (*activation_gradient[activation_count])(const Elementwise<T>&);
  void (*multiply)(const Binary<T>&);
  void (*masked)(const Masked<T>&);
  void (*add)(const Binary<T>&);
  void (*affine)(const Affine<T>&);
  void (*prelu)(const Prelu<T>&);
  void (*log)(const Elementwise<T>&);
  void (*log1p_exp_minus_abs)(const Elementwise<T>&);  // x = log(1 + exp(-|input|))
  void (*softmax)(const Softmax<T>&);
  void (*transpose)(Index rows, Index columns, const T* src, Index src_row, T* dst, Index dst_row);
  void (*gather[static_cast<int>(SourceType::count)])(const Gather<T>&);
  void (*dropout_mask)(const DropoutMask&);
  bool (*finite)(Index count, const T* x);  // whether all numbers are
  T (*multiply_adds)(Index count);  // that many on every lane of independent chains: the peak that benchmarks compare with
  Sums<T> (*penalty)(Index count, const T* w);  // count ≤ 4,096, a multiple of 32
};

struct Tables {
  Table<float> f32;
  Table<double> f64;
};

}  // namespace lamina::kernels
