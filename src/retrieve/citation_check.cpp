#include "codehelper/retrieve/citation_check.hpp"

#include <algorithm>
#include <string>

#include "codehelper/base/text.hpp"
#include "codehelper/index/source_files.hpp"

namespace codehelper {

namespace {

// The bytes of lines first..last (1-based, inclusive), with their line feeds; empty when the text has fewer lines.
std::string_view lines_of(std::string_view text, int first, int last) {
  std::size_t begin = 0;
  for (int line = 1; line < first; ++line) {
    begin = text.find('\n', begin);
    if (begin == std::string_view::npos) return {};
    ++begin;
  }
  std::size_t end = begin;
  for (int line = first; line <= last && end < text.size(); ++line) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  return text.substr(begin, end - begin);
}

}  // namespace

bool is_citation_true(const std::filesystem::path& root, const SearchHit& hit) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
  SourceFile file;
  file.path = hit.path;
  const auto content = read_source_file(root, file, kMaxBytes);
  if (!content || !*content) return false;
  const std::string text = to_valid_utf8((*content)->bytes);
  return lines_of(text, hit.start_line, hit.end_line) == hit.text;
}

}  // namespace codehelper
