#include "../../src/retrieve/narrowing.hpp"

#include <catch2/catch.hpp>

#include "support/index_samples.hpp"

namespace codehelper {
namespace {

using Words = std::vector<std::string>;

Chunk make_chunk(const std::string& path, const std::string& language, const std::string& text) {
  Chunk chunk = test::make_chunk(path, 1, text);
  chunk.language = language;
  return chunk;
}

}  // namespace

TEST_CASE("narrowing: filters are taken out of the question, wherever they stand") {
  const NarrowedQuestion read = read_narrowing("path:src/net parse headers lang:go path:*.h");

  CHECK(read.text == "parse headers");
  CHECK(read.narrowing.filter.paths == Words{"src/net", "*.h"});
  CHECK(read.narrowing.filter.languages == Words{"go"});
}

TEST_CASE("narrowing: languages are named by name or by extension") {
  CHECK(read_narrowing("x lang:py").narrowing.filter.languages == Words{"python"});
  CHECK(read_narrowing("x lang:Python").narrowing.filter.languages == Words{"python"});
  CHECK(read_narrowing("x lang:c++").narrowing.filter.languages == Words{"cpp"});
  CHECK(read_narrowing("x lang:rs").narrowing.filter.languages == Words{"rust"});
}

TEST_CASE("narrowing: what only looks like a filter stays a word") {
  for (const char* question : {"path: of the file", "set lang: en", "the xpath:a selector", "fix path:"}) {
    CAPTURE(question);
    const NarrowedQuestion read = read_narrowing(question);
    CHECK(read.text == question);
    CHECK(read.narrowing.filter.empty());
  }
}

TEST_CASE("narrowing: pasted text of several lines narrows nothing") {
  const std::string pasted = "\"no such file\"\npath:src lang:go";

  const NarrowedQuestion read = read_narrowing(pasted);

  CHECK(read.text == pasted);
  CHECK(read.narrowing.filter.empty());
  CHECK(read.narrowing.phrases.empty());
}

TEST_CASE("narrowing: a phrase counts in any case and with any blanks, and stays in the question") {
  const NarrowedQuestion read = read_narrowing("where is \"No  such file\" raised");

  CHECK(read.text == "where is \"No  such file\" raised");
  REQUIRE(read.narrowing.phrases == Words{"no such file"});
  CHECK(read.narrowing.allows(make_chunk("a.py", "python", "raise Error('no\n   such FILE')\n")));
  CHECK_FALSE(read.narrowing.allows(make_chunk("a.py", "python", "raise Error('no file such')\n")));
}

TEST_CASE("narrowing: quotation marks of prose, of inches and without an end are no phrases") {
  CHECK(read_narrowing("a 5\" screen").narrowing.phrases.empty());
  CHECK(read_narrowing("say \"hello").narrowing.phrases.empty());
  CHECK(read_narrowing("an empty \"\" string").narrowing.phrases.empty());
  CHECK(read_narrowing("one two three four five six seven eight nine ten eleven \"twelve thirteen\" words")
            .narrowing.phrases.empty());
  CHECK(read_narrowing("print \"a \\\"b\\\" c\" now").narrowing.phrases.size() == 1);
}

TEST_CASE("narrowing: a path filter is a piece of the path in any case, or a glob") {
  const auto allows = [](const std::string& filter, const std::string& path) {
    return read_narrowing("word path:" + filter).narrowing.allows(make_chunk(path, "cpp", "word\n"));
  };
  CHECK(allows("SRC/net", "a/src/network/x.cpp"));
  CHECK_FALSE(allows("src/net", "src/base/net.cpp"));
  CHECK(allows("*.cpp", "src/base/net.cpp"));
  CHECK_FALSE(allows("*.h", "src/base/net.cpp"));
  CHECK(allows("src/**/*.cpp", "src/a/b/net.cpp"));
  CHECK_FALSE(allows("src/*.cpp", "src/a/net.cpp"));
}

TEST_CASE("narrowing: one of several paths, one of several languages, and all of them together") {
  const Narrowing narrowing = read_narrowing("word path:net path:base lang:cpp lang:c").narrowing;

  CHECK(narrowing.allows(make_chunk("net/x.c", "c", "word\n")));
  CHECK(narrowing.allows(make_chunk("base/x.cpp", "cpp", "word\n")));
  CHECK_FALSE(narrowing.allows(make_chunk("net/x.py", "python", "word\n")));
  CHECK_FALSE(narrowing.allows(make_chunk("api/x.cpp", "cpp", "word\n")));
}

}  // namespace codehelper
