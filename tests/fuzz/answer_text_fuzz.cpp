// Readers of free text that a model, a person or a page of the web wrote, for any bytes: the places that they find are
// places of the text, in order.
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "citations.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/index/path_mentions.hpp"
#include "edits.hpp"
#include "web_search_api.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_places(std::string_view text) {
  std::vector<std::pair<std::size_t, std::string>> marks;
  for (const Citation& citation : find_citations(text)) {
    require(!citation.path.empty() && text.contains(citation.path));
    require(citation.end <= text.size() && (marks.empty() || marks.back().first <= citation.end));
    marks.emplace_back(citation.end, "#");
  }
  require(insert_marks(text, marks).size() == text.size() + marks.size());
  std::size_t before = 0;
  for (const std::size_t claim : find_pass_claims(text)) {
    require(claim >= before && claim <= text.size());
    before = claim;
  }
}

void check_blocks(std::string_view text) {
  std::size_t before = 0;
  for (const FencedBlock& block : find_fenced_blocks(text)) {
    require(block.begin >= before && block.begin < block.end && block.end <= text.size());
    require(text.substr(block.begin, block.end - block.begin).size() >= block.text.size());
    before = block.end;
  }
  find_diffs(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string text = to_valid_utf8(bytes);  // as all text is that comes from outside
  require(to_valid_utf8(text) == text);
  check_places(text);
  check_blocks(text);
  for (const PathMention& mention : find_path_mentions(text)) require(!mention.path.empty() && mention.line >= 0);
  constexpr std::size_t kLimitBytes = 100;
  const std::string cleaned = clean_web_text(bytes, kLimitBytes);
  require(cleaned.size() <= kLimitBytes && to_valid_utf8(cleaned) == cleaned);
  return 0;
}
