// What Chroma answers and what our records in it say, for any bytes. The first byte chooses the reader.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "chroma_answers.hpp"
#include "chroma_records.hpp"
#include "codehelper/base/json_fields.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_records(std::string_view text) {
  const auto records = parse_chroma_records(text);
  if (!records) return require(records.error().code == ErrorCode::bad_answer);
  const std::size_t size = records->ids.size();
  require(records->metadatas.empty() || records->metadatas.size() == size);
  require(records->documents.empty() || records->documents.size() == size);
  require(records->distances.empty() || records->distances.size() == size);
  for (const double distance : records->distances) require(std::isfinite(distance));
  for (const std::string& id : records->ids) {
    const auto number = parse_chunk_id(id);
    require(!number || format_chunk_id(*number) == id);
  }
}

/// What was read is what would be written: no reader makes up a record.
void check_metadata(std::string_view text) {
  const auto metadata = parse_json_object(text);
  if (!metadata) return;
  read_marker(*metadata);
  read_report(*metadata);
  read_written(*metadata);
  if (const auto file = read_file(*metadata); file && !file->is_pending) {
    require(read_file(file_to_metadata(file->file, file->written))->file == file->file);
  }
  if (const auto chunk = read_chunk(*metadata, text)) {
    const auto again = read_chunk(chunk_to_metadata(*chunk, ""), chunk_document(*chunk));
    require(again && again->path == chunk->path && again->start_line == chunk->start_line);
    require(chunk->start_line >= 1 && chunk->end_line >= chunk->start_line);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 2), size - 2);
  if (data[0] == 'c') parse_chroma_collection(text);
  if (data[0] == 'n') parse_chroma_count(text);
  if (data[0] == 'r') check_records(text);
  if (data[0] == 'm') check_metadata(text);
  if (data[0] == 'p') require(decode_chroma_path(encode_chroma_path(text)) == text);
  if (data[0] != 'e') return 0;
  HttpAnswer answer;
  answer.status = 100 + data[1] * 2;
  answer.body = text;
  const auto read = read_chroma_answer(answer, {});
  require(read.has_value() == (answer.status / 100 == 2));
  require(read || !read.error().error.message.empty());
  return 0;
}
