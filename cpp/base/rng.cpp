#include "base/rng.h"

namespace lamina {

PhiloxBlock philox(PhiloxBlock x, std::uint64_t key) {
  auto key_0 = static_cast<std::uint32_t>(key), key_1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * x[0], b = std::uint64_t{0xCD9E8D57u} * x[2];
    x = {static_cast<std::uint32_t>(b >> 32) ^ x[1] ^ key_0, static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ x[3] ^ key_1, static_cast<std::uint32_t>(a)};
    key_0 += 0x9E3779B9u;
    key_1 += 0xBB67AE85u;
  }
  return x;
}

std::uint64_t Draws::operator[](std::uint64_t position) const {
  const std::uint64_t block = position >> 1;
  const auto high = static_cast<std::uint32_t>(block >> 32) & 0xffffu;
  const auto step_high = static_cast<std::uint32_t>(step_ >> 32) << 16;
  const PhiloxBlock words =
      philox({static_cast<std::uint32_t>(block), high | step_high, static_cast<std::uint32_t>(step_), stream_}, key_);
  const std::size_t first = 2 * (position & 1);
  return words[first] | std::uint64_t{words[first + 1]} << 32;
}

std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t index) { return Draws(seed, 0, streams::seeds)[index]; }

}  // namespace lamina
