#include "project_copy.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>

#include "codehelper/base/path.hpp"
#include "copy_changes.hpp"
#include "copy_place.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{8} * 1024 * 1024;  // copied between two looks at the clock
constexpr mode_t kPermissions = 0777;                              // no set-id bits in a copy

// What can't be copied because it isn't there any more, or isn't for this user.
bool is_left_out(int error) {
  return error == ENOENT || error == EACCES || error == EPERM || error == ENOTDIR || error == ELOOP;
}

std::array<timespec, 2> times_of(const struct stat& status) {
  return {status.st_atim, status.st_mtim};
}

// As copy_file_range(2), also between file systems that can't.
ssize_t copy_piece(int from, int to, off_t& offset, std::size_t size) {
  off_t to_offset = offset;
  off_t from_offset = offset;
  ssize_t copied = ::copy_file_range(from, &from_offset, to, &to_offset, size, 0);
  if (copied < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
    std::array<char, 65536> buffer;
    const ssize_t got = ::pread(from, buffer.data(), std::min(size, buffer.size()), offset);
    if (got <= 0) return got;
    copied = ::pwrite(to, buffer.data(), static_cast<std::size_t>(got), offset);
  }
  if (copied > 0) offset += copied;
  return copied;
}

}  // namespace

ProjectCopy::ProjectCopy(Plan plan)
    : plan_(std::move(plan)),
      from_(::open(plan_.project.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)),
      to_(::open(plan_.copy.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
  Directory top{.path = "."};
  ::fstat(from_.get(), &top.status);
  ::fstat(to_.get(), &own_place_);
  waiting_.push_back(std::move(top));
  for (const PatchedFile& file : plan_.changes) {
    changed_directories_.insert(fs::path(file.path).parent_path().string());
  }
}

Result<bool> ProjectCopy::step(std::chrono::milliseconds slice) {
  const auto end = std::chrono::steady_clock::now() + slice;
  while (std::chrono::steady_clock::now() < end) {
    auto is_done = take_next();
    if (!is_done || *is_done) return is_done;
  }
  return false;
}

// One entry, or one piece of a file. True at the end.
Result<bool> ProjectCopy::take_next() {
  Result<void> done;
  if (file_.to.is_open()) {
    done = continue_file();
  } else if (!entries_.empty()) {
    const std::string path = std::move(entries_.back());
    entries_.pop_back();
    done = copy_entry(path);
  } else if (!waiting_.empty()) {
    Directory directory = std::move(waiting_.back());
    waiting_.pop_back();
    done = begin_directory(std::move(directory));
  } else if (!is_changed_) {
    done = write_changes();
  } else if (!made_.empty()) {
    // From the innermost on: what is made in a directory changes its time, and its mode may forbid that.
    const Directory directory = std::move(made_.back());
    made_.pop_back();
    done = finish_directory(directory);
  } else {
    return true;
  }
  if (!done) return std::unexpected(done.error());
  return false;
}

std::unexpected<Error> ProjectCopy::fail_with_errno(const std::string& path) const {
  const int error = errno;
  return fail_copy(plan_.place, "the copy of " + path, error);
}

Result<void> ProjectCopy::count_file() {
  if (++files_ <= plan_.rules.files_max) return {};
  return fail(ErrorCode::too_large, fmt::format("the project has more than {} files and directories, so it is not "
                                                "copied to try a patch; RUNNER_COPY_FILES_MAX sets the limit",
                                                plan_.rules.files_max));
}

Result<void> ProjectCopy::count_bytes(std::uint64_t bytes) {
  bytes_ += bytes;
  if (bytes_ <= plan_.rules.bytes_max) return {};
  return fail(ErrorCode::too_large, fmt::format("the project has more than {} bytes, so it is not copied to try a "
                                                "patch; RUNNER_COPY_BYTES_MAX sets the limit",
                                                plan_.rules.bytes_max));
}

Result<void> ProjectCopy::begin_directory(Directory directory) {
  const FileDescriptor opened = open_below(from_, directory.path, O_RDONLY | O_DIRECTORY);
  DIR* const stream = opened.is_open() ? ::fdopendir(::fcntl(opened.get(), F_DUPFD_CLOEXEC, 0)) : nullptr;
  const int error = errno;
  made_.push_back(directory);
  if (stream == nullptr && is_left_out(error)) return {};
  if (stream == nullptr) return fail_with_errno(directory.path);
  const std::string start = directory.path == "." ? "" : directory.path + "/";
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries_.push_back(start + std::string(name));
  }
  ::closedir(stream);
  return {};
}

Result<void> ProjectCopy::copy_entry(const std::string& path) {
  const DirectoryEntry source = open_entry(from_, path);
  struct stat status{};
  const bool is_there =
      source.parent.is_open() && ::fstatat(source.parent.get(), source.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!is_there) return is_left_out(errno) ? Result<void>{} : fail_with_errno(path);
  if (S_ISREG(status.st_mode)) return begin_file(path, status);
  const bool is_own_place = status.st_dev == own_place_.st_dev && status.st_ino == own_place_.st_ino;
  const bool is_kept = S_ISLNK(status.st_mode) || (S_ISDIR(status.st_mode) && !is_own_place);
  if (!is_kept) return {};
  if (const auto counted = count_file(); !counted) return counted;
  const DirectoryEntry target = open_entry(to_, path);
  if (S_ISDIR(status.st_mode)) {
    if (::mkdirat(target.parent.get(), target.name.c_str(), 0700) != 0) return fail_with_errno(path);
    waiting_.push_back({.path = path, .status = status});
  } else {
    if (const auto copied = copy_link(path); !copied) return copied;
    const auto times = times_of(status);
    ::utimensat(target.parent.get(), target.name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
  }
  give_to_owner(target, status);
  return {};
}

Result<void> ProjectCopy::copy_link(const std::string& path) {
  const DirectoryEntry source = open_entry(from_, path);
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlinkat(source.parent.get(), source.name.c_str(), buffer.data(), buffer.size());
  if (size <= 0) return fail_with_errno(path);
  fs::path target(std::string_view(buffer.data(), static_cast<std::size_t>(size)));
  if (target.is_absolute() && is_inside(target, plan_.project)) {
    target = plan_.links_to / target.lexically_relative(plan_.project);
  }
  const DirectoryEntry link = open_entry(to_, path);
  if (::symlinkat(target.c_str(), link.parent.get(), link.name.c_str()) != 0) return fail_with_errno(path);
  return {};
}

Result<void> ProjectCopy::begin_file(const std::string& path, const struct stat& status) {
  FileDescriptor from = open_below(from_, path, O_RDONLY | O_NONBLOCK);
  if (!from.is_open()) return is_left_out(errno) ? Result<void>{} : fail_with_errno(path);
  if (const auto counted = count_file(); !counted) return counted;
  FileDescriptor to = open_below(to_, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!to.is_open()) return fail_with_errno(path);
  file_ = {.path = path, .from = std::move(from), .to = std::move(to), .status = status};
  if (::ioctl(file_.to.get(), FICLONE, file_.from.get()) != 0) return {};
  if (const auto counted = count_bytes(static_cast<std::uint64_t>(status.st_size)); !counted) return counted;
  return finish_file();
}

// One piece; holes stay holes.
Result<void> ProjectCopy::continue_file() {
  const int from = file_.from.get();
  const off_t data = ::lseek(from, file_.next, SEEK_DATA);
  if (data < 0 && errno != ENXIO) return fail_with_errno(file_.path);
  if (data < 0) return finish_file();
  const off_t hole = ::lseek(from, data, SEEK_HOLE);
  if (hole < 0) return finish_file();  // it has become shorter meanwhile
  file_.next = data;
  const auto size = std::min<std::size_t>(kPieceBytes, static_cast<std::size_t>(hole - data));
  if (const auto counted = count_bytes(size); !counted) return counted;
  const ssize_t copied = copy_piece(from, file_.to.get(), file_.next, size);
  if (copied < 0) return fail_with_errno(file_.path);
  bytes_ -= size - static_cast<std::size_t>(copied);
  return copied == 0 ? finish_file() : Result<void>{};
}

Result<void> ProjectCopy::finish_file() {
  const OpenFile file = std::exchange(file_, {});
  const off_t size = std::max(file.status.st_size, file.next);
  if (::ftruncate(file.to.get(), size) != 0) return fail_with_errno(file.path);
  give_to_owner(open_entry(to_, file.path), file.status);
  if (::fchmod(file.to.get(), file.status.st_mode & kPermissions) != 0) return fail_with_errno(file.path);
  ::futimens(file.to.get(), times_of(file.status).data());
  return {};
}

Result<void> ProjectCopy::write_changes() {
  is_changed_ = true;
  std::string failed;
  errno = codehelper::write_changes(to_, plan_.changes, failed);
  return errno == 0 ? Result<void>{} : fail_with_errno(failed);
}

Result<void> ProjectCopy::finish_directory(const Directory& directory) {
  const FileDescriptor made = open_below(to_, directory.path, O_RDONLY | O_DIRECTORY);
  if (!made.is_open() && errno == ENOENT) return {};  // the changes have emptied it
  if (!made.is_open()) return fail_with_errno(directory.path);
  const bool is_top = directory.path == ".";
  if (is_top) give_to_owner({FileDescriptor(::fcntl(made.get(), F_DUPFD_CLOEXEC, 0)), "."}, directory.status);
  if (::fchmod(made.get(), directory.status.st_mode & kPermissions) != 0) return fail_with_errno(directory.path);
  const bool is_changed = changed_directories_.contains(is_top ? "" : directory.path);
  if (!is_changed) ::futimens(made.get(), times_of(directory.status).data());
  return {};
}

}  // namespace codehelper
