#include "patch_place.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

namespace {

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string_view without_line_end(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// One hunk, as find_pos() and match_fragment() of git's apply.c look for it.
class NumberedPlace {
 public:
  NumberedPlace(const PatchHunk& hunk, const Image& image) : hunk_(hunk), image_(image), old_(old_side(hunk)) {
    must_begin_ = hunk.old_start <= 1;
    must_end_ = hunk.lines.back().kind != PatchLine::Kind::context;
  }

  // Around the line of the header, forwards first.
  std::optional<std::size_t> find() const {
    const std::size_t size = image_.lines.size();
    std::size_t start = hunk_.new_start == 0 ? 0 : hunk_.new_start - 1;
    if (must_begin_) {
      start = 0;
    } else if (must_end_) {
      start = size < old_.size() ? size : size - old_.size();
    }
    start = std::min(start, size);
    if (matches(start)) return start;
    for (std::size_t distance = 1; distance <= std::max(start, size - start); ++distance) {
      if (distance <= size - start && matches(start + distance)) return start + distance;
      if (distance <= start && matches(start - distance)) return start - distance;
    }
    return std::nullopt;
  }

 private:
  bool matches(std::size_t at) const {
    if (at + old_.size() > image_.lines.size()) return false;
    if (must_begin_ && at != 0) return false;
    if (must_end_ && at + old_.size() != image_.lines.size()) return false;
    for (std::size_t i = 0; i < old_.size(); ++i) {
      const ImageLine& line = image_.lines[at + i];
      if (line.is_patched) return false;
      if (line.text != old_[i]->text && !is_taken_as_equal(i, line.text)) return false;
    }
    return true;
  }

  // git compares bytes up to the end of the hunk's last line only, so that one without line feed is found in a line
  // that has one; which is_exact() refuses afterwards.
  bool is_taken_as_equal(std::size_t i, std::string_view text) const {
    const bool is_open = i + 1 == old_.size() && !old_[i]->text.ends_with('\n') && !must_end_;
    return is_open && text.starts_with(old_[i]->text) && without_line_end(text.substr(old_[i]->text.size())).empty();
  }

  const PatchHunk& hunk_;
  const Image& image_;
  std::vector<const PatchLine*> old_;
  bool must_begin_ = false;
  bool must_end_ = false;
};

bool is_exact(const PatchHunk& hunk, const Image& image, std::size_t at) {
  const auto old = old_side(hunk);
  return old.empty() || old.back()->text == image.lines[at + old.size() - 1].text;
}

// The only line of a file that may lack a line feed is its last.
bool has_line_feeds_within(const Image& image) {
  const auto lacks = [](const ImageLine& line) { return !line.text.ends_with('\n'); };
  return image.lines.empty() || std::none_of(image.lines.begin(), image.lines.end() - 1, lacks);
}

std::size_t count_equal_lines(const std::vector<const PatchLine*>& old, const Image& image, std::size_t at) {
  std::size_t count = 0;
  while (count < old.size() && at + count < image.lines.size() &&
         without_line_end(image.lines[at + count].text) == without_line_end(old[count]->text)) {
    ++count;
  }
  return count;
}

std::string show(std::string_view text) {
  constexpr std::size_t kShown = 120;
  text = without_line_end(text);
  return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "…";
}

}  // namespace

std::vector<const PatchLine*> old_side(const PatchHunk& hunk) {
  std::vector<const PatchLine*> lines;
  for (const PatchLine& line : hunk.lines) {
    if (line.kind != PatchLine::Kind::added) lines.push_back(&line);
  }
  return lines;
}

std::unexpected<Error> refuse_hunk(const FilePatch& file, std::size_t hunk, const std::string& reason) {
  const std::string& path = file.old_path.empty() ? file.new_path : file.old_path;
  return refuse_patch(fmt::format("hunk {} of {}: {}", hunk + 1, path, reason));
}

std::unexpected<Error> refuse_hunk(const FilePatch& file, std::size_t hunk, const Image& image) {
  const auto old = old_side(file.hunks[hunk]);
  std::size_t best_at = 0;
  std::size_t best = 0;
  for (std::size_t at = 0; at < image.lines.size(); ++at) {
    const std::size_t equal = count_equal_lines(old, image, at);
    if (equal > best) std::tie(best, best_at) = std::pair(equal, at);
  }
  if (best == old.size()) {
    return refuse_hunk(file, hunk,
                       fmt::format("its lines are at line {}, but differ there in blanks or line ends, belong to "
                                   "another hunk, or aren't where the file begins or ends, as a hunk without context "
                                   "on that side must be",
                                   best_at + 1));
  }
  if (best == 0) {
    return refuse_hunk(file, hunk, fmt::format("its first line `{}` is nowhere in the file", show(old[0]->text)));
  }
  const std::size_t line = best_at + best;
  const std::string found =
      line < image.lines.size() ? fmt::format("is `{}`", show(image.lines[line].text)) : "is after the file's end";
  return refuse_hunk(
      file, hunk, fmt::format("it expects `{}` where line {} of the file {}", show(old[best]->text), line + 1, found));
}

Result<void> place_by_number(const FilePatch& file, Image& image) {
  for (std::size_t i = 0; i < file.hunks.size(); ++i) {
    const PatchHunk& hunk = file.hunks[i];
    const auto at = NumberedPlace(hunk, image).find();
    if (!at) return refuse_hunk(file, i, image);
    if (!is_exact(hunk, image, *at)) return refuse_hunk(file, i, "the file has a line feed at its end");
    put_hunk(image, *at, hunk);
    if (!has_line_feeds_within(image)) {
      return refuse_hunk(file, i, "a line without a line feed would be within the file");
    }
  }
  return {};
}

}  // namespace codehelper
