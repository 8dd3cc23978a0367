#include "agents/citations.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

struct Place {
  std::string path;
  int start_line;
  int end_line;

  bool operator==(const Place&) const = default;
};

std::vector<Place> places(std::string_view text) {
  std::vector<Place> found;
  for (const Citation& citation : find_citations(text)) {
    if (citation.is_certain) found.push_back({citation.path, citation.start_line, citation.end_line});
  }
  return found;
}

}  // namespace

TEST_CASE("citations: are found in the ways in which models write them") {
  CHECK(places("see `src/a.cpp:10-20` and src/b.py:7.") ==
        std::vector<Place>{{"src/a.cpp", 10, 20}, {"src/b.py", 7, 7}});
  CHECK(places("src/a.cpp#L10-L20") == std::vector<Place>{{"src/a.cpp", 10, 20}});
  CHECK(places("`src/a.cpp` lines 10 to 20") == std::vector<Place>{{"src/a.cpp", 10, 20}});
  CHECK(places("src/a.cpp, lines 3–4") == std::vector<Place>{{"src/a.cpp", 3, 4}});
  CHECK(places("(core.py:5)") == std::vector<Place>{{"core.py", 5, 5}});
  CHECK(places("`core.py`:12") == std::vector<Place>{{"core.py", 12, 12}});
  CHECK(places("core.py:L5-L9") == std::vector<Place>{{"core.py", 5, 9}});
  CHECK(places("deploy/Makefile:3") == std::vector<Place>{{"deploy/Makefile", 3, 3}});
  CHECK(places("attachment:log.txt:3-9") == std::vector<Place>{{"attachment:log.txt", 3, 9}});
}

TEST_CASE("citations: what only looks alike is none, or not a certain one") {
  CHECK(find_citations("http://localhost:8000/x:12 at 12:30, 127.0.0.1:80").empty());
  CHECK(find_citations("```\nsrc/a.cpp:10\n```\n").empty());
  CHECK(places("example.com:80 and Makefile:3").empty());
  CHECK(find_citations("Makefile:3").size() == 1);
}

TEST_CASE("citations: end behind the backtick that closes them") {
  const std::string text = "`a.py:1-2`, then";

  CHECK(text.substr(find_citations(text).at(0).end) == ", then");
}

TEST_CASE("citations: claims that tests passed are told from wishes, conditions, questions and denials") {
  for (const char* claim :
       {"All tests pass.", "The tests passed: 3 of 3.", "12 tests passed", "The test suite is green!"}) {
    CHECK(find_pass_claims(claim).size() == 1);
  }
  for (const char* other :
       {"Make sure the tests pass.", "The tests should pass now.", "Do the tests pass?", "If the tests pass, merge.",
        "The tests did not pass.", "Tests pass a dict to it.", "I could not verify that the tests pass."}) {
    CHECK(find_pass_claims(other).empty());
  }
}

TEST_CASE("citations: marks go in at their places") {
  CHECK(insert_marks("ab", {{1, "[x]"}, {2, "[y]"}}) == "a[x]b[y]");
}

TEST_CASE("citations: fenced blocks are found, closed or not, and longer fences hold shorter ones") {
  const auto blocks = find_fenced_blocks("a\n```diff\n-x\n+y\n```\nb\n````\n```\n````\n~~~py\nend");

  REQUIRE(blocks.size() == 3);
  CHECK(blocks[0].language == "diff");
  CHECK(blocks[0].text == "-x\n+y\n");
  CHECK(blocks[1].text == "```\n");
  CHECK(blocks[2].text == "end\n");
}
