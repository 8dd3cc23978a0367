#include "codehelper/retrieve/citation_check.hpp"

#include <string>

#include "codehelper/base/text.hpp"
#include "codehelper/index/source_files.hpp"

namespace codehelper {

bool is_citation_true(const std::filesystem::path& root, const SearchHit& hit) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
  SourceFile file;
  file.path = hit.path;
  const auto content = read_source_file(root, file, kMaxBytes);
  if (!content || !*content) return false;
  const std::string text = to_valid_utf8((*content)->bytes);
  return select_lines(text, hit.start_line, hit.end_line) == hit.text;
}

}  // namespace codehelper
