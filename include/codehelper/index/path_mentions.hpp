// Files that a question names: "util/cache.cc", "see x.py:12", `File "/srv/app/x.py", line 12`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace codehelper {

struct PathMention {
  std::string path;  // as written, "/" between parts, without a leading "/" or "./"
  int line = 0;      // 1-based; 0 = none named
};

/// In order of the text, each once, the first 200 only. A word with a dot and a short extension counts as a path, so
/// `os.path` does too: callers match mentions with real paths. Pure.
std::vector<PathMention> find_path_mentions(std::string_view text);

}  // namespace codehelper
