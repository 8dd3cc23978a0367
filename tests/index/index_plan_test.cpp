#include "codehelper/index/index_plan.hpp"

#include <catch2/catch.hpp>

#include "index/git_fixture.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr std::uint64_t kLimit = 1000;

struct PlanFixture : GitFixture {
  /// Nested rules of every kind, and files that they keep out, let in again, or don't speak of.
  PlanFixture() {
    work.write(".gitignore", "*.log\n/build/\n!keep.log\ndocs/**/draft.md\ntemp*\n\n# a comment\n\\#odd\n");
    work.write("src/.gitignore", "generated/\n!*.log\n*.tmp\n");
    work.write("src/deep/.gitignore", "/only_here\n!b.tmp\n*.log\n");
    work.write(".git/info/exclude", "private/\n");
    for (const char* path : {"a.log",
                             "keep.log",
                             "build/out.c",
                             "build/deep/x.c",
                             "src/build/in.c",
                             "src/a.log",
                             "src/generated/x.c",
                             "src/x.tmp",
                             "src/deep/only_here",
                             "src/deep/x/only_here",
                             "src/deep/b.tmp",
                             "src/deep/c.log",
                             "docs/draft.md",
                             "docs/a/b/draft.md",
                             "docs/a/final.md",
                             "private/notes.md",
                             "#odd",
                             "temporary/x.c",
                             "src/temp.c",
                             "tracked.log",
                             "name with blank.log",
                             "main.c"}) {
      work.write(path, std::string("text of ") + path + "\n");
    }
    git("add -f tracked.log main.c && git commit -qm one");
  }

  /// "file:line:pattern" as `git check-ignore -v` says it; empty when the path is not ignored.
  std::string rule_by_git(const std::string& path) const {
    const auto output = git("check-ignore -v -- '" + path + "' || true");
    const auto rule = output.substr(0, output.find('\t'));
    const auto pattern = rule.substr(std::min(rule.find(':', rule.find(':') + 1) + 1, rule.size()));
    return pattern.starts_with('!') ? "" : rule;
  }
};

std::string rule_of(const FileVerdict& verdict, const std::filesystem::path& root) {
  if (!verdict.skipped || !verdict.skipped->rule) return {};
  const auto& rule = *verdict.skipped->rule;
  auto file = rule.file;
  const auto outside = root.string() + "/";
  if (file.starts_with(outside)) file.erase(0, outside.size());
  return file + ":" + std::to_string(rule.line) + ":" + rule.pattern;
}

std::vector<std::string> all_files(const std::filesystem::path& root) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const auto path = entry.path().lexically_relative(root).string();
    if (entry.is_regular_file() && !path.starts_with(".git/")) paths.push_back(path);
  }
  return paths;
}

}  // namespace

TEST_CASE_METHOD(PlanFixture, "index plan: why a file is ignored agrees with git check-ignore for every path") {
  const auto paths = all_files(work.path());
  REQUIRE(paths.size() > 20);
  std::size_t ignored = 0;
  for (const auto& path : paths) {
    const auto verdict = why_file(work.path(), path, kLimit);

    INFO(path);
    REQUIRE(verdict);
    CHECK(rule_of(*verdict, work.path()) == rule_by_git(path));
    ignored += verdict->skipped ? 1 : 0;
  }
  CHECK(ignored == 14);
}

TEST_CASE_METHOD(PlanFixture, "index plan: lists what git lists, and names the rule of what is left out") {
  const auto plan = plan_index(work.path(), kLimit);

  REQUIRE(plan);
  std::vector<std::string> paths;
  std::uint64_t bytes = 0;
  for (const auto& file : plan->files) {
    paths.push_back(file.path);
    bytes += file.size_bytes;
  }
  CHECK(paths == git_files());
  CHECK(plan->bytes == bytes);
  for (const auto& skipped : plan->skipped) {
    INFO(skipped.path);
    REQUIRE(skipped.rule);
    CHECK(skipped.detail.starts_with(skipped.rule->pattern + " ("));
    const auto verdict = why_file(work.path(), skipped.path, kLimit);
    REQUIRE(verdict);
    CHECK(verdict->skipped == skipped);
  }
}

TEST_CASE_METHOD(GitFixture, "index plan: what a file's name, size or content forbids is left out with the reason") {
  work.write("good.c", "int x;\n");
  work.write("binary.c", std::string("a\0b", 3));
  work.write("big.c", std::string(kLimit + 1, 'x'));
  work.write(".env", "KEY=1\n");
  work.write("package-lock.json", "{}\n");

  const auto plan = plan_index(work.path(), kLimit);

  REQUIRE(plan);
  REQUIRE(plan->files.size() == 1);
  CHECK(plan->files[0].path == "good.c");
  std::vector<std::string> reasons;
  for (const auto& skipped : plan->skipped) {
    reasons.push_back(skipped.path + " " + std::string(to_string(skipped.reason)));
    const auto verdict = why_file(work.path(), skipped.path, kLimit);
    REQUIRE(verdict);
    CHECK(verdict->skipped == skipped);
  }
  CHECK(reasons ==
        std::vector<std::string>{".env secret", "big.c too_large", "binary.c binary", "package-lock.json generated"});
  const auto good = why_file(work.path(), work.path().string() + "/./good.c", kLimit);
  REQUIRE(good);
  CHECK(good->path == "good.c");
  CHECK_FALSE(good->skipped);
}

TEST_CASE_METHOD(GitFixture, "index plan: git's own data is in no plan, and why() says what it is") {
  const auto plan = plan_index(work.path(), kLimit);

  REQUIRE(plan);
  CHECK(plan->skipped.empty());
  for (const char* path : {".git/HEAD", ".git/config", ".git/"}) {
    const auto verdict = why_file(work.path(), path, kLimit);
    INFO(path);
    REQUIRE(verdict);
    CHECK(verdict->skipped == SkippedFile{".git/", SkipReason::generated, "version control data"});
  }
}

TEST_CASE_METHOD(GitFixture, "index plan: a path that is no file of the project is an error that says so") {
  work.write("a.c", "int x;\n");

  const auto missing = why_file(work.path(), "b.c", kLimit);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  for (const char* path : {"../a.c", "/etc/passwd", ""}) {
    const auto outside = why_file(work.path(), path, kLimit);
    INFO(path);
    REQUIRE_FALSE(outside);
    CHECK(outside.error().code == ErrorCode::invalid_input);
  }
}
