// The one name that a question is about, and how well a declaration fits it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/chunk.hpp"

namespace codehelper {

/// "WriteBatch", "Widget::run", "net/http.Client", "(*Client).Do()".
struct Subject {
  std::string written;                  // without quotes, calls and template arguments
  std::string name;                     // its last part
  std::vector<std::string> qualifiers;  // the parts before: types, namespaces, modules, folders or a file
  bool is_alone = false;                // nothing else is asked
};

/// Nothing unless the question is one name, or has twelve words at most and exactly one that is written as code: mixed
/// case, underscores, qualified, called or in backticks.
std::optional<Subject> find_subject(std::string_view question);

/// "write_batch", "WriteBatch"; not "write", "URL".
bool is_written_as_code(std::string_view name);

/// 0 when the chunk doesn't declare the subject, else up to 1: less for another spelling (which counts only when the
/// name is alone), for each qualifier that is neither in the chunk's symbol nor in its path, in a chunk that is called
/// after something else, and for a prototype without a body.
double declaration_fit(const Subject& subject, const Chunk& chunk);

}  // namespace codehelper
