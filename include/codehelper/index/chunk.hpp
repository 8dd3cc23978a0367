// A piece of a file that is found as a whole: some consecutive lines, named by the declaration they belong to.
#pragma once

#include <string>
#include <vector>

namespace codehelper {

struct Chunk {
  std::string path;      // relative to the project
  std::string language;  // "cpp", "python", "markdown", "text", …
  std::string symbol;  // innermost enclosing declaration with its scope, "HttpServer::start"; empty when there is none
  int start_line = 1;  // 1-based, inclusive
  int end_line = 1;    // inclusive
  std::string text;    // exactly those lines, each with its line feed (the last line as in the file), in valid UTF-8
  std::vector<std::string> definitions;  // plain names declared in these lines: {"HttpServer", "start"}

  bool operator==(const Chunk&) const = default;
};

}  // namespace codehelper
