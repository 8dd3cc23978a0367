#include "ignore_rules.hpp"

#include <algorithm>
#include <cctype>
#include <ranges>

namespace codehelper {

namespace {

constexpr std::string_view kSpecial = "*?[\\";

/// Spaces at the end don't count unless a backslash is before them.
std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\\') {
      ++at;
    } else if (line[at] == ' ') {
      continue;
    }
    end = std::min(at + 1, line.size());
  }
  return line.substr(0, end);
}

std::optional<IgnorePattern> parse_line(std::string_view line, int number) {
  if (line.starts_with('#')) return std::nullopt;
  if (line.ends_with('\r')) line.remove_suffix(1);
  line = without_trailing_spaces(line.substr(0, line.find('\0')));

  IgnorePattern pattern;
  pattern.written = line;
  pattern.line = number;
  pattern.is_negated = line.starts_with('!');
  if (pattern.is_negated) line.remove_prefix(1);
  pattern.is_for_folders = line.ends_with('/');
  if (pattern.is_for_folders) line.remove_suffix(1);
  if (line.empty()) return std::nullopt;
  pattern.is_for_names = !line.contains('/');
  if (line.starts_with('/')) line.remove_prefix(1);
  pattern.glob = line;
  pattern.literal_bytes = std::min(line.find_first_of(kSpecial), line.size());
  return pattern;
}

bool equal_bytes(std::string_view left, std::string_view right, LetterCase letter_case) {
  if (letter_case == LetterCase::matters) return left == right;
  return std::ranges::equal(left, right,
                            [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

bool has_special(std::string_view text) {
  return text.find_first_of(kSpecial) != std::string_view::npos;
}

}  // namespace

IgnoreFile::IgnoreFile(std::string name, std::string folder, std::string_view content, LetterCase letter_case)
    : name_(std::move(name)), folder_(std::move(folder)), letter_case_(letter_case) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  int number = 0;
  for (const auto part : std::views::split(content, '\n')) {
    ++number;
    if (auto pattern = parse_line(std::string_view(part), number)) patterns_.push_back(std::move(*pattern));
  }
}

bool IgnoreFile::matches(const IgnorePattern& pattern, const IgnoredPath& ignored) const {
  if (pattern.is_for_folders && !ignored.is_folder) return false;
  std::string_view glob = pattern.glob;
  if (pattern.is_for_names) {
    const auto name = ignored.path.substr(ignored.path.rfind('/') + 1);
    if (pattern.literal_bytes == glob.size()) return equal_bytes(glob, name, letter_case_);
    if (glob.starts_with('*') && !has_special(glob.substr(1))) {
      const auto ending = glob.substr(1);
      return name.size() >= ending.size() &&
             equal_bytes(ending, name.substr(name.size() - ending.size()), letter_case_);
    }
    return matches_glob(glob, name, {GlobSlash::is_ordinary, letter_case_});
  }

  auto path = ignored.path.substr(folder_.size());
  const auto literal = pattern.literal_bytes;
  if (path.size() < literal || !equal_bytes(glob.substr(0, literal), path.substr(0, literal), letter_case_))
    return false;
  return matches_glob(glob.substr(literal), path.substr(literal), {GlobSlash::separates, letter_case_});
}

const IgnorePattern* IgnoreFile::find(const IgnoredPath& ignored) const {
  for (const auto& pattern : std::views::reverse(patterns_)) {
    if (matches(pattern, ignored)) return &pattern;
  }
  return nullptr;
}

std::optional<IgnoringRule> IgnoreRules::ignoring_rule(const IgnoredPath& ignored) const {
  for (const auto& file : std::views::reverse(files_)) {
    const auto* pattern = file.find(ignored);
    if (pattern == nullptr) continue;
    if (pattern->is_negated) return std::nullopt;
    return IgnoringRule{pattern->written, file.name(), pattern->line};
  }
  return std::nullopt;
}

}  // namespace codehelper
