#include "../../src/retrieve/subject.hpp"

#include <catch2/catch.hpp>

namespace codehelper {
namespace {

using Strings = std::vector<std::string>;

Chunk declaring(std::string symbol, std::string name, std::string text) {
  Chunk chunk;
  chunk.path = "src/engine.cc";
  chunk.symbol = std::move(symbol);
  chunk.definitions = {std::move(name)};
  chunk.text = std::move(text);
  return chunk;
}

}  // namespace

TEST_CASE("subject: a question of one name is about it, however it is qualified and decorated") {
  struct Case {
    const char* question;
    const char* name;
    Strings qualifiers;
  };
  const Case it = GENERATE(values<Case>({{"WriteBatch", "WriteBatch", {}},
                                         {" run\n", "run", {}},
                                         {"`load_config()`?", "load_config", {}},
                                         {"Widget::run", "run", {"Widget"}},
                                         {"::std::Map<K,V>::get", "get", {"std", "Map"}},
                                         {"a->b.size", "size", {"a", "b"}},
                                         {"net/http.Client", "Client", {"net", "http"}},
                                         {"net-utils/http.Client", "Client", {"net", "utils", "http"}},
                                         {"(*Client).Do()", "Do", {"Client"}},
                                         {"App\\Models\\User", "User", {"App", "Models"}},
                                         {"Array#each", "each", {"Array"}},
                                         {"Widget::~Widget", "Widget", {"Widget"}},
                                         {"größe", "größe", {}}}));
  CAPTURE(it.question);

  const auto subject = find_subject(it.question);

  REQUIRE(subject);
  CHECK(subject->name == it.name);
  CHECK(subject->qualifiers == it.qualifiers);
}

TEST_CASE("subject: the only name written as code in a short sentence") {
  CHECK(find_subject("where is WriteBatch defined?")->name == "WriteBatch");
  CHECK(find_subject("what does run() do")->name == "run");
  CHECK(find_subject("explain `run`, please")->name == "run");
  CHECK(find_subject("how does Widget::run use Widget::run?")->name == "run");
  CHECK(find_subject("who calls load_config and/or when")->name == "load_config");
  CHECK_FALSE(find_subject("where is WriteBatch defined?")->is_alone);
  CHECK(find_subject("WriteBatch")->is_alone);
}

TEST_CASE("subject: prose, two names, a long question, and what is no name have none") {
  const char* question =
      GENERATE("", " \n", "?", "how do I run the tests", "does WriteBatch use load_config?", "write-batch", "1.2.3",
               "42", "x", "the quick brown fox jumps over the lazy dog and then asks about WriteBatch",
               "fix read-only mode, e.g. i.e. 10.5");
  CAPTURE(question);

  CHECK_FALSE(find_subject(question));
}

TEST_CASE("subject: a declaration fits by spelling, qualifiers, what it is shown with, and whether it has a body") {
  const Subject run = *find_subject("Widget::run");
  const double best = declaration_fit(run, declaring("Widget::run", "run", "void Widget::run() {\n}\n"));

  CHECK(best == 1);
  CHECK(declaration_fit(run, declaring("Widget::run", "stop", "run();\n")) == 0);
  CHECK(declaration_fit(run, declaring("Widget::Run", "Run", "void Widget::Run() {\n}\n")) == Approx(0.8));
  CHECK(declaration_fit(*find_subject("how does Widget::run start"), declaring("Widget::Run", "Run", "")) == 0);
  CHECK(declaration_fit(run, declaring("Widget", "run", "class Widget { void run() {} };\n")) == Approx(0.9));
  CHECK(declaration_fit(run, declaring("Gadget::run", "run", "void Gadget::run() {\n}\n")) == Approx(0.2));
  CHECK(declaration_fit(run, declaring("Widget::run", "run", "virtual void run() const = 0;\n")) == Approx(0.7));
}

TEST_CASE("subject: a prototype is told from a body in several languages") {
  struct Case {
    const char* text;
    bool is_prototype;
  };
  const Case it = GENERATE(values<Case>({{"void run(int a = f(2));", true},
                                         {"// run() is called; often.\nvoid run();", true},
                                         {"fn run(&self) -> Result<(), E>;", true},
                                         {"int run()\n    const noexcept;", true},
                                         {"void run();\nvoid run() { }", false},
                                         {"int run(int (*f)(int))\n{", false},
                                         {"run(int a) : a_(a) {}", false},
                                         {"auto run() -> std::vector<int> {", false},
                                         {"def run(self):\n  return self.run();", false},
                                         {"func (c *C) run(a int) (int, error) {", false},
                                         {"const run = (a) => a;", false},
                                         {"struct run { run(); };", false},
                                         {"int runner();", false}}));
  CAPTURE(it.text);

  const double fit = declaration_fit(*find_subject("run"), declaring("run", "run", it.text));

  CHECK(fit == Approx(it.is_prototype ? 0.7 : 1.0));
}

TEST_CASE("subject: a huge chunk of mentions and open brackets is judged by its beginning") {
  std::string text = "int run(";
  for (int i = 0; i < 100'000; ++i) text += "run(";

  CHECK(declaration_fit(*find_subject("run"), declaring("run", "run", std::move(text))) == 1);
}

}  // namespace codehelper
