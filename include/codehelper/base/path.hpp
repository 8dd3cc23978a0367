// Paths as names, without a look at the file system.
#pragma once

#include <filesystem>

namespace codehelper {

/// Whether `path` is `root` or lies below it, by components: /tmp/ab is not inside /tmp/a. Both absolute, links
/// resolved.
bool is_inside(const std::filesystem::path& path, const std::filesystem::path& root);

}  // namespace codehelper
