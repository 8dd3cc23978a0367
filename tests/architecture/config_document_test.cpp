#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include "codehelper/base/config.hpp"

using namespace codehelper;

namespace {

std::string read_document() {
  std::ifstream stream(std::string(CODEHELPER_SOURCE_DIR) + "/deploy/CONFIG.md");
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string modes_of(const Setting& setting) {
  constexpr std::pair<Mode, std::string_view> kNames[] = {{Mode::serve_api, "serve-api"},
                                                          {Mode::serve_runner, "serve-runner"},
                                                          {Mode::ingest, "ingest"},
                                                          {Mode::dev, "dev"},
                                                          {Mode::chat, "chat"},
                                                          {Mode::run_tests, "run-tests"},
                                                          {Mode::search, "search"},
                                                          {Mode::doctor, "doctor"},
                                                          {Mode::project, "project"},
                                                          {Mode::why, "why"},
                                                          {Mode::mcp, "mcp"}};
  std::string text;
  for (const auto& [mode, name] : kNames) {
    if (setting.applies_to(mode)) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
  }
  return text;
}

// The row of a setting in the document's table.
std::string row_of(const Setting& setting) {
  const std::string alias = setting.alias.empty() ? "" : fmt::format(" (`{}`)", setting.alias);
  const std::string flag = setting.flag.empty() ? "–" : fmt::format("`--{}`", setting.flag);
  return fmt::format("| `{}`{} | {} | {} | {} | {} |\n", setting.name, alias, flag, modes_of(setting),
                     setting.default_text, setting.meaning);
}

}  // namespace

TEST_CASE("CONFIG.md: has exactly one row for each setting, as the program has it") {
  const std::string document = read_document();

  std::string expected;
  for (const Setting& setting : settings()) expected += row_of(setting);
  const std::string head = "| variable (alias) | flag | modes | default | meaning |\n|---|---|---|---|---|\n";

  CHECK_THAT(document, Catch::Contains(head + expected));
}
