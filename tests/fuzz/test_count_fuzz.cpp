// Any output of a command: numbers stay in range, and nothing is told that isn't known.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codehelper/execute/test_command.hpp"

namespace {

using codehelper::count_tests;
using codehelper::judge_tests;
using codehelper::TestCount;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(std::string_view output, std::string_view error) {
  const TestCount count = count_tests(output, error);
  require(count.run >= 0 && count.failed >= 0 && count.skipped >= 0);
  require(count.known || (count.run == 0 && count.failed == 0 && count.skipped == 0));
  const std::string_view outcome = judge_tests(count, 0);
  require(outcome != "passed" || (count.known && count.run > 0 && count.failed == 0));
  require(judge_tests(count, 1) == "failed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = data[0] % size;
  check(bytes.substr(0, cut), bytes.substr(cut));
  check(bytes, {});
  return 0;
}
