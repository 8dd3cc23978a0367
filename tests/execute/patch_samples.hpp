// Files in memory for patches.
#pragma once

#include <map>
#include <string>

#include "codehelper/execute/patch.hpp"

namespace codehelper::test {

using Files = std::map<std::string, PatchInput>;

/// `files` outlives it. As below a directory: a file's parent is none, and below a file there is nothing.
inline PatchSource source_of(const Files& files) {
  return [&files](const std::string& path) -> Result<std::optional<PatchInput>> {
    const auto found = files.find(path);
    if (found != files.end()) return found->second;
    for (const auto& [other, file] : files) {
      if (other.starts_with(path + "/")) return fail(ErrorCode::conflict, "it is no regular file");
      if (path.starts_with(other + "/")) return fail(ErrorCode::conflict, "Not a directory");
    }
    return std::nullopt;
  };
}

}  // namespace codehelper::test
