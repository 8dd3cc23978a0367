#include "path_class.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

#include "codehelper/base/text.hpp"

namespace codehelper {
namespace {

// shared/retrieval.md section 7: set on the five tuning repositories (without any prior MRR falls by 5 points).
constexpr double kTestPrior = 0.5;
constexpr double kDocumentationPrior = 0.6;
constexpr double kConfigurationPrior = 0.9;
constexpr double kDataPrior = 0.4;
constexpr double kChangelogPrior = 0.4;
constexpr double kGeneratedPrior = 0.5;

using Names = std::span<const std::string_view>;

constexpr std::array kTestFolders =
    std::to_array<std::string_view>({"test", "tests", "testing", "testdata", "spec", "specs", "__tests__", "e2e",
                                     "fixtures", "testcases", "unittests"});
constexpr std::array kDocumentFolders =
    std::to_array<std::string_view>({"doc", "docs", "documentation", "examples", "example", "samples"});
constexpr std::array kForeignFolders =
    std::to_array<std::string_view>({"vendor", "vendored", "third_party", "third-party", "thirdparty", "3rdparty",
                                     "deps", "node_modules", "dist", "generated", "external", "externals"});
constexpr std::array kDocumentExtensions =
    std::to_array<std::string_view>({"md", "rst", "txt", "adoc", "html", "tex", "markdown", "org"});
constexpr std::array kConfigurationExtensions =
    std::to_array<std::string_view>({"yml", "yaml", "toml", "ini", "cfg", "cmake", "gradle", "properties", "xml",
                                     "lock", "mod", "sum", "conf", "bazel"});
constexpr std::array kDataExtensions =
    std::to_array<std::string_view>({"json", "csv", "tsv", "svg", "po", "pot", "sql", "jsonl", "css", "scss"});
constexpr std::array kChangelogNames =
    std::to_array<std::string_view>({"changelog", "changes", "history", "news", "releases", "release_notes", "authors",
                                     "contributors", "license", "copying", "notice"});

bool contains(Names names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

bool has_folder(std::string_view path, Names names) {
  for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
    if (contains(names, path.substr(0, end))) return true;
    path.remove_prefix(end + 1);
  }
  return false;
}

/// "test_x.py", "x_test.go", "x.spec.ts", "XTest.java"; `name` as written, `lower` in lower case.
bool is_test_name(std::string_view name, std::string_view lower) {
  const std::string_view stem = name.substr(0, name.rfind('.'));
  const std::string_view lower_stem = lower.substr(0, lower.rfind('.'));
  return lower.starts_with("test_") || lower_stem.ends_with("_test") || lower_stem.ends_with("_tests") ||
         lower_stem.ends_with("-test") || lower_stem.ends_with("_spec") ||
         lower.find(".test.") != std::string_view::npos || lower.find(".spec.") != std::string_view::npos ||
         stem.ends_with("Test") || stem.ends_with("Tests") || stem.ends_with("TestCase") || lower_stem == "test" ||
         lower_stem == "tests" || lower_stem == "conftest";
}

bool is_generated_name(std::string_view lower) {
  return lower.ends_with(".min.js") || lower.ends_with(".min.css") || lower.find("_pb2") != std::string_view::npos ||
         lower.ends_with(".pb.go") || lower.ends_with(".pb.h") || lower.ends_with(".pb.cc") ||
         lower.find(".generated.") != std::string_view::npos;
}

}  // namespace

PathClass classify_path(std::string_view path) {
  const std::string lower_path = to_lower_ascii(path);
  const std::string_view lower = std::string_view(lower_path).substr(lower_path.rfind('/') + 1);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = lower.rfind('.');
  const std::string_view stem = lower.substr(0, dot);
  const std::string_view extension = dot == std::string_view::npos ? std::string_view() : lower.substr(dot + 1);
  if (has_folder(lower_path, kForeignFolders) || is_generated_name(lower)) return PathClass::generated;
  if (has_folder(lower_path, kTestFolders) || is_test_name(name, lower)) return PathClass::test;
  if (contains(kChangelogNames, stem)) return PathClass::changelog;
  if (contains(kDocumentExtensions, extension) && lower != "cmakelists.txt") return PathClass::documentation;
  if (has_folder(lower_path, kDocumentFolders)) return PathClass::documentation;
  if (contains(kDataExtensions, extension)) return PathClass::data;
  if (contains(kConfigurationExtensions, extension)) return PathClass::configuration;
  return PathClass::source;
}

Wishes read_wishes(std::string_view question) {
  const std::string text = to_lower_ascii(question);
  const auto says = [&](Names words) {
    return std::ranges::any_of(words, [&](std::string_view word) {
      const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
      for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) return true;
      }
      return false;
    });
  };
  static constexpr std::array kTests =
      std::to_array<std::string_view>({"test", "tests", "testing", "unittest", "unittests", "pytest"});
  static constexpr std::array kDocuments = std::to_array<std::string_view>(
      {"doc", "docs", "documentation", "readme", "tutorial", "guide", "manual", "example", "examples"});
  static constexpr std::array kChanges =
      std::to_array<std::string_view>({"changelog", "release notes", "license", "authors"});
  static constexpr std::array kConfiguration = std::to_array<std::string_view>(
      {"json", "yaml", "yml", "toml", "xml", "config file", "configuration file", "css", "sql", "svg"});
  return {says(kTests), says(kDocuments), says(kChanges), says(kConfiguration)};
}

double prior_of(PathClass path_class, const Wishes& wishes) {
  switch (path_class) {
    case PathClass::source:
      return 1;
    case PathClass::test:
      return wishes.tests ? 1 : kTestPrior;
    case PathClass::documentation:
      return wishes.documentation ? 1 : kDocumentationPrior;
    case PathClass::configuration:
      return wishes.configuration ? 1 : kConfigurationPrior;
    case PathClass::data:
      return wishes.configuration ? 1 : kDataPrior;
    case PathClass::changelog:
      return wishes.changes ? 1 : kChangelogPrior;
    case PathClass::generated:
      return kGeneratedPrior;
  }
  return 1;
}

}  // namespace codehelper
