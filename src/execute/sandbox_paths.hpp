// What of the system a confined command may read.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "codehelper/execute/sandbox.hpp"

namespace codehelper {

/// System directories, chosen entries of /etc, the toolchains of the executables, and the rules' own paths: existing
/// absolute paths, sorted, each with links resolved, or a link whose target is listed too. Never what lies inside of
/// the allowed root or the cache directory, unless it is a toolchain or named by a rule.
std::vector<std::string> find_readable_paths(const SandboxRules& rules);

/// Homes of toolchains by the variable that names them: as set, or at their usual place below the home directory.
std::map<std::string, std::string> find_toolchain_homes(const std::map<std::string, std::string, std::less<>>& server);

/// `path` itself, or, where something hidden lies inside of it, the entries beside that.
std::vector<std::filesystem::path> leave_out(const std::filesystem::path& path,
                                             const std::vector<std::filesystem::path>& hidden);

}  // namespace codehelper
