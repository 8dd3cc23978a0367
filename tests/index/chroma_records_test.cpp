#include "chroma_records.hpp"

#include <catch2/catch.hpp>

#include <regex>

#include "codehelper/base/text.hpp"
#include "support/index_samples.hpp"

namespace codehelper {

TEST_CASE("chroma records: names of collections are allowed ones, and differ between roots of one name") {
  const auto name =
      GENERATE(as<std::string>{}, "My Project", "größe", "..", "a", "UPPER.case", std::string(200, 'x').c_str(), "-");
  const ChromaNames one = chroma_names({"", std::filesystem::path("/one") / name});
  const ChromaNames two = chroma_names({"", std::filesystem::path("/two") / name});

  for (const std::string& text : {one.chunks, one.files}) {
    CHECK(text.size() <= 63);
    CHECK(std::regex_match(text, std::regex("[a-z0-9][a-z0-9_-]*[a-z0-9]")));
  }
  CHECK(one.chunks != one.files);
  CHECK(one.chunks != two.chunks);
}

TEST_CASE("chroma records: every path comes back, whatever its bytes, and has its own text") {
  const std::vector<std::string> paths{"a/b.cpp",          "größe/大.py",        "bad\xFF.txt", "bad\xFE.txt", "\xC3(",
                                       "\xF4\x8F\xBE\x80", "x\xF4\x8F\xBF\xBFy", "\xF4\x8F",    "100%"};
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    texts.push_back(encode_chroma_path(path));
    CHECK(to_valid_utf8(texts.back()) == texts.back());
    CHECK(decode_chroma_path(texts.back()) == path);
  }
  std::ranges::sort(texts);
  CHECK(std::ranges::adjacent_find(texts) == texts.end());
}

TEST_CASE("chroma records: ids of chunks are numbers, and say path and place") {
  const std::string id = chroma_chunk_id("a.cpp", 0);

  REQUIRE(parse_chunk_id(id));
  CHECK(format_chunk_id(*parse_chunk_id(id)) == id);
  CHECK(id != chroma_chunk_id("a.cpp", 1));
  CHECK(chroma_chunk_id("a", 11) != chroma_chunk_id("a1", 1));
  CHECK_FALSE(parse_chunk_id("shard-1"));
  CHECK_FALSE(parse_chunk_id(""));
  CHECK_FALSE(parse_chunk_id("00112233445566778"));
  CHECK_FALSE(parse_chunk_id("00000000000000fF"));
}

TEST_CASE("chroma records: a chunk of any length comes back, and its document stays short") {
  const std::string unit = GENERATE("x", "ä", "大", "😀");
  std::string text;
  while (text.size() < 3 * kChromaDocumentBytes) text += unit;
  const Chunk chunk = test::make_chunk("min.js", 1, text);

  const std::string document = chunk_document(chunk);
  const auto read = read_chunk(chunk_to_metadata(chunk, "w"), document);

  CHECK(document.size() <= kChromaDocumentBytes);
  CHECK(to_valid_utf8(document) == document);
  REQUIRE(read);
  CHECK(*read == chunk);
}

TEST_CASE("chroma records: a file that is being written is listed without hash and times") {
  IndexedFile file{"a.cpp", std::string(40, 'a'), 10, 1'795'459'032'015'431'344, 3, 1'795'459'032'015'431'345};
  boost::json::object metadata = file_to_metadata(file, "w");
  const auto whole = read_file(metadata);
  for (const auto& [key, value] : pending_file_metadata("a.cpp")) metadata[key] = value;
  const auto pending = read_file(metadata);

  REQUIRE(whole);
  CHECK(whole->file == file);
  REQUIRE(pending);
  CHECK(pending->is_pending);
  CHECK(pending->file == IndexedFile{"a.cpp", "", 0, 0, 0, 0});
}

TEST_CASE("chroma records: foreign metadata are no records of ours") {
  CHECK_FALSE(read_file({}));
  CHECK_FALSE(read_file({{"path", 5}}));
  CHECK_FALSE(read_chunk({{"path", "a"}}, "text"));
  CHECK_FALSE(read_chunk({{"path", "a"}, {"start_line", 0}, {"end_line", 1}}, "text"));
  CHECK_FALSE(read_chunk({{"path", "a"}, {"start_line", 2}, {"end_line", 1}}, "text"));
  CHECK_FALSE(read_chunk({{"path", "a"}, {"start_line", 1}, {"end_line", 5'000'000'000}}, "text"));
  CHECK_FALSE(read_marker({{"format", 1}, {"state", "odd"}}));
  CHECK_FALSE(read_report({{"shard", 1}}));
  CHECK_FALSE(read_report({{"shard", 2}, {"shards", 2}, {"state", "done"}}));
  CHECK_FALSE(read_report({{"shard", -1}, {"shards", 2}, {"state", "done"}}));
}

}  // namespace codehelper
