#include <catch2/catch.hpp>
#include <random>

#include "git_fixture.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr std::uint64_t kMaxBytes = 1024 * 1024;

std::vector<std::string> listed(const std::filesystem::path& root) {
  const auto listing = list_source_files(root, kMaxBytes);
  if (!listing) throw std::runtime_error(listing.error().message);
  return not_ignored(*listing);
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return engine_() % limit; }
  template <class Range>
  auto pick(const Range& range) {
    return *(std::begin(range) + static_cast<std::ptrdiff_t>(below(std::size(range))));
  }

 private:
  std::mt19937 engine_;
};

/// One line of a .gitignore, put together from the parts that patterns are made of.
std::string random_pattern(Random& random) {
  static constexpr std::array<std::string_view, 32> kParts{
      "a",    "b",   "c",  "ab",   "*",   "**",   "?",          "[ab]", "[!a]", "[a-c]", "*.c",
      "a*",   "*b",  "a/", "/",    "b/c", "**/",  "/**",        "\\a",  "\\*",  "[]a]",  "[[:alpha:]]",
      "a**b", "a?c", "[",  "[a-]", ".c",  "[^b]", "[[:nope:]]", "a\\ ", "B",    "***/"};
  std::string pattern;
  if (random.below(5) == 0) pattern += '!';
  if (random.below(6) == 0) pattern += '/';
  for (std::size_t count = 1 + random.below(4); count > 0; --count) {
    pattern += random.pick(kParts);
    if (random.below(3) == 0) pattern += '/';
  }
  if (random.below(8) == 0) pattern += "  ";
  if (random.below(12) == 0) pattern += '\r';
  return pattern;
}

std::string random_rules(Random& random) {
  std::string rules;
  for (std::size_t count = 1 + random.below(6); count > 0; --count) rules += random_pattern(random) + "\n";
  return rules;
}

void write_random_tree(Random& random, const GitFixture& fixture) {
  static constexpr std::array<std::string_view, 12> kNames{"a",   "b", "c",   "ab", "abc", "a.c",
                                                           "b.c", "*", "a b", "B",  "]",   "cab"};
  static constexpr std::array<std::string_view, 7> kFolders{"", "a/", "b/", "a/b/", "ab/c/", "c/a/b/", "a/a/a/"};
  for (const auto folder : kFolders) std::filesystem::create_directories(fixture.work.path() / folder);
  for (const auto folder : kFolders) {
    for (const auto name : kNames) {
      const auto path = std::string(folder) + std::string(name);
      if (!std::filesystem::exists(fixture.work.path() / path)) fixture.work.write(path, "x");
    }
  }
  for (const auto folder : kFolders) {
    if (folder.empty() || random.below(3) == 0)
      fixture.work.write(std::string(folder) + ".gitignore", random_rules(random));
  }
}

}  // namespace

TEST_CASE("ignore rules: the same files as git in a repository full of odd patterns") {
  const GitFixture fixture;
  const auto& work = fixture.work;
  for (const char* path : {"keep.c",
                           "a.o",
                           "important.o",
                           "build/out.bin",
                           "build/tracked.txt",
                           "src/build/x.c",
                           "logs/debug.log",
                           "logs/keep.log",
                           "deep/a/b/c/foo/bar.txt",
                           "deep/foo/bar.txt",
                           "doc/frotz/x",
                           "a/doc/frotz/x",
                           "space name.txt",
                           "trailing ",
                           "#hash",
                           "!bang",
                           "[bracket].txt",
                           "new\nline.txt",
                           "tab\tname",
                           "caf\xC3\xA9.txt",
                           "x.TMP",
                           "x.tmp",
                           "nested/one.dat",
                           "nested/two.dat",
                           "nested/inner/three.dat",
                           "nested/inner/keep.dat",
                           "vendor/lib/a.js",
                           "vendor/lib/keep/b.js",
                           "foo1",
                           "foo2",
                           "foobar",
                           "abc/x/y/z",
                           "abc/z",
                           "q?mark",
                           "back\\slash",
                           "private.local",
                           "global.swp",
                           "excluded-by-info",
                           "only-dir",
                           "dir/only-dir/file",
                           "crlf.txt",
                           "trail",
                           "re/in/cluded.txt",
                           "re/in/x.txt",
                           "-dash",
                           "quote\"d",
                           "deep/**/literal"}) {
    work.write(path, "content");
  }
  work.write(".gitignore",
             "\xEF\xBB\xBF*.o\n!important.o\n/build/\ndebug.log\nlogs/*\n!logs/keep.log\nfoo/**/*.txt\n**/foo/bar.txt\n"
             "doc/frotz/\ntrailing\\ \n\\#hash\n\\!bang\n# comment\n[[]bracket].txt\nnew*line.txt\n*.tmp\nvendor/**\n"
             "!vendor/lib/\n!vendor/lib/keep/b.js\nfoo[0-9]\nabc/**/z\nq\\?mark\nback\\\\slash\nonly-dir/\ncrlf.txt\r\n"
             "trail   \nre/*\n!re/in/\nre/in/*\n!re/in/cluded.txt\n\n!\n/\n*.[oa\n");
  work.write("nested/.gitignore", "*.dat\n!two.dat\n/inner/k*\n");
  work.write("nested/inner/.gitignore", "!three.dat\n");
  work.write(".git/info/exclude", "excluded-by-info\n*.local\n");
  fixture.home.write("excludes", "*.swp\n!private.local\n");
  fixture.git("config core.excludesFile '~/excludes'");
  fixture.git("add -f build/tracked.txt keep.c && git commit -qm first");

  const auto files = listed(work.path());

  REQUIRE(files == fixture.git_files());
  REQUIRE(std::ranges::count(files, "build/tracked.txt") == 1);
  REQUIRE(std::ranges::count(files, "build/out.bin") == 0);
}

TEST_CASE("ignore rules: the same files as git under random patterns") {
  for (unsigned seed = 1; seed <= 24; ++seed) {
    Random random(seed);
    const GitFixture fixture;
    write_random_tree(random, fixture);
    if (random.below(3) == 0) fixture.git("config core.ignorecase true");
    if (random.below(2) == 0) fixture.git("add -f a/b/c b/a.c");

    const auto files = listed(fixture.work.path());

    INFO("seed " << seed << "\n" << run_shell(fixture.work.path(), "head -50 $(find . -name .gitignore)"));
    REQUIRE(files == fixture.git_files());
  }
}

TEST_CASE("ignore rules: the classes of characters hold what git's hold") {
  const bool ignores_case = GENERATE(false, true);
  const GitFixture fixture;
  if (ignores_case) fixture.git("config core.ignorecase true");
  for (const std::string name : {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                                 "space", "upper", "xdigit", "vowel"}) {
    fixture.work.write(name + "/.gitignore", "x[[:" + name + ":]]\n");
    for (char character = 1; character < 127; ++character) {
      if (character != '/') fixture.work.write(name + "/x" + character, "content");
    }
  }

  const auto files = listed(fixture.work.path());

  CHECK(files.size() > 300);
  REQUIRE(files == fixture.git_files());
}

TEST_CASE("ignore rules: the user's default exclude file counts") {
  const GitFixture fixture;
  fixture.home.write("xdg/git/ignore", "*.swp\n");
  fixture.work.write("a.swp", "x");
  fixture.work.write("a.c", "x");

  const auto files = listed(fixture.work.path());

  REQUIRE(fixture.git_files() == std::vector<std::string>{"a.c"});
  REQUIRE(files == std::vector<std::string>{"a.c"});
}

TEST_CASE("ignore rules: rules of the folders above count in a subfolder of a repository") {
  const GitFixture fixture;
  fixture.work.write(".gitignore", "/sub/gen/\n*.o\n");
  fixture.work.write("sub/.gitignore", "*.tmp\n");
  for (const char* path : {"top.c", "sub/a.c", "sub/a.o", "sub/a.tmp", "sub/gen/x.c", "sub/in/b.c", "sub/in/b.tmp"}) {
    fixture.work.write(path, "x");
  }

  const auto files = listed(fixture.work.path() / "sub");

  REQUIRE(files == fixture.git_files("sub"));
  REQUIRE(files == std::vector<std::string>{".gitignore", "a.c", "in/b.c"});
}

TEST_CASE("ignore rules: in an ignored subfolder only tracked files are listed") {
  const GitFixture fixture;
  fixture.work.write(".gitignore", "out/\n");
  fixture.work.write("out/deep/tracked.c", "x");
  fixture.work.write("out/deep/other.c", "x");
  fixture.git("add -f out/deep/tracked.c");

  const auto files = listed(fixture.work.path() / "out" / "deep");

  REQUIRE(files == fixture.git_files("out/deep"));
  REQUIRE(files == std::vector<std::string>{"tracked.c"});
}

TEST_CASE("ignore rules: the detail names the rule") {
  const TemporaryDirectory folder;
  folder.write(".gitignore", "# objects\n*.o\nbuild/\n");
  folder.write("a.o", "x");
  folder.write("build/b.c", "x");

  const auto listing = list_source_files(folder.path(), kMaxBytes);

  REQUIRE(listing.has_value());
  REQUIRE(listing->skipped.size() == 2);
  REQUIRE(listing->skipped[0] ==
          SkippedFile{"a.o", SkipReason::ignored, "*.o (.gitignore, line 2)", IgnoringRule{"*.o", ".gitignore", 2}});
  REQUIRE(listing->skipped[1] == SkippedFile{"build/", SkipReason::ignored, "build/ (.gitignore, line 3)",
                                             IgnoringRule{"build/", ".gitignore", 3}});
}
