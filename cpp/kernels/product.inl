// Matrix products on register tiles of up to tile_rows by tile_vectors, each element one chain of multiply-adds from
// +0 in ascending order. The plain specification is the same code with vectors of one lane.

template <class V> inline constexpr int tile_vectors = V::lanes * 4 >= panel_width ? panel_width / V::lanes : 4;
template <class V> inline constexpr int tile_rows = (V::registers - tile_vectors<V> - 2) / tile_vectors<V>;

enum class Along { depth, rows };  // which index of A is contiguous

// acc[m][j] += Σ_k A(m, k) B(k, j), A(m, k) = a[m * a_stride + k] or a[m + k * a_stride].
template <class V, int M, int N, Along along>
inline __attribute__((always_inline)) void chain(V (&acc)[M][N], const typename V::Scalar* a, Index a_stride,
                                                 const typename V::Scalar* b, Index b_row, Index depth,
                                                 const std::uint8_t* live) {
  for (Index k = 0; k < depth; ++k, b += b_row, a += along == Along::depth ? 1 : a_stride) {
    if (live != nullptr && live[k] == 0) continue;
    V right[N];
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) right[j] = V::load(b + j * V::lanes);
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m) {
      const V left = V::set(a[along == Along::depth ? m * a_stride : m]);
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) acc[m][j] = fma(left, right[j], acc[m][j]);
    }
  }
}

template <class V, int M, int N> void clear(V (&acc)[M][N]) {
  for (auto& row : acc)
    for (V& x : row) x = V::set(0);
}

// Calls f.template operator()<M>() with M = rows, 1 ≤ rows ≤ M.
template <int M, class F> void with_rows(Index rows, const F& f) {
  if constexpr (M > 1) {
    if (rows < M) return with_rows<M - 1>(rows, f);
  }
  f.template operator()<M>();
}

// Calls f.template operator()<N>(c) for groups of N vectors that cover the columns.
template <class V, int N, class F> void for_vectors(Index columns, const F& f) {
  Index c = 0;
  for (; c + (N - 1) * V::lanes < columns; c += N * V::lanes) f.template operator()<N>(c);
  if constexpr (N > 1) {
    if (c < columns)
      for_vectors<V, N - 1>(columns - c, [&]<int K>(Index d) { f.template operator()<K>(c + d); });
  }
}

// Calls f(begin, count) for as few and as even groups of at most `most` as cover [0, n).
template <class F> void even_groups(Index n, Index most, const F& f) {
  const Index groups = (n + most - 1) / most, size = n / groups, larger = n % groups;
  for (Index g = 0, begin = 0; g < groups; ++g) {
    const Index count = g < larger ? size + 1 : size;
    f(begin, count);
    begin += count;
  }
}

template <class V> void product(const lamina::kernels::Product<typename V::Scalar>& p) {
  using T = typename V::Scalar;
  for_vectors<V, tile_vectors<V>>(p.columns, [&]<int N>(Index c) {
    even_groups(p.rows, tile_rows<V>, [&](Index row, Index rows) {
      with_rows<tile_rows<V>>(rows, [&]<int M>() {
        V acc[M][N];
        clear(acc);
        const T* a = p.a + row * p.a_row;
        for (Index k = 0; k < p.depth; k += p.chunk, a += p.a_chunk) {
          const Index depth = p.depth - k < p.chunk ? p.depth - k : p.chunk;
          chain<V, M, N, Along::depth>(acc, a, p.a_row, p.b + k * p.b_row + c, p.b_row, depth,
                                       p.live == nullptr ? nullptr : p.live + k);
        }
        for (int m = 0; m < M; ++m)
          for (int j = 0; j < N; ++j) {
            const Index column = c + j * V::lanes;
            V x = acc[m][j];
            if (p.init != nullptr) x = V::load(p.init + (row + m) * p.init_row + column) + x;
            x.store(p.c + (row + m) * p.c_row + column);
          }
      });
    });
  });
}

// `count` rounds of multiply-adds on independent chains that live in registers; their sum keeps them from being dropped.
template <class V> typename V::Scalar multiply_adds(Index count) {
  using T = typename V::Scalar;
  constexpr int chains = lamina::kernels::chains_of_multiply_adds;
  V acc[chains];
  for (int i = 0; i < chains; ++i) acc[i] = V::set(static_cast<T>(i));
  const V x = V::set(static_cast<T>(0.999)), y = V::set(static_cast<T>(0.001));
  for (Index k = 0; k < count; ++k)
#pragma GCC unroll 16
    for (int i = 0; i < chains; ++i) acc[i] = fma(acc[i], x, y);
  V sum = acc[0];
  for (int i = 1; i < chains; ++i) sum = sum + acc[i];
  T lanes[V::lanes];
  sum.store(lanes);
  return lanes[0];
}

// The gradient of inputs [first, first + M) of a panel, N vectors at column c, into tile [M, N lanes].
template <class V, int M, int N>
void gradient_tile(const lamina::kernels::WeightGradient<typename V::Scalar>& g, Index first, Index c,
                   typename V::Scalar* tile) {
  V acc[M][N];
  clear(acc);
  bool live = g.live == nullptr;
  for (int m = 0; m < M && !live; ++m) live = g.live[first + m] != 0;
  if (live) chain<V, M, N, Along::rows>(acc, g.x + first, g.x_row, g.dz + c, g.dz_row, g.rows, nullptr);
  for (int m = 0; m < M; ++m)
    for (int j = 0; j < N; ++j) {
      V x = acc[m][j];
      if (g.previous != nullptr) x = V::load(g.previous + (first + m) * panel_width + c + j * V::lanes) + x;
      x.store(tile + (m * N + j) * V::lanes);
    }
}

// Small batches take few inputs at a time, so that columns of zeros can be skipped; larger ones fill the registers.
template <class V> Index inputs_at_once(Index rows) {
  constexpr Index few = tile_rows<V> < 4 ? tile_rows<V> : 4;
  return rows <= panel_width ? few : tile_rows<V>;
}

template <class V, class Rule> void weight_gradient(const lamina::kernels::WeightGradient<typename V::Scalar>& g) {
  using T = typename V::Scalar;
  const Rule rule(g.scalars);
  for_vectors<V, tile_vectors<V>>(g.columns, [&]<int N>(Index c) {
    even_groups(g.inputs, inputs_at_once<V>(g.rows), [&](Index first, Index count) {
      T tile[tile_rows<V> * N * V::lanes];
      with_rows<tile_rows<V>>(count, [&]<int M>() { gradient_tile<V, M, N>(g, first, c, tile); });
      for (Index m = 0; m < count; ++m)
        for (int j = 0; j < N; ++j)
          update_at(rule, V::load(tile + (m * N + j) * V::lanes), g, (first + m) * panel_width + c + j * V::lanes);
    });
  });
}

// The same for a bias: the sum of dz over the rows.
template <class V, class Rule> void bias_gradient(const lamina::kernels::WeightGradient<typename V::Scalar>& g) {
  const Rule rule(g.scalars);
  for (Index c = 0; c < g.columns; c += V::lanes) {
    V sum = V::set(0);
    for (Index r = 0; r < g.rows; ++r) sum = sum + V::load(g.dz + r * g.dz_row + c);
    if (g.previous != nullptr) sum = V::load(g.previous + c) + sum;
    update_at(rule, sum, g, c);
  }
}
