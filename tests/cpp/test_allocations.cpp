// A running training allocates nothing: every allocation of the program goes through the functions below. With
// AddressSanitizer or ThreadSanitizer, which have an allocator of their own, there is no test here.
#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>

#include "problems.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace lamina;
using namespace lamina::test;

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

void count() {
  if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
}

// How often f, or a thread beside it, allocated.
template <class F> int allocations_in(F&& f) {
  allocations = 0;
  counting = true;
  f();
  counting = false;
  return allocations.load();
}

}  // namespace

extern "C" {

// The C library's own, by the names under which it keeps them for such a purpose; operator new calls malloc.
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;

__attribute__((visibility("default"))) void* malloc(std::size_t bytes) noexcept {
  count();
  return __libc_malloc(bytes);
}

__attribute__((visibility("default"))) void* calloc(std::size_t n, std::size_t bytes) noexcept {
  count();
  return __libc_calloc(n, bytes);
}

__attribute__((visibility("default"))) void* realloc(void* old, std::size_t bytes) noexcept {
  count();
  return __libc_realloc(old, bytes);
}

__attribute__((visibility("default"))) void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  count();
  return __libc_memalign(alignment, bytes);
}

__attribute__((visibility("default"))) void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return memalign(alignment, bytes);
}

__attribute__((visibility("default"))) int posix_memalign(void** to, std::size_t alignment, std::size_t bytes) noexcept {
  *to = memalign(alignment, bytes);
  return *to == nullptr ? ENOMEM : 0;
}

}  // extern "C"

TEST_CASE("every way to allocate is counted, in every thread") {
  void* volatile kept = nullptr;
  const auto once = [&](auto&& allocate) {
    return allocations_in([&] { kept = allocate(); });
  };
  CHECK(once([] { return ::operator new(100); }) == 1);
  ::operator delete(kept);
  CHECK(once([] { return ::operator new(100, std::align_val_t{64}); }) == 1);
  ::operator delete(kept, std::align_val_t{64});
  CHECK(once([] { return std::malloc(100); }) == 1);
  CHECK(once([&] { return std::realloc(kept, 1000); }) == 1);
  std::free(kept);
  CHECK(once([] { return std::calloc(10, 10); }) == 1);
  std::free(kept);
  CHECK(once([] { return std::aligned_alloc(64, 128); }) == 1);
  std::free(kept);
  std::atomic<bool> go{false}, done{false};
  std::thread other([&] {
    while (!go.load()) std::this_thread::yield();
    kept = std::malloc(100);
    done = true;
  });
  CHECK(allocations_in([&] {
          go = true;
          while (!done.load()) std::this_thread::yield();
        }) == 1);
  other.join();
  std::free(kept);
  CHECK(allocations_in([] {}) == 0);
}

// From behind the first batch, in which threads are made; then a whole epoch, in one region.
TEST_CASE_TEMPLATE("no step of a training allocates", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    for (const int threads : {1, 3})
      for (const bool fused : {true, false}) {
        CAPTURE(threads);
        CAPTURE(fused);
        const ForcedTeam team(threads);
        const Data<T> data(p, 11);
        const auto model = make_model<T>(p);
        model->fused = fused;
        training::Trainer<T> trainer(*model, data.inputs(), data.targets(), p.batch, true, 1);
        trainer.begin_epoch();
        trainer.advance(1, for_ever);
        CHECK(allocations_in([&] { trainer.advance(all_batches, for_ever); }) == 0);
        trainer.begin_epoch();
        CHECK(allocations_in([&] { trainer.advance(all_batches, for_ever); }) == 0);
        CHECK(model->iterations == static_cast<std::uint64_t>(2 * trainer.batches()));
        CHECK(!trainer.diverged());
      }
  }
}

// Batches that are handed over too, as long as none is larger than all before it.
TEST_CASE_TEMPLATE("no step of a feed allocates where batches do not grow", T, float, double) {
  for (const Problem& p : problems()) {
    CAPTURE(p.name);
    const ForcedTeam team(3);
    const Data<T> data(p, 11);
    const auto model = make_model<T>(p);
    const std::vector<Index> sizes = {p.batch, 1, p.batch - p.batch / 2, p.batch};
    const auto run = [&](training::Trainer<T>& trainer, Index rows) {
      trainer.give(first_rows(data.inputs(), rows), data.targets());
      trainer.advance(1, for_ever);
    };
    training::Trainer<T> trainer(*model, first_rows(data.inputs(), p.batch), data.targets(), p.batch, false, 1);
    trainer.begin_epoch();
    run(trainer, p.batch);
    CHECK(allocations_in([&] {
            for (const Index rows : sizes) run(trainer, rows);
          }) == 0);
    CHECK(trainer.done() == 5);
  }
}

#endif
