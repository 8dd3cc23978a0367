// Which files the past points to: a question in the words of an earlier commit is likely about the files that this
// changed. The newest commits behind HEAD are asked, through their subjects (shared/retrieval.md, section 7).
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "codehelper/base/error.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

/// By path, relative to the project: 1 for the file that most speaks for, less for others.
using FileVotes = std::unordered_map<std::string, double>;

/// Of projects in git's work trees. Thread-safe.
class CommitHistories {
 public:
  CommitHistories();
  ~CommitHistories();
  CommitHistories(const CommitHistories&) = delete;
  CommitHistories& operator=(const CommitHistories&) = delete;

  /// Empty when `root` (absolute, links resolved) is in no repository, or no commit has a word of the question. Blocks:
  /// the first call reads a thousand commits, and the first after HEAD moved the new ones; for half a second at most,
  /// then the next call goes on. Errors: unavailable when git's data can't be read; told once, then there are no votes
  /// until HEAD moves.
  Result<FileVotes> vote(const std::filesystem::path& root, std::span<const QueryTerm> question);

 private:
  struct Histories;
  std::unique_ptr<Histories> histories_;
};

}  // namespace codehelper
