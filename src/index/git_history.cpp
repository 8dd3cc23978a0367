#include "git_history.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include "codehelper/base/text.hpp"
#include "git_folders.hpp"
#include "libgit2.hpp"

namespace codehelper {

namespace {

namespace fs = std::filesystem;

using OdbHandle = std::unique_ptr<git_odb, FreeWith<git_odb_free>>;
using RepositoryHandle = std::unique_ptr<git_repository, FreeWith<git_repository_free>>;
using WalkHandle = std::unique_ptr<git_revwalk, FreeWith<git_revwalk_free>>;
using CommitHandle = std::unique_ptr<git_commit, FreeWith<git_commit_free>>;
using TreeHandle = std::unique_ptr<git_tree, FreeWith<git_tree_free>>;
using DiffHandle = std::unique_ptr<git_diff, FreeWith<git_diff_free>>;

constexpr std::size_t kSubjectBytes = 512;
/// Commits are looked at, merges too, for each that is asked for.
constexpr std::size_t kLookedAtShare = 4;

std::unexpected<Error> fail_with_git(const fs::path& objects) {
  const auto* error = git_error_last();
  return fail(ErrorCode::unavailable, "git's history can't be read: " + objects.string() + ": " +
                                          (error == nullptr ? "unknown error" : error->message));
}

bool is_commit_id(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == GIT_OID_HEXSZ && std::ranges::all_of(text, is_digit);
}

/// Of a line "ID NAME" in packed-refs.
Result<std::string> find_packed(const fs::path& file, std::string_view name) {
  const auto text = read_git_file(file);
  if (!text) return text;
  for (const std::string_view line : split_lines(*text)) {
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos && line.substr(space + 1) == name) return std::string(line.substr(0, space));
  }
  return std::string();
}

Result<std::string> find_commit(const GitFolders& folders) {
  constexpr std::string_view kReference = "ref: ";
  const auto head = read_git_line(folders.own / "HEAD");
  if (!head || !head->starts_with(kReference)) return head;
  const std::string name = head->substr(kReference.size());
  const auto commit = read_git_line(folders.common / name);
  return commit && commit->empty() ? find_packed(folders.common / "packed-refs", name) : commit;
}

TreeHandle tree_of(git_commit* commit) {
  git_tree* tree = nullptr;
  return TreeHandle(git_commit_tree(&tree, commit) == 0 ? tree : nullptr);
}

/// Of the first parent; null when there is none, or none here.
TreeHandle parent_tree(git_commit* commit) {
  git_commit* parent = nullptr;
  if (git_commit_parentcount(commit) == 0 || git_commit_parent(&parent, commit, 0) != 0) return nullptr;
  return tree_of(CommitHandle(parent).get());
}

int stop_at_limit(const git_diff* diff, const git_diff_delta* /*delta*/, const char* /*pathspec*/, void* payload) {
  return git_diff_num_deltas(diff) >= *static_cast<const std::size_t*>(payload) ? GIT_EUSER : 0;
}

std::vector<std::string> list_changed(git_repository* repository, git_commit* commit, std::string below,
                                      std::size_t limit) {
  const TreeHandle now = tree_of(commit);
  const TreeHandle before = parent_tree(commit);
  if (!now || (!before && git_commit_parentcount(commit) > 0)) return {};  // behind the end of a shallow clone
  git_diff_options options;
  git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
  options.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_DISABLE_PATHSPEC_MATCH;
  options.notify_cb = stop_at_limit;
  options.payload = &limit;
  char* pathspec = below.data();
  if (!below.empty()) options.pathspec = {&pathspec, 1};
  git_diff* made = nullptr;
  if (git_diff_tree_to_tree(&made, repository, before.get(), now.get(), &options) != 0) return {};
  const DiffHandle diff(made);
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < git_diff_num_deltas(made); ++i) {
    const std::string_view path = git_diff_get_delta(made, i)->new_file.path;
    if (path.starts_with(below)) paths.emplace_back(path.substr(below.size()));
  }
  return paths;
}

PastCommit describe(git_repository* repository, git_commit* commit, const GitHead& head, std::size_t most_paths) {
  const char* const message = git_commit_message(commit);
  const std::string_view text = message == nullptr ? "" : message;
  PastCommit described;
  described.subject = text.substr(0, std::min(text.find_first_of("\r\n"), kSubjectBytes));
  described.paths = list_changed(repository, commit, head.below, most_paths);
  return described;
}

}  // namespace

Result<std::optional<GitHead>> find_git_head(const fs::path& folder) {
  const auto folders = find_git_around(folder);
  if (!folders) return std::unexpected(folders.error());
  if (!*folders) return std::nullopt;
  const auto commit = find_commit(**folders);
  if (!commit) return std::unexpected(commit.error());
  if (!is_commit_id(*commit)) return std::nullopt;
  const std::string below = folder.lexically_relative((*folders)->work_tree).generic_string();
  return GitHead{(*folders)->common / "objects", below == "." ? "" : below + "/", *commit};
}

Result<PastCommits> read_past_commits(const GitHead& head, PastCommits known, const HistoryLimits& limits) {
  use_libgit2();
  const auto end = std::chrono::steady_clock::now() + limits.time;
  git_odb* odb = nullptr;
  if (git_odb_open(&odb, head.objects.c_str()) != 0) return fail_with_git(head.objects);
  const OdbHandle database(odb);
  git_repository* wrapped = nullptr;
  if (git_repository_wrap_odb(&wrapped, odb) != 0) return fail_with_git(head.objects);
  const RepositoryHandle repository(wrapped);
  git_revwalk* made = nullptr;
  if (git_revwalk_new(&made, wrapped) != 0) return fail_with_git(head.objects);
  const WalkHandle walk(made);
  git_revwalk_sorting(made, GIT_SORT_TIME);
  git_oid id;
  if (git_oid_fromstr(&id, head.commit.c_str()) != 0 || git_revwalk_push(made, &id) != 0) {
    return fail_with_git(head.objects);
  }
  PastCommits past;
  std::size_t looked_at = 0;
  while (past.order.size() < limits.commits && ++looked_at <= kLookedAtShare * limits.commits) {
    const int status = git_revwalk_next(&id, made);
    if (status == GIT_ITEROVER || status == GIT_ENOTFOUND) break;  // the end, also that of a shallow clone
    if (status != 0) return fail_with_git(head.objects);
    std::string name(GIT_OID_HEXSZ, '\0');
    git_oid_fmt(name.data(), &id);
    auto entry = known.by_id.extract(name);
    if (entry.empty()) {
      if (std::chrono::steady_clock::now() > end) return past;
      git_commit* looked_up = nullptr;
      if (git_commit_lookup(&looked_up, wrapped, &id) != 0) return fail_with_git(head.objects);
      const CommitHandle commit(looked_up);
      if (git_commit_parentcount(looked_up) > 1) continue;
      past.by_id.emplace(name, describe(wrapped, looked_up, head, limits.paths));
    } else {
      past.by_id.insert(std::move(entry));
    }
    past.order.push_back(std::move(name));
  }
  past.is_complete = true;
  return past;
}

}  // namespace codehelper
