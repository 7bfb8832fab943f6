// Kernels that need whole rows: sums over features go into 16 partials by index modulo 16, then a tree 8-4-2-1.

template <class V> struct FeatureSum {
  using T = typename V::Scalar;
  static constexpr int vectors = 16 / V::lanes;
  V partial[vectors];

  FeatureSum() {
    for (V& p : partial) p = V::set(0);
  }
  void add(Index column, V value) {
    V& p = partial[(column / V::lanes) % vectors];
    p = p + value;
  }
  T total() const {
    V sums[vectors];
    for (int i = 0; i < vectors; ++i) sums[i] = partial[i];
    for (int width = vectors / 2; width > 0; width /= 2)
      for (int i = 0; i < width; ++i) sums[i] = sums[i] + sums[i + width];
    return sum_of(sums[0]);
  }
};

// 0, 1, … as numbers, for masks of the first lanes.
template <class T> inline constexpr T lane_numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// The vector at column c, lanes past the row's end holding `rest`.
template <class V>
V load_tail(const typename V::Scalar* row, Index c, Index columns, typename V::Scalar rest) {
  using T = typename V::Scalar;
  if (c + V::lanes <= columns) return V::load(row + c);
  return select(less(V::load(lane_numbers<T>), V::set(static_cast<T>(columns - c))), V::load(row + c), V::set(rest));
}

template <class V> void softmax(const lamina::kernels::Softmax<typename V::Scalar>& a) {
  using T = typename V::Scalar;
  const T lowest = -static_cast<T>(__builtin_inf());
  for (Index r = 0; r < a.rows; ++r) {
    const T* z = a.z + r * a.z_row;
    T* p = a.p + r * a.p_row;
    V peak = V::set(lowest);
    for (Index c = 0; c < a.columns; c += V::lanes) peak = max(load_tail<V>(z, c, a.columns, lowest), peak);
    const T row_max = max_of(peak);
    FeatureSum<V> sum;
    for (Index c = 0; c < a.columns; c += V::lanes) {
      const V e = exp(load_tail<V>(z, c, a.columns, lowest) - V::set(row_max));
      sum.add(c, e);
      e.store(p + c);
    }
    const V total = V::set(sum.total());
    for (Index c = 0; c < a.columns; c += V::lanes) (V::load(p + c) / total).store(p + c);
    if (a.row_max != nullptr) a.row_max[r] = row_max;
    if (a.row_log_sum != nullptr) {
      T logs[V::lanes];
      log(total).store(logs);
      a.row_log_sum[r] = logs[0];
    }
  }
}

template <class V> struct SoftmaxRows {
  using T = typename V::Scalar;
  static void forward_rows(const lamina::kernels::Elementwise<T>& a) {
    softmax<V>({a.rows, a.columns, a.input, a.input_row, a.x, a.x_row, nullptr, nullptr});
  }
  // dz = p (dy - Σ p dy), row by row.
  static void gradient_rows(const lamina::kernels::Elementwise<T>& a) {
    for (Index r = 0; r < a.rows; ++r) {
      T* dy = a.x + r * a.x_row;
      const T* p = a.input + r * a.input_row;
      FeatureSum<V> dot;
      for (Index c = 0; c < a.columns; c += V::lanes)
        dot.add(c, load_tail<V>(p, c, a.columns, T{0}) * load_tail<V>(dy, c, a.columns, T{0}));
      const V total = V::set(dot.total());
      for (Index c = 0; c < a.columns; c += V::lanes) (V::load(p + c) * (V::load(dy + c) - total)).store(dy + c);
    }
  }
};

template <class V> struct LogSoftmaxRows {
  using T = typename V::Scalar;
  static void forward_rows(const lamina::kernels::Elementwise<T>& a) {
    for (Index r = 0; r < a.rows; ++r) {
      T row_max, log_sum;
      T* const y = a.x + r * a.x_row;
      const T* const z = a.input + r * a.input_row;
      softmax<V>({1, a.columns, z, 0, y, 0, &row_max, &log_sum});
      const V high = V::set(row_max), shift = V::set(log_sum);
      for (Index c = 0; c < a.columns; c += V::lanes) ((V::load(z + c) - high) - shift).store(y + c);
    }
  }
  // dz = dy - exp(y) Σ dy, row by row.
  static void gradient_rows(const lamina::kernels::Elementwise<T>& a) {
    const T lowest = -static_cast<T>(__builtin_inf());
    for (Index r = 0; r < a.rows; ++r) {
      T* const dy = a.x + r * a.x_row;
      const T* const y = a.input + r * a.input_row;
      FeatureSum<V> sum;
      for (Index c = 0; c < a.columns; c += V::lanes) sum.add(c, load_tail<V>(dy, c, a.columns, T{0}));
      const V total = V::set(sum.total());
      for (Index c = 0; c < a.columns; c += V::lanes)
        // exp(-infinity) = 0 behind the row's end, where gradients stay 0.
        (V::load(dy + c) - exp(load_tail<V>(y, c, a.columns, lowest)) * total).store(dy + c);
    }
  }
};

// Σ|w| and Σw² of a segment: 64 partials by index modulo 64, then a fixed tree.
template <class V> lamina::kernels::Sums<typename V::Scalar> penalty(Index count, const typename V::Scalar* w) {
  using T = typename V::Scalar;
  T absolute[64] = {}, square[64] = {};
  for (Index i = 0; i < count; i += 32)
    for (Index lane = i % 64, end = lane + 32, k = i; lane < end; lane += V::lanes, k += V::lanes) {
      const V x = V::load(w + k);
      (V::load(absolute + lane) + abs(x)).store(absolute + lane);
      fma(x, x, V::load(square + lane)).store(square + lane);
    }
  for (int width = 32; width > 0; width /= 2)
    for (int i = 0; i < width; ++i) {
      absolute[i] += absolute[i + width];
      square[i] += square[i + width];
    }
  return {absolute[0], square[0]};
}
