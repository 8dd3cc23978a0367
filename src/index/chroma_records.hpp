// How indexes look in Chroma: names of collections and records, and what their metadata say. Pure.
//   chunks   document = the text (its beginning, when that is very long), metadata = all of Chunk and `written`;
//            the collection's metadata is the marker
//   files    one record a file, with a vector of no meaning; the collection's metadata holds a revision, which changes
//            with every apply(). `written` names the apply() that wrote a file and its chunks.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/index/shard.hpp"
#include "codehelper/index/vector_store.hpp"

namespace codehelper {

/// Of names, keys and their meaning; collections of another one count as no index.
inline constexpr std::int64_t kChromaFormat = 1;

struct ChromaNames {
  std::string chunks;  // "ch-<folder>-<16 hexadecimal digits of the SHA-256 of the root>"
  std::string files;
};
ChromaNames chroma_names(const Project& project);

/// 16 hexadecimal digits of a SHA-256; the same chunk of the same file always has the same one.
std::string chroma_chunk_id(std::string_view path, std::size_t ordinal);
std::string chroma_file_id(std::string_view path);
/// ScoredChunk::id of a chunk's record, and back. Nothing for an id that is none of ours.
std::optional<std::int64_t> parse_chunk_id(std::string_view record_id);
std::string format_chunk_id(std::int64_t id);

/// Chroma wants UTF-8, names of files are bytes: paths that are no UTF-8 have each byte above 0x7F as one character of
/// the private block from U+10FF80 on. Every path has its own text.
std::string encode_chroma_path(std::string_view path);
std::string decode_chroma_path(std::string_view text);

boost::json::object marker_to_metadata(const IndexMarker& marker);
/// Nothing when the metadata holds no marker of this format.
std::optional<IndexMarker> read_marker(const boost::json::object& metadata);

/// A file's record; `pending` while its chunks are being written.
struct ChromaFile {
  IndexedFile file;
  std::string written;
  bool is_pending = false;
};
boost::json::object file_to_metadata(const IndexedFile& file, std::string_view written);
boost::json::object pending_file_metadata(std::string_view path);
/// What apply() changes of a file whose content is the same.
boost::json::object touched_file_metadata(const IndexedFile& file);
/// Nothing when the record is none of a file.
std::optional<ChromaFile> read_file(const boost::json::object& metadata);

/// Documents stay below this: one of many megabytes would make every later write of Chroma slow, for good. What is over
/// goes into the metadata, which no full-text index covers.
inline constexpr std::size_t kChromaDocumentBytes = std::size_t{64} * 1024;
std::string chunk_document(const Chunk& chunk);
boost::json::object chunk_to_metadata(const Chunk& chunk, std::string_view written);
/// Nothing when keys are missing.
std::optional<Chunk> read_chunk(const boost::json::object& metadata, std::string_view document);
/// `written` of a chunk's record; empty when it has none.
std::string_view read_written(const boost::json::object& metadata);

std::string shard_report_id(unsigned shard);
boost::json::object report_to_metadata(const ShardReport& report);
std::optional<ShardReport> read_report(const boost::json::object& metadata);

}  // namespace codehelper
