#pragma once

#include "codehelper/index/project.hpp"
#include "modes.hpp"

namespace codehelper {

/// `ingest --plan`: prints what would be indexed and what not, and why; writes nothing. Returns the exit status.
int print_ingest_plan(const Config& config, const Arguments& arguments, const Project& project);

}  // namespace codehelper
