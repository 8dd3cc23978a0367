#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "patch_place.hpp"

namespace codehelper {

namespace {

using Kind = PatchLine::Kind;
using Positions = std::vector<std::size_t>;

std::string_view without(std::string_view text, std::string_view characters) {
  const std::size_t last = text.find_last_not_of(characters);
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}
constexpr std::string_view kLineEnds = "\r\n";
constexpr std::string_view kBlanks = " \t\r\n";

bool is_at(const std::vector<const PatchLine*>& old, const Image& image, std::size_t at, std::string_view ignored) {
  for (std::size_t i = 0; i < old.size(); ++i) {
    if (without(image.lines[at + i].text, ignored) != without(old[i]->text, ignored)) return false;
  }
  return true;
}

Positions find_positions(const PatchHunk& hunk, const Image& image) {
  const auto old = old_side(hunk);
  Positions positions;
  if (old.size() > image.lines.size()) return positions;
  for (const std::string_view ignored : {kLineEnds, kBlanks}) {
    for (std::size_t at = 0; at + old.size() <= image.lines.size(); ++at) {
      if (is_at(old, image, at, ignored)) positions.push_back(at);
    }
    if (!positions.empty()) break;
  }
  return positions;
}

// Empty lines between two parts of an answer look like context.
bool drop_blank_end(PatchHunk& hunk) {
  const bool ends_blank = hunk.lines.size() > 1 && hunk.lines.back().kind == Kind::context &&
                          without(hunk.lines.back().text, kBlanks).empty();
  if (ends_blank) hunk.lines.pop_back();
  return ends_blank;
}

// A hunk that has been found.
struct Placed {
  std::size_t index = 0;  // in the diff
  PatchHunk hunk;
  Positions positions;  // one in the end
};

// Those between the hunks before and after it, where these are known: hunks stand in the file's order.
Positions keep_ordered(const std::vector<Placed>& hunks, std::size_t of) {
  std::optional<std::size_t> low;
  std::optional<std::size_t> high;
  for (std::size_t i = 0; i < hunks.size(); ++i) {
    if (hunks[i].positions.size() != 1) continue;
    if (i < of) low = hunks[i].positions[0];
    if (i > of && !high) high = hunks[i].positions[0];
  }
  Positions kept;
  for (const std::size_t at : hunks[of].positions) {
    if ((!low || at > *low) && (!high || at < *high)) kept.push_back(at);
  }
  return kept;
}

// True when a hunk has now one place that had more.
bool narrow(std::vector<Placed>& hunks) {
  for (std::size_t i = 0; i < hunks.size(); ++i) {
    if (hunks[i].positions.size() == 1) continue;
    Positions kept = keep_ordered(hunks, i);
    if (kept.size() != 1) continue;
    hunks[i].positions = std::move(kept);
    return true;
  }
  for (std::size_t i = 0; i < hunks.size(); ++i) {
    if (hunks[i].positions.size() == 1) continue;
    const Positions kept = keep_ordered(hunks, i);
    const std::size_t told = hunks[i].hunk.old_start;
    if (told == 0 || std::ranges::find(kept, told - 1) == kept.end()) continue;
    hunks[i].positions = {told - 1};
    return true;
  }
  return false;
}

Result<std::vector<Placed>> find_places(const FilePatch& file, const Image& image) {
  std::vector<Placed> hunks;
  for (std::size_t i = 0; i < file.hunks.size(); ++i) {
    Placed placed{.index = i, .hunk = file.hunks[i], .positions = {}};
    placed.positions = find_positions(placed.hunk, image);
    while (placed.positions.empty() && drop_blank_end(placed.hunk)) {
      placed.positions = find_positions(placed.hunk, image);
    }
    const bool says_nothing = old_side(placed.hunk).empty() && !image.lines.empty();
    if (says_nothing) return refuse_hunk(file, i, "it has no line of the file that tells where it goes");
    if (placed.positions.empty()) return refuse_hunk(file, i, image);
    hunks.push_back(std::move(placed));
  }
  while (narrow(hunks)) {
  }
  for (const Placed& placed : hunks) {
    if (placed.positions.size() == 1) continue;
    constexpr std::size_t kShown = 5;
    Positions lines;
    for (const std::size_t at : placed.positions) lines.push_back(at + 1);
    lines.resize(std::min(lines.size(), kShown));
    return refuse_hunk(
        file, placed.index,
        fmt::format("its lines are in {} places (lines {}{}); more context is needed", placed.positions.size(),
                    fmt::join(lines, ", "), placed.positions.size() > kShown ? ", …" : ""));
  }
  return hunks;
}

// Hunks may share context, so only what lies between their first and last change counts.
struct Core {
  std::size_t index = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
  PatchHunk hunk;
};

bool is_change(const PatchLine& line) {
  return line.kind != Kind::context;
}

Core make_core(Placed placed) {
  auto& lines = placed.hunk.lines;
  while (!is_change(lines.back())) lines.pop_back();
  const auto first = std::ranges::find_if(lines, is_change);
  const std::size_t begin = placed.positions[0] + static_cast<std::size_t>(first - lines.begin());
  lines.erase(lines.begin(), first);
  const std::size_t end = begin + old_side(placed.hunk).size();
  return {.index = placed.index, .begin = begin, .end = end, .hunk = std::move(placed.hunk)};
}

std::string_view line_end_of(const Image& image) {
  const auto is_dos = [](const ImageLine& line) { return line.text.ends_with("\r\n"); };
  const auto dos = static_cast<std::size_t>(std::ranges::count_if(image.lines, is_dos));
  return dos * 2 > image.lines.size() ? "\r\n" : "\n";
}

void adapt_line_ends(PatchHunk& hunk, std::string_view line_end) {
  for (PatchLine& line : hunk.lines) {
    if (line.kind != Kind::added || !line.text.ends_with('\n')) continue;
    line.text.resize(without(line.text, kLineEnds).size());
    line.text += line_end;
  }
}

void complete_lines(Image& image, std::string_view line_end) {
  for (std::size_t i = 0; i + 1 < image.lines.size(); ++i) {
    if (image.lines[i].text.ends_with('\n')) continue;
    image.lines[i] = {.text = image.lines[i].text + std::string(line_end), .origin = kNewLine, .is_patched = true};
  }
}

}  // namespace

Result<void> place_by_content(const FilePatch& file, Image& image) {
  auto placed = find_places(file, image);
  if (!placed) return std::unexpected(placed.error());
  std::vector<Core> cores;
  for (Placed& one : *placed) {
    if (std::ranges::none_of(one.hunk.lines, is_change)) continue;  // it only shows the file
    cores.push_back(make_core(std::move(one)));
  }
  std::ranges::sort(cores, {}, [](const Core& core) { return std::pair(core.begin, core.index); });
  const std::string_view line_end = line_end_of(image);
  for (std::size_t i = 0; i < cores.size(); ++i) {
    if (i > 0 && cores[i - 1].end > cores[i].begin) {
      return refuse_hunk(file, cores[i].index, "it changes lines that another hunk changes too");
    }
    if (!image.lines.empty()) adapt_line_ends(cores[i].hunk, line_end);
  }
  for (auto core = cores.rbegin(); core != cores.rend(); ++core) put_hunk(image, core->begin, core->hunk);
  complete_lines(image, line_end);
  return {};
}

}  // namespace codehelper
