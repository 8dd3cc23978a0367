// The step of tests that take some of very many places.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <string>

namespace codehelper::test {

/// `usual`, or what the environment's `variable` says; 1 takes all places.
inline std::size_t find_stride(const char* variable, std::size_t usual) {
  const char* given = std::getenv(variable);
  return given == nullptr ? usual : std::stoul(given);
}

}  // namespace codehelper::test
