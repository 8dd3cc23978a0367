#include "index_changes.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace codehelper {

IndexChanges find_changes(const std::vector<SourceFile>& listed, const IndexedFiles& indexed, Reuse reuse) {
  IndexChanges changes;
  std::unordered_set<std::string_view> listed_paths;
  listed_paths.reserve(listed.size());
  for (const SourceFile& file : listed) {
    listed_paths.insert(file.path);
    const auto known = indexed.find(file.path);
    const bool is_unchanged = reuse == Reuse::unchanged_files && known != indexed.end() &&
                              known->second.modified_ns != 0 && known->second.modified_ns == file.modified_ns &&
                              known->second.changed_ns == file.changed_ns &&
                              known->second.size_bytes == file.size_bytes;
    if (is_unchanged) {
      ++changes.unchanged_files;
      changes.unchanged_chunks += known->second.chunks;
    } else {
      changes.to_read.push_back(file);
    }
  }
  for (const auto& [path, file] : indexed) {
    if (!listed_paths.contains(path)) changes.removed.push_back(path);
  }
  std::ranges::sort(changes.removed);
  return changes;
}

std::vector<std::span<const SourceFile>> split_files(std::span<const SourceFile> files, std::uint64_t limit_bytes,
                                                     std::size_t limit_files) {
  std::vector<std::span<const SourceFile>> parts;
  std::size_t begin = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const bool is_full = i > begin && (bytes + files[i].size_bytes > limit_bytes || i - begin == limit_files);
    if (is_full) {
      parts.push_back(files.subspan(begin, i - begin));
      begin = i;
      bytes = 0;
    }
    bytes += files[i].size_bytes;
  }
  if (begin < files.size()) parts.push_back(files.subspan(begin));
  return parts;
}

}  // namespace codehelper
