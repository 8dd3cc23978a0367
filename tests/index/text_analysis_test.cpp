#include "codehelper/index/text_analysis.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace codehelper {
namespace {

using Words = std::vector<std::string>;

bool has(const Words& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

double weight_of(const std::vector<QueryTerm>& terms, std::string_view word) {
  const auto found = std::ranges::find(terms, word, &QueryTerm::text);
  return found == terms.end() ? 0 : found->weight;
}

}  // namespace

TEST_CASE("text analysis: splits identifiers and keeps them whole") {
  CHECK(analyze_text("readLine(fileName)") == Words{"read", "line", "readline", "file", "name", "filename"});
  CHECK(analyze_text("HTTPServer2") == Words{"http", "server", "2", "httpserver", "server2", "httpserver2"});
  CHECK(analyze_text("SO_REUSEPORT") == Words{"so", "reuseport", "soreuseport"});
  CHECK(analyze_text("__init__") == Words{"init"});
  CHECK(analyze_text("x = a + b;").empty());
}

TEST_CASE("text analysis: words of one stem are one word") {
  CHECK(analyze_text("connections") == analyze_text("connected"));
  CHECK(analyze_text("caresses ponies relational hopping") == Words{"caress", "poni", "relat", "hop"});
}

TEST_CASE("text analysis: a part of an identifier and its plural meet in the joined pair") {
  CHECK(has(analyze_text("WriteBatches"), "writebatch"));
  CHECK(has(analyze_text("WriteBatchInternal"), "writebatch"));
}

TEST_CASE("text analysis: letters beyond ASCII belong to words, signs do not") {
  CHECK(analyze_text("größe – Ärger") == Words{"größe", "ärger"});
  CHECK(analyze_text("大小") == Words{"大", "小", "大小"});
  CHECK(analyze_text("\xff\xc3(\xe5\xa4").empty());
}

TEST_CASE("text analysis: words over 80 bytes are left out") {
  CHECK(analyze_text(std::string(81, 'a')).empty());
  CHECK(analyze_text(std::string(80, 'b')).size() == 1);
}

TEST_CASE("text analysis: a long identifier keeps its parts, data has none") {
  const std::string name = "returns_an_error_when_the_configuration_file_of_the_project_is_missing_or_cannot_be_read";
  const Words words = analyze_text(name);
  std::string hash;
  for (int i = 0; i < 32; ++i) hash += "a1f0";

  REQUIRE(name.size() > 80);
  CHECK(has(words, "configurfile"));
  CHECK(std::ranges::all_of(words, [](const std::string& word) { return word.size() <= 80; }));
  CHECK(analyze_text(hash).empty());
  CHECK(make_query_terms(hash).empty());
  CHECK(weight_of(make_query_terms(name), definition_term(name)) > 0);
}

TEST_CASE("text analysis: a long clause without spaces is found by a part of it and by itself") {
  const std::string clause =
      GENERATE("当配置文件不存在或者无法读取的时候程序会返回一个错误并且把原因写到日志里面去然后退出",
               "设定ファイルがみつからないときはエラーをかえしてそのりゆうをログにかきこんでおわります",
               "โปรแกรมจะแจ้งข้อผิดพลาดเมื่อไม่พบไฟล์การตั้งค่าของโครงการนี้");
  const std::string part = clause.substr(6, 9);  // three characters
  const Words words = analyze_text(clause);

  REQUIRE(clause.size() > 80);
  for (const std::string& word : analyze_text(part)) {
    if (word.size() <= 6) CHECK(has(words, word));
  }
  for (const QueryTerm& term : make_query_terms(clause)) {
    if (term.text.size() <= 6 && term.text[0] != '=') CHECK(has(words, term.text));
  }
  CHECK(weight_of(make_query_terms(clause), clause.substr(6, 6)) > 0);
}

TEST_CASE("text analysis: words of a spaced script stand apart from those of one without spaces") {
  CHECK(analyze_text("read文件of") == Words{"read", "文", "件", "文件", "of"});
}

TEST_CASE("query terms: adjacent words find the identifier that joins them") {
  const auto terms = make_query_terms("how does a write batch work?");

  CHECK(weight_of(terms, "writebatch") > 0);
  CHECK(weight_of(terms, "write") > weight_of(terms, "writebatch"));
  CHECK(weight_of(terms, "how") == 0);
}

TEST_CASE("query terms: generic verbs weigh less, repeated words a little more") {
  const auto terms = make_query_terms("socket. fix the listener, the listener and the pool");

  CHECK(weight_of(terms, "fix") < weight_of(terms, "pool"));
  CHECK(weight_of(terms, "listen") > weight_of(terms, "pool"));
  CHECK(weight_of(terms, "listen") < 2 * weight_of(terms, "pool"));
}

TEST_CASE("query terms: a name written as code also asks for its declaration") {
  CHECK(weight_of(make_query_terms("the problem is inside `flush` and nowhere else"), definition_term("flush")) > 0);
  CHECK(weight_of(make_query_terms("the problem is inside flush and nowhere else"), definition_term("flush")) == 0);
  CHECK(weight_of(make_query_terms("WriteBatch"), definition_term("WriteBatch")) > 0);
}

TEST_CASE("query terms: a named file is asked for by its name, a page's address is not") {
  const auto terms =
      make_query_terms("crash in util/cache.cc, see https://example.org/report.html <!-- template.md -->");

  CHECK(weight_of(terms, file_name_term("cache.cc")) > 0);
  CHECK(weight_of(terms, file_name_term("report.html")) == 0);
  CHECK(weight_of(terms, file_name_term("template.md")) == 0);
}

TEST_CASE("query terms: a question of stop words keeps them, a blank one has no term") {
  CHECK_FALSE(make_query_terms("what is this").empty());
  CHECK(make_query_terms(" \n?!").empty());
  CHECK(make_query_terms("").empty());
}

TEST_CASE("query terms: of a pasted log the heaviest are kept, in order") {
  std::string question = "listener hangs.\n";
  for (int i = 0; i < 5000; ++i)
    question += " zz" + std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(i);

  const auto terms = make_query_terms(question);

  CHECK(terms.size() == 256);
  CHECK(weight_of(terms, "listen") > 0);
  CHECK(std::ranges::is_sorted(terms, {}, &QueryTerm::text));
}

}  // namespace codehelper
