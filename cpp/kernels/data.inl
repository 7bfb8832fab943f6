// Kernels that move or make data: gather, transpose, dropout masks.

template <class T> void transpose(Index rows, Index columns, const T* src, Index src_row, T* dst, Index dst_row) {
  constexpr Index block = 8;
  for (Index r0 = 0; r0 < rows; r0 += block)
    for (Index c = 0; c < columns; ++c) {
      const Index end = r0 + block < rows ? r0 + block : rows;
      for (Index r = r0; r < end; ++r) dst[c * dst_row + r] = src[r * src_row + c];
    }
}

template <class V, class Source> void gather(const lamina::kernels::Gather<typename V::Scalar>& g) {
  using T = typename V::Scalar;
  const auto row_at = [&](Index row) {
    return reinterpret_cast<const Source*>(static_cast<const char*>(g.source) + row * g.source_row);
  };
  const auto source = [&](Index r) { return row_at(g.order == nullptr ? g.first + r : g.order[r]); };
  constexpr Index line = 64 / static_cast<Index>(sizeof(Source));
  if (g.next != nullptr)
    for (Index r = 0; r < g.next_rows; ++r)
      for (Index c = g.begin; c < g.end; c += line) __builtin_prefetch(row_at(g.next[r]) + c);
  Index c = g.begin;
  for (; c + V::lanes <= g.end; c += V::lanes) {
    V any = V::set(0);
    for (Index r = 0; r < g.rows; ++r) {
      const V x = V::load(source(r) + c);
      x.store(g.dst + r * g.dst_row + c);
      any = any + abs(x);  // a sum keeps NaN, a maximum may not
    }
    if (g.live == nullptr) continue;
    T lanes[V::lanes];
    any.store(lanes);
    for (int i = 0; i < V::lanes; ++i) g.live[c + i] = lanes[i] != 0;
  }
  for (; c < g.end; ++c) {
    bool any = false;
    for (Index r = 0; r < g.rows; ++r) {
      const T x = static_cast<T>(source(r)[c]);
      g.dst[r * g.dst_row + c] = x;
      any = any || x != 0;
    }
    if (g.live != nullptr) g.live[c] = any;
  }
}

// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011) on a vector of counters.
inline __attribute__((always_inline)) void philox(Words (&x)[4], std::uint64_t seed) {
  auto key_0 = static_cast<std::uint32_t>(seed), key_1 = static_cast<std::uint32_t>(seed >> 32);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    Words high_0, low_0, high_2, low_2;
    multiply(x[0], Words::set(0xD2511F53u), high_0, low_0);
    multiply(x[2], Words::set(0xCD9E8D57u), high_2, low_2);
    x[0] = high_2 ^ x[1] ^ Words::set(key_0);
    x[1] = low_2;
    x[2] = high_0 ^ x[3] ^ Words::set(key_1);
    x[3] = low_0;
    key_0 += 0x9E3779B9u;
    key_1 += 0xBB67AE85u;
  }
}

// 64 elements take 16 counters of four words: element e has counter 16 (e / 64) + e % 16 and word e / 16 % 4.
template <class T> void dropout_mask(const lamina::kernels::DropoutMask<T>& d) {
  const auto step_low = static_cast<std::uint32_t>(d.step);
  const std::uint32_t step_high = static_cast<std::uint32_t>(d.step >> 32) << 16;
  for (Index group = d.first; group < d.first + d.count; ++group) {
    std::uint32_t words[64];
    const std::uint64_t block = static_cast<std::uint64_t>(group) * 16;
    const std::uint32_t block_high = static_cast<std::uint32_t>(block >> 32) & 0xffffu;
    for (int lane = 0; lane < 16; lane += Words::lanes) {
      Words x[4] = {Words::count_from(static_cast<std::uint32_t>(block) + static_cast<std::uint32_t>(lane)),
                    Words::set(block_high | step_high), Words::set(step_low), Words::set(d.stream)};
      philox(x, d.seed);
      for (int word = 0; word < 4; ++word) x[word].store(words + word * 16 + lane);
    }
    T* const mask = d.mask + group * 64;
    for (int e = 0; e < 64; ++e) mask[e] = words[e] >= d.threshold ? d.scale : T{0};
  }
}
