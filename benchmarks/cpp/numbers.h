// Numbers to work with, always the same, in aligned memory.
#pragma once
#include <cstdint>

#include "base/arena.h"

namespace lamina::bench {

// Numbers in [low, high).
template <class T> class Numbers {
 public:
  explicit Numbers(Index count, double low = -1, double high = 1) {
    arena_.reserve(count);
    arena_.allocate();
    std::uint64_t state = 1;
    for (Index i = 0; i < count; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      arena_.at(0)[i] = static_cast<T>(low + (high - low) * static_cast<double>(state >> 40) * 0x1p-24);
    }
  }
  T* data() const { return arena_.at(0); }

 private:
  Arena<T> arena_;
};

}  // namespace lamina::bench
