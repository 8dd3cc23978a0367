// What a question says besides its words: which files and lines it names, what it names as code, what it asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/path_mentions.hpp"
#include "narrowing.hpp"
#include "path_class.hpp"
#include "subject.hpp"

namespace codehelper {

struct Question {
  std::vector<PathMention> paths;
  std::vector<std::string> names;  // identifiers as written, without repetition
  std::optional<Subject> subject;
  Wishes wishes;
  Narrowing narrowing;
};

Question read_question(NarrowedQuestion narrowed);

/// Whether `path` ends in the mentioned one, on a folder's border; "flask.json.provider" means flask/json/provider.py.
bool is_mentioned(std::string_view path, const PathMention& mention);

}  // namespace codehelper
