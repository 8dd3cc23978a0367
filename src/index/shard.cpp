#include "codehelper/index/shard.hpp"

#include <charconv>

#include "codehelper/base/hash.hpp"

namespace codehelper {

bool Shard::holds(std::string_view path) const {
  if (is_whole()) return true;
  const std::string digits = sha256_hex(path).substr(0, 8);
  std::uint32_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return number % count == index;
}

}  // namespace codehelper
