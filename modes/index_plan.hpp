#pragma once

#include "codehelper/index/project.hpp"
#include "modes.hpp"

namespace codehelper {

/// `index --plan`: prints what would be indexed and what not, and why, and how long that would take; writes nothing.
/// Returns the exit status.
int print_index_plan(const Config& config, const Arguments& arguments, const Project& project);

}  // namespace codehelper
