// Limits of the throw-away copies in which patches are tried.
#pragma once

#include <cstdint>
#include <filesystem>

namespace codehelper {

struct CopyRules {
  std::filesystem::path directory;  // copies lie below it, made when it isn't there; empty = that for temporary files
  std::uint64_t bytes_max = std::uint64_t{4} << 30;  // of a project
  std::uint64_t files_max = 200'000;                 // files, directories and links of it
};

}  // namespace codehelper
