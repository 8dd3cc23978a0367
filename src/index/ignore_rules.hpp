// Which paths git ignores: the lines of .gitignore, info/exclude and core.excludesFile, and which of them wins
// (gitignore(5)). Pure; the walk decides what is read and in which order. libgit2's own rules are not used: they differ
// from git's in negations and in "**", and look at every folder again for each path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/source_files.hpp"
#include "glob.hpp"

namespace codehelper {

struct IgnorePattern {
  std::string written;            // as in the file
  int line = 0;                   // 1-based
  std::string glob;               // without "!" and the slashes at both ends
  std::size_t literal_bytes = 0;  // of the glob's beginning, without a special character
  bool is_negated = false;
  bool is_for_folders = false;
  bool is_for_names = false;  // no slash in it: matched against the last part of the path at any depth
};

struct IgnoredPath {
  std::string_view path;  // relative to the repository, without a slash at the end
  bool is_folder = false;
};

class IgnoreFile {
 public:
  /// `name` is for people, `folder` the rules' folder relative to the repository: "" or "src/".
  IgnoreFile(std::string name, std::string folder, std::string_view content, LetterCase letter_case);

  /// The last line that speaks about the path, or nullptr.
  const IgnorePattern* find(const IgnoredPath& ignored) const;
  const std::string& name() const { return name_; }

 private:
  bool matches(const IgnorePattern& pattern, const IgnoredPath& ignored) const;

  std::string name_;
  std::string folder_;
  LetterCase letter_case_;
  std::vector<IgnorePattern> patterns_;
};

/// The rules in force in one folder, weakest file first: core.excludesFile, info/exclude, .gitignore from the top down.
class IgnoreRules {
 public:
  void push(IgnoreFile file) { files_.push_back(std::move(file)); }
  void pop() { files_.pop_back(); }

  /// The rule by which the path itself is ignored; nothing when it is not. The caller looks at the folders above first:
  /// in an ignored folder everything is ignored.
  std::optional<IgnoringRule> ignoring_rule(const IgnoredPath& ignored) const;

 private:
  std::vector<IgnoreFile> files_;
};

}  // namespace codehelper
