#include "codehelper/agents/tool_box.hpp"

#include <catch2/catch.hpp>

#include "codehelper/index/indexer.hpp"
#include "support/temporary_directory.hpp"

using namespace codehelper;

namespace {

struct ToolFixture {
  ToolFixture() {
    folder.write("repo/.gitignore", "build/\n");
    folder.write("repo/build/out.txt", "made\n");
    folder.write("repo/src/parser.py",
                 "def parse_headers(text):\n    return text.split()\n\n\ndef other():\n    pass\n");
    folder.write("repo/src/long.txt", long_text());
    folder.write("repo/.env", "A=b\n");
    store = open_embedded_store(loop, folder.path() / "data");
    symbols = open_embedded_symbols(loop, folder.path() / "data");
    embedder = make_hashing_embedder(loop);
    project = open_project((folder.path() / "repo").string()).value();
    REQUIRE(run_until_done(loop, index_project({}, project, *store, *embedder, loop, {})));
    retriever = std::make_unique<Retriever>(loop, *store, *embedder);
  }

  static std::string long_text() {
    std::string text;
    for (int i = 1; i <= 1000; ++i) text += "line " + std::to_string(i) + "\n";
    return text;
  }
  ToolBox make() { return ToolBox({loop, *retriever, *symbols}, project); }
  ToolResult call(const std::string& name, const std::string& arguments) {
    ToolBox tools = make();
    return run_until_done(loop, tools.call({}, {"1", name, arguments})).value();
  }

  test::TemporaryDirectory folder;
  EventLoop loop{2};
  std::unique_ptr<VectorStore> store;
  std::unique_ptr<SymbolIndex> symbols;
  std::unique_ptr<Embedder> embedder;
  std::unique_ptr<Retriever> retriever;
  Project project;
};

}  // namespace

TEST_CASE_METHOD(ToolFixture, "tools: read_lines gives numbered lines, and says what is not shown") {
  const ToolResult some = call("read_lines", R"({"path":"./src/parser.py","start_line":2,"end_line":2})");
  const ToolResult many = call("read_lines", R"({"path":"src/long.txt"})");
  const ToolResult beyond = call("read_lines", R"({"path":"src/long.txt","start_line":2000})");

  CHECK(some.text == "src/parser.py:2 (of 6 lines)\n2      return text.split()\n");
  CHECK(some.data.at("text") == "    return text.split()\n");
  CHECK_THAT(many.text, Catch::Contains("250  line 250\n(lines 251 to 1000 are not shown; read on from 251)"));
  CHECK_FALSE(beyond.ok);
  CHECK_THAT(beyond.text, Catch::Contains("1000 lines only"));
}

TEST_CASE_METHOD(ToolFixture,
                 "tools: a search that has no index to look in is told from one that is asked for wrongly") {
  project = open_project((folder.path() / "repo/src").string()).value();  // which has no index of its own

  const ToolResult search = call("search_code", R"({"query":"headers"})");
  const ToolResult symbol = call("find_symbol", R"({"name":"other"})");
  const ToolResult wrong = call("search_code", "{}");
  const ToolResult away = call("read_lines", R"({"path":"nowhere.py"})");

  CHECK(search.lacks_index);
  CHECK(symbol.lacks_index);
  CHECK_FALSE(wrong.ok);
  CHECK_FALSE(wrong.lacks_index);
  CHECK_FALSE(away.ok);
  CHECK_FALSE(away.lacks_index);
}

TEST_CASE_METHOD(ToolFixture, "tools: files that are kept out are not read, and the reason is said") {
  CHECK_THAT(call("read_lines", R"({"path":".env"})").text, Catch::Contains("secret"));
  CHECK_THAT(call("read_lines", R"({"path":"build/out.txt"})").text, Catch::Contains("ignored"));
  CHECK_THAT(call("read_lines", R"({"path":"/etc/passwd"})").text, Catch::Contains("not in the project"));
  CHECK_THAT(call("read_lines", R"({"path":"src/none.py"})").text, Catch::Contains("no file"));
  CHECK_THAT(call("grep", R"({"pattern":"made"})").text, Catch::Contains("No line matches"));
}

TEST_CASE_METHOD(ToolFixture, "tools: list_files shows folders with their sizes, and finds by glob") {
  CHECK(call("list_files", "{}").text == ".gitignore  (7 bytes)\nsrc/  (2 files)\n");
  CHECK_THAT(call("list_files", R"({"path":"src"})").text, Catch::Contains("src/parser.py  ("));
  CHECK_THAT(call("list_files", R"({"path":"*.py"})").text, Catch::StartsWith("src/parser.py"));
  CHECK_FALSE(call("list_files", R"({"path":"nowhere"})").ok);
  CHECK_FALSE(call("list_files", R"({"path":"../"})").ok);
}

TEST_CASE_METHOD(ToolFixture, "tools: find_symbol, search_code and grep name places with their lines") {
  CHECK_THAT(call("find_symbol", R"({"name":"parse_headers"})").text, Catch::StartsWith("src/parser.py:1-2  function"));
  CHECK_THAT(call("search_code", R"({"query":"parse headers"})").text, Catch::StartsWith("src/parser.py:1-"));
  CHECK_THAT(call("grep", R"({"pattern":"DEF \\w+","ignore_case":true,"path":"*.py"})").text,
             Catch::Contains("src/parser.py:1: def parse_headers(text):\nsrc/parser.py:5: def other():\n"));
  CHECK_THAT(call("grep", R"({"pattern":"line","limit":2})").text, Catch::Contains("the first 2 matches"));
  CHECK_THAT(call("grep", R"({"pattern":"("})").text, Catch::Contains("no regular expression"));
  CHECK_THAT(call("grep", R"({"pattern":"(l+i*)+n*$e"})").text, !Catch::Contains("bug"));
}

TEST_CASE_METHOD(ToolFixture, "tools: what is too much for a model is cut at a line, and the way to the rest is said") {
  std::string wide;
  for (int i = 1; i <= 90; ++i) wide += "needle " + std::string(400, 'x') + "\n";
  folder.write("repo/src/wide.txt", wide);

  const ToolResult some = call("grep", R"({"pattern":"^line","path":"src/long.txt","limit":20})");
  const ToolResult much = call("grep", R"({"pattern":"needle","limit":100})");

  CHECK_THAT(some.text, Catch::EndsWith("(the first 20 matches; there may be more)\n"));
  CHECK(much.text.size() < std::size_t{13} * 1024);
  const std::string end = much.text.substr(much.text.rfind('(', much.text.size()));
  CHECK_THAT(end, Catch::Contains("more bytes are not shown; give a path, or a narrower pattern)\n"));
  CHECK(much.data.at("matches").as_array().size() == 90);
}

TEST_CASE_METHOD(ToolFixture, "tools: a place is checked against the file of now, and against what was read") {
  ToolBox tools = make();
  const auto check = [&](int first, int last) {
    return run_until_done(loop, tools.check_place({}, "src/parser.py", first, last)).value();
  };
  CHECK(check(1, 2).exists);
  CHECK_FALSE(check(1, 2).was_read);
  run_until_done(loop, tools.call({}, {"1", "read_lines", R"({"path":"src/parser.py","start_line":1,"end_line":2})"}))
      .value();

  CHECK(check(1, 2).was_read);
  CHECK_FALSE(check(1, 3).was_read);
  CHECK_FALSE(check(1, 100).exists);
  folder.write("repo/src/parser.py", "def parse_headers(text):\n    return None\n");
  CHECK_FALSE(check(1, 2).was_read);
  CHECK(check(1, 1).was_read);
}

TEST_CASE_METHOD(ToolFixture, "tools: offers what it has, and refuses a name that is no tool") {
  ToolBox tools = make();
  std::vector<std::string> names;
  for (const ToolSpec& spec : tools.specs()) names.push_back(spec.name);

  CHECK(names == std::vector<std::string>{"search_code", "read_lines", "list_files", "find_symbol", "grep"});
  CHECK(run_until_done(loop, tools.call({}, {"1", "run_command", "{}"})).error().code == ErrorCode::not_found);
}
