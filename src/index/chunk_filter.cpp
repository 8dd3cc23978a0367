#include "codehelper/index/chunk_filter.hpp"

#include <algorithm>

#include "codehelper/base/text.hpp"
#include "codehelper/index/chunker.hpp"
#include "glob.hpp"

namespace codehelper {
namespace {

bool matches_pattern(std::string_view pattern, std::string_view path) {
  if (pattern.find_first_of("*?[") == std::string_view::npos) {
    return to_lower_ascii(path).find(to_lower_ascii(pattern)) != std::string::npos;
  }
  const bool is_name = pattern.find('/') == std::string_view::npos;
  return matches_glob(pattern, is_name ? path.substr(path.rfind('/') + 1) : path);
}

bool is_below(std::string_view folder, std::string_view path) {
  return folder.empty() || (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

bool matches_paths(const ChunkFilter& filter, std::string_view path) {
  if (!is_below(filter.folder, path)) return false;
  const auto matches = [&](const std::string& pattern) { return matches_pattern(pattern, path); };
  return filter.paths.empty() || std::ranges::any_of(filter.paths, matches);
}

bool has_language(const ChunkFilter& filter, std::string_view language) {
  return filter.languages.empty() || std::ranges::find(filter.languages, language) != filter.languages.end();
}

}  // namespace

bool may_pass(const ChunkFilter& filter, std::string_view path) {
  if (!matches_paths(filter, path)) return false;
  if (filter.languages.empty()) return true;
  const std::string language = detect_language(path, "");
  return language == "text" || path.ends_with(".h") || has_language(filter, language);
}

bool passes(const ChunkFilter& filter, const Chunk& chunk) {
  return matches_paths(filter, chunk.path) && has_language(filter, chunk.language);
}

}  // namespace codehelper
