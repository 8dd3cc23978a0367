#include <algorithm>
#include <map>
#include <optional>

#include "section.hpp"

namespace codehelper {

namespace {

struct Heading {
  int line = 0;
  int level = 1;
  std::string title;
};

std::string_view strip(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// The line's text when it is indented by less than a code block, else nothing.
std::string_view unindented(std::string_view line) {
  const auto indent = line.find_first_not_of(' ');
  return indent < 4 ? strip(line) : std::string_view{};
}

/// "## Title ##"
std::optional<Heading> parse_atx(std::string_view text, int line) {
  const auto level = std::min(text.find_first_not_of('#'), text.size());
  if (level == 0 || level > 6) return std::nullopt;
  auto title = text.substr(level);
  if (!title.empty() && title[0] != ' ' && title[0] != '\t') return std::nullopt;
  title = strip(title);
  const auto end = title.find_last_not_of('#');
  if (end == std::string_view::npos) {
    title = {};
  } else if (end + 1 < title.size() && title[end] == ' ') {
    title = strip(title.substr(0, end));
  }
  return Heading{line, static_cast<int>(level), std::string(title)};
}

/// What is left of "<a href=x>Title</a>".
std::string without_tags(std::string_view text) {
  std::string plain;
  bool is_tag = false;
  for (const char character : text) {
    if (character == '<') is_tag = true;
    if (!is_tag) plain += character;
    if (character == '>') is_tag = false;
  }
  return std::string(strip(plain));
}

/// "<h2 align="center">Title</h2>", in up to three lines; without a title it is no heading.
std::optional<Heading> parse_html(const Lines& lines, std::string_view text, int line) {
  constexpr int kMostLines = 3;
  const bool begins = text.size() > 4 && (text.starts_with("<h") || text.starts_with("<H")) && text[2] >= '1' &&
                      text[2] <= '6' && (text[3] == '>' || text[3] == ' ');
  if (!begins) return std::nullopt;
  const auto whole = lines.range(line, std::min(line + kMostLines, lines.count()) - 1);
  const auto end = std::min(whole.find("</h"), whole.find("</H"));
  if (end == std::string_view::npos) return std::nullopt;
  auto title = without_tags(whole.substr(0, end));
  if (title.empty() || title.contains('\n')) return std::nullopt;
  return Heading{line, text[2] - '0', std::move(title)};
}

bool is_run_of(std::string_view text, char character) {
  return !text.empty() && text.find_first_not_of(character) == std::string_view::npos;
}

std::string_view fence_of(std::string_view text) {
  if (text.empty() || (text[0] != '`' && text[0] != '~')) return {};
  const auto fence = text.substr(0, text.find_first_not_of(text[0]));
  return fence.size() >= 3 ? fence : std::string_view{};
}

/// The first line after a "---" block at the top.
int after_front_matter(const Lines& lines) {
  if (lines.count() == 0 || strip(lines[0]) != "---") return 0;
  for (int line = 1; line < lines.count(); ++line) {
    if (strip(lines[line]) == "---") return line + 1;
  }
  return 0;
}

std::vector<Heading> find_markdown_headings(const Lines& lines) {
  std::vector<Heading> headings;
  std::string_view fence;
  std::string_view paragraph;  // its one line so far; a longer paragraph is no title
  for (int line = after_front_matter(lines); line < lines.count(); ++line) {
    const auto text = unindented(lines[line]);
    const auto mark = fence_of(text);
    if (!fence.empty()) {
      if (mark.size() >= fence.size() && mark[0] == fence[0] && mark.size() == text.size()) fence = {};
      continue;
    }
    if (!mark.empty()) {
      fence = mark;
      paragraph = {};
    } else if (auto heading = parse_atx(text, line)) {
      headings.push_back(std::move(*heading));
      paragraph = {};
    } else if (auto written_out = parse_html(lines, text, line)) {
      headings.push_back(std::move(*written_out));
      paragraph = {};
    } else if (!paragraph.empty() && (is_run_of(text, '=') || is_run_of(text, '-'))) {
      headings.push_back({line - 1, text[0] == '=' ? 1 : 2, std::string(paragraph)});
      paragraph = {};
    } else {
      const bool follows_blank = line == 0 || strip(lines[line - 1]).empty();
      const bool may_be_title = !text.empty() && std::string_view("->|*+<").find(text[0]) == std::string_view::npos;
      paragraph = follows_blank && may_be_title ? text : std::string_view{};
    }
  }
  return headings;
}

/// The character of an adornment line such as "=====", else 0.
char adornment_of(std::string_view line) {
  const auto text = strip(line);
  if (text.size() < 2 || line.empty() || line[0] != text[0]) return 0;
  if (std::string_view("=-`:'\"~^_*+#<>.").find(text[0]) == std::string_view::npos) return 0;
  return is_run_of(text, text[0]) ? text[0] : '\0';
}

/// Levels are in the order in which the adornments appear (docutils, "Sections").
std::vector<Heading> find_rst_headings(const Lines& lines) {
  std::vector<Heading> headings;
  std::map<std::pair<char, char>, int> levels;
  for (int line = 0; line + 1 < lines.count(); ++line) {
    const char under = adornment_of(lines[line + 1]);
    const auto title = strip(lines[line]);
    if (under == 0 || title.empty() || adornment_of(lines[line]) != 0) continue;
    if (strip(lines[line + 1]).size() < title.size()) continue;
    const char over = line > 0 && adornment_of(lines[line - 1]) == under ? under : '\0';
    if (over == 0 && (lines[line][0] == ' ' || lines[line][0] == '\t')) continue;
    const int level = levels.try_emplace({over, under}, static_cast<int>(levels.size()) + 1).first->second;
    headings.push_back({over == 0 ? line : line - 1, level, std::string(title)});
    ++line;
  }
  return headings;
}

}  // namespace

std::vector<Section> outline_headings(std::string_view language, const Lines& lines) {
  const auto headings = language == "markdown" ? find_markdown_headings(lines) : find_rst_headings(lines);

  struct Open {
    int level;
    int group;
    std::string symbol;
  };
  std::vector<Section> sections;
  std::vector<Open> open;  // the headings around the current one
  for (std::size_t at = 0; at < headings.size(); ++at) {
    const auto& heading = headings[at];
    while (!open.empty() && open.back().level >= heading.level) open.pop_back();
    const bool has_children = at + 1 < headings.size() && headings[at + 1].level > heading.level;
    const int own_group = static_cast<int>(at) + 1;
    const auto around = open.empty() ? Open{0, 0, {}} : open.back();
    auto symbol = around.symbol.empty() ? heading.title : around.symbol + " > " + heading.title;
    open.push_back({heading.level, own_group, symbol});
    Section section;
    section.kind = has_children ? SectionKind::header : SectionKind::declaration;
    section.first_line = heading.line;
    section.group = has_children ? own_group : around.group;
    section.enclosing = has_children ? symbol : around.symbol;
    section.symbol = std::move(symbol);
    sections.push_back(std::move(section));
  }
  if (!sections.empty() && sections.front().first_line > 0) sections.emplace(sections.begin());
  return sections;
}

}  // namespace codehelper
