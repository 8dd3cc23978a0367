// Any text: as many lines as before, what is masked stays so, and nothing outside of a mask is changed.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codehelper/base/secret_text.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto masked = codehelper::mask_secrets(text);
  require(std::ranges::count(masked.text, '\n') == std::ranges::count(text, '\n'));
  if (masked.count == 0) {
    require(masked.text == text);
  } else {
    require(masked.text.find("[masked: ") != std::string::npos);
  }
  return 0;
}
