#include "codehelper/retrieve/citation_check.hpp"

#include <algorithm>
#include <cstdlib>
#include <expected>
#include <map>
#include <string>

#include "codehelper/base/text.hpp"
#include "codehelper/index/source_files.hpp"

namespace codehelper {
namespace {

/// Content is not judged: what is shown was, when it was indexed.
std::expected<std::string, int> read_now(const std::filesystem::path& root, const std::string& path) {
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;
  return read_file_below(root, path, kMaxBytes);
}

bool stands_there(std::string_view bytes, const SearchHit& hit) {
  return to_valid_utf8(select_lines(bytes, hit.start_line, hit.end_line)) == hit.text;
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
  const auto bytes = read_now(root, hit.path);
  return bytes && stands_there(*bytes, hit);
}

std::vector<SearchHit> keep_true_hits(const std::filesystem::path& root, std::vector<SearchHit> hits) {
  std::error_code error;
  if (!std::filesystem::is_directory(root, error)) return hits;
  std::map<std::string, std::expected<std::string, int>> files;
  std::erase_if(hits, [&](SearchHit& hit) {
    const auto [entry, is_new] = files.try_emplace(hit.path);
    auto& bytes = entry->second;
    if (is_new) bytes = read_now(root, hit.path);
    if (!bytes || hit.text.empty()) return true;
    if (stands_there(*bytes, hit)) return false;
    const int place = find_lines(to_valid_utf8(*bytes), hit.text, hit.start_line);
    hit.end_line += place - hit.start_line;
    hit.start_line = place;
    return place == 0;
  });
  return hits;
}

}  // namespace codehelper
