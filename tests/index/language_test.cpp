#include <catch2/catch.hpp>

#include "codehelper/index/chunker.hpp"

using codehelper::detect_language;

TEST_CASE("language: by extension and by name") {
  const std::vector<std::pair<std::string, std::string>> expected{
      {"src/a.cpp", "cpp"},
      {"a.PY", "python"},
      {"a.tsx", "tsx"},
      {"a.d.ts", "typescript"},
      {"Dockerfile", "dockerfile"},
      {"api.Dockerfile", "dockerfile"},
      {"Dockerfile.dev", "dockerfile"},
      {"Makefile", "makefile"},
      {"x/CMakeLists.txt", "cmake"},
      {"Jenkinsfile", "groovy"},
      {".bashrc", "bash"},
      {"notes.txt", "text"},
      {"LICENSE", "text"},
      {"a.unknown", "text"},
      {"dir.py/file", "text"},
      {"a.rst", "restructuredtext"},
      {"go.mod", "go.mod"},
      {"a.cs", "csharp"},
      {"trailing.", "text"},
  };
  for (const auto& [path, language] : expected) {
    INFO(path);
    CHECK(detect_language(path, "") == language);
  }
}

TEST_CASE("language: by the first line") {
  CHECK(detect_language("run", "#!/usr/bin/env python3.11\n") == "python");
  CHECK(detect_language("run", "#!/bin/sh -eu\r\n") == "bash");
  CHECK(detect_language("run", "#!/usr/bin/env -S NODE_ENV=x node --flag\n") == "javascript");
  CHECK(detect_language("run", "#!") == "text");
  CHECK(detect_language("run", "#!\n") == "text");
  CHECK(detect_language("run", "#!/usr/bin/env\n") == "text");
  CHECK(detect_language("a.rb", "#!/usr/bin/env python\n") == "ruby");
}

TEST_CASE("language: a .h file is C unless it holds C++") {
  CHECK(detect_language("a.h", "struct a { int b; };\n") == "c");
  CHECK(detect_language("a.h", "/* class diagram */\n// template <x>\nint class_of(int);\n") == "c");
  CHECK(detect_language("a.h", "class Widget;\n") == "cpp");
  CHECK(detect_language("a.h", "#pragma once\n  namespace a {}\n") == "cpp");
  CHECK(detect_language("a.h", "int f(std::string s);") == "cpp");
  CHECK(detect_language("a.h", "") == "c");
}
