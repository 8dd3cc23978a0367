#include "patch_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace codehelper {

namespace {

std::string_view without_line_end(std::string_view line) {
  return line.substr(0, line.find_first_of("\r\n\v\f"));
}

struct Unquoted {
  std::string name;
  std::string_view rest;  // after the closing quote
};

// A string of C, as git's quote.c writes it.
std::optional<Unquoted> unquote(std::string_view text) {
  static constexpr std::string_view kLetters = "abfnrtv\"\\";
  static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\"\\";
  Unquoted unquoted;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      unquoted.rest = text.substr(i + 1);
      return unquoted;
    }
    if (text[i] != '\\') {
      unquoted.name += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (const std::size_t letter = kLetters.find(text[i]); letter != std::string_view::npos) {
      unquoted.name += kMeanings[letter];
      continue;
    }
    if (i + 3 > text.size()) return std::nullopt;
    unsigned value = 0;
    const auto parsed = std::from_chars(text.data() + i, text.data() + i + 3, value, 8);
    if (parsed.ptr != text.data() + i + 3 || value > 255) return std::nullopt;
    unquoted.name += static_cast<char>(value);
    i += 2;
  }
  return std::nullopt;
}

std::optional<std::size_t> take_number(std::string_view& text) {
  constexpr std::size_t kDigits = 9;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::size_t value = 0;
  if (digits == 0 || digits > kDigits) return std::nullopt;
  std::from_chars(text.begin(), text.begin() + digits, value);
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

struct Range {
  std::size_t start = 0;
  std::size_t count = 1;
};
std::optional<Range> take_range(std::string_view& text) {
  Range range;
  const auto start = take_number(text);
  if (!start) return std::nullopt;
  range.start = *start;
  if (!take(text, ",")) return range;
  const auto count = take_number(text);
  if (!count) return std::nullopt;
  range.count = *count;
  return range;
}

// Names of a git directory on some file system: .git, .GIT, "git~1", ".git. ", ".git::$INDEX_ALLOCATION".
bool is_git_directory(std::string_view part) {
  std::string name(part.substr(0, part.find(':')));
  while (name.ends_with(' ') || name.ends_with('.')) name.pop_back();
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return name == ".git" || name == "git~1";
}

}  // namespace

std::optional<std::string> parse_name(std::string_view rest) {
  if (rest.starts_with('"')) {
    auto unquoted = unquote(without_line_end(rest));
    return unquoted ? std::optional(std::move(unquoted->name)) : std::nullopt;
  }
  const std::string_view line = without_line_end(rest);
  return std::string(line.substr(0, line.find('\t')));
}

std::string_view time_stamp_of(std::string_view rest) {
  const std::string_view line = without_line_end(rest);
  const std::size_t tab = line.rfind('\t');
  return tab == std::string_view::npos ? std::string_view() : line.substr(tab + 1);
}

std::pair<std::string, std::string> without_prefixes(std::string old_name, std::string new_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPrefixes = {
      {{"a/", "b/"}, {"i/", "w/"}, {"c/", "i/"}, {"c/", "w/"}, {"o/", "w/"}, {"1/", "2/"}, {"b/", "a/"}}};
  const auto strip = [](std::string& name, std::string_view prefix) {
    if (name.starts_with(prefix)) name.erase(0, prefix.size());
  };
  if (old_name == kNoFile || new_name == kNoFile) {
    strip(old_name, kPrefixes[0].first);
    strip(new_name, kPrefixes[0].second);
    return {std::move(old_name), std::move(new_name)};
  }
  for (const auto& [before, after] : kPrefixes) {
    if (!old_name.starts_with(before) || !new_name.starts_with(after)) continue;
    strip(old_name, before);
    strip(new_name, after);
    break;
  }
  return {std::move(old_name), std::move(new_name)};
}

std::optional<std::string> parse_git_names(std::string_view rest) {
  rest = without_line_end(rest);
  std::string first;
  std::string second;
  if (rest.starts_with('"')) {
    auto unquoted = unquote(rest);
    if (!unquoted || !unquoted->rest.starts_with(' ')) return std::nullopt;
    const auto other = parse_name(unquoted->rest.substr(1));
    if (!other) return std::nullopt;
    first = std::move(unquoted->name);
    second = *other;
  } else {
    const std::size_t middle = rest.size() / 2;
    if (rest.size() % 2 == 0 || rest[middle] != ' ') return std::nullopt;
    first = rest.substr(0, middle);
    second = rest.substr(middle + 1);
  }
  auto [old_name, new_name] = without_prefixes(std::move(first), std::move(second));
  return old_name == new_name ? std::optional(old_name) : std::nullopt;
}

std::optional<PatchHunk> parse_hunk_header(std::string_view line) {
  if (!take(line, "@@ -")) return std::nullopt;
  const auto before = take_range(line);
  if (!before || !take(line, " +")) return std::nullopt;
  const auto after = take_range(line);
  if (!after || !take(line, " @@")) return std::nullopt;
  return PatchHunk{before->start, before->count, after->start, after->count, {}};
}

Result<void> check_patch_path(const std::string& path) {
  const auto refuse = [&](const char* reason) {
    return fail(ErrorCode::conflict, "the path \"" + path + "\" is refused: " + reason);
  };
  if (path.empty()) return refuse("it is empty");
  if (path.starts_with('/')) return refuse("it is not relative to the project");
  if (path.find('\0') != std::string::npos) return refuse("it contains a NUL character");
  std::string_view rest = path;
  while (true) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part == "..") return refuse("it leaves the project");
    if (part.empty() || part == ".") return refuse("it is not in its plain form");
    std::string_view pieces = part;  // on some systems a backslash separates too
    while (!pieces.empty()) {
      const std::string_view piece = pieces.substr(0, pieces.find('\\'));
      if (is_git_directory(piece)) return refuse("it lies in a git directory");
      pieces.remove_prefix(std::min(piece.size() + 1, pieces.size()));
    }
    if (part.size() == rest.size()) return {};
    rest.remove_prefix(part.size() + 1);
  }
}

Result<void> check_patch_paths(const FilePatch& file) {
  using Kind = FilePatch::Kind;
  if (file.kind != Kind::create) {
    if (const auto checked = check_patch_path(file.old_path); !checked) return checked;
  }
  if (file.kind != Kind::remove) {
    if (const auto checked = check_patch_path(file.new_path); !checked) return checked;
  }
  const bool has_one_name = file.old_path == file.new_path;
  if (file.kind == Kind::modify && !has_one_name) {
    return fail(ErrorCode::conflict, file.old_path + " and " + file.new_path +
                                         " are two files; a rename needs the lines \"rename from\" and \"rename to\"");
  }
  const bool is_moved = file.kind == Kind::rename || file.kind == Kind::copy;
  if (is_moved && has_one_name) return fail(ErrorCode::conflict, file.old_path + " can't be renamed to its own name");
  return {};
}

}  // namespace codehelper
