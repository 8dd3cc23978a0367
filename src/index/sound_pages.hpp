// Reading all pages of an index takes longer than all else that a pass over an unchanged folder does, so they are read
// when something other than codehelper may have written to the file: when it is not as the last check, or our own last
// write, left it.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

namespace codehelper {

/// Thread-safe.
class SoundPages {
 public:
  /// Takes over what an earlier process saved.
  explicit SoundPages(std::filesystem::path database);

  /// Whether the file is as it was noted, or isn't there.
  bool are_known() const;
  /// The pages are sound as the file is now.
  void note();
  /// For the next process, beside the database. Best effort: without it the pages are read.
  void save() const;

  static constexpr const char* kSuffix = ".sound";

 private:
  std::string state() const;

  std::filesystem::path database_;
  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::string sound_;
  std::string saved_;
};

}  // namespace codehelper
