#include "codehelper/index/source_files.hpp"

#include <dirent.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "codehelper/base/text.hpp"
#include "content_rules.hpp"
#include "descriptor.hpp"
#include "git_repository.hpp"
#include "ignore_rules.hpp"

namespace codehelper {

namespace {

/// `only` as in Walk.
Result<SourceListing> list_files(const std::filesystem::path& root, std::string_view only,
                                 std::uint64_t max_file_bytes);

constexpr int kMaxDepth = 200;  // folders inside each other, each with an open descriptor while it is walked
constexpr std::size_t kMaxIgnoreFileBytes = 16 * 1024 * 1024;

struct Entry {
  std::string name;
  unsigned char type = DT_UNKNOWN;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::expected<std::vector<Entry>, int> list_entries(int folder) {
  const int copy = ::fcntl(folder, F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, CloseDirectory> directory(copy < 0 ? nullptr : ::fdopendir(copy));
  if (!directory) return std::unexpected(errno);
  std::vector<Entry> entries;
  for (;;) {
    errno = 0;
    const auto* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): nobody shares this stream
    if (entry == nullptr) break;
    const std::string_view name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), entry->d_type});
    if (entry->d_type == DT_UNKNOWN) {
      struct stat status{};
      const bool is_known = ::fstatat(folder, entries.back().name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
      if (!is_known && is_machine_fault(errno)) return std::unexpected(errno);
      if (is_known) {
        entries.back().type = static_cast<unsigned char>(IFTODT(status.st_mode));
      } else {
        entries.pop_back();
      }
    }
  }
  if (errno != 0) return std::unexpected(errno);
  return entries;
}

std::unexpected<Error> fail_as_unread(const std::string& name, int code) {
  return fail(ErrorCode::unavailable, name + " can't be read: " + std::strerror(code));
}

/// Folders of tools in a plain folder, where no .gitignore need be.
Result<std::optional<std::string>> tool_folder(int parent, const std::string& name) {
  if (name == ".hg" || name == ".svn") return "version control data";
  if (name == "node_modules") return "installed packages";
  if (name == "__pycache__") return "compiled Python";
  if (name != "venv" && name != ".venv") return std::nullopt;
  const std::string mark = name + "/pyvenv.cfg";
  if (::faccessat(parent, mark.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) return "a virtual environment";
  if (is_machine_fault(errno)) return fail_as_unread(mark, errno);
  return std::nullopt;
}

std::string kind_of(unsigned char type) {
  switch (type) {
    case DT_LNK:
      return "symbolic link";
    case DT_FIFO:
      return "named pipe";
    case DT_SOCK:
      return "socket";
    default:
      return "device";
  }
}

std::int64_t to_nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class Walk {
 public:
  /// `prefix` is the root relative to the work tree: "" or "sub/folder/".
  /// `only`: the one file that is looked for, relative to the root; empty = all.
  Walk(const GitRepository* repository, std::string prefix, std::string_view only, std::uint64_t max_file_bytes)
      : repository_(repository), prefix_(std::move(prefix)), only_(only), max_file_bytes_(max_file_bytes) {}

  Result<SourceListing> run(const std::filesystem::path& root) && {
    root_ = root;
    auto ignored_by = push_outer_rules(root);
    if (!ignored_by) return std::unexpected(ignored_by.error());
    FileDescriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.is_open() && is_machine_fault(errno)) return fail_as_unread(root.string(), errno);
    if (!folder.is_open()) return fail(ErrorCode::not_found, "no such directory: " + root.string());
    if (auto walked = walk(folder.get(), "", *ignored_by, 0); !walked) return std::unexpected(walked.error());
    std::ranges::sort(listing_.files, {}, &SourceFile::path);
    std::ranges::sort(listing_.skipped, {}, &SkippedFile::path);
    return std::move(listing_);
  }

 private:
  using Rule = std::optional<IgnoringRule>;

  LetterCase letter_case() const { return repository_ == nullptr ? LetterCase::matters : repository_->letter_case; }

  /// The rules from outside the root; the result is the rule by which the root itself is ignored.
  Result<Rule> push_outer_rules(const std::filesystem::path& root) {
    Rule ignored_by;
    if (repository_ == nullptr) return ignored_by;
    for (const auto& path : repository_->exclude_files) {
      const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
      const auto inside = path.lexically_relative(repository_->work_tree);
      const bool is_inside = !inside.empty() && *inside.begin() != "..";
      const std::string name = is_inside ? inside.string() : path.string();
      if (auto pushed = push_rules(file, name, ""); !pushed) return std::unexpected(pushed.error());
    }
    std::filesystem::path folder = repository_->work_tree;
    std::string below;
    for (const auto& part : std::filesystem::path(prefix_).parent_path()) {
      const auto file = open_file_at(AT_FDCWD, (folder / ".gitignore").string());
      if (auto pushed = push_rules(file, below + ".gitignore", below); !pushed) return std::unexpected(pushed.error());
      below += part.string();
      if (!ignored_by) ignored_by = rules_.ignoring_rule({.path = below, .is_folder = true});
      below += '/';
      folder /= part;
    }
    if (folder != root) return fail(ErrorCode::unavailable, root.string() + " moved while it was read");
    return ignored_by;
  }

  /// Adds a file of rules when it is a regular file. Whether one was added.
  Result<int> push_rules(const FileDescriptor& file, const std::string& name, std::string folder) {
    struct stat status{};
    if (!file.is_open() && (errno == EACCES || is_machine_fault(errno))) return fail_as_unread(name, errno);
    if (!file.is_open()) return 0;
    if (::fstat(file.get(), &status) != 0) return fail_as_unread(name, errno);
    if (!S_ISREG(status.st_mode)) return 0;
    const auto bytes = read_bytes(file.get(), kMaxIgnoreFileBytes);
    if (!bytes) return fail_as_unread(name, bytes.error());
    rules_.push(IgnoreFile(name, std::move(folder), *bytes, letter_case()));
    return 1;
  }

  /// Walks `folder`, which is at `below` ("" or "src/") under the root. In an ignored one only tracked files count.
  Result<void> walk(int folder, const std::string& below, const Rule& ignored_by, int depth) {
    const auto entries = list_entries(folder);
    if (!entries) return skip_unread(below, entries.error());
    int pushed = 0;
    const bool has_rules = std::ranges::find(*entries, ".gitignore", &Entry::name) != entries->end();
    if (has_rules && !ignored_by) {
      const auto file = open_file_at(folder, ".gitignore");
      const auto result = push_rules(file, prefix_ + below + ".gitignore", prefix_ + below);
      if (!result) return std::unexpected(result.error());
      pushed = *result;
    }
    for (const auto& entry : *entries) {
      const std::string path = below + entry.name;
      if (!concerns(path)) continue;
      if (is_git_data(entry.name)) {
        add_git_data(path, entry);
        continue;
      }
      auto added = entry.type == DT_DIR ? add_folder(folder, path, entry, ignored_by, depth)
                                        : add_file(folder, path, entry, ignored_by);
      if (!added) return added;
    }
    if (pushed > 0) rules_.pop();
    return {};
  }

  /// Whether `path` is what is looked for, or a folder above it.
  bool concerns(std::string_view path) const {
    if (only_.empty()) return true;
    return only_.starts_with(path) && (only_.size() == path.size() || only_[path.size()] == '/');
  }

  bool is_git_data(const std::string& name) const {
    return name == ".git" || (letter_case() == LetterCase::ignored && to_lower_ascii(name) == ".git");
  }

  /// It is no part of the tree, and told to those only who ask for it.
  void add_git_data(const std::string& path, const Entry& entry) {
    if (only_.empty()) return;
    const char* const end = entry.type == DT_DIR ? "/" : "";
    listing_.skipped.push_back({path + end, SkipReason::generated, "version control data"});
  }

  Result<void> add_folder(int parent, const std::string& path, const Entry& entry, const Rule& parent_rule, int depth) {
    const auto below = path + "/";
    if (find_tracked(below) != nullptr) {
      return skip(below, SkipReason::nested_repository, "a submodule; index it by its own path");
    }
    const bool holds_tracked = tracks_below(below);
    const auto rule = rule_for({.path = path, .is_folder = true}, parent_rule);
    if (rule && !holds_tracked) return skip_ignored(below, *rule);
    if (repository_ == nullptr) {
      auto tool = tool_folder(parent, entry.name);
      if (!tool) return std::unexpected(tool.error());
      if (*tool) return skip(below, SkipReason::generated, std::move(**tool));
    }
    const auto folder = open_folder_at(parent, entry.name);
    if (!folder.is_open()) return skip_unread(below, errno);
    if (depth + 1 >= kMaxDepth) return skip(below, SkipReason::unreadable, "too many folders inside each other");
    if (!is_valid_name(entry.name)) return skip(below, SkipReason::unreadable, "its name is not UTF-8");
    const auto is_own = is_repository(folder.get(), below);
    if (!is_own) return std::unexpected(is_own.error());
    if (!holds_tracked && *is_own) {
      if (repository_ == nullptr) return add_clone(path);
      return skip(below, SkipReason::nested_repository, "a repository of its own; index it by its own path");
    }
    return walk(folder.get(), below, rule, depth + 1);
  }

  /// A repository in a plain folder: listed by its own rules, as if it were the root.
  Result<void> add_clone(const std::string& path) {
    auto clone = list_files(root_ / path, only_.substr(std::min(path.size() + 1, only_.size())), max_file_bytes_);
    if (!clone && clone.error().code == ErrorCode::not_found) return {};
    if (!clone) return std::unexpected(clone.error());
    for (SourceFile& file : clone->files) {
      file.path.insert(0, path + "/");
      listing_.files.push_back(std::move(file));
    }
    for (SkippedFile& file : clone->skipped) {
      file.path.insert(0, path + "/");
      listing_.skipped.push_back(std::move(file));
    }
    return {};
  }

  Result<void> add_file(int folder, const std::string& path, const Entry& entry, const Rule& parent_rule) {
    const TrackedFile* tracked = find_tracked(path);
    if (tracked == nullptr) {
      if (const auto rule = rule_for({.path = path}, parent_rule)) return skip_ignored(path, *rule);
    }
    if (!is_valid_name(entry.name)) return skip(path, SkipReason::not_a_file, "its name is not UTF-8");
    if (entry.type != DT_REG) return skip(path, SkipReason::not_a_file, kind_of(entry.type));
    if (is_secret_path(path)) return skip(path, SkipReason::secret, "by its name");
    if (auto refusal = refuse_name(path)) return skip(path, refusal->reason, std::move(refusal->detail));

    struct stat status{};
    if (::fstatat(folder, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return skip_unread(path, errno);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > max_file_bytes_) return skip(path, SkipReason::too_large, std::to_string(size) + " bytes");
    SourceFile file{path, size, to_nanoseconds(status.st_mtim), to_nanoseconds(status.st_ctim)};
    if (tracked != nullptr) file.blob_id = tracked->blob_id_if(file.modified_ns, file.changed_ns, size);
    listing_.files.push_back(std::move(file));
    return {};
  }

  /// The rule by which a path under the root is ignored; in an ignored folder everything is, by the folder's rule.
  Rule rule_for(IgnoredPath ignored, const Rule& parent_rule) const {
    if (parent_rule) return parent_rule;
    if (prefix_.empty()) return rules_.ignoring_rule(ignored);
    const auto full = prefix_ + std::string(ignored.path);
    ignored.path = full;
    return rules_.ignoring_rule(ignored);
  }

  /// In git's index; null when it is not there.
  const TrackedFile* find_tracked(const std::string& path) const {
    const TrackedFile* found = find_tracked_from(path);
    return found != nullptr && found->path.size() == prefix_.size() + path.size() ? found : nullptr;
  }

  bool tracks_below(const std::string& folder) const { return find_tracked_from(folder) != nullptr; }

  /// The first in git's index that begins with `path`; null when there is none.
  const TrackedFile* find_tracked_from(const std::string& path) const {
    if (repository_ == nullptr) return nullptr;
    const std::string full = prefix_ + path;
    const auto next = std::ranges::lower_bound(repository_->tracked, full, {}, &TrackedFile::path);
    return next != repository_->tracked.end() && next->path.starts_with(full) ? &*next : nullptr;
  }

  static Result<bool> is_repository(int folder, const std::string& below) {
    if (::faccessat(folder, ".git", F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
      if (is_machine_fault(errno)) return fail_as_unread(below + ".git", errno);
      return false;
    }
    return is_git_work_tree("/proc/self/fd/" + std::to_string(folder));
  }

  static bool is_valid_name(const std::string& name) { return to_valid_utf8(name) == name; }

  Result<void> skip(const std::string& path, SkipReason reason, std::string detail) {
    listing_.skipped.push_back({to_valid_utf8(path), reason, std::move(detail)});
    return {};
  }

  Result<void> skip_ignored(const std::string& path, const IgnoringRule& rule) {
    auto detail = rule.pattern + " (" + rule.file + ", line " + std::to_string(rule.line) + ")";
    listing_.skipped.push_back({to_valid_utf8(path), SkipReason::ignored, std::move(detail), rule});
    return {};
  }

  /// What can't be opened: gone meanwhile, closed to us, or a fault that ends the walk.
  Result<void> skip_unread(const std::string& path, int code) {
    if (is_machine_fault(code)) return fail_as_unread(to_valid_utf8(path), code);
    if (code == ENOENT) return {};
    return skip(path, SkipReason::unreadable, std::strerror(code));
  }

  const GitRepository* repository_;
  std::filesystem::path root_;
  std::string prefix_;
  std::string_view only_;
  std::uint64_t max_file_bytes_;
  IgnoreRules rules_;
  SourceListing listing_;
};

Result<SourceListing> list_files(const std::filesystem::path& root, std::string_view only,
                                 std::uint64_t max_file_bytes) {
  std::error_code error;
  const auto resolved = std::filesystem::canonical(root, error);
  if (error && is_machine_fault(error.value())) return fail_as_unread(root.string(), error.value());
  if (error) return fail(ErrorCode::not_found, "no such directory: " + root.string());
  auto repository = open_git_repository(resolved);
  if (!repository) return std::unexpected(repository.error());
  if (!*repository) return Walk(nullptr, "", only, max_file_bytes).run(resolved);

  auto prefix = resolved.lexically_relative((*repository)->work_tree).string();
  if (prefix.starts_with("..")) {
    return fail(ErrorCode::unavailable, resolved.string() + " is outside the work tree of its repository, " +
                                            (*repository)->work_tree.string());
  }
  prefix = prefix == "." ? "" : prefix + "/";
  return Walk(&**repository, std::move(prefix), only, max_file_bytes).run(resolved);
}

}  // namespace

std::string_view to_string(SkipReason reason) {
  switch (reason) {
    case SkipReason::ignored:
      return "ignored";
    case SkipReason::secret:
      return "secret";
    case SkipReason::binary:
      return "binary";
    case SkipReason::too_large:
      return "too_large";
    case SkipReason::generated:
      return "generated";
    case SkipReason::nested_repository:
      return "nested_repository";
    case SkipReason::not_a_file:
      return "not_a_file";
    case SkipReason::unreadable:
      return "unreadable";
  }
  return "unknown";
}

Result<SourceListing> list_source_files(const std::filesystem::path& root, std::uint64_t max_file_bytes) {
  return list_files(root, "", max_file_bytes);
}

Result<SourceListing> list_source_file(const std::filesystem::path& root, std::string_view path,
                                       std::uint64_t max_file_bytes) {
  return list_files(root, path, max_file_bytes);
}

}  // namespace codehelper
