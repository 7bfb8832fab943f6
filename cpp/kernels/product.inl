// Matrix products on register tiles of up to tile_rows by tile_vectors, each element one chain of multiply-adds from
// +0 in ascending order. The plain specification is the same code with vectors of one lane.

template <class V> inline constexpr int tile_vectors = V::lanes * 4 >= panel_width ? panel_width / V::lanes : 4;
template <class V> inline constexpr int tile_rows = (V::registers - tile_vectors<V> - 2) / tile_vectors<V>;

template <class A, class B> inline constexpr bool same_type = false;
template <class A> inline constexpr bool same_type<A, A> = true;

enum class Along { depth, rows };  // which index of A is contiguous

template <class V, int M, int N, Along along>
inline __attribute__((always_inline)) void multiply_add(V (&acc)[M][N], const typename V::Scalar* a, Index a_stride,
                                                        const typename V::Scalar* b) {
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

// Between two terms, a part of what is read soon: M rows of a panel in as many terms as it has columns. Fetched all at
// once they would hold up what is read now: 8 % of a product.
template <int M, class T> inline __attribute__((always_inline)) void prefetch_part(const T* rows, Index term) {
  constexpr int line = 64 / sizeof(T), lines = (M + line - 1) / line;
#pragma GCC unroll 4
  for (int i = 0; i < lines; ++i) __builtin_prefetch(rows + (term * lines + i) * line);
}

// acc[m][j] += Σ_k A(m, k) B(k, j), A(m, k) = a[m * a_stride + k] or a[m + k * a_stride]. `soon`: M rows of a panel that
// will be read next.
template <class V, int M, int N, Along along, bool prefetches = false>
inline __attribute__((always_inline)) void chain(V (&acc)[M][N], const typename V::Scalar* a, Index a_stride,
                                                 const typename V::Scalar* b, Index b_row, Index depth,
                                                 const std::uint8_t* live, const typename V::Scalar* soon = nullptr) {
  const Index step = along == Along::depth ? 1 : a_stride;
  if (live == nullptr) {
    for (Index k = 0; k < depth; ++k) {
      if constexpr (prefetches) prefetch_part<M>(soon, k);
      multiply_add<V, M, N, along>(acc, a + k * step, a_stride, b + k * b_row);
    }
  } else {
    // Listed beforehand, without a branch that could be foreseen wrongly: a chain waits some 20 cycles for that.
    int kept[lamina::segment_depth], n = 0;
    for (int k = 0; k < depth; ++k) {
      kept[n] = k;
      n += live[k] != 0;
    }
    for (int i = 0; i < n; ++i) {
      if constexpr (prefetches) prefetch_part<M>(soon, i);
      multiply_add<V, M, N, along>(acc, a + kept[i] * step, a_stride, b + kept[i] * b_row);
    }
  }
}

template <class V, int M, int N> inline __attribute__((always_inline)) void clear(V (&acc)[M][N]) {
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) acc[m][j] = V::set(0);
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

// Rows [row, row + M) of the product, N vectors at column c. Rows that lie as in a panel have a stride known beforehand,
// which leaves no register to be spilled.
template <class V, int M, int N, bool in_panel>
void product_tile(const lamina::kernels::Product<typename V::Scalar>& p, Index row, Index c) {
  using T = typename V::Scalar;
  const Index a_row = in_panel ? panel_width : p.a_row;
  const T* a = p.a + row * a_row;
  V acc[M][N];
  clear(acc);
  for (Index k = 0; k < p.depth; k += p.chunk, a += p.a_chunk) {
    const Index depth = p.depth - k < p.chunk ? p.depth - k : p.chunk;
    const T* b = p.b + k * p.b_row + c;
    const std::uint8_t* live = p.live == nullptr ? nullptr : p.live + k;
    if (in_panel && p.depth == lamina::segment_depth) {  // what shorter ones read stays in the first-level cache
      const T* soon = k + p.chunk < p.depth ? a + p.a_chunk : p.a + (row + M) * a_row;
      chain<V, M, N, Along::depth, true>(acc, a, a_row, b, p.b_row, depth, live, soon);
    } else {
      chain<V, M, N, Along::depth>(acc, a, a_row, b, p.b_row, depth, live);
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j) {
      const Index column = c + j * V::lanes;
      V x = acc[m][j];
      if (p.init != nullptr) x = V::load(p.init + (row + m) * p.init_row + column) + x;
      x.store(p.c + (row + m) * p.c_row + column);
    }
}

template <class V> void product(const lamina::kernels::Product<typename V::Scalar>& p) {
  for_vectors<V, tile_vectors<V>>(p.columns, [&]<int N>(Index c) {
    even_groups(p.rows, tile_rows<V>, [&](Index row, Index rows) {
      with_rows<tile_rows<V>>(rows, [&]<int M>() {
        p.a_row == panel_width ? product_tile<V, M, N, true>(p, row, c) : product_tile<V, M, N, false>(p, row, c);
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

template <int M, class Args> inline __attribute__((always_inline)) bool is_live(const Args& g, Index first) {
  bool live = g.live == nullptr;
  for (int m = 0; m < M && !live; ++m) live = g.live[first + m] != 0;
  return live;
}

template <class V, int M, int N, class Args>
inline __attribute__((always_inline)) void add_previous(const Args& g, Index first, Index c, V (&acc)[M][N]) {
  if (g.previous == nullptr) return;
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
    for (int j = 0; j < N; ++j)
      acc[m][j] = V::load(g.previous + (first + m) * panel_width + c + j * V::lanes) + acc[m][j];
}

// The gradient of inputs [first, first + M) of a panel, N vectors at column c.
template <class V, int M, int N, class Args>
inline __attribute__((always_inline)) void gradient_tile(const Args& g, bool live, Index first, Index c, V (&acc)[M][N]) {
  clear(acc);
  if (live) chain<V, M, N, Along::rows>(acc, g.x + first, g.x_row, g.dz + c, g.dz_row, g.rows, nullptr);
  add_previous(g, first, c, acc);
}

// Up to 32 inputs from `first` on, a multiple of 32: what lies in one panel of x.
template <class Args> Args panel_of_inputs(Args g, Index first) {
  g.inputs = g.inputs - first < panel_width ? g.inputs - first : panel_width;
  g.x += first / panel_width * g.x_panel;
  if (g.live != nullptr) g.live += first;
  if (g.previous != nullptr) g.previous += first * panel_width;
  g.weights += first * panel_width;
  for (auto& slot : g.slots)
    if (slot != nullptr) slot += first * panel_width;
  return g;
}

// Inputs whose gradients go from registers right into the update. More would fill the registers better, but a small
// batch spends its time in the update, and few inputs are more often zero in the whole batch.
template <class V> inline constexpr int few_inputs = tile_rows<V> < 4 ? tile_rows<V> : 4;

template <class V, int M, int N, class Rule, class Args>
inline __attribute__((always_inline)) void small_tile(const Args& g, const Rule& rule, bool live, bool penalised,
                                                      Index first, Index c) {
  V acc[M][N];
  gradient_tile<V, M, N>(g, live, first, c, acc);
#pragma GCC unroll 4
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) update_at(rule, acc[m][j], g, penalised, (first + m) * panel_width + c + j * V::lanes);
    __asm__ volatile("" ::: "memory");  // the compiler would mix all updates until registers ran out: 20 % slower
  }
}

// Tiles of M inputs from `first` on; returns the first input that is left. Where quotients are made of multiply-adds,
// that pays in tiles without any of their own.
template <class V, int M, int N, template <class> class Rule>
__attribute__((noinline)) Index small_tiles(lamina::kernels::WeightGradient<typename V::Scalar> g, Index first, Index c) {
  using Busy = typename V::Busy;
  const Rule<Busy> busy(g.scalars);
  const Rule<V> idle(g.scalars);
  const bool penalised = is_penalised(g);
  constexpr Index ahead = 2 * M;  // inputs
  for (; first + M <= g.inputs; first += M) {
    // Another core may have read these weights for an input's gradient: asked for early, they are ours when written.
    for (Index m = ahead; m < ahead + M; ++m)
      for (int j = 0; j < N; ++j) __builtin_prefetch(g.weights + (first + m) * panel_width + c + j * V::lanes, 1);
    const bool live = g.rows > 0 && is_live<M>(g, first);
    if (same_type<V, Busy> || live)
      small_tile<Busy, M, N>(g, busy, live, penalised, first, c);
    else
      small_tile<V, M, N>(g, idle, false, penalised, first, c);
  }
  return first;
}

// Inputs of a tile of a large batch: a panel's 32 in three, which leaves registers for an update.
template <class V> inline constexpr int many_inputs = tile_rows<V> < 11 ? tile_rows<V> : 11;

// The updates of a tile whose gradient is complete. They are made between the multiply-adds of the tile behind it, where
// the divider and the way to memory are idle: 10 % of a product of 64 or 128 rows.
template <class V, int N, template <class> class Rule> class WaitingUpdates {
 public:
  WaitingUpdates(const lamina::kernels::WeightGradient<typename V::Scalar>& g, Index c)
      : g_(g), rule_(g.scalars), penalised_(is_penalised(g)), column_(c) {}

  bool none() const { return done_ == count_; }

  inline __attribute__((always_inline)) void make_one() {
    const Index offset = (first_ + done_ / N) * panel_width + column_ + done_ % N * V::lanes;
    constexpr Index ahead = 2 * many_inputs<V> * panel_width;
    __builtin_prefetch(g_.weights + offset + ahead);
#pragma GCC unroll 3
    for (int s = 0; s < Rule<V>::slots; ++s) __builtin_prefetch(g_.slots[s] + offset + ahead);
    update_at(rule_, V::load(tile_ + done_ * V::lanes), g_, penalised_, offset);
    ++done_;
  }

  void make_all() {
    while (!none()) make_one();
  }

  // Takes the gradient of inputs [first, first + M).
  template <int M> inline __attribute__((always_inline)) void take(const V (&gradient)[M][N], Index first) {
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) gradient[m][j].store(tile_ + (m * N + j) * V::lanes);
    first_ = first;
    done_ = 0;
    count_ = M * N;
  }

 private:
  const lamina::kernels::WeightGradient<typename V::Scalar> g_;
  const Rule<V> rule_;
  const bool penalised_;
  const Index column_;
  Index first_ = 0, done_ = 0, count_ = 0;
  alignas(64) typename V::Scalar tile_[many_inputs<V> * N * V::lanes];
};

// As gradient_tile, with an update after every few terms as long as some wait.
template <class V, int M, int N, class Args, class Waiting>
inline __attribute__((always_inline)) void gradient_between(const Args& g, bool live, Index first, Index c,
                                                            V (&acc)[M][N], Waiting& waiting) {
  constexpr Index few = 3;
  clear(acc);
  const Index rows = live ? g.rows : 0;
  Index k = 0;
  for (; k + few <= rows && !waiting.none(); k += few) {
#pragma GCC unroll 3
    for (Index i = k; i < k + few; ++i)
      multiply_add<V, M, N, Along::rows>(acc, g.x + first + i * g.x_row, 0, g.dz + c + i * g.dz_row);
    waiting.make_one();
  }
  for (; k < rows; ++k)
    multiply_add<V, M, N, Along::rows>(acc, g.x + first + k * g.x_row, 0, g.dz + c + k * g.dz_row);
  add_previous(g, first, c, acc);
}

template <class V, int N, template <class> class Rule>
void large_tiles(const lamina::kernels::WeightGradient<typename V::Scalar>& all, Index c) {
  WaitingUpdates<V, N, Rule> waiting(all, c);
  for (Index panel = 0; panel < all.inputs; panel += panel_width) {
    const auto g = panel_of_inputs(all, panel);
    even_groups(g.inputs, many_inputs<V>, [&](Index first, Index count) {
      with_rows<many_inputs<V>>(count, [&]<int M>() {
        V acc[M][N];
        const bool live = is_live<M>(g, first);
        if constexpr (M + 1 >= many_inputs<V>)  // the sizes in a panel that is not cut short
          gradient_between<V, M, N>(g, live, first, c, acc, waiting);
        else
          gradient_tile<V, M, N>(g, live, first, c, acc);
        waiting.make_all();
        waiting.take(acc, panel + first);
      });
    });
  }
  waiting.make_all();
}

template <class V, template <class> class Rule>
void weight_gradient(const lamina::kernels::WeightGradient<typename V::Scalar>& g) {
  using Busy = typename V::Busy;
  for_vectors<V, tile_vectors<V>>(g.columns, [&]<int N>(Index c) {
    if (g.rows > lamina::small_batch) return large_tiles<Busy, N, Rule>(g, c);
    for (Index first = 0; first < g.inputs; first += panel_width) {
      const auto panel = panel_of_inputs(g, first);
      const Index rest = small_tiles<V, few_inputs<V>, N, Rule>(panel, 0, c);
      small_tiles<V, 1, N, Rule>(panel, rest, c);
    }
  });
}

// The same for a bias: the sum of dz over the rows.
template <class V, template <class> class Rule>
void bias_gradient(const lamina::kernels::WeightGradient<typename V::Scalar>& g) {
  const Rule<V> rule(g.scalars);
  for (Index c = 0; c < g.columns; c += V::lanes) {
    V sum = V::set(0);
    for (Index r = 0; r < g.rows; ++r) sum = sum + V::load(g.dz + r * g.dz_row + c);
    if (g.previous != nullptr) sum = V::load(g.previous + c) + sum;
    update_at(rule, sum, g, is_penalised(g), c);
  }
}
