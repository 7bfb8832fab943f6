// Errors that name the value and the remedy.
#pragma once
#include <sstream>
#include <stdexcept>

namespace lamina {

// Throws std::invalid_argument with the parts joined.
template <class... Parts> [[noreturn]] void fail(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  throw std::invalid_argument(text.str());
}

template <class... Parts> void require(bool condition, const Parts&... parts) {
  if (!condition) fail(parts...);
}

}  // namespace lamina
