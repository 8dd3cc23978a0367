#include "git_folders.hpp"

#include <sys/stat.h>

#include <cstring>

#include "descriptor.hpp"

namespace codehelper {

namespace {

namespace fs = std::filesystem;
using fs::path;

std::unexpected<Error> fail_as_broken(const path& file) {
  return fail(ErrorCode::unavailable, file.string() +
                                          " is no usable git repository, so it is not known which files are "
                                          "ignored; repair or remove it");
}

/// A fault of the machine is no "there is none": whoever takes it for that lists what is ignored.
std::unexpected<Error> fail_as_unread(const path& file, int code) {
  return fail(ErrorCode::unavailable, file.string() + " can't be read: " + std::strerror(code));
}

/// What is there, links followed; `none` when it can't be looked at for another reason than a fault.
Result<fs::file_type> look_at(const path& file) {
  std::error_code error;
  const auto type = fs::status(file, error).type();
  if (error && is_machine_fault(error.value())) return fail_as_unread(file, error.value());
  return type;
}

/// The first line of a file such as "commondir", as a path relative to `base`; empty when it can't be read.
Result<path> read_link_file(const path& file, const path& base, std::string_view prefix) {
  const auto line = read_git_line(file);
  if (!line) return std::unexpected(line.error());
  if (!line->starts_with(prefix) || line->size() == prefix.size()) return path();
  return (base / line->substr(prefix.size())).lexically_normal();
}

}  // namespace

Result<std::string> read_git_file(const path& file) {
  constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;
  const FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!opened.is_open() && is_machine_fault(errno)) return fail_as_unread(file, errno);
  const auto bytes = opened.is_open() ? read_bytes(opened.get(), kMaxBytes) : std::string();
  if (!bytes && is_machine_fault(bytes.error())) return fail_as_unread(file, bytes.error());
  return bytes.value_or("");
}

Result<std::string> read_git_line(const path& file) {
  auto text = read_git_file(file);
  if (!text) return text;
  std::string line = text->substr(0, text->find('\n'));
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<GitFolders> find_git_at(const path& folder) {
  const auto link = folder / ".git";
  const auto kind = look_at(link);
  if (!kind) return std::unexpected(kind.error());
  if (*kind == fs::file_type::not_found) return GitFolders{};
  auto own = *kind == fs::file_type::regular ? read_link_file(link, folder, "gitdir: ") : link;
  if (!own) return std::unexpected(own.error());
  if (own->empty()) return GitFolders{};
  auto common = read_link_file(*own / "commondir", *own, "");
  if (!common) return std::unexpected(common.error());
  if (common->empty()) *common = *own;
  // HEAD may be a link to a branch that has no commit yet.
  std::error_code error;
  const bool has_head = fs::exists(fs::symlink_status(*own / "HEAD", error));
  if (error && is_machine_fault(error.value())) return fail_as_unread(*own / "HEAD", error.value());
  for (const char* name : {"objects", "refs"}) {
    const auto part = look_at(*common / name);
    if (!part) return std::unexpected(part.error());
    if (!has_head || *part != fs::file_type::directory) return GitFolders{};
  }
  return GitFolders{folder, std::move(*own), std::move(*common)};
}

Result<std::optional<GitFolders>> find_git_around(const path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) {
    if (is_machine_fault(errno)) return fail_as_unread(folder, errno);
    return std::nullopt;
  }
  const auto device = status.st_dev;
  for (path current = folder;; current = current.parent_path()) {
    if (::stat(current.c_str(), &status) != 0) {
      if (is_machine_fault(errno)) return fail_as_unread(current, errno);
      return std::nullopt;
    }
    if (status.st_dev != device) return std::nullopt;
    auto found = find_git_at(current);
    if (!found) return std::unexpected(found.error());
    if (!found->own.empty()) return std::move(*found);
    std::error_code error;
    const auto kind = fs::symlink_status(current / ".git", error).type();
    if (error && is_machine_fault(error.value())) return fail_as_unread(current / ".git", error.value());
    if (kind == fs::file_type::regular || (current == folder && fs::exists(fs::file_status(kind)))) {
      return fail_as_broken(current / ".git");
    }
    if (current == current.parent_path()) return std::nullopt;
  }
}

}  // namespace codehelper
