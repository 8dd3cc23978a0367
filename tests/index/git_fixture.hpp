// A repository made and asked by the real git, as the measure of what is listed.
#pragma once

#include <git2.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/source_files.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper::test {

/// Sets an environment variable until the end of the test.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value.c_str(), 1);
  }
  ~ScopedVariable() {
    if (before_.empty()) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, before_.c_str(), 1);
    }
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  const char* name_;
  std::string before_;
};

/// Runs a shell line in `folder` and returns its output; throws when it fails.
inline std::string run_shell(const std::filesystem::path& folder, const std::string& line) {
  const auto command = "cd '" + folder.string() + "' && { " + line + "; } 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  std::array<char, 4096> buffer{};
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.append(buffer.data(), count);
  }
  if (::pclose(pipe) != 0) throw std::runtime_error(line + ": " + output);
  return output;
}

/// A work tree and a home directory of its own, so that the machine's git configuration doesn't matter.
class GitFixture {
 public:
  GitFixture() : home_variable_("HOME", home.path().string()), xdg_variable_("XDG_CONFIG_HOME", home.path() / "xdg") {
    git_libgit2_init();  // it reads HOME only once, unless told to do so again
    for (const int level : {GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_XDG}) {
      git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, nullptr);
    }
    git("init -q .");
    git("config user.name tester && git config user.email tester@localhost");
  }

  std::string git(const std::string& arguments) const { return run_shell(work.path(), "git " + arguments); }

  /// What git calls the files of the work tree below `folder`: tracked ones, and others that are not ignored.
  std::vector<std::string> git_files(const std::string& folder = ".") const {
    const auto output = run_shell(work.path() / folder, "git ls-files -co --exclude-standard -z");
    std::vector<std::string> files;
    for (std::size_t at = 0; at < output.size();) {
      const auto end = output.find('\0', at);
      files.push_back(output.substr(at, end - at));
      at = end + 1;
    }
    std::ranges::sort(files);
    files.erase(std::ranges::unique(files).begin(), files.end());
    return files;
  }

  TemporaryDirectory home;
  TemporaryDirectory work;

 private:
  ScopedVariable home_variable_;
  ScopedVariable xdg_variable_;
};

/// Everything but what was ignored: what git would list.
inline std::vector<std::string> not_ignored(const SourceListing& listing) {
  std::vector<std::string> paths;
  paths.reserve(listing.files.size());
  for (const auto& file : listing.files) paths.push_back(file.path);
  for (const auto& file : listing.skipped) {
    if (file.reason != SkipReason::ignored) paths.push_back(file.path);
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace codehelper::test
