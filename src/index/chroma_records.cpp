#include "chroma_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>
#include <utility>

#include "codehelper/base/hash.hpp"
#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

namespace json = boost::json;

constexpr std::size_t kSlugLength = 30;
constexpr std::size_t kIdDigits = 16;
// U+10FF80 to U+10FFFF in UTF-8: F4 8F BE 80 to F4 8F BF BF.
constexpr std::string_view kEscapeStart = "\xF4\x8F";

std::string make_slug(const std::filesystem::path& root) {
  std::string slug = to_lower_ascii(root.filename().string());
  for (char& c : slug) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!is_plain) c = '-';
  }
  slug.resize(std::min(slug.size(), kSlugLength));
  return slug.empty() ? "root" : slug;
}

/// The bytes of an escape at `at`, as the byte that it stands for.
std::optional<char> read_escape(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(kEscapeStart) || at + 4 > text.size()) return std::nullopt;
  const auto third = static_cast<unsigned char>(text[at + 2]);
  const auto fourth = static_cast<unsigned char>(text[at + 3]);
  if (third != 0xBE && third != 0xBF) return std::nullopt;
  return static_cast<char>(0x80U | ((third & 1U) << 6U) | (fourth & 0x3FU));
}

bool has_escape(std::string_view text) {
  for (std::size_t at = text.find(kEscapeStart); at != std::string_view::npos; at = text.find(kEscapeStart, at + 1)) {
    if (read_escape(text, at)) return true;
  }
  return false;
}

std::optional<std::int64_t> number_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

bool is_set(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

std::string join_lines(const std::vector<std::string>& lines) {
  return fmt::format("{}", fmt::join(lines, "\n"));
}

template <class Enum>
std::optional<Enum> parse_name(std::string_view text, std::initializer_list<Enum> all, auto name_of) {
  const auto found = std::ranges::find(all, text, name_of);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

std::string_view report_state_name(ShardReport::State state) {
  switch (state) {
    case ShardReport::State::started:
      return "started";
    case ShardReport::State::done:
      return "done";
    case ShardReport::State::failed:
      return "failed";
  }
  return "started";
}

}  // namespace

ChromaNames chroma_names(const Project& project) {
  const std::string name =
      fmt::format("ch-{}-{}", make_slug(project.root), sha256_hex(project.root.string()).substr(0, kIdDigits));
  return {name, name + "-files"};
}

std::string chroma_chunk_id(std::string_view path, std::size_t ordinal) {
  std::string key(path);
  key += '\0';
  key += std::to_string(ordinal);
  return sha256_hex(key).substr(0, kIdDigits);
}

std::string chroma_file_id(std::string_view path) {
  return sha256_hex(path).substr(0, kIdDigits);
}

std::optional<std::int64_t> parse_chunk_id(std::string_view record_id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(record_id.data(), record_id.data() + record_id.size(), number, 16);
  const bool is_ours = record_id.size() == kIdDigits && record_id.find_first_of("ABCDEF") == std::string_view::npos;
  if (error != std::errc{} || end != record_id.data() + record_id.size() || !is_ours) return std::nullopt;
  return std::bit_cast<std::int64_t>(number);
}

std::string format_chunk_id(std::int64_t id) {
  return fmt::format("{:016x}", std::bit_cast<std::uint64_t>(id));
}

std::string encode_chroma_path(std::string_view path) {
  if (to_valid_utf8(path) == path && !has_escape(path)) return std::string(path);
  std::string text;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
      continue;
    }
    text += kEscapeStart;
    text += static_cast<char>(0xBEU | ((byte >> 6U) & 1U));
    text += static_cast<char>(0x80U | (byte & 0x3FU));
  }
  return text;
}

std::string decode_chroma_path(std::string_view text) {
  std::string path;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = read_escape(text, at);
    path += byte.value_or(text[at]);
    at += byte ? 4 : 1;
  }
  return path;
}

json::object marker_to_metadata(const IndexMarker& marker) {
  return {{"format", kChromaFormat},
          {"state", to_string(marker.state)},
          {"cause", to_valid_utf8(marker.cause)},
          {"project_path", encode_chroma_path(marker.project_path)},
          {"embedder", marker.embedder},
          {"dimension", marker.dimension},
          {"files", marker.files},
          {"chunks", marker.chunks},
          {"skipped", marker.skipped},
          {"finished_at", marker.finished_at}};
}

std::optional<IndexMarker> read_marker(const json::object& metadata) {
  if (number_in(metadata, "format") != kChromaFormat) return std::nullopt;
  const auto state =
      parse_name(text_in(metadata, "state"), {IndexState::indexing, IndexState::ready, IndexState::failed},
                 [](IndexState value) { return to_string(value); });
  if (!state) return std::nullopt;
  IndexMarker marker;
  marker.state = *state;
  marker.cause = text_in(metadata, "cause");
  marker.project_path = decode_chroma_path(text_in(metadata, "project_path"));
  marker.embedder = text_in(metadata, "embedder");
  marker.dimension = count_in(metadata, "dimension");
  marker.files = count_in(metadata, "files");
  marker.chunks = count_in(metadata, "chunks");
  marker.skipped = count_in(metadata, "skipped");
  marker.finished_at = text_in(metadata, "finished_at");
  return marker;
}

json::object file_to_metadata(const IndexedFile& file, std::string_view written) {
  return {{"path", encode_chroma_path(file.path)},
          {"hash", file.hash},
          {"size_bytes", file.size_bytes},
          {"modified_ns", file.modified_ns},
          {"changed_ns", file.changed_ns},
          {"chunks", file.chunks},
          {"written", written},
          {"pending", false}};
}

json::object pending_file_metadata(std::string_view path) {
  return {{"path", encode_chroma_path(path)}, {"pending", true}};
}

json::object touched_file_metadata(const IndexedFile& file) {
  return {{"size_bytes", file.size_bytes}, {"modified_ns", file.modified_ns}, {"changed_ns", file.changed_ns}};
}

std::optional<ChromaFile> read_file(const json::object& metadata) {
  const std::string path = text_in(metadata, "path");
  if (path.empty()) return std::nullopt;
  ChromaFile found;
  found.file.path = decode_chroma_path(path);
  found.is_pending = is_set(metadata, "pending");
  if (found.is_pending) return found;  // whatever else it says is of before
  found.file.hash = text_in(metadata, "hash");
  found.file.size_bytes = count_in(metadata, "size_bytes");
  found.file.modified_ns = number_in(metadata, "modified_ns").value_or(0);
  found.file.changed_ns = number_in(metadata, "changed_ns").value_or(0);
  found.file.chunks = count_in(metadata, "chunks");
  found.written = text_in(metadata, "written");
  return found;
}

std::string chunk_document(const Chunk& chunk) {
  return chunk.text.substr(0, character_border(chunk.text, std::min(chunk.text.size(), kChromaDocumentBytes)));
}

json::object chunk_to_metadata(const Chunk& chunk, std::string_view written) {
  json::object metadata{{"path", encode_chroma_path(chunk.path)},
                        {"language", chunk.language},
                        {"symbol", chunk.symbol},
                        {"definitions", join_lines(chunk.definitions)},
                        {"start_line", chunk.start_line},
                        {"end_line", chunk.end_line},
                        {"written", written}};
  const std::size_t in_document = character_border(chunk.text, std::min(chunk.text.size(), kChromaDocumentBytes));
  if (in_document < chunk.text.size()) metadata["rest"] = std::string_view(chunk.text).substr(in_document);
  return metadata;
}

std::optional<Chunk> read_chunk(const json::object& metadata, std::string_view document) {
  const auto start_line = number_in(metadata, "start_line");
  const auto end_line = number_in(metadata, "end_line");
  Chunk chunk;
  chunk.path = decode_chroma_path(text_in(metadata, "path"));
  if (chunk.path.empty() || !start_line || !end_line) return std::nullopt;
  if (*start_line < 1 || *end_line < *start_line || *end_line > std::numeric_limits<int>::max()) return std::nullopt;
  chunk.language = text_in(metadata, "language");
  chunk.symbol = text_in(metadata, "symbol");
  const std::string names = text_in(metadata, "definitions");
  const auto definitions = split_lines(names);
  chunk.definitions.assign(definitions.begin(), definitions.end());
  chunk.start_line = static_cast<int>(*start_line);
  chunk.end_line = static_cast<int>(*end_line);
  chunk.text = document;
  chunk.text += text_in(metadata, "rest");
  return chunk;
}

std::string_view read_written(const json::object& metadata) {
  const json::value* value = metadata.if_contains("written");
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

std::string shard_report_id(unsigned shard) {
  return fmt::format("shard-{}", shard);
}

json::object report_to_metadata(const ShardReport& report) {
  return {{"shard", report.shard.index},
          {"shards", report.shard.count},
          {"run", to_valid_utf8(report.shard.run)},
          {"state", report_state_name(report.state)},
          {"cause", to_valid_utf8(report.cause)},
          {"files", report.files},
          {"chunks", report.chunks},
          {"skipped", report.skipped}};
}

std::optional<ShardReport> read_report(const json::object& metadata) {
  using State = ShardReport::State;
  const auto shard = number_in(metadata, "shard");
  const auto shards = number_in(metadata, "shards");
  const auto state =
      parse_name(text_in(metadata, "state"), {State::started, State::done, State::failed}, report_state_name);
  if (!shard || !shards || !state) return std::nullopt;
  if (*shard < 0 || *shard >= *shards || *shards > std::numeric_limits<unsigned>::max()) return std::nullopt;
  ShardReport report;
  report.shard = {static_cast<unsigned>(*shard), static_cast<unsigned>(*shards), text_in(metadata, "run")};
  report.state = *state;
  report.cause = text_in(metadata, "cause");
  report.files = count_in(metadata, "files");
  report.chunks = count_in(metadata, "chunks");
  report.skipped = count_in(metadata, "skipped");
  return report;
}

}  // namespace codehelper
