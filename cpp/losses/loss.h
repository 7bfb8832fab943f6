// A loss: a value a row and, in training, the gradient of the outputs. Each is the mean or sum over a row's outputs;
// the mean over rows is the caller's. A few need all rows of a batch at once.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/types.h"
#include "kernels/table.h"

namespace lamina::losses {

enum class Targets { dense, labels };         // [rows, outputs] numbers, or [rows] class indices
enum class Link { none, softmax, sigmoid };   // what the loss applies to its logits itself

// Some rows of a batch. A loss with a link takes logits, where z is what stands before a softmax or sigmoid, and writes
// link(z) to `predictions`; else, as every other loss, it takes outputs, and `predictions` is scratch.
template <class T> struct LossRows {
  const kernels::Table<T>& table;
  Index rows, outputs;
  Matrix<const T> z;           // [rows, outputs]: logits or outputs
  Matrix<const T> targets;     // [rows, outputs], for dense targets
  const std::int64_t* labels;  // [rows], for labels
  bool logits;
  Matrix<T> predictions;       // [rows, outputs]
  Matrix<const T> head;        // [rows, outputs]: what the model makes of z, where that is not link(z); else null
  Matrix<T> dz;                // [rows, outputs], or null: no gradient wanted
  T scale;                     // of the gradient: 1 / rows of the whole batch
  Index batch_rows;            // of the whole batch
  bool weighted;               // whether values and gradient will be multiplied by weights of the rows
  double* values;              // [rows]
};

template <class T> class Loss {
 public:
  virtual ~Loss() = default;
  virtual void rows(const LossRows<T>& r) const = 0;
  // Whether it wants all rows of a batch in one call, of the thread that called for the batch.
  virtual bool whole_batch() const { return false; }
  // Whether every row has the value of the batch as a whole: then weights of rows are as good as their mean.
  virtual bool one_value() const { return false; }
};

struct LossInfo {
  const char* name;
  Targets targets;
  Link link;
};

// A loss that somebody else computes, for whole batches of outputs; `rows` must not throw. A value that is not finite
// keeps the batch from being applied.
class Foreign {
 public:
  virtual ~Foreign() = default;
  virtual Targets targets() const = 0;
  virtual void rows(const LossRows<float>& r) const = 0;
  virtual void rows(const LossRows<double>& r) const = 0;
};

// A loss by name, with the options that it does not leave at their defaults, by Keras's names; booleans as 0 and 1.
// Every loss has the option `sum`: the rows of a batch are added, not averaged; one value is not, but for its weights.
struct LossSpec {
  LossSpec(std::string name = {}, std::map<std::string, double> options = {})
      : name(std::move(name)), options(std::move(options)) {}
  LossSpec(const char* name) : name(name) {}

  double option(const char* key, double otherwise) const {
    const auto found = options.find(key);
    return found == options.end() ? otherwise : found->second;
  }

  std::string name;
  std::map<std::string, double> options;
  std::map<std::string, std::vector<double>> lists;  // options that have a number for each output
  std::shared_ptr<const Foreign> foreign;            // or null
};

const std::vector<LossInfo>& list();

// What is known of a loss with its options. Both throw std::invalid_argument for an unknown name.
LossInfo info_of(const LossSpec& spec);
template <class T> std::unique_ptr<Loss<T>> make(const LossSpec& spec);

// Whether a row's value depends on which rows share its batch, or on how many do.
bool depends_on_batch(const LossSpec& spec);

// The sum over a row's features, taken in ascending order: 16 partials by index modulo 16, then a tree 8-4-2-1.
template <class T, class F> T feature_sum(Index n, F&& at) {
  T partial[16] = {};
  for (Index i = 0; i < n; ++i) partial[i % 16] += at(i);
  for (int width = 8; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) partial[i] += partial[i + width];
  return partial[0];
}

// dz = p (dp - Σ p dp), where p = softmax(z) and dz holds dp.
template <class T> void through_softmax(Index n, const T* p, T* dz) {
  const T mean = feature_sum<T>(n, [=](Index c) { return p[c] * dz[c]; });
  for (Index c = 0; c < n; ++c) dz[c] = p[c] * (dz[c] - mean);
}

// Keras's epsilon: how near outputs come to a place where a logarithm or a quotient has no value.
template <class T> inline constexpr T epsilon = static_cast<T>(1e-7);

// Numbers held within bounds.
template <class T> struct Clip {
  T low, high;
  T of(T p) const { return p < low ? low : p > high ? high : p; }  // NaN stays
  bool passes(T p) const { return p >= low && p <= high; }         // whether the gradient does
};

// Probabilities of which, and of whose complements, a logarithm is taken.
template <class T> inline constexpr Clip<T> inside_0_1{epsilon<T>, static_cast<T>(1 - 1e-7)};

// Label smoothing (Szegedy et al., 2016): targets y (1 - s) + s / classes; s = 0 leaves them as they are, to the bit.
template <class T> struct Smoothing {
  Smoothing(double s, Index classes)
      : keep(static_cast<T>(1 - s)), rest(static_cast<T>(s) / static_cast<T>(classes)) {}
  T operator()(T y) const { return y * keep + rest; }
  T keep, rest;
};

// Options of several losses; both throw std::invalid_argument where they are out of range.
double label_smoothing(const LossSpec& spec);  // in [0, 1]
double focal_gamma(const LossSpec& spec);      // at least 0

// The label that counts as none, where there is one.
std::optional<std::int64_t> ignored_class(const LossSpec& spec);

// One factory a member, in its own file.
#define LAMINA_LOSS(name, targets, link) template <class T> std::unique_ptr<Loss<T>> make_##name(const LossSpec& spec);
#include "losses/losses.def"
#undef LAMINA_LOSS

}  // namespace lamina::losses
