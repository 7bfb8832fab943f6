// Matrix products on register tiles of up to tile_rows by tile_vectors, each element one chain of multiply-adds from
// +0 in ascending order. The plain specification is the same code with vectors of one lane.

template <class V> inline constexpr int tile_vectors = V::lanes * 4 >= panel_width ? panel_width / V::lanes : 4;
template <class V> inline constexpr int tile_rows = (V::registers - tile_vectors<V> - 2) / tile_vectors<V>;

enum class Along { depth, rows };  // which index of A is contiguous

// Where vector j of a row lies that begins with a panel, or ends within one.
template <class V> constexpr Index vector_at(int j, Index panel) {
  return j * V::lanes / panel_width * panel + j * V::lanes % panel_width;
}

template <class V, int M, int N, Along along>
inline __attribute__((always_inline)) void multiply_add(V (&acc)[M][N], const typename V::Scalar* a, Index a_stride,
                                                        const typename V::Scalar* b, Index b_panel) {
  V right[N];
#pragma GCC unroll 16
  for (int j = 0; j < N; ++j) right[j] = V::load(b + vector_at<V>(j, b_panel));
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

// The terms of a product whose column of A is not zero, by chunks. Listed beforehand, without a branch that could be
// foreseen wrongly: a chain waits some 20 cycles for that.
struct LiveTerms {
  int kept[lamina::segment_depth];                     // counted from the chunk's first
  int begin[lamina::segment_depth / panel_width + 1];  // of each chunk, in kept

  LiveTerms(const std::uint8_t* live, Index depth, Index chunk) {
    int n = 0;
    begin[0] = 0;
    for (Index k = 0; k < depth; k += chunk) {
      const int terms = static_cast<int>(depth - k < chunk ? depth - k : chunk);
      for (int i = 0; i < terms; ++i) {
        kept[n] = i;
        n += live[k + i] != 0;
      }
      begin[k / chunk + 1] = n;
    }
  }
};

// acc[m][j] += Σ_k A(m, k) B(k, j) over so many terms, all or those listed; A(m, k) = a[m * a_stride + k] or
// a[m + k * a_stride]. `soon`: M rows of a panel that will be read next.
template <class V, int M, int N, Along along, bool prefetches = false>
inline __attribute__((always_inline)) void chain(V (&acc)[M][N], const typename V::Scalar* a, Index a_stride,
                                                 const typename V::Scalar* b, Index b_row, Index b_panel, Index terms,
                                                 const int* kept = nullptr, const typename V::Scalar* soon = nullptr) {
  const Index step = along == Along::depth ? 1 : a_stride;
  const auto add = [&](Index i, Index k) __attribute__((always_inline)) {
    if constexpr (prefetches) prefetch_part<M>(soon, i);
    multiply_add<V, M, N, along>(acc, a + k * step, a_stride, b + k * b_row, b_panel);
  };
  if (kept == nullptr)
    for (Index i = 0; i < terms; ++i) add(i, i);
  else
    for (Index i = 0; i < terms; ++i) add(i, kept[i]);
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

// Calls f(begin, end, size) for as few and as even groups of at most `most` as cover [0, n): first the larger ones.
template <class F> void even_groups(Index n, Index most, const F& f) {
  const Index groups = (n + most - 1) / most, size = n / groups, larger = n % groups * (size + 1);
  if (larger > 0) f(Index{0}, larger, size + 1);
  f(larger, n, size);
}

// Rows [row, row + M) of the product, N vectors at column c. Rows that lie as in a panel have a stride known beforehand,
// which leaves no register to be spilled.
template <class V, int M, int N, bool in_panel>
void product_tile(const lamina::kernels::Product<typename V::Scalar>& p, const LiveTerms* live, Index row, Index c) {
  using T = typename V::Scalar;
  const Index a_row = in_panel ? panel_width : p.a_row;
  const T* a = p.a + row * a_row;
  const T* b = p.b + c / panel_width * p.b_panel + c % panel_width;
  // What shorter products read stays in the first-level cache, and what few rows do.
  const bool prefetches = in_panel && 2 * M > tile_rows<V> && p.depth == lamina::segment_depth;
  V acc[M][N];
  clear(acc);
  for (Index k = 0; k < p.depth; k += p.chunk, a += p.a_chunk, b += p.chunk * p.b_row) {
    Index terms = p.depth - k < p.chunk ? p.depth - k : p.chunk;
    const int* kept = nullptr;
    if (live != nullptr) {
      const int* const begin = live->begin + k / p.chunk;
      kept = live->kept + begin[0];
      terms = begin[1] - begin[0];
    }
    if (prefetches) {
      const T* soon = k + p.chunk < p.depth ? a + p.a_chunk : p.a + (row + M) * a_row;
      chain<V, M, N, Along::depth, true>(acc, a, a_row, b, p.b_row, p.b_panel, terms, kept, soon);
    } else {
      chain<V, M, N, Along::depth>(acc, a, a_row, b, p.b_row, p.b_panel, terms, kept);
    }
  }
  T* const to = p.c + row * p.c_row + c / panel_width * p.c_panel + c % panel_width;
  const Index to_row = p.c_row, to_panel = p.c_panel;
  const auto each = [&](const auto& f) __attribute__((always_inline)) {
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) f(acc[m][j], j * V::lanes, to + m * to_row + vector_at<V>(j, to_panel));
  };
  if (p.adds)
    each([](V& sum, Index, const T* at) { sum = V::load(at) + sum; });
  else if (p.bias != nullptr)
    each([bias = p.bias + c](V& sum, Index column, const T*) { sum = V::load(bias + column) + sum; });
  each([](const V& sum, Index, T* at) { sum.store(at); });
}

// In tiles of up to M rows and N vectors.
template <class V, int M, int N>
void product_tiles(const lamina::kernels::Product<typename V::Scalar>& p, const LiveTerms* live) {
  for_vectors<V, N>(p.columns, [&]<int vectors>(Index c) {
    even_groups(p.rows, M, [&](Index begin, Index end, Index size) {
      with_rows<M>(size, [&]<int rows>() {
        for (Index row = begin; row < end; row += rows)
          p.a_row == panel_width ? product_tile<V, rows, vectors, true>(p, live, row, c)
                                 : product_tile<V, rows, vectors, false>(p, live, row, c);
      });
    });
  });
}

// Few rows take several panels at once: fewer chains of multiply-adds than a core has in flight would wait for
// themselves.
template <class V> void product_of(const lamina::kernels::Product<typename V::Scalar>& p, const LiveTerms* live) {
  constexpr int chains = 8, few_rows = (chains - 1) / tile_vectors<V>;
  if (p.rows == 1) return product_tiles<V, 1, chains>(p, live);
  if constexpr (few_rows > 1) {
    if (p.rows <= few_rows) return product_tiles<V, few_rows, chains / 2>(p, live);
  }
  product_tiles<V, tile_rows<V>, tile_vectors<V>>(p, live);
}

template <class V> void product(const lamina::kernels::Product<typename V::Scalar>& p) {
  if (p.live == nullptr) return product_of<V>(p, nullptr);
  const LiveTerms live(p.live, p.depth, p.chunk);
  product_of<V>(p, &live);
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

// Terms [begin, end) of the gradient of inputs [first, first + M), which lie in one panel of x.
template <class V, int M, int N, class Args>
inline __attribute__((always_inline)) void add_terms(const Args& g, Index begin, Index end, const typename V::Scalar* x,
                                                     Index c, V (&acc)[M][N]) {
  chain<V, M, N, Along::rows>(acc, x + begin * g.x_row, g.x_row, g.dz + begin * g.dz_row + c, g.dz_row, 0, end - begin);
}

// Tiles of a gradient, in inputs by vectors, and the terms between the updates of two inputs. Of a large batch a
// panel's 32 inputs in three, which leaves registers for an update. A small one spends its time in the update: few
// inputs, which are more often zero in the whole batch, and a term between the updates of an input's two vectors and
// the next: those of one vector at a time leave the divider idle more often (7 %). With few registers updates do not
// wait, which costs more there than it gains.
template <class V> struct LargeTile {
  static constexpr int inputs = tile_rows<V> < 11 ? tile_rows<V> : 11, vectors = tile_vectors<V>, terms = 3 * vectors;
  static constexpr int fetched = 2 * inputs;
};
template <class V, bool many_registers = (V::registers >= 32)> struct SmallTile {
  static constexpr int inputs = 8, vectors = 2, terms = 1, fetched = 0;
};
template <class V> struct SmallTile<V, false> {
  static constexpr int inputs = tile_rows<V> < 4 ? tile_rows<V> : 4, vectors = tile_vectors<V>, terms = 0, fetched = 0;
};

// The updates of a tile whose gradient is complete, N vectors for each of its inputs. They are made between the
// multiply-adds of the tile behind it, where the divider and the way to memory are idle: 10 % of a product of 64 or 128
// rows, 25 % of one of 10.
template <class V, int N> struct WaitingUpdates {
  typename V::Scalar* gradient;
  Index offset = 0;  // of the tile's weights
  Index done = 0, count = 0;  // inputs

  bool none() const { return done == count; }

  template <int M> inline __attribute__((always_inline)) void take(const V (&acc)[M][N], Index at) {
#pragma GCC unroll 16
    for (int m = 0; m < M; ++m)
#pragma GCC unroll 16
      for (int j = 0; j < N; ++j) acc[m][j].store(gradient + (m * N + j) * V::lanes);
    offset = at;
    done = 0;
    count = M;
  }

  // Those of one input. Fetches what is that much ahead. U: the vector type of the rule, which may be another of the
  // same numbers.
  template <class U, int ahead, class Rule, class Args>
  inline __attribute__((always_inline)) void make_next(const Rule& rule, const Args& g, bool penalised) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) {
      const Index at = offset + done * panel_width + j * V::lanes;
      if constexpr (ahead > 0) {
        __builtin_prefetch(g.weights + at + ahead);
#pragma GCC unroll 3
        for (int s = 0; s < Rule::slots; ++s) __builtin_prefetch(g.slots[s] + at + ahead);
      }
      update_at(rule, U::load(gradient + (done * N + j) * V::lanes), g, penalised, at);
    }
    ++done;
  }
};

template <class V, int M, int N, class Rule, class Args>
inline __attribute__((always_inline)) void update_tile(const Rule& rule, V (&acc)[M][N], const Args& g, bool penalised,
                                                       Index offset) {
#pragma GCC unroll 4
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 4
    for (int j = 0; j < N; ++j) update_at(rule, acc[m][j], g, penalised, offset + m * panel_width + j * V::lanes);
    __asm__ volatile("" ::: "memory");  // the compiler would mix all updates until registers ran out: 20 % slower
  }
}

// Inputs [first, end) in tiles of M, N vectors at column c. Where quotients can be made of multiply-adds, that pays in
// updates without any between.
template <class V, class Tile, int M, int N, template <class> class Rule>
__attribute__((noinline)) void gradient_tiles(const lamina::kernels::WeightGradient<typename V::Scalar>& all,
                                              Index first, Index end, Index c,
                                              WaitingUpdates<typename V::Busy, N>& waits) {
  using Busy = typename V::Busy;
  const auto g = all;
  auto waiting = waits;
  const Rule<Busy> busy(g.scalars);
  const Rule<V> idle(g.scalars);
  const bool penalised = is_penalised(g);
  constexpr int ahead = Tile::fetched * panel_width;
  for (; first < end; first += M) {
    Busy acc[M][N];
    clear(acc);
    const auto* const x = g.x + first / panel_width * g.x_panel + first % panel_width;
    const Index rows = g.rows > 0 && is_live<M>(g, first) ? g.rows : 0;
    if constexpr (Tile::terms == 0) {
      add_terms(g, 0, rows, x, c, acc);
      add_previous(g, first, c, acc);
      update_tile(busy, acc, g, penalised, first * panel_width + c);
    } else {
      Index k = 0;
      for (; k + Tile::terms <= rows && !waiting.none(); k += Tile::terms) {
        add_terms(g, k, k + Tile::terms, x, c, acc);
        waiting.template make_next<Busy, ahead>(busy, g, penalised);
      }
      add_terms(g, k, rows, x, c, acc);
      add_previous(g, first, c, acc);
      while (!waiting.none()) waiting.template make_next<V, ahead>(idle, g, penalised);
      waiting.take(acc, first * panel_width + c);
    }
  }
  waits = waiting;
}

template <class V, class Tile, template <class> class Rule>
void all_tiles(const lamina::kernels::WeightGradient<typename V::Scalar>& g) {
  alignas(64) typename V::Scalar gradient[Tile::inputs * Tile::vectors * V::lanes];
  for_vectors<V, Tile::vectors>(g.columns, [&]<int N>(Index c) {
    WaitingUpdates<typename V::Busy, N> waiting{gradient};
    for (Index panel = 0; panel < g.inputs; panel += panel_width) {
      const Index inputs = g.inputs - panel < panel_width ? g.inputs - panel : panel_width;
      even_groups(inputs, Tile::inputs, [&](Index begin, Index end, Index count) {
        with_rows<Tile::inputs>(
            count, [&]<int M>() { gradient_tiles<V, Tile, M, N, Rule>(g, panel + begin, panel + end, c, waiting); });
      });
    }
    const Rule<V> idle(g.scalars);
    while (!waiting.none()) waiting.template make_next<V, 0>(idle, g, is_penalised(g));
  });
}

template <class V, template <class> class Rule>
void weight_gradient(const lamina::kernels::WeightGradient<typename V::Scalar>& g) {
  g.rows > lamina::small_batch ? all_tiles<V, LargeTile<V>, Rule>(g) : all_tiles<V, SmallTile<V>, Rule>(g);
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
