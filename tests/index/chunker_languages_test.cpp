// What holds in every language that has a grammar, shown on one small and one very long function in a scope.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "codehelper/index/chunker.hpp"
#include "index/chunk_samples.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

struct LongFunction {
  std::string_view path;
  std::string_view before;     // opens the scope, if the language has one
  std::string_view comment;    // one line, with its line feed
  std::string_view open;       // one line: the head of the function
  std::string_view statement;  // four lines, of which no middle one may begin a chunk
  std::string_view after;
  std::string_view symbol;
};

const std::vector<LongFunction>& long_functions() {
  static const std::vector<LongFunction> functions{
      {"a.sh", "", "# Runs.\n", "run() {\n", "  if a; then\n    b\n    c\n  fi\n", "}\n", "run"},
      {"a.c", "", "/* Runs. */\n", "void run(void) {\n", "  if (a) {\n    b();\n    c();\n  }\n", "}\n", "run"},
      {"a.cpp", "namespace n {\nclass W {\n", "  // Runs.\n", "  void run() {\n",
       "    if (a) {\n      b();\n      c();\n    }\n", "  }\n};\n}\n", "W::run"},
      {"a.cs", "namespace N {\nclass W {\n", "  // Runs.\n", "  void Run() {\n",
       "    if (a) {\n      b();\n      c();\n    }\n", "  }\n}\n}\n", "W.Run"},
      {"a.go", "package n\n\ntype W struct{}\n\n", "// Runs.\n", "func (w *W) Run() {\n",
       "\tif a {\n\t\tb()\n\t\tc()\n\t}\n", "}\n", "W.Run"},
      {"A.java", "class W {\n", "  // Runs.\n", "  void run() {\n", "    if (a) {\n      b();\n      c();\n    }\n",
       "  }\n}\n", "W.run"},
      {"a.js", "class W {\n", "  // Runs.\n", "  run() {\n", "    if (a) {\n      b();\n      c();\n    }\n",
       "  }\n}\n", "W.run"},
      {"a.kt", "class W {\n", "  // Runs.\n", "  fun run() {\n", "    if (a) {\n      b()\n      c()\n    }\n",
       "  }\n}\n", "W.run"},
      {"a.lua", "local W = {}\n\n", "-- Runs.\n", "function W:run()\n", "  if a then\n    b()\n    c()\n  end\n",
       "end\n", "W:run"},
      {"a.php", "<?php\nclass W {\n", "  // Runs.\n", "  function run() {\n",
       "    if ($a) {\n      b();\n      c();\n    }\n", "  }\n}\n", "W::run"},
      {"a.py", "class W:\n", "    # Runs.\n", "    def run(self):\n",
       "        if a:\n            b()\n            c()\n            d()\n", "", "W.run"},
      {"a.rb", "class W\n", "  # Runs.\n", "  def run\n", "    if a\n      b\n      c\n    end\n", "  end\nend\n",
       "W#run"},
      {"a.rs", "struct W;\nimpl W {\n", "    // Runs.\n", "    fn run(&self) {\n",
       "        if a {\n            b();\n            c();\n        }\n", "    }\n}\n", "W::run"},
      {"a.swift", "class W {\n", "  // Runs.\n", "  func run() {\n", "    if a {\n      b()\n      c()\n    }\n",
       "  }\n}\n", "W.run"},
      {"a.tsx", "class W {\n", "  // Runs.\n", "  run(): void {\n", "    if (a) {\n      b();\n      c();\n    }\n",
       "  }\n}\n", "W.run"},
      {"a.ts", "namespace N {\nclass W {\n", "  // Runs.\n", "  run(): void {\n",
       "    if (a) {\n      b();\n      c();\n    }\n", "  }\n}\n}\n", "N.W.run"},
      {"a.zig", "const W = struct {\n", "    /// Runs.\n", "    fn run() void {\n",
       "        if (a) {\n            b();\n            c();\n        }\n", "    }\n};\n", "W.run"},
  };
  return functions;
}

std::string write_function(const LongFunction& function, int statements) {
  std::string text(function.before);
  text += function.comment;
  text += function.open;
  for (int at = 0; at < statements; ++at) text += function.statement;
  text += function.after;
  return text;
}

}  // namespace

TEST_CASE("chunker: every language with a sample has a long function too") {
  std::set<std::string> with_samples;
  for (const auto& sample : chunk_samples()) with_samples.emplace(sample.language);
  std::set<std::string> with_functions;
  for (const auto& function : long_functions()) with_functions.insert(detect_language(function.path, ""));

  REQUIRE(with_samples == with_functions);
  REQUIRE(with_samples.size() >= 15);
}

TEST_CASE("chunker: in every language a comment stays with its function, which is named with its scope") {
  constexpr ChunkLimits kSmall{.target_lines = 5, .max_lines = 100, .max_bytes = 8 * 1024};
  for (const auto& function : long_functions()) {
    const auto chunks = chunk_file(function.path, write_function(function, 2), kSmall);

    INFO(function.path);
    const auto found = std::ranges::find(chunks, function.symbol, &Chunk::symbol);
    REQUIRE(found != chunks.end());
    CHECK(found->text.starts_with(std::string(function.comment) + std::string(function.open)));
    CHECK(found->definitions.size() == 1);
  }
}

TEST_CASE("chunker: in every language a long function is cut between statements, each piece named") {
  for (const auto& function : long_functions()) {
    const auto chunks = chunk_file(function.path, write_function(function, 60));

    INFO(function.path);
    REQUIRE(chunks.size() >= 4);
    const auto first_line = function.statement.substr(0, function.statement.find('\n') + 1);
    const auto last = std::ranges::find_if(chunks.rbegin(), chunks.rend(),
                                           [&](const Chunk& chunk) { return chunk.text.contains(first_line); });
    REQUIRE(last != chunks.rend());
    int pieces = 0;
    for (const auto& chunk : chunks) {
      if (!chunk.text.contains(first_line)) continue;
      CHECK(chunk.symbol == function.symbol);
      if (++pieces > 1) CHECK(chunk.text.starts_with(first_line));
    }
    CHECK(pieces >= 4);
  }
}
