// Diffs with the faults that models make.
#include <catch2/catch.hpp>

#include "codehelper/execute/patch.hpp"
#include "execute/patch_samples.hpp"

using namespace codehelper;
using codehelper::test::Files;
using codehelper::test::source_of;

namespace {

const Files kFiles = {{"src/a.py",
                       {"import os\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n\n\n"
                        "def three():\n    return 1\n"}},
                      {"dos.txt", {"a\r\nb\r\nc\r\n"}},
                      {"open.txt", {"a\nb"}}};

std::string mended(const std::string& text, const std::string& path = "src/a.py") {
  const auto outcome = mend_patch(text, source_of(kFiles));
  if (!outcome) return "refused: " + outcome.error().message;
  // What comes out has to be a diff that applies as it stands.
  const auto again = parse_patch(outcome->text);
  REQUIRE(again.has_value());
  const auto applied = apply_patch(*again, source_of(kFiles));
  REQUIRE(applied.has_value());
  CHECK(applied->text == outcome->text);
  for (const PatchedFile& file : outcome->files) {
    if (file.path == path) return file.content.value_or("removed");
  }
  return "not in the diff";
}

std::string with(std::string before, const std::string& old_text, const std::string& new_text) {
  const std::size_t at = before.find(old_text);
  REQUIRE(at != std::string::npos);
  return before.replace(at, old_text.size(), new_text);
}

const std::string& a_py() {
  return kFiles.at("src/a.py").content;
}
std::string two_to_3() {
  return with(a_py(), "return 2", "return 3");
}

}  // namespace

TEST_CASE("mend: wrong numbers and counts in the header of a hunk don't matter where its lines are in one place") {
  for (const char* header : {"@@ -100,9 +200,1 @@", "@@ -1,1 +1,1 @@", "@@ ... @@", "@@", "@@ def two(): @@"}) {
    CAPTURE(header);
    CHECK(mended(std::string("--- a/src/a.py\n+++ b/src/a.py\n") + header +
                 "\n def two():\n-    return 2\n+    return 3\n") == two_to_3());
  }
}

TEST_CASE("mend: fences, prose, a missing last line feed, missing prefixes and missing git lines don't matter") {
  const std::string hunk = "@@ -8,2 +8,2 @@\n def two():\n-    return 2\n+    return 3";
  for (const std::string& text : {
           "Here it is:\n\n```diff\n--- a/src/a.py\n+++ b/src/a.py\n" + hunk + "\n```\n\nThat makes two() right.\n",
           "--- a/src/a.py\n+++ b/src/a.py\n" + hunk,
           "--- src/a.py\n+++ src/a.py\n" + hunk,
           "--- a/src/a.py\n+++ a/src/a.py\n" + hunk,
           "--- ./src/a.py\n+++ ./src/a.py\n" + hunk + "\n",
           "diff --git a/src/a.py b/src/a.py\n" + hunk + "\n\nThis changes the value.\n",
           "```\n" + hunk.substr(0, 0) + "some code\n```\n```patch\n--- a/src/a.py\n+++ b/src/a.py\n" + hunk + "\n```",
       }) {
    CAPTURE(text);
    CHECK(mended(text) == two_to_3());
  }
}

TEST_CASE("mend: blanks at line ends and context without its first blank don't matter") {
  CHECK(mended("--- a/src/a.py\n+++ b/src/a.py\n@@ -8,2 +8,2 @@\n def two():  \n-    return 2 \n+    return 3\n") ==
        two_to_3());
  CHECK(mended("--- a/src/a.py\n+++ b/src/a.py\n@@ -7,9 +7,9 @@\n\n\ndef two():\n-    return 2\n+    return 3\n\n\n"
               "def three():\n") == two_to_3());
}

TEST_CASE("mend: hunks that share context, and several in one file, are put in place") {
  const std::string both = with(two_to_3(), "import os\n", "import os\nimport sys\n");

  CHECK(
      mended("--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,3 @@\n import os\n+import sys\n \n"
             "@@ -2,8 +3,8 @@\n \n \n def one():\n     return 1\n \n \n def two():\n-    return 2\n+    return 3\n") ==
      both);
}

TEST_CASE("mend: of several places the one that the header or the order of hunks tells is taken, else none") {
  const std::string hunk = "     return 1\n+    # here\n";
  const std::string names = "--- a/src/a.py\n+++ b/src/a.py\n";
  const std::string second = with(a_py(), "three():\n    return 1\n", "three():\n    return 1\n    # here\n");

  CHECK(mended(names + "@@ -13,1 +13,2 @@\n" + hunk) == second);
  CHECK(mended(names + "@@ -1,2 +1,2 @@\n def two():\n-    return 2\n+    return 3\n@@ -99,1 +99,2 @@\n" + hunk) ==
        with(second, "return 2", "return 3"));
  CHECK(mended(names + "@@ -99,9 +99,9 @@\n" + hunk) ==
        "refused: hunk 1 of src/a.py: its lines are in 2 places (lines 5, 13); more context is needed");
}

TEST_CASE("mend: context that isn't in the file is refused with the line at which it fails") {
  CHECK(mended("--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n def two():\n-    return 22\n+    return 3\n") ==
        "refused: hunk 1 of src/a.py: it expects `    return 22` where line 9 of the file is `    return 2`");
  CHECK(mended("--- a/src/b.py\n+++ b/src/b.py\n@@ -1 +1 @@\n-a\n+b\n") == "refused: src/b.py: there is no such file");
  CHECK(mended("--- a/src/a.py\n+++ b/src/a.py\n@@ -3,9 +4 @@\n+x\n").starts_with("refused: hunk 1 of src/a.py: "));
}

TEST_CASE("mend: added lines get the file's line ends, and a last line gets one where another follows") {
  CHECK(mended("--- a/dos.txt\n+++ b/dos.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n c\n", "dos.txt") == "a\r\nB\r\nc\r\n");
  CHECK(mended("--- a/open.txt\n+++ b/open.txt\n@@ -2 +2,2 @@\n b\n+c\n", "open.txt") == "a\nb\nc\n");
  CHECK(mended("--- a/open.txt\n+++ b/open.txt\n@@ -1,2 +1,3 @@\n+0\n a\n b\n", "open.txt") == "0\na\nb");
}

TEST_CASE("mend: a new file needs no mode, and a removed one no lines") {
  CHECK(mended("--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,99 @@\n+a\n+b", "new.py") == "a\nb\n");
  CHECK(mended("--- a/new.py\n+++ b/new.py\n@@ -0,0 +1,5 @@\n+a\n", "new.py") == "a\n");
  CHECK(mended("diff --git a/dos.txt b/dos.txt\ndeleted file mode 100644\n", "dos.txt") == "removed");
  CHECK(mended("--- a/open.txt\n+++ /dev/null\n@@ -1,9 +0,0 @@\n-a\n-b\n", "open.txt") == "removed");
  CHECK(mended("--- a/open.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", "open.txt").starts_with("refused: open.txt is"));
}
