#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "codehelper/execute/patch.hpp"
#include "execute/patch_samples.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::Files;
using codehelper::test::source_of;

namespace {

Result<PatchOutcome> applied(const Files& files, const std::string& diff) {
  const auto patch = parse_patch(diff);
  if (!patch) return std::unexpected(patch.error());
  return apply_patch(*patch, source_of(files));
}

std::string message_of(const Result<PatchOutcome>& outcome) {
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().code == ErrorCode::conflict);
  return outcome.error().message;
}

const Files kFiles = {{"src/a.py", {"one\ntwo\nthree\nfour\nfive\n"}}};

}  // namespace

TEST_CASE("patch: changes lines, and writes the same change in git's form") {
  const auto outcome = applied(kFiles,
                               "--- a/src/a.py\n+++ b/src/a.py\n"
                               "@@ -2,3 +2,4 @@ some heading\n two\n-three\n+drei\n+dreieinhalb\n four\n");

  REQUIRE(outcome.has_value());
  REQUIRE(outcome->files.size() == 1);
  CHECK(outcome->files[0].path == "src/a.py");
  CHECK(outcome->files[0].content == "one\ntwo\ndrei\ndreieinhalb\nfour\nfive\n");
  CHECK(outcome->text ==
        "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n"
        "@@ -1,5 +1,6 @@\n one\n two\n-three\n+drei\n+dreieinhalb\n four\n five\n");
}

TEST_CASE("patch: finds a hunk whose place has moved, and nothing whose context differs") {
  const std::string moved = "--- a/src/a.py\n+++ b/src/a.py\n@@ -40,3 +40,3 @@\n two\n-three\n+drei\n four\n";
  const std::string other = "--- a/src/a.py\n+++ b/src/a.py\n@@ -2,3 +2,3 @@\n two\n-three \n+drei\n four\n";

  const auto found = applied(kFiles, moved);
  const auto refused = applied(kFiles, other);

  REQUIRE(found.has_value());
  CHECK(found->files[0].content == "one\ntwo\ndrei\nfour\nfive\n");
  CHECK_THAT(message_of(refused), Catch::StartsWith("hunk 1 of src/a.py: its lines are at line 2, but differ"));
}

TEST_CASE("patch: a hunk that doesn't apply is named with its file and the line at which it fails") {
  const auto outcome = applied(kFiles,
                               "--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n-one\n+eins\n two\n"
                               "@@ -3,3 +3,3 @@\n three\n-vier\n+4\n five\n");

  CHECK(message_of(outcome) == "hunk 2 of src/a.py: it expects `vier` where line 4 of the file is `four`");
}

TEST_CASE("patch: makes, removes, renames and copies files, and sets whether they are executable") {
  const Files files = {{"old.sh", {"#!/bin/sh\n", true}}, {"gone", {"x"}}, {"plain", {"y\n"}}, {"from", {"z\n", true}}};
  const auto outcome =
      applied(files,
              "diff --git a/new b/new\nnew file mode 100755\nindex 0000000..1\n--- /dev/null\n+++ b/new\n"
              "@@ -0,0 +1 @@\n+hello\n"
              "diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n"
              "@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n"
              "diff --git a/plain b/plain\nold mode 100644\nnew mode 100755\n"
              "diff --git a/old.sh b/bin/new.sh\nsimilarity index 100%\nrename from old.sh\n"
              "rename to bin/new.sh\n"
              "diff --git a/from b/to\nsimilarity index 50%\ncopy from from\ncopy to to\n"
              "--- a/from\n+++ b/to\n@@ -1 +1,2 @@\n z\n+zz\n");

  REQUIRE(outcome.has_value());
  std::map<std::string, PatchedFile> made;
  for (const PatchedFile& file : outcome->files) made[file.path] = file;
  CHECK(made.size() == 6);
  CHECK(made.at("new").content == "hello\n");
  CHECK(made.at("new").is_executable);
  CHECK_FALSE(made.at("gone").content.has_value());
  CHECK(made.at("plain").is_executable);
  CHECK_FALSE(made.at("old.sh").content.has_value());
  CHECK(made.at("bin/new.sh").content == "#!/bin/sh\n");
  CHECK(made.at("bin/new.sh").is_executable);
  CHECK(made.at("to").content == "z\nzz\n");
  CHECK(made.at("to").is_executable);
}

TEST_CASE("patch: keeps line ends, and a missing one at the end of a file") {
  const Files files = {{"dos.txt", {"a\r\nb\r\n"}}, {"open", {"a\nb"}}};

  const auto dos = applied(files, "--- a/dos.txt\n+++ b/dos.txt\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n");
  const auto open =
      applied(files, "--- a/open\n+++ b/open\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n");
  const auto wrong = applied(files, "--- a/open\n+++ b/open\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n");

  REQUIRE(dos.has_value());
  CHECK(dos->files[0].content == "a\r\nc\r\n");
  REQUIRE(open.has_value());
  CHECK(open->files[0].content == "a\nc\n");
  CHECK_FALSE(wrong.has_value());
}

TEST_CASE("patch: reads quoted names, names with blanks, other prefixes and none") {
  const Files files = {{"a b.txt", {"x\n"}}, {"q\"ä\n", {"x\n"}}, {"src/a.py", {"x\n"}}};
  const std::string hunk = "@@ -1 +1 @@\n-x\n+y\n";
  struct Example {
    const char* names;
    const char* path;
  };
  for (const Example& example : std::vector<Example>{
           {"--- a/a b.txt\t\n+++ b/a b.txt\t\n", "a b.txt"},
           {"--- a/a b.txt\t2024-01-01 00:00:00\n+++ b/a b.txt\t2024-01-01 00:00:00\n", "a b.txt"},
           {"--- \"a/q\\\"\\303\\244\\n\"\n+++ \"b/q\\\"\\303\\244\\n\"\n", "q\"ä\n"},
           {"--- i/src/a.py\n+++ w/src/a.py\n", "src/a.py"},
           {"--- src/a.py\n+++ src/a.py\n", "src/a.py"},
       }) {
    const auto outcome = applied(files, example.names + hunk);

    CAPTURE(example.names);
    REQUIRE(outcome.has_value());
    CHECK(outcome->files[0].path == example.path);
    CHECK(outcome->files[0].content == "y\n");
  }
}

TEST_CASE("patch: paths that leave the project or lie in a git directory are refused, whatever their form") {
  for (const std::string path : {"../x", "a/../../x", "/etc/x", ".git/hooks/x", "sub/.GIT/config", ".git./x", "git~1/x",
                                 ".git::$INDEX_ALLOCATION/x", "a/./x", "x\\.git\\y"}) {
    const auto outcome = applied({}, "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ \"b/" +
                                         (path.contains('\\') ? "x\\\\.git\\\\y" : path) + "\"\n@@ -0,0 +1 @@\n+x\n");
    const auto mended = mend_patch("--- /dev/null\n+++ b/" + path + "\n@@ -0,0 +1 @@\n+x\n", source_of({}));

    CAPTURE(path);
    CHECK_FALSE(outcome.has_value());
    CHECK_FALSE(mended.has_value());
  }
}

TEST_CASE("patch: what is no text of a regular file is refused with a word") {
  struct Example {
    const char* diff;
    const char* reason;
  };
  for (const Example& example : std::vector<Example>{
           {"diff --git a/x b/x\nindex 1..2 100644\nGIT binary patch\nliteral 1\nAc$@\n", "binary"},
           {"diff --git a/x b/x\nindex 1..2 100644\nBinary files a/x and b/x differ\n", "binary"},
           {"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n", "links"},
           {"diff --git a/s b/s\nnew file mode 160000\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+Subproject\n",
            "submodules"},
           {"just text\n", "no unified diff"},
           {"", "no unified diff"},
           {"@@ -1 +1 @@\n-a\n+b\n", "without a header"},
       }) {
    CAPTURE(example.diff);
    CHECK_THAT(message_of(applied(kFiles, example.diff)), Catch::Contains(example.reason));
    CHECK_THAT(message_of(mend_patch(example.diff, source_of(kFiles))), Catch::Contains(example.reason));
  }
}

TEST_CASE("patch: what contradicts itself is refused with the contradiction") {
  const auto [diff, words] = GENERATE(table<std::string, std::string>({
      {"diff --git a/src/a.py b/src/a.py\nnew file mode 100644\ndeleted file mode 100644\n",
       "more than one of: new, deleted"},
      {"diff --git a/b.py b/b.py\n--- /dev/null\n+++ b/b.py\n@@ -0,0 +1 @@\n+x\n", "/dev/null must stand for"},
      {"diff --git a/b.py b/b.py\nnew file mode 100644\n--- /dev/null\n+++ b/b.py\n@@ -1 +1 @@\n-x\n+y\n",
       "b.py is new, but has old lines"},
      {"diff --git a/src/a.py b/src/a.py\ndeleted file mode 100644\n--- a/src/a.py\n+++ /dev/null\n@@ -1 +1 "
       "@@\n-one\n+1\n",
       "src/a.py is deleted, but has new lines"},
      {"diff --git a/src/a.py b/b.py\nsimilarity index 100%\nrename from src/a.py\n", "needs both names"},
      {"diff --git a/src/a.py b/b.py\nsimilarity index 90%\nrename from src/a.py\nrename to b.py\n"
       "--- a/src/a.py\n+++ b/c.py\n@@ -1 +1 @@\n-one\n+1\n",
       "the names of the file differ"},
      {"--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1 @@\n-one\n+1\n"
       "diff --git a/src/a.py b/b.py\nsimilarity index 100%\nrename from src/a.py\nrename to b.py\n",
       "src/a.py is changed and also removed or renamed"},
      {"--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+2\n",
       "hunk 1 of src/a.py"},
  }));
  CAPTURE(diff);

  const auto outcome = applied(kFiles, diff);

  CHECK_THAT(message_of(outcome), Catch::Contains(words));
}

TEST_CASE("patch: a file is made only where there is none, and changed only where there is one") {
  const std::string hunk = "@@ -0,0 +1 @@\n+x\n";
  const std::string make = "diff --git a/src/a.py b/src/a.py\nnew file mode 100644\n--- /dev/null\n+++ b/src/a.py\n";

  CHECK_THAT(message_of(applied(kFiles, make + hunk)), Catch::Contains("exists already"));
  CHECK_THAT(message_of(applied(kFiles, "--- /dev/null\n+++ b/src/a.py/b\n" + hunk)), Catch::Contains("src/a.py"));
  CHECK_THAT(message_of(applied({}, "--- a/n\n+++ b/n\n@@ -1 +1 @@\n-a\n+b\n")), Catch::Contains("no such file"));
}

TEST_CASE("patch source: reads files of the project only, and follows no link") {
  const test::TemporaryDirectory directory;
  directory.write("project/a", "text");
  directory.write("outside", "secret");
  REQUIRE(::symlink("../outside", (directory.path() / "project/link").c_str()) == 0);
  REQUIRE(::symlink("..", (directory.path() / "project/up").c_str()) == 0);
  ::chmod((directory.path() / "project/a").c_str(), 0755);
  const PatchSource read = make_patch_source(directory.path() / "project");

  CHECK(read("a").value() == PatchInput{"text", true});
  CHECK_FALSE(read("missing").value().has_value());
  CHECK_FALSE(read("missing/too").value().has_value());
  for (const char* path : {"link", "up/outside", "../outside", ".", "a/b"}) {
    CAPTURE(path);
    CHECK_FALSE(read(path).has_value());
  }
}
