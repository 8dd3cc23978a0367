#include "codehelper/retrieve/citation_check.hpp"

#include <catch2/catch.hpp>

#include "codehelper/base/text.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

/// The hit that the index gives for those lines of `bytes`.
SearchHit cite(std::string path, std::string_view bytes, int start_line, int end_line) {
  SearchHit hit;
  hit.path = std::move(path);
  hit.start_line = start_line;
  hit.end_line = end_line;
  hit.text = select_lines(to_valid_utf8(bytes), start_line, end_line);
  return hit;
}

}  // namespace

TEST_CASE("citation check: lines that are there are true, whatever their ends") {
  const test::TemporaryDirectory root;
  const std::string text = "one\r\n\ntwo ß\nlast";
  root.write("a/b.txt", text);

  CHECK(is_citation_true(root.path(), cite("a/b.txt", text, 1, 1)));
  CHECK(is_citation_true(root.path(), cite("a/b.txt", text, 2, 3)));
  CHECK(is_citation_true(root.path(), cite("a/b.txt", text, 4, 4)));
}

TEST_CASE("citation check: lines that moved, changed or went are not true") {
  const test::TemporaryDirectory root;
  const SearchHit hit = cite("a.txt", "one\ntwo\n", 2, 2);

  CHECK_FALSE(is_citation_true(root.path(), hit));
  for (const char* now : {"", "one\n", "two\none\n", "one\ntwo", "one\ntwo \n", "one\ntwo\r\n"}) {
    INFO(now);
    root.write("a.txt", now);
    CHECK_FALSE(is_citation_true(root.path(), hit));
  }
  root.write("a.txt", "other\ntwo\nmore\n");
  CHECK(is_citation_true(root.path(), hit));
}

TEST_CASE("citation check: bytes that are no UTF-8 are cited and verified as U+FFFD, line by line") {
  const test::TemporaryDirectory root;
  const std::string text = "caf\xE9\n\xF0\x9F\nplain\n\xC3";
  root.write("latin1.txt", text);

  CHECK(cite("latin1.txt", text, 1, 1).text == "caf\xEF\xBF\xBD\n");
  for (int line = 1; line <= 4; ++line) CHECK(is_citation_true(root.path(), cite("latin1.txt", text, line, line)));
  CHECK(is_citation_true(root.path(), cite("latin1.txt", text, 1, 4)));
  root.write("latin1.txt", "cafe\n\xF0\x9F\nplain\n\xC3");
  CHECK_FALSE(is_citation_true(root.path(), cite("latin1.txt", text, 1, 1)));
  CHECK(is_citation_true(root.path(), cite("latin1.txt", text, 2, 4)));
}

TEST_CASE("citation check: a link and a path out of the project are not followed") {
  const test::TemporaryDirectory root;
  root.write("outside.txt", "one\n");
  root.write("project/real.txt", "one\n");
  std::filesystem::create_symlink("real.txt", root.path() / "project/link.txt");

  CHECK(is_citation_true(root.path() / "project", cite("real.txt", "one\n", 1, 1)));
  CHECK_FALSE(is_citation_true(root.path() / "project", cite("link.txt", "one\n", 1, 1)));
  CHECK_FALSE(is_citation_true(root.path() / "project", cite("../outside.txt", "one\n", 1, 1)));
}

}  // namespace codehelper
