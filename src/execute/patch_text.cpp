#include "patch_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace codehelper {

namespace {

constexpr std::size_t kContext = 3;

struct Step {
  char sign = ' ';
  std::string_view text;
};

// Kept lines are in their old order, so that walking along both sides gives the diff.
std::vector<Step> make_steps(const std::vector<std::string_view>& before, const Image& after) {
  std::vector<Step> steps;
  std::size_t next = 0;
  std::vector<std::string_view> added;  // after what is removed at the same place
  const auto remove_until = [&](std::size_t end) {
    for (; next < end; ++next) steps.push_back({'-', before[next]});
    for (const std::string_view text : added) steps.push_back({'+', text});
    added.clear();
  };
  for (const ImageLine& line : after.lines) {
    if (line.origin == kNewLine) {
      added.push_back(line.text);
      continue;
    }
    remove_until(line.origin);
    steps.push_back({' ', line.text});
    next = line.origin + 1;
  }
  remove_until(before.size());
  return steps;
}

std::string describe_range(std::size_t start, std::size_t count) {
  if (count == 1) return fmt::format("{}", start + 1);
  return fmt::format("{},{}", count == 0 ? start : start + 1, count);
}

void add_line(std::string& text, const Step& step) {
  text += step.sign;
  text += step.text;
  if (!step.text.ends_with('\n')) text += "\n\\ No newline at end of file\n";
}

}  // namespace

std::unexpected<Error> refuse_patch(std::string message) {
  return fail(ErrorCode::conflict, std::move(message));
}

std::vector<std::string_view> split_with_line_feeds(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

std::string Image::text() const {
  std::string whole;
  for (const ImageLine& line : lines) whole += line.text;
  return whole;
}

Image make_image(std::string_view text) {
  Image image;
  std::size_t origin = 0;
  for (const std::string_view line : split_with_line_feeds(text)) {
    image.lines.push_back({.text = std::string(line), .origin = origin++});
  }
  return image;
}

void put_hunk(Image& image, std::size_t at, const PatchHunk& hunk) {
  std::vector<ImageLine> lines;
  std::size_t next = at;
  for (const PatchLine& line : hunk.lines) {
    if (line.kind == PatchLine::Kind::added) lines.push_back({.text = line.text, .is_patched = true});
    if (line.kind == PatchLine::Kind::removed) ++next;
    if (line.kind != PatchLine::Kind::context) continue;
    lines.push_back(std::move(image.lines[next++]));
    lines.back().is_patched = true;
  }
  const auto first = image.lines.begin() + static_cast<std::ptrdiff_t>(at);
  const auto rest = image.lines.erase(first, image.lines.begin() + static_cast<std::ptrdiff_t>(next));
  image.lines.insert(rest, std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end()));
}

std::string render_hunks(const std::vector<std::string_view>& before, const Image& after) {
  const std::vector<Step> steps = make_steps(before, after);
  std::string text;
  std::size_t old_line = 0;
  std::size_t new_line = 0;
  const auto pass = [&](const Step& step) {
    if (step.sign != '+') ++old_line;
    if (step.sign != '-') ++new_line;
  };
  const auto is_change = [](const Step& step) { return step.sign != ' '; };
  std::size_t at = 0;
  while (at < steps.size()) {
    const auto change = std::find_if(steps.begin() + static_cast<std::ptrdiff_t>(at), steps.end(), is_change);
    if (change == steps.end()) break;
    const auto first_change = static_cast<std::size_t>(change - steps.begin());
    const std::size_t begin = first_change - std::min(kContext, first_change - at);
    std::size_t end = first_change;  // after the last change that is near enough to the one before
    for (std::size_t i = first_change; i < steps.size() && i <= end + 2 * kContext; ++i) {
      if (is_change(steps[i])) end = i + 1;
    }
    end = std::min(end + kContext, steps.size());
    for (; at < begin; ++at) pass(steps[at]);
    const std::size_t old_start = old_line;
    const std::size_t new_start = new_line;
    std::string body;
    for (; at < end; ++at) {
      add_line(body, steps[at]);
      pass(steps[at]);
    }
    text += fmt::format("@@ -{} +{} @@\n{}", describe_range(old_start, old_line - old_start),
                        describe_range(new_start, new_line - new_start), body);
  }
  return text;
}

std::string quote_path(const std::string& path) {
  std::string quoted;
  bool needs_quotes = false;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
      needs_quotes = true;
    } else if (byte < 0x20 || byte >= 0x7f) {
      quoted += fmt::format("\\{:03o}", byte);
      needs_quotes = true;
    } else {
      quoted += c;
    }
  }
  return needs_quotes ? '"' + quoted + '"' : path;
}

}  // namespace codehelper
