// find_symbol over a real index: what the embedded store keeps, and what is derived over any store, say the same.
#include "codehelper/index/symbol_index.hpp"

#include <catch2/catch.hpp>

#include "codehelper/index/indexer.hpp"
#include "support/temporary_directory.hpp"

namespace codehelper {
namespace {

struct SymbolFixture {
  SymbolFixture() {
    source.write("widget.hpp",
                 "class Widget {\n public:\n  void run();\n};\nclass Timer {\n  void run() {\n    tick();\n  }\n};\n");
    source.write("widget.cpp", "#include \"widget.hpp\"\n\n// run is slow\nvoid Widget::run() {\n  start();\n}\n");
    source.write(
        "main.cpp",
        "int main() {\n  Widget widget;\n  widget.run();\n  log(\"run\");\n  widget.run(); widget.run();\n}\n");
    source.write("tool.py", "def Run():\n    return 1\n\nRun()\n");
  }

  void index() {
    const auto done = run_until_done(loop, index_project({}, project, *store, *embedder, loop, {}));
    REQUIRE(done);
  }
  Result<SymbolHits> find(SymbolIndex& symbols, std::string name, std::size_t limit = 50) {
    return run_until_done(loop, symbols.find_symbol({}, project, {std::move(name), limit}));
  }

  test::TemporaryDirectory source;
  test::TemporaryDirectory data;
  EventLoop loop;
  Project project{source.path().string(), source.path()};
  std::unique_ptr<VectorStore> store = open_embedded_store(loop, data.path());
  std::unique_ptr<Embedder> embedder = make_hashing_embedder(loop);
  std::unique_ptr<SymbolIndex> kept = open_embedded_symbols(loop, data.path());
  std::unique_ptr<SymbolIndex> derived = make_derived_symbols(loop, *store);
};

std::vector<std::string> places(const std::vector<FoundDefinition>& found) {
  std::vector<std::string> list;
  for (const auto& entry : found) {
    list.push_back(entry.path + ":" + std::to_string(entry.definition.line) + " " + entry.definition.symbol + " " +
                   entry.definition.kind);
  }
  return list;
}

std::vector<std::string> places(const std::vector<FoundReference>& found) {
  std::vector<std::string> list;
  for (const auto& entry : found) list.push_back(entry.path + ":" + std::to_string(entry.line) + entry.text);
  return list;
}

using Places = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(SymbolFixture, "symbol index: a name gives all that is called so, what has a body first") {
  index();
  for (auto* symbols : {kept.get(), derived.get()}) {
    const auto hits = find(*symbols, "run");

    REQUIRE(hits);
    CHECK(places(hits->definitions) == Places{"widget.cpp:4 Widget::run method", "widget.hpp:6 Timer::run method",
                                              "widget.hpp:3 Widget::run declaration"});
    CHECK(places(hits->references) == Places{"main.cpp:3  widget.run();", "main.cpp:5  widget.run(); widget.run();"});
    CHECK(hits->definition_count == 3);
    CHECK(hits->reference_count == 2);
    CHECK(hits->is_complete);
    CHECK(hits->definitions[0].signature == "void Widget::run() {");
    CHECK(hits->definitions[0].definition.end_line == 6);
  }
}

TEST_CASE_METHOD(SymbolFixture, "symbol index: a scope narrows, with any separator") {
  index();
  for (auto* symbols : {kept.get(), derived.get()}) {
    for (const char* name : {"Widget::run", "Widget.run", "Widget#run"}) {
      const auto hits = find(*symbols, name);

      REQUIRE(hits);
      CHECK(hits->definition_count == 2);
      CHECK(hits->definitions.at(0).path == "widget.cpp");
    }
    const auto none = find(*symbols, "Gadget::run");
    REQUIRE(none);
    CHECK(none->definitions.empty());
  }
}

TEST_CASE_METHOD(SymbolFixture, "symbol index: other letters count only when nothing is written so") {
  index();
  for (auto* symbols : {kept.get(), derived.get()}) {
    const auto written = find(*symbols, "Run");
    REQUIRE(written);
    CHECK(places(written->definitions) == Places{"tool.py:1 Run function"});
    CHECK(places(written->references) == Places{"tool.py:4Run()"});

    const auto folded = find(*symbols, "WIDGET");
    REQUIRE(folded);
    CHECK(places(folded->definitions) == Places{"widget.hpp:1 Widget class"});
    CHECK(folded->reference_count == 2);
  }
}

TEST_CASE_METHOD(SymbolFixture, "symbol index: a limit cuts the lists, not the counts") {
  index();
  for (auto* symbols : {kept.get(), derived.get()}) {
    const auto hits = find(*symbols, "run", 1);

    REQUIRE(hits);
    CHECK(hits->definitions.size() == 1);
    CHECK(hits->references.size() == 1);
    CHECK(hits->definition_count == 3);
    CHECK(hits->reference_count == 2);
  }
}

TEST_CASE_METHOD(SymbolFixture, "symbol index: a name that nothing declares still has its uses") {
  index();
  for (auto* symbols : {kept.get(), derived.get()}) {
    const auto hits = find(*symbols, "tick");

    REQUIRE(hits);
    CHECK(hits->definition_count == 0);
    CHECK(places(hits->references) == Places{"widget.hpp:7    tick();"});
  }
}

TEST_CASE_METHOD(SymbolFixture, "symbol index: what is gone from the files is gone from the symbols") {
  index();
  std::filesystem::remove(source.path() / "main.cpp");
  source.write("widget.cpp", "void Widget::stop() {}\n");
  index();

  const auto hits = find(*kept, "run");

  REQUIRE(hits);
  CHECK(hits->definition_count == 2);
  CHECK(hits->reference_count == 0);
}

TEST_CASE_METHOD(SymbolFixture, "symbol index: no index and no name are errors that say so") {
  const auto missing = find(*kept, "run");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);

  index();
  for (auto* symbols : {kept.get(), derived.get()}) {
    for (const char* name : {"", " ", "::", "."}) {
      const auto empty = find(*symbols, name);
      REQUIRE_FALSE(empty);
      CHECK(empty.error().code == ErrorCode::invalid_input);
    }
  }
}

}  // namespace codehelper
