// Our patches against the real git apply: on generated trees and diffs, whole and damaged, whatever we say applies git
// takes too, with the same result.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "codehelper/execute/patch.hpp"
#include "execute/patch_samples.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;
using codehelper::test::source_of;
using codehelper::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

using Tree = codehelper::test::Files;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

class Generator {
 public:
  explicit Generator(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine_); }
  bool one_in(std::size_t chances) { return below(chances) == 0; }

  std::string line() {
    // Few different ones, so that places are ambiguous.
    static const std::vector<std::string> kLines = {"a",      "b",    "c",    "}",  "",  "  x = 1",
                                                    "x = 1 ", "-- a", "++ b", "\t", "é", "return"};
    return kLines[below(kLines.size())] + (one_in(3) ? std::to_string(below(20)) : "");
  }
  PatchInput file() {
    PatchInput made{.content = {}, .is_executable = one_in(6)};
    const std::string end = one_in(6) ? "\r\n" : "\n";
    for (std::size_t i = below(25); i > 0; --i) made.content += line() + end;
    if (one_in(5) && made.content.ends_with('\n')) made.content.pop_back();
    return made;
  }
  Tree tree() {
    static const std::vector<std::string> kPaths = {
        "a.txt", "src/b.c", "src/deep/with blank.h", "b/odd", "q\"uote", "umlaut-ä.txt", "tab\there", "a/a"};
    Tree tree;
    for (const std::string& path : kPaths) {
      if (one_in(2)) tree[path] = file();
    }
    return tree;
  }
  std::string edited(const std::string& text) {
    std::istringstream lines(text);
    std::string result;
    for (std::string each; std::getline(lines, each);) {
      if (one_in(8)) continue;
      if (one_in(8)) result += line() + "\n";
      result += each;
      if (!lines.eof() || one_in(3)) result += '\n';
    }
    return one_in(4) ? result + line() : result;
  }
  Tree edited(Tree tree) {
    Tree result;
    for (auto& [path, file] : tree) {
      if (one_in(8)) continue;
      if (one_in(8)) file.is_executable = !file.is_executable;
      if (!one_in(4)) file.content = edited(file.content);
      result[one_in(8) ? path + ".moved" : path] = file;
    }
    if (one_in(2)) result["new/file"] = file();
    return result;
  }

  std::string damaged(std::string diff) {
    std::vector<std::string> lines;
    std::istringstream stream(diff);
    for (std::string each; std::getline(stream, each);) lines.push_back(each + "\n");
    for (std::size_t times = 1 + below(3); times > 0 && !lines.empty(); --times) damage(lines);
    std::string text;
    for (const std::string& each : lines) text += each;
    return text;
  }

 private:
  void damage(std::vector<std::string>& lines) {
    const std::size_t at = below(lines.size());
    const auto position = lines.begin() + static_cast<std::ptrdiff_t>(at);
    std::string& chosen = lines[at];
    switch (below(8)) {
      case 0:
        lines.erase(position);
        break;
      case 1:
        lines.insert(position, std::string(1, " +-\\@"[below(5)]) + line() + "\n");
        break;
      case 2:
        std::swap(chosen, lines[below(lines.size())]);
        break;
      case 3:
        chosen.insert(below(chosen.size()), std::string(1, " 019,+-\"\\\t\r"[below(11)]));
        break;
      case 4:
        chosen.erase(below(chosen.size()), 1);
        break;
      case 5:
        lines.insert(position, "\\ No newline at end of file\n");
        break;
      default:
        shift_numbers(lines);
    }
  }
  void shift_numbers(std::vector<std::string>& lines) {
    for (std::string& each : lines) {
      if (!each.starts_with("@@ -") || one_in(2)) continue;
      const std::size_t digit = each.find_first_of("0123456789", below(each.size()));
      if (digit != std::string::npos) each[digit] = static_cast<char>('0' + below(10));
    }
  }

  std::mt19937 engine_;
};

class Repository {
 public:
  Repository() {
    fs::create_directories(root());
    git("init -q . && git config user.email a@b.c && git config user.name n && git config core.autocrlf false");
  }

  fs::path root() const { return directory_.path() / "tree"; }

  bool git(const std::string& command) const {
    const std::string line = "cd '" + root().string() +
                             "' && export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null && git " + command +
                             " > ../output 2> ../errors";
    return std::system(line.c_str()) == 0;
  }
  std::string output() const { return read_file(directory_.path() / "output"); }

  void put(const Tree& tree) const {
    for (const auto& entry : fs::directory_iterator(root())) {
      if (entry.path().filename() != ".git") fs::remove_all(entry.path());
    }
    for (const auto& [path, file] : tree) {
      write_file(root() / path, file.content);
      ::chmod((root() / path).c_str(), file.is_executable ? 0755 : 0644);
    }
  }
  Tree tree() const {
    Tree tree;
    for (auto entry = fs::recursive_directory_iterator(root()); entry != fs::recursive_directory_iterator(); ++entry) {
      if (entry->path().filename() == ".git") entry.disable_recursion_pending();
      if (!entry->is_regular_file()) continue;
      const bool is_executable = (entry->status().permissions() & fs::perms::owner_exec) != fs::perms::none;
      tree[fs::relative(entry->path(), root()).string()] = {read_file(entry->path()), is_executable};
    }
    return tree;
  }
  std::string make_diff(const Tree& before, const Tree& after, const std::string& options) const {
    put(before);
    git("add -A . && git commit -q --allow-empty -m before");
    put(after);
    git("add -A . && git diff --cached " + options + " HEAD");
    std::string diff = output();
    git("reset -q");
    return diff;
  }
  // Nothing when git refuses.
  std::optional<Tree> apply(const Tree& before, const std::string& diff) const {
    put(before);
    write_file(directory_.path() / "diff", diff);
    if (!git("apply --check ../diff") || !git("apply ../diff")) return std::nullopt;
    return tree();
  }

 private:
  TemporaryDirectory directory_;
};

Tree with(Tree tree, const PatchOutcome& outcome) {
  for (const PatchedFile& file : outcome.files) {
    tree.erase(file.path);
    if (file.content) tree[file.path] = {*file.content, file.is_executable};
  }
  return tree;
}

std::string to_text(const Tree& tree) {
  std::string text;
  for (const auto& [path, file] : tree) {
    text += "== " + path + (file.is_executable ? " (executable)\n" : "\n") + file.content + "\n";
  }
  return text;
}

struct Agreement {
  int applied = 0;
  int refused_by_both = 0;
  int refused_by_us = 0;
};

// Ours gives what git gives, or refuses.
void compare(const Repository& repository, const Tree& before, const std::string& diff, Agreement& agreement) {
  const auto patch = parse_patch(diff);
  const auto outcome = patch ? apply_patch(*patch, source_of(before)) : std::unexpected(patch.error());
  const auto theirs = repository.apply(before, diff);
  CAPTURE(diff, read_file(repository.root().parent_path() / "errors"));
  if (!outcome) {
    ++(theirs ? agreement.refused_by_us : agreement.refused_by_both);
    return;
  }
  ++agreement.applied;
  const Tree ours = with(before, *outcome);
  REQUIRE(theirs.has_value());
  CHECK(to_text(*theirs) == to_text(ours));
  const auto canonical = repository.apply(before, outcome->text);
  CAPTURE(outcome->text);
  REQUIRE(canonical.has_value());
  CHECK(to_text(*canonical) == to_text(ours));
}

}  // namespace

TEST_CASE("patch: gives what git apply gives, on generated trees and diffs, whole and damaged") {
  Generator random(GENERATE(1U, 2U, 3U));
  const Repository repository;
  Agreement whole;
  Agreement damaged;

  for (int round = 0; round < 15; ++round) {
    const Tree before = random.tree();
    const Tree after = random.edited(before);
    static const std::vector<std::string> kOptions = {"", "-U0", "-U1", "-M", "-C -U2", "-M -U5"};
    const std::string diff = repository.make_diff(before, after, kOptions[random.below(kOptions.size())]);
    if (diff.empty()) continue;
    compare(repository, before, diff, whole);
    for (int i = 0; i < 5; ++i) compare(repository, before, random.damaged(diff), damaged);
  }

  CHECK(whole.refused_by_us == 0);
  CHECK(whole.applied > 0);
  CHECK(damaged.applied > 0);
  CHECK(damaged.refused_by_both > 0);
}

TEST_CASE("patch: what is mended, git apply takes, and the result is the same") {
  Generator random(GENERATE(11U, 12U));
  const Repository repository;
  int mended = 0;

  for (int round = 0; round < 12; ++round) {
    const Tree before = random.tree();
    const Tree after = random.edited(before);
    const std::string diff = repository.make_diff(before, after, "");
    for (int i = 0; i < 5 && !diff.empty(); ++i) {
      const std::string text = random.damaged(diff);
      const auto outcome = mend_patch(text, source_of(before));
      if (!outcome) continue;
      const auto theirs = repository.apply(before, outcome->text);
      CAPTURE(text, outcome->text);
      REQUIRE(theirs.has_value());
      CHECK(to_text(*theirs) == to_text(with(before, *outcome)));
      ++mended;
    }
  }

  CHECK(mended > 0);
}
