#include "codehelper/index/path_mentions.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

std::vector<std::pair<std::string, int>> mentions(std::string_view text) {
  std::vector<std::pair<std::string, int>> pairs;
  for (PathMention& mention : find_path_mentions(text)) pairs.emplace_back(std::move(mention.path), mention.line);
  return pairs;
}

using Pairs = std::vector<std::pair<std::string, int>>;

}  // namespace

TEST_CASE("path mentions: finds paths and their lines in the usual forms") {
  CHECK(mentions("see util/cache.cc:12 and x.py.") == Pairs{{"util/cache.cc", 12}, {"x.py", 0}});
  CHECK(mentions("  File \"/srv/app/x.py\", line 31, in f") == Pairs{{"srv/app/x.py", 31}});
  CHECK(mentions("at f (./lib/a.js:3:5)") == Pairs{{"lib/a.js", 3}});
  CHECK(mentions("C:\\src\\a.cs(7)") == Pairs{{"src/a.cs", 7}});
}

TEST_CASE("path mentions: numbers, sentences and hidden names are no paths") {
  CHECK(mentions("version 1.2.3 ended. And .. so on 99999999999999").empty());
  CHECK(mentions("").empty());
}

TEST_CASE("path mentions: a long run of slashes is read in one go") {
  CHECK(mentions(std::string(1'000'000, '/') + "a.py") == Pairs{{"a.py", 0}});
  CHECK(mentions("a.py" + std::string(1'000'000, '/')) == Pairs{{"a.py", 0}});
}

TEST_CASE("path mentions: each comes once, and there are at most 200") {
  std::string text = "a.py a.py a.py:3";
  CHECK(mentions(text) == Pairs{{"a.py", 0}, {"a.py", 3}});
  for (int i = 0; i < 1000; ++i) text += " f" + std::to_string(i) + ".py";
  CHECK(mentions(text).size() == 200);
}

}  // namespace codehelper
