// Folders that go on from the beginning of a path: for people who name a project.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

/// The absolute paths of folders that begin with `prefix`, by name, `limit` at most; hidden ones only when the last
/// part of the prefix begins with a dot. With a `root` (links resolved) only what lies in it is told, and the way down
/// to it; an empty prefix is the root itself, or "/" without one. A folder that can't be read is one without folders.
/// Blocks; looks at 10,000 entries at most.
std::vector<std::string> complete_folder(std::string_view prefix, const std::optional<std::filesystem::path>& root,
                                         std::size_t limit);

}  // namespace codehelper
