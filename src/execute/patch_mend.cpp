// Diffs as models write them. What is wrong in the form is read past, and each hunk is placed by its lines.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "patch_header.hpp"
#include "patch_place.hpp"
#include "patch_text.hpp"

namespace codehelper {

namespace {

using Kind = FilePatch::Kind;
using Lines = std::vector<std::string>;

std::string_view trim_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

bool is_fence(std::string_view line) {
  return line.starts_with("```") || line.starts_with("~~~");
}

// With line feeds. Of text with fences, what stands in those that hold a diff.
Lines find_diff_lines(std::string_view text) {
  Lines all;
  for (const std::string_view line : split_with_line_feeds(text)) {
    all.emplace_back(line);
    if (!line.ends_with('\n')) all.back() += '\n';
  }
  Lines chosen;
  Lines block;
  bool is_in_fence = false;
  const auto is_diff_line = [](const std::string& line) {
    return line.starts_with("diff --git ") || line.starts_with("--- ") || line.starts_with("@@");
  };
  for (const std::string& line : all) {
    if (!is_fence(line)) {
      if (is_in_fence) block.push_back(line);
      continue;
    }
    if (is_in_fence && std::ranges::any_of(block, is_diff_line))
      chosen.insert(chosen.end(), block.begin(), block.end());
    block.clear();
    is_in_fence = !is_in_fence;
  }
  if (is_in_fence && std::ranges::any_of(block, is_diff_line)) chosen.insert(chosen.end(), block.begin(), block.end());
  if (!chosen.empty()) return chosen;
  std::erase_if(all, is_fence);
  return all;
}

// What is said of one file, before it is known which file that is.
struct LooseFile {
  std::string old_name;
  std::string new_name;
  bool is_new = false;
  bool is_removed = false;
  Kind moved = Kind::modify;  // rename or copy
  std::optional<bool> is_executable;
  std::vector<PatchHunk> hunks;
};

class LooseParser {
 public:
  explicit LooseParser(Lines lines) : lines_(std::move(lines)) {}

  Result<std::vector<LooseFile>> parse() {
    while (at_ < lines_.size()) {
      if (begins_sides(at_)) {
        take_sides();
      } else if (line(at_).starts_with("diff --git ")) {
        take_git_line();
      } else if (line(at_).starts_with("@@")) {
        if (files_.empty()) return refuse_patch("a hunk without a header that names its file");
        take_hunk();
      } else if (const auto taken = take_extended_line(); !taken) {
        return std::unexpected(taken.error());
      }
    }
    std::erase_if(files_, [](const LooseFile& file) { return file.old_name.empty() && file.new_name.empty(); });
    if (files_.empty()) return refuse_patch("there is no unified diff in it");
    return std::move(files_);
  }

 private:
  std::string_view line(std::size_t at) const { return at < lines_.size() ? lines_[at] : std::string_view(); }

  bool begins_sides(std::size_t at) const { return line(at).starts_with("--- ") && line(at + 1).starts_with("+++ "); }
  bool begins_file(std::size_t at) const {
    // A removed line "-- x" before an added "++ y" looks like names, too; a hunk follows only names.
    const bool has_names = begins_sides(at) && (line(at + 2).starts_with("@@") || at + 2 >= lines_.size());
    return has_names || line(at).starts_with("diff --git ");
  }

  void take_git_line() {
    files_.emplace_back();
    std::string_view rest = trim_end(line(at_++));
    rest.remove_prefix(std::string_view("diff --git ").size());
    if (const auto name = parse_git_names(rest)) files_.back().old_name = files_.back().new_name = *name;
    has_sides_ = false;
  }

  void take_sides() {
    auto [old_name, new_name] = without_prefixes(parse_name(line(at_).substr(4)).value_or(""),
                                                 parse_name(line(at_ + 1).substr(4)).value_or(""));
    const bool goes_on = !files_.empty() && files_.back().hunks.empty() && !has_sides_;
    if (!goes_on) files_.emplace_back();
    LooseFile& file = files_.back();
    file.is_new = file.is_new || old_name == kNoFile;
    file.is_removed = file.is_removed || new_name == kNoFile;
    file.old_name = std::string(trim_end(old_name));
    file.new_name = std::string(trim_end(new_name));
    has_sides_ = true;
    at_ += 2;
  }

  Result<void> take_extended_line() {
    std::string_view rest = trim_end(line(at_++));
    if (files_.empty() || !files_.back().hunks.empty()) return {};
    if (rest == "GIT binary patch" || (rest.starts_with("Binary files ") && rest.ends_with(" differ"))) {
      return refuse_patch("binary changes are not supported");
    }
    const bool is_mode = rest.contains(" mode ") || rest.starts_with("index ");
    if (is_mode && (rest.ends_with(" 120000") || rest.ends_with(" 160000"))) {
      return refuse_patch("links and submodules are not supported");
    }
    LooseFile& file = files_.back();
    const auto takes = [&rest](std::string_view start) {
      if (!rest.starts_with(start)) return false;
      rest.remove_prefix(start.size());
      return true;
    };
    if (takes("new file mode ")) {
      file.is_new = true;
      file.is_executable = rest.ends_with("755");
    } else if (takes("deleted file mode ")) {
      file.is_removed = true;
    } else if (takes("new mode ")) {
      file.is_executable = rest.ends_with("755");
    } else if (takes("rename from ") || takes("copy from ")) {
      file.old_name = parse_name(rest).value_or("");
    } else if (takes("rename to ")) {
      file.new_name = parse_name(rest).value_or("");
      file.moved = Kind::rename;
    } else if (takes("copy to ")) {
      file.new_name = parse_name(rest).value_or("");
      file.moved = Kind::copy;
    }
    return {};
  }

  void take_hunk() {
    PatchHunk hunk = parse_hunk_header(line(at_)).value_or(PatchHunk{});
    const bool has_counts = hunk.old_count + hunk.new_count > 0;
    ++at_;
    std::size_t old_lines = 0;
    std::size_t new_lines = 0;
    while (at_ < lines_.size() && !begins_file(at_) && !line(at_).starts_with("@@")) {
      const bool is_complete = has_counts && old_lines >= hunk.old_count && new_lines >= hunk.new_count;
      if (is_complete && !continues_hunk()) break;
      const auto parsed = parse_line(line(at_++), hunk);
      if (!parsed) continue;
      if (parsed->kind != PatchLine::Kind::added) ++old_lines;
      if (parsed->kind != PatchLine::Kind::removed) ++new_lines;
      hunk.lines.push_back(*parsed);
    }
    files_.back().hunks.push_back(std::move(hunk));
  }

  // After as many lines as the header counts: a count may be wrong, but prose and signatures are no lines of it.
  bool continues_hunk() const {
    const std::string_view text = line(at_);
    return (text[0] == ' ' || text[0] == '+' || text[0] == '-' || text[0] == '\\') && trim_end(text) != "--";
  }

  // A line without its first character is one of context, which is often left out. Nothing for "\ No newline".
  static std::optional<PatchLine> parse_line(std::string_view line, PatchHunk& hunk) {
    if (line.starts_with("\\ ")) {
      const bool has_line = !hunk.lines.empty() && hunk.lines.back().text.ends_with('\n');
      if (has_line) hunk.lines.back().text.pop_back();
      return std::nullopt;
    }
    PatchLine parsed{PatchLine::Kind::context, std::string(line)};
    if (line[0] == '+') parsed.kind = PatchLine::Kind::added;
    if (line[0] == '-') parsed.kind = PatchLine::Kind::removed;
    if (line[0] == '+' || line[0] == '-' || line[0] == ' ') parsed.text.erase(0, 1);
    return parsed;
  }

  Lines lines_;
  std::size_t at_ = 0;
  std::vector<LooseFile> files_;
  bool has_sides_ = false;  // of the last file, by --- and +++
};

// The path that is meant: as it stands, without the prefix that only one side has, or below a first directory.
std::string find_path(std::string name, const PatchSource& read) {
  while (name.starts_with("./")) name.erase(0, 2);
  for (const std::string_view prefix : {"", "a/", "b/"}) {
    if (!name.starts_with(prefix)) continue;
    const std::string path = name.substr(prefix.size());
    const bool is_there = check_patch_path(path) && read(path).value_or(std::nullopt).has_value();
    if (is_there) return path;
  }
  return name;
}

std::string without_any_prefix(std::string name) {
  if (name.starts_with("a/") || name.starts_with("b/")) name.erase(0, 2);
  return name;
}

bool has_old_lines(const LooseFile& file) {
  return std::ranges::any_of(file.hunks, [](const PatchHunk& hunk) { return !old_side(hunk).empty(); });
}

Result<FilePatch> make_file(LooseFile loose, const PatchSource& read) {
  FilePatch file;
  file.is_executable = loose.is_executable;
  file.kind = loose.moved;
  if (loose.is_new) file.kind = Kind::create;
  if (loose.is_removed) file.kind = Kind::remove;
  if (file.kind != Kind::create) file.old_path = find_path(loose.old_name, read);
  if (file.kind == Kind::modify) file.new_path = find_path(loose.new_name, read);
  const bool is_absent = file.kind == Kind::modify && !read(file.old_path).value_or(std::nullopt);
  if (is_absent && !has_old_lines(loose) && !loose.hunks.empty()) {
    file.kind = Kind::create;
    file.old_path.clear();
  }
  if (file.kind == Kind::create) file.new_path = without_any_prefix(loose.new_name);
  if (file.kind == Kind::rename || file.kind == Kind::copy) file.new_path = std::move(loose.new_name);
  const bool stays = file.old_path == file.new_path;
  if (stays && (file.kind == Kind::rename || file.kind == Kind::copy)) file.kind = Kind::modify;
  if (file.kind == Kind::modify && file.old_path != file.new_path) {
    return refuse_patch(
        fmt::format("{} and {} are two files; a rename needs the lines \"rename from\" and \"rename to\"",
                    file.old_path, file.new_path));
  }
  for (const std::string* path : {&file.old_path, &file.new_path}) {
    const bool is_no_side =
        (file.kind == Kind::create && path == &file.old_path) || (file.kind == Kind::remove && path == &file.new_path);
    if (is_no_side) continue;
    if (const auto checked = check_patch_path(*path); !checked) return std::unexpected(checked.error());
  }
  std::erase_if(loose.hunks, [](const PatchHunk& hunk) { return hunk.lines.empty(); });
  file.hunks = std::move(loose.hunks);
  return file;
}

// A removal without the lines that go.
void remove_whole(FilePatch& file, const PatchSource& read) {
  const auto source = read(file.old_path);
  if (!source || !*source || !file.hunks.empty()) return;
  PatchHunk hunk;
  for (const std::string_view line : split_with_line_feeds((*source)->content)) {
    hunk.lines.push_back({PatchLine::Kind::removed, std::string(line)});
  }
  if (!hunk.lines.empty()) file.hunks.push_back(std::move(hunk));
}

}  // namespace

Result<PatchOutcome> mend_patch(std::string_view text, const PatchSource& read) {
  if (const auto patch = parse_patch(text)) {
    auto outcome = apply_patch(*patch, read);
    if (outcome) return outcome;
  }
  auto loose = LooseParser(find_diff_lines(text)).parse();
  if (!loose) return std::unexpected(loose.error());
  Patch patch;
  for (LooseFile& one : *loose) {
    auto file = make_file(std::move(one), read);
    if (!file) return std::unexpected(file.error());
    if (file->kind == Kind::remove) remove_whole(*file, read);
    patch.files.push_back(std::move(*file));
  }
  return apply_patch(patch, read, place_by_content);
}

}  // namespace codehelper
