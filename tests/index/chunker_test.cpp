#include "codehelper/index/chunker.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "index/chunk_samples.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

constexpr ChunkLimits kNothingJoined{.target_lines = 1, .max_lines = 100, .max_bytes = 8 * 1024};

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto size = end == std::string_view::npos ? text.size() : end + 1;
    lines.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

/// What must hold for the chunks of any file whatever.
void check_properties(const std::vector<Chunk>& chunks, std::string_view content, const ChunkLimits& limits) {
  const auto lines = split_lines(content);
  std::size_t next = 0;  // the first line that no chunk has covered yet
  for (const auto& chunk : chunks) {
    REQUIRE(chunk.start_line >= static_cast<int>(next) + 1);
    REQUIRE(chunk.end_line >= chunk.start_line);
    REQUIRE(chunk.end_line <= static_cast<int>(lines.size()));
    for (; static_cast<int>(next) + 1 < chunk.start_line; ++next) REQUIRE(is_blank(lines[next]));
    std::string text;
    for (; static_cast<int>(next) + 1 <= chunk.end_line; ++next) text += lines[next];
    REQUIRE(chunk.text == text);
    REQUIRE((chunk.start_line == chunk.end_line || text.size() <= limits.max_bytes));
    REQUIRE(chunk.end_line - chunk.start_line < limits.max_lines);
    REQUIRE_FALSE(is_blank(text));
  }
  for (; next < lines.size(); ++next) REQUIRE(is_blank(lines[next]));
}

std::vector<Chunk> chunk_and_check(std::string_view path, std::string_view content, const ChunkLimits& limits = {}) {
  auto chunks = chunk_file(path, content, limits);
  INFO(path);
  check_properties(chunks, content, limits);
  return chunks;
}

std::string repeat(std::string_view text, int count) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

std::vector<std::string> symbols_of(const std::vector<Chunk>& chunks) {
  std::vector<std::string> symbols;
  symbols.reserve(chunks.size());
  for (const auto& chunk : chunks) symbols.push_back(chunk.symbol);
  return symbols;
}

template <class Range>
bool holds(const Range& range, std::string_view wanted) {
  return std::ranges::find(range, wanted) != std::ranges::end(range);
}

}  // namespace

TEST_CASE("chunker: every language's declarations become symbols and definitions") {
  for (const auto& sample : chunk_samples()) {
    const auto chunks = chunk_and_check(sample.path, sample.text, kNothingJoined);

    std::vector<std::string> definitions;
    for (const auto& chunk : chunks) {
      REQUIRE(chunk.language == sample.language);
      definitions.insert(definitions.end(), chunk.definitions.begin(), chunk.definitions.end());
    }
    INFO(sample.path << " symbols " << Catch::Detail::stringify(symbols_of(chunks)) << " definitions "
                     << Catch::Detail::stringify(definitions));
    for (const auto symbol : sample.symbols) {
      INFO(symbol);
      CHECK(holds(symbols_of(chunks), symbol));
    }
    for (const auto name : sample.definitions) {
      INFO(name);
      CHECK(holds(definitions, name));
    }
    for (const auto name : sample.no_definitions) {
      INFO(name);
      CHECK_FALSE(holds(definitions, name));
    }
  }
}

TEST_CASE("chunker: lines are covered once whatever the limits and the damage") {
  for (const auto& sample : chunk_samples()) {
    const auto crlf = [&] {
      std::string text;
      for (const char character : sample.text)
        text += character == '\n' ? std::string("\r\n") : std::string(1, character);
      return text;
    }();
    for (const int target : {1, 3, 10, 50}) {
      const ChunkLimits limits{.target_lines = target, .max_lines = 2 * target, .max_bytes = 400};
      chunk_and_check(sample.path, sample.text, limits);
      chunk_and_check(sample.path, crlf, limits);
      chunk_and_check(sample.path, "\xEF\xBB\xBF" + std::string(sample.text), limits);
      for (std::size_t cut = 0; cut < sample.text.size(); cut += 23) {
        chunk_and_check(sample.path, sample.text.substr(0, cut), limits);
        chunk_and_check(sample.path, sample.text.substr(cut), limits);
      }
    }
  }
}

TEST_CASE("chunker: chunks of a CRLF file have the same symbols") {
  for (const auto& sample : chunk_samples()) {
    std::string crlf;
    for (const char character : sample.text)
      crlf += character == '\n' ? std::string("\r\n") : std::string(1, character);
    INFO(sample.path);
    CHECK(symbols_of(chunk_file(sample.path, crlf)) == symbols_of(chunk_file(sample.path, sample.text)));
  }
}

TEST_CASE("chunker: odd files") {
  CHECK(chunk_and_check("a.py", "").empty());
  CHECK(chunk_and_check("a.py", "\n\n  \n\t\r\n\f\n").empty());
  CHECK(chunk_and_check("a.txt", "one line, no end").at(0).text == "one line, no end");
  CHECK(chunk_and_check("a.js", std::string(1'000'000, 'x')).size() == 1);
  CHECK(chunk_and_check("a.cpp", "a\rb\rc\n").size() == 1);
  for (const char* path :
       {"a.c", "a.cpp", "a.py", "a.js", "a.ts", "a.go", "a.rs", "a.java", "a.rb", "a.sh", "a.md", "a.txt"}) {
    chunk_and_check(path, std::string("int a;\0\0\n\0def f():\n", 19));
    chunk_and_check(path, "\xFF\xFE\x80 caf\xE9\n\xC3\n");
    chunk_and_check(path, "class A {\n" + repeat("  void f() {\n", 300));
    chunk_and_check(path, repeat("}\n)\n", 300));
    chunk_and_check(path, repeat("x = \"" + std::string(3000, 'y') + "\"\n", 20));
    chunk_and_check(path, repeat("/* ", 2000));
  }
}

TEST_CASE("chunker: deep nesting is no danger") {
  for (const char* path : {"a.c", "a.cpp", "a.py", "a.js", "a.rs", "a.go"}) {
    chunk_and_check(path, "x = " + std::string(100'000, '(') + std::string(100'000, ')') + "\n");
    chunk_and_check(path, repeat("(\n", 20'000));
    chunk_and_check(path, repeat("{\n", 5'000) + repeat("}\n", 5'000));
  }
}

TEST_CASE("chunker: a declaration takes the comments and attributes above it") {
  const auto chunks = chunk_and_check(
      "a.rs", "use a;\n\n/// Adds.\n#[inline]\nfn add() {}\n\n// stray\n\nfn sub() {}\n", kNothingJoined);

  REQUIRE(chunks.size() == 4);
  REQUIRE(chunks[1].text == "/// Adds.\n#[inline]\nfn add() {}\n");
  REQUIRE(chunks[2].text == "// stray\n");
  REQUIRE(chunks[3].symbol == "sub");
}

TEST_CASE("chunker: a long class is cut at its members, its header named after it") {
  std::string text = "class Big:\n    '''Doc.'''\n    limit = 1\n    other = 2\n\n";
  for (int at = 0; at < 6; ++at) {
    text += "    def method" + std::to_string(at) + "(self):\n" + repeat("        self.call()\n", 14) + "\n";
  }

  const auto chunks = chunk_and_check("a.py", text);

  REQUIRE(symbols_of(chunks) ==
          std::vector<std::string>{"Big", "Big.method1", "Big.method2", "Big.method3", "Big.method4", "Big.method5"});
  REQUIRE(chunks[0].definitions == std::vector<std::string>{"Big", "method0"});
}

TEST_CASE("chunker: small neighbours share a chunk, members of different classes don't") {
  std::string text;
  for (const char* name : {"A", "B"}) {
    text += "class " + std::string(name) + " {\n";
    for (int at = 0; at < 20; ++at) text += "  m" + std::to_string(at) + "() {\n    return 1;\n  }\n";
    text += "}\n";
  }

  const auto chunks = chunk_and_check("a.js", text);

  for (const auto& chunk : chunks) {
    INFO(chunk.text);
    CHECK((chunk.symbol == "A" || chunk.symbol == "B"));
    CHECK(chunk.end_line - chunk.start_line + 1 <= 50);
    CHECK((chunk.end_line <= 62 || chunk.start_line > 62));
  }
  REQUIRE(chunks.size() == 4);
}

TEST_CASE("chunker: a long function is cut at statements") {
  std::string text = "void run() {\n";
  for (int at = 0; at < 30; ++at) text += "  if (a) {\n    b();\n    c();\n  }\n";
  text += "  for (;;) {\n" + repeat("    step();\n", 150) + "  }\n}\n";

  const auto chunks = chunk_and_check("a.c", text);

  REQUIRE(chunks.size() >= 5);
  for (const auto& chunk : chunks) CHECK(chunk.symbol == "run");
  for (std::size_t at = 1; at <= 2; ++at) CHECK(chunks[at].text.starts_with("  if (a) {\n"));
  REQUIRE(chunks[0].definitions == std::vector<std::string>{"run"});
  REQUIRE(chunks[1].definitions.empty());
}

TEST_CASE("chunker: what the grammar can't read doesn't hide the rest") {
  const auto chunks =
      chunk_and_check("a.py", "def good():\n    return 1\n\n%%% <<< broken ( \n\ndef also_good():\n    return 2\n");

  std::vector<std::string> definitions;
  for (const auto& chunk : chunks) {
    definitions.insert(definitions.end(), chunk.definitions.begin(), chunk.definitions.end());
  }
  REQUIRE(holds(definitions, "good"));
}

TEST_CASE("chunker: declarations wrapped in each other without end don't exhaust the stack") {
  const auto chunks = chunk_and_check("a.cpp", repeat("template<class T>\n", 50'000) + "void f();\n");

  REQUIRE_FALSE(chunks.empty());
}

TEST_CASE("chunker: Markdown is cut at headings") {
  const auto text = "---\ntitle: x\n---\n# Guide\n\nIntro.\n\n## Install\n\n### Debian\n\n" + repeat("apt\n", 12) +
                    "\n```sh\n# no heading\n" + repeat("x\n", 12) + "```\n\nUse\n---\n\n" + repeat("text\n", 12) +
                    "\n## C# ##\n\n" + repeat("text\n", 12) + "\n#hashtag\n";

  const auto chunks = chunk_and_check("a.md", text);

  REQUIRE(symbols_of(chunks) ==
          std::vector<std::string>{"Guide", "Guide > Install > Debian", "Guide > Use", "Guide > C#"});
  REQUIRE(chunks[1].text.starts_with("## Install\n"));
  REQUIRE(chunks[1].text.find("# no heading") != std::string::npos);
  REQUIRE(chunks[3].text.ends_with("#hashtag\n"));
}

TEST_CASE("chunker: Markdown's headings may be written in HTML") {
  const auto text = "<h1 align=\"center\"><a href=\"x\">Guide</a></h1>\n\n" + repeat("text\n", 12) +
                    "\n<h2 name=\"use\">\nUse it\n</h2>\n\n" + repeat("text\n", 12) + "\n<h2>\n\n" +
                    repeat("never closed\n", 12);

  const auto chunks = chunk_and_check("a.md", text);

  REQUIRE(symbols_of(chunks) == std::vector<std::string>{"Guide", "Guide > Use it"});
}

TEST_CASE("chunker: a declaration doesn't hide behind the licence and the imports") {
  const auto licence = repeat("// Permission is granted.\n", 12) + "\n#include <a>\n#include <b>\n\n";

  const auto chunks = chunk_and_check("a.cpp", licence + "// Finds it.\nint find(int key);\n");

  REQUIRE(symbols_of(chunks) == std::vector<std::string>{"", "find"});
  REQUIRE(chunks[1].text == "// Finds it.\nint find(int key);\n");
  REQUIRE(chunk_and_check("a.cpp", "// Short.\n#include <a>\n\nint find(int key);\n").size() == 1);
}

TEST_CASE("chunker: the head of a class stays with its long documentation") {
  const auto text = "class Widget(Base):\n    \"\"\"Shows.\n" + repeat("    More of it.\n", 150) +
                    "    \"\"\"\n\n    def show(self):\n" + repeat("        self.call()\n", 40);

  const auto chunks = chunk_and_check("a.py", text);

  REQUIRE(chunks.at(0).text.starts_with("class Widget(Base):\n    \"\"\"Shows.\n    More of it.\n"));
  REQUIRE(chunks[0].definitions == std::vector<std::string>{"Widget"});
}

TEST_CASE("chunker: no cut leaves a few lines over") {
  CHECK(chunk_and_check("a.txt", repeat("x\n", 55)).size() == 1);
  const auto chunks = chunk_and_check("a.txt", repeat("x\n", 105));
  REQUIRE(chunks.size() == 2);
  CHECK(chunks[1].start_line == 51);
}

TEST_CASE("chunker: reStructuredText is cut at headings") {
  const auto text = "=====\nGuide\n=====\n\n" + repeat("text\n", 12) + "\nInstall\n-------\n\n" + repeat("text\n", 12) +
                    "\nDebian\n~~~~~~\n\n" + repeat("text\n", 12) + "\nUse\n---\n\n" + repeat("text\n", 12);

  const auto chunks = chunk_and_check("a.rst", text);

  REQUIRE(symbols_of(chunks) ==
          std::vector<std::string>{"Guide", "Guide > Install", "Guide > Install > Debian", "Guide > Use"});
  REQUIRE(chunks[0].start_line == 1);
}

TEST_CASE("chunker: text without a grammar is cut at blank lines") {
  std::string text;
  for (int at = 0; at < 30; ++at) text += "section" + std::to_string(at) + ":\n  a: 1\n  b: 2\n\n";

  const auto chunks = chunk_and_check("a.yaml", text);

  REQUIRE(chunks.size() == 3);
  for (const auto& chunk : chunks) {
    CHECK(chunk.text.starts_with("section"));
    CHECK(chunk.text.ends_with("  b: 2\n"));
    CHECK(chunk.symbol.empty());
  }
}
