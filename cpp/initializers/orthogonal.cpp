// The reflections I - s v vᵀ (Golub and Van Loan, Matrix Computations, section 5.2) reach the matrix a block of columns
// at a time, so that the block stays in the cache while all reflections pass over it. Every sum runs over the rows in
// ascending order whatever the block; multiplications and additions stand apart, and stay so, since contraction is off.
#include "initializers/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "initializers/draws.h"

namespace lamina::initializers {
namespace {

constexpr Index width = 32;  // columns of a block

class Reflections {
 public:
  Reflections(Index rows, Index columns)
      : rows_(rows),
        vectors_(static_cast<std::size_t>(rows * columns)),
        scales_(static_cast<std::size_t>(columns)),
        signs_(static_cast<std::size_t>(columns)) {}

  // Makes reflection k, which clears column c of the block below row k. block: [rows, width]
  void make(Index k, Index c, const double* block) {
    double* const v = vector(k);
    double squares = 0;
    for (Index r = k; r < rows_; ++r) {
      v[r] = block[r * width + c];
      squares += v[r] * v[r];
    }
    const double norm = std::sqrt(squares), first = v[k];
    sign(k) = first < 0 ? 1 : -1;  // of R's element; the other choice would cancel digits of v[k]
    v[k] = first - sign(k) * norm;
    scale(k) = norm > 0 ? 1 / (norm * std::fabs(v[k])) : 0;
    if (norm == 0) sign(k) = 1;  // a column of zeros is left as it is
  }

  // block: [rows, width]
  void apply(Index k, double* block) const {
    const double* const v = vectors_.data() + k * rows_;
    double dot[width] = {};
    for (Index r = k; r < rows_; ++r)
      for (Index c = 0; c < width; ++c) dot[c] += v[r] * block[r * width + c];
    for (Index c = 0; c < width; ++c) dot[c] *= scales_[static_cast<std::size_t>(k)];
    for (Index r = k; r < rows_; ++r)
      for (Index c = 0; c < width; ++c) block[r * width + c] -= v[r] * dot[c];
  }

  double& sign(Index k) { return signs_[static_cast<std::size_t>(k)]; }

 private:
  double* vector(Index k) { return vectors_.data() + k * rows_; }
  double& scale(Index k) { return scales_[static_cast<std::size_t>(k)]; }

  Index rows_;
  std::vector<double> vectors_;         // [columns, rows]; vector k is zero before element k
  std::vector<double> scales_, signs_;  // [columns]
};

}  // namespace

void orthonormalize(Index rows, Index columns, double* a) {
  require(rows >= columns, "orthonormalize: ", rows, " rows for ", columns, " columns; there must be as many or more");
  Reflections reflections(rows, columns);
  std::vector<double> block(static_cast<std::size_t>(rows * width));
  for (Index first = 0; first < columns; first += width) {
    const Index n = std::min(width, columns - first);
    for (Index r = 0; r < rows; ++r) std::copy_n(a + r * columns + first, n, block.data() + r * width);
    for (Index k = 0; k < first; ++k) reflections.apply(k, block.data());
    for (Index k = first; k < first + n; ++k) {
      reflections.make(k, k - first, block.data());
      reflections.apply(k, block.data());
    }
  }
  // Q's columns: the unit vectors, with R's signs, through all reflections, the last one first.
  for (Index first = 0; first < columns; first += width) {
    const Index n = std::min(width, columns - first);
    std::fill(block.begin(), block.end(), 0.0);
    for (Index c = 0; c < n; ++c) block.data()[(first + c) * width + c] = reflections.sign(first + c);
    for (Index k = first + n; k-- > 0;) reflections.apply(k, block.data());  // those after leave the unit vectors alone
    for (Index r = 0; r < rows; ++r) std::copy_n(block.data() + r * width, n, a + r * columns + first);
  }
}

void orthogonal(std::uint64_t seed, Index rows, Index columns, double* out) {
  normal(seed, 0, 1, rows * columns, out);
  orthonormalize(rows, columns, out);
}

}  // namespace lamina::initializers
