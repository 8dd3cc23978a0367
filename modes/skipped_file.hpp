// What is told of a file that is left out of an index.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "codehelper/index/source_files.hpp"

namespace codehelper {

/// {"path","reason","detail"} and {"rule":{"pattern","file","line"}} for one that is ignored.
boost::json::object to_json(const SkippedFile& skipped);

/// "ignored by src/.gitignore:3:*.tmp", as `git check-ignore -v` names a rule; else the reason and its detail.
std::string describe(const SkippedFile& skipped);

}  // namespace codehelper
