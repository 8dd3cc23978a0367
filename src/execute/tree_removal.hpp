// Removes a directory with all that a command may have left in it: directories without rights, and nested deeper than
// a path can be long.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "open_below.hpp"

namespace codehelper {

class TreeRemoval {
 public:
  /// No link is followed, also not at the end of `directory`.
  explicit TreeRemoval(const std::filesystem::path& directory);

  /// Goes on for about `slice`; true when nothing is left that can be removed. Blocks.
  bool step(std::chrono::milliseconds slice);

 private:
  void empty(const std::string& name);
  void list_top();

  std::filesystem::path path_;
  FileDescriptor top_;
  std::vector<std::string> waiting_;  // entries of the directory itself
  std::uint64_t moved_ = 0;
  bool is_listed_ = false;
};

/// All of it, at once.
void remove_tree(const std::filesystem::path& directory);

}  // namespace codehelper
