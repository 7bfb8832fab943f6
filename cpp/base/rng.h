// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011), one counter at a time: shuffles, initializers, seeds.
// A number is a function of seed, step, stream and its position alone. The vector form is in kernels/data.inl.
#pragma once
#include <array>
#include <cstdint>

namespace lamina {

namespace streams {  // dropouts and noise use the position of their layer
inline constexpr std::uint32_t shuffle = 0xFFFF0001u, uniform = 0xFFFF0002u, seeds = 0xFFFF0003u,
                               normal = 0xFFFF0004u, truncated_normal = 0xFFFF0005u;
}

using PhiloxBlock = std::array<std::uint32_t, 4>;

PhiloxBlock philox(PhiloxBlock counter, std::uint64_t key);

// The sequence of 64-bit draws of (key, step, stream), addressed by position.
class Draws {
 public:
  Draws(std::uint64_t key, std::uint64_t step, std::uint32_t stream) : key_(key), step_(step), stream_(stream) {}
  std::uint64_t operator[](std::uint64_t position) const;

 private:
  std::uint64_t key_, step_;
  std::uint32_t stream_;
};

// 52 bits of a draw in (-½, ½), on the middles of equal steps: symmetric, exact, and neither end can occur.
inline double centred(std::uint64_t draw) { return (static_cast<double>(draw >> 12) + 0.5) * 0x1p-52 - 0.5; }

// A child seed: the draw at `index` of the seed's own stream.
std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t index);

}  // namespace lamina
