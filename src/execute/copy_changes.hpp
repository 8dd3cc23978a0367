// Writing a patch's outcome into the copy of a project.
#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "codehelper/execute/patch.hpp"
#include "open_below.hpp"

namespace codehelper {

/// Files are made anew, so that it doesn't matter what rights the old ones have; directories that get empty go, as with
/// git. Gives 0, or an errno with the path in `failed`. Blocks.
int write_changes(const FileDescriptor& copy, const std::vector<PatchedFile>& changes, std::string& failed);

/// For root; another user's files are its own anyway.
void give_to_owner(const DirectoryEntry& entry, const struct stat& owner);

}  // namespace codehelper
