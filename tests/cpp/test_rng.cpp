// The counter-based generator: known answers, and everything that is drawn from it.
#include <doctest/doctest.h>

#include <numeric>
#include <set>

#include "base/rng.h"
#include "support.h"
#include "training/batches.h"

using namespace lamina;
using namespace lamina::test;

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t key_of(std::uint32_t low, std::uint32_t high) { return low | std::uint64_t{high} << 32; }

// Draw d of (key, step, stream), from the blocks themselves.
std::uint64_t draw(std::uint64_t d, std::uint64_t key, std::uint64_t step, std::uint32_t stream) {
  const std::uint64_t block = d >> 1;
  const PhiloxBlock words = philox(
      {static_cast<std::uint32_t>(block),
       static_cast<std::uint32_t>((block >> 32) & 0xffff) | static_cast<std::uint32_t>((step >> 32) & 0xffff) << 16,
       static_cast<std::uint32_t>(step), stream},
      key);
  return d % 2 == 0 ? key_of(words[0], words[1]) : key_of(words[2], words[3]);
}

}  // namespace

TEST_CASE("philox gives Random123's known answers") {
  CHECK(philox({0, 0, 0, 0}, 0) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint32_t ones = 0xffffffff;
  CHECK(philox({ones, ones, ones, ones}, key_of(ones, ones)) ==
        PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // Counter and key: the digits of pi.
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, key_of(0xa4093822, 0x299f31d0)) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("draws take two of a block, step and stream apart") {
  constexpr std::uint64_t key = 0x0123456789abcdef;
  for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0000abcd12345678}})
    for (const std::uint64_t d : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{0x1234567890}}) {
      CAPTURE(step);
      CAPTURE(d);
      CHECK(Draws(key, step, streams::shuffle)[d] == draw(d, key, step, streams::shuffle));
    }
  std::set<std::uint64_t> seen;
  for (std::uint64_t d = 0; d < 100; ++d)
    for (const std::uint32_t stream : {streams::shuffle, streams::uniform, streams::seeds, streams::normal,
                                       streams::truncated_normal, 0u})
      for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1} << 32})
        seen.insert(Draws(key, step, stream)[d]);
  CHECK(seen.size() == 1200);
}

TEST_CASE("derive_seed gives seeds that differ") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (std::uint64_t index = 0; index < 20; ++index) {
      seen.insert(derive_seed(seed, index));
      CHECK(derive_seed(seed, index) == draw(index, seed, 0, streams::seeds));
    }
  CHECK(seen.size() == 400);
}

TEST_CASE_TEMPLATE("dropout_mask follows its layout in every table", T, float, double) {
  Numbers numbers(1);
  std::vector<Level<T>> tables = levels<T>();
  tables.push_back({"plain", &plain<T>()});
  for (const std::uint32_t threshold : {0u, 1u, 0x33333333u, 0x80000000u, 0xffffffffu})
    // The last two: a block number past 32 bits, and the step's upper half.
    for (const Index first : {Index{0}, Index{3}, (Index{1} << 28) - 1, (Index{1} << 30) + 5}) {
      const std::uint64_t seed = numbers.bits(), step = first > 3 ? numbers.bits() : 17;
      const std::uint32_t stream = 5;
      constexpr Index count = 3;
      std::vector<std::uint64_t> expected(count);
      for (Index e = 64 * first; e < 64 * (first + count); ++e) {
        const auto block = static_cast<std::uint64_t>((e >> 6) * 16 + (e & 15));
        const PhiloxBlock words = philox({static_cast<std::uint32_t>(block),
                                          static_cast<std::uint32_t>((block >> 32) & 0xffff) |
                                              static_cast<std::uint32_t>((step >> 32) & 0xffff) << 16,
                                          static_cast<std::uint32_t>(step), stream},
                                         seed);
        if (words[static_cast<std::size_t>(e >> 4 & 3)] >= threshold)
          expected[static_cast<std::size_t>(e / 64 - first)] |= std::uint64_t{1} << e % 64;
      }
      for (const Level<T>& level : tables) {
        std::vector<std::uint64_t> kept(count);
        level.table->dropout_mask({first, count, 1, kept.data(), seed, step, stream, threshold});
        CAPTURE(level.name);
        CAPTURE(first);
        CAPTURE(threshold);
        REQUIRE(kept == expected);
        std::vector<std::uint64_t> second(2);  // the first and the third of them
        level.table->dropout_mask({first, 2, 2, second.data(), seed, step, stream, threshold});
        REQUIRE(second == std::vector<std::uint64_t>{expected[0], expected[2]});
      }
    }
}

TEST_CASE("shuffle is the permutation of its definition") {
  for (const std::size_t n : {0u, 1u, 2u, 3u, 10u, 64u, 1000u})
    for (const std::uint64_t iteration : {std::uint64_t{0}, std::uint64_t{12}, std::uint64_t{1} << 40}) {
      constexpr std::uint64_t seed = 0xfedcba9876543210;
      CAPTURE(n);
      CAPTURE(iteration);
      std::vector<Index> order(n), expected(n);
      training::shuffle(order, seed, iteration);
      std::iota(expected.begin(), expected.end(), Index{0});
      for (std::size_t i = n; i-- > 1;) {
        const std::uint64_t r = draw(n - 1 - i, seed, iteration, streams::shuffle);
        std::swap(expected[i], expected[static_cast<std::size_t>(static_cast<Wide>(r) * (i + 1) >> 64)]);
      }
      CHECK(order == expected);
      CHECK(std::set<Index>(order.begin(), order.end()).size() == n);
    }
}

TEST_CASE("shuffles of different epochs and seeds differ") {
  std::set<std::vector<Index>> seen;
  for (std::uint64_t seed = 0; seed < 5; ++seed)
    for (std::uint64_t iteration = 0; iteration < 5; ++iteration) {
      std::vector<Index> order(50);
      training::shuffle(order, seed, iteration);
      seen.insert(order);
    }
  CHECK(seen.size() == 25);
}
