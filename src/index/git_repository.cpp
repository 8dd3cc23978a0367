#include "git_repository.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>

#include "git_folders.hpp"
#include "libgit2.hpp"

namespace codehelper {

namespace {

namespace fs = std::filesystem;
using fs::path;

using IndexHandle = std::unique_ptr<git_index, FreeWith<git_index_free>>;
using ConfigHandle = std::unique_ptr<git_config, FreeWith<git_config_free>>;

std::unexpected<Error> fail_with_git(const path& file) {
  const auto* error = git_error_last();
  return fail(ErrorCode::unavailable, "git's data can't be read: " + file.string() + ": " +
                                          (error == nullptr ? "unknown error" : error->message) +
                                          "; `git status` there should say more");
}

/// libgit2 reads plain indexes only; git itself has more kinds, and its own words about those don't name the cause.
std::unexpected<Error> fail_with_index(const path& file) {
  const auto* error = git_error_last();
  return fail(
      ErrorCode::unavailable,
      "git's index can't be read: " + file.string() + ": " + (error == nullptr ? "unknown error" : error->message) +
          "; if it is a split one, `git update-index --no-split-index` there makes it plain; if a sparse one, "
          "`git sparse-checkout reapply --no-sparse-index`; a repository of SHA-256 can't be indexed; otherwise "
          "it is damaged, and `git status` there says how");
}

std::int64_t to_nanoseconds(const git_index_time& time) {
  return std::int64_t{time.seconds} * 1'000'000'000 + time.nanoseconds;
}

/// When git wrote its index. A file that changed in that moment or later may differ from what the index says of it
/// ("racy git").
std::int64_t written_at(const path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return 0;
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

TrackedFile describe(const git_index_entry& entry, std::int64_t index_time) {
  TrackedFile file;
  file.path = entry.path;
  if (entry.mode == GIT_FILEMODE_COMMIT) file.path += '/';
  const auto modified = to_nanoseconds(entry.mtime);
  if (modified >= index_time) return file;
  file.modified_ns = modified;
  file.changed_ns = to_nanoseconds(entry.ctime);
  file.size_bytes = entry.file_size;
  std::ranges::copy(entry.id.id, file.blob_id.begin());
  return file;
}

Result<std::vector<TrackedFile>> list_tracked(const path& file) {
  git_index* opened = nullptr;
  if (git_index_open(&opened, file.c_str()) != 0) return fail_with_index(file);
  const IndexHandle index(opened);

  const auto index_time = written_at(file);
  std::vector<TrackedFile> tracked;
  // libgit2 takes an index that it can't look at for one that isn't there, but reading it again tells.
  if (git_index_entrycount(index.get()) == 0 && git_index_read(index.get(), 1) != 0) return fail_with_index(file);
  const std::size_t count = git_index_entrycount(index.get());
  tracked.reserve(count);
  for (std::size_t at = 0; at < count; ++at) {
    tracked.push_back(describe(*git_index_get_byindex(index.get(), at), index_time));
  }
  std::ranges::sort(tracked, {}, &TrackedFile::path);
  return tracked;
}

bool is_set(git_config* config, const char* name) {
  int value = 0;
  return git_config_get_bool(&value, config, name) == 0 && value != 0;
}

Result<ConfigHandle> load_config(const GitFolders& folders) {
  git_config* opened = nullptr;
  if (git_config_open_default(&opened) != 0) return fail_with_git("the user's git configuration");
  ConfigHandle config(opened);
  git_error_clear();  // it tells of files that needn't be there
  const auto file = folders.common / "config";
  if (git_config_add_file_ondisk(opened, file.c_str(), GIT_CONFIG_LEVEL_LOCAL, nullptr, 0) != 0) {
    return fail_with_git(file);
  }
  if (!is_set(opened, "extensions.worktreeconfig")) return config;
  const auto own = folders.own / "config.worktree";
  if (git_config_add_file_ondisk(opened, own.c_str(), GIT_CONFIG_LEVEL_APP, nullptr, 0) != 0) return fail_with_git(own);
  return config;
}

std::optional<path> configured_path(git_config* config, const char* name) {
  git_buf buffer = GIT_BUF_INIT;
  std::optional<path> value;
  if (git_config_get_path(&buffer, config, name) == 0) value = buffer.ptr;
  git_buf_dispose(&buffer);
  return value;
}

/// core.excludesFile, or its default: git/ignore in the user's configuration folder.
std::optional<path> user_exclude_file(git_config* config) {
  if (auto file = configured_path(config, "core.excludesfile")) return file;
  git_buf buffer = GIT_BUF_INIT;
  std::optional<path> file;
  if (git_libgit2_opts(GIT_OPT_GET_SEARCH_PATH, GIT_CONFIG_LEVEL_XDG, &buffer) == 0 && buffer.size > 0) {
    file = path(buffer.ptr) / "ignore";
  }
  git_buf_dispose(&buffer);
  return file;
}

}  // namespace

Result<std::optional<GitRepository>> open_git_repository(const path& folder) {
  use_libgit2();
  const auto folders = find_git_around(folder);
  if (!folders) return std::unexpected(folders.error());
  if (!*folders) return std::nullopt;
  const auto& [work_tree, own, common] = **folders;
  auto config = load_config(**folders);
  if (!config) return std::unexpected(config.error());
  if (own == common && is_set(config->get(), "core.bare")) return std::nullopt;

  GitRepository found;
  const auto elsewhere = configured_path(config->get(), "core.worktree");
  std::error_code error;
  found.work_tree = fs::canonical(elsewhere && own == common ? own / *elsewhere : work_tree, error);
  if (error) return fail(ErrorCode::unavailable, "the work tree of " + own.string() + ": " + error.message());
  auto tracked = list_tracked(own / "index");
  if (!tracked) return std::unexpected(tracked.error());
  found.tracked = std::move(*tracked);
  if (is_set(config->get(), "core.ignorecase")) found.letter_case = LetterCase::ignored;
  if (auto file = user_exclude_file(config->get())) found.exclude_files.push_back(std::move(*file));
  found.exclude_files.push_back(common / "info" / "exclude");
  return found;
}

Result<bool> is_git_work_tree(const path& folder) {
  const auto found = find_git_at(folder);
  if (!found) return std::unexpected(found.error());
  return !found->own.empty();
}

std::string TrackedFile::blob_id_if(std::int64_t modified, std::int64_t changed, std::uint64_t size) const {
  const bool is_known = modified_ns != 0 && modified_ns == modified && changed_ns == changed &&
                        size_bytes == static_cast<std::uint32_t>(size);
  if (!is_known) return {};
  git_oid id;
  std::ranges::copy(blob_id, id.id);
  std::string digits(GIT_OID_HEXSZ, '\0');
  git_oid_fmt(digits.data(), &id);
  return digits;
}

std::string git_blob_id(std::string_view bytes) {
  use_libgit2();
  git_oid id;
  git_odb_hash(&id, bytes.data(), bytes.size(), GIT_OBJECT_BLOB);
  std::array<char, GIT_OID_HEXSZ> digits{};
  git_oid_fmt(digits.data(), &id);
  return {digits.data(), digits.size()};
}

}  // namespace codehelper
