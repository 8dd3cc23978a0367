#include "codehelper/base/path.hpp"

#include <algorithm>

namespace codehelper {

bool is_inside(const std::filesystem::path& path, const std::filesystem::path& root) {
  const auto [in_root, in_path] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return in_root == root.end();
}

}  // namespace codehelper
