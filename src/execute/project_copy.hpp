// The copying of a project, made in steps, so that it can be stopped between them. Of the project nothing is written,
// not even times of its files. Data are shared with it where the file system can (FICLONE).
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/execute/copy_rules.hpp"
#include "codehelper/execute/patch.hpp"
#include "open_below.hpp"

namespace codehelper {

/// Regular files, directories and links, with modes and times, and for root with owners; then the changes, whose files
/// are as new. Left out: sockets, devices and pipes, what this user may not read, and what vanishes meanwhile.
class ProjectCopy {
 public:
  struct Plan {
    std::filesystem::path project;   // real path
    std::filesystem::path place;     // where copies lie, for messages
    std::filesystem::path copy;      // an empty directory
    std::filesystem::path links_to;  // where the copy will be seen: links to the project's own path lead there
    CopyRules rules;
    std::vector<PatchedFile> changes;
  };
  explicit ProjectCopy(Plan plan);

  /// Goes on for about `slice`; true when all is there. Blocks. Errors: too_large above a limit, overloaded when there
  /// is no room, internal; the message names the limit and its setting.
  Result<bool> step(std::chrono::milliseconds slice);

  std::uint64_t files() const { return files_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Directory {
    std::string path;  // relative; "." at the top
    struct stat status{};
  };
  // A file that is being copied.
  struct OpenFile {
    std::string path;
    FileDescriptor from;
    FileDescriptor to;
    struct stat status{};
    off_t next = 0;
  };

  Result<bool> take_next();
  Result<void> begin_directory(Directory directory);
  Result<void> copy_entry(const std::string& path);
  Result<void> copy_link(const std::string& path);
  Result<void> begin_file(const std::string& path, const struct stat& status);
  Result<void> continue_file();
  Result<void> finish_file();
  Result<void> write_changes();
  Result<void> finish_directory(const Directory& directory);
  Result<void> count_file();
  Result<void> count_bytes(std::uint64_t bytes);
  std::unexpected<Error> fail_with_errno(const std::string& path) const;

  Plan plan_;
  FileDescriptor from_;
  FileDescriptor to_;
  struct stat own_place_{};         // never copied into itself
  std::vector<Directory> waiting_;  // to be listed
  std::vector<std::string> entries_;
  std::vector<Directory> made_;  // their modes and times are set in the end
  OpenFile file_;
  std::set<std::string> changed_directories_;
  bool is_changed_ = false;
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace codehelper
