#include "make_target.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <vector>

namespace codehelper {

namespace {

// Without its comment, which begins at a # that no backslash takes away.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] != '\\') return line.substr(0, at);
  }
  return line;
}

// Without $(…) and ${…}: a colon or an equals sign in them says nothing about the line.
std::string without_references(std::string_view line) {
  std::string plain;
  int depth = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool opens = line[i] == '(' || line[i] == '{';
    if (opens && (depth > 0 || (i > 0 && line[i - 1] == '$'))) ++depth;
    if (depth == 0) plain += line[i];
    if (depth > 0 && (line[i] == ')' || line[i] == '}')) --depth;
  }
  return plain;
}

// Lines that are no recipe's, those that go on after a backslash as one.
std::vector<std::string> read_makefile_lines(std::string_view makefile) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(makefile)};
  bool goes_on = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const bool joins = goes_on;
    goes_on = line.ends_with('\\');
    if (goes_on) line.back() = ' ';
    if (joins) {
      lines.back() += line;
    } else {
      lines.push_back(std::move(line));
    }
  }
  std::erase_if(lines, [](const std::string& line) { return line.starts_with('\t'); });
  for (std::string& line : lines) line = without_references(without_comment(line));
  return lines;
}

std::vector<std::string> split_words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(std::move(word));
  return words;
}

struct Rule {
  std::vector<std::string> targets;
  std::vector<std::string> prerequisites;
};

// Nothing for assignments ("test := x", "A = test: b"), also those for one target only ("test: A = b").
std::optional<Rule> parse_rule(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.substr(0, colon).contains('=')) return std::nullopt;
  const std::size_t after = std::min(line.find_first_not_of(':', colon), line.size());
  const std::string_view rest = line.substr(after, line.find(';', after) - after);
  if (rest.contains('=')) return std::nullopt;
  std::string_view targets = line.substr(0, colon);
  if (targets.ends_with('&')) targets.remove_suffix(1);  // all made by one run of the recipe
  return Rule{split_words(targets), split_words(rest)};
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

std::optional<std::string> find_test_target(std::string_view makefile) {
  std::vector<std::string> targets;
  std::vector<std::string> phony;
  bool includes_files = false;
  bool defines_variable = false;  // "define" to "endef": text, whatever it looks like
  for (const std::string& line : read_makefile_lines(makefile)) {
    const std::vector<std::string> words = split_words(line);
    if (words.empty()) continue;
    if (words.front() == "endef") defines_variable = false;
    if (words.front() == "define" || (words.size() > 1 && words[1] == "define")) defines_variable = true;
    if (defines_variable) continue;
    if (words.front() == "include" || words.front() == "-include" || words.front() == "sinclude") {
      includes_files = true;
      continue;
    }
    const auto rule = parse_rule(line);
    if (!rule) continue;
    const bool is_phony = has(rule->targets, ".PHONY");
    std::ranges::copy(is_phony ? rule->prerequisites : rule->targets, std::back_inserter(is_phony ? phony : targets));
  }
  for (const std::string_view name : {"test", "check"}) {
    if (has(targets, name) || (includes_files && has(phony, name))) return std::string(name);
  }
  return std::nullopt;
}

}  // namespace codehelper
