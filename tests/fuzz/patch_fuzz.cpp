// Any text as a diff, over a few files: nothing crashes, and what is said to apply does so again in the form we write.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "codehelper/execute/patch.hpp"
#include "execute/patch_samples.hpp"

namespace {

using codehelper::apply_patch;
using codehelper::mend_patch;
using codehelper::parse_patch;
using codehelper::PatchOutcome;
using codehelper::Result;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Result<PatchOutcome>& outcome, const codehelper::PatchSource& source) {
  if (!outcome) return require(outcome.error().code == codehelper::ErrorCode::conflict);
  require(!outcome->files.empty());
  const auto again = parse_patch(outcome->text);
  require(again.has_value());
  const auto same = apply_patch(*again, source);
  require(same.has_value() && same->text == outcome->text && same->files.size() == outcome->files.size());
  for (std::size_t i = 0; i < same->files.size(); ++i) {
    require(same->files[i].path == outcome->files[i].path && same->files[i].content == outcome->files[i].content);
    require(same->files[i].is_executable == outcome->files[i].is_executable);
    require(!same->files[i].path.starts_with("../") && !same->files[i].path.starts_with("/"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const codehelper::test::Files kFiles = {
      {"a", {"one\ntwo\nthree\n", false}}, {"b c", {"x\r\ny", true}}, {"d/e", {"", false}}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto source = codehelper::test::source_of(kFiles);
  if (const auto patch = parse_patch(text)) check(apply_patch(*patch, source), source);
  check(mend_patch(text, source), source);
  return 0;
}
