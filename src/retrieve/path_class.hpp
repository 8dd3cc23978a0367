// What a file is for, judged by its path, and how likely such a file is the answer to a question.
#pragma once

#include <string_view>

namespace codehelper {

enum class PathClass { source, test, documentation, configuration, data, changelog, generated };

PathClass classify_path(std::string_view path);

/// What a question asks for besides source.
struct Wishes {
  bool tests = false;
  bool documentation = false;
  bool changes = false;
  bool configuration = false;
};
Wishes read_wishes(std::string_view question);

/// A factor in (0, 1]; 1 for source and for what is wished for.
double prior_of(PathClass path_class, const Wishes& wishes);

}  // namespace codehelper
