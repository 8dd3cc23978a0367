// A directory for one throw-away copy: this process's own while it is locked, and gone with it, at the latest when a
// process that uses the same place starts the next time.
#pragma once

#include <filesystem>
#include <string>

#include "codehelper/base/error.hpp"
#include "open_below.hpp"

namespace codehelper {

class CopyPlace {
 public:
  /// A new directory below `parent`, which is made when it isn't there. Blocks. Errors: overloaded when there is no
  /// room, internal; the message names the place and the setting.
  static Result<CopyPlace> make(const std::filesystem::path& parent);
  CopyPlace(CopyPlace&&) = default;
  CopyPlace& operator=(CopyPlace&&) = default;

  /// Real path. What removes it is the owner's part (TreeRemoval).
  const std::filesystem::path& path() const { return path_; }

 private:
  CopyPlace(std::filesystem::path path, FileDescriptor lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  FileDescriptor lock_;
};

/// What errno `error` means for a copy below `parent`: overloaded when there is no room, internal otherwise.
std::unexpected<Error> fail_copy(const std::filesystem::path& parent, const std::string& what, int error);

/// Removes what processes that are gone have left below `parent`. Blocks.
void remove_left_copies(const std::filesystem::path& parent);

}  // namespace codehelper
