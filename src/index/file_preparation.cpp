#include "file_preparation.hpp"

#include <chrono>
#include <utility>

#include "codehelper/base/text.hpp"
#include "codehelper/index/chunker.hpp"

namespace codehelper {
namespace {

/// Filesystems count time in ticks of up to two seconds: a file that changed that shortly before it was read may change
/// again without getting another mtime (git's "racy" problem). It is compared by content next time.
constexpr std::chrono::nanoseconds kUnprovenAge = std::chrono::seconds(2);

std::int64_t proven_time(std::int64_t modified_ns, std::chrono::system_clock::time_point read_at) {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(read_at.time_since_epoch());
  return modified_ns > now.count() - kUnprovenAge.count() ? 0 : modified_ns;
}

/// Whether git has looked into the file as it is now and found what is indexed: no need to read it again. A filter of
/// git's that changes the bytes changes their number too.
bool is_known_to_git(const SourceFile& file, const IndexedFile& indexed) {
  return !file.blob_id.empty() && file.blob_id == indexed.hash && file.size_bytes == indexed.size_bytes;
}

IndexedFile describe(const SourceFile& file, const std::string& hash, std::chrono::system_clock::time_point read_at) {
  return {.path = file.path,
          .hash = hash,
          .size_bytes = file.size_bytes,
          .modified_ns = proven_time(file.modified_ns, read_at),
          .chunks = 0,
          .changed_ns = file.changed_ns};
}

}  // namespace

Result<PreparedFiles> prepare_files(const PreparationInput& input) {
  PreparedFiles prepared;
  for (const SourceFile& file : input.files) {
    ++prepared.files;
    const auto known = input.indexed.find(file.path);
    const auto read_at = std::chrono::system_clock::now();
    if (known != input.indexed.end() && is_known_to_git(file, known->second)) {
      prepared.touched.push_back(describe(file, known->second.hash, read_at));
      prepared.touched.back().chunks = known->second.chunks;
      continue;
    }
    auto read = read_source_file(input.root, file, input.max_file_bytes);
    if (!read && read.error().code != ErrorCode::not_found) return std::unexpected(read.error());
    if (!read || !*read) {
      if (known != input.indexed.end()) prepared.removed.push_back(file.path);
      if (read) prepared.skipped.push_back(std::move(read->error()));
      continue;
    }
    const FileContent& content = **read;
    IndexedFile indexed = describe(file, content.hash, read_at);
    if (known != input.indexed.end() && known->second.hash == content.hash) {
      indexed.chunks = known->second.chunks;
      prepared.touched.push_back(std::move(indexed));
      continue;
    }
    FileChunks& changed = prepared.changed.emplace_back();
    FileOutline outline = outline_file(file.path, to_valid_utf8(content.bytes));
    changed.chunks = std::move(outline.chunks);
    changed.symbols = std::move(outline.symbols);
    changed.file = std::move(indexed);
  }
  return prepared;
}

}  // namespace codehelper
