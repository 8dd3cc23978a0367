// The repository that is indexed, asked about and run.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "codehelper/base/error.hpp"

namespace codehelper {

struct Project {
  std::string posted_path;     // exactly as the caller wrote it; job ids are made of this
  std::filesystem::path root;  // absolute, links resolved; the key of the index

  bool operator==(const Project&) const = default;
};

/// Errors: invalid_input when `path` is empty, holds a NUL byte, or is no directory here; the message names it.
Result<Project> open_project(std::string_view path);

/// As open_project, but a directory that is gone is no error: `root` is then the lexically normal absolute path.
Result<Project> name_project(std::string_view path);

}  // namespace codehelper
