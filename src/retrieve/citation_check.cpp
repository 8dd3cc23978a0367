#include "codehelper/retrieve/citation_check.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "codehelper/base/text.hpp"
#include "codehelper/index/source_files.hpp"

namespace codehelper {
namespace {

/// As it is indexed; nothing when it is not there, or not to be read.
std::optional<std::string> read_text(const std::filesystem::path& root, const std::string& path) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
  SourceFile file;
  file.path = path;
  const auto bytes = read_source_bytes(root, file, kMaxBytes);
  if (!bytes || !*bytes) return std::nullopt;
  return to_valid_utf8(**bytes);
}

/// The first of the lines that equal `lines`, nearest to line `near`; 0 = there are none.
int find_lines(std::string_view text, std::string_view lines, int near) {
  int best = 0;
  int line = 1;
  std::size_t counted = 0;
  for (std::size_t at = text.find(lines); at != std::string_view::npos; at = text.find(lines, at + 1)) {
    line += static_cast<int>(std::ranges::count(text.substr(counted, at - counted), '\n'));
    counted = at;
    const bool is_whole =
        (at == 0 || text[at - 1] == '\n') && (lines.ends_with('\n') || at + lines.size() == text.size());
    const bool is_nearer = best == 0 || std::abs(line - near) < std::abs(best - near);
    if (is_whole && is_nearer) best = line;
  }
  return best;
}

}  // namespace

bool is_citation_true(const std::filesystem::path& root, const SearchHit& hit) {
  const auto text = read_text(root, hit.path);
  return text && select_lines(*text, hit.start_line, hit.end_line) == hit.text;
}

std::vector<SearchHit> keep_true_hits(const std::filesystem::path& root, std::vector<SearchHit> hits) {
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) return hits;
  std::map<std::string, std::optional<std::string>> texts;
  std::erase_if(hits, [&](SearchHit& hit) {
    const auto [entry, is_new] = texts.try_emplace(hit.path);
    if (is_new) entry->second = read_text(root, hit.path);
    if (!entry->second || hit.text.empty()) return true;
    if (select_lines(*entry->second, hit.start_line, hit.end_line) == hit.text) return false;
    const int place = find_lines(*entry->second, hit.text, hit.start_line);
    hit.end_line += place - hit.start_line;
    hit.start_line = place;
    return place == 0;
  });
  return hits;
}

}  // namespace codehelper
