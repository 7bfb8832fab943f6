// Kernels that move or make data: gather, transpose, dropout masks.

// Rounds of a transposition: lanes with bit `step` clear come from the first of a pair of rows, the others, shifted by
// step, from the second; and the other way round.
template <int step, class V> inline __attribute__((always_inline)) void exchange_all(V (&x)[V::lanes]) {
  if constexpr (step < V::lanes) {
#pragma GCC unroll 16
    for (int i = 0; i < V::lanes; ++i)
      if ((i & step) == 0) exchange<step>(x[i], x[i + step]);
    exchange_all<step * 2>(x);
  }
}

// V::lanes rows and columns of src become columns and rows of dst: log2(lanes) rounds of exchanges in registers. A call
// each: where the compiler sees many of them it keeps the addresses of all rows at hand, in memory.
template <class V>
__attribute__((noinline)) void transpose_block(const typename V::Scalar* src, Index src_row, typename V::Scalar* dst,
                                               Index dst_row) {
  V x[V::lanes];
#pragma GCC unroll 16
  for (int i = 0; i < V::lanes; ++i, src += src_row) x[i] = V::load(src);
  exchange_all<1>(x);
#pragma GCC unroll 16
  for (int i = 0; i < V::lanes; ++i, dst += dst_row) x[i].store(dst);
}

// The same of `count` rows and so many columns, which may be fewer.
template <class V>
__attribute__((noinline)) void transpose_part(Index count, Index columns, const typename V::Scalar* src, Index src_row,
                                              typename V::Scalar* dst, Index dst_row) {
  V x[V::lanes];
  for (int i = 0; i < V::lanes; ++i) x[i] = i < count ? V::load(src + i * src_row) : V::set(0);
  exchange_all<1>(x);
  for (int i = 0; i < V::lanes; ++i)
    if (i < columns) x[i].store_first(dst + i * dst_row, static_cast<int>(count));
}

template <class V>
void transpose(Index rows, Index columns, const typename V::Scalar* src, Index src_row, typename V::Scalar* dst,
               Index dst_row) {
  for (Index r = 0; r < rows; r += V::lanes)
    for (Index c = 0; c < columns; c += V::lanes) {
      const typename V::Scalar* const from = src + r * src_row + c;
      typename V::Scalar* const to = dst + c * dst_row + r;
      const Index count = rows - r < V::lanes ? rows - r : V::lanes,
                  width = columns - c < V::lanes ? columns - c : V::lanes;
      if constexpr (V::lanes == 1)
        *to = *from;
      else if (count == V::lanes && width == V::lanes)
        transpose_block<V>(from, src_row, to, dst_row);
      else
        transpose_part<V>(count, width, from, src_row, to, dst_row);
    }
}

template <class Source, class T> const Source* source_of(const lamina::kernels::Gather<T>& g, Index r) {
  const Index row = g.order == nullptr ? g.first + r : g.order[r];
  return reinterpret_cast<const Source*>(static_cast<const char*>(g.source) + row * g.source_row);
}

template <class T> T* target_of(const lamina::kernels::Gather<T>& g, Index r, Index c) {
  return g.dst + c / panel_width * g.dst_panel + r * g.dst_row + c % panel_width;
}

// N vectors of columns at c, row by row: a source's row and a batch's are each touched in one go.
template <class V, class Source, int N> void gather_columns(const lamina::kernels::Gather<typename V::Scalar>& g, Index c) {
  using T = typename V::Scalar;
  V any[N];
  T* dst[N];
  for (int j = 0; j < N; ++j) {
    any[j] = V::set(0);
    dst[j] = target_of(g, 0, c + j * V::lanes);
  }
  for (Index r = 0; r < g.rows; ++r) {
    const Source* const source = source_of<Source>(g, r) + c;
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j) {
      const V x = V::load(source + j * V::lanes);
      x.store(dst[j] + r * g.dst_row);
      any[j] = any[j] + abs(x);  // a sum keeps NaN, a maximum may not
    }
  }
  if (g.live != nullptr)
    for (int j = 0; j < N; ++j) store_nonzero(any[j], g.live + c + j * V::lanes);
  if (g.finite == nullptr) return;
  V differences = any[0] - any[0];  // 0 for finite numbers only
  for (int j = 1; j < N; ++j) differences = differences + (any[j] - any[j]);
  std::uint8_t found[V::lanes];
  store_nonzero(differences, found);
  for (int i = 0; i < V::lanes; ++i)
    if (found[i] != 0) *g.finite = false;
}

template <class V, class Source> void gather(const lamina::kernels::Gather<typename V::Scalar>& g) {
  constexpr int together = 4;
  Index c = g.begin;
  for (; c + together * V::lanes <= g.end; c += together * V::lanes) gather_columns<V, Source, together>(g, c);
  for (; c + V::lanes <= g.end; c += V::lanes) gather_columns<V, Source, 1>(g, c);
  for (; c < g.end; ++c) {
    bool any = false, finite = true;
    for (Index r = 0; r < g.rows; ++r) {
      const auto x = static_cast<typename V::Scalar>(source_of<Source>(g, r)[c]);
      *target_of(g, r, c) = x;
      any = any || x != 0;
      finite = finite && x - x == 0;
    }
    if (g.live != nullptr) g.live[c] = any;
    if (g.finite != nullptr && !finite) *g.finite = false;
  }
}

// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011) on vectors of counters. The rounds' keys are vectors made once:
// from a general register each would cost a shuffle a round.
struct PhiloxKeys {
  static constexpr int rounds = 10;
  Words key_0[rounds], key_1[rounds];

  explicit PhiloxKeys(std::uint64_t seed) {
    auto low = static_cast<std::uint32_t>(seed), high = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < rounds; ++round, low += 0x9E3779B9u, high += 0xBB67AE85u) {
      key_0[round] = Words::set(low);
      key_1[round] = Words::set(high);
    }
  }
};

inline __attribute__((always_inline)) void philox(Words (&x)[4], const PhiloxKeys& keys) {
#pragma GCC unroll 10
  for (int round = 0; round < PhiloxKeys::rounds; ++round) {
    Words high_0, low_0, high_2, low_2;
    multiply(x[0], Words::set(0xD2511F53u), high_0, low_0);
    multiply(x[2], Words::set(0xCD9E8D57u), high_2, low_2);
    x[0] = high_2 ^ x[1] ^ keys.key_0[round];
    x[1] = low_2;
    x[2] = high_0 ^ x[3] ^ keys.key_1[round];
    x[3] = low_0;
  }
}

// 64 elements take 16 counters of four words: element e has counter 16 (e / 64) + e % 16 and word e / 16 % 4.
void dropout_mask(const lamina::kernels::DropoutMask& d) {
  const PhiloxKeys keys(d.seed);
  const auto step_low = static_cast<std::uint32_t>(d.step);
  const std::uint32_t step_high = static_cast<std::uint32_t>(d.step >> 32) << 16;
  const Words threshold = Words::set(d.threshold);
  for (Index i = 0; i < d.count; ++i) {
    const std::uint64_t block = static_cast<std::uint64_t>(d.first + i * d.stride) * 16;
    const std::uint32_t block_high = static_cast<std::uint32_t>(block >> 32) & 0xffffu;
    std::uint64_t kept = 0;
    for (int lane = 0; lane < 16; lane += Words::lanes) {
      Words x[4] = {Words::count_from(static_cast<std::uint32_t>(block) + static_cast<std::uint32_t>(lane)),
                    Words::set(block_high | step_high), Words::set(step_low), Words::set(d.stream)};
      philox(x, keys);
      for (int word = 0; word < 4; ++word)
        kept |= std::uint64_t{bits_at_least(x[word], threshold)} << (word * 16 + lane);
    }
    d.kept[i] = kept;
  }
}
