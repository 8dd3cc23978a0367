#include <algorithm>

#include "section.hpp"

namespace codehelper {

namespace {

constexpr int kSmallLines = 10;  // a declaration of fewer lines may share a chunk with its neighbours
constexpr int kTinyLines = 3;    // a title or a stray line, which never stands alone

int line_count(const Section& section) {
  return section.last_line - section.first_line + 1;
}

/// Without the blank lines at both ends; false when nothing is left.
bool trim(Section& section, const Lines& lines) {
  while (section.first_line <= section.last_line && lines.is_blank(section.first_line)) ++section.first_line;
  while (section.first_line <= section.last_line && lines.is_blank(section.last_line)) --section.last_line;
  return section.first_line <= section.last_line;
}

int indentation(std::string_view line) {
  const auto found = line.find_first_not_of(" \t");
  return static_cast<int>(found == std::string_view::npos ? line.size() : found);
}

/// How good it is to begin a piece with `line`; more is better.
int cut_quality(const Lines& lines, int line) {
  const int blank_before = lines.is_blank(line - 1) ? 100 : 0;
  return blank_before - std::min(indentation(lines[line]), 60);
}

/// The line after a piece that begins at `first`: the best place to cut in the second half of the allowed length.
int end_of_piece(const Lines& lines, int first, int last, const ChunkLimits& limits) {
  int end = first + 1;
  const bool is_short_rest = last - first < limits.target_lines + std::min(kSmallLines, limits.target_lines / 2);
  if (is_short_rest && lines.bytes(first, last) <= limits.max_bytes) return last + 1;
  while (end <= last && end - first < limits.target_lines && lines.bytes(first, end) <= limits.max_bytes) ++end;
  if (end > last) return end;

  int best = end;
  for (int line = end - 1; line > first + (end - first) / 2; --line) {
    if (!lines.is_blank(line) && cut_quality(lines, line) > cut_quality(lines, best)) best = line;
  }
  return best;
}

bool fits(const Section& section, const Lines& lines, const ChunkLimits& limits) {
  const auto most = section.kind == SectionKind::filler ? limits.target_lines : limits.max_lines;
  return line_count(section) <= most && lines.bytes(section.first_line, section.last_line) <= limits.max_bytes;
}

std::vector<Section> cut_by_lines(const Section& section, const Lines& lines, const ChunkLimits& limits) {
  std::vector<Section> pieces;
  for (int first = section.first_line; first <= section.last_line;) {
    const int end = end_of_piece(lines, first, section.last_line, limits);
    Section piece = section;
    piece.first_line = first;
    piece.last_line = end - 1;
    if (!pieces.empty()) piece.definitions.clear();
    if (trim(piece, lines)) pieces.push_back(std::move(piece));
    first = end;
  }
  return pieces;
}

/// A chunk while sections are added to it.
class Packed {
 public:
  explicit Packed(Section section) : section_(std::move(section)), last_group_(section_.group) {
    if (declares(section_)) count_declaration(section_);
  }

  bool may_take(const Section& next, const Lines& lines, const ChunkLimits& limits) const {
    const int joined_lines = next.last_line - section_.first_line + 1;
    if (lines.bytes(section_.first_line, next.last_line) > limits.max_bytes) return false;
    if (next.group != last_group_) return joined_lines <= limits.target_lines && is_tiny_neighbour(next);
    if (joined_lines > limits.target_lines) return false;
    if (next.kind == SectionKind::statement) return true;
    if (is_preamble() && declares(next)) return false;
    return std::min(line_count(section_), line_count(next)) < kSmallLines;
  }

  /// Whether `next` is the short end of the same function, which would say little by itself.
  bool may_take_rest(const Packed& next, const Lines& lines, const ChunkLimits& limits) const {
    const auto& rest = next.section_;
    return rest.kind == SectionKind::statement && rest.group == last_group_ && line_count(rest) < kSmallLines &&
           rest.last_line - section_.first_line < limits.max_lines &&
           lines.bytes(section_.first_line, rest.last_line) <= limits.max_bytes;
  }

  /// Whether it is only the first line or two of what follows in the same declaration.
  bool is_title_of(const Section& next) const {
    return section_.kind == SectionKind::header && line_count(section_) <= kTinyLines && next.group == last_group_;
  }
  Section&& release() && { return std::move(section_); }

  void take_rest(Packed rest) { take(std::move(rest.section_)); }

  void take(Section next) {
    if (declares(next)) count_declaration(next);
    if (section_.symbol.empty() && declarations_ == 0) section_.symbol = next.symbol;
    if (next.enclosing != section_.enclosing) section_.enclosing.clear();
    section_.last_line = next.last_line;
    last_group_ = next.group;
    if (section_.kind == SectionKind::header && declarations_ == 1) largest_lines_ = weight_of(section_);
    std::ranges::move(next.definitions, std::back_inserter(section_.definitions));
  }

  Section finish() && {
    if (declarations_ > 0) section_.symbol = largest_symbol_;
    const bool no_largest = largest_lines_ * 2 < line_count(section_);
    if (declarations_ > 1 && no_largest && !section_.enclosing.empty()) section_.symbol = section_.enclosing;
    std::vector<std::string> unique;
    for (auto& name : section_.definitions) {
      if (std::ranges::find(unique, name) == unique.end()) unique.push_back(std::move(name));
    }
    section_.definitions = std::move(unique);
    return std::move(section_);
  }

 private:
  /// The licence and the imports of a file: a declaration would be hard to find behind them.
  bool is_preamble() const {
    return section_.first_line == 0 && declarations_ == 0 && section_.kind == SectionKind::filler &&
           line_count(section_) >= kSmallLines;
  }

  static bool declares(const Section& section) {
    return section.kind == SectionKind::declaration || section.kind == SectionKind::header;
  }

  /// The header of a class, with its fields, names the chunk whatever else is in it, unless it is a mere title.
  static int weight_of(const Section& section) {
    const bool names_all = section.kind == SectionKind::header && line_count(section) > kTinyLines;
    return names_all ? 1'000'000 : line_count(section);
  }

  void count_declaration(const Section& section) {
    ++declarations_;
    if (weight_of(section) <= largest_lines_) return;
    largest_lines_ = weight_of(section);
    largest_symbol_ = section.symbol;
  }

  bool is_tiny_neighbour(const Section& next) const {
    const bool is_title = section_.kind == SectionKind::header && line_count(section_) <= kTinyLines;
    const bool is_stray = section_.kind == SectionKind::filler && line_count(section_) <= kTinyLines;
    return is_title || is_stray || (next.kind == SectionKind::filler && line_count(next) <= kTinyLines);
  }

  Section section_;
  int last_group_;
  int declarations_ = 0;
  int largest_lines_ = 0;
  std::string largest_symbol_;
};

/// Makes the sections touch each other and cover the whole text.
void close_gaps(std::vector<Section>& sections, const Lines& lines) {
  if (sections.empty()) sections.emplace_back();
  sections.front().first_line = 0;
  for (std::size_t at = 0; at + 1 < sections.size(); ++at) sections[at].last_line = sections[at + 1].first_line - 1;
  sections.back().last_line = lines.count() - 1;
}

}  // namespace

std::vector<Section> pack_sections(std::vector<Section> sections, const Lines& lines, const ChunkLimits& limits) {
  close_gaps(sections, lines);
  std::vector<Packed> packed;
  for (auto& section : sections) {
    if (!trim(section, lines)) continue;
    if (!fits(section, lines, limits)) {
      if (!packed.empty() && packed.back().is_title_of(section)) {
        Section title = std::move(packed.back()).release();
        packed.pop_back();
        title.last_line = section.last_line;
        std::ranges::move(section.definitions, std::back_inserter(title.definitions));
        section = std::move(title);
      }
      for (auto& piece : cut_by_lines(section, lines, limits)) packed.emplace_back(std::move(piece));
    } else if (!packed.empty() && packed.back().may_take(section, lines, limits)) {
      packed.back().take(std::move(section));
    } else {
      packed.emplace_back(std::move(section));
    }
  }

  for (std::size_t at = packed.size(); at-- > 1;) {
    if (!packed[at - 1].may_take_rest(packed[at], lines, limits)) continue;
    packed[at - 1].take_rest(std::move(packed[at]));
    packed.erase(packed.begin() + static_cast<std::ptrdiff_t>(at));
  }
  std::vector<Section> result;
  result.reserve(packed.size());
  for (auto& chunk : packed) result.push_back(std::move(chunk).finish());
  return result;
}

}  // namespace codehelper
