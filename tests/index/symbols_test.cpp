#include <algorithm>
#include <catch2/catch.hpp>

#include "codehelper/index/chunker.hpp"
#include "index/chunk_samples.hpp"

using namespace codehelper;
using namespace codehelper::test;

namespace {

const SymbolDefinition* find_definition(const FileSymbols& symbols, std::string_view symbol) {
  const auto found = std::ranges::find(symbols.definitions, symbol, &SymbolDefinition::symbol);
  return found == symbols.definitions.end() ? nullptr : &*found;
}

std::vector<int> lines_of(const FileSymbols& symbols, std::string_view name) {
  const auto found = std::ranges::find(symbols.references, name, &SymbolReferences::name);
  return found == symbols.references.end() ? std::vector<int>{} : found->lines;
}

std::vector<std::string> lines_in(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("symbols: every language's definitions are on the line of their name") {
  for (const auto& sample : chunk_samples()) {
    const auto symbols = outline_file(sample.path, sample.text).symbols;
    const auto lines = lines_in(sample.text);
    INFO(sample.path);
    for (const auto name : sample.definitions) {
      INFO(name);
      const auto found = std::ranges::find(symbols.definitions, name, &SymbolDefinition::name);
      REQUIRE(found != symbols.definitions.end());
      CHECK(lines.at(static_cast<std::size_t>(found->line) - 1).contains(name));
      CHECK(found->end_line >= found->line);
      CHECK_FALSE(found->kind.empty());
      CHECK(is_named(found->symbol, name));
    }
  }
}

TEST_CASE("symbols: each is of a kind") {
  const auto kinds_in = [](std::string_view path, std::string_view text) {
    std::vector<std::string> kinds;
    for (const auto& definition : outline_file(path, text).symbols.definitions) {
      kinds.push_back(definition.symbol + " " + definition.kind);
    }
    return kinds;
  };
  using Kinds = std::vector<std::string>;
  CHECK(kinds_in("a.c", "#define M 1\nstruct s { int a; };\nint f(void);\nint f(void) { return 1; }\nint v;\n") ==
        Kinds{"M macro", "s struct", "f declaration", "f function", "v variable"});
  CHECK(kinds_in("a.go", "package a\ntype S struct{}\ntype I interface{ M() }\nfunc (s S) R() {}\nconst C = 1\n") ==
        Kinds{"S struct", "I interface", "I.M method", "S.R method", "C constant"});
  CHECK(kinds_in("a.kt", "class A {\n  fun m() {}\n}\ninterface I\nenum class E { X }\nobject O\n") ==
        Kinds{"A class", "A.m method", "I interface", "E enum", "O object"});
  CHECK(kinds_in("a.swift",
                 "struct S {\n  init() {}\n}\nprotocol P {}\nenum E { case a }\nextension S {\n  func m() {}\n}\n") ==
        Kinds{"S struct", "S.init constructor", "P protocol", "E enum", "S.m method"});
  CHECK(kinds_in("a.py", "class A:\n    def m(self):\n        def inner():\n            pass\nX = 1\n") ==
        Kinds{"A class", "A.m method", "A.m.inner function", "X variable"});
  CHECK(kinds_in("a.rs", "mod m {\n  pub trait T { fn f(&self); }\n  impl T for u8 { fn f(&self) {} }\n}\n") ==
        Kinds{"m module", "m::T trait", "m::T::f method", "m::u8::f method"});
  CHECK(kinds_in("A.java", "class A {\n  static final int C = 1;\n  A() {}\n  @Override\n  void m() {}\n}\n") ==
        Kinds{"A class", "A.C variable", "A.A constructor", "A.m method"});
}

TEST_CASE("symbols: a name in a comment or a string is no reference, and neither is its definition") {
  const auto symbols = outline_file("a.py",
                                    "# load is documented here: load()\n"
                                    "def load(path):\n"
                                    "    return open(path)\n"
                                    "\n"
                                    "def run():\n"
                                    "    print('load')\n"
                                    "    load('x'); load('y')\n"
                                    "    other.load()\n")
                           .symbols;

  CHECK(lines_of(symbols, "load") == std::vector<int>{7, 8});
  CHECK(lines_of(symbols, "path") == std::vector<int>{2, 3});
  CHECK(lines_of(symbols, "run").empty());
  const auto* run = find_definition(symbols, "run");
  REQUIRE(run != nullptr);
  CHECK(run->line == 5);
  CHECK(run->end_line == 8);
}

TEST_CASE("symbols: an annotated definition is on the line of its name") {
  const auto symbols =
      outline_file("A.java", "class A {\n  @Test(run)\n  @Slow\n  public void\n  walk() {\n  }\n}\n").symbols;

  const auto* walk = find_definition(symbols, "A.walk");
  REQUIRE(walk != nullptr);
  CHECK(walk->line == 5);
  CHECK(walk->end_line == 6);
}

TEST_CASE("symbols: text without a grammar has none") {
  CHECK(outline_file("a.txt", "load load\n").symbols == FileSymbols{});
  CHECK(outline_file("a.py", "").symbols == FileSymbols{});
}

TEST_CASE("symbols: a name speaks of symbols that end with its parts") {
  CHECK(is_named("app::Widget::run", "run"));
  CHECK(is_named("app::Widget::run", "Widget.run"));
  CHECK(is_named("Widget#run", "Widget::run"));
  CHECK(is_named("Widget.run", "Widget.run"));
  CHECK_FALSE(is_named("Widget.rerun", "run"));
  CHECK_FALSE(is_named("MyWidget.run", "Widget.run"));
  CHECK_FALSE(is_named("run", "Widget.run"));
  CHECK_FALSE(is_named("Widget.Run", "run"));
  CHECK_FALSE(is_named("Widget", ""));
}
