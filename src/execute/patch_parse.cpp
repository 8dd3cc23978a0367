// The reader of unified diffs. Its rules are those of git's apply.c: what is no header and no hunk is skipped between
// files, and within them nothing is.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "patch_header.hpp"
#include "patch_text.hpp"

namespace codehelper {

namespace {

using Kind = FilePatch::Kind;

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

// What git's extended header has said of a file.
struct GitHeader {
  std::optional<std::string> name;  // on both sides, by the first line
  std::optional<std::string> old_name;
  std::optional<std::string> new_name;
  std::optional<std::string> from;  // of a rename or a copy
  std::optional<std::string> to;
  bool is_new = false;
  bool is_removed = false;
  bool is_rename = false;
  bool is_copy = false;
  std::optional<bool> was_executable;
  std::optional<bool> is_executable;
};

class PatchParser {
 public:
  explicit PatchParser(std::string_view text) : lines_(split_with_line_feeds(text)) {}

  Result<Patch> parse() {
    while (at_ < lines_.size()) {
      const Result<void> taken = take_part();
      if (!taken) return std::unexpected(taken.error());
    }
    if (patch_.files.empty()) return refuse_patch("there is no unified diff in it");
    return std::move(patch_);
  }

 private:
  std::string_view line(std::size_t ahead = 0) const {
    return at_ + ahead < lines_.size() ? lines_[at_ + ahead] : std::string_view();
  }

  std::unexpected<Error> refuse(std::string_view reason) const {
    return refuse_patch(fmt::format("line {} of the diff: {}", at_ + 1, reason));
  }

  Result<void> take_part() {
    if (line().starts_with("diff --git ")) return take_git_file();
    if (line().starts_with("--- ") && line(1).starts_with("+++ ") && line(2).starts_with("@@ -")) {
      return take_plain_file();
    }
    if (parse_hunk_header(line())) return refuse("a hunk without a header that names its file");
    ++at_;
    return {};
  }

  Result<void> take_plain_file() {
    std::string_view before = line().substr(4);
    std::string_view after = line(1).substr(4);
    auto old_name = parse_name(before);
    auto new_name = parse_name(after);
    if (!old_name || !new_name) return refuse("a file name has bad quotes");
    FilePatch file;
    std::tie(file.old_path, file.new_path) = without_prefixes(std::move(*old_name), std::move(*new_name));
    if (file.old_path == kNoFile) file.kind = Kind::create;
    if (file.new_path == kNoFile) file.kind = Kind::remove;
    if (file.old_path == kNoFile && file.new_path == kNoFile) return refuse("there is no file on either side");
    for (const std::string_view stamp : {time_stamp_of(before), time_stamp_of(after)}) {
      // diff -N's sign for a file that isn't there; by the time zone it may be one or not.
      const bool is_epoch = stamp.starts_with("1970-01-01") || stamp.starts_with("1969-12-31");
      if (is_epoch && file.kind == Kind::modify) return refuse("a missing file must be named /dev/null");
    }
    if (file.kind == Kind::create) file.old_path.clear();
    if (file.kind == Kind::remove) file.new_path.clear();
    at_ += 2;
    if (const auto hunks = take_hunks(file); !hunks) return hunks;
    const bool has_old_lines = file.hunks.size() > 1 || file.hunks.front().old_count != 0;
    file.may_be_new = file.kind == Kind::modify && !has_old_lines;
    return add(std::move(file));
  }

  Result<void> take_git_file() {
    const std::size_t first = at_;
    GitHeader header;
    header.name = parse_git_names(line().substr(std::string_view("diff --git ").size()));
    ++at_;
    while (at_ < lines_.size()) {
      const auto taken = take_header_line(header);
      if (!taken) return std::unexpected(taken.error());
      if (!*taken) break;
      ++at_;
    }
    if (at_ == first + 1) return refuse("nothing that git writes follows the first line of the file's header");
    auto file = make_file(header);
    if (!file) return std::unexpected(file.error());
    if (const auto hunks = take_hunks(*file); !hunks) return hunks;
    if (line().starts_with("GIT binary patch") || line().starts_with("Binary files ")) {
      return refuse("binary changes are not supported");
    }
    const bool changes_mode =
        header.is_executable && header.was_executable && *header.is_executable != *header.was_executable;
    if (file->hunks.empty() && file->kind == Kind::modify && !changes_mode) return refuse("the file has no change");
    return add(std::move(*file));
  }

  // False at the end of the header. The names come last: what a line means depends on those before it.
  Result<bool> take_header_line(GitHeader& header) {
    const bool has_sides = header.old_name || header.new_name;
    const bool is_side = line().starts_with("--- ") || line().starts_with("+++ ");
    auto taken = take_extended_line(header);
    if (taken && *taken && has_sides && !is_side) return refuse("the lines of the header are in a wrong order");
    return taken;
  }

  Result<bool> take_extended_line(GitHeader& header) {
    std::string_view rest = line();
    if (!rest.ends_with('\n')) return false;
    if (take(rest, "--- ")) return take_side(rest, header.old_name);
    if (take(rest, "+++ ")) return take_side(rest, header.new_name);
    if (take(rest, "old mode ")) return take_mode(rest, header.was_executable);
    if (take(rest, "new mode ")) return take_mode(rest, header.is_executable);
    if (take(rest, "new file mode ")) {
      header.is_new = true;
      return take_mode(rest, header.is_executable);
    }
    if (take(rest, "deleted file mode ")) {
      header.is_removed = true;
      return take_mode(rest, header.was_executable);
    }
    if (take(rest, "rename from ") || take(rest, "rename old ")) return take_other(rest, header.from, header.is_rename);
    if (take(rest, "rename to ") || take(rest, "rename new ")) return take_other(rest, header.to, header.is_rename);
    if (take(rest, "copy from ")) return take_other(rest, header.from, header.is_copy);
    if (take(rest, "copy to ")) return take_other(rest, header.to, header.is_copy);
    if (take(rest, "index ")) return take_index(rest);
    return rest.starts_with("similarity index ") || rest.starts_with("dissimilarity index ");
  }

  Result<bool> take_side(std::string_view rest, std::optional<std::string>& name) {
    if (name) return refuse("a side of the file is named twice");
    name = parse_name(rest);
    if (!name) return refuse("a file name has bad quotes");
    return true;
  }

  Result<bool> take_other(std::string_view rest, std::optional<std::string>& name, bool& mark) {
    if (name) return refuse("a side of the file is named twice");
    name = rest.starts_with('"') ? parse_name(rest)
                                 : std::optional(std::string(rest.substr(0, rest.find_first_of("\r\n"))));
    if (!name) return refuse("a file name has bad quotes");
    mark = true;
    return true;
  }

  Result<bool> take_mode(std::string_view rest, std::optional<bool>& is_executable) {
    const std::string_view mode = rest.substr(0, rest.find_first_of(" \t\r\n"));
    if (mode == "120000") return refuse("links are not supported");
    if (mode == "160000") return refuse("submodules are not supported");
    if (mode != "100644" && mode != "100755") return refuse("the mode of a file must be 100644 or 100755");
    is_executable = mode == "100755";
    return true;
  }

  // "index 1234567..89abcde 100644", the mode only where it doesn't change.
  Result<bool> take_index(std::string_view rest) {
    const std::size_t blank = rest.find(' ');
    if (blank == std::string_view::npos) return true;
    std::optional<bool> unused;
    return take_mode(rest.substr(blank + 1), unused);
  }

  Result<FilePatch> make_file(GitHeader& header) const {
    if (header.is_new + header.is_removed + header.is_rename + header.is_copy > 1) {
      return refuse("the header says of the file more than one of: new, deleted, renamed, copied");
    }
    FilePatch file;
    file.is_executable = header.is_executable;
    if (header.is_rename || header.is_copy) return make_moved_file(header, std::move(file));
    const std::string both = header.name.value_or("");
    std::string old_name = header.old_name.value_or(header.is_new ? std::string(kNoFile) : both);
    std::string new_name = header.new_name.value_or(header.is_removed ? std::string(kNoFile) : both);
    if ((old_name == kNoFile) != header.is_new || (new_name == kNoFile) != header.is_removed) {
      return refuse("/dev/null must stand for the side of a new or a deleted file, with a line that says which mode");
    }
    if (header.old_name || header.new_name) {
      const bool has_both = header.old_name && header.new_name;
      if (!has_both) return refuse("the header names one side only");
      std::tie(old_name, new_name) = without_prefixes(std::move(old_name), std::move(new_name));
    }
    file.old_path = header.is_new ? "" : old_name;
    file.new_path = header.is_removed ? "" : new_name;
    if (header.is_new) file.kind = Kind::create;
    if (header.is_removed) file.kind = Kind::remove;
    const std::string& only = header.is_new ? file.new_path : file.old_path;
    const bool has_one_side = header.is_new || header.is_removed;
    if (has_one_side && header.name && only != *header.name) return refuse("the names of the file differ");
    return file;
  }

  Result<FilePatch> make_moved_file(GitHeader& header, FilePatch file) const {
    if (!header.from || !header.to) return refuse("a rename or a copy needs both names");
    if (header.old_name || header.new_name) {
      const auto sides = without_prefixes(header.old_name.value_or(""), header.new_name.value_or(""));
      if (sides.first != *header.from || sides.second != *header.to) return refuse("the names of the file differ");
    }
    file.kind = header.is_rename ? Kind::rename : Kind::copy;
    file.old_path = std::move(*header.from);
    file.new_path = std::move(*header.to);
    return file;
  }

  Result<void> take_hunks(FilePatch& file) {
    while (line().starts_with("@@ -")) {
      auto hunk = parse_hunk_header(line());
      if (!hunk) return refuse("the hunk's header is not understood");
      ++at_;
      if (const auto lines = take_hunk_lines(*hunk); !lines) return lines;
      file.hunks.push_back(std::move(*hunk));
    }
    return {};
  }

  Result<void> take_hunk_lines(PatchHunk& hunk) {
    std::size_t old_left = hunk.old_count;
    std::size_t new_left = hunk.new_count;
    bool changes = false;
    while (old_left > 0 || new_left > 0) {
      if (line().empty()) return refuse("the diff ends within a hunk");
      if (line().starts_with('\\')) {
        if (!take_missing_line_feed(hunk)) return refuse("a line of the hunk is not understood");
        continue;
      }
      if (!line().ends_with('\n')) return refuse("the line has no line feed");
      const auto parsed = parse_hunk_line(line());
      if (!parsed) return refuse("a line of a hunk must begin with a blank, + or -");
      const bool is_old = parsed->kind != PatchLine::Kind::added;
      const bool is_new = parsed->kind != PatchLine::Kind::removed;
      if ((is_old && old_left == 0) || (is_new && new_left == 0)) {
        return refuse("the hunk has other lines than its header counts");
      }
      old_left -= is_old ? 1 : 0;
      new_left -= is_new ? 1 : 0;
      changes = changes || !is_old || !is_new;
      hunk.lines.push_back(*parsed);
      ++at_;
    }
    if (!changes) return refuse("the hunk changes nothing");
    take_missing_line_feed(hunk);
    if (!has_line_feeds_within(hunk)) return refuse("a line without a line feed must be the last of its file");
    return {};
  }

  static std::optional<PatchLine> parse_hunk_line(std::string_view line) {
    if (line == "\n") return PatchLine{PatchLine::Kind::context, "\n"};
    const std::string text(line.substr(1));
    if (line[0] == ' ') return PatchLine{PatchLine::Kind::context, text};
    if (line[0] == '-') return PatchLine{PatchLine::Kind::removed, text};
    if (line[0] == '+') return PatchLine{PatchLine::Kind::added, text};
    return std::nullopt;
  }

  // "\ No newline at end of file", in any language.
  bool take_missing_line_feed(PatchHunk& hunk) {
    constexpr std::size_t kShortest = 12;
    if (!line().starts_with("\\ ") || line().size() < kShortest || hunk.lines.empty()) return false;
    std::string& text = hunk.lines.back().text;
    if (!text.ends_with('\n')) return false;
    text.pop_back();
    ++at_;
    return true;
  }

  static bool has_line_feeds_within(const PatchHunk& hunk) {
    bool old_has_ended = false;
    bool new_has_ended = false;
    for (const PatchLine& line : hunk.lines) {
      const bool is_old = line.kind != PatchLine::Kind::added;
      const bool is_new = line.kind != PatchLine::Kind::removed;
      if ((is_old && old_has_ended) || (is_new && new_has_ended)) return false;
      const bool ends = !line.text.ends_with('\n');
      old_has_ended = old_has_ended || (ends && is_old);
      new_has_ended = new_has_ended || (ends && is_new);
    }
    return true;
  }

  Result<void> add(FilePatch file) {
    for (const std::string* path : {&file.old_path, &file.new_path}) {
      const bool is_no_side = path->empty() && (file.kind == Kind::create || file.kind == Kind::remove);
      if (is_no_side && path == (file.kind == Kind::create ? &file.old_path : &file.new_path)) continue;
      if (const auto checked = check_patch_path(*path); !checked) return checked;
    }
    const bool has_one_name = file.old_path == file.new_path;
    if (file.kind == Kind::modify && !has_one_name) {
      return refuse(fmt::format("{} and {} are two files; a rename needs the lines \"rename from\" and \"rename to\"",
                                file.old_path, file.new_path));
    }
    const bool is_moved = file.kind == Kind::rename || file.kind == Kind::copy;
    if (is_moved && has_one_name) return refuse("a file can't be renamed or copied to its own name");
    for (const PatchHunk& hunk : file.hunks) {
      if (file.kind == Kind::create && hunk.old_count != 0) return refuse(file.new_path + " is new, but has old lines");
      if (file.kind == Kind::remove && hunk.new_count != 0)
        return refuse(file.old_path + " is deleted, but has new lines");
    }
    patch_.files.push_back(std::move(file));
    return {};
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  Patch patch_;
};

}  // namespace

Result<Patch> parse_patch(std::string_view text) {
  return PatchParser(text).parse();
}

}  // namespace codehelper
