// What is different between an index and the files of now: names and times of all files, and the content of those that
// these don't settle.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "codehelper/index/source_files.hpp"
#include "codehelper/index/tree_watcher.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

struct TreeLook {
  std::uint64_t changed_files = 0;     // new, different or gone
  std::vector<WatchedFolder> folders;  // where something must happen before the next look can be another one
};

class ChangeFinder {
 public:
  /// `root` is absolute.
  ChangeFinder(std::filesystem::path root, std::uint64_t max_file_bytes);
  ~ChangeFinder();

  /// What look() compares with: VectorStore::list_files().
  void set_indexed(std::vector<IndexedFile> files);
  /// Blocks. Errors: those of list_source_files() and read_source_file().
  Result<TreeLook> look();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace codehelper
