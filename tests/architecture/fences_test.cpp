// The rules of the floors, read off the sources themselves.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path kRoot = CODEHELPER_SOURCE_DIR;

// Each floor and those it may include besides itself.
const std::map<std::string, std::set<std::string>> kBelow = {
    {"base", {}},
    {"net", {"base"}},
    {"index", {"base", "net"}},
    {"retrieve", {"base", "net", "index"}},
    {"execute", {"base", "net"}},
    {"jobs", {"base", "net", "index", "execute"}},
    {"agents", {"base", "net", "index", "retrieve", "execute"}},
    {"api", {"base", "net", "index", "retrieve", "execute", "jobs", "agents"}},
    {"modes", {"base", "net", "index", "retrieve", "execute", "jobs", "agents", "api"}},
};

struct Line {
  std::string where;  // "src/net/router.cpp:12"
  std::string floor;
  std::string text;
};

std::string floor_of(const fs::path& relative) {
  auto part = relative.begin();
  if (*part == "modes") return "modes";
  if (*part == "include") ++part;  // include/codehelper/<floor>
  return (++part)->string();
}

std::vector<Line> source_lines() {
  std::vector<Line> lines;
  for (const char* top : {"include", "src", "modes"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
      const fs::path relative = fs::relative(entry.path(), kRoot);
      const bool is_source = relative.extension() == ".cpp" || relative.extension() == ".hpp";
      if (!is_source || relative.string().find("node_modules") != std::string::npos) continue;
      std::ifstream stream(entry.path());
      int number = 0;
      for (std::string text; std::getline(stream, text);) {
        lines.push_back({relative.string() + ":" + std::to_string(++number), floor_of(relative), text});
      }
    }
  }
  return lines;
}

std::vector<std::string> find_lines(auto is_wrong) {
  std::vector<std::string> wrong;
  for (const Line& line : source_lines()) {
    if (is_wrong(line)) wrong.push_back(line.where + ": " + line.text);
  }
  return wrong;
}

const std::vector<std::string> kNone;

}  // namespace

TEST_CASE("architecture: the sources are found") {
  REQUIRE(source_lines().size() > 5000);
}

TEST_CASE("architecture: includes go down only") {
  const auto wrong = find_lines([](const Line& line) {
    constexpr std::string_view kInclude = "#include \"codehelper/";
    if (!line.text.starts_with(kInclude)) return false;
    const std::string included =
        line.text.substr(kInclude.size(), line.text.find('/', kInclude.size()) - kInclude.size());
    return included != line.floor && !kBelow.at(line.floor).contains(included);
  });

  CHECK(wrong == kNone);
}

TEST_CASE("architecture: Beast and SSL stay inside src/net") {
  const auto wrong = find_lines([](const Line& line) {
    const bool is_fenced = line.text.find("#include <boost/beast") != std::string::npos ||
                           line.text.find("#include <boost/asio/ssl") != std::string::npos;
    return is_fenced && !line.where.starts_with("src/net/");
  });

  CHECK(wrong == kNone);
}

TEST_CASE("architecture: the environment is read in base/config.cpp only") {
  const std::regex reads(R"(\b(secure_)?getenv\(|\benviron\b)");
  const auto wrong = find_lines([&](const Line& line) {
    const std::string code = line.text.substr(0, line.text.find("//"));
    return std::regex_search(code, reads) && !line.where.starts_with("src/base/config.cpp");
  });

  CHECK(wrong == kNone);
}

TEST_CASE("architecture: concrete adapters are named in modes/wiring*.cpp only") {
  const auto wrong = find_lines([](const Line& line) {
    if (line.floor != "modes" || line.where.starts_with("modes/wiring")) return false;
    constexpr std::string_view kAdapters[] = {
        "make_language_model",   "open_embedded_store",    "make_hashing_embedder", "make_local_runner",
        "make_remote_runner",    "make_local_ingest_jobs", "make_chroma_store",     "make_chroma_state",
        "make_embedding_server", "make_index_freshness",   "make_file_state",       "make_kubernetes_ingest_jobs",
        "make_web_search",       "open_conversation_store"};
    return std::ranges::any_of(kAdapters,
                               [&](std::string_view name) { return line.text.find(name) != std::string::npos; });
  });

  CHECK(wrong == kNone);
}

TEST_CASE("architecture: every header says what it is for and is included once") {
  std::vector<std::string> wrong;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "include")) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream stream(entry.path());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!text.starts_with("// ") || text.find("#pragma once") == std::string::npos)
      wrong.push_back(entry.path().string());
  }

  CHECK(wrong == kNone);
}

TEST_CASE("architecture: the top level holds what it should") {
  const std::set<std::string> known = {"CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json",
                                       "README.md",    "LICENSE",        "src",
                                       "include",      "modes",          "deploy",
                                       "tests",        "build"};
  std::vector<std::string> wrong;
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && !known.contains(name)) wrong.push_back(name);
  }

  CHECK(wrong == kNone);
}
