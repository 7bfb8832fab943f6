// One aligned block of zeros with named slices: parameters, gradients, moments, activations each live in one.
#pragma once
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "base/types.h"

namespace lamina {

template <class T> class Arena {
 public:
  static constexpr Index alignment = 128;      // bytes: two cache lines, which CPUs fetch together
  static constexpr Index huge_page = 2 << 20;  // bytes; wide layers walk through more pages than a core keeps at hand

  // Reserves room for count elements; usable after allocate().
  Index reserve(Index count) {
    const Index offset = size_;
    size_ += round_up(count, alignment / static_cast<Index>(sizeof(T)));
    return offset;
  }

  // Makes the block, zeroed, with a vector's slack behind it. Throws std::bad_alloc.
  void allocate() {
    const Index needed = (size_ + 64) * static_cast<Index>(sizeof(T)), unit = needed < 2 * huge_page ? alignment : huge_page;
    bytes_ = static_cast<std::size_t>(round_up(needed, unit));
    block_.reset(static_cast<T*>(std::aligned_alloc(static_cast<std::size_t>(unit), bytes_)));
    if (!block_) throw std::bad_alloc();
    if (unit == huge_page) madvise(block_.get(), bytes_, MADV_HUGEPAGE);  // as a favour: it may be refused
    clear();
  }

  void clear() { std::memset(block_.get(), 0, bytes_); }

  T* at(Index offset) const { return block_.get() + offset; }
  Index size() const { return size_; }
  bool allocated() const { return block_ != nullptr; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  Index size_ = 0;
  std::size_t bytes_ = 0;
  std::unique_ptr<T, Free> block_;
};

}  // namespace lamina
