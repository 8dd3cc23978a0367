// What a diff makes of a project's files: which are there before and after, and the diff of that.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "patch_header.hpp"
#include "patch_place.hpp"
#include "patch_text.hpp"

namespace codehelper {

namespace {

using Kind = FilePatch::Kind;

constexpr const char* mode_name(bool is_executable) {
  return is_executable ? "100755" : "100644";
}

// A file after the diff, with what it was made of.
struct State {
  Kind kind = Kind::modify;
  std::string old_path;  // where `before` was read
  PatchInput before{};
  Image image{};
  bool is_executable = false;
};

// Names and mode as git writes them above the hunks.
std::string render_header(const std::string& path, const State& state, bool has_hunks) {
  const std::string& old_path = state.kind == Kind::create ? path : state.old_path;
  const std::string old_name = quote_path("a/" + old_path);
  const std::string new_name = quote_path("b/" + path);
  std::string text = fmt::format("diff --git {} {}\n", old_name, new_name);
  if (state.kind == Kind::create) {
    text += fmt::format("new file mode {}\n", mode_name(state.is_executable));
  } else if (state.kind == Kind::remove) {
    text += fmt::format("deleted file mode {}\n", mode_name(state.before.is_executable));
  } else if (state.is_executable != state.before.is_executable) {
    text += fmt::format("old mode {}\nnew mode {}\n", mode_name(state.before.is_executable),
                        mode_name(state.is_executable));
  }
  if (state.kind == Kind::rename || state.kind == Kind::copy) {
    const char* const verb = state.kind == Kind::rename ? "rename" : "copy";
    text += fmt::format("{} from {}\n{} to {}\n", verb, quote_path(old_path), verb, quote_path(path));
  }
  if (!has_hunks) return text;
  // git ends a plain name with blanks by a tab, for programs that would take the rest for a time stamp.
  const auto end = [](const std::string& name) { return name.contains(' ') && !name.starts_with('"') ? "\t" : ""; };
  const std::string before = state.kind == Kind::create ? std::string(kNoFile) : old_name + end(old_name);
  const std::string after = state.kind == Kind::remove ? std::string(kNoFile) : new_name + end(new_name);
  return text + fmt::format("--- {}\n+++ {}\n", before, after);
}

// Empty when nothing has changed.
std::string render(const std::string& path, const State& state) {
  const auto before = split_with_line_feeds(state.before.content);
  const std::string hunks = render_hunks(before, state.image);
  const bool has_other_change = state.kind != Kind::modify || state.is_executable != state.before.is_executable;
  if (hunks.empty() && !has_other_change) return {};
  return render_header(path, state, !hunks.empty()) + hunks;
}

class Application {
 public:
  Application(const Patch& patch, const PatchSource& read, PlaceHunks place)
      : patch_(patch), read_(read), place_(place) {}

  Result<PatchOutcome> run() {
    if (const auto checked = find_freed_paths(); !checked) return std::unexpected(checked.error());
    for (const FilePatch& file : patch_.files) {
      auto state = begin(file);
      if (!state) return std::unexpected(state.error());
      if (const auto placed = place_(file, state->image); !placed) return std::unexpected(placed.error());
      const auto ended = end(file, std::move(*state));
      if (!ended) return std::unexpected(ended.error());
    }
    if (const auto checked = check_directories(); !checked) return std::unexpected(checked.error());
    return make_outcome();
  }

 private:
  // Paths that are given up make room for others, wherever in the diff that is said.
  Result<void> find_freed_paths() {
    for (const FilePatch& file : patch_.files) {
      if (file.kind != Kind::remove && file.kind != Kind::rename) continue;
      if (!freed_.insert(file.old_path).second) return refuse_patch(file.old_path + " is removed or renamed twice");
    }
    for (const FilePatch& file : patch_.files) {
      if (file.kind == Kind::modify && freed_.contains(file.old_path)) {
        return refuse_patch(file.old_path + " is changed and also removed or renamed, in two parts of the diff");
      }
    }
    return {};
  }

  Result<std::optional<PatchInput>> read(const std::string& path) const {
    auto file = read_(path);
    if (!file) return refuse_patch(fmt::format("{}: {}", path, file.error().message));
    return file;
  }

  // The file as its part of the diff finds it.
  Result<State> begin(const FilePatch& file) {
    if (file.kind == Kind::modify && states_.contains(file.old_path)) return begin_again(file);
    State state{.kind = file.kind, .old_path = file.old_path};
    if (file.kind != Kind::modify && file.kind != Kind::remove) {
      if (const auto free = check_free(file.new_path); !free) return std::unexpected(free.error());
    }
    if (file.kind == Kind::create) return state;
    auto found = read(file.old_path);
    if (!found) return std::unexpected(found.error());
    if (!*found && file.may_be_new) {
      if (const auto free = check_free(file.new_path); !free) return std::unexpected(free.error());
      state.kind = Kind::create;
      return state;
    }
    if (!*found) return refuse_patch(fmt::format("{}: there is no such file", file.old_path));
    state.before = std::move(**found);
    state.image = make_image(state.before.content);
    state.is_executable = state.before.is_executable;
    return state;
  }

  // A further part about a file that an earlier one has changed or made.
  Result<State> begin_again(const FilePatch& file) {
    State state = std::move(states_.at(file.old_path));
    states_.erase(file.old_path);
    for (ImageLine& line : state.image.lines) line.is_patched = false;
    return state;
  }

  Result<void> check_free(const std::string& path) const {
    if (states_.contains(path)) return refuse_patch(path + " is made twice");
    auto found = read(path);
    if (!found) return std::unexpected(found.error());
    if (*found && !freed_.contains(path)) return refuse_patch(fmt::format("{}: the file exists already", path));
    return {};
  }

  Result<void> end(const FilePatch& file, State state) {
    if (file.is_executable) state.is_executable = *file.is_executable;
    if (file.kind == Kind::remove) {
      if (!state.image.lines.empty()) return refuse_patch(file.old_path + " is deleted, but lines of it would be left");
      removed_.emplace(file.old_path, std::move(state));
      return {};
    }
    states_.emplace(file.new_path, std::move(state));
    return {};
  }

  // No file where another one needs a directory.
  Result<void> check_directories() const {
    for (const auto& [path, state] : states_) {
      for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1)) {
        const std::string directory = path.substr(0, end);
        if (states_.contains(directory) || freed_.contains(directory)) {
          return refuse_patch(fmt::format("{}: {} is a file", path, directory));
        }
      }
    }
    return {};
  }

  Result<PatchOutcome> make_outcome() {
    std::map<std::string, PatchedFile> files;
    PatchOutcome outcome;
    for (const std::string& path : freed_) files[path].path = path;
    for (const auto& [path, state] : removed_) outcome.text += render(path, state);
    for (const auto& [path, state] : states_) {
      const std::string text = render(path, state);
      if (text.empty()) continue;
      outcome.text += text;
      files[path] = {.path = path, .content = state.image.text(), .is_executable = state.is_executable};
    }
    if (files.empty()) return refuse_patch("the diff changes nothing");
    for (auto& [path, file] : files) outcome.files.push_back(std::move(file));
    return outcome;
  }

  const Patch& patch_;
  const PatchSource& read_;
  PlaceHunks place_;
  std::set<std::string> freed_;  // by removal or rename
  std::map<std::string, State> states_;
  std::map<std::string, State> removed_;
};

}  // namespace

Result<PatchOutcome> apply_patch(const Patch& patch, const PatchSource& read, PlaceHunks place) {
  return Application(patch, read, place).run();
}

Result<PatchOutcome> apply_patch(const Patch& patch, const PatchSource& read) {
  return apply_patch(patch, read, place_by_number);
}

}  // namespace codehelper
