// The version that runs, as git's tags said when it was built: "0.1.0", or with what is between that and this build
// (deploy/cmake/version.cmake). The text lives as long as the program.
#pragma once

#include <string_view>

namespace codehelper {

std::string_view version();

}  // namespace codehelper
