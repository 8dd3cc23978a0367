#include "codehelper/index/folder_completion.hpp"

#include <algorithm>

#include "codehelper/base/path.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxEntries = 10'000;

/// Whether `folder` may be told: it is in the root, or on the way to it.
bool is_open(const fs::path& folder, const std::optional<fs::path>& root) {
  std::error_code error;
  const fs::path resolved = fs::canonical(folder, error);
  if (error) return false;
  return !root || is_inside(resolved, *root) || is_inside(*root, resolved);
}

bool is_wanted(const std::string& name, std::string_view begin) {
  const bool is_asked_for = !name.starts_with('.') || begin.starts_with('.');
  return is_asked_for && name.starts_with(begin) && to_valid_utf8(name) == name;
}

}  // namespace

std::vector<std::string> complete_folder(std::string_view prefix, const std::optional<fs::path>& root,
                                         std::size_t limit) {
  if (prefix.empty()) return {root ? root->string() : "/"};
  std::vector<std::string> found;
  if (!prefix.starts_with('/')) return found;
  const std::size_t slash = prefix.rfind('/');
  const fs::path parent = std::string(prefix.substr(0, slash + 1));
  const std::string_view begin = prefix.substr(slash + 1);
  if (!is_open(parent, root)) return found;
  std::error_code error;
  fs::directory_iterator entries(parent, fs::directory_options::skip_permission_denied, error);
  std::size_t looked_at = 0;
  for (; !error && entries != fs::directory_iterator() && looked_at < kMaxEntries; entries.increment(error)) {
    ++looked_at;
    const std::string name = entries->path().filename().string();
    std::error_code unreadable;
    if (is_wanted(name, begin) && entries->is_directory(unreadable)) found.push_back((parent / name).string());
  }
  std::ranges::sort(found);
  std::erase_if(found, [&, kept = std::size_t{0}](const std::string& folder) mutable {
    const bool is_kept = kept < limit && is_open(folder, root);
    if (is_kept) ++kept;
    return !is_kept;
  });
  return found;
}

}  // namespace codehelper
